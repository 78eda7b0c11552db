//! The shell of a pod: enough of POSIX' language for what people type and paste, at a prompt or behind `sh -c`.

mod builtin;
mod expand;
mod parse;
mod redirect;
#[cfg(test)]
mod tests;
mod tree;
mod word;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::slice;
use core::task::Poll;

use super::pipe::Pipe;
use super::programs::{self, files};
use super::sys::{Interrupt, Sys};
use builtin::builtin;
pub(super) use builtin::test;
use parse::ParseError;
use redirect::{redirected, store};
use tree::{Node, Simple};

/// What one shell knows besides the variables, which are its process'.
#[derive(Clone, Default)]
struct Shell {
    /// How the last command ended: `$?`.
    last: Cell<i32>,
    positional: Rc<Vec<String>>,
    /// How the last command substitution of the command at hand ended.
    substituted: Cell<i32>,
    /// Whether an expansion failed, which ends the shell.
    broken: Cell<bool>,
    /// `set -e`: whether a command that fails ends the shell.
    errexit: Cell<bool>,
    /// In how many conditions the command at hand stands; there it may fail.
    tested: Cell<u32>,
    /// How many jobs run in the background.
    jobs: Rc<Cell<u32>>,
}

/// What follows a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
    Exit(i32),
}

/// `sh`, `sh -c SCRIPT [NAME [ARGUMENT...]]`, `sh FILE [ARGUMENT...]`, or a script as input.
pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let shell = Shell::default();
    let mut words = arguments.iter();
    let mut is_command = false;
    let mut first = words.next();
    while let Some(option) = first.filter(|word| word.starts_with('-')) {
        is_command |= option.ends_with('c');
        shell.errexit.set(shell.errexit.get() || !option.starts_with("--") && option.contains('e'));
        first = words.next();
    }
    let script = match first {
        None if is_command => {
            sys.complain(format_args!("sh: -c requires an argument"));
            return 2;
        }
        None => return interactive(shell, sys).await,
        Some(script) if is_command => {
            words.next();
            script.clone()
        }
        Some(path) => match files::contents(sys, path) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => {
                sys.complain(format_args!("sh: can't open '{path}': No such file or directory"));
                return 2;
            }
        },
    };
    let shell = Shell { positional: Rc::new(words.as_slice().to_vec()), ..shell };
    let mut sys = sys.clone();
    match parse::parse(&script, &mut sys.depth) {
        Ok(list) => run_apart(shell, sys, &list).await,
        Err(error) => {
            complain(&sys, error);
            2
        }
    }
}

/// Lines of input until its end or `exit`. At a terminal there is a prompt, and Ctrl-C ends only the command that runs.
async fn interactive(shell: Shell, sys: &Sys) -> i32 {
    let mut text = String::new();
    if sys.terminal {
        sys.interrupt.set(Interrupt::Caught);
    }
    loop {
        if sys.terminal {
            let place = sys.variable("PWD").unwrap_or_else(|| "/".to_string());
            match text.is_empty() {
                true => sys.print(format_args!("{place} # ")),
                false => sys.print(format_args!("> ")),
            }
        }
        let Some(line) = interruptible(sys, Box::pin(sys.read_line())).await else {
            text.clear();
            continue;
        };
        if line.is_empty() {
            return shell.last.get();
        }
        text += &String::from_utf8_lossy(&line);
        let mut inner = sys.clone();
        match parse::parse(&text, &mut inner.depth) {
            Err(ParseError::Incomplete) => continue,
            Ok(list) => match interruptible(sys, run_list(&shell, &inner, &list)).await {
                Some(Flow::Exit(code)) => return code,
                Some(_) => {}
                None => shell.last.set(130),
            },
            Err(error) => {
                complain(sys, error);
                shell.last.set(2);
            }
        }
        text.clear();
    }
}

/// Waits for `future` unless Ctrl-C comes first, which shows.
fn interruptible<'a, T: 'a>(
    sys: &'a Sys,
    mut future: Pin<Box<dyn Future<Output = T> + 'a>>,
) -> impl Future<Output = Option<T>> + 'a {
    poll_fn(move |context| {
        if sys.interrupt.get() == Interrupt::Raised {
            sys.interrupt.set(Interrupt::Caught);
            sys.print(format_args!("^C\n"));
            return Poll::Ready(None);
        }
        future.as_mut().poll(context).map(Some)
    })
}

fn complain(sys: &Sys, error: ParseError) {
    match error {
        ParseError::Incomplete => sys.complain(format_args!("sh: syntax error: unexpected end of file")),
        ParseError::Syntax(message) => sys.complain(format_args!("sh: {message}")),
    }
}

/// Runs commands one after the other. Boxed, because commands contain lists.
fn run_list<'a>(shell: &'a Shell, sys: &'a Sys, list: &'a [Node]) -> Pin<Box<dyn Future<Output = Flow> + 'a>> {
    Box::pin(async move {
        if sys.machine.is_busy() {
            sys.sleep_until(sys.after(1)).await;
        }
        for node in list {
            match run_node(shell, sys, node).await {
                Flow::Next => {}
                other => return other,
            }
            let may_fail =
                !matches!(node, Node::Simple(_) | Node::Pipeline(_, false) | Node::Group { subshell: true, .. });
            if shell.errexit.get() && shell.last.get() != 0 && shell.tested.get() == 0 && !may_fail {
                return Flow::Exit(shell.last.get());
            }
        }
        Flow::Next
    })
}

/// Runs commands whose failure decides what comes next.
async fn run_tested(shell: &Shell, sys: &Sys, list: &[Node]) -> Flow {
    shell.tested.set(shell.tested.get() + 1);
    let flow = run_list(shell, sys, list).await;
    shell.tested.set(shell.tested.get() - 1);
    flow
}

/// Runs commands in a shell of their own and gives their exit code.
fn run_apart(mut shell: Shell, sys: Sys, list: &[Node]) -> Pin<Box<dyn Future<Output = i32> + '_>> {
    // Its jobs are not the other's, and the other may be one of them.
    shell.jobs = Rc::default();
    Box::pin(async move {
        match run_list(&shell, &sys, list).await {
            Flow::Exit(code) => code,
            _ => shell.last.get(),
        }
    })
}

async fn run_node(shell: &Shell, sys: &Sys, node: &Node) -> Flow {
    match node {
        Node::Simple(simple) => return run_simple(shell, sys, simple).await,
        Node::Pipeline(stages, negated) => {
            let tested = shell.tested.get();
            shell.tested.set(tested + u32::from(*negated));
            let code = run_pipeline(shell, sys, stages).await;
            shell.tested.set(tested);
            shell.last.set(if *negated { i32::from(code == 0) } else { code });
        }
        Node::Chain(first, others) => {
            let mut flow = run_tested(shell, sys, slice::from_ref(&**first)).await;
            for (index, (and, node)) in others.iter().enumerate() {
                if flow != Flow::Next || (shell.last.get() == 0) != *and {
                    continue;
                }
                let node = slice::from_ref(node);
                flow = match index + 1 == others.len() {
                    true => run_list(shell, sys, node).await,
                    false => run_tested(shell, sys, node).await,
                };
            }
            return flow;
        }
        Node::For { name, words, body } => {
            for value in shell.arguments(sys, words).await {
                sys.set(name, value);
                match run_list(shell, sys, body).await {
                    Flow::Next | Flow::Continue => {}
                    Flow::Break => break,
                    exit => return exit,
                }
            }
        }
        Node::While { condition, body, until } => loop {
            let start = sys.now();
            if let Flow::Exit(code) = run_tested(shell, sys, condition).await {
                return Flow::Exit(code);
            }
            if (shell.last.get() == 0) == *until {
                shell.last.set(0);
                break;
            }
            match run_list(shell, sys, body).await {
                Flow::Next | Flow::Continue => {}
                Flow::Break => break,
                exit => return exit,
            }
            if sys.now() == start {
                // Work costs time; without this a loop that waits for nothing would stop the world's clock.
                sys.sleep_until(sys.after(1)).await;
            }
        },
        Node::If { branches, otherwise } => {
            let mut chosen = otherwise;
            for (condition, body) in branches {
                let flow = run_tested(shell, sys, condition).await;
                if flow != Flow::Next {
                    return flow;
                }
                if shell.last.get() == 0 {
                    chosen = body;
                    break;
                }
            }
            shell.last.set(0);
            return run_list(shell, sys, chosen).await;
        }
        Node::Group { body, subshell: false } => return run_list(shell, sys, body).await,
        Node::Group { body, subshell: true } => {
            let code = run_apart(shell.clone(), sys.with_own_variables(), body).await;
            shell.last.set(code);
        }
        Node::Redirected(node, redirects) => {
            let Some((inner, files)) = redirected(shell, sys, redirects).await else { return Flow::Next };
            let flow = run_list(shell, &inner, slice::from_ref(&**node)).await;
            store(files, sys);
            return flow;
        }
        Node::Background(node) => start_job(shell, sys, node.clone()),
    }
    Flow::Next
}

/// Starts a command that runs beside this shell.
fn start_job(shell: &Shell, sys: &Sys, node: Rc<Node>) {
    let (apart, jobs) = (shell.clone(), shell.jobs.clone());
    let inner = Sys { stdin: Pipe::closed(), ..sys.with_own_variables() };
    jobs.set(jobs.get() + 1);
    shell.last.set(0);
    let machine = sys.machine.clone();
    sys.machine.spawn(async move {
        run_apart(apart, inner, slice::from_ref(&*node)).await;
        jobs.set(jobs.get() - 1);
        // Who waits for it may have had its turn already.
        machine.spawn(async {});
    });
}

/// Runs the stages side by side, each reading what the one before wrote; the last one's code counts.
async fn run_pipeline(shell: &Shell, sys: &Sys, stages: &[Node]) -> i32 {
    let mut running = Vec::new();
    let mut stdin = sys.stdin.clone();
    for (index, stage) in stages.iter().enumerate() {
        let last = index + 1 == stages.len();
        let stdout = if last { sys.stdout.clone() } else { Pipe::default() };
        let terminal = sys.terminal && last;
        let inner = Sys { stdin, stdout: stdout.clone(), terminal, ..sys.with_own_variables() };
        stdin = stdout.clone();
        running.push((Some(run_apart(shell.clone(), inner, slice::from_ref(stage))), stdout));
    }
    poll_fn(|context| {
        for index in 0..stages.len() {
            let (Some(stage), output) = &mut running[index] else { continue };
            let Poll::Ready(code) = stage.as_mut().poll(context) else { continue };
            if index + 1 == stages.len() {
                return Poll::Ready(code);
            }
            output.close();
            // Whoever writes to a reader that is gone ends by its broken pipe.
            for (stage, _) in &mut running[..=index] {
                *stage = None;
            }
        }
        Poll::Pending
    })
    .await
}

async fn run_simple(shell: &Shell, sys: &Sys, simple: &Simple) -> Flow {
    shell.substituted.set(0);
    let mut argv = shell.arguments(sys, &simple.words).await;
    let mut assigned = Vec::new();
    for (name, word) in &simple.assignments {
        assigned.push((name, shell.text(sys, word).await));
    }
    if shell.broken.get() {
        return Flow::Exit(2);
    }
    let Some((mut inner, files)) = redirected(shell, sys, &simple.redirects).await else { return Flow::Next };
    let alone = argv.is_empty();
    // `exec` and `time` stand before what is run.
    let prefix =
        if argv.len() > 1 && matches!(argv[0].as_str(), "exec" | "time") { argv.remove(0) } else { String::new() };
    let reads = argv.first().is_some_and(|name| name == "read");
    let line = if reads { inner.read_line().await } else { Vec::new() };
    if argv.first().is_some_and(|name| name == "wait") {
        poll_fn(|_| if shell.jobs.get() == 0 { Poll::Ready(()) } else { Poll::Pending }).await;
    }
    let done = if alone { None } else { builtin(shell, &inner, &argv, &line) };
    let (code, flow) = match done {
        Some(done) => done,
        None => {
            if !alone && !assigned.is_empty() {
                inner = inner.with_own_variables();
            }
            for (name, value) in assigned {
                inner.set(name, value);
            }
            let start = sys.now();
            let code = if alone { shell.substituted.get() } else { programs::run(inner.clone(), argv).await };
            if prefix == "time" {
                let millis = sys.millis_since(start);
                let (minutes, seconds, rest) = (millis / 60_000, millis / 1000 % 60, millis % 1000 / 10);
                inner.complain(format_args!("real\t{minutes}m {seconds}.{rest:02}s\nuser\t0m 0.00s\nsys\t0m 0.00s"));
            }
            (code, if prefix == "exec" { Flow::Exit(code) } else { Flow::Next })
        }
    };
    shell.last.set(code);
    store(files, sys);
    flow
}
