//! The UDP half of a host's stack: there is no state machine, so smoltcp's packets do without its sockets.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::packet::Reason;

/// Datagrams a socket holds unread at most; a later one is lost, as in a full receive buffer.
const UNREAD: usize = 256;

/// One UDP socket of a program.
#[derive(Debug)]
pub(super) struct UdpSocket {
    pub(super) id: u32,
    /// The local address it is bound to; none: any of the host's.
    pub(super) address: Option<IpAddr>,
    pub(super) port: u16,
    /// The only peer it hears, if it is connected.
    pub(super) remote: Option<SocketAddr>,
    pub(super) received: VecDeque<Datagram>,
    /// What an ICMP message said about a datagram of ours; seen once, as Linux' pending socket error.
    pub(super) error: Option<Reason>,
}

/// A datagram that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Datagram {
    /// Who sent it.
    pub from: SocketAddr,
    /// The address and port it was sent to.
    pub to: SocketAddr,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// All UDP sockets of one host.
#[derive(Debug, Default)]
pub(super) struct Udp {
    sockets: Vec<UdpSocket>,
    next_id: u32,
}

impl Udp {
    /// A new socket; the caller has made sure that the port is free.
    pub(super) fn open(&mut self, address: Option<IpAddr>, port: u16, remote: Option<SocketAddr>) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        self.sockets.push(UdpSocket { id, address, port, remote, received: VecDeque::new(), error: None });
        id
    }

    pub(super) fn close(&mut self, id: u32) {
        self.sockets.retain(|socket| socket.id != id);
        if self.sockets.is_empty() {
            self.sockets = Vec::new();
        }
    }

    /// A socket that was opened and not closed.
    pub(super) fn socket(&mut self, id: u32) -> &mut UdpSocket {
        self.sockets.iter_mut().find(|socket| socket.id == id).expect("a program's socket is open until it drops it")
    }

    /// Ports that programs are bound to without a peer.
    pub(super) fn bound(&self) -> impl Iterator<Item = u16> {
        self.sockets.iter().filter(|socket| socket.remote.is_none()).map(|socket| socket.port)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    pub(super) fn is_used(&self, port: u16) -> bool {
        self.sockets.iter().any(|socket| socket.port == port)
    }

    /// Gives a datagram to its socket; false if there is none.
    pub(super) fn handle_datagram(&mut self, from: SocketAddr, to: SocketAddr, content: &[u8]) -> bool {
        let found = self.sockets.iter_mut().find(|socket| {
            socket.port == to.port()
                && socket.address.is_none_or(|address| address == to.ip())
                && socket.remote.is_none_or(|remote| remote == from)
        });
        let Some(socket) = found else { return false };
        if socket.received.len() < UNREAD {
            socket.received.push_back(Datagram { from, to, content: content.to_vec() });
        }
        true
    }

    /// An ICMP error about a datagram of ours. Only connected sockets hear of it, as in Linux.
    pub(super) fn handle_error(&mut self, local: SocketAddr, remote: SocketAddr, reason: Reason) {
        for socket in &mut self.sockets {
            if socket.port == local.port() && socket.remote == Some(remote) {
                socket.error = Some(reason);
            }
        }
    }
}
