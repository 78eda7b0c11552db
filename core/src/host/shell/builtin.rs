//! Commands that are the shell's own: they change it, or only look at its words.

use alloc::format;
use alloc::string::{String, ToString};

use super::super::programs;
use super::super::sys::Sys;
use super::{Flow, Shell};

/// Runs a command of the shell's own; `None` if it is not one. `line` is what `read` has read.
pub(super) fn builtin(shell: &Shell, sys: &Sys, argv: &[String], line: &[u8]) -> Option<(i32, Flow)> {
    let code = match argv[0].as_str() {
        "exit" => {
            let given = argv.get(1).and_then(|word| word.parse().ok());
            let code = given.unwrap_or_else(|| shell.last.get());
            return Some((code, Flow::Exit(code)));
        }
        "break" => return Some((0, Flow::Break)),
        "continue" => return Some((0, Flow::Continue)),
        "cd" => {
            let to = argv.get(1).map_or("/root", String::as_str);
            sys.set("PWD", format!("/{}", to.strip_prefix('/').unwrap_or(to).trim_end_matches('/')));
            0
        }
        "export" | "local" | "readonly" => {
            for word in &argv[1..] {
                if let Some((name, value)) = word.split_once('=') {
                    sys.set(name, value.to_string());
                }
            }
            0
        }
        "unset" => {
            sys.variables.borrow_mut().retain(|(name, _)| !argv[1..].contains(name));
            0
        }
        "read" => {
            let text = String::from_utf8_lossy(line);
            let name = argv[1..].iter().find(|word| !word.starts_with('-')).map_or("REPLY", String::as_str);
            sys.set(name, text.trim().to_string());
            i32::from(line.is_empty())
        }
        "set" | "trap" | "wait" | ":" | "clear" => 0,
        "command" if argv.get(1).is_some_and(|word| word == "-v") => match argv.get(2) {
            Some(name) if programs::exists(&sys.config().image, name) => {
                sys.line(format_args!("/usr/bin/{name}"));
                0
            }
            _ => 1,
        },
        _ => return None,
    };
    Some((code, Flow::Next))
}

/// `test` and `[`.
pub(in super::super) fn test(arguments: &[String]) -> bool {
    let words = match arguments {
        [words @ .., last] if last == "]" => words,
        words => words,
    };
    match words {
        [not, rest @ ..] if not == "!" => !test(rest),
        [text] => !text.is_empty(),
        [option, text] => (option == "-z" && text.is_empty()) || (option == "-n" && !text.is_empty()),
        [left, operator, right] => {
            let number = |word: &str| word.parse::<i64>().unwrap_or(0);
            let order = number(left).cmp(&number(right));
            match operator.as_str() {
                "=" | "==" => left == right,
                "!=" => left != right,
                "-eq" => order.is_eq(),
                "-ne" => order.is_ne(),
                "-lt" => order.is_lt(),
                "-le" => order.is_le(),
                "-gt" => order.is_gt(),
                "-ge" => order.is_ge(),
                _ => false,
            }
        }
        _ => false,
    }
}
