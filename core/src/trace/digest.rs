//! One number for everything that happened: equal runs have equal digests, on every platform.

use crate::{
    api::{Key, Value},
    control::Change,
    net::{Event, Flow, Place, Reason, Step, Tap},
    time::Instant,
};
use core::net::{IpAddr, SocketAddr};

/// A running 64-bit digest of packets, events and writes to the store: FNV-1a over words of eight bytes, long runs of bytes
/// in four lanes.
///
/// It tells accidents apart, not attacks.
///
/// ```
/// use clusterip::{net::{Place, Tap}, id::NodeId, time::Instant, trace::Digest};
/// let mut digest = Digest::default();
/// digest.frame(Instant::ZERO, Place::Node(NodeId(0)), &[0x45]);
/// assert_ne!(digest.value(), Digest::default().value());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    state: u64,
    count: u64,
}

impl Default for Digest {
    fn default() -> Digest {
        Digest { state: 0xcbf2_9ce4_8422_2325, count: 0 }
    }
}

impl Digest {
    /// The digest of everything so far.
    pub fn value(&self) -> u64 {
        // The high bits of a product depend on all bits, the low ones do not: mix them (splitmix64's finish).
        let mut z = self.state ^ self.count;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// How many things went into it: where two runs differ is found by comparing digests at equal counts.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes a write to the store in.
    pub fn change(&mut self, now: Instant, change: &Change) {
        self.start(1, now, 0);
        self.word(change.revision);
        let Key { kind, namespace, name } = &*change.key;
        self.word(*kind as u64);
        self.bytes(namespace.as_bytes());
        self.bytes(name.as_bytes());
        match (&change.before, &change.after) {
            (Some(before), Some(after)) => self.difference(&before.value, &after.value),
            (None, Some(after)) => self.tree(&after.value),
            (_, None) => self.word(0),
        }
    }

    /// Takes a packet in that went in before: on its way only its headers change.
    pub fn again(&mut self, now: Instant, place: Place, packet: &[u8]) {
        // The longest headers that a router writes: an ICMPv6 error and the headers that it quotes.
        const HEADERS: usize = 96;
        self.start(5, now, place_word(place));
        self.word(packet.len() as u64);
        self.bytes(&packet[..packet.len().min(HEADERS)]);
    }

    /// Takes anything else in: the output of a command, an answer to a caller.
    pub fn text(&mut self, now: Instant, text: &str) {
        self.start(4, now, 0);
        self.bytes(text.as_bytes());
    }

    fn start(&mut self, kind: u64, now: Instant, place: u64) {
        self.count += 1;
        self.word(kind << 40 | place);
        self.word(now.total_micros() as u64);
    }

    fn word(&mut self, word: u64) {
        self.state = (self.state ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (chunks, rest) = bytes.as_chunks::<32>();
        if !chunks.is_empty() {
            // Four lanes, and products that wait for no other: a packet's bytes are most of what is digested.
            let [mut a, mut b, mut c, mut d] = [0; 4];
            for chunk in chunks {
                let ([first, second, third, fourth], _) = chunk.as_chunks::<8>() else { continue };
                a = lane(a, *first);
                b = lane(b, *second);
                c = lane(c, *third);
                d = lane(d, *fourth);
            }
            [a, b, c, d].into_iter().for_each(|lane| self.word(lane));
        }
        let (words, tail) = rest.as_chunks::<8>();
        words.iter().for_each(|word| self.word(u64::from_le_bytes(*word)));
        if !tail.is_empty() {
            let word = tail.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            self.word(word);
        }
    }

    /// Takes in what a write changed: what was there before went in with an earlier one.
    fn difference(&mut self, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Map(old), Value::Map(new)) => {
                // Most fields are as before, and stand in the same order.
                let mut rest = old.iter().peekable();
                for (name, value) in new.iter() {
                    let was = rest.next_if(|(known, _)| *known == name);
                    let was = was.map_or_else(|| old.get(name), |(_, was)| Some(was));
                    if was != Some(value) {
                        self.word(9);
                        self.bytes(name.as_bytes());
                        self.difference(was.unwrap_or(&Value::Null), value);
                    }
                }
                for (name, _) in rest.filter(|(name, _)| new.get(name).is_none()) {
                    self.word(10);
                    self.bytes(name.as_bytes());
                }
                self.word(11);
            }
            (Value::List(old), Value::List(new)) => {
                let same = old.iter().zip(new.iter()).take_while(|(old, new)| old == new).count();
                let (old, new) = (&old[same..], &new[same..]);
                let rest = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
                let (old, new) = (&old[..old.len() - rest], &new[..new.len() - rest]);
                [12, same, old.len(), new.len()].into_iter().for_each(|number| self.word(number as u64));
                for (at, item) in new.iter().enumerate() {
                    self.difference(old.get(at).unwrap_or(&Value::Null), item);
                }
            }
            _ => self.tree(after),
        }
    }

    fn tree(&mut self, value: &Value) {
        match value {
            Value::Null => self.word(1),
            Value::Bool(truth) => self.word(2 + u64::from(*truth)),
            Value::Int(number) => {
                self.word(4);
                self.word(*number as u64);
            }
            Value::Decimal(text) => {
                self.word(5);
                self.bytes(text.as_bytes());
            }
            Value::String(text) => {
                self.word(6);
                self.bytes(text.as_bytes());
            }
            Value::List(items) => {
                self.word(7);
                self.word(items.len() as u64);
                items.iter().for_each(|item| self.tree(item));
            }
            Value::Map(fields) => {
                self.word(8);
                self.word(fields.len() as u64);
                for (name, value) in fields.iter() {
                    self.bytes(name.as_bytes());
                    self.tree(value);
                }
            }
        }
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.word(address.to_bits().into()),
            IpAddr::V6(address) => {
                let bits = address.to_bits();
                self.word((bits >> 64) as u64);
                self.word(bits as u64);
            }
        }
    }

    fn socket(&mut self, socket: SocketAddr) {
        self.address(socket.ip());
        self.word(socket.port().into());
    }

    fn flow(&mut self, flow: &Flow) {
        let rest = u64::from(flow.src_port) << 32 | u64::from(flow.dst_port) << 16 | u64::from(flow.protocol.number());
        match (flow.src, flow.dst) {
            // Each packet has several flows, and nearly all of them are of this family.
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                self.word(u64::from(src.to_bits()) << 32 | u64::from(dst.to_bits()));
                self.word(4 << 60 | rest);
            }
            (src, dst) => {
                self.address(src);
                self.address(dst);
                self.word(6 << 60 | rest);
            }
        }
    }

    fn reason(&mut self, kind: u64, reason: Reason) {
        self.word(kind << 32 | reason as u64);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Received { bytes } => self.word(1 << 32 | u64::from(*bytes)),
            Step::Tracked { reply } => self.word(2 << 32 | u64::from(*reply)),
            Step::Virtual { entry } => self.word(3 << 32 | u64::from(*entry)),
            Step::Chosen { backend, sticky } => {
                self.word(4 << 32 | u64::from(*sticky));
                self.socket(*backend);
            }
            Step::Judged { allowed } => self.word(5 << 32 | u64::from(*allowed)),
            Step::Opened { reply } => {
                self.word(6 << 32);
                self.flow(reply);
            }
            Step::Rewritten { to } => {
                self.word(7 << 32);
                self.flow(to);
            }
            Step::Sent { to } => {
                self.word(8 << 40 | place_word(*to));
            }
            Step::Dropped { reason } => self.reason(9, *reason),
            Step::Refused { reason } => self.reason(10, *reason),
            Step::Closed { reason } => self.reason(11, *reason),
        }
    }
}

fn place_word(place: Place) -> u64 {
    let (kind, number) = match place {
        Place::Host(id) => (1, id.0),
        Place::Node(id) => (2, id.0),
        Place::Link(id) => (3, id.0),
    };
    kind << 32 | u64::from(number)
}

/// One step of one lane: a word's place counts, as the sum is turned before the next one comes.
fn lane(sum: u64, word: [u8; 8]) -> u64 {
    sum.wrapping_add(u64::from_le_bytes(word).wrapping_mul(0x9e37_79b1_85eb_ca87)).rotate_left(29)
}

impl Tap for Digest {
    fn event(&mut self, now: Instant, event: &Event) {
        self.start(if event.flow.is_some() { 2 } else { 6 }, now, place_word(event.place));
        if let Some(flow) = &event.flow {
            self.flow(flow);
        }
        self.step(&event.step);
    }

    fn frame(&mut self, now: Instant, place: Place, packet: &[u8]) {
        self.start(3, now, place_word(place));
        self.bytes(packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use alloc::vec::Vec;

    #[test]
    fn every_difference_gives_another_digest() {
        let place = Place::Node(NodeId(1));
        let framed = |packets: &[(i64, Place, &[u8])]| {
            let mut digest = Digest::default();
            packets.iter().for_each(|(at, place, packet)| digest.frame(Instant::from_micros(*at), *place, packet));
            digest.value()
        };
        let values = [
            framed(&[]),
            framed(&[(0, place, b"")]),
            framed(&[(0, place, b"\0")]),
            framed(&[(0, place, b"\0\0")]),
            framed(&[(1, place, b"\0\0")]),
            framed(&[(0, Place::Node(NodeId(2)), b"\0\0")]),
            framed(&[(0, place, b"a"), (0, place, b"b")]),
            framed(&[(0, place, b"b"), (0, place, b"a")]),
            framed(&[(0, place, b"0123456789")]),
            framed(&[(0, place, b"0123456780")]),
        ];
        let mut distinct: Vec<u64> = values.to_vec();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), values.len());
    }

    #[test]
    fn a_digest_is_the_same_on_every_platform() {
        let mut digest = Digest::default();
        digest.frame(Instant::from_micros(7), Place::Node(NodeId(1)), b"\x45\0\0\x14 some packet");
        digest.text(Instant::ZERO, "hello");
        assert_eq!((digest.count(), digest.value()), (2, 5_041_202_448_145_042_772));
    }
}
