//! The byte stream between a process and its user, or between two programs of a pipeline.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::future::{Future, poll_fn};
use core::task::Poll;

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
    /// Where everything is written a second time.
    copy: Option<Pipe>,
}

impl State {
    fn trim(&mut self) {
        if self.bounded && self.bytes.len() > 2 * LIMIT {
            let lost = self.bytes.len() - LIMIT;
            self.bytes.drain(..lost);
        }
    }
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
        state.trim();
        if let Some(copy) = &state.copy {
            copy.write(bytes);
        }
    }

    /// What is written from now on is written there too.
    pub(super) fn copy_to(&self, other: &Pipe) {
        self.0.borrow_mut().copy = Some(other.clone());
    }

    /// Gives back what was taken, with more behind it.
    pub(super) fn give_back(&self, bytes: Vec<u8>) {
        let mut state = self.0.borrow_mut();
        if !state.discard {
            state.bytes = bytes;
            state.trim();
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

    /// Waits for one line, with its end; nothing is the end of the stream.
    pub(super) fn read_line(&self) -> impl Future<Output = Vec<u8>> + '_ {
        poll_fn(|_| self.poll_read_line())
    }

    /// All there is up to the end of the stream.
    pub(super) fn read_to_end(&self) -> impl Future<Output = Vec<u8>> + '_ {
        poll_fn(|_| self.poll_read_to_end())
    }

    /// All there is; nothing is the end.
    pub(super) fn poll_read(&self) -> Poll<Vec<u8>> {
        if self.len() == 0 { self.poll_read_to_end() } else { Poll::Ready(self.take()) }
    }

    /// All there is once no more can come.
    pub(super) fn poll_read_to_end(&self) -> Poll<Vec<u8>> {
        if self.0.borrow().closed { Poll::Ready(self.take()) } else { Poll::Pending }
    }

    /// One line with its end, or what is left before the end of the stream; nothing is the end.
    pub(super) fn poll_read_line(&self) -> Poll<Vec<u8>> {
        let end = self.0.borrow().bytes.iter().position(|&byte| byte == b'\n');
        match end {
            Some(end) => {
                let bytes = &mut self.0.borrow_mut().bytes;
                let rest = bytes.split_off(end + 1);
                Poll::Ready(core::mem::replace(bytes, rest))
            }
            None => self.poll_read_to_end(),
        }
    }
}
