//! A host's TCP/IP stack: packets in, sockets' bytes out. Programs and servers stand above it.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use smoltcp::iface::SocketHandle;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpProtocol;

use super::config::HostConfig;
use super::nic::Outbox;
use super::packet::{self, Icmp, IpPacket, Reason, TcpHead};
use super::pool::SocketPool;
use super::server::{Protocol, Server};
use super::tcp::{Pair, Tcp};
use super::udp::Udp;
use crate::rng::Rng;

/// Connections a host accepts at most at a time; a SYN beyond is dropped, as from a full backlog.
const CONNECTIONS_MAX: usize = 1024;
/// Ports for clients (Linux ip_local_port_range).
const EPHEMERAL: core::ops::RangeInclusive<u16> = 32768..=60999;
/// The smallest MTU an ICMP message is believed about (Linux min_pmtu, IPv6's minimum).
const PATH_MTU_MIN: (u16, u16) = (552, 1280);

/// The stack. smoltcp's part exists while there is a TCP connection.
pub(super) struct Stack {
    pub(super) now: Instant,
    pub(super) outbox: Outbox,
    pub(super) udp: Udp,
    pub(super) listeners: Vec<Listener>,
    /// Connections whose SYN has come and whose server has not started yet.
    pub(super) accepted: Vec<(SocketHandle, Server)>,
    /// Echo requests whose reply is awaited.
    pub(super) pings: Vec<Ping>,
    tcp: Option<Box<Tcp>>,
    pool: SocketPool,
    mtu: u16,
    rng: Rng,
    /// The next ephemeral port; 0: none was needed yet.
    next_port: u16,
    config: Rc<HostConfig>,
}

/// An open port.
pub(super) struct Listener {
    pub(super) protocol: Protocol,
    pub(super) port: u16,
    pub(super) to: Target,
}

/// Who gets what comes in at an open port.
pub(super) enum Target {
    /// A server of the host, one task a connection.
    Server(Server),
    /// A program that calls accept; connections it has not taken yet wait here.
    Program(Vec<SocketHandle>),
}

/// An echo request that was sent.
#[derive(Debug)]
pub(super) struct Ping {
    pub(super) ident: u16,
    pub(super) sequence: u16,
    pub(super) reply: Option<PingReply>,
}

/// What came back for an echo request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PingReply {
    /// Who answered.
    pub from: IpAddr,
    /// Bytes of the answer's data.
    pub length: usize,
    /// Hops the answer had left.
    pub ttl: u8,
    /// When it arrived.
    pub at: Instant,
    /// It was this error and not the echo.
    pub error: Option<Reason>,
}

impl Stack {
    pub(super) fn new(config: Rc<HostConfig>) -> Stack {
        Stack {
            now: Instant::ZERO,
            outbox: Outbox::new(config.addresses.clone(), config.routed, config.pool.clone()),
            udp: Udp::default(),
            listeners: Vec::new(),
            accepted: Vec::new(),
            pings: Vec::new(),
            tcp: None,
            pool: config.pool.clone(),
            mtu: config.mtu,
            rng: config.rng.clone(),
            next_port: 0,
            config,
        }
    }

    /// Says what time it is.
    pub(super) fn set_now(&mut self, now: Instant) {
        self.now = now;
        self.outbox.now = now;
    }

    /// The TCP half, made now if need be.
    pub(super) fn tcp(&mut self) -> &mut Tcp {
        let (now, mtu, rng) = (self.now, self.mtu, &mut self.rng);
        self.tcp.get_or_insert_with(|| Box::new(Tcp::new(now, mtu, rng.next_u64())))
    }

    /// The largest packet sent.
    pub(super) fn mtu(&self) -> u16 {
        self.mtu
    }

    /// A number for a query or an echo request.
    pub(super) fn draw(&mut self) -> u16 {
        self.rng.next_u32() as u16
    }

    /// The address a packet to `destination` carries as its source; `None` without one of that family.
    pub(super) fn source_for(&self, destination: IpAddr) -> Option<IpAddr> {
        if destination.is_loopback() {
            return Some(match destination {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        if self.outbox.is_own(destination) {
            return Some(destination);
        }
        self.outbox.addresses.iter().copied().find(|own| own.is_ipv4() == destination.is_ipv4())
    }

    /// Takes one packet from the network.
    pub(super) fn handle_packet(&mut self, bytes: &[u8]) {
        let Some(packet) = IpPacket::parse(bytes) else { return };
        if !self.outbox.is_own(packet.destination) {
            return;
        }
        if !self.outbox.routed {
            self.outbox.observe(false, bytes);
        }
        match packet.protocol {
            IpProtocol::Tcp => self.handle_tcp(bytes, &packet),
            IpProtocol::Udp => self.handle_udp(bytes, &packet),
            IpProtocol::Icmp | IpProtocol::Icmpv6 => self.handle_icmp(&packet),
            _ => {}
        }
    }

    fn handle_tcp(&mut self, bytes: &[u8], packet: &IpPacket<'_>) {
        let Some(head) = TcpHead::parse(packet) else { return };
        let Some((from, to)) = packet.ports() else { return };
        let pair =
            Pair { local: SocketAddr::new(packet.destination, to), remote: SocketAddr::new(packet.source, from) };
        if !self.tcp().knows(pair) {
            if head.syn && !head.ack {
                if !self.accept(pair) {
                    return;
                }
            } else if self.tcp().is_time_wait(pair) {
                // A FIN again: our acknowledgement was lost. Anything else is late.
                let answer = if head.fin { head.acknowledgement(pair.local, pair.remote) } else { None };
                return answer.into_iter().for_each(|answer| self.outbox.push(answer));
            }
        }
        if let Some(tcp) = &mut self.tcp {
            tcp.handle_packet(self.now, bytes, self.mtu, &mut self.outbox);
            if head.rst {
                tcp.end_handshake(pair);
            }
        }
    }

    /// Prepares a socket for a SYN to an open port; without one smoltcp answers with a RST. False: drop the SYN.
    fn accept(&mut self, pair: Pair) -> bool {
        let found = self.listeners.iter().position(|l| l.protocol == Protocol::Tcp && l.port == pair.local.port());
        let Some(index) = found else { return true };
        if self.tcp().len() >= CONNECTIONS_MAX {
            return false;
        }
        let pool = self.pool.clone();
        let handle = self.tcp().listen(pair, &pool);
        match &mut self.listeners[index].to {
            Target::Server(server) => self.accepted.push((handle, server.clone())),
            Target::Program(waiting) => waiting.push(handle),
        }
        true
    }

    fn handle_udp(&mut self, bytes: &[u8], packet: &IpPacket<'_>) {
        let (Some(content), Some((from, to))) = (packet.datagram(), packet.ports()) else { return };
        let (from, to) = (SocketAddr::new(packet.source, from), SocketAddr::new(packet.destination, to));
        if self.udp.handle_datagram(from, to, content) {
            return;
        }
        let listener = self.listeners.iter().find(|l| l.protocol == Protocol::Udp && l.port == to.port());
        let answer = match listener.map(|l| &l.to) {
            Some(Target::Server(server)) => server
                .answer(&self.config.hostname, content, from, to)
                .and_then(|answer| packet::udp(to, from, &answer)),
            _ => packet::port_unreachable(bytes, packet),
        };
        if let Some(answer) = answer {
            self.outbox.push(answer);
        }
    }

    fn handle_icmp(&mut self, packet: &IpPacket<'_>) {
        match packet.icmp() {
            Some(Icmp::Echo(request)) => {
                if let Some(reply) = packet::echo_reply(packet.destination, packet.source, request) {
                    self.outbox.push(reply);
                }
            }
            Some(Icmp::EchoReply { ident, sequence, data }) => {
                let error = None;
                self.handle_ping(ident, sequence, packet, data.len(), error);
            }
            Some(Icmp::Error { reason, about }) => self.handle_error(packet, reason, &about),
            None => {}
        }
    }

    fn handle_ping(&mut self, ident: u16, sequence: u16, packet: &IpPacket<'_>, length: usize, error: Option<Reason>) {
        let at = self.now;
        if let Some(ping) = self.pings.iter_mut().find(|ping| ping.ident == ident && ping.sequence == sequence) {
            ping.reply.get_or_insert(PingReply { from: packet.source, length, ttl: packet.hop_limit, at, error });
        }
    }

    fn handle_error(&mut self, packet: &IpPacket<'_>, reason: Reason, about: &IpPacket<'_>) {
        if !self.outbox.is_own(about.source) {
            return;
        }
        if let Reason::TooBig(mtu) = reason {
            let floor = if about.source.is_ipv4() { PATH_MTU_MIN.0 } else { PATH_MTU_MIN.1 };
            let mtu = u16::try_from(mtu).unwrap_or(u16::MAX).max(floor);
            if mtu < self.mtu {
                self.mtu = mtu;
                let (now, seed) = (self.now, self.rng.next_u64());
                if let Some(tcp) = &mut self.tcp {
                    tcp.set_mtu(now, mtu, seed);
                }
            }
        }
        match (about.protocol, about.ports()) {
            (IpProtocol::Tcp, _) => {
                if let Some(tcp) = &mut self.tcp {
                    tcp.handle_error(about, reason, &self.pool);
                }
            }
            (IpProtocol::Udp, Some((local, remote))) if !matches!(reason, Reason::TooBig(_)) => {
                let (local, remote) =
                    (SocketAddr::new(about.source, local), SocketAddr::new(about.destination, remote));
                self.udp.handle_error(local, remote, reason);
            }
            (IpProtocol::Icmp | IpProtocol::Icmpv6, _) => {
                if let Some(&[a, b, c, d]) = about.payload.get(4..8) {
                    let (ident, sequence) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                    self.handle_ping(ident, sequence, packet, 0, Some(reason));
                }
            }
            _ => {}
        }
    }

    /// The connections there are and `ss`' words for their states.
    pub(super) fn connections(&mut self) -> Vec<(Pair, &'static str)> {
        self.tcp.as_mut().map(|tcp| tcp.connections()).unwrap_or_default()
    }

    /// Opens a TCP connection from a fresh port, or from `port`; `None` if there is no way to that address.
    pub(super) fn connect(&mut self, remote: SocketAddr, port: u16) -> Option<SocketHandle> {
        let source = self.source_for(remote.ip())?;
        let port = if port != 0 { port } else { self.ephemeral_port(remote) };
        let pool = self.pool.clone();
        self.tcp().connect(Pair { local: SocketAddr::new(source, port), remote }, &pool)
    }

    /// A port that is free towards `remote`: a seeded cursor that walks through the range.
    pub(super) fn ephemeral_port(&mut self, remote: SocketAddr) -> u16 {
        if self.next_port == 0 {
            let width = u32::from(EPHEMERAL.end() - EPHEMERAL.start()) + 1;
            self.next_port = EPHEMERAL.start() + self.rng.below(width) as u16;
        }
        for _ in EPHEMERAL {
            let port = self.next_port;
            self.next_port = if port == *EPHEMERAL.end() { *EPHEMERAL.start() } else { port + 1 };
            let used = self.udp.is_used(port) || self.tcp.as_ref().is_some_and(|tcp| tcp.is_used(port, remote));
            if !used && !self.listeners.iter().any(|listener| listener.port == port) {
                return port;
            }
        }
        *EPHEMERAL.start()
    }

    /// Sends a UDP datagram; false if it is too long for the path or there is no way to that address.
    pub(super) fn send_datagram(&mut self, from: Option<IpAddr>, port: u16, to: SocketAddr, content: &[u8]) -> bool {
        let Some(source) = from.or_else(|| self.source_for(to.ip())) else { return false };
        match packet::udp(SocketAddr::new(source, port), to, content) {
            Some(packet) if packet.len() <= usize::from(self.mtu) => {
                self.outbox.push(packet);
                true
            }
            _ => false,
        }
    }

    /// Sends an echo request and remembers that its reply is awaited; false if there is no way to that address.
    pub(super) fn send_ping(&mut self, to: IpAddr, echo: packet::Echo<'_>) -> bool {
        let Some(source) = self.source_for(to) else { return false };
        let Some(request) = packet::echo_request(source, to, echo) else { return false };
        self.outbox.push(request);
        self.pings.push(Ping { ident: echo.ident, sequence: echo.sequence, reply: None });
        true
    }

    /// What came back for an echo request so far.
    pub(super) fn reply(&self, ident: u16, sequence: u16) -> Option<PingReply> {
        self.pings.iter().find(|ping| ping.ident == ident && ping.sequence == sequence)?.reply
    }

    /// Sends what is due; afterwards unused parts are let go.
    pub(super) fn poll_egress(&mut self) {
        let (now, mtu) = (self.now, self.mtu);
        if let Some(tcp) = &mut self.tcp {
            tcp.refuse_late_data();
            tcp.poll_egress(now, mtu, &mut self.outbox);
            tcp.sweep(now, &self.pool);
            if tcp.is_empty() {
                self.tcp = None;
            }
        }
    }

    /// Whether no TCP connection is remembered and no datagram awaited.
    pub(super) fn is_idle(&self) -> bool {
        self.tcp.is_none() && self.udp.is_empty()
    }

    /// When the stack has something to do by itself.
    pub(super) fn poll_at(&mut self) -> Option<Instant> {
        let now = self.now;
        // After egress nothing can be due now; a clamp keeps a disagreement from stopping the world.
        self.tcp.as_mut()?.poll_at(now).map(|at| if at > now { at } else { now + Duration::from_millis(1) })
    }
}
