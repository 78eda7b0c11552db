//! Many packets at once: their cache misses overlap, where packets one at a time wait for each.

use super::Router;
use super::config::Mode;
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
                continue;
            }
            let mut keys = [Key::default(); BATCH];
            self.v4.rehearse(&self.node, packets, &mut keys);
            for (packet, key) in packets.iter_mut().zip(&keys) {
                let BatchPacket { packet, from, verdict } = packet;
                let short = match key.is_plain {
                    true => {
                        self.v4.express_from(&mut self.node, now, packet, &key.plain, key.home as usize, *from, tap)
                    }
                    false => None,
                };
                *verdict = match short {
                    Some(way) => way.verdict,
                    None => self.handle_other(now, packet, *from, tap),
                };
            }
        }
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
    /// Finds the keys of all packets, and reads whatever they will need. The reads do not wait for one another, and
    /// leave what they read in the cache. Nothing else comes of it, so that a wrong guess costs time and no more.
    fn rehearse(&self, node: &Node, packets: &[BatchPacket<'_>], keys: &mut [Key<A>; BATCH]) {
        let slots = &self.conntrack.slots;
        let (mut touched, mut is_plain) = (0, true);
        for (packet, key) in packets.iter().zip(&mut *keys) {
            if let Some(plain) = parse_plain(packet.packet) {
                let home = slots.home(slots.hash(plain.addresses, plain.ports));
                *key = Key { plain, home: home as u32, is_plain: true };
                touched ^= slots.touch(home);
                is_plain &= plain.protocol == 6;
            } else if let Ok(header) = A::parse(packet.packet) {
                let Tuple { src, dst, ports, protocol } = header.tuple;
                let addresses = A::join(src, dst);
                let home = slots.home(slots.hash(addresses, ports));
                *key = Key { plain: Plain { addresses, ports, protocol }, home: home as u32, is_plain: false };
                touched ^= slots.touch(home);
                is_plain = false;
            }
        }
        if !is_plain {
            touched ^= self.rehearse_new(node, &keys[..packets.len()]);
        }
        core::hint::black_box(touched);
    }

    /// What new connections will need: their service port, the backend that chance will choose, the place of the answers.
    #[inline(never)]
    fn rehearse_new(&self, node: &Node, keys: &[Key<A>]) -> u64 {
        let slots = &self.conntrack.slots;
        let mut touched = 0;
        let mut services = [None; BATCH];
        for (key, service) in keys.iter().zip(&mut services) {
            let tuple = key.plain.tuple();
            let may_be_new = !key.is_plain || tuple.protocol == 17;
            if may_be_new && slots.is_unknown(&tuple, key.home as usize) {
                let found = self.services.find(tuple.dst, tuple.dst_port(), tuple.protocol);
                *service = found.and_then(|(index, _)| self.services.get(index));
                touched ^= service.map_or(0, |service| service.endpoints.len() as u64);
            }
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
