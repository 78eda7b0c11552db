//! The interface card of a host: whole IP packets in memory, those for the host itself kept inside.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::IpAddr;

use smoltcp::phy::{ChecksumCapabilities, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

use super::packet::IpPacket;
use super::pool::SocketPool;
use crate::net::rewrite::fill_checksums;

/// Packets on their way out.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Own addresses; what is sent to them never leaves, unless it is routed.
    pub(super) addresses: Vec<IpAddr>,
    /// Whether a router sees even what the host sends to itself.
    pub(super) routed: bool,
    /// For the network.
    pub(super) wire: VecDeque<Vec<u8>>,
    /// For the host itself.
    pub(super) loopback: VecDeque<Vec<u8>>,
    /// Who looks at every packet (`tcpdump`), by number; what is routed, the router shows.
    pub(super) watchers: Vec<(u32, VecDeque<Seen>)>,
    /// The time, for those who look.
    pub(super) now: Instant,
    /// Where packets come from.
    pool: SocketPool,
}

/// A packet that went by.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) at: Instant,
    pub(super) outgoing: bool,
    pub(super) packet: Vec<u8>,
}

/// Packets that a watcher may be behind; more are lost to it.
const UNSEEN: usize = 4096;

impl Outbox {
    pub(super) fn new(addresses: Vec<IpAddr>, routed: bool, pool: SocketPool) -> Outbox {
        let (wire, loopback) = (VecDeque::new(), VecDeque::new());
        Outbox { addresses, routed, wire, loopback, watchers: Vec::new(), now: Instant::ZERO, pool }
    }

    /// Whether `address` is this host.
    pub(super) fn is_own(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.addresses.contains(&address)
    }

    /// Shows a packet to those who look.
    pub(super) fn observe(&mut self, outgoing: bool, packet: &[u8]) {
        for (_, seen) in self.watchers.iter_mut().filter(|(_, seen)| seen.len() < UNSEEN) {
            seen.push_back(Seen { at: self.now, outgoing, packet: packet.to_vec() });
        }
    }

    /// Whether somebody has packets to look at still.
    pub(super) fn is_unseen(&self) -> bool {
        self.watchers.iter().any(|(_, seen)| !seen.is_empty())
    }

    /// Sends a packet, to the network or back to the host. What cannot be an IP packet is dropped.
    pub(super) fn push(&mut self, packet: Vec<u8>) {
        if !self.routed {
            self.observe(true, &packet);
        }
        match IpPacket::destination(&packet) {
            Some(destination) if !self.routed && self.is_own(destination) => self.loopback.push_back(packet),
            Some(_) => self.wire.push_back(packet),
            None => {}
        }
    }
}

/// smoltcp's view of the card for one call: at most one packet to receive, and the way out.
pub(super) struct Nic<'a> {
    pub(super) received: Option<&'a [u8]>,
    pub(super) outbox: &'a mut Outbox,
    pub(super) mtu: usize,
}

impl Device for Nic<'_> {
    type RxToken<'t>
        = Received<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Transmit<'t>
    where
        Self: 't;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Transmit<'_>)> {
        let packet = self.received.take()?;
        Some((Received(packet), Transmit(self.outbox)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Transmit<'_>> {
        Some(Transmit(self.outbox))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        // The host has looked at what it hands on, and fills in what it takes: faster than smoltcp, which adds 16 bits
        // at a time.
        capabilities.checksum = ChecksumCapabilities::ignored();
        capabilities
    }
}

pub(super) struct Received<'a>(&'a [u8]);

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

pub(super) struct Transmit<'a>(&'a mut Outbox);

impl TxToken for Transmit<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        // smoltcp writes all of them but the checksums.
        let mut packet = self.0.pool.packet(len);
        let result = f(&mut packet);
        fill_checksums(&mut packet);
        self.0.push(packet);
        result
    }
}
