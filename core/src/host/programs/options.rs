//! Command line options as getopt reads them.

use alloc::string::String;
use alloc::vec::Vec;

/// One thing on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// An option without its dashes, one letter or a long name, and its value, empty if it takes none.
    Option(&'a str, &'a str),
    /// Anything else.
    Plain(&'a str),
}

/// An option that needs a value was the last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MissingValue<'a>(pub(super) &'a str);

/// Splits arguments into options and the rest. `valued` names the options that take a value, one-letter and long ones,
/// separated by blanks; letters may be joined (`-zv`) and values too (`-w3`, `-qO-`, `--timeout=3`).
pub(super) fn parse<'a>(arguments: &'a [String], valued: &str) -> Result<Vec<Word<'a>>, MissingValue<'a>> {
    let takes_value = |name: &str| valued.split(' ').any(|have| have == name);
    let mut words = Vec::new();
    let mut arguments = arguments.iter().map(String::as_str);
    let mut only_plain = false;
    while let Some(argument) = arguments.next() {
        if only_plain || argument == "-" || !argument.starts_with('-') {
            words.push(Word::Plain(argument));
        } else if argument == "--" {
            only_plain = true;
        } else if let Some(long) = argument.strip_prefix("--") {
            words.push(match long.split_once('=') {
                Some((name, value)) => Word::Option(name, value),
                None if takes_value(long) => Word::Option(long, arguments.next().ok_or(MissingValue(argument))?),
                None => Word::Option(long, ""),
            });
        } else {
            for (at, letter) in argument.char_indices().skip(1) {
                let (name, joined) = argument[at..].split_at(letter.len_utf8());
                if !takes_value(name) {
                    words.push(Word::Option(name, ""));
                    continue;
                }
                let value = if joined.is_empty() { arguments.next().ok_or(MissingValue(argument))? } else { joined };
                words.push(Word::Option(name, value));
                break;
            }
        }
    }
    Ok(words)
}

/// Seconds with an optional fraction, as milliseconds.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let text = text.strip_suffix('s').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = if whole.is_empty() && !fraction.is_empty() { 0 } else { whole.parse().ok()? };
    let mut millis = whole.checked_mul(1000)?;
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
        let words = [Word::Option("q", ""), Word::Option("O", "-"), Word::Option("T", "2")];
        assert_eq!(parse(&arguments("-qO- -T 2"), "O T"), Ok(words.to_vec()));
        let words = [Word::Option("max-time", "3"), Word::Plain("-x")];
        assert_eq!(parse(&arguments("--max-time=3 -- -x"), ""), Ok(words.to_vec()));
    }

    #[test]
    fn a_value_that_is_not_there_is_an_error() {
        assert_eq!(parse(&arguments("-w"), "w"), Err(MissingValue("-w")));
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!([seconds("1.5"), seconds("3"), seconds("x")], [Some(1500), Some(3000), None]);
    }
}
