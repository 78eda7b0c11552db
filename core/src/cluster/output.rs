//! What a command leaves behind.

use alloc::{string::String, vec::Vec};

/// The output of one command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// What it printed.
    pub stdout: String,
    /// What it printed about errors, in the real tool's words.
    pub stderr: String,
    /// Its exit code; [`Output::TIME_LIMIT`] if virtual time ran out first.
    pub exit_code: i32,
    /// What the error means here: one line below the real words, never instead of them.
    pub hint: Option<Hint>,
    /// What is wrong with the manifests that it read, each cause at its place.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// The file's name, or `STDIN`.
    pub file: String,
    /// The line, from 1, of the field or of what is nearest around it.
    pub line: Option<usize>,
    /// Its column there, from 1.
    pub column: Option<usize>,
    /// The path of the field, `spec.ports[0].port`; empty if it is about the whole object.
    pub field: String,
    /// `FieldValueInvalid` and the like; the refusal's own reason if it names no cause.
    pub reason: String,
    /// What is wrong with it, in the server's words.
    pub message: String,
    /// The object, `Service/web`; empty if that could not be read.
    pub object: String,
    /// `CIP902` if the object is of a kind that a real cluster may know and this one does not; or empty.
    pub code: &'static str,
}

/// Help for somebody who has just made a mistake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hint {
    /// The finding's stable code, `CIP007`; empty if there is none.
    pub code: String,
    /// One line of what it means.
    pub text: String,
    /// A corrected command line or text to run instead, if there is one.
    pub action: Option<String>,
}

impl Output {
    /// The exit code of a command that the virtual time limit ended, as `timeout(1)` gives it.
    pub const TIME_LIMIT: i32 = 124;

    /// A command that printed and succeeded.
    pub fn stdout(text: impl Into<String>) -> Output {
        Output { stdout: text.into(), ..Output::default() }
    }

    /// A command that failed with those words.
    pub fn error(exit_code: i32, text: impl Into<String>) -> Output {
        Output { stderr: text.into(), exit_code, ..Output::default() }
    }
}
