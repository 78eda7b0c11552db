//! Words as they are read: quotes, escapes and what a `$` starts.

use alloc::string::{String, ToString};

use super::parse::{ParseError, Parser, parse, unexpected};
use super::tree::{Part, Quoted, Word};

impl Parser {
    /// The word that starts here; the caller has seen that one does.
    pub(super) fn word(&mut self) -> Result<Word, ParseError> {
        let mut word = Word::default();
        while let Some(c) = self.peek() {
            match c {
                c if c.is_whitespace() || ";&|()<>".contains(c) => break,
                '\'' => {
                    self.at += 1;
                    let end = self.text[self.at..].iter().position(|c| *c == '\'').ok_or(ParseError::Incomplete)?;
                    word.push(&self.text[self.at..self.at + end].iter().collect::<String>(), Quoted::Yes);
                    self.at += end + 1;
                }
                '"' => self.double_quoted(&mut word)?,
                '`' => {
                    let end = self.text[self.at + 1..].iter().position(|c| *c == '`').ok_or(ParseError::Incomplete)?;
                    let script: String = self.text[self.at + 1..self.at + 1 + end].iter().collect();
                    word.0.push(Part::Command(parse(&script)?, Quoted::No));
                    self.at += end + 2;
                }
                '\\' => {
                    let escaped = *self.text.get(self.at + 1).ok_or(ParseError::Incomplete)?;
                    word.push(escaped.encode_utf8(&mut [0; 4]), Quoted::Yes);
                    self.at += 2;
                }
                '$' => self.dollar(&mut word, Quoted::No)?,
                plain => {
                    word.push(plain.encode_utf8(&mut [0; 4]), Quoted::No);
                    self.at += 1;
                }
            }
        }
        if word.0.is_empty() { Err(unexpected(&self.rest())) } else { Ok(word) }
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), ParseError> {
        self.at += 1;
        word.push("", Quoted::Yes);
        loop {
            match self.peek().ok_or(ParseError::Incomplete)? {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                '$' => self.dollar(word, Quoted::Yes)?,
                '\\' => {
                    let escaped = *self.text.get(self.at + 1).ok_or(ParseError::Incomplete)?;
                    if !"\"\\$`\n".contains(escaped) {
                        word.push("\\", Quoted::Yes);
                    }
                    if escaped != '\n' {
                        word.push(escaped.encode_utf8(&mut [0; 4]), Quoted::Yes);
                    }
                    self.at += 2;
                }
                plain => {
                    word.push(plain.encode_utf8(&mut [0; 4]), Quoted::Yes);
                    self.at += 1;
                }
            }
        }
    }

    /// What a `$` starts.
    fn dollar(&mut self, word: &mut Word, quoted: Quoted) -> Result<(), ParseError> {
        if self.eat("$((") {
            let mut inner = Word::default();
            let mut depth = 0;
            loop {
                match self.peek().ok_or(ParseError::Incomplete)? {
                    ')' if depth == 0 && self.eat("))") => break,
                    '$' => self.dollar(&mut inner, Quoted::Yes)?,
                    c => {
                        depth += i32::from(c == '(') - i32::from(c == ')');
                        inner.push(c.encode_utf8(&mut [0; 4]), Quoted::Yes);
                        self.at += 1;
                    }
                }
            }
            word.0.push(Part::Arithmetic(inner));
        } else if self.eat("$(") {
            let list = self.list(&[])?;
            if !self.eat(")") {
                return Err(ParseError::Incomplete);
            }
            word.0.push(Part::Command(list, quoted));
        } else if self.eat("${") {
            let name: String = self.text[self.at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
            let name = if name.is_empty() { self.peek().map(String::from).unwrap_or_default() } else { name };
            self.at += name.chars().count();
            let default = if self.eat(":-") || self.eat("-") {
                let mut default = Word::default();
                while self.peek().is_some_and(|c| c != '}') {
                    match self.peek() {
                        Some('$') => self.dollar(&mut default, quoted)?,
                        Some(c) => {
                            default.push(c.encode_utf8(&mut [0; 4]), quoted);
                            self.at += 1;
                        }
                        None => {}
                    }
                }
                Some(default)
            } else {
                None
            };
            if !self.eat("}") {
                return match self.peek() {
                    None => Err(ParseError::Incomplete),
                    Some(_) => Err(ParseError::Syntax("bad substitution".to_string())),
                };
            }
            word.0.push(Part::Variable { name, default, quoted });
        } else {
            self.at += 1;
            let name: String = match self.peek() {
                Some(c) if "?$#@*!0123456789".contains(c) => c.to_string(),
                _ => self.text[self.at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect(),
            };
            self.at += name.chars().count();
            match name.is_empty() {
                true => word.push("$", quoted),
                false => word.0.push(Part::Variable { name, default: None, quoted }),
            }
        }
        Ok(())
    }
}
