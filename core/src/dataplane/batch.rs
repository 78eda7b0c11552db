//! Many packets at once: their cache misses overlap, where packets one at a time wait for each.

use super::Router;
use super::conntrack;
use super::verdict::{Ingress, Verdict};
use super::{Node, Plane};
use crate::net::address::Address;
use crate::net::flow::Tuple;
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

impl<A: Address> Plane<A> {
    fn handle_batch<T: Tap>(&mut self, node: &mut Node, now: Instant, packets: &mut [BatchPacket<'_>], tap: &mut T) {
        let mut keys = [(Tuple::<A>::default(), 0, false); BATCH];
        // Read the slots of all packets first. The reads do not wait for one another, and leave the slots in the cache.
        let mut touched = 0;
        for (packet, key) in packets.iter().zip(&mut keys) {
            let plain = parse_plain(packet.packet);
            let tuple = plain.or_else(|| A::parse(packet.packet).ok().map(|header| header.tuple));
            if let Some(tuple) = tuple {
                *key = (tuple, self.conntrack.slots.hash(&tuple), plain.is_some());
                touched ^= self.conntrack.slots.touch(key.1);
            }
        }
        // What is not known yet will need its service port, and that one's endpoints.
        for (tuple, hash, _) in &keys[..packets.len()] {
            if self.conntrack.slots.is_unknown(tuple, *hash) {
                touched ^= self.services.touch(tuple);
            }
        }
        core::hint::black_box(touched);
        if self.conntrack.is_due(conntrack::tick(now)) {
            self.expire(node, now, tap);
        }
        for (packet, (tuple, hash, is_plain)) in packets.iter_mut().zip(&keys) {
            let BatchPacket { packet, from, verdict } = packet;
            *verdict = match is_plain {
                true => self.express(node, now, packet, tuple, *hash, *from, tap),
                false => None,
            }
            .unwrap_or_else(|| self.carry(node, now, packet, *from, tap));
        }
    }
}
