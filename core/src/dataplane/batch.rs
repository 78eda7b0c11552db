//! Many packets at once: their cache misses overlap, where packets one at a time wait for each.

use super::Router;
use super::config::Mode;
use super::conntrack::tick;
use super::verdict::{Ingress, Verdict};
use super::{Node, Plane};
use crate::net::address::Address;
use crate::net::flow::{Plain, Tuple};
use crate::net::header::parse_plain;
use crate::net::{Reason, Tap};
use crate::time::Instant;

/// One packet of a batch, and what became of it.
#[derive(Debug)]
pub struct BatchPacket<'a> {
    /// The packet, rewritten in place.
    pub packet: &'a mut [u8],
    /// Where it comes from.
    pub from: Ingress,
    /// Where it goes, once it was handled.
    pub verdict: Verdict,
}

impl<'a> BatchPacket<'a> {
    /// A packet to be handled.
    pub fn new(packet: &'a mut [u8], from: Ingress) -> BatchPacket<'a> {
        BatchPacket { packet, from, verdict: Verdict::Drop(Reason::Malformed) }
    }
}

const BATCH: usize = 32;

impl Router {
    /// Handles packets in order, with the same outcome as one at a time.
    pub fn handle_batch(&mut self, now: Instant, packets: &mut [BatchPacket<'_>], tap: &mut impl Tap) {
        for packets in packets.chunks_mut(BATCH) {
            if self.v4.conntrack.slots.is_small() {
                packets.iter_mut().for_each(|p| p.verdict = self.handle_packet(now, p.packet, p.from, tap));
            } else {
                let mut keys = [Key::default(); BATCH];
                for (packet, key) in packets.iter().zip(&mut keys) {
                    self.v4.read_key(packet.packet, key);
                }
                self.v4.rehearse(&self.node, &keys[..packets.len()]);
                packets.iter_mut().zip(&keys).for_each(|(packet, key)| self.handle_known(now, packet, key, tap));
            }
        }
    }

    /// Handles a packet whose key is known.
    #[inline(always)]
    fn handle_known(&mut self, now: Instant, packet: &mut BatchPacket<'_>, key: &Key<u32>, tap: &mut impl Tap) {
        let BatchPacket { packet, from, verdict } = packet;
        let short = match key.is_plain && self.v4.conntrack.is_quiet(tick(now)) {
            true => self.v4.express_from(&mut self.node, now, packet, &key.plain, key.home as usize, *from, tap),
            false => None,
        };
        *verdict = match short {
            Some(way) => way.verdict,
            None => self.handle_other(now, packet, *from, tap),
        };
    }
}

/// What an IPv4 packet is looked up by.
#[derive(Clone, Copy, Default)]
struct Key<A: Address> {
    plain: Plain<A>,
    home: u32,
    is_plain: bool,
}

impl<A: Address> Plane<A> {
    /// Reads what the packet is looked up by; nothing if it cannot be read.
    #[inline(always)]
    fn read_key(&self, packet: &[u8], key: &mut Key<A>) {
        match parse_plain(packet) {
            Some(plain) => *key = Key { plain, home: self.conntrack.slots.home_of(&plain) as u32, is_plain: true },
            None => self.read_special_key(packet, key),
        }
    }

    #[inline(never)]
    fn read_special_key(&self, packet: &[u8], key: &mut Key<A>) {
        let Ok(header) = A::parse(packet) else { return };
        let Tuple { src, dst, ports, protocol } = header.tuple;
        let plain = Plain { addresses: A::join(src, dst), ports, protocol };
        *key = Key { plain, home: self.conntrack.slots.home_of(&plain) as u32, is_plain: false };
    }

    /// Reads whatever the packets will need. The reads do not wait for one another, and leave what they read in the
    /// cache. Nothing else comes of it, so that a wrong guess costs time and no more.
    ///
    /// A processor looks a few hundred instructions ahead: loops that do nothing but read have more reads under way at a
    /// time than one loop that parses between them.
    fn rehearse(&self, node: &Node, keys: &[Key<A>]) {
        let slots = &self.conntrack.slots;
        let mut touched = 0;
        for key in keys {
            touched ^= slots.touch(key.home as usize);
        }
        // A search that does not end in its first line needs another one, which the first had to tell.
        for key in keys {
            touched ^= slots.touch_next(&key.plain, key.home as usize);
        }
        if !keys.iter().all(|key| key.is_plain & (key.plain.protocol == 6)) {
            touched ^= self.rehearse_new(node, keys);
        }
        core::hint::black_box(touched);
    }

    /// What new connections will need: their service port, the backend that chance will choose, the place of the answers.
    #[inline(never)]
    fn rehearse_new(&self, node: &Node, keys: &[Key<A>]) -> u64 {
        let slots = &self.conntrack.slots;
        let mut touched = 0;
        let mut found = [None; BATCH];
        for (key, found) in keys.iter().zip(&mut found) {
            let tuple = key.plain.tuple();
            let may_be_new = !key.is_plain || tuple.protocol == 17;
            if may_be_new && slots.is_unknown(&tuple, key.home as usize) {
                *found = self.services.find(tuple.dst, tuple.dst_port(), tuple.protocol);
            }
        }
        let services = found.map(|found| self.services.get(found?.0));
        for service in services.iter().flatten() {
            // Two fields, since a service port lies in two lines.
            touched ^= service.endpoints.len() as u64 ^ u64::from(service.is_known);
        }
        if !matches!(node.config.mode, Mode::Iptables | Mode::Nftables) {
            return touched;
        }
        let mut rng = node.rng.clone();
        let mut backends = [None; BATCH];
        for (service, backend) in services.iter().zip(&mut backends) {
            if let Some(service) = service {
                *backend = service.endpoints.get(rng.below(service.endpoints.len() as u32) as usize);
                touched ^= backend.map_or(0, |backend| u64::from(backend.port));
            }
        }
        for (key, backend) in keys.iter().zip(&backends) {
            if let Some(backend) = backend {
                let reply = key.plain.tuple().with_dst(backend.address, backend.port).reversed();
                touched ^= slots.touch(slots.home(slots.hash(A::join(reply.src, reply.dst), reply.ports)));
            }
        }
        touched
    }
}
