//! What `telnet` and `nc` do once they are connected: input to the peer, the peer's words to the output.

use core::future::{Future, poll_fn};
use core::task::Poll;

use alloc::vec::Vec;

use smoltcp::time::Instant;

use super::super::stream::{NetError, TcpStream};
use super::super::sys::Sys;

/// How a conversation ended.
pub(super) enum End {
    /// The peer closed its side.
    Peer,
    /// The input ended, and so did what the peer had to say, if that was waited for; or it was time.
    Input,
    /// The connection broke.
    Broken(NetError),
}

/// Carries bytes both ways, until `end` at the latest if there is one. After the input's end the stream is closed for
/// writing and, if `patient`, read to its end.
pub(super) fn converse<'a>(
    sys: &'a Sys,
    stream: &'a TcpStream,
    patient: bool,
    end: Option<Instant>,
) -> impl Future<Output = End> + 'a {
    let mut conversation = Conversation { sys, stream, patient, unsent: Vec::new(), input_open: true };
    poll_fn(move |_| match conversation.carry() {
        Some(end) => Poll::Ready(end),
        None if sys.machine.is_over(end) => Poll::Ready(End::Input),
        None => Poll::Pending,
    })
}

struct Conversation<'a> {
    sys: &'a Sys,
    stream: &'a TcpStream,
    patient: bool,
    /// Input that waits for room in the stream's buffer.
    unsent: Vec<u8>,
    input_open: bool,
}

impl Conversation<'_> {
    /// Carries what there is now.
    #[inline(never)]
    fn carry(&mut self) -> Option<End> {
        while self.input_open {
            if self.unsent.is_empty() {
                let Poll::Ready(input) = self.sys.stdin.poll_read() else { break };
                self.unsent = input;
                self.input_open = !self.unsent.is_empty();
            }
            if !self.input_open {
                if !self.patient {
                    return Some(End::Input);
                }
                self.stream.shutdown();
                break;
            }
            match self.stream.poll_send(&mut self.unsent) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Some(End::Broken(error)),
                Poll::Pending => break,
            }
        }
        let mut bytes = Vec::new();
        while let Poll::Ready(read) = self.stream.poll_read(&mut bytes) {
            match read {
                Ok(0) => return Some(if self.input_open { End::Peer } else { End::Input }),
                Ok(_) => self.sys.stdout.write(&bytes),
                Err(error) => return Some(End::Broken(error)),
            }
            bytes.clear();
        }
        None
    }
}
