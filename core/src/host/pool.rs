//! TCP sockets kept for the next connection and large packets for the next one, so that their buffers are not made again
//! each time.

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

/// What a packet holds at least to be kept; smaller ones are made as quickly as found.
const LARGE: usize = 1024;

/// Unused sockets and packets, shared by all the hosts that were given a clone.
#[derive(Clone, Default)]
pub struct SocketPool(Rc<RefCell<Kept>>);

#[derive(Default)]
struct Kept {
    sockets: Vec<tcp::Socket<'static>>,
    packets: Vec<Vec<u8>>,
}

impl SocketPool {
    /// A closed socket with empty buffers.
    pub(super) fn take(&self) -> tcp::Socket<'static> {
        self.0.borrow_mut().sockets.pop().unwrap_or_else(|| {
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
        let kept = &mut self.0.borrow_mut().sockets;
        // What stood in for an aborted socket has no buffers.
        if kept.len() < KEPT && socket.recv_capacity() > 0 {
            kept.push(socket);
        }
    }

    /// Bytes for a packet, to be written over: what they hold may be an older one.
    pub(super) fn packet(&self, length: usize) -> Vec<u8> {
        let kept = if length < LARGE { None } else { self.0.borrow_mut().packets.pop() };
        let mut packet = kept.unwrap_or_default();
        packet.resize(length, 0);
        packet
    }

    /// Takes the bytes of a packet back.
    pub(crate) fn put_packet(&self, packet: Vec<u8>) {
        let kept = &mut self.0.borrow_mut().packets;
        if packet.capacity() >= LARGE && kept.len() < KEPT {
            kept.push(packet);
        }
    }
}

impl core::fmt::Debug for SocketPool {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SocketPool({})", self.0.borrow().sockets.len())
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
