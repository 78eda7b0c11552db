//! Filters for pipes: `grep`, `wc`, `sort`, `uniq`, `head`, `tail`, `tr`, `cut`.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::{Future, pending};
use core::pin::Pin;

use super::super::sys::Sys;
use super::files;
use super::options::Options;

/// Runs a filter of that name.
pub(super) fn filter<'a>(
    sys: &'a Sys,
    name: &'static str,
    arguments: &'a [String],
) -> Pin<Box<dyn Future<Output = i32> + 'a>> {
    Box::pin(run(sys, name, arguments))
}

async fn run(sys: &Sys, name: &str, arguments: &[String]) -> i32 {
    let known = match name {
        "grep" => "e: A: B: C: m: *",
        "sort" => "k: t: *",
        "cut" => "d: f: c: b: *",
        _ => "n: c: *",
    };
    let known = if matches!(name, "wc" | "uniq" | "tr") { "*" } else { known };
    let options = Options::read(arguments, known).unwrap_or_default();
    if name == "tail" && (options.has('f') || options.has('F')) {
        // How containers are kept running: nothing is ever added to the file.
        pending::<()>().await;
    }
    let mut paths = &options.words[..];
    let mut pattern = options.value('e');
    match name {
        "grep" if pattern.is_none() => {
            let [first, rest @ ..] = paths else {
                sys.usage("grep [-vicnq] PATTERN [FILE]...");
                return 2;
            };
            (pattern, paths) = (Some(*first), rest);
        }
        // Its words are sets.
        "tr" => paths = &[],
        "head" => paths = &paths[..paths.len().min(1)],
        _ => {}
    }
    let input = match files::input(sys, paths) {
        Ok(input) => input,
        Err(path) => {
            sys.complain(format_args!("{name}: {path}: No such file or directory"));
            return if name == "grep" { 2 } else { 1 };
        }
    };
    if name == "grep" || name == "head" {
        // Line by line as they come: what writes them may never end.
        let (mut number, mut count) = (0, 0);
        let only_count = name == "grep" && options.has('c');
        while name == "grep" || number < lines_wanted(&options) {
            let line = input.read_line().await;
            if line.is_empty() {
                break;
            }
            number += 1;
            let Some(pattern) = pattern else {
                sys.stdout.write(&line);
                continue;
            };
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches('\n');
            if !matches_line(&options, pattern, line) {
                continue;
            }
            count += 1;
            if options.has('q') {
                return 0;
            }
            if only_count {
                continue;
            }
            if options.has('n') {
                sys.print(format_args!("{number}:"));
            }
            sys.line(format_args!("{line}"));
        }
        if only_count {
            sys.line(format_args!("{count}"));
        }
        return i32::from(name == "grep" && count == 0);
    }
    let bytes = input.read_to_end().await;
    let text = String::from_utf8_lossy(&bytes);
    let output = match name {
        "wc" => wc(&options, &text),
        "sort" => sort(&options, &text),
        "uniq" => uniq(&options, &text),
        "tr" => match options.words[..] {
            [] => return sys.usage("tr [-d] STRING1 [STRING2]"),
            [from, ..] => tr(&options, from, &text),
        },
        "cut" => match options.value('f').or(options.value('c')) {
            None => return sys.fail(format_args!("cut: expected a list of bytes, characters, or fields")),
            Some(list) => cut(&options, list, &text),
        },
        _ => tail(&options, &text),
    };
    sys.stdout.write(output.as_bytes());
    0
}

/// How many lines `head` and `tail` show, as `-n 3`, `-n3` or `-3`; ten if nothing is said.
fn lines_wanted(options: &Options<'_>) -> usize {
    let mut old = None;
    for letter in options.letters().chars() {
        if let Some(digit) = letter.to_digit(10) {
            old = Some(old.unwrap_or(0_usize).saturating_mul(10).saturating_add(digit as usize));
        }
    }
    let new = options.value('n').map(|text| text.parse().unwrap_or(10));
    new.or(old).unwrap_or(10)
}

/// `grep [-v -i -c -n -q -E -F] PATTERN [FILE...]`. Patterns know `.`, `*`, `^`, `$` and `|`.
fn matches_line(options: &Options<'_>, pattern: &str, line: &str) -> bool {
    let found = match (options.has('i'), options.has('F')) {
        (true, _) => is_match(&pattern.to_ascii_lowercase(), &line.to_ascii_lowercase()),
        (false, true) => line.contains(pattern),
        (false, false) => is_match(pattern, line),
    };
    found != options.has('v')
}

/// Whether the pattern matches somewhere in the line.
fn is_match(pattern: &str, line: &str) -> bool {
    let line: Vec<char> = line.chars().collect();
    let pattern = pattern.replace("\\|", "|");
    for alternative in pattern.split('|') {
        let alternative: Vec<char> = alternative.chars().collect();
        let (starts, alternative) = match alternative.split_first() {
            Some(('^', rest)) => (0..=0, rest),
            _ => (0..=line.len(), &alternative[..]),
        };
        for start in starts {
            if matches_here(alternative, &line[start..]) {
                return true;
            }
        }
    }
    false
}

fn matches_here(pattern: &[char], text: &[char]) -> bool {
    let (atom, width) = match pattern {
        [] => return true,
        ['$'] => return text.is_empty(),
        ['\\', escaped, ..] => (Some(*escaped), 2),
        ['.', ..] => (None, 1),
        [plain, ..] => (Some(*plain), 1),
    };
    let fits = |c: &char| atom.is_none_or(|atom| atom == *c);
    let rest = &pattern[width..];
    match rest.first() {
        Some('*' | '+') => {
            let least = usize::from(rest[0] == '+');
            let most = text.iter().take_while(|c| fits(c)).count();
            (least..=most).any(|taken| matches_here(&rest[1..], &text[taken..]))
        }
        _ => text.first().is_some_and(fits) && matches_here(rest, &text[1..]),
    }
}

/// `wc [-l -w -c] [FILE...]`.
fn wc(options: &Options<'_>, text: &str) -> String {
    let lines = text.bytes().filter(|byte| *byte == b'\n').count();
    let letters = options.letters();
    let mut output = String::new();
    for (letter, number) in [('l', lines), ('w', text.split_whitespace().count()), ('c', text.len())] {
        if letters.is_empty() || letters.contains(letter) {
            let width = if letters.len() == 1 { 0 } else { 10 };
            output += &format!("{number:>width$}");
        }
    }
    output + "\n"
}

/// `sort [-r -n -u] [FILE...]`.
fn sort(options: &Options<'_>, text: &str) -> String {
    let numeric = options.has('n');
    let number = |line: &str| -> u64 {
        let line = line.trim_start();
        let end = line.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(line.len());
        if numeric { line[..end].parse().unwrap_or(0) } else { 0 }
    };
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        // Insertion, because the library's sort would be the largest filter of all.
        let at = lines.partition_point(|have| (number(have), *have) <= (number(line), line));
        lines.insert(at, line);
    }
    if options.has('r') {
        lines.reverse();
    }
    if options.has('u') {
        lines.dedup();
    }
    joined(&lines)
}

/// Lines with their ends.
fn joined(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        text += line;
        text += "\n";
    }
    text
}

/// `uniq [-c -d] [FILE]`.
fn uniq(options: &Options<'_>, text: &str) -> String {
    let mut output = String::new();
    let mut lines = text.lines().peekable();
    let mut count = 0;
    while let Some(line) = lines.next() {
        count += 1;
        if lines.peek() == Some(&line) {
            continue;
        }
        if count > 1 || !options.has('d') {
            if options.has('c') {
                output += &format!("{count:>7} ");
            }
            output += line;
            output += "\n";
        }
        count = 0;
    }
    output
}

/// `tail [-n N] [FILE]`.
fn tail(options: &Options<'_>, text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    joined(&lines[lines.len().saturating_sub(lines_wanted(options))..])
}

/// `tr -d SET` and `tr SET SET`; a set is plain characters, `\n`, and ranges such as `a-z`.
fn tr(options: &Options<'_>, from: &str, text: &str) -> String {
    let from = expand(from);
    let to = expand(options.words.get(1).copied().unwrap_or_default());
    let mut result = String::new();
    for c in text.chars() {
        match from.iter().position(|have| *have == c) {
            Some(_) if options.has('d') => {}
            Some(at) if !to.is_empty() => result.push(to[at.min(to.len() - 1)]),
            _ => result.push(c),
        }
    }
    result
}

fn expand(set: &str) -> Vec<char> {
    let plain: Vec<char> = set.replace("\\n", "\n").replace("\\t", "\t").chars().collect();
    let mut all = Vec::new();
    let mut rest = &plain[..];
    while let [first, more @ ..] = rest {
        match more {
            ['-', last, more @ ..] if first <= last => {
                all.extend(*first..=*last);
                rest = more;
            }
            _ => {
                all.push(*first);
                rest = more;
            }
        }
    }
    all
}

/// `cut -d X -f LIST`, `cut -c LIST`; a list is numbers and ranges.
fn cut(options: &Options<'_>, list: &str, text: &str) -> String {
    let fields = options.has('f');
    let delimiter = if fields { options.value('d').unwrap_or("\t") } else { "" };
    let mut output = String::new();
    for line in text.lines() {
        if fields && !line.contains(delimiter) {
            output += line;
        } else {
            let mut separator = "";
            // An empty delimiter splits into characters, with nothing before the first and behind the last.
            for (at, piece) in line.split(delimiter).enumerate() {
                if is_listed(list, at + usize::from(fields)) {
                    output += separator;
                    output += piece;
                    separator = delimiter;
                }
            }
        }
        output += "\n";
    }
    output
}

fn is_listed(list: &str, number: usize) -> bool {
    list.split(',').any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let open = first.len() + last.len() < range.len();
        let bound = |text: &str, otherwise: usize| text.parse().unwrap_or(if open { otherwise } else { 0 });
        (bound(first, 1)..=bound(last, usize::MAX)).contains(&number)
    })
}

#[cfg(test)]
mod tests {
    use super::is_match;

    #[test]
    fn patterns_know_anchors_dots_and_stars() {
        assert!(is_match("^a.c$", "abc"));
        assert!(!is_match("^a.c$", "xabc"));
        assert!(is_match("ab*c", "ac"));
        assert!(is_match("KUBE-SVC.*redis", "-A KUBE-SVC-X redis"));
        assert!(is_match("cat\\|dog", "hotdog"));
        assert!(!is_match("10\\.0", "1010"));
    }
}
