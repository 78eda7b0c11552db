//! Reading a template.
//!
//! Source: kubernetes staging/src/k8s.io/client-go/util/jsonpath/parser.go.

use super::{Node, Operand, Step};
use crate::api::json;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// A template that is being read.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn eat(&mut self, mark: &str) -> bool {
        let found = self.rest().starts_with(mark);
        self.at += if found { mark.len() } else { 0 };
        found
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, keep: impl Fn(char) -> bool) -> String {
        let end = self.rest().find(|c| !keep(c)).unwrap_or(self.rest().len());
        let taken = self.rest()[..end].to_owned();
        self.at += end;
        taken
    }

    pub(super) fn nodes(&mut self, in_range: bool) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        while !self.rest().is_empty() {
            if !self.eat("{") {
                nodes.push(Node::Text(self.take(|c| c != '{')));
                continue;
            }
            self.skip_blanks();
            if self.eat("end") {
                self.close()?;
                if in_range {
                    return Ok(nodes);
                }
                nodes.push(Node::Fail("not in range, nothing to end".to_owned()));
                continue;
            }
            if self.rest().starts_with("range ") {
                self.at += "range".len();
                self.skip_blanks();
                let steps = self.steps()?;
                self.close()?;
                let body = self.nodes(true)?;
                nodes.push(Node::Range(steps, body));
                continue;
            }
            if self.rest().starts_with(['"', '\'']) {
                nodes.push(Node::Text(self.quoted()?));
            } else if self.rest().starts_with(|c: char| c.is_ascii_alphabetic()) {
                let word = self.take(|c| c.is_ascii_alphanumeric() || c == '_');
                nodes.push(match &*word {
                    "true" | "false" => Node::Text(word),
                    _ => Node::Fail(format!("unrecognized identifier {word}")),
                });
            } else {
                let steps = self.steps()?;
                nodes.push(Node::Path(steps));
            }
            self.close()?;
        }
        if in_range { Err("unterminated range".to_owned()) } else { Ok(nodes) }
    }

    fn close(&mut self) -> Result<(), String> {
        self.skip_blanks();
        if self.eat("}") {
            return Ok(());
        }
        match self.rest().chars().next() {
            Some(c) => Err(format!("unrecognized character in action: U+{:04X} '{c}'", c as u32)),
            None => Err("unclosed action".to_owned()),
        }
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mark = self.text.as_bytes()[self.at] as char;
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == mark => {
                    self.at += at + 1;
                    return Ok(out);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, c)) => out.push(c),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err("unterminated quoted string".to_owned())
    }

    fn steps(&mut self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        loop {
            if self.eat("$") {
                steps.push(Step::Root);
            } else if self.eat("..") {
                steps.push(Step::Recursive);
                if !self.rest().starts_with('[') {
                    self.field(&mut steps);
                }
            } else if self.eat(".") {
                if !self.rest().starts_with('[') {
                    self.field(&mut steps);
                }
            } else if self.eat("@") {
                // The current object, where a path starts anyway.
            } else if self.eat("[") {
                let step = self.bracket()?;
                steps.push(step);
            } else {
                return Ok(steps);
            }
        }
    }

    fn field(&mut self, steps: &mut Vec<Step>) {
        let mut name = String::new();
        loop {
            name.push_str(&self.take(|c| !".[]{}()=<>!,\\".contains(c) && !c.is_whitespace()));
            if !self.eat("\\") {
                break;
            }
            let escaped = self.rest().chars().next();
            name.extend(escaped);
            self.at += escaped.map_or(0, char::len_utf8);
        }
        match &*name {
            "" => {}
            "*" => steps.push(Step::Every),
            _ => steps.push(Step::Field(name)),
        }
    }

    fn bracket(&mut self) -> Result<Step, String> {
        if self.eat("?(") {
            let step = self.filter()?;
            return if self.eat(")]") { Ok(step) } else { Err("unterminated filter".to_owned()) };
        }
        let mut text = String::new();
        loop {
            text.push_str(&self.take(|c| !"]'".contains(c)));
            if self.eat("]") {
                break;
            }
            if !self.rest().starts_with('\'') {
                return Err("unterminated array".to_owned());
            }
            let from = self.at;
            self.quoted()?;
            text.push_str(&self.text[from..self.at]);
        }
        if !text.contains(',') {
            return array(&text);
        }
        let mut parts = Vec::new();
        for part in text.split(',') {
            parts.push(alloc::vec![array(part.trim())?]);
        }
        Ok(Step::Union(parts))
    }

    fn filter(&mut self) -> Result<Step, String> {
        self.skip_blanks();
        let left = self.steps()?;
        self.skip_blanks();
        let operator = self.take(|c| "=!<>".contains(c));
        self.skip_blanks();
        let right = if operator.is_empty() {
            Operand::None
        } else if self.rest().starts_with(['"', '\'']) {
            Operand::Literal(self.quoted()?.into())
        } else if self.rest().starts_with(['@', '$', '.']) {
            Operand::Path(self.steps()?)
        } else {
            let word = self.take(|c| c != ')' && c != '&' && c != '|' && !c.is_whitespace());
            self.skip_blanks();
            if !self.rest().starts_with(')') {
                self.close()?;
            }
            Operand::Literal(json::parse(&word).unwrap_or_else(|_| word.as_str().into()))
        };
        self.skip_blanks();
        Ok(Step::Filter(left, operator, right))
    }
}

/// What stands between brackets: a name in single quotes, a number, a slice, `*`.
fn array(text: &str) -> Result<Step, String> {
    if text == "*" {
        return Ok(Step::Every);
    }
    if let Some(name) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return Ok(Step::Field(name.to_owned()));
    }
    let bad = || format!("invalid array index {text}");
    let mut numbers: Vec<Option<i64>> = Vec::new();
    for part in text.split(':') {
        numbers.push(if part.is_empty() { None } else { Some(part.parse().map_err(|_| bad())?) });
    }
    match numbers[..] {
        [at] => Ok(Step::Index(at.unwrap_or(0))),
        [from, to] => Ok(Step::Slice(from, to, 1)),
        [from, to, by] => Ok(Step::Slice(from, to, by.unwrap_or(1))),
        _ => Err(bad()),
    }
}
