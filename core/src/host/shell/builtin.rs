//! Commands that are the shell's own: they change it, or only look at its words.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::programs::{self, files};
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
        "set" => {
            for word in &argv[1..] {
                let (on, letters) = (word.starts_with('-'), word.trim_start_matches(['-', '+']));
                match letters {
                    "e" | "errexit" => shell.errexit.set(on || letters == "errexit"),
                    "o" if on => {}
                    "eo" | "oe" if on => shell.errexit.set(true),
                    _ => {
                        shell.errexit.set(shell.errexit.get() || on && letters.contains('e'));
                        sys.complain(format_args!("sh: set {word}: only -e is simulated"));
                    }
                }
            }
            0
        }
        "trap" | "wait" | ":" | "clear" => 0,
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

/// `test` and `[`: 0 is true, 1 false, 2 a mistake.
pub(in super::super) fn test(sys: &Sys, arguments: &[String]) -> i32 {
    let words = match arguments {
        [words @ .., last] if last == "]" => words,
        words => words,
    };
    // Between two words alone `-a` and `-o` join them; else each side is a test.
    let joins = words.len() >= 3;
    let mut code = 1;
    for either in words.split(|word| joins && word == "-o") {
        let mut all = 0;
        for one in either.split(|word| joins && word == "-a") {
            all = all.max(test_one(sys, one));
        }
        code = if all > 1 { all } else { code.min(all) };
        if code > 1 {
            break;
        }
    }
    code
}

fn test_one(sys: &Sys, mut words: &[String]) -> i32 {
    let mut wanted = true;
    while let [not, rest @ ..] = words
        && not == "!"
        && !rest.is_empty()
    {
        (wanted, words) = (!wanted, rest);
    }
    let mistake = |word: &str, what: &str| {
        sys.complain(format_args!("sh: {word}: {what}"));
        2
    };
    let holds = match words {
        [] => false,
        [text] => !text.is_empty(),
        [option, text] => match option.as_str() {
            "-z" => text.is_empty(),
            "-n" => !text.is_empty(),
            "-e" => files::contents(sys, text).is_some() || is_directory(sys, text),
            "-f" | "-r" | "-w" => files::contents(sys, text).is_some(),
            "-s" => files::contents(sys, text).is_some_and(|bytes| !bytes.is_empty()),
            "-d" => is_directory(sys, text),
            "-x" => text.contains("bin/") && programs::exists(&sys.config().image, text),
            "-t" => sys.terminal,
            _ => return mistake(option, "unknown operand"),
        },
        [left, operator, right] => match operator.as_str() {
            "=" | "==" => left == right,
            "!=" => left != right,
            "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                let number = |word: &str| word.trim().parse::<i64>();
                let (Ok(first), Ok(second)) = (number(left), number(right)) else {
                    return mistake(if number(left).is_err() { left } else { right }, "bad number");
                };
                let order = first.cmp(&second);
                match operator.as_str() {
                    "-eq" => order.is_eq(),
                    "-ne" => order.is_ne(),
                    "-lt" => order.is_lt(),
                    "-le" => order.is_le(),
                    "-gt" => order.is_gt(),
                    _ => order.is_ge(),
                }
            }
            _ => return mistake(operator, "unknown operand"),
        },
        [_, _, _, other, ..] => return mistake(other, "unknown operand"),
    };
    i32::from(holds != wanted)
}

/// Whether a path is a directory: one that every image has, or that a file is in.
fn is_directory(sys: &Sys, path: &str) -> bool {
    const EVERYWHERE: &str = " / /bin /etc /home /proc /root /sbin /sys /tmp /usr /var ";
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let inside = |file: &Vec<u8>| file.strip_prefix(path.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'/'));
    EVERYWHERE.split(' ').any(|known| known == path && !known.is_empty())
        || sys.machine.files.borrow().keys().any(inside)
}
