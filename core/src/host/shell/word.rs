//! Words as they are read: quotes, escapes and what a `$` starts.

use alloc::string::ToString;

use super::parse::{ParseError, Parser, is_operator, parse};
use super::tree::{Part, Quoted, Word};

impl<'a> Parser<'a> {
    /// The word that starts here; the caller has seen that one does.
    pub(super) fn word(&mut self) -> Result<Word, ParseError> {
        let mut word = Word::default();
        while let Some(c) = self.peek() {
            if c.is_whitespace() || is_operator(c) {
                break;
            }
            if c == '$' {
                self.dollar(&mut word, Quoted::No)?;
                continue;
            }
            let plain = self.take(is_plain);
            if !plain.is_empty() {
                word.push(plain, Quoted::No);
                continue;
            }
            self.at += c.len_utf8();
            match c {
                '\'' => word.push(self.until('\'')?, Quoted::Yes),
                '"' => self.double_quoted(&mut word)?,
                '`' => word.0.push(self.backquoted()?),
                _ => word.push_char(self.read()?, Quoted::Yes),
            }
        }
        if word.0.is_empty() { Err(self.unexpected()) } else { Ok(word) }
    }

    fn backquoted(&mut self) -> Result<Part, ParseError> {
        let mut depth = self.depth;
        let list = parse(self.until('`')?, &mut depth)?;
        self.deepest = self.deepest.max(depth);
        Ok(Part::Command(list, Quoted::No))
    }

    /// Reads up to a closing quote, and that too.
    fn until(&mut self, quote: char) -> Result<&'a str, ParseError> {
        let (text, _) = self.rest().split_once(quote).ok_or(ParseError::Incomplete)?;
        self.at += text.len() + 1;
        Ok(text)
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), ParseError> {
        word.push("", Quoted::Yes);
        loop {
            if self.peek() == Some('$') {
                self.dollar(word, Quoted::Yes)?;
                continue;
            }
            match self.read()? {
                '"' => return Ok(()),
                '\\' => {
                    let escaped = self.read()?;
                    if !matches!(escaped, '"' | '\\' | '$' | '`' | '\n') {
                        word.push("\\", Quoted::Yes);
                    }
                    if escaped != '\n' {
                        word.push_char(escaped, Quoted::Yes);
                    }
                }
                plain => word.push_char(plain, Quoted::Yes),
            }
        }
    }

    /// What a `$` starts.
    fn dollar(&mut self, word: &mut Word, quoted: Quoted) -> Result<(), ParseError> {
        self.descend()?;
        let part = if self.eat("$((") {
            let mut inner = Word::default();
            let mut depth = 0;
            while depth > 0 || !self.eat("))") {
                if self.peek() == Some('$') {
                    self.dollar(&mut inner, Quoted::Yes)?;
                    continue;
                }
                let c = self.read()?;
                depth += i32::from(c == '(') - i32::from(c == ')');
                inner.push_char(c, Quoted::Yes);
            }
            Part::Arithmetic(inner)
        } else if self.eat("$(") {
            let list = self.list(&[])?;
            if !self.eat(")") {
                return Err(ParseError::Incomplete);
            }
            Part::Command(list, quoted)
        } else if self.eat("${") {
            let name = match self.take(is_name_part) {
                "" => self.read()?.to_string(),
                name => name.to_string(),
            };
            let mut default = None;
            if self.eat(":-") || self.eat("-") {
                let words = default.insert(Word::default());
                while self.peek().is_some_and(|c| c != '}') {
                    match self.peek() {
                        Some('$') => self.dollar(words, quoted)?,
                        _ => words.push_char(self.read()?, quoted),
                    }
                }
            }
            if self.read()? != '}' {
                return Err(ParseError::Syntax("bad substitution".to_string()));
            }
            Part::Variable { name, default, quoted }
        } else {
            self.at += 1;
            let name = match self.peek() {
                Some(c @ ('?' | '$' | '#' | '@' | '*' | '!' | '0'..='9')) => {
                    self.at += 1;
                    c.to_string()
                }
                _ => self.take(is_name_part).to_string(),
            };
            if name.is_empty() {
                word.push("$", quoted);
                self.depth -= 1;
                return Ok(());
            }
            Part::Variable { name, default: None, quoted }
        };
        word.0.push(part);
        self.depth -= 1;
        Ok(())
    }
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether a character is part of a word and means itself there.
fn is_plain(c: char) -> bool {
    !c.is_whitespace() && !is_operator(c) && !matches!(c, '$' | '\'' | '"' | '`' | '\\')
}
