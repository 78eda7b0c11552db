//! The words of a command line: flags and arguments, as kubectl's flag library takes them apart.

use super::Failure;
use crate::api::Quoted;
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

/// Flags of every command: `name|shorthand`, `=` where a value follows, `?` where one may follow after `=`.
pub(super) const GLOBAL: &str = "namespace=|n context= kubeconfig= cluster= user= help|h request-timeout= v=|v warnings-as-errors \
                      server=|s as= field-manager= validate? insecure-skip-tls-verify record show-managed-fields";

/// A command line taken apart.
#[derive(Debug, Default)]
pub(super) struct Args {
    /// What is not a flag.
    pub(super) words: Vec<String>,
    /// What comes after `--`, if that was there.
    pub(super) rest: Option<Vec<String>>,
    pub(super) flags: Vec<(&'static str, String)>,
}

impl Args {
    /// A flag that has to be given.
    pub(super) fn require(&self, name: &str) -> Result<(), Failure> {
        match self.flag(name) {
            Some(_) => Ok(()),
            None => Err(Failure::error(&format!("required flag(s) \"{name}\" not set"))),
        }
    }

    /// Takes words apart by the flags that a command has.
    pub(super) fn parse(command: &str, spec: &'static str, argv: &[String]) -> Result<Args, Failure> {
        let mut args = Args::default();
        let mut words = argv.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                args.rest = Some(words.cloned().collect());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                let Some(flag) = find(spec, |flag| flag.name == name) else {
                    return Err(misused(command, &format!("unknown flag: --{name}")));
                };
                let value = match (value, flag.arity) {
                    (Some(value), _) => value,
                    (None, '=') => match words.next() {
                        Some(value) => value.clone(),
                        None => return Err(misused(command, &format!("flag needs an argument: --{name}"))),
                    },
                    (None, _) => "true".to_owned(),
                };
                args.flags.push((flag.name, value));
            } else if word.len() > 1 && word.starts_with('-') {
                let mut letters = word[1..].chars();
                while let Some(letter) = letters.next() {
                    let Some(flag) = find(spec, |flag| flag.short == Some(letter)) else {
                        let text = format!("unknown shorthand flag: '{letter}' in {word}");
                        return Err(misused(command, &text));
                    };
                    let rest = letters.as_str();
                    let value = if let Some(value) = rest.strip_prefix('=') {
                        value.to_owned()
                    } else if flag.arity != '=' {
                        args.flags.push((flag.name, "true".to_owned()));
                        continue;
                    } else if !rest.is_empty() {
                        rest.to_owned()
                    } else if let Some(value) = words.next() {
                        value.clone()
                    } else {
                        let text = format!("flag needs an argument: '{letter}' in {word}");
                        return Err(misused(command, &text));
                    };
                    args.flags.push((flag.name, value));
                    break;
                }
            } else {
                args.words.push(word.clone());
            }
        }
        Ok(args)
    }

    /// The last value of a flag.
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(flag, _)| *flag == name).map(|(_, value)| &**value)
    }

    /// Every value of a flag, in order.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let mut values = Vec::new();
        for (flag, value) in &self.flags {
            if *flag == name {
                values.push(value.as_str());
            }
        }
        values
    }

    /// What every value of a flag lists between commas.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let mut words = Vec::new();
        for value in self.all(name) {
            words.extend(value.split(','));
        }
        words
    }

    /// True if a switch is on.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|value| value != "false")
    }

    /// A word, or an error that says what is missing.
    pub(super) fn word(&self, at: usize) -> Option<&str> {
        self.words.get(at).map(|word| &**word)
    }
}

struct Flag {
    name: &'static str,
    short: Option<char>,
    arity: char,
}

fn find(spec: &'static str, is_it: impl Fn(&Flag) -> bool) -> Option<Flag> {
    spec.split_whitespace().chain(GLOBAL.split_whitespace()).map(flag).find(is_it)
}

/// The names of a command's flags.
#[cfg(test)]
pub(super) fn names(spec: &'static str) -> impl Iterator<Item = &'static str> {
    spec.split_whitespace().map(|text| flag(text).name)
}

fn flag(text: &'static str) -> Flag {
    let (name, short) = match text.split_once('|') {
        Some((name, short)) => (name, short.chars().next()),
        None => (text, None),
    };
    let arity = name.chars().next_back().filter(|c| matches!(c, '=' | '?')).unwrap_or(' ');
    Flag { name: name.trim_end_matches(['=', '?']), short, arity }
}

/// A flag that a command does not have, in the words of the library that reads flags.
fn misused(command: &str, text: &str) -> Failure {
    let space = if command.is_empty() { "" } else { " " };
    Failure::error(&format!("{text}\nSee 'kubectl{space}{command} --help' for usage."))
}

/// A flag whose value is no length of time.
pub(super) fn not_duration(command: &str, flag: &str, text: &str) -> Failure {
    let text = Quoted(text);
    misused(command, &format!("invalid argument {text} for \"--{flag}\" flag: time: invalid duration {text}"))
}

/// A flag whose value is no number.
pub(super) fn not_number(command: &str, flag: &str, text: &str) -> Failure {
    let text = Quoted(text);
    let why = format!("strconv.ParseInt: parsing {text}: invalid syntax");
    misused(command, &format!("invalid argument {text} for \"--{flag}\" flag: {why}"))
}

/// A mistake in how a command is used.
///
/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go (UsageErrorf).
pub(super) fn usage(command: &str, text: &str) -> Failure {
    Failure::error(&format!("{text}\nSee 'kubectl {command} -h' for help and examples"))
}

/// The words of a line, as a shell parts them: blanks, quotes and backslashes.
pub(super) fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut is_word = false;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (Some('"') | None, '\\') => {
                is_word = true;
                match chars.next() {
                    Some('\n') => {}
                    Some(c @ ('"' | '\\' | '$')) => word.push(c),
                    Some(c) if quote.is_none() => word.push(c),
                    Some(c) => word.extend(['\\', c]),
                    None => word.push('\\'),
                }
            }
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                is_word = true;
            }
            (None, c) if c.is_whitespace() => {
                if is_word {
                    words.push(core::mem::take(&mut word));
                    is_word = false;
                }
            }
            (None, c) => {
                word.push(c);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

/// `a=1,b=2` as pairs; what has no `=` is an error.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut pairs = Vec::new();
    for pair in text.split(',') {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Failure::error(&format!("unexpected label spec: {pair}")));
        };
        pairs.push((name.to_string(), value.to_string()));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "output=|o stdin|i tty|t dry-run? labels=|l";

    fn parse(line: &str) -> Result<Args, Failure> {
        Args::parse("run", SPEC, &split(line))
    }

    #[test]
    fn flags_stand_anywhere_before_two_dashes() {
        let args = parse("web -it --labels='a=1,b=2' -oyaml --dry-run -n shop -- sh -c 'echo \"x y\"'").unwrap();
        assert_eq!(args.words, ["web"]);
        assert_eq!(args.rest.as_deref().unwrap(), ["sh", "-c", "echo \"x y\""]);
        assert!(args.is_set("stdin") && args.is_set("tty"));
        assert_eq!((args.flag("labels"), args.flag("output")), (Some("a=1,b=2"), Some("yaml")));
        assert_eq!((args.flag("dry-run"), args.flag("namespace")), (Some("true"), Some("shop")));
    }

    #[test]
    fn unknown_flags_are_refused_in_kubectls_words() {
        let error = parse("web --nope").unwrap_err();
        assert_eq!(error.0.text, "error: unknown flag: --nope\nSee 'kubectl run --help' for usage.");
        let error = parse("web -x").unwrap_err();
        assert_eq!(error.0.text, "error: unknown shorthand flag: 'x' in -x\nSee 'kubectl run --help' for usage.");
    }
}
