//! kubectl: a command line in, calls on the cluster, kubectl's own text out.
//!
//! Columns, sentences and exit codes are those of kubectl 1.36. What is not simulated is refused with the reason and
//! exit code 1, never faked. Help for the one who typed stands apart, in [`Output::hint`].

mod align;
mod apply;
mod args;
mod columns;
mod delete;
mod describe;
mod diff;
mod duration;
mod explain;
mod findings;
mod flags;
mod form;
mod formats;
mod generate;
mod get;
mod info;
mod jsonpath;
mod label;
mod logs;
mod manifest;
mod pasted;
mod patch;
mod pipe;
mod print;
mod resource;
mod rollout;
mod run;
mod scale;
mod set;
mod unsimulated;
mod wait;
mod write;

use crate::ordered::OrdMap;
use crate::{
    api::{ApiError, Quoted},
    cluster::{Cluster, Hint, Output},
};
use alloc::{borrow::ToOwned, boxed::Box, format, string::String, vec::Vec};
use args::Args;

/// What lasts from one command line to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The namespace of commands that name none (`kubectl config set-context --current --namespace`).
    pub namespace: String,
    /// The files that `-f` finds, by name.
    pub files: OrdMap<String, String>,
    /// What `-f -` reads.
    pub stdin: String,
}

impl Default for Context {
    fn default() -> Context {
        Context { namespace: "default".to_owned(), files: OrdMap::new(), stdin: String::new() }
    }
}

/// Runs one command line, `kubectl get svc`; the word `kubectl` (or `k`) may be left out. What stands behind a pipe is run
/// outside the cluster, on a learner's own machine.
///
/// ```
/// use clusterip::{cluster::{Cluster, Config}, kubectl::{self, Context}};
/// let mut cluster = Cluster::new(Config::default()).unwrap();
/// let output = kubectl::run(&mut cluster, &mut Context::default(), "kubectl get svc ghost");
/// assert_eq!(output.stderr, "Error from server (NotFound): services \"ghost\" not found\n");
/// assert_eq!(output.exit_code, 1);
/// ```
pub fn run(cluster: &mut Cluster, context: &mut Context, line: &str) -> Output {
    let words = args::split(line);
    let hint = pasted::line(line);
    if let (Some(hint), Some(first)) = (hint.as_ref().filter(|hint| hint.code == "CIP002"), words.first()) {
        let text = format!("bash: {first}: command not found\n");
        return Output { hint: Some(hint.clone()), ..Output::error(127, text) };
    }
    if let Some((head, tail)) = pipe::parted(line) {
        return pipe::run(cluster, context, head, tail);
    }
    let output = run_words(cluster, context, &words);
    Output { hint: hint.or(output.hint), ..output }
}

/// [`run()`] with the words already parted.
pub fn run_words(cluster: &mut Cluster, context: &mut Context, words: &[String]) -> Output {
    let words = match words.split_first() {
        Some((first, rest)) if first == "kubectl" || first == "k" => rest,
        _ => words,
    };
    let namespace = context.namespace.clone();
    let mut session = Session { cluster, context, namespace, cause: None, output: Output::default() };
    if let Err(failure) = session.dispatch(words) {
        session.fail(failure);
    }
    session.output
}

/// One command under way.
struct Session<'a> {
    cluster: &'a mut Cluster,
    context: &'a mut Context,
    /// The namespace of this command.
    namespace: String,
    /// What `--record` notes on every object that is written.
    cause: Option<String>,
    output: Output,
}

/// Why a command ended with an error; one word long, since every step of a command may end so.
#[derive(Debug)]
struct Failure(Box<Complaint>);

/// What a failed command says.
#[derive(Debug)]
struct Complaint {
    /// All that stderr gets, with `error: ` or `Error from server …`; the last newline may be missing.
    text: String,
    code: i32,
    hint: Option<Hint>,
}

impl Failure {
    /// kubectl's own complaint: `error: …`.
    fn error(text: &str) -> Failure {
        Failure::plain(format!("error: {text}"))
    }

    /// A complaint without a prefix.
    fn plain(text: String) -> Failure {
        Failure::with_code(1, text)
    }

    /// A complaint with an exit code of its own.
    fn with_code(code: i32, text: String) -> Failure {
        Failure(Box::new(Complaint { text, code, hint: None }))
    }

    /// The same with help for the one who typed.
    fn explain(self, text: &str) -> Failure {
        self.hinted("CIP902", text.to_owned())
    }

    fn hinted(mut self, code: &str, text: String) -> Failure {
        self.0.hint = Some(Hint { code: code.to_owned(), text, action: None });
        self
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Failure {
        Failure::plain(error.kubectl(""))
    }
}

/// A command: its words, its flags, and what does it.
struct Command {
    name: &'static str,
    flags: &'static str,
    act: fn(&mut Session<'_>, &Args) -> Result<(), Failure>,
}

/// Every command, by the file that holds it.
static COMMANDS: &[&[Command]] = &[
    &apply::COMMANDS,
    &delete::COMMANDS,
    &[describe::COMMAND, diff::COMMAND, explain::COMMAND, wait::COMMAND],
    &logs::COMMANDS,
    &patch::COMMANDS,
    &generate::COMMANDS,
    &[get::COMMAND],
    &info::COMMANDS,
    &label::COMMANDS,
    &rollout::COMMANDS,
    &run::COMMANDS,
    &[scale::COMMAND],
    &set::COMMANDS,
];

fn commands() -> Vec<&'static Command> {
    let mut all = Vec::new();
    for file in COMMANDS {
        all.extend(file.iter());
    }
    all
}

impl Session<'_> {
    fn dispatch(&mut self, words: &[String]) -> Result<(), Failure> {
        // Flags may stand before the command; the command is what follows those that take no value.
        let all = Args::parse("", "", words.split_at(leading(words)).0)?;
        let rest = &words[leading(words)..];
        let first = match rest.first() {
            Some(first) if first != "help" => first,
            _ => {
                self.print("kubectl controls the Kubernetes cluster manager.\n\nCommands:\n");
                for command in commands() {
                    self.print_line(&format!("  {}", command.name));
                }
                return Ok(());
            }
        };
        let Some((command, rest)) = find(rest) else {
            return Err(unknown(first, rest.get(1)));
        };
        let mut argv: Vec<String> = words[..leading(words)].to_vec();
        argv.extend(rest.iter().cloned());
        if command.name == "create"
            && let Some(refusal) = rest.first().and_then(|what| info::refusal(&format!("create {what}")))
        {
            return Err(refusal);
        }
        let args = Args::parse(command.name, command.flags, &argv)?;
        if args.is_set("help") {
            self.print(&help(command));
            return Ok(());
        }
        judge(command, &args)?;
        flags::judge(command.name, &args)?;
        if args.is_set("record") {
            self.complain("Flag --record has been deprecated, --record will be removed in the future");
            self.cause = Some(write::cause(command, &args));
        }
        if args.flag("kustomize").is_some() {
            return Err(info::refusal("kustomize").expect("an entry of the table"));
        }
        if let Some(namespace) = all.flag("namespace").or(args.flag("namespace")) {
            self.namespace = namespace.to_owned();
        }
        (command.act)(self, &args)?;
        // Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/cmd.go (NewKubectlCommand).
        let count = self.output.stderr.lines().filter(|line| line.starts_with("Warning: ")).count();
        if args.is_set("warnings-as-errors") && count > 0 {
            let plural = if count > 1 { "s" } else { "" };
            return Err(Failure::error(&format!("{count} warning{plural} received")));
        }
        Ok(())
    }

    fn print(&mut self, text: &str) {
        self.output.stdout.push_str(text);
    }

    fn print_line(&mut self, text: &str) {
        self.print(text);
        self.output.stdout.push('\n');
    }

    fn complain(&mut self, text: &str) {
        self.output.stderr.push_str(text);
        if !text.ends_with('\n') && !text.is_empty() {
            self.output.stderr.push('\n');
        }
    }

    fn warn(&mut self, text: &str) {
        self.complain(&format!("Warning: {text}"));
    }

    fn fail(&mut self, failure: Failure) {
        let Complaint { text, code, hint } = *failure.0;
        self.complain(&text);
        self.output.exit_code = code;
        self.output.hint = hint.or(self.output.hint.take());
    }
}

/// Flags of many commands are judged before anything is done.
///
/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go (GetDryRunStrategy, GetValidationDirective).
fn judge(command: &Command, args: &Args) -> Result<(), Failure> {
    let dry = args.flag("dry-run").unwrap_or("none");
    if !matches!(dry, "none" | "client" | "server" | "true" | "false" | "unchanged") {
        let text = "Must be \"none\", \"server\", or \"client\".";
        return Err(Failure::error(&format!("Invalid dry-run value ({dry}). {text}")));
    }
    let mode = args.flag("validate").unwrap_or("true");
    if !matches!(mode, "true" | "strict" | "warn" | "false" | "ignore") {
        let mode = Quoted(mode);
        let text = "must be one of: strict (or true), warn, ignore (or false)";
        return Err(Failure::error(&format!("invalid - validate option {mode}; {text}")));
    }
    // Of an object that was changed no table is printed.
    if command.flags.contains("dry-run") && command.name != "delete" {
        print::Format::of(args).map_err(|mut failure| {
            failure.0.text = failure.0.text.replace("custom-columns,custom-columns-file,", "").replace("wide,", "");
            failure
        })?;
    }
    Ok(())
}

/// What `--help` prints.
fn help(command: &Command) -> String {
    let mut page = format!("Usage:\n  kubectl {} [flags] [options]\n\nOptions:\n", command.name);
    for flag in command.flags.split_whitespace() {
        let (name, short) = flag.split_once('|').unwrap_or((flag, ""));
        let dashed = name.trim_end_matches(['=', '?']);
        let value = if name.ends_with('=') { "=VALUE" } else { "" };
        let short = if short.is_empty() { "    ".to_owned() } else { format!("-{short}, ") };
        page.push_str(&format!("    {short}--{dashed}{value}\n"));
    }
    page
}

/// How many words stand before the command.
fn leading(words: &[String]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-') && word.len() > 1) {
        let takes_value = matches!(&**word, "-n" | "--namespace" | "--context" | "--kubeconfig" | "-v" | "-s");
        at += if takes_value { 2 } else { 1 };
    }
    at.min(words.len())
}

/// The command that words begin with, the longest name first, and what follows.
fn find(words: &[String]) -> Option<(&'static Command, &[String])> {
    let mut name = String::new();
    let mut found = None;
    for (at, word) in words.iter().enumerate().take(3) {
        name.push_str(if at > 0 { " " } else { "" });
        name.push_str(full_word(at, word));
        for command in commands() {
            if command.name == name {
                found = Some((command, &words[at + 1..]));
            }
        }
    }
    found
}

/// `create deploy`, `create svc`, `create ns`: the short words that stand for a command's own.
fn full_word(at: usize, word: &str) -> &str {
    match (at, word) {
        (1, "deploy" | "dep") => "deployment",
        (1, "svc") => "service",
        (1, "ns") => "namespace",
        _ => word,
    }
}

fn unknown(word: &str, second: Option<&String>) -> Failure {
    let is_group = COMMANDS.iter().copied().flatten().any(|command| command.name.split(' ').next() == Some(word));
    if let Some(second) = second.filter(|_| is_group) {
        return Failure::error(&format!("unknown command \"{second}\"\nSee 'kubectl {word} -h' for help and examples"));
    }
    if let Some(refusal) = info::refusal(word) {
        return refusal;
    }
    let mut near = String::new();
    for command in commands() {
        if !command.name.contains(' ') && is_near(command.name, word) {
            near.push_str("\n\t");
            near.push_str(command.name);
        }
    }
    let mut text = format!("error: unknown command \"{word}\" for \"kubectl\"");
    if !near.is_empty() {
        text.push_str("\n\nDid you mean this?");
        text.push_str(&near);
    }
    Failure::plain(text)
}

/// At most two letters apart.
fn is_near(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()] <= 2
}

#[cfg(test)]
mod tests;
