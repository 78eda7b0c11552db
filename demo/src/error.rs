//! Why a step of the set-up failed, in words for the person at the terminal.

use core::fmt;

/// What was tried and what to do about it.
pub struct Error {
    tried: String,
    advice: Option<String>,
}

impl Error {
    /// An error that says what was tried and how it went.
    pub fn new(tried: impl Into<String>) -> Self {
        Self { tried: tried.into(), advice: None }
    }

    /// Adds what the reader can do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// An error of the file system, with the path it was about.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tried)?;
        match &self.advice {
            Some(advice) => write!(f, "\n  what to do: {advice}"),
            None => Ok(()),
        }
    }
}

/// The same words, because a test or an example that fails shows this form.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {}
