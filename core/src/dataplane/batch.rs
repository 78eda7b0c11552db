//! Many packets at once: their cache misses overlap, where packets one at a time wait for each.

use super::Router;
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
            match packets.iter().all(|p| p.packet.first().is_some_and(|byte| byte >> 4 == 4)) {
                true => self.v4.handle_batch(&mut self.node, now, packets, tap),
                false => packets.iter_mut().for_each(|p| p.verdict = self.handle_packet(now, p.packet, p.from, tap)),
            }
        }
    }
}

/// What a packet is looked up by.
#[derive(Clone, Copy, Default)]
struct Key<A: Address> {
    plain: Plain<A>,
    home: usize,
    is_plain: bool,
}

impl<A: Address> Plane<A> {
    fn handle_batch<T: Tap>(&mut self, node: &mut Node, now: Instant, packets: &mut [BatchPacket<'_>], tap: &mut T) {
        let slots = &self.conntrack.slots;
        let mut keys = [Key::<A>::default(); BATCH];
        // Read the slots of all packets first. The reads do not wait for one another, and leave the slots in the cache.
        let mut touched = 0;
        for (packet, key) in packets.iter().zip(&mut keys) {
            if let Some(plain) = parse_plain(packet.packet) {
                let home = slots.home(slots.hash(plain.addresses, plain.ports));
                *key = Key { plain, home, is_plain: true };
                touched ^= slots.touch(home);
            } else if let Ok(header) = A::parse(packet.packet) {
                let Tuple { src, dst, ports, protocol } = header.tuple;
                let plain = Plain { addresses: A::join(src, dst), ports, protocol };
                *key = Key { plain, home: slots.home(slots.hash(plain.addresses, ports)), is_plain: false };
                touched ^= slots.touch(key.home);
            }
        }
        // What is not known yet will need its service port, and that one's endpoints.
        for key in &keys[..packets.len()] {
            let may_be_new = !key.is_plain || key.plain.protocol == 17;
            if may_be_new && slots.is_unknown(&key.plain.tuple(), key.home) {
                touched ^= u64::from(self.services.touch(&key.plain.tuple()));
            }
        }
        core::hint::black_box(touched);
        for (packet, key) in packets.iter_mut().zip(&keys) {
            let BatchPacket { packet, from, verdict } = packet;
            let short = match key.is_plain {
                true => self.express_from(node, now, packet, &key.plain, key.home, *from, tap),
                false => None,
            };
            *verdict = match short {
                Some(way) => way.verdict,
                None => self.handle(node, now, packet, *from, tap),
            };
        }
    }
}
