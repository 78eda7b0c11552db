//! Programs of a line or two.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::future::pending;

use super::super::sys::Sys;
use super::options;
use crate::time::timestamp;

/// `echo [-n] [-e] WORDS`.
pub(super) fn echo(sys: &Sys, mut arguments: &[String]) -> i32 {
    let (mut end, mut escapes) = ("\n", false);
    while let [flag, rest @ ..] = arguments
        && matches!(flag.as_str(), "-n" | "-e" | "-ne" | "-en")
    {
        escapes |= flag.contains('e');
        end = if flag.contains('n') { "" } else { end };
        arguments = rest;
    }
    let text = arguments.join(" ");
    let text = if escapes { unescape(&text) } else { text };
    sys.print(format_args!("{text}{end}"));
    0
}

/// `printf FORMAT [ARGUMENT...]` with `%s`, `%d` and `%%`; the format is used again for more arguments.
pub(super) fn printf(sys: &Sys, arguments: &[String]) -> i32 {
    let arguments = arguments.strip_prefix(&["--".to_string()]).unwrap_or(arguments);
    let Some((format, mut values)) = arguments.split_first() else { return 1 };
    let format = unescape(format);
    let mut text = String::new();
    loop {
        let before = values.len();
        let mut characters = format.chars();
        while let Some(c) = characters.next() {
            if c != '%' {
                text.push(c);
                continue;
            }
            match characters.next() {
                Some('%') | None => text.push('%'),
                Some(_) => {
                    if let Some((value, rest)) = values.split_first() {
                        text += value;
                        values = rest;
                    }
                }
            }
        }
        if values.is_empty() || values.len() == before {
            break;
        }
    }
    sys.stdout.write(text.as_bytes());
    0
}

fn unescape(text: &str) -> String {
    let mut result = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            result.push(c);
            continue;
        }
        match characters.next().unwrap_or('\\') {
            'n' => result.push('\n'),
            't' => result.push('\t'),
            'r' => result.push('\r'),
            '\\' => result.push('\\'),
            other => {
                result.push('\\');
                result.push(other);
            }
        }
    }
    result
}

/// `sleep TIME`: seconds with a fraction, or with a unit.
pub(super) async fn sleep(sys: &Sys, arguments: &[String]) -> i32 {
    let Some(text) = arguments.first() else { return sys.usage("sleep [N]...") };
    let unit = match text.as_bytes().last() {
        Some(b'm') => 60,
        Some(b'h') => 3600,
        Some(b'd') => 86400,
        _ => 1,
    };
    let digits = if unit == 1 { text } else { &text[..text.len() - 1] };
    if matches!(digits, "infinity" | "inf") {
        pending::<()>().await;
    }
    let Some(millis) = options::seconds(digits) else {
        return sys.fail(format_args!("sleep: invalid number '{text}'"));
    };
    sys.sleep_until(sys.after(millis.saturating_mul(unit))).await;
    0
}

/// `timeout SECONDS PROGRAM [ARGUMENT...]`: 143 if it was too late, as busybox has it.
pub(super) async fn timeout(sys: &Sys, arguments: &[String]) -> i32 {
    let arguments = arguments.strip_prefix(&["-t".to_string()]).unwrap_or(arguments);
    let [time, program @ ..] = arguments else { return sys.usage(TIMEOUT_USAGE) };
    match options::seconds(time) {
        Some(millis) if !program.is_empty() => {
            let running = super::run(sys.clone(), program.to_vec());
            sys.timeout(Some(sys.after(millis)), running).await.unwrap_or(143)
        }
        _ => sys.usage(TIMEOUT_USAGE),
    }
}

const TIMEOUT_USAGE: &str = "timeout SECS PROG ARGS";

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
        sys.sleep_until(sys.after(interval.max(100))).await;
    }
}

/// Package managers, which people call for a tool that an image lacks.
pub(super) fn packages(sys: &Sys, _: &[String]) -> i32 {
    sys.fail(format_args!("not simulated: there are no packages to install; use an image that has the tool"))
}

/// `seq [FIRST [STEP]] LAST`.
pub(super) fn seq(sys: &Sys, arguments: &[String]) -> i32 {
    /// Numbers one call prints at most; a longer list is a slip of the finger.
    const MOST: u32 = 1_000_000;
    let mut numbers = Vec::new();
    for word in arguments {
        numbers.extend(word.parse::<i64>().ok());
    }
    let (first, step, last) = match numbers[..] {
        _ if numbers.len() < arguments.len() => (0, 0, 0),
        [last] => (1, 1, last),
        [first, last] => (first, 1, last),
        [first, step, last] => (first, step, last),
        _ => (0, 0, 0),
    };
    if step == 0 {
        return sys.usage("seq [FIRST [INC]] LAST");
    }
    let mut number = first;
    for _ in 0..MOST {
        if if step > 0 { number > last } else { number < last } {
            break;
        }
        sys.line(format_args!("{number}"));
        let Some(next) = number.checked_add(step) else { break };
        number = next;
    }
    0
}

/// `pwd`: where the shell's `cd` went; there are no directories to be wrong about.
pub(super) fn pwd(sys: &Sys, _: &[String]) -> i32 {
    sys.line(format_args!("{}", sys.variable("PWD").as_deref().unwrap_or("/")));
    0
}

/// `whoami`: containers run as root unless somebody takes care.
pub(super) fn whoami(sys: &Sys, _: &[String]) -> i32 {
    sys.line(format_args!("root"));
    0
}

/// `date [-u] [-I] [+FORMAT]`: the calendar date that the API's timestamps show.
pub(super) fn date(sys: &Sys, arguments: &[String]) -> i32 {
    let now = timestamp::emit(sys.now());
    let mut format = "%a %b %e %T UTC %Y";
    for argument in arguments {
        match argument.as_str() {
            "-u" => {}
            "-I" | "-Idate" => format = "%F",
            "-Is" | "-Iseconds" => format = "%FT%T+00:00",
            _ => match argument.strip_prefix('+') {
                Some(given) => format = given,
                None => return sys.fail(format_args!("date: {argument} is not simulated")),
            },
        }
    }
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(c) = letters.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        match letters.next() {
            Some('Y') => text += &now[..4],
            Some('m') => text += &now[5..7],
            Some('d') => text += &now[8..10],
            Some('H') => text += &now[11..13],
            Some('M') => text += &now[14..16],
            Some('S') => text += &now[17..19],
            Some('F') => text += &now[..10],
            Some('T') => text += &now[11..19],
            Some('Z') => text += "UTC",
            Some('s') => text += &timestamp::unix(sys.now()).to_string(),
            Some('N') => text += &format!("{:09}", sys.now().total_micros() % 1_000_000 * 1000),
            Some('e') => text += &format!("{:>2}", now[8..10].trim_start_matches('0')),
            Some('b') => text += timestamp::month(&now),
            // The first day of virtual time was a Thursday.
            Some('a') => {
                let day = (sys.now().total_micros() / 86_400_000_000) as usize % 7;
                text += &"ThuFriSatSunMonTueWed"[3 * day..3 * day + 3];
            }
            Some('%') | None => text.push('%'),
            Some(other) => return sys.fail(format_args!("date: %{other} is not simulated")),
        }
    }
    sys.line(format_args!("{text}"));
    0
}
