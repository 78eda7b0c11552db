//! Filters for pipes: `grep`, `wc`, `sort`, `uniq`, `head`, `tail`, `tr`, `cut`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::sys::Sys;
use super::files;
use super::options::{self, Word};

/// The lines of the files named, or of the input; `None` if a file is not there, which has been said.
async fn lines(sys: &Sys, tool: &str, paths: &[String]) -> Option<Vec<String>> {
    let mut bytes = Vec::new();
    if paths.is_empty() {
        bytes = sys.read_to_end().await;
    }
    for path in paths {
        match files::contents(sys, path) {
            Some(more) => bytes.extend(more),
            None => {
                sys.complain(&format!("{tool}: {path}: No such file or directory"));
                return None;
            }
        }
    }
    Some(String::from_utf8_lossy(&bytes).lines().map(str::to_string).collect())
}

/// Options as letters with their values, and the rest.
fn split(arguments: &[String], valued: &str) -> (Vec<(String, String)>, Vec<String>) {
    let (mut letters, mut rest) = (Vec::new(), Vec::new());
    for word in options::parse(arguments, valued).unwrap_or_default() {
        match word {
            Word::Option(name, value) => letters.push((name, value.unwrap_or_default())),
            Word::Plain(word) => rest.push(word),
        }
    }
    (letters, rest)
}

/// `grep [-v -i -c -n -o -q -E -F] PATTERN [FILE...]`. Patterns know `.`, `*`, `^`, `$` and `|`.
pub(super) async fn grep(sys: &Sys, arguments: &[String]) -> i32 {
    let (flags, mut rest) = split(arguments, "e A B C m");
    let has = |letter: &str| flags.iter().any(|(name, _)| name == letter);
    let given = flags.iter().find(|(name, _)| name == "e").map(|(_, value)| value.clone());
    let Some(pattern) = given.or_else(|| (!rest.is_empty()).then(|| rest.remove(0))) else {
        sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: grep [-vicnq] PATTERN [FILE]...");
        return 2;
    };
    let pattern = if has("i") { pattern.to_lowercase() } else { pattern };
    let Some(lines) = lines(sys, "grep", &rest).await else { return 2 };
    let matches = |line: &str| {
        let line = if has("i") { line.to_lowercase() } else { line.to_string() };
        let found = if has("F") { line.contains(&pattern) } else { is_match(&pattern, &line) };
        found != has("v")
    };
    let mut count = 0;
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| matches(line)) {
        count += 1;
        if has("c") || has("q") {
            continue;
        }
        if has("n") {
            sys.print(&format!("{}:", index + 1));
        }
        sys.line(line);
    }
    if has("c") {
        sys.line(&count.to_string());
    }
    i32::from(count == 0)
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
pub(super) async fn wc(sys: &Sys, arguments: &[String]) -> i32 {
    let (flags, rest) = split(arguments, "");
    let bytes = match rest.first() {
        None => sys.read_to_end().await,
        Some(path) => match files::contents(sys, path) {
            Some(bytes) => bytes,
            None => {
                sys.complain(&format!("wc: {path}: No such file or directory"));
                return 1;
            }
        },
    };
    let text = String::from_utf8_lossy(&bytes);
    let all = [("l", text.matches('\n').count()), ("w", text.split_whitespace().count()), ("c", bytes.len())];
    let wanted = all.iter().filter(|(letter, _)| flags.is_empty() || flags.iter().any(|(flag, _)| flag == letter));
    let numbers: Vec<String> = wanted.map(|(_, number)| number.to_string()).collect();
    match &numbers[..] {
        [one] => sys.line(one),
        several => {
            let padded: Vec<String> = several.iter().map(|number| format!("{number:>9}")).collect();
            sys.line(&padded.join(" "));
        }
    }
    0
}

/// `sort [-r -n -u] [FILE...]`.
pub(super) async fn sort(sys: &Sys, arguments: &[String]) -> i32 {
    let (flags, rest) = split(arguments, "k t");
    let has = |letter: &str| flags.iter().any(|(name, _)| name == letter);
    let Some(mut lines) = lines(sys, "sort", &rest).await else { return 1 };
    if has("n") {
        let number = |line: &String| {
            let digits: String = line.trim_start().chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().unwrap_or(0)
        };
        lines.sort_by(|a, b| number(a).cmp(&number(b)).then_with(|| a.cmp(b)));
    } else {
        lines.sort();
    }
    if has("r") {
        lines.reverse();
    }
    if has("u") {
        lines.dedup();
    }
    lines.iter().for_each(|line| sys.line(line));
    0
}

/// `uniq [-c -d] [FILE]`.
pub(super) async fn uniq(sys: &Sys, arguments: &[String]) -> i32 {
    let (flags, rest) = split(arguments, "");
    let has = |letter: &str| flags.iter().any(|(name, _)| name == letter);
    let Some(lines) = lines(sys, "uniq", &rest).await else { return 1 };
    for group in lines.chunk_by(|a, b| a == b) {
        match (has("c"), has("d") && group.len() < 2) {
            (_, true) => {}
            (true, _) => sys.line(&format!("{:>7} {}", group.len(), group[0])),
            (false, _) => sys.line(&group[0]),
        }
    }
    0
}

/// `head [-n N] [FILE]`; it stops reading as soon as it has its lines.
pub(super) async fn head(sys: &Sys, arguments: &[String]) -> i32 {
    let (count, rest) = count(arguments);
    if !rest.is_empty() {
        let Some(lines) = lines(sys, "head", &rest).await else { return 1 };
        lines.iter().take(count).for_each(|line| sys.line(line));
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

/// `tail [-n N] [FILE]`; `tail -f /dev/null` waits for ever.
pub(super) async fn tail(sys: &Sys, arguments: &[String]) -> i32 {
    if arguments.iter().any(|word| word == "-f" || word == "-F") {
        core::future::pending::<()>().await;
    }
    let (count, rest) = count(arguments);
    let Some(lines) = lines(sys, "tail", &rest).await else { return 1 };
    lines[lines.len().saturating_sub(count)..].iter().for_each(|line| sys.line(line));
    0
}

/// How many lines, as `-n 3`, `-n3` or `-3`; ten if nothing is said.
fn count(arguments: &[String]) -> (usize, Vec<String>) {
    let old = arguments.iter().position(|word| word.strip_prefix('-').is_some_and(|n| n.parse::<usize>().is_ok()));
    if let Some(at) = old {
        let rest = arguments.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, word)| word.clone());
        return (arguments[at][1..].parse().unwrap_or(10), rest.collect());
    }
    let (flags, rest) = split(arguments, "n c");
    let given = flags.iter().find(|(name, _)| name == "n").and_then(|(_, value)| value.parse().ok());
    (given.unwrap_or(10), rest)
}

/// `tr -d SET` and `tr SET SET`; a set is plain characters, `\n`, and ranges such as `a-z`.
pub(super) async fn tr(sys: &Sys, arguments: &[String]) -> i32 {
    let (flags, sets) = split(arguments, "");
    let delete = flags.iter().any(|(name, _)| name == "d");
    let (Some(from), to) = (sets.first().map(|set| expand(set)), sets.get(1).map(|set| expand(set))) else {
        sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: tr [-d] STRING1 [STRING2]");
        return 1;
    };
    let text = sys.read_to_end().await;
    let mut result = String::new();
    for c in String::from_utf8_lossy(&text).chars() {
        match (from.iter().position(|have| *have == c), &to) {
            (None, _) => result.push(c),
            (Some(_), _) if delete => {}
            (Some(at), Some(to)) if !to.is_empty() => result.push(to[at.min(to.len() - 1)]),
            (Some(_), _) => result.push(c),
        }
    }
    sys.print(&result);
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
pub(super) async fn cut(sys: &Sys, arguments: &[String]) -> i32 {
    let (flags, rest) = split(arguments, "d f c b");
    let value = |letter: &str| flags.iter().find(|(name, _)| name == letter).map(|(_, value)| value.as_str());
    let delimiter = value("d").unwrap_or("\t").to_string();
    let Some(list) = value("f").or_else(|| value("c")) else {
        sys.complain("cut: expected a list of bytes, characters, or fields");
        return 1;
    };
    let wanted = |number: usize| {
        list.split(',').any(|range| match range.split_once('-') {
            Some((first, last)) => number >= first.parse().unwrap_or(1) && number <= last.parse().unwrap_or(usize::MAX),
            None => range.parse() == Ok(number),
        })
    };
    let Some(lines) = lines(sys, "cut", &rest).await else { return 1 };
    for line in &lines {
        if value("f").is_none() {
            sys.line(&line.chars().enumerate().filter(|(at, _)| wanted(at + 1)).map(|(_, c)| c).collect::<String>());
        } else if line.contains(&delimiter) {
            let fields = line.split(&delimiter).enumerate().filter(|(at, _)| wanted(at + 1)).map(|(_, field)| field);
            sys.line(&fields.collect::<Vec<_>>().join(&delimiter));
        } else {
            sys.line(line);
        }
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
