//! What the shell's parser makes and its executor runs.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A command of any kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    Simple(Simple),
    /// `a | b`; true: `! a`.
    Pipeline(Vec<Node>, bool),
    /// `a && b || c`: what follows the first, true for `&&`.
    Chain(Box<Node>, Vec<(bool, Node)>),
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
    Background(Rc<Node>),
}

/// A program with its arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) assignments: Vec<(String, Word)>,
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
}

/// Where a stream goes or comes from.
#[derive(Debug, PartialEq, Eq)]
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
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Word(pub(super) Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
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

impl Word {
    /// Adds text, to the last part if that is quoted alike.
    pub(super) fn push(&mut self, text: &str, quoted: Quoted) {
        match self.0.last_mut() {
            Some(Part::Text(have, same)) if *same == quoted => have.push_str(text),
            _ => self.0.push(Part::Text(text.to_string(), quoted)),
        }
    }

    /// Adds one character.
    pub(super) fn push_char(&mut self, c: char, quoted: Quoted) {
        self.push(c.encode_utf8(&mut [0; 4]), quoted);
    }
}
