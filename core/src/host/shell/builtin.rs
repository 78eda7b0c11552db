//! Commands that are the shell's own: they change it, or only look at its words.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::programs;
use super::super::sys::Sys;
use super::{Flow, Shell};

/// Runs a command of the shell's own; `None` if it is not one.
pub(super) async fn builtin(shell: &Shell, sys: &Sys, argv: &[String]) -> Option<(i32, Flow)> {
    let number = || argv.get(1).and_then(|word| word.parse().ok());
    let code = match argv[0].as_str() {
        "exit" => {
            let code = number().unwrap_or_else(|| shell.last.get());
            return Some((code, Flow::Exit(code)));
        }
        "break" => return Some((0, Flow::Break)),
        "continue" => return Some((0, Flow::Continue)),
        "cd" => {
            let to = argv.get(1).map_or("/root", String::as_str);
            let place = if to.starts_with('/') { to.to_string() } else { format!("/{to}") };
            sys.set("PWD", if place.len() > 1 { place.trim_end_matches('/').to_string() } else { place });
            0
        }
        "export" | "local" | "readonly" => {
            for (name, value) in argv[1..].iter().filter_map(|word| word.split_once('=')) {
                sys.set(name, value.to_string());
            }
            0
        }
        "unset" => {
            sys.variables.borrow_mut().retain(|(name, _)| !argv[1..].contains(name));
            0
        }
        "read" => {
            let line = sys.read_line().await;
            let text = String::from_utf8_lossy(&line);
            let name = argv[1..].iter().find(|word| !word.starts_with('-')).map_or("REPLY", String::as_str);
            sys.set(name, text.trim().to_string());
            i32::from(line.is_empty())
        }
        "set" | "trap" | "wait" | ":" | "clear" => 0,
        "exec" if argv.len() > 1 => {
            let code = programs::run(sys.clone(), argv[1..].to_vec()).await;
            return Some((code, Flow::Exit(code)));
        }
        "command" if argv.get(1).is_some_and(|word| word == "-v") => {
            let there = argv.get(2).filter(|name| programs::exists(&sys.config().image, name));
            there.inspect(|name| sys.line(format_args!("/usr/bin/{name}")));
            i32::from(there.is_none())
        }
        "time" if argv.len() > 1 => {
            let start = sys.now();
            let code = programs::run(sys.clone(), argv[1..].to_vec()).await;
            let millis = sys.millis_since(start);
            let (minutes, seconds, rest) = (millis / 60_000, millis / 1000 % 60, millis % 1000 / 10);
            sys.complain(format_args!("real\t{minutes}m {seconds}.{rest:02}s\nuser\t0m 0.00s\nsys\t0m 0.00s"));
            code
        }
        _ => return None,
    };
    Some((code, Flow::Next))
}

/// `test` and `[`.
pub(in super::super) fn test(arguments: &[String]) -> bool {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let words = words.strip_suffix(&["]"]).unwrap_or(&words);
    let number = |word: &str| word.parse::<i64>().unwrap_or(0);
    match *words {
        ["!", ..] => {
            let rest: Vec<String> = words[1..].iter().map(|word| word.to_string()).collect();
            !test(&rest)
        }
        [] | ["-n", ""] => false,
        ["-z", text] => text.is_empty(),
        ["-n", _] => true,
        [text] => !text.is_empty(),
        [left, "=" | "==", right] => left == right,
        [left, "!=", right] => left != right,
        [left, "-eq", right] => number(left) == number(right),
        [left, "-ne", right] => number(left) != number(right),
        [left, "-lt", right] => number(left) < number(right),
        [left, "-le", right] => number(left) <= number(right),
        [left, "-gt", right] => number(left) > number(right),
        [left, "-ge", right] => number(left) >= number(right),
        _ => false,
    }
}
