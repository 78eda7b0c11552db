//! JSON text of a value tree, and back.

use super::{
    Map, Value,
    quote::{JSON, quote},
};
use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::fmt;

/// One line without spaces, as Go's `json.Marshal` writes it.
pub fn emit(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, None);
    out
}

/// Four spaces a level and a last newline, as `kubectl -o json` prints it.
pub fn emit_pretty(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, Some(0));
    out.push('\n');
    out
}

/// Appends a JSON string; `<`, `>` and `&` are escaped, as Go does.
pub fn write_string(out: &mut String, text: &str) {
    quote(out, text, &JSON);
}

fn write(out: &mut String, value: &Value, indent: Option<usize>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(number) => out.push_str(&format!("{number}")),
        Value::Decimal(text) => out.push_str(text),
        Value::String(text) => write_string(out, text),
        Value::List(items) => {
            out.push('[');
            let inner = indent.map(|level| level + 1);
            for (at, item) in items.iter().enumerate() {
                separate(out, at, inner);
                write(out, item, inner);
            }
            close(out, items.is_empty(), indent, ']');
        }
        Value::Map(map) => {
            out.push('{');
            let inner = indent.map(|level| level + 1);
            for (at, (name, item)) in map.iter().enumerate() {
                separate(out, at, inner);
                write_string(out, name);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write(out, item, inner);
            }
            close(out, map.is_empty(), indent, '}');
        }
    }
}

fn separate(out: &mut String, at: usize, indent: Option<usize>) {
    if at > 0 {
        out.push(',');
    }
    new_line(out, indent);
}

fn close(out: &mut String, is_empty: bool, indent: Option<usize>, bracket: char) {
    if !is_empty {
        new_line(out, indent);
    }
    out.push(bracket);
}

fn new_line(out: &mut String, indent: Option<usize>) {
    if let Some(level) = indent {
        out.push('\n');
        for _ in 0..level {
            out.push_str("    ");
        }
    }
}

/// Why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson {
    /// The byte at which it stops being JSON.
    pub at: usize,
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not JSON at byte {}", self.at)
    }
}

impl core::error::Error for NotJson {}

/// How deep lists and maps may nest: parsing recurses.
const DEPTH: u32 = 128;

/// Reads one JSON value; of a key given twice the last counts.
pub fn parse(text: &str) -> Result<Value, NotJson> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(DEPTH)?;
    parser.space();
    if parser.at == text.len() { Ok(value) } else { Err(parser.error()) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn error(&self) -> NotJson {
        NotJson { at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotJson> {
        if self.eat(byte) { Ok(()) } else { Err(self.error()) }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, NotJson> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.error())
        }
    }

    fn value(&mut self, depth: u32) -> Result<Value, NotJson> {
        let Some(depth) = depth.checked_sub(1) else { return Err(self.error()) };
        self.space();
        match self.peek() {
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'"') => self.string().map(Value::String),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.map(depth),
            _ => self.number(),
        }
    }

    fn list(&mut self, depth: u32) -> Result<Value, NotJson> {
        self.expect(b'[')?;
        let mut items = Vec::new();
        if !self.eat(b']') {
            loop {
                items.push(self.value(depth)?);
                if self.eat(b']') {
                    break;
                }
                self.expect(b',')?;
            }
        }
        Ok(items.into())
    }

    fn map(&mut self, depth: u32) -> Result<Value, NotJson> {
        self.expect(b'{')?;
        let mut map = Map::default();
        if !self.eat(b'}') {
            loop {
                self.space();
                let name = self.string()?;
                self.expect(b':')?;
                let value = self.value(depth)?;
                map.insert(&name, value);
                if self.eat(b'}') {
                    break;
                }
                self.expect(b',')?;
            }
        }
        Ok(Value::Map(map))
    }

    fn number(&mut self) -> Result<Value, NotJson> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        number(text).ok_or(NotJson { at: start })
    }

    fn string(&mut self) -> Result<String, NotJson> {
        if self.peek() != Some(b'"') {
            return Err(self.error());
        }
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(stop) = rest.find(['"', '\\', '\n']) else { return Err(self.error()) };
            out.push_str(&rest[..stop]);
            self.at += stop + 1;
            match rest.as_bytes()[stop] {
                b'"' => return Ok(out),
                b'\\' => out.push(self.escape()?),
                _ => return Err(self.error()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        let byte = self.peek().ok_or(self.error())?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let high = self.hex()?;
                if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let low = self.hex()?;
                    let both = 0x10000 + ((high - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
                    return Ok(char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(self.error()),
        })
    }

    fn hex(&mut self) -> Result<u32, NotJson> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or(self.error())?;
        self.at += 4;
        Ok(number)
    }
}

/// A decimal number: whole ones (also `80.0` and `8e1`) as [`Value::Int`], others as plain decimal text.
pub fn number(text: &str) -> Option<Value> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok().filter(|e| e.abs() <= 64)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut digits = format!("{whole}{fraction}");
    let mut point = whole.len() as i32 + exponent;
    while point > digits.len() as i32 {
        digits.push('0');
    }
    while point < 0 {
        digits.insert(0, '0');
        point += 1;
    }
    let (whole, fraction) = digits.split_at(point as usize);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    let sign = if negative { "-" } else { "" };
    if fraction.is_empty() {
        let text = format!("{sign}{whole}");
        return Some(text.parse().map_or_else(|_| Value::Decimal(Box::from(&*text)), Value::Int));
    }
    Some(Value::Decimal(format!("{sign}{whole}.{fraction}").into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_emitted_reads_back() {
        let text = r#"{"a":[1,-2,80.5,true,null,"x\"\n\u003c"],"b":{},"c":[]}"#;
        let value = parse(text).unwrap();
        assert_eq!(emit(&value), text);
        assert_eq!(parse(&emit_pretty(&value)).unwrap(), value);
    }

    #[test]
    fn kubectl_indents_by_four_and_keeps_empty_ones_closed() {
        let value = parse(r#"{"a":[1],"b":{},"c":[]}"#).unwrap();
        assert_eq!(emit_pretty(&value), "{\n    \"a\": [\n        1\n    ],\n    \"b\": {},\n    \"c\": []\n}\n");
    }

    #[test]
    fn whole_numbers_are_integers_however_they_are_written() {
        assert_eq!(number("80.0"), Some(Value::Int(80)));
        assert_eq!(number("8e1"), Some(Value::Int(80)));
        assert_eq!(number("805e-1"), Some(Value::Decimal("80.5".into())));
        assert_eq!(number("-0.50"), Some(Value::Decimal("-0.5".into())));
        assert_eq!(number("100000000000000000000"), Some(Value::Decimal("100000000000000000000".into())));
        assert_eq!(number("1.2.3"), None);
        assert_eq!(number(""), None);
    }

    #[test]
    fn surrogates_and_broken_text_do_not_panic() {
        assert_eq!(parse(r#""\ud83d\ude00""#).unwrap().str(), "😀");
        for broken in ["", "{", "[1,", "\"\\u12", "\"\\ud83d\\u", "nul", "{\"a\" 1}", "1 2", "é"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
