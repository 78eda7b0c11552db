//! One number for everything that happened: equal runs have equal digests, on every platform.

use crate::{
    api::{Key, Value},
    control::Change,
    net::{Event, Flow, Place, Reason, Step, Tap},
    time::Instant,
};
use core::net::{IpAddr, SocketAddr};

/// A running 64-bit digest (FNV-1a over words of eight bytes) of packets, events and writes to the store.
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
        self.start(1, now);
        self.word(change.revision);
        let Key { kind, namespace, name } = &*change.key;
        self.word(*kind as u64);
        self.bytes(namespace.as_bytes());
        self.bytes(name.as_bytes());
        match &change.after {
            Some(object) => self.tree(&object.value),
            None => self.word(0),
        }
    }

    /// Takes anything else in: the output of a command, an answer to a caller.
    pub fn text(&mut self, now: Instant, text: &str) {
        self.start(4, now);
        self.bytes(text.as_bytes());
    }

    fn start(&mut self, kind: u64, now: Instant) {
        self.count += 1;
        self.word(kind);
        self.word(now.total_micros() as u64);
    }

    fn word(&mut self, word: u64) {
        self.state = (self.state ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (words, tail) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.word(u64::from_le_bytes(*word)));
        if !tail.is_empty() {
            let mut word = [0; 8];
            word[..tail.len()].copy_from_slice(tail);
            self.word(u64::from_le_bytes(word));
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

    fn place(&mut self, place: Place) {
        let (kind, number) = match place {
            Place::Host(id) => (1, id.0),
            Place::Node(id) => (2, id.0),
            Place::Link(id) => (3, id.0),
        };
        self.word(kind << 32 | u64::from(number));
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
        self.socket(flow.source());
        self.socket(flow.destination());
        self.word(flow.protocol.number().into());
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
                self.word(8 << 32);
                self.place(*to);
            }
            Step::Dropped { reason } => self.reason(9, *reason),
            Step::Refused { reason } => self.reason(10, *reason),
            Step::Closed { reason } => self.reason(11, *reason),
        }
    }
}

impl Tap for Digest {
    fn event(&mut self, now: Instant, event: &Event) {
        self.start(2, now);
        self.place(event.place);
        self.word(event.flow.is_some().into());
        if let Some(flow) = &event.flow {
            self.flow(flow);
        }
        self.step(&event.step);
    }

    fn frame(&mut self, now: Instant, place: Place, packet: &[u8]) {
        self.start(3, now);
        self.place(place);
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
        assert_eq!((digest.count(), digest.value()), (2, 7_158_335_285_630_544_831));
    }
}
