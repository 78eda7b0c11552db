//! Filters for pipes: `grep`, `wc`, `sort`, `uniq`, `head`, `tail`, `tr`, `cut`.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::{Future, pending};
use core::pin::Pin;

use super::super::sys::Sys;
use super::files;
use super::options::{self, Word};

/// A filter's command line.
struct Arguments<'a> {
    options: Vec<(&'a str, &'a str)>,
    /// What is no option: for most filters the files to read.
    rest: Vec<&'a str>,
}

/// A filter that needs all its input before it can print.
pub(super) fn filter<'a>(
    sys: &'a Sys,
    name: &'static str,
    arguments: &'a [String],
) -> Pin<Box<dyn Future<Output = i32> + 'a>> {
    Box::pin(run(sys, name, arguments))
}

async fn run(sys: &Sys, name: &str, arguments: &[String]) -> i32 {
    let mut arguments = Arguments::of(name, arguments);
    if name == "tail" && (arguments.has("f") || arguments.has("F")) {
        // How containers are kept running: nothing is ever added to the file.
        pending::<()>().await;
    }
    // `tr` reads no files; its words are sets.
    let paths = if name == "tr" { Vec::new() } else { core::mem::take(&mut arguments.rest) };
    let mut bytes = Vec::new();
    if paths.is_empty() {
        bytes = sys.read_to_end().await;
    }
    for path in paths {
        match files::contents(sys, path) {
            Some(more) => bytes.extend(more),
            None => {
                sys.complain(format_args!("{name}: {path}: No such file or directory"));
                return 1;
            }
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    match name {
        "wc" => wc(sys, &arguments, &text),
        "sort" => sort(sys, &arguments, &text),
        "uniq" => uniq(sys, &arguments, &text),
        "tr" => return tr(sys, &arguments, &text),
        "cut" => return cut(sys, &arguments, &text),
        _ => tail(sys, &arguments, &text),
    }
    0
}

impl<'a> Arguments<'a> {
    fn of(name: &str, arguments: &'a [String]) -> Arguments<'a> {
        let valued = match name {
            "grep" => "e A B C m",
            "sort" => "k t",
            "cut" => "d f c b",
            "head" | "tail" => "n c",
            _ => "",
        };
        let mut all = Arguments { options: Vec::new(), rest: Vec::new() };
        for word in options::parse(arguments, valued).unwrap_or_default() {
            match word {
                Word::Option(name, value) => all.options.push((name, value)),
                Word::Plain(word) => all.rest.push(word),
            }
        }
        all
    }

    fn has(&self, letter: &str) -> bool {
        self.value(letter).is_some()
    }

    fn value(&self, letter: &str) -> Option<&'a str> {
        self.options.iter().find(|(name, _)| *name == letter).map(|(_, value)| *value)
    }

    /// How many lines, as `-n 3`, `-n3` or `-3`; ten if nothing is said.
    fn count(&self) -> usize {
        let digits = self.options.iter().map(|(name, _)| *name).filter(|name| name.as_bytes()[0].is_ascii_digit());
        let old: String = digits.collect();
        self.value("n").unwrap_or(&old).parse().unwrap_or(10)
    }
}

/// `grep [-v -i -c -n -q -E -F] PATTERN [FILE...]`, line by line as they come. Patterns know `.`, `*`, `^`, `$` and `|`.
pub(super) async fn grep(sys: &Sys, arguments: &[String]) -> i32 {
    let mut arguments = Arguments::of("grep", arguments);
    let pattern = match arguments.value("e") {
        Some(pattern) => pattern,
        None if arguments.rest.is_empty() => {
            sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: grep [-vicnq] PATTERN [FILE]...");
            return 2;
        }
        None => arguments.rest.remove(0),
    };
    let files: Vec<Vec<u8>> = arguments.rest.iter().filter_map(|path| files::contents(sys, path)).collect();
    if files.len() < arguments.rest.len() {
        sys.complain("grep: No such file or directory");
        return 2;
    }
    let mut input = files.concat();
    let (mut number, mut count) = (0, 0);
    loop {
        let line = if arguments.rest.is_empty() {
            sys.read_line().await
        } else {
            let end = input.iter().position(|&byte| byte == b'\n').map_or(input.len(), |end| end + 1);
            input.drain(..end).collect()
        };
        if line.is_empty() {
            break;
        }
        number += 1;
        let line = String::from_utf8_lossy(&line);
        if matches_line(&arguments, pattern, line.trim_end_matches('\n')) {
            count += 1;
            if arguments.has("q") {
                return 0;
            }
            if arguments.has("n") && !arguments.has("c") {
                sys.print(format_args!("{number}:"));
            }
            if !arguments.has("c") {
                sys.line(line.trim_end_matches('\n'));
            }
        }
    }
    if arguments.has("c") {
        sys.line(count);
    }
    i32::from(count == 0)
}

fn matches_line(arguments: &Arguments<'_>, pattern: &str, line: &str) -> bool {
    let found = match (arguments.has("i"), arguments.has("F")) {
        (true, _) => is_match(&pattern.to_ascii_lowercase(), &line.to_ascii_lowercase()),
        (false, true) => line.contains(pattern),
        (false, false) => is_match(pattern, line),
    };
    found != arguments.has("v")
}

/// Whether the pattern matches somewhere in the line.
fn is_match(pattern: &str, line: &str) -> bool {
    pattern.replace("\\|", "|").split('|').any(|alternative| {
        let alternative: Vec<char> = alternative.chars().collect();
        let line: Vec<char> = line.chars().collect();
        match alternative.split_first() {
            Some(('^', rest)) => matches_here(rest, &line),
            _ => (0..=line.len()).any(|start| matches_here(&alternative, &line[start..])),
        }
    })
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
fn wc(sys: &Sys, arguments: &Arguments<'_>, text: &str) {
    let all = [("l", text.matches('\n').count()), ("w", text.split_whitespace().count()), ("c", text.len())];
    let single = arguments.options.len() == 1;
    for (letter, number) in all {
        if single && arguments.has(letter) {
            sys.print(number);
        } else if arguments.options.is_empty() || arguments.has(letter) {
            sys.print(format_args!("{number:>10}"));
        }
    }
    sys.line("");
}

/// `sort [-r -n -u] [FILE...]`.
fn sort(sys: &Sys, arguments: &Arguments<'_>, text: &str) {
    let numeric = arguments.has("n");
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
    if arguments.has("r") {
        lines.reverse();
    }
    if arguments.has("u") {
        lines.dedup();
    }
    lines.iter().for_each(|line| sys.line(line));
}

/// `uniq [-c -d] [FILE]`.
fn uniq(sys: &Sys, arguments: &Arguments<'_>, text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    for group in lines.chunk_by(|a, b| a == b) {
        if arguments.has("d") && group.len() < 2 {
            continue;
        }
        if arguments.has("c") {
            sys.print(format_args!("{:>7} ", group.len()));
        }
        sys.line(group[0]);
    }
}

/// `head [-n N] [FILE]`; it stops reading as soon as it has its lines.
pub(super) async fn head(sys: &Sys, arguments: &[String]) -> i32 {
    let arguments = Arguments::of("head", arguments);
    let count = arguments.count();
    if let Some(path) = arguments.rest.first() {
        let Some(bytes) = files::contents(sys, path) else {
            sys.complain(format_args!("head: {path}: No such file or directory"));
            return 1;
        };
        String::from_utf8_lossy(&bytes).lines().take(count).for_each(|line| sys.line(line));
        return 0;
    }
    for _ in 0..count {
        let line = sys.read_line().await;
        if line.is_empty() {
            break;
        }
        sys.stdout.write(&line);
    }
    0
}

/// `tail [-n N] [FILE]`.
fn tail(sys: &Sys, arguments: &Arguments<'_>, text: &str) {
    let skipped = text.lines().count().saturating_sub(arguments.count());
    text.lines().skip(skipped).for_each(|line| sys.line(line));
}

/// `tr -d SET` and `tr SET SET`; a set is plain characters, `\n`, and ranges such as `a-z`.
fn tr(sys: &Sys, arguments: &Arguments<'_>, text: &str) -> i32 {
    let Some(from) = arguments.rest.first().map(|set| expand(set)) else {
        sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: tr [-d] STRING1 [STRING2]");
        return 1;
    };
    let to = arguments.rest.get(1).map(|set| expand(set)).unwrap_or_default();
    let mut result = String::new();
    for c in text.chars() {
        match from.iter().position(|have| *have == c) {
            Some(_) if arguments.has("d") => {}
            Some(at) if !to.is_empty() => result.push(to[at.min(to.len() - 1)]),
            _ => result.push(c),
        }
    }
    sys.print(result);
    0
}

fn expand(set: &str) -> Vec<char> {
    let plain: Vec<char> = set.replace("\\n", "\n").replace("\\t", "\t").chars().collect();
    let mut all = Vec::new();
    let mut at = 0;
    while at < plain.len() {
        match plain[at..] {
            [first, '-', last, ..] if first <= last => {
                all.extend(first..=last);
                at += 3;
            }
            _ => {
                all.push(plain[at]);
                at += 1;
            }
        }
    }
    all
}

/// `cut -d X -f LIST`, `cut -c LIST`; a list is numbers and ranges.
fn cut(sys: &Sys, arguments: &Arguments<'_>, text: &str) -> i32 {
    let fields = arguments.value("f");
    let Some(list) = fields.or_else(|| arguments.value("c")) else {
        sys.complain("cut: expected a list of bytes, characters, or fields");
        return 1;
    };
    let delimiter = if fields.is_some() { arguments.value("d").unwrap_or("\t") } else { "" };
    let is_wanted = |number: usize| {
        list.split(',').any(|range| match range.split_once('-') {
            Some((first, last)) => number >= first.parse().unwrap_or(1) && number <= last.parse().unwrap_or(usize::MAX),
            None => range.parse() == Ok(number),
        })
    };
    for line in text.lines() {
        if fields.is_some() && !line.contains(delimiter) {
            sys.line(line);
            continue;
        }
        // An empty delimiter splits into characters, with nothing before the first and behind the last.
        let offset = usize::from(fields.is_some());
        let mut first = true;
        for (_, piece) in line.split(delimiter).enumerate().filter(|(at, _)| is_wanted(at + offset)) {
            if !first {
                sys.print(delimiter);
            }
            first = false;
            sys.print(piece);
        }
        sys.line("");
    }
    0
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
