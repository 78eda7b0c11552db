//! Forms: the text of tables and descriptions, with holes that a value tree fills.
//!
//! A hole is `{path}`, `{path|format}`, or either with `?word` at its end: the word stands where there is nothing,
//! and without a word the whole line is left out then. A path is field names and list places between dots; a list on
//! its way is gone through item by item, with commas between. An empty path is the tree itself.
//!
//! A line `@if path` or `@not path` keeps or leaves out the lines down to its `@end`, `@each path` repeats them for
//! each item, whose fields their paths then begin with, and `@include name` stands for a form of that name.

use super::formats::FORMATS;
use crate::{api::Value, time::Instant};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

/// What a form may need besides the tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filler {
    /// The time that ages are counted to.
    pub(super) now: Instant,
    /// Whether long cells are kept whole.
    pub(super) is_wide: bool,
}

impl Filler {
    /// The lines of a form, each with its newline.
    pub(super) fn page(&self, form: &str, value: &Value) -> String {
        let lines: Vec<&str> = form.split('\n').collect();
        let mut page = String::new();
        self.lines(&lines, value, &mut page);
        page
    }

    /// One line, or nothing if a hole without a word is empty.
    pub(super) fn line(&self, form: &str, value: &Value) -> Option<String> {
        let mut line = String::new();
        let mut rest = form;
        while let Some((before, tail)) = rest.split_once('{') {
            let (hole, tail) = tail.split_once('}').expect("each hole is closed");
            let (what, word) = hole.split_once('?').map_or((hole, None), |(what, word)| (what, Some(word)));
            let (path, format) = what.split_once('|').unwrap_or((what, ""));
            line.push_str(before);
            let start = line.len();
            match FORMATS.iter().find(|(name, _)| *name == format) {
                Some((_, show)) => line.push_str(&show(at(value, path), self)),
                None => gather(value, path, &mut line),
            }
            if let Some(word) = word.filter(|_| line.len() == start) {
                if word.is_empty() {
                    return None;
                }
                line.push_str(word);
            }
            rest = tail;
        }
        line.push_str(rest);
        Some(line)
    }

    fn lines(&self, lines: &[&str], value: &Value, page: &mut String) {
        let mut rest = lines;
        while let Some((line, after)) = rest.split_first() {
            rest = after;
            let Some((order, what)) = line.strip_prefix('@').and_then(|order| order.split_once(' ')) else {
                if let Some(line) = self.line(line, value) {
                    page.push_str(&line);
                    page.push('\n');
                }
                continue;
            };
            if order == "include" {
                page.push_str(&self.page(super::describe::included(what), value));
                continue;
            }
            let (body, after) = rest.split_at(end(rest));
            rest = &after[1..];
            let found = at(value, what);
            match (order, found) {
                ("each", Value::List(items)) => items.iter().for_each(|item| self.lines(body, item, page)),
                ("each", _) if !found.is_empty() => self.lines(body, found, page),
                ("if", _) if !found.is_empty() => self.lines(body, value, page),
                ("not", _) if found.is_empty() => self.lines(body, value, page),
                _ => {}
            }
        }
    }
}

/// Where the block ends that begins with these lines.
fn end(lines: &[&str]) -> usize {
    let mut depth = 1;
    let closes = |line: &&str| {
        match line.split_once(' ').map_or(*line, |(order, _)| order) {
            "@if" | "@not" | "@each" => depth += 1,
            "@end" => depth -= 1,
            _ => {}
        }
        depth == 0
    };
    lines.iter().position(closes).expect("each block is ended")
}

/// What a path leads to.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    let mut value = value;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        value = match value {
            Value::List(_) => &value[step.parse::<usize>().unwrap_or(usize::MAX)],
            _ => &value[step],
        };
    }
    value
}

/// Writes what a path leads to.
fn gather(value: &Value, path: &str, text: &mut String) {
    let (step, rest) = path.split_once('.').unwrap_or((path, ""));
    match value {
        Value::List(items) => match step.parse::<usize>() {
            Ok(place) => gather(&value[place], rest, text),
            Err(_) => {
                for (place, item) in items.iter().enumerate() {
                    text.push_str(if place > 0 { "," } else { "" });
                    gather(item, path, text);
                }
            }
        },
        Value::Map(_) if !step.is_empty() => gather(&value[step], rest, text),
        Value::String(found) => text.push_str(found),
        Value::Int(found) => text.push_str(&found.to_string()),
        Value::Bool(found) => text.push_str(if *found { "true" } else { "false" }),
        Value::Null | Value::Decimal(_) | Value::Map(_) => {}
    }
}
