//! Command line options as getopt reads them.

use alloc::string::String;
use alloc::vec::Vec;

use crate::text::cut;

/// A command line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options<'a> {
    given: Vec<Given<'a>>,
    /// What is no option.
    pub(super) words: Vec<&'a str>,
}

/// An option that was given.
#[derive(Debug, PartialEq, Eq)]
struct Given<'a> {
    letter: char,
    /// As it was spelled, without its dashes.
    name: &'a str,
    /// Empty if the option takes none.
    value: &'a str,
}

/// What is wrong with a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misuse<'a> {
    /// An option that needs a value was the last word, which is this.
    MissingValue(&'a str),
    /// There is no such option, whose name this is.
    Unknown(&'a str),
}

impl<'a> Options<'a> {
    /// Takes arguments apart. `known` holds what there is, separated by blanks: a letter, `:` if it takes a value, and its
    /// long names, each behind a comma; an option without a letter has a sign instead. `*` stands for any other option,
    /// and `+` says that the options end at the first word. Letters may be joined (`-zv`) and values too (`-w3`, `-qO-`,
    /// `--timeout=3`).
    pub(super) fn read(arguments: &'a [String], known: &str) -> Result<Options<'a>, Misuse<'a>> {
        let mut options = Options::default();
        let mut arguments = arguments.iter();
        let mut only_words = false;
        while let Some(argument) = arguments.next() {
            if only_words || argument == "-" || !argument.starts_with('-') {
                options.words.push(argument);
                only_words |= known.starts_with('+');
                continue;
            }
            if argument == "--" {
                only_words = true;
                continue;
            }
            let mut rest = &argument[1..];
            while let Some(first) = rest.chars().next() {
                let long = first == '-' && rest.len() + 1 == argument.len();
                let (name, joined) = match long {
                    false => rest.split_at(first.len_utf8()),
                    true => rest[1..].split_once('=').unwrap_or((&rest[1..], "")),
                };
                let (letter, valued) = find(known, name).ok_or(Misuse::Unknown(name))?;
                let value = match () {
                    () if valued && joined.is_empty() => arguments.next().ok_or(Misuse::MissingValue(argument))?,
                    () if valued || long => joined,
                    () => "",
                };
                options.given.push(Given { letter, name, value });
                rest = if valued || long { "" } else { joined };
            }
        }
        Ok(options)
    }

    /// Whether the option was given.
    pub(super) fn has(&self, letter: char) -> bool {
        self.value(letter).is_some()
    }

    /// The value of an option, the last one if it was given more than once.
    pub(super) fn value(&self, letter: char) -> Option<&'a str> {
        self.named(letter).map(|(_, value)| value)
    }

    /// [`Options::value`] behind the name that the option was given by.
    pub(super) fn named(&self, letter: char) -> Option<(&'a str, &'a str)> {
        self.given.iter().rfind(|given| given.letter == letter).map(|given| (given.name, given.value))
    }

    /// All values of an option.
    pub(super) fn values(&self, letter: char) -> Vec<&'a str> {
        let mut values = Vec::new();
        for (_, value) in self.all(letter) {
            values.push(value);
        }
        values
    }

    /// [`Options::values`] behind the names they were given by.
    pub(super) fn all(&self, letter: char) -> Vec<(&'a str, &'a str)> {
        let mut all = Vec::new();
        for given in &self.given {
            if given.letter == letter {
                all.push((given.name, given.value));
            }
        }
        all
    }

    /// The letters that were given, in order.
    pub(super) fn letters(&self) -> String {
        self.given.iter().map(|given| given.letter).collect()
    }

    /// The value of an option that is a whole number.
    pub(super) fn number(&self, letter: char) -> Option<u64> {
        self.value(letter)?.parse().ok()
    }

    /// The value of an option that is a port.
    pub(super) fn port(&self, letter: char) -> Option<u16> {
        self.value(letter)?.parse().ok()
    }

    /// The value of an option that is a time, in milliseconds.
    pub(super) fn seconds(&self, letter: char) -> Option<u64> {
        seconds(self.value(letter)?)
    }
}

/// The letter of an option and whether it takes a value.
fn find(known: &str, name: &str) -> Option<(char, bool)> {
    let mut rest = known;
    while !rest.is_empty() {
        let (entry, behind) = cut(rest, b' ');
        let (first, mut names) = cut(entry, b',');
        let (letter, valued) = first.strip_suffix(':').map_or((first, false), |letter| (letter, true));
        let mut is_it = letter == name || letter == "*";
        while !is_it && !names.is_empty() {
            let (long, others) = cut(names, b',');
            is_it = long == name;
            names = others;
        }
        if is_it {
            let shown = if letter == "*" { name } else { letter };
            return Some((shown.chars().next()?, valued));
        }
        rest = behind;
    }
    None
}

/// The longest time, 140,000 years: more cannot be added to an instant.
const MILLIS_MAX: u64 = 1 << 52;

/// Seconds with an optional fraction, as milliseconds.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let text = text.strip_suffix('s').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = if whole.is_empty() && !fraction.is_empty() { 0 } else { whole.parse().ok()? };
    let mut millis = whole.saturating_mul(1000).min(MILLIS_MAX);
    let mut unit = 100;
    for digit in fraction.chars() {
        millis += u64::from(digit.to_digit(10)?) * unit;
        unit /= 10;
    }
    Some(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Vec<String> {
        line.split(' ').map(String::from).collect()
    }

    #[test]
    fn letters_and_values_may_be_joined() {
        let line = arguments("-qO- -T 2 -vw3");
        let options = Options::read(&line, "q O: T: v w:").unwrap();
        assert!(options.has('q') && options.has('v') && options.words.is_empty());
        assert_eq!([options.value('O'), options.value('T'), options.value('w')], [Some("-"), Some("2"), Some("3")]);
    }

    #[test]
    fn long_names_stand_for_their_letter() {
        let line = arguments("--max-time=3 --head -- -x");
        let options = Options::read(&line, "m:,max-time I,head").unwrap();
        assert_eq!((options.seconds('m'), options.has('I'), &options.words[..]), (Some(3000), true, &["-x"][..]));
        assert_eq!(Options::read(&arguments("--tail"), "I,head"), Err(Misuse::Unknown("tail")));
    }

    #[test]
    fn options_may_end_at_the_first_word() {
        let line = arguments("-h host set a -1");
        assert_eq!(Options::read(&line, "+ h:").unwrap().words, ["set", "a", "-1"]);
        assert_eq!(Options::read(&line, "h: *").unwrap().words, ["set", "a"]);
    }

    #[test]
    fn a_value_that_is_not_there_is_an_error() {
        assert_eq!(Options::read(&arguments("-w"), "w:"), Err(Misuse::MissingValue("-w")));
        assert_eq!(Options::read(&arguments("--wait"), "w:,wait"), Err(Misuse::MissingValue("--wait")));
    }

    #[test]
    fn a_letter_of_several_bytes_is_no_option() {
        for (line, name) in [("-é", "é"), ("-sé", "é"), ("-s=é", "="), ("--é=é", "é")] {
            assert_eq!(Options::read(&arguments(line), "s w:"), Err(Misuse::Unknown(name)), "{line}");
        }
        assert_eq!(Options::read(&arguments("-wé"), "w:").unwrap().value('w'), Some("é"));
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!([seconds("1.5"), seconds("3"), seconds("x")], [Some(1500), Some(3000), None]);
        assert_eq!(seconds("18446744073709551615.999"), Some(MILLIS_MAX + 999));
    }
}
