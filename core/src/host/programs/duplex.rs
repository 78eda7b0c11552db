//! What `telnet` and `nc` do once they are connected: input to the peer, the peer's words to the output.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::stream::{NetError, TcpStream};
use super::super::sys::Sys;

/// How a conversation ended.
pub(super) enum End {
    /// The peer closed its side.
    Peer,
    /// The input ended, and so did what the peer had to say, if that was waited for.
    Input,
    /// The connection broke.
    Broken(NetError),
}

/// Carries bytes both ways. After the input's end the stream is closed for writing and, if `patient`, read to its end.
pub(super) fn converse<'a>(
    sys: &'a Sys,
    stream: &'a TcpStream,
    patient: bool,
) -> Pin<Box<dyn Future<Output = End> + 'a>> {
    Box::pin(carry(sys, stream, patient))
}

async fn carry(sys: &Sys, stream: &TcpStream, patient: bool) -> End {
    let mut sending = pin!(async {
        loop {
            let input = sys.read().await;
            if input.is_empty() {
                return Ok(());
            }
            stream.write(&input).await?;
        }
    });
    let mut receiving = pin!(async {
        let mut bytes = Vec::new();
        loop {
            if stream.read(&mut bytes).await? == 0 {
                return Ok::<(), NetError>(());
            }
            sys.stdout.write(&bytes);
            bytes.clear();
        }
    });
    let mut input_open = true;
    poll_fn(|context| {
        if input_open && let Poll::Ready(result) = sending.as_mut().poll(context) {
            input_open = false;
            match result {
                Err(error) => return Poll::Ready(End::Broken(error)),
                Ok(()) if !patient => return Poll::Ready(End::Input),
                Ok(()) => stream.shutdown(),
            }
        }
        match receiving.as_mut().poll(context) {
            Poll::Ready(Ok(())) if input_open => Poll::Ready(End::Peer),
            Poll::Ready(Ok(())) => Poll::Ready(End::Input),
            Poll::Ready(Err(error)) => Poll::Ready(End::Broken(error)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
