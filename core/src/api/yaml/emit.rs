//! A value tree as `kubectl -o yaml` prints it.
//!
//! Source: sigs.k8s.io/yaml Marshal: sorted keys, lists not indented, text in the plainest style that reads back,
//! lines folded after eighty columns.

use super::scalar;
use crate::api::{
    Value, json,
    quote::{YAML, quote},
};
use alloc::string::String;

/// Lines are folded at the first blank after this column.
const WIDTH: usize = 80;

/// The tree as YAML, ending in a newline.
pub fn emit(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Map(map) if !map.is_empty() => fields(&mut out, value, 0, false),
        Value::List(list) if !list.is_empty() => items(&mut out, value, 0),
        other => {
            leaf(&mut out, other, 0, 0);
            out.push('\n');
        }
    }
    out
}

fn fields(out: &mut String, value: &Value, indent: usize, mut on_line: bool) {
    for (name, field) in value.fields() {
        if !on_line {
            pad(out, indent);
        }
        on_line = false;
        let start = out.len();
        text(out, name, indent, indent, true);
        let column = indent + out[start..].chars().count() + 1;
        out.push(':');
        match field {
            Value::Map(map) if !map.is_empty() => {
                out.push('\n');
                fields(out, field, indent + 2, false);
            }
            Value::List(list) if !list.is_empty() => {
                out.push('\n');
                items(out, field, indent);
            }
            _ => {
                out.push(' ');
                leaf(out, field, indent, column + 1);
                out.push('\n');
            }
        }
    }
}

fn items(out: &mut String, value: &Value, indent: usize) {
    for item in value.items() {
        pad(out, indent);
        out.push_str("- ");
        match item {
            Value::Map(map) if !map.is_empty() => fields(out, item, indent + 2, true),
            Value::List(list) if !list.is_empty() => {
                let start = out.len();
                items(out, item, indent + 2);
                out.replace_range(start..start + indent + 2, "");
            }
            _ => {
                leaf(out, item, indent, indent + 2);
                out.push('\n');
            }
        }
    }
}

fn leaf(out: &mut String, value: &Value, indent: usize, column: usize) {
    match value {
        Value::List(_) => out.push_str("[]"),
        Value::Map(_) => out.push_str("{}"),
        Value::String(string) => text(out, string, indent, column, false),
        other => out.push_str(&json::emit(other)),
    }
}

fn pad(out: &mut String, indent: usize) {
    for _ in 0..indent {
        out.push(' ');
    }
}

fn text(out: &mut String, text: &str, indent: usize, column: usize, is_key: bool) {
    if scalar::is_special(text) {
        quote(out, text, &YAML);
    } else if text.contains('\n') && !is_key && is_literal(text) {
        literal(out, text, indent + 2);
    } else if !is_printable(text) || text.contains('\n') {
        quote(out, text, &YAML);
    } else if is_plain(text) {
        folded(out, text, indent + 2, column, is_key, false);
    } else {
        out.push('\'');
        folded(out, text, indent + 2, column + 1, is_key, true);
        out.push('\'');
    }
}

/// A block scalar, kept line by line.
fn literal(out: &mut String, text: &str, indent: usize) {
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text.ends_with("\n\n") || text == "\n" {
        out.push('+');
    }
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
    }
}

/// Blanks past the width become line ends; a blank beside another one never does.
fn folded(out: &mut String, text: &str, indent: usize, mut column: usize, is_key: bool, quoted: bool) {
    let bytes = text.as_bytes();
    for (at, c) in text.char_indices() {
        let alone = c == ' ' && at > 0 && at + 1 < bytes.len() && bytes[at - 1] != b' ' && bytes[at + 1] != b' ';
        if alone && column > WIDTH && !is_key {
            out.push('\n');
            pad(out, indent);
            column = indent;
            continue;
        }
        if c == '\'' && quoted {
            out.push('\'');
            column += 1;
        }
        out.push(c);
        column += 1;
    }
}

fn is_printable(text: &str) -> bool {
    text.chars().all(|c| {
        (c as u32) >= 0x20 && !(0x7f..=0xa0).contains(&(c as u32)) && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
    })
}

/// A block cannot hold what is not printable, blanks before a line end, or a tab where its indent ends.
fn is_literal(text: &str) -> bool {
    let is_fit = |line: &str| !line.ends_with(' ') && !line.starts_with('\t');
    text.split('\n').all(|line| is_fit(line) && is_printable(&line.replace('\t', " ")))
}

/// Whether text can stand without quotes (libyaml's analysis of a block-plain scalar).
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let blank = |at: usize| bytes.get(at).is_none_or(|b| matches!(b, b' ' | b'\t'));
    let first = bytes[0];
    if text.starts_with("---") || text.starts_with("...") || blank(0) || blank(bytes.len() - 1) {
        return false;
    }
    if matches!(first, b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%')
        || matches!(first, b'@' | b'`')
        || (matches!(first, b'-' | b'?' | b':') && blank(1))
    {
        return false;
    }
    !bytes.iter().enumerate().any(|(at, &byte)| match byte {
        b':' => blank(at + 1),
        b'#' => at > 0 && blank(at - 1),
        b'\t' => true,
        _ => false,
    })
}
