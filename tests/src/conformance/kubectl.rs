//! Group `kubectl`: what a command line prints.

use super::{
    Case,
    tree::{Fail, Tree, check},
    world,
};
use clusterip::{
    cluster::{Cluster, Output},
    net::Cidr,
};

/// The file that the shared objects are in.
const FILE: &str = "objects.yaml";

/// One case: the shared objects, one command line, its output.
pub(super) fn run(case: Case<'_>) -> Result<(), Fail> {
    case.only(&["run", "expect"])?;
    let setup = &case.table.root["setup"];
    setup.only("setup", &["cluster", "namespaces", "objects"])?;
    let line = case.get("run").text();
    let mut cluster = world::start(world::dual()?)?;
    for name in setup["namespaces"].texts() {
        world::ensure_namespace(&mut cluster, name)?;
    }
    let objects = setup["objects"].text();
    world::file(&mut cluster, FILE, objects);
    // A command that applies the file itself finds an empty namespace.
    if !line.contains(FILE) {
        apply_setup(&mut cluster, setup)?;
    }
    world::settle(&mut cluster)?;
    let output = world::kubectl(&mut cluster, line, "");
    judge(case.get("expect"), &output)
}

fn apply_setup(cluster: &mut Cluster, setup: &Tree) -> Result<(), Fail> {
    let namespaces = setup["namespaces"].texts();
    let namespace = namespaces.first().copied().unwrap_or("default");
    let output = world::kubectl(cluster, &format!("kubectl -n {namespace} apply -f {FILE}"), "");
    if output.exit_code == 0 { Ok(()) } else { Err(Fail::new("the setup applied", output.stderr)) }
}

/// Compares the output of a command with what a case expects of it.
pub(super) fn judge(expect: &Tree, output: &Output) -> Result<(), Fail> {
    expect.only("expect", &["stdout", "stderr", "exit", "text", "table"])?;
    if expect.has("stdout") {
        same_text(expect["stdout"].text(), &output.stdout)?;
    }
    if expect.has("stderr") {
        same_text(expect["stderr"].text(), &output.stderr)?;
    }
    let exit = expect["exit"].int().unwrap_or(if expect.has("stderr") { output.exit_code.into() } else { 0 });
    if exit != i64::from(output.exit_code) {
        return Err(Fail::new(format!("exit code {exit}"), format!("{}: {}", output.exit_code, output.stderr)));
    }
    if expect.has("text") {
        contains(expect["text"].text(), &output.stdout)?;
    }
    if expect.has("table") {
        table(&expect["table"], &output.stdout)?;
    }
    Ok(())
}

fn same_text(expected: &str, got: &str) -> Result<(), Fail> {
    check("text", &expected.trim_end().to_string(), &got.trim_end().to_string())
}

/// Fails unless the lines occur one after another, trailing blanks aside.
fn contains(expected: &str, got: &str) -> Result<(), Fail> {
    let wanted: Vec<&str> = expected.trim_end().lines().map(str::trim_end).collect();
    let lines: Vec<&str> = got.lines().map(str::trim_end).collect();
    let starts = 0..(lines.len() + 1).saturating_sub(wanted.len());
    let is_at = |start: usize| wanted.iter().zip(&lines[start..]).all(|(wanted, line)| is_line(wanted, line));
    if starts.clone().any(is_at) {
        return Ok(());
    }
    // The first line that differs tells more than the whole.
    let first = wanted.first().and_then(|first| lines.iter().position(|line| is_line(first, line))).unwrap_or(0);
    let differs =
        wanted.iter().enumerate().find(|(at, wanted)| lines.get(first + at).is_none_or(|line| !is_line(wanted, line)));
    let (at, wanted) = differs.map_or((0, ""), |(at, wanted)| (at, *wanted));
    Err(Fail::new(format!("line {wanted:?}"), format!("line {:?}", lines.get(first + at).unwrap_or(&"(the end)"))))
}

/// A line; words in angle brackets, `<three of the four …>`, stand for any text without blanks.
fn is_line(wanted: &str, line: &str) -> bool {
    let Some((before, rest)) = wanted.split_once('<') else { return wanted == line };
    let Some((inside, after)) = rest.split_once('>') else { return wanted == line };
    if !inside.contains(' ') {
        // `<none>` and `<unset>` are themselves; look behind them.
        let plain = format!("{before}<{inside}>");
        return line.strip_prefix(plain.as_str()).is_some_and(|line| is_line(after, line));
    }
    let middle = line.strip_prefix(before).and_then(|line| line.strip_suffix(after));
    middle.is_some_and(|text| !text.is_empty() && !text.contains(' '))
}

/// Compares cells; columns are separated by three or more blanks.
pub(super) fn table(expect: &Tree, text: &str) -> Result<(), Fail> {
    expect.only("table", &["header", "rows"])?;
    let mut lines = text.lines().map(cells);
    let header: Vec<&str> = expect["header"].texts();
    check("header", &header, &lines.next().unwrap_or_default())?;
    let rows: Vec<Vec<&str>> = lines.collect();
    let wanted = expect["rows"].items();
    check("number of rows", &wanted.len(), &rows.len())?;
    for (wanted, row) in wanted.iter().zip(&rows) {
        let wanted = wanted.texts();
        let mut is_same = wanted.len() == row.len();
        for (cell, got) in wanted.iter().zip(row) {
            is_same &= is_cell(cell, got)?;
        }
        if !is_same {
            return Err(Fail::new(format!("row {wanted:?}"), format!("row {row:?}")));
        }
    }
    Ok(())
}

fn cells(line: &str) -> Vec<&str> {
    line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

fn is_cell(wanted: &str, got: &str) -> Result<bool, Fail> {
    if wanted == "<age>" {
        let is_age = got.ends_with(['s', 'm', 'h', 'd', 'y']) && got.starts_with(|first: char| first.is_ascii_digit());
        return Ok(is_age);
    }
    if let Some(range) = wanted.strip_prefix("<ip-in ").and_then(|rest| rest.strip_suffix('>')) {
        let range = if range == "SERVICE-CIDR" { "10.96.0.0/12" } else { range };
        let range: Cidr = world::parsed("address range", range)?;
        return Ok(got.parse().is_ok_and(|address| range.contains(address)));
    }
    match wanted.strip_prefix("<regex ").and_then(|rest| rest.strip_suffix('>')) {
        Some(pattern) => Pattern::parse(pattern).map(|pattern| pattern.matches(got)),
        None => Ok(wanted == got),
    }
}

/// As much of regular expressions as the cases need: letters, `.`, sets `[a-z0-9]`, each with `{n}`, `+`, `*` or `?`.
struct Pattern(Vec<(Set, usize, usize)>);

enum Set {
    Any,
    Of(Vec<(char, char)>),
}

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, Fail> {
        let unknown = || Fail::unknown("pattern", text);
        let mut parts = Vec::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let set = match letter {
                '.' => Set::Any,
                '[' => {
                    let mut ranges = Vec::new();
                    loop {
                        match letters.next().ok_or_else(unknown)? {
                            ']' => break,
                            first => {
                                let is_range = letters.peek() == Some(&'-');
                                if is_range {
                                    letters.next();
                                    ranges.push((first, letters.next().ok_or_else(unknown)?));
                                } else {
                                    ranges.push((first, first));
                                }
                            }
                        }
                    }
                    Set::Of(ranges)
                }
                '\\' => {
                    let letter = letters.next().ok_or_else(unknown)?;
                    if letter == 'd' { Set::Of(vec![('0', '9')]) } else { Set::Of(vec![(letter, letter)]) }
                }
                '(' | ')' | '|' | '^' | '$' => return Err(unknown()),
                letter => Set::Of(vec![(letter, letter)]),
            };
            let (least, most) = match letters.peek() {
                Some('+') => (1, usize::MAX),
                Some('*') => (0, usize::MAX),
                Some('?') => (0, 1),
                Some('{') => {
                    let inside: String = letters.by_ref().skip(1).take_while(|letter| *letter != '}').collect();
                    let (least, most) = inside.split_once(',').unwrap_or((&inside, &inside));
                    parts.push((
                        set,
                        least.parse().map_err(|_| unknown())?,
                        if most.is_empty() { usize::MAX } else { most.parse().map_err(|_| unknown())? },
                    ));
                    continue;
                }
                _ => {
                    parts.push((set, 1, 1));
                    continue;
                }
            };
            letters.next();
            parts.push((set, least, most));
        }
        Ok(Pattern(parts))
    }

    fn matches(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        matches(&self.0, &letters)
    }
}

fn matches(parts: &[(Set, usize, usize)], letters: &[char]) -> bool {
    let Some(((set, least, most), rest)) = parts.split_first() else { return letters.is_empty() };
    let holds = |letter: &char| match set {
        Set::Any => true,
        Set::Of(ranges) => ranges.iter().any(|(first, last)| (first..=last).contains(&letter)),
    };
    let run = letters.iter().take_while(|letter| holds(letter)).count().min(*most);
    (*least..=run).rev().any(|count| matches(rest, &letters[count..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_cells() {
        let matches = |pattern: &str, text: &str| Pattern::parse(pattern).unwrap().matches(text);
        assert!(matches("web-[a-z0-9]{5}", "web-x7k2p"));
        assert!(!matches("web-[a-z0-9]{5}", "web-x7k2"));
        assert!(!matches("web-[a-z0-9]{5}", "web-x7k2pp"));
        assert!(matches(r"10\.0\.\d+\.[0-9]+", "10.0.12.3"));
        assert!(Pattern::parse("(a|b)").is_err());
    }

    #[test]
    fn a_placeholder_stands_for_one_word_and_angle_brackets_for_themselves() {
        assert!(is_line("Endpoints: <three of the four> + 1 more...", "Endpoints: a:1,b:2 + 1 more..."));
        assert!(!is_line("Endpoints: <three of the four> + 1 more...", "Endpoints:  + 1 more..."));
        assert!(is_line("Port: <unset>  80/TCP", "Port: <unset>  80/TCP"));
        assert!(!is_line("Port: <unset>  80/TCP", "Port: http  80/TCP"));
    }
}
