//! The TCP half of a host's stack: smoltcp's interface and sockets, and what they leave to their user.
//!
//! smoltcp knows no accept backlog (a socket is made when a SYN comes), gives no ICMP error to a TCP socket
//! (a connect is ended here), and keeps a socket with its buffers through TIME-WAIT (remembered here in a few bytes).

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::SocketAddr;

use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpEndpoint, IpListenEndpoint};

use super::nic::{Nic, Outbox};
use super::packet::{IpPacket, Reason};
use super::pool::SocketPool;

/// How long a connection whose program is gone may wait for its peer's FIN (Linux tcp_fin_timeout).
const ORPHAN: Duration = Duration::from_secs(60);
/// How long the two addresses of a closed connection are remembered (Linux TCP_TIMEWAIT_LEN).
const TIME_WAIT: Duration = Duration::from_secs(60);
/// Closed connections remembered at most; the oldest goes first.
const TIME_WAIT_MAX: usize = 64;

/// All TCP connections of one host.
pub(super) struct Tcp {
    interface: Interface,
    sockets: SocketSet<'static>,
    connections: Vec<Connection>,
    /// Closed connections and until when they are remembered, the oldest first.
    time_wait: VecDeque<(Instant, Pair)>,
}

/// The two ends of a connection, as this host sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

struct Connection {
    handle: SocketHandle,
    pair: Pair,
    /// What an ICMP message said about our SYN.
    error: Option<Reason>,
    /// The program is gone; its socket is kept until then at most.
    orphan: Option<Instant>,
}

impl Tcp {
    pub(super) fn new(now: Instant, mtu: u16, seed: u64) -> Tcp {
        Tcp {
            interface: interface(now, mtu, seed),
            // Most hosts have one connection at a time, and a socket is nearly a kilobyte.
            sockets: SocketSet::new(Vec::with_capacity(1)),
            connections: Vec::with_capacity(1),
            time_wait: VecDeque::new(),
        }
    }

    /// Sends no larger packets from now on; unacknowledged data goes again in smaller ones.
    pub(super) fn set_mtu(&mut self, now: Instant, mtu: u16, seed: u64) {
        self.interface = interface(now, mtu, seed);
    }

    /// Whether a socket of ours takes the packets between these two ends.
    pub(super) fn knows(&self, pair: Pair) -> bool {
        self.connections.iter().any(|c| c.pair == pair && self.sockets.get::<Socket>(c.handle).is_open())
    }

    /// Connections there are, also closing ones.
    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    /// The connections there are and `ss`' words for their states.
    pub(super) fn connections(&mut self) -> Vec<(Pair, &'static str)> {
        let mut list = Vec::new();
        for connection in &self.connections {
            let state = match self.sockets.get::<Socket>(connection.handle).state() {
                State::Closed | State::Listen => "UNCONN",
                State::SynSent => "SYN-SENT",
                State::SynReceived => "SYN-RECV",
                State::Established => "ESTAB",
                State::FinWait1 => "FIN-WAIT-1",
                State::FinWait2 => "FIN-WAIT-2",
                State::CloseWait => "CLOSE-WAIT",
                State::Closing => "CLOSING",
                State::LastAck => "LAST-ACK",
                State::TimeWait => "TIME-WAIT",
            };
            list.push((connection.pair, state));
        }
        list
    }

    /// Whether nothing at all is remembered, so that this value can be dropped.
    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.time_wait.is_empty()
    }

    /// A socket for a connection whose SYN is about to be handled.
    pub(super) fn listen(&mut self, pair: Pair, pool: &SocketPool) -> SocketHandle {
        self.time_wait.retain(|(_, closed)| *closed != pair);
        let mut socket = pool.take();
        let endpoint = IpListenEndpoint { addr: Some(pair.local.ip().into()), port: pair.local.port() };
        socket.listen(endpoint).expect("a SYN's port is not 0 and a pooled socket is closed");
        self.add(socket, pair)
    }

    /// Starts a connection: its SYN leaves with the next egress. `None` if the two ends make no sense together.
    pub(super) fn connect(&mut self, pair: Pair, pool: &SocketPool) -> Option<SocketHandle> {
        let mut socket = pool.take();
        let (local, remote) = (IpEndpoint::from(pair.local), IpEndpoint::from(pair.remote));
        match socket.connect(self.interface.context(), remote, local) {
            Ok(()) => Some(self.add(socket, pair)),
            Err(_) => {
                pool.put(socket);
                None
            }
        }
    }

    fn add(&mut self, socket: Socket<'static>, pair: Pair) -> SocketHandle {
        let handle = self.sockets.add(socket);
        self.connections.push(Connection { handle, pair, error: None, orphan: None });
        handle
    }

    /// The socket itself.
    pub(super) fn socket(&mut self, handle: SocketHandle) -> &mut Socket<'static> {
        self.sockets.get_mut(handle)
    }

    /// What an ICMP message said about the connection's SYN.
    pub(super) fn error(&self, handle: SocketHandle) -> Option<Reason> {
        self.connections.iter().find(|c| c.handle == handle)?.error
    }

    /// Whether `port` is in use towards `remote`, now or a moment ago.
    pub(super) fn is_used(&self, port: u16, remote: SocketAddr) -> bool {
        let mut pairs = self.connections.iter().map(|c| &c.pair).chain(self.time_wait.iter().map(|(_, pair)| pair));
        pairs.any(|pair| pair.local.port() == port && pair.remote == remote)
    }

    /// The program is done: a FIN follows what is still to be sent, or a RST if it left data unread.
    pub(super) fn release(&mut self, handle: SocketHandle, now: Instant) {
        let socket = self.sockets.get_mut::<Socket>(handle);
        match socket.recv_queue() {
            0 => socket.close(),
            _ => socket.abort(),
        }
        if let Some(connection) = self.connections.iter_mut().find(|c| c.handle == handle) {
            connection.orphan = Some(now + ORPHAN);
        }
    }

    /// Gives one TCP packet to its socket. Answers of the protocol itself go to the outbox at once.
    pub(super) fn handle_packet(&mut self, now: Instant, bytes: &[u8], mtu: u16, outbox: &mut Outbox) {
        let mut nic = Nic { received: Some(bytes), outbox, mtu: usize::from(mtu) };
        self.interface.poll_ingress_single(now, &mut nic, &mut self.sockets);
    }

    /// A RST has come: where smoltcp would listen again, this connection is over.
    pub(super) fn end_handshake(&mut self, pair: Pair) {
        for connection in self.connections.iter().filter(|connection| connection.pair == pair) {
            let socket = self.sockets.get_mut::<Socket>(connection.handle);
            if socket.state() == State::Listen {
                socket.close();
            }
        }
    }

    /// Whether the connection is closed but remembered.
    pub(super) fn is_time_wait(&self, pair: Pair) -> bool {
        self.time_wait.iter().any(|(_, closed)| *closed == pair)
    }

    /// An ICMP error about a packet of ours: one about a SYN ends the connect, as Linux does it.
    pub(super) fn handle_error(&mut self, about: &IpPacket<'_>, reason: Reason, pool: &SocketPool) {
        let Some((local, remote)) = about.ports() else { return };
        let pair =
            Pair { local: SocketAddr::new(about.source, local), remote: SocketAddr::new(about.destination, remote) };
        let Some(connection) = self.connections.iter_mut().find(|c| c.pair == pair) else { return };
        let socket = self.sockets.get_mut::<Socket>(connection.handle);
        if socket.state() == State::SynSent && !matches!(reason, Reason::TooBig(_) | Reason::TimeExceeded) {
            connection.error = Some(reason);
            // An aborted socket would send a RST to someone who is not there, so a fresh one takes its place.
            pool.put(core::mem::replace(
                socket,
                Socket::new(SocketBuffer::new(Vec::new()), SocketBuffer::new(Vec::new())),
            ));
        }
    }

    /// Data for a program that is gone is answered with a RST (RFC 2525, 2.17).
    pub(super) fn refuse_late_data(&mut self) {
        for connection in self.connections.iter().filter(|connection| connection.orphan.is_some()) {
            let socket = self.sockets.get_mut::<Socket>(connection.handle);
            if socket.recv_queue() > 0 {
                socket.abort();
            }
        }
    }

    /// Sends what the sockets have to send.
    pub(super) fn poll_egress(&mut self, now: Instant, mtu: u16, outbox: &mut Outbox) {
        let mut nic = Nic { received: None, outbox, mtu: usize::from(mtu) };
        while self.interface.poll_egress(now, &mut nic, &mut self.sockets) == PollResult::SocketStateChanged {}
    }

    /// Lets sockets go that nobody needs any more; to be called after egress, when their last packet has left.
    pub(super) fn sweep(&mut self, now: Instant, pool: &SocketPool) {
        while self.time_wait.front().is_some_and(|(until, _)| *until <= now) {
            self.time_wait.pop_front();
        }
        let mut index = 0;
        while index < self.connections.len() {
            let connection = &self.connections[index];
            let socket = self.sockets.get::<Socket>(connection.handle);
            let finished = match socket.state() {
                State::Closed | State::TimeWait => true,
                _ => connection.orphan.is_some_and(|until| until <= now),
            };
            if connection.orphan.is_none() || !finished {
                index += 1;
                continue;
            }
            if socket.state() == State::TimeWait {
                if self.time_wait.len() == TIME_WAIT_MAX {
                    self.time_wait.pop_front();
                }
                self.time_wait.push_back((now + TIME_WAIT, connection.pair));
            }
            let smoltcp::socket::Socket::Tcp(socket) = self.sockets.remove(connection.handle);
            pool.put(socket);
            self.connections.swap_remove(index);
        }
    }

    /// When there is something to do without any packet coming.
    pub(super) fn poll_at(&mut self, now: Instant) -> Option<Instant> {
        let orphans = self.connections.iter().filter_map(|c| c.orphan).min();
        let sockets = self.interface.poll_at(now, &self.sockets);
        [orphans, sockets].into_iter().flatten().min()
    }
}

fn interface(now: Instant, mtu: u16, seed: u64) -> Interface {
    let mut config = Config::new(HardwareAddress::Ip);
    config.random_seed = seed;
    let mut outbox = Outbox::new(Vec::new(), false, SocketPool::default());
    let mut nic = Nic { received: None, outbox: &mut outbox, mtu: usize::from(mtu) };
    let mut interface = Interface::new(config, &mut nic, now);
    // The host itself has decided that a packet is for it, so smoltcp needs no list of addresses.
    interface.set_any_ip(true);
    interface
}
