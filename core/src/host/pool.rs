//! TCP sockets kept for the next connection, so that their buffers are not made again each time.

use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use smoltcp::socket::tcp;
use smoltcp::time::Duration;

/// Bytes that wait for the program: the window a peer sees.
const RECEIVE_BUFFER: usize = 32 * 1024;
/// Bytes that wait for the peer's acknowledgement.
const SEND_BUFFER: usize = 32 * 1024;
/// Sockets kept at most; a busier moment makes new ones and lets them go.
const KEPT: usize = 64;

/// Unused sockets, shared by all the hosts that were given a clone.
#[derive(Clone, Default)]
pub struct SocketPool(Rc<RefCell<Vec<tcp::Socket<'static>>>>);

impl SocketPool {
    /// A closed socket with empty buffers.
    pub(super) fn take(&self) -> tcp::Socket<'static> {
        self.0.borrow_mut().pop().unwrap_or_else(|| {
            let mut socket = tcp::Socket::new(
                tcp::SocketBuffer::new(vec![0; RECEIVE_BUFFER]),
                tcp::SocketBuffer::new(vec![0; SEND_BUFFER]),
            );
            // A program's write leaves at once, as with TCP_NODELAY, which the real tools set.
            socket.set_nagle_enabled(false);
            // Linux delays an acknowledgement by 40 ms at most; smoltcp acknowledges every second full segment at once.
            socket.set_ack_delay(Some(Duration::from_millis(10)));
            socket
        })
    }

    /// Takes a socket back, whatever its state; no packet of it is sent any more.
    pub(super) fn put(&self, mut socket: tcp::Socket<'static>) {
        socket.abort();
        let mut kept = self.0.borrow_mut();
        // What stood in for an aborted socket has no buffers.
        if kept.len() < KEPT && socket.recv_capacity() > 0 {
            kept.push(socket);
        }
    }
}

impl core::fmt::Debug for SocketPool {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SocketPool({})", self.0.borrow().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_without_buffers_is_never_given_out_again() {
        let pool = SocketPool::default();
        pool.put(tcp::Socket::new(tcp::SocketBuffer::new(Vec::new()), tcp::SocketBuffer::new(Vec::new())));
        assert_eq!(pool.take().recv_capacity(), RECEIVE_BUFFER);
    }
}
