//! `grep`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::super::pipe::Pipe;
use super::super::super::sys::Sys;
use super::super::options::Options;
use super::pattern::{Pattern, find};

/// `grep [-vicnqow] PATTERN [FILE...]`: 0 if a line was found, 1 if none was, 2 if the pattern says what is not simulated.
pub(super) async fn grep(sys: &Sys, options: &Options<'_>, pattern: &str, input: &Pipe) -> i32 {
    let mut patterns = Vec::new();
    for line in pattern.lines() {
        let Some(alternatives) = Pattern::parse(line, options) else {
            sys.complain(format_args!("grep: {line}: groups, repetitions and \\ before a letter are not simulated"));
            return 2;
        };
        patterns.extend(alternatives);
    }
    if pattern.is_empty() {
        patterns.push(Pattern::default());
    }
    let most = options.number('m').unwrap_or(u64::MAX);
    let (mut number, mut count) = (0, 0u64);
    while count < most {
        let line = input.read_line().await;
        if line.is_empty() {
            break;
        }
        number += 1;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\n');
        let letters: Vec<char> = line.chars().collect();
        let mut found = find(&patterns, options, &letters, 0);
        if found.is_some() == options.has('v') {
            continue;
        }
        count += 1;
        if options.has('q') {
            return 0;
        }
        if options.has('c') {
            continue;
        }
        let place = if options.has('n') { format!("{number}:") } else { String::new() };
        if !options.has('o') {
            sys.line(format_args!("{place}{line}"));
            continue;
        }
        // With `-v` nothing matched, and nothing is printed.
        while let Some((start, end)) = found {
            if end > start {
                let part: String = letters[start..end].iter().collect();
                sys.line(format_args!("{place}{part}"));
            }
            found = find(&patterns, options, &letters, end.max(start + 1));
        }
    }
    if options.has('c') {
        sys.line(format_args!("{count}"));
    }
    i32::from(count == 0)
}
