//! Shell language to a tree: lists, pipelines, `for`, `while`, `if`, groups, quotes, `$NAME`, `$(…)`, `$((…))`, redirections.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::tree::{Fd, Node, Part, Quoted, Redirect, Simple, Word};

/// Why a text is no program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ParseError {
    /// More lines may complete it.
    Incomplete,
    /// What is wrong, in busybox' words.
    Syntax(String),
}

/// How deep commands may stand in each other, the shells around this one counted: each level costs stack.
const DEPTH_MAX: u32 = 50;

/// Reads a whole text that stands `depth` levels deep; `depth` becomes that of its deepest part.
pub(super) fn parse(text: &str, depth: &mut u32) -> Result<Vec<Node>, ParseError> {
    let mut parser = Parser { text, at: 0, depth: *depth, deepest: *depth };
    let list = parser.list(&[])?;
    *depth = parser.deepest;
    match parser.peek() {
        None => Ok(list),
        Some(_) => Err(parser.unexpected()),
    }
}

/// A place in a text, in bytes.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// In how many commands and words it stands, and the most there were.
    pub(super) depth: u32,
    pub(super) deepest: u32,
}

/// Words that end or divide a compound command.
const RESERVED: [&str; 7] = ["do", "done", "then", "else", "elif", "fi", "}"];

impl<'a> Parser<'a> {
    /// What is not read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character that comes next, read; without one, more is to come.
    pub(super) fn read(&mut self) -> Result<char, ParseError> {
        let next = self.peek().ok_or(ParseError::Incomplete)?;
        self.at += next.len_utf8();
        Ok(next)
    }

    /// One level down; who calls this comes up again where it does not fail.
    pub(super) fn descend(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        if self.depth > DEPTH_MAX {
            return Err(ParseError::Syntax("nested too deep".to_string()));
        }
        Ok(())
    }

    fn starts_with(&self, prefix: &str) -> bool {
        self.rest().starts_with(prefix)
    }

    /// Goes past `token` if it is next.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        let next = self.starts_with(token);
        if next {
            self.at += token.len();
        }
        next
    }

    /// Reads as far as the characters are of a kind.
    pub(super) fn take(&mut self, is_part: fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    /// The mistake of what comes next; at the text's end, more is to come.
    fn missing(&self) -> ParseError {
        if self.rest().is_empty() { ParseError::Incomplete } else { self.unexpected() }
    }

    /// The mistake of what comes next.
    pub(super) fn unexpected(&self) -> ParseError {
        let word = self.rest().split(char::is_whitespace).next().unwrap_or_default();
        match word.char_indices().nth(20) {
            _ if word.is_empty() => unexpected("newline"),
            Some((end, _)) => unexpected(&word[..end]),
            None => unexpected(word),
        }
    }

    /// Goes past blanks, comments and escaped line ends.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('#') => {
                    self.take(|c| c != '\n');
                }
                _ if self.eat("\\\n") => {}
                _ => return,
            }
        }
    }

    fn blank_lines(&mut self) {
        self.blanks();
        while matches!(self.peek(), Some('\n' | ';')) && !self.starts_with(";;") {
            self.at += 1;
            self.blanks();
        }
    }

    /// The plain word that comes next, without going past it.
    fn next_plain(&mut self) -> &'a str {
        self.blanks();
        let start = self.at;
        let word = self.take(|c| !c.is_whitespace() && !is_operator(c));
        self.at = start;
        word
    }

    /// Goes past a reserved word that must come; the text's end means that more is to come.
    fn expect(&mut self, word: &str) -> Result<(), ParseError> {
        self.blank_lines();
        if self.next_plain() == word {
            self.at += word.len();
            return Ok(());
        }
        Err(self.missing())
    }

    /// Commands up to a reserved word of `stops`, a closing parenthesis or the end.
    pub(super) fn list(&mut self, stops: &[&str]) -> Result<Vec<Node>, ParseError> {
        self.descend()?;
        let mut list = Vec::new();
        loop {
            self.blank_lines();
            if matches!(self.peek(), None | Some(')')) || stops.contains(&self.next_plain()) {
                self.depth -= 1;
                return Ok(list);
            }
            let node = self.and_or()?;
            self.blanks();
            let background = self.starts_with("&") && !self.starts_with("&&");
            if background {
                self.at += 1;
                list.push(Node::Background(Rc::new(node)));
                continue;
            }
            list.push(node);
            match self.peek() {
                None | Some(';' | '\n' | ')') => {}
                Some(_) => return Err(self.unexpected()),
            }
        }
    }

    fn and_or(&mut self) -> Result<Node, ParseError> {
        let first = self.pipeline()?;
        let mut others = Vec::new();
        loop {
            self.blanks();
            let and = self.eat("&&");
            if !and && !self.eat("||") {
                return Ok(if others.is_empty() { first } else { Node::Chain(Box::new(first), others) });
            }
            self.blank_lines();
            if self.peek().is_none() {
                return Err(ParseError::Incomplete);
            }
            others.push((and, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Node, ParseError> {
        let negated = self.next_plain() == "!";
        if negated {
            self.at += 1;
        }
        let mut stages = Vec::from([self.command()?]);
        loop {
            self.blanks();
            if !self.starts_with("|") || self.starts_with("||") {
                break;
            }
            self.at += 1;
            self.blank_lines();
            if self.peek().is_none() {
                return Err(ParseError::Incomplete);
            }
            stages.push(self.command()?);
        }
        if let [_] = stages[..]
            && !negated
        {
            return Ok(stages.remove(0));
        }
        Ok(Node::Pipeline(stages, negated))
    }

    fn command(&mut self) -> Result<Node, ParseError> {
        let word = self.next_plain();
        let node = match word {
            "for" => self.for_loop()?,
            "while" | "until" => {
                self.at += word.len();
                let condition = self.list(&["do"])?;
                Node::While { condition, body: self.loop_body()?, until: word == "until" }
            }
            "if" => self.condition()?,
            "{" => {
                self.at += 1;
                let body = self.list(&["}"])?;
                self.expect("}")?;
                Node::Group { body, subshell: false }
            }
            "" if self.peek() == Some('(') => {
                self.at += 1;
                let body = self.list(&[])?;
                if !self.eat(")") {
                    return Err(ParseError::Incomplete);
                }
                Node::Group { body, subshell: true }
            }
            _ if RESERVED.contains(&word) => return Err(unexpected(word)),
            _ => return self.simple(),
        };
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        Ok(if redirects.is_empty() { node } else { Node::Redirected(Box::new(node), redirects) })
    }

    fn for_loop(&mut self) -> Result<Node, ParseError> {
        self.at += "for".len();
        let name = self.next_plain();
        self.at += name.len();
        if !is_name(name) {
            return Err(if name.is_empty() { ParseError::Incomplete } else { unexpected(name) });
        }
        let mut words = Vec::new();
        if self.next_plain() == "in" {
            self.at += 2;
            loop {
                self.blanks();
                match self.peek() {
                    Some(';' | '\n') => break,
                    None => return Err(ParseError::Incomplete),
                    Some(_) => words.push(self.word()?),
                }
            }
        }
        Ok(Node::For { name: name.to_string(), words, body: self.loop_body()? })
    }

    fn loop_body(&mut self) -> Result<Vec<Node>, ParseError> {
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn condition(&mut self) -> Result<Node, ParseError> {
        self.at += "if".len();
        let mut branches = Vec::new();
        loop {
            let condition = self.list(&["then"])?;
            self.expect("then")?;
            branches.push((condition, self.list(&["elif", "else", "fi"])?));
            if self.next_plain() == "elif" {
                self.at += "elif".len();
                continue;
            }
            let mut otherwise = Vec::new();
            if self.next_plain() == "else" {
                self.at += "else".len();
                otherwise = self.list(&["fi"])?;
            }
            self.expect("fi")?;
            return Ok(Node::If { branches, otherwise });
        }
    }

    fn simple(&mut self) -> Result<Node, ParseError> {
        let mut simple = Simple::default();
        loop {
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            self.blanks();
            match self.peek() {
                None | Some(';' | '\n' | '&' | '|' | ')') => break,
                Some('(') => return Err(unexpected("(")),
                Some(_) => {}
            }
            let word = self.word()?;
            if !simple.words.is_empty() {
                simple.words.push(word);
                continue;
            }
            match assignment(word) {
                Ok(assignment) => simple.assignments.push(assignment),
                Err(word) => simple.words.push(word),
            }
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty() {
            return Err(self.missing());
        }
        Ok(Node::Simple(simple))
    }

    /// A redirection, if one comes next.
    fn redirect(&mut self) -> Result<Option<Redirect>, ParseError> {
        self.blanks();
        if self.eat("<") {
            self.blanks();
            return Ok(Some(Redirect::In(self.word()?)));
        }
        for (sign, fd) in [("&>", Fd::Both), ("2>", Fd::Err), ("1>", Fd::Out), (">", Fd::Out)] {
            if !self.eat(sign) {
                continue;
            }
            for (sign, as_fd) in [("&1", Fd::Out), ("&2", Fd::Err)] {
                if self.eat(sign) {
                    return Ok(Some(Redirect::Same { fd, as_fd }));
                }
            }
            let append = self.eat(">");
            self.blanks();
            return Ok(Some(Redirect::Out { fd, to: self.word()?, append }));
        }
        Ok(None)
    }
}

/// `NAME=value` at the front of a command; any other word comes back.
fn assignment(mut word: Word) -> Result<(String, Word), Word> {
    let Some(Part::Text(text, Quoted::No)) = word.0.first() else { return Err(word) };
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_name(name)) else { return Err(word) };
    let (name, value) = (name.to_string(), value.to_string());
    // The value is not split at its blanks, so it counts as quoted.
    word.0[0] = Part::Text(value, Quoted::Yes);
    Ok((name, word))
}

/// Whether a text can name a variable.
pub(super) fn is_name(text: &str) -> bool {
    let is_part = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    text.bytes().next().is_some_and(|first| !first.is_ascii_digit()) && text.bytes().all(is_part)
}

/// Whether a character ends a word without a blank.
pub(super) fn is_operator(c: char) -> bool {
    matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>')
}

pub(super) fn unexpected(what: &str) -> ParseError {
    ParseError::Syntax(format!("syntax error: unexpected \"{what}\""))
}
