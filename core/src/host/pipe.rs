//! The byte stream between a process and its user, or between two programs of a pipeline.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;

/// Unread bytes that a process may leave to its user; older ones are lost.
const LIMIT: usize = 1 << 20;

/// A stream of bytes with two ends; a clone is another handle on the same stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Pipe(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    closed: bool,
    /// Whether the reader may never come, so that what it leaves must be bounded.
    bounded: bool,
    /// Whether nobody reads at all.
    discard: bool,
}

impl Pipe {
    /// A pipe that keeps the last mebibyte only.
    pub(super) fn bounded() -> Pipe {
        Pipe(Rc::new(RefCell::new(State { bounded: true, ..State::default() })))
    }

    /// A pipe that is at its end.
    pub(super) fn closed() -> Pipe {
        Pipe(Rc::new(RefCell::new(State { closed: true, ..State::default() })))
    }

    /// A pipe to nowhere.
    pub(super) fn sink() -> Pipe {
        Pipe(Rc::new(RefCell::new(State { discard: true, ..State::default() })))
    }

    pub(super) fn write(&self, bytes: &[u8]) {
        let mut state = self.0.borrow_mut();
        if state.discard {
            return;
        }
        state.bytes.extend_from_slice(bytes);
        if state.bounded && state.bytes.len() > 2 * LIMIT {
            let lost = state.bytes.len() - LIMIT;
            state.bytes.drain(..lost);
        }
    }

    /// Writes text; out of line, because programs are full of it.
    #[inline(never)]
    pub(super) fn print(&self, text: fmt::Arguments<'_>) {
        struct Writer<'a>(&'a Pipe);
        impl fmt::Write for Writer<'_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.write(text.as_bytes());
                Ok(())
            }
        }
        // Writing to a pipe cannot fail; a value whose Display fails prints what it could.
        let _incomplete = fmt::Write::write_fmt(&mut Writer(self), text);
    }

    /// What was written and not taken yet, left where it is.
    pub(super) fn peek(&self) -> Vec<u8> {
        self.0.borrow().bytes.clone()
    }

    /// No more will be written.
    pub(super) fn close(&self) {
        self.0.borrow_mut().closed = true;
    }

    /// How many bytes there are to read now.
    pub(super) fn len(&self) -> usize {
        self.0.borrow().bytes.len()
    }

    /// All there is to read now.
    pub(super) fn take(&self) -> Vec<u8> {
        core::mem::take(&mut self.0.borrow_mut().bytes)
    }

    /// All there is, or the end (`Some` of nothing), or nothing yet.
    pub(super) fn read(&self) -> Option<Vec<u8>> {
        let mut state = self.0.borrow_mut();
        if state.bytes.is_empty() && !state.closed { None } else { Some(core::mem::take(&mut state.bytes)) }
    }

    /// One line with its end, or what is left before the end of the stream (`Some` of nothing at the end), or nothing yet.
    pub(super) fn read_line(&self) -> Option<Vec<u8>> {
        let mut state = self.0.borrow_mut();
        match state.bytes.iter().position(|&byte| byte == b'\n') {
            Some(end) => Some(state.bytes.drain(..=end).collect()),
            None if state.closed => Some(core::mem::take(&mut state.bytes)),
            None => None,
        }
    }
}
