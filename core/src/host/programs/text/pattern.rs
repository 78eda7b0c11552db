//! What `grep` looks for.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::options::Options;

/// One alternative of `grep`'s pattern: `.`, `[…]`, `*`, `+`, `^` and `$` are known, and `?` with `-E`.
#[derive(Debug, Default)]
pub(super) struct Pattern {
    atoms: Vec<Atom>,
    starts: bool,
    ends: bool,
}

/// One character of a pattern, and how often it may come.
#[derive(Debug)]
struct Atom {
    /// Ranges of which one must hold the character, or none if it is `negated`.
    ranges: Vec<(char, char)>,
    negated: bool,
    optional: bool,
    repeated: bool,
}

impl Pattern {
    /// The alternatives of a pattern; `None` if it says what is not simulated.
    pub(super) fn parse(text: &str, options: &Options<'_>) -> Option<Vec<Pattern>> {
        let (fixed, extended) = (options.has('F'), options.has('E'));
        let mut all = Vec::new();
        let mut pattern = Pattern::default();
        let letters: Vec<char> = text.chars().collect();
        let mut rest = &letters[..];
        while let Some((&first, behind)) = rest.split_first() {
            rest = behind;
            let mut atom = Atom { ranges: Vec::new(), negated: false, optional: false, repeated: false };
            match (first, behind) {
                _ if fixed => atom.ranges.push((first, first)),
                ('^', _) if pattern.atoms.is_empty() => {
                    pattern.starts = true;
                    continue;
                }
                ('$', [] | ['|', ..] | ['\\', '|', ..]) => {
                    pattern.ends = true;
                    continue;
                }
                ('|', _) => {
                    all.push(core::mem::take(&mut pattern));
                    continue;
                }
                ('\\', ['|', behind @ ..]) => {
                    rest = behind;
                    all.push(core::mem::take(&mut pattern));
                    continue;
                }
                ('\\', [escaped, behind @ ..]) => {
                    let special = escaped.is_ascii_alphanumeric() || !extended && "(){}<>+?".contains(*escaped);
                    if special {
                        return None;
                    }
                    rest = behind;
                    atom.ranges.push((*escaped, *escaped));
                }
                ('(' | ')' | '{', _) if extended => return None,
                ('.', _) => atom.negated = true,
                ('[', _) => rest = atom.set(behind)?,
                _ => atom.ranges.push((first, first)),
            }
            if let [sign @ ('*' | '+' | '?'), behind @ ..] = rest
                && !fixed
                && (*sign != '?' || extended)
            {
                atom.optional = *sign != '+';
                atom.repeated = *sign != '?';
                rest = behind;
            }
            pattern.atoms.push(atom);
        }
        all.push(pattern);
        Some(all)
    }

    /// The end of the longest match that begins at `start`. All ways are gone at once, one character after the other, so
    /// that no pattern is slow.
    fn match_at(&self, letters: &[char], start: usize, fold: bool) -> Option<usize> {
        if self.starts && start > 0 {
            return None;
        }
        // Which atoms may come next.
        let mut places = alloc::vec![false; self.atoms.len() + 1];
        let mut found = None;
        places[0] = true;
        for at in start..=letters.len() {
            for index in 0..self.atoms.len() {
                places[index + 1] |= places[index] && self.atoms[index].optional;
            }
            if places[self.atoms.len()] && (!self.ends || at == letters.len()) {
                found = Some(at);
            }
            let Some(&letter) = letters.get(at).filter(|_| places.contains(&true)) else { break };
            let mut next = alloc::vec![false; places.len()];
            for (index, atom) in self.atoms.iter().enumerate() {
                if places[index] && atom.fits(letter, fold) {
                    next[index + 1] = true;
                    // Once is enough from here on: the atom stays where it is, and the next one may come.
                    next[index] |= atom.repeated;
                }
            }
            places = next;
        }
        found
    }
}

impl Atom {
    /// Reads a set behind its `[`, and gives what comes behind it.
    fn set<'a>(&mut self, mut rest: &'a [char]) -> Option<&'a [char]> {
        if let ['^', behind @ ..] = rest {
            self.negated = true;
            rest = behind;
        }
        let mut first = true;
        loop {
            match rest {
                [']', behind @ ..] if !first => return Some(behind),
                ['[', ':', ..] => {
                    let end = rest.windows(2).position(|pair| pair == [':', ']'])?;
                    let name: String = rest[2..end].iter().collect();
                    let ranges: &[(char, char)] = match name.as_str() {
                        "digit" => &[('0', '9')],
                        "alpha" => &[('a', 'z'), ('A', 'Z')],
                        "alnum" => &[('0', '9'), ('a', 'z'), ('A', 'Z')],
                        "space" | "blank" => &[(' ', ' '), ('\t', '\r')],
                        "lower" => &[('a', 'z')],
                        "upper" => &[('A', 'Z')],
                        _ => return None,
                    };
                    self.ranges.extend_from_slice(ranges);
                    rest = &rest[end + 2..];
                }
                [from, '-', to, behind @ ..] if *to != ']' => {
                    self.ranges.push((*from, *to));
                    rest = behind;
                }
                [one, behind @ ..] => {
                    self.ranges.push((*one, *one));
                    rest = behind;
                }
                [] => return None,
            }
            first = false;
        }
    }

    fn fits(&self, letter: char, fold: bool) -> bool {
        let has = |letter: char| self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&letter));
        let held = has(letter) || fold && (has(letter.to_ascii_lowercase()) || has(letter.to_ascii_uppercase()));
        held != self.negated
    }
}

/// The first match from `from` on, the longest of those that begin there.
pub(super) fn find(
    patterns: &[Pattern],
    options: &Options<'_>,
    letters: &[char],
    from: usize,
) -> Option<(usize, usize)> {
    let is_word =
        |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_');
    let mut start = from;
    while start <= letters.len() {
        let mut longest = None;
        for pattern in patterns {
            longest = longest.max(pattern.match_at(letters, start, options.has('i')));
        }
        let whole = |end: usize| !is_word(start.checked_sub(1)) && !is_word(Some(end));
        if let Some(end) = longest
            && (!options.has('w') || whole(end))
        {
            return Some((start, end));
        }
        start += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched<'l>(flags: &str, pattern: &str, line: &'l str) -> Option<&'l str> {
        let arguments: Vec<String> = flags.split_whitespace().map(String::from).collect();
        let options = Options::read(&arguments, "E F i w").unwrap();
        let letters: Vec<char> = line.chars().collect();
        let (start, end) = find(&Pattern::parse(pattern, &options).unwrap(), &options, &letters, 0)?;
        Some(&line[start..end])
    }

    #[test]
    fn patterns_know_anchors_dots_stars_and_sets() {
        for (flags, pattern, line, found) in [
            ("", "^a.c$", "abc", Some("abc")),
            ("", "^a.c$", "xabc", None),
            ("", "ab*c", "ac", Some("ac")),
            ("", "KUBE-SVC.*redis", "-A KUBE-SVC-X redis", Some("KUBE-SVC-X redis")),
            ("", "cat\\|dog", "hotdog", Some("dog")),
            ("", "10\\.0", "1010", None),
            ("", "[hH]ot", "a Hotel", Some("Hot")),
            ("", "[^a-z ]+", "abc 123 x", Some("123")),
            ("", "[[:digit:].]*$", "ip 10.0.0.1", Some("10.0.0.1")),
            ("-E", "https?", "http:", Some("http")),
            ("", "a?b", "a?b", Some("a?b")),
            ("-i", "HOTEL", "hotel", Some("hotel")),
            ("-F", "a.*", "xa.*", Some("a.*")),
            ("-w", "ab", "abc ab", Some("ab")),
            ("-w", "b", "abc", None),
            ("", "a|ab", "abc", Some("ab")),
            ("", "", "x", Some("")),
        ] {
            assert_eq!(matched(flags, pattern, line), found, "{flags} {pattern} {line}");
        }
        let none = Options::default();
        for pattern in ["\\(a\\)", "a\\{2\\}", "\\d", "[a", "[[:none:]]"] {
            assert!(Pattern::parse(pattern, &none).is_none(), "{pattern}");
        }
    }

    #[test]
    fn no_pattern_is_slow_or_deep() {
        let line = "a".repeat(300);
        assert_eq!(matched("", &("a*".repeat(30) + "b"), &line), None);
        assert_eq!(matched("", &line, &line), Some(line.as_str()));
    }
}
