//! The grammar of kubectl's `-l`.
//!
//! Source: kubernetes staging/src/k8s.io/apimachinery/pkg/labels/selector.go (Lexer, Parser).

use super::{Operator, Requirement};
use crate::api::{field::Errors, field::Path, names};
use crate::ordered::OrdSet;
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Error,
    End,
    Close,
    Comma,
    Not,
    DoubleEquals,
    Equals,
    Greater,
    Identifier,
    In,
    Less,
    NotEquals,
    NotIn,
    Open,
}

pub(super) fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parser = Parser { tokens: scan(text), at: 0 };
    let mut requirements = Vec::new();
    loop {
        match parser.peek() {
            (Token::Identifier | Token::Not, _) => {
                let requirement = parser.requirement().map_err(|e| format!("unable to parse requirement: {e}"))?;
                requirements.push(requirement);
                match parser.next() {
                    (Token::End, _) => return Ok(requirements),
                    (Token::Comma, _) => {
                        let (token, text) = parser.peek();
                        if !matches!(token, Token::Identifier | Token::Not) {
                            return Err(format!("found '{text}', expected: identifier after ','"));
                        }
                    }
                    (_, text) => return Err(format!("found '{text}', expected: ',' or 'end of string'")),
                }
            }
            (Token::End, _) => return Ok(requirements),
            (_, text) => return Err(format!("found '{text}', expected: !, identifier, or 'end of string'")),
        }
    }
}

fn is_symbol(byte: u8) -> bool {
    matches!(byte, b'=' | b'!' | b'(' | b')' | b',' | b'>' | b'<')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn scan(text: &str) -> Vec<(Token, String)> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        while bytes.get(at).is_some_and(|&b| is_space(b)) {
            at += 1;
        }
        match bytes.get(at) {
            None | Some(0) => {
                tokens.push((Token::End, String::new()));
                return tokens;
            }
            Some(&byte) if is_symbol(byte) => tokens.push(symbol(text, &mut at)),
            Some(_) => {
                let rest = &bytes[at..];
                let length = rest.iter().position(|&b| is_symbol(b) || is_space(b) || b == 0).unwrap_or(rest.len());
                let word = &text[at..at + length];
                at += length;
                let token = match word {
                    "in" => Token::In,
                    "notin" => Token::NotIn,
                    _ => Token::Identifier,
                };
                tokens.push((token, word.to_owned()));
            }
        }
    }
}

/// The longest symbol, by upstream's loop: it ends where one more character makes it unknown.
fn symbol(text: &str, at: &mut usize) -> (Token, String) {
    let start = *at;
    let mut found = None;
    while text.as_bytes().get(*at).is_some_and(|&b| is_symbol(b)) {
        let longer = &text[start..=*at];
        let token = match longer {
            ")" => Some(Token::Close),
            "," => Some(Token::Comma),
            "!" => Some(Token::Not),
            "==" => Some(Token::DoubleEquals),
            "=" => Some(Token::Equals),
            ">" => Some(Token::Greater),
            "<" => Some(Token::Less),
            "!=" => Some(Token::NotEquals),
            "(" => Some(Token::Open),
            _ => None,
        };
        match token {
            Some(token) => found = Some((token, longer.to_owned())),
            None if found.is_some() => break,
            None => {}
        }
        *at += 1;
    }
    found.unwrap_or_else(|| (Token::Error, format!("error expected: keyword found '{}'", &text[start..*at])))
}

struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

impl Parser {
    /// The token ahead; `in` and `notin` are plain words everywhere but after a key.
    fn peek(&self) -> (Token, &str) {
        let (token, text) = self.raw(self.at);
        (if matches!(token, Token::In | Token::NotIn) { Token::Identifier } else { token }, text)
    }

    fn next(&mut self) -> (Token, String) {
        let (token, text) = self.peek();
        let text = text.to_owned();
        self.at += 1;
        (token, text)
    }

    fn raw(&self, at: usize) -> (Token, &str) {
        self.tokens.get(at).map_or((Token::End, ""), |(token, text)| (*token, text))
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut existence = Operator::Exists;
        let (mut token, mut key) = self.next();
        if token == Token::Not {
            existence = Operator::DoesNotExist;
            (token, key) = self.next();
        }
        if token != Token::Identifier {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let complaints = names::qualified_name(&key);
        if !complaints.is_empty() {
            let mut errors = Errors::default();
            errors.invalid(&Path::NONE, &key, &complaints.join("; "));
            return Err(format!("{}: {}", errors.causes[0].field, errors.causes[0].message));
        }
        let ends = matches!(self.peek().0, Token::End | Token::Comma);
        if existence == Operator::DoesNotExist || ends {
            return Requirement::new(&Path::NONE, &key, existence, Vec::new());
        }
        let operator = self.operator()?;
        let values = if matches!(operator, Operator::In | Operator::NotIn) { self.values()? } else { self.value()? };
        Requirement::new(&Path::NONE, &key, operator, values)
    }

    fn operator(&mut self) -> Result<Operator, String> {
        let (token, text) = self.raw(self.at);
        let operator = match token {
            Token::In => Operator::In,
            Token::Equals => Operator::Equals,
            Token::DoubleEquals => Operator::DoubleEquals,
            Token::Greater => Operator::GreaterThan,
            Token::Less => Operator::LessThan,
            Token::NotIn => Operator::NotIn,
            Token::NotEquals => Operator::NotEquals,
            _ => return Err(format!("found '{text}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        self.at += 1;
        Ok(operator)
    }

    fn value(&mut self) -> Result<Vec<String>, String> {
        if matches!(self.peek().0, Token::End | Token::Comma) {
            return Ok(vec![String::new()]);
        }
        match self.next() {
            (Token::Identifier, text) => Ok(vec![text]),
            (_, text) => Err(format!("found '{text}', expected: identifier")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let (token, text) = self.next();
        if token != Token::Open {
            return Err(format!("found '{text}' expected: '('"));
        }
        let (token, text) = self.peek();
        let first = text.to_owned();
        match token {
            Token::Identifier | Token::Comma => {
                let values = self.identifiers()?;
                if self.next().0 != Token::Close {
                    return Err(format!("found '{first}', expected: ')'"));
                }
                Ok(values.into_iter().collect())
            }
            Token::Close => {
                self.at += 1;
                Ok(vec![String::new()])
            }
            _ => Err(format!("found '{first}', expected: ',', ')' or identifier")),
        }
    }

    fn identifiers(&mut self) -> Result<OrdSet<String>, String> {
        let mut values = OrdSet::new();
        loop {
            match self.next() {
                (Token::Identifier, text) => {
                    values.insert(text);
                    match self.peek() {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => return Ok(values),
                        (_, text) => return Err(format!("found '{text}', expected: ',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    if values.is_empty() {
                        values.insert(String::new());
                    }
                    match self.peek().0 {
                        Token::Close => {
                            values.insert(String::new());
                            return Ok(values);
                        }
                        Token::Comma => {
                            values.insert(String::new());
                        }
                        _ => {}
                    }
                }
                (_, text) => return Err(format!("found '{text}', expected: ',', or identifier")),
            }
        }
    }
}
