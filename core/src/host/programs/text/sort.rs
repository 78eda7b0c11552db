//! `sort`.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::options::Options;
use super::joined;

/// Which fields of a line `sort -k FIRST[,LAST][nr]` compares.
pub(super) struct Key<'a> {
    first: usize,
    last: usize,
    letters: &'a str,
}

impl<'a> Key<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Key<'a>> {
        let (fields, letters) = text.split_at(text.trim_end_matches(['n', 'r']).len());
        let (first, last) = fields.split_once(',').unwrap_or((fields, ""));
        let first = first.parse::<usize>().ok()?.checked_sub(1)?;
        let last = if last.is_empty() { usize::MAX } else { last.parse().ok()? };
        Some(Key { first, last, letters })
    }

    /// The part of a line that counts: fields end at a separator, or at blanks behind something.
    fn of<'l>(&self, line: &'l str, separator: Option<char>) -> &'l str {
        let (mut field, mut start, mut end) = (0, line.len(), line.len());
        let mut inside = false;
        for (at, c) in line.char_indices() {
            let separates = separator.map_or(c.is_ascii_whitespace(), |separator| c == separator);
            if field == self.first && (separator.is_some() || !separates) {
                start = start.min(at);
            }
            if separates && (separator.is_some() || inside) {
                field += 1;
                if field == self.last {
                    end = at;
                    break;
                }
            }
            inside = !separates;
        }
        line.get(start..end).unwrap_or_default()
    }
}

/// `sort [-r -n -u] [-k KEY] [-t SEPARATOR] [FILE...]`.
pub(super) fn sort(options: &Options<'_>, text: &str) -> String {
    let key = options.value('k').and_then(Key::parse);
    let has = |letter| options.has(letter) || key.as_ref().is_some_and(|key| key.letters.contains(letter));
    let numeric = has('n');
    let separator = options.value('t').and_then(|text| text.chars().next());
    let mut lines: Vec<(i64, &str, &str)> = Vec::new();
    for line in text.lines() {
        let part = key.as_ref().map_or(line, |key| key.of(line, separator));
        let digits = part.trim_start();
        let sign = usize::from(digits.starts_with('-'));
        let end = digits[sign..].bytes().position(|byte| !byte.is_ascii_digit()).map_or(digits.len(), |end| sign + end);
        let number = if numeric { digits[..end].parse().unwrap_or(0) } else { 0 };
        let entry = (number, if numeric { "" } else { part }, line);
        // Insertion, because the library's sort would be the largest filter of all.
        let at = lines.partition_point(|have| *have <= entry);
        lines.insert(at, entry);
    }
    if has('r') {
        lines.reverse();
    }
    if options.has('u') {
        lines.dedup_by_key(|(number, part, _)| (*number, *part));
    }
    let mut sorted = Vec::new();
    for (_, _, line) in lines {
        sorted.push(line);
    }
    joined(&sorted)
}
