//! Command line options as getopt reads them.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// One thing on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// An option without its dashes, one letter or a long name, and its value if it takes one.
    Option(String, Option<String>),
    /// Anything else.
    Plain(String),
}

/// An option that needs a value was the last word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MissingValue(pub(super) String);

/// Splits arguments into options and the rest. `valued` names the options that take a value, one-letter and long ones,
/// separated by blanks; letters may be joined (`-zv`) and values too (`-w3`, `-qO-`, `--timeout=3`).
pub(super) fn parse(arguments: &[String], valued: &str) -> Result<Vec<Word>, MissingValue> {
    let takes_value = |name: &str| valued.split(' ').any(|have| have == name);
    let mut words = Vec::new();
    let mut arguments = arguments.iter();
    let mut only_plain = false;
    while let Some(argument) = arguments.next() {
        if only_plain || argument == "-" || !argument.starts_with('-') {
            words.push(Word::Plain(argument.clone()));
        } else if argument == "--" {
            only_plain = true;
        } else if let Some(long) = argument.strip_prefix("--") {
            let (name, joined) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let value = match joined {
                None if takes_value(name) => {
                    Some(arguments.next().ok_or_else(|| MissingValue(argument.clone()))?.clone())
                }
                joined => joined,
            };
            words.push(Word::Option(name.to_owned(), value));
        } else {
            for (at, letter) in argument[1..].char_indices() {
                let name = letter.to_string();
                if !takes_value(&name) {
                    words.push(Word::Option(name, None));
                    continue;
                }
                let joined = &argument[1 + at + letter.len_utf8()..];
                let value = match joined {
                    "" => arguments.next().ok_or_else(|| MissingValue(argument.clone()))?.clone(),
                    joined => joined.to_owned(),
                };
                words.push(Word::Option(name, Some(value)));
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

    fn words(line: &str, valued: &str) -> Vec<Word> {
        let arguments: Vec<String> = line.split(' ').map(str::to_string).collect();
        parse(&arguments, valued).unwrap()
    }

    fn option(name: &str, value: Option<&str>) -> Word {
        Word::Option(name.to_string(), value.map(str::to_string))
    }

    #[test]
    fn letters_and_values_may_be_joined() {
        assert_eq!(words("-qO- -T 2", "O T"), [option("q", None), option("O", Some("-")), option("T", Some("2"))]);
        assert_eq!(words("--max-time=3 -- -x", ""), [option("max-time", Some("3")), Word::Plain("-x".to_string())]);
    }

    #[test]
    fn a_value_that_is_not_there_is_an_error() {
        assert_eq!(parse(&["-w".to_string()], "w"), Err(MissingValue("-w".to_string())));
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!([seconds("1.5"), seconds("3"), seconds("x")], [Some(1500), Some(3000), None]);
    }
}
