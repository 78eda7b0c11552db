//! Shell language to a tree: lists, pipelines, `for`, `while`, `if`, groups, quotes, `$NAME`, `$(…)`, `$((…))`, redirections.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A command of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Simple(Simple),
    /// `a | b`; true: `! a`.
    Pipeline(Vec<Node>, bool),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    For {
        name: String,
        words: Vec<Word>,
        body: Vec<Node>,
    },
    /// True: `until`.
    While {
        condition: Vec<Node>,
        body: Vec<Node>,
        until: bool,
    },
    If {
        branches: Vec<(Vec<Node>, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    /// `{ …; }`, or `( … )` in an environment of its own.
    Group {
        body: Vec<Node>,
        subshell: bool,
    },
    /// A compound command with redirections.
    Redirected(Box<Node>, Vec<Redirect>),
    Background(Box<Node>),
}

/// A program with its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) assignments: Vec<(String, Word)>,
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
}

/// Where a stream goes or comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Redirect {
    Out {
        fd: Fd,
        to: Word,
        append: bool,
    },
    /// `2>&1` and `>&2`.
    Same {
        fd: Fd,
        as_fd: Fd,
    },
    In(Word),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fd {
    Out,
    Err,
    Both,
}

/// A word before expansion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word(pub(super) Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String, Quoted),
    /// `$NAME`, `${NAME}`, and `${NAME:-word}` with the words used instead.
    Variable {
        name: String,
        default: Option<Word>,
        quoted: Quoted,
    },
    Command(Vec<Node>, Quoted),
    Arithmetic(Word),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoted {
    Yes,
    No,
}

/// Why a text is no program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ParseError {
    /// More lines may complete it.
    Incomplete,
    /// What is wrong, in busybox' words.
    Syntax(String),
}

/// Reads a whole text.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, ParseError> {
    let mut parser = Parser { text: text.chars().collect(), at: 0 };
    let list = parser.list(&[])?;
    match parser.peek() {
        None => Ok(list),
        Some(_) => Err(unexpected(&parser.rest())),
    }
}

struct Parser {
    text: Vec<char>,
    at: usize,
}

/// Words that end or divide a compound command.
const RESERVED: [&str; 7] = ["do", "done", "then", "else", "elif", "fi", "}"];

impl Parser {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn starts_with(&self, prefix: &str) -> bool {
        prefix.chars().enumerate().all(|(index, c)| self.text.get(self.at + index) == Some(&c))
    }

    /// Goes past `token` if it is next.
    fn eat(&mut self, token: &str) -> bool {
        let next = self.starts_with(token);
        if next {
            self.at += token.len();
        }
        next
    }

    fn rest(&self) -> String {
        let rest = self.text[self.at.min(self.text.len())..].iter();
        let word: String = rest.clone().take_while(|c| !c.is_whitespace()).collect();
        if word.is_empty() { "newline".to_string() } else { word.chars().take(20).collect() }
    }

    /// Goes past blanks, comments and escaped line ends.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.text.get(self.at + 1) == Some(&'\n') => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
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
    fn next_plain(&mut self) -> String {
        self.blanks();
        let rest = self.text[self.at..].iter();
        rest.take_while(|c| !c.is_whitespace() && !";&|()<>".contains(**c)).collect()
    }

    /// Goes past a reserved word that must come; the text's end means that more is to come.
    fn expect(&mut self, word: &str) -> Result<(), ParseError> {
        self.blank_lines();
        if self.next_plain() == word {
            self.at += word.len();
            return Ok(());
        }
        if self.peek().is_none() { Err(ParseError::Incomplete) } else { Err(unexpected(&self.rest())) }
    }

    /// Commands up to a reserved word of `stops`, a closing parenthesis or the end.
    fn list(&mut self, stops: &[&str]) -> Result<Vec<Node>, ParseError> {
        let mut list = Vec::new();
        loop {
            self.blank_lines();
            if matches!(self.peek(), None | Some(')')) || stops.contains(&self.next_plain().as_str()) {
                return Ok(list);
            }
            let node = self.and_or()?;
            self.blanks();
            let background = self.starts_with("&") && !self.starts_with("&&");
            if background {
                self.at += 1;
                list.push(Node::Background(Box::new(node)));
                continue;
            }
            list.push(node);
            match self.peek() {
                None | Some(';' | '\n' | ')') => {}
                Some(_) => return Err(unexpected(&self.rest())),
            }
        }
    }

    fn and_or(&mut self) -> Result<Node, ParseError> {
        let mut left = self.pipeline()?;
        loop {
            self.blanks();
            let and = self.eat("&&");
            if !and && !self.eat("||") {
                return Ok(left);
            }
            self.blank_lines();
            if self.peek().is_none() {
                return Err(ParseError::Incomplete);
            }
            let right = Box::new(self.pipeline()?);
            left = if and { Node::And(Box::new(left), right) } else { Node::Or(Box::new(left), right) };
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
        match stages.pop() {
            Some(only) if stages.is_empty() && !negated => Ok(only),
            last => Ok(Node::Pipeline(stages.into_iter().chain(last).collect(), negated)),
        }
    }

    fn command(&mut self) -> Result<Node, ParseError> {
        let word = self.next_plain();
        let node = match word.as_str() {
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
            reserved if RESERVED.contains(&reserved) => return Err(unexpected(reserved)),
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
        if !is_name(&name) {
            return Err(if name.is_empty() { ParseError::Incomplete } else { unexpected(&name) });
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
        Ok(Node::For { name, words, body: self.loop_body()? })
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
            match assignment(&word) {
                Some(assignment) if simple.words.is_empty() => simple.assignments.push(assignment),
                _ => simple.words.push(word),
            }
        }
        if simple == Simple::default() {
            return Err(if self.peek().is_none() { ParseError::Incomplete } else { unexpected(&self.rest()) });
        }
        Ok(Node::Simple(simple))
    }

    /// A redirection, if one comes next.
    fn redirect(&mut self) -> Result<Option<Redirect>, ParseError> {
        self.blanks();
        let fd = match () {
            () if self.eat("&>") => Fd::Both,
            () if self.eat("2>") => Fd::Err,
            () if self.eat("1>") || self.eat(">") => Fd::Out,
            () if self.eat("<") => {
                self.blanks();
                return Ok(Some(Redirect::In(self.word()?)));
            }
            () => return Ok(None),
        };
        if self.eat("&1") {
            return Ok(Some(Redirect::Same { fd, as_fd: Fd::Out }));
        }
        if self.eat("&2") {
            return Ok(Some(Redirect::Same { fd, as_fd: Fd::Err }));
        }
        let append = self.eat(">");
        self.blanks();
        Ok(Some(Redirect::Out { fd, to: self.word()?, append }))
    }

    fn word(&mut self) -> Result<Word, ParseError> {
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

impl Word {
    fn push(&mut self, text: &str, quoted: Quoted) {
        match self.0.last_mut() {
            Some(Part::Text(have, same)) if *same == quoted => have.push_str(text),
            _ => self.0.push(Part::Text(text.to_string(), quoted)),
        }
    }
}

/// `NAME=value` at the front of a command.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let (Part::Text(text, Quoted::No), rest) = word.0.split_first()? else { return None };
    let (name, value) = text.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let mut parts = Vec::from([Part::Text(value.to_string(), Quoted::Yes)]);
    parts.extend(rest.iter().cloned());
    Some((name.to_string(), Word(parts)))
}

/// Whether a text can name a variable.
pub(super) fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn unexpected(what: &str) -> ParseError {
    ParseError::Syntax(format!("syntax error: unexpected \"{what}\""))
}
