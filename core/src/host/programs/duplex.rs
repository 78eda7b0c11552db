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
    let mut conversation = Conversation { sys, stream, patient, input: Vec::new(), sent: 0, input_open: true };
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
    /// Input that waits for room in the stream's buffer, and how much of it waits no more.
    input: Vec<u8>,
    sent: usize,
    input_open: bool,
}

impl Conversation<'_> {
    /// Carries what there is now.
    #[inline(never)]
    fn carry(&mut self) -> Option<End> {
        while self.input_open {
            if self.sent == self.input.len() {
                let Poll::Ready(input) = self.sys.stdin.poll_read() else { break };
                (self.input, self.sent) = (input, 0);
                self.input_open = !self.input.is_empty();
            }
            if !self.input_open {
                if !self.patient {
                    return Some(End::Input);
                }
                self.stream.shutdown();
                break;
            }
            match self.stream.poll_send(&self.input, &mut self.sent) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Some(End::Broken(error)),
                Poll::Pending => break,
            }
        }
        loop {
            // Read behind what nobody has taken yet, which spares a copy.
            let mut output = self.sys.stdout.take();
            let read = self.stream.poll_read(&mut output);
            self.sys.stdout.give_back(output);
            match read {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0)) => return Some(if self.input_open { End::Peer } else { End::Input }),
                Poll::Ready(Err(error)) => return Some(End::Broken(error)),
                Poll::Pending => return None,
            }
        }
    }
}
