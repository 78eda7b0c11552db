//! Programs of a line or two.

use alloc::string::{String, ToString};

use smoltcp::time::Duration;

use super::super::sys::Sys;
use super::options;

/// `echo [-n] [-e] WORDS`.
pub(super) fn echo(sys: &Sys, mut arguments: &[String]) -> i32 {
    let (mut newline, mut escapes) = (true, false);
    while let Some((flag, rest)) =
        arguments.split_first().filter(|(flag, _)| matches!(flag.as_str(), "-n" | "-e" | "-ne" | "-en"))
    {
        newline &= !flag.contains('n');
        escapes |= flag.contains('e');
        arguments = rest;
    }
    let text = arguments.join(" ");
    sys.print(&if escapes { unescape(&text) } else { text });
    if newline {
        sys.print("\n");
    }
    0
}

/// `printf FORMAT [ARGUMENT...]` with `%s`, `%d` and `%%`; the format is used again for more arguments.
pub(super) fn printf(sys: &Sys, arguments: &[String]) -> i32 {
    let Some((format, mut values)) = arguments.split_first() else { return 1 };
    let format = unescape(format);
    loop {
        let before = values.len();
        let mut characters = format.chars();
        while let Some(c) = characters.next() {
            if c != '%' {
                sys.print(c.encode_utf8(&mut [0; 4]));
                continue;
            }
            match characters.next() {
                Some('%') | None => sys.print("%"),
                Some(_) => {
                    if let Some((value, rest)) = values.split_first() {
                        sys.print(value);
                        values = rest;
                    }
                }
            }
        }
        if values.is_empty() || values.len() == before {
            return 0;
        }
    }
}

fn unescape(text: &str) -> String {
    let mut result = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (c, if c == '\\' { characters.next() } else { None }) {
            ('\\', Some('n')) => result.push('\n'),
            ('\\', Some('t')) => result.push('\t'),
            ('\\', Some('r')) => result.push('\r'),
            ('\\', Some('\\')) => result.push('\\'),
            ('\\', Some(other)) => result.extend(['\\', other]),
            (plain, _) => result.push(plain),
        }
    }
    result
}

/// `sleep TIME`: seconds with a fraction, or with a unit.
pub(super) async fn sleep(sys: &Sys, arguments: &[String]) -> i32 {
    let Some(text) = arguments.first() else {
        sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: sleep [N]...");
        return 1;
    };
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'm') => (&text[..text.len() - 1], 60),
        Some(b'h') => (&text[..text.len() - 1], 3600),
        Some(b'd') => (&text[..text.len() - 1], 86400),
        _ => (text.as_str(), 1),
    };
    if matches!(digits, "infinity" | "inf") {
        core::future::pending::<()>().await;
    }
    match options::seconds(digits) {
        Some(millis) => {
            sys.sleep(Duration::from_millis(millis * unit)).await;
            0
        }
        None => {
            sys.complain(format_args!("sleep: invalid number '{text}'"));
            1
        }
    }
}

/// `timeout SECONDS PROGRAM [ARGUMENT...]`: 143 if it was too late, as busybox has it.
pub(super) async fn timeout(sys: &Sys, arguments: &[String]) -> i32 {
    let arguments = arguments.strip_prefix(&["-t".to_string()]).unwrap_or(arguments);
    match arguments.split_first().and_then(|(time, program)| Some((options::seconds(time)?, program))) {
        Some((millis, program)) if !program.is_empty() => {
            let running = super::run(sys.clone(), program.to_vec());
            sys.timeout(Duration::from_millis(millis), running).await.unwrap_or(143)
        }
        _ => {
            sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: timeout SECS PROG ARGS");
            1
        }
    }
}

/// `watch [-n SECONDS] COMMAND`: again and again until interrupted.
pub(super) async fn watch(sys: &Sys, arguments: &[String]) -> i32 {
    let (interval, words) = match arguments {
        [option, time, words @ ..] if option == "-n" => (options::seconds(time).unwrap_or(2000), words),
        words => (2000, words),
    };
    let line = words.join(" ");
    loop {
        sys.line(format_args!("Every {}.{}s: {line}\n", interval / 1000, interval % 1000 / 100));
        let argv = alloc::vec!["sh".to_string(), "-c".to_string(), line.clone()];
        super::run(sys.clone(), argv).await;
        sys.sleep(Duration::from_millis(interval.max(100))).await;
    }
}

/// Package managers, which people call for a tool that an image lacks.
pub(super) fn packages(sys: &Sys, _: &[String]) -> i32 {
    sys.complain("not simulated: there are no packages to install; use an image that has the tool");
    1
}

/// `seq [FIRST [STEP]] LAST`.
pub(super) fn seq(sys: &Sys, arguments: &[String]) -> i32 {
    /// Numbers one call prints at most; a longer list is a slip of the finger.
    const MOST: u32 = 1_000_000;
    let numbers: Option<alloc::vec::Vec<i64>> = arguments.iter().map(|word| word.parse().ok()).collect();
    let (first, step, last) = match numbers.as_deref() {
        Some([last]) => (1, 1, *last),
        Some([first, last]) => (*first, 1, *last),
        Some([first, step, last]) if *step != 0 => (*first, *step, *last),
        _ => {
            sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: seq [FIRST [INC]] LAST");
            return 1;
        }
    };
    let mut number = first;
    for _ in 0..MOST {
        if if step > 0 { number > last } else { number < last } {
            break;
        }
        sys.line(number);
        number += step;
    }
    0
}

/// `pwd`: where the shell's `cd` went; there are no directories to be wrong about.
pub(super) fn pwd(sys: &Sys, _: &[String]) -> i32 {
    sys.line(sys.variable("PWD").as_deref().unwrap_or("/"));
    0
}

/// `whoami`: containers run as root unless somebody takes care.
pub(super) fn whoami(sys: &Sys, _: &[String]) -> i32 {
    sys.line("root");
    0
}

/// `date [+%s]`: seconds of virtual time, which starts at nought.
pub(super) fn date(sys: &Sys, arguments: &[String]) -> i32 {
    let seconds = sys.now().total_micros() / 1_000_000;
    match arguments.first().map(String::as_str) {
        Some("+%s") => sys.line(seconds),
        _ => {
            let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            sys.line(format_args!("{hours:02}:{minutes:02}:{seconds:02} of virtual time"));
        }
    }
    0
}
