//! What an unquoted word means in YAML 1.1, where the parser (YAML 1.2) sees text.
//!
//! Source: gopkg.in/yaml.v2 resolve.go.

use crate::api::{Value, json};
use alloc::{borrow::ToOwned, format, string::String};

/// The value of an unquoted word.
pub(super) fn resolve(word: &str) -> Value {
    match word {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Value::Bool(false),
        _ => {}
    }
    if is_number_like(word)
        && let Some(number) = number(word)
    {
        return number;
    }
    Value::String(word.to_owned())
}

/// True if an unquoted word would be read as something else than text.
pub(super) fn is_special(word: &str) -> bool {
    matches!(word, "" | "~" | "<<" | "null" | "Null" | "NULL" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
        || matches!(word.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
        || !matches!(resolve(word), Value::String(_))
        || is_sixty_based(word)
        || is_timestamp(word)
}

/// A map's key as text: numbers and truth values are turned into it.
pub(super) fn key(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Int(_) | Value::Bool(_) => Some(json::emit(&value)),
        Value::Decimal(_) | Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

fn is_number_like(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
}

fn number(word: &str) -> Option<Value> {
    let plain = word.replace('_', "");
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let based = |radix, digits: &str| {
        let is_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_alphanumeric());
        is_digits.then(|| i64::from_str_radix(&format!("{sign}{digits}"), radix).ok().map(Value::Int))?
    };
    let lower = digits.to_ascii_lowercase();
    let prefixed = [("0x", 16), ("0b", 2), ("0o", 8)]
        .iter()
        .find_map(|(prefix, radix)| lower.strip_prefix(prefix).map(|rest| based(*radix, rest)));
    if let Some(number) = prefixed {
        return number;
    }
    if digits.len() > 1
        && digits.starts_with('0')
        && let Some(number) = based(8, digits)
    {
        return Some(number);
    }
    json::number(&plain)
}

/// `1:30`, which YAML 1.1 read as ninety: written in quotes.
fn is_sixty_based(word: &str) -> bool {
    let mut parts = word.trim_start_matches(['+', '-']).split(':');
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let first = parts.next().is_some_and(is_digits);
    let mut rest = parts.peekable();
    first && rest.peek().is_some() && rest.all(|part| is_digits(part) && part.len() <= 2 && *part < *"60")
}

/// A date, or a date and time.
fn is_timestamp(word: &str) -> bool {
    let bytes = word.as_bytes();
    let is_date = |part: &[u8]| {
        part.len() >= 8 && part[..4].iter().all(u8::is_ascii_digit) && part[4] == b'-' && {
            let rest = &part[5..];
            rest.iter().filter(|&&b| b == b'-').count() == 1
                && rest.iter().all(|&b| b.is_ascii_digit() || b == b'-')
                && rest.len() <= 5
                && rest[0] != b'-'
                && rest[rest.len() - 1] != b'-'
        }
    };
    match bytes.iter().position(|b| matches!(b, b'T' | b't' | b' ')) {
        None => is_date(bytes) && bytes.len() == 10,
        Some(at) => {
            let time = &bytes[at + 1..];
            is_date(&bytes[..at])
                && time.iter().filter(|&&b| b == b':').count() >= 2
                && time.iter().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'Z' | b'+' | b'-'))
        }
    }
}
