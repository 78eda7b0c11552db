//! The open-addressed table in which both directions of every connection are found.
//!
//! A slot holds all that an established packet needs, key, translation and next hop, in 32 bytes for IPv4,
//! two to a cache line. A search begins with the first of a line, so that one miss nearly always ends it. Linear probing, and deletion by shifting back, so that no tombstone
//! ever lengthens a search. The order of slots depends on the seed and is never shown.

use alloc::vec::Vec;

use crate::net::address::Address;
use crate::net::flow::{Plain, Tuple};
use crate::rng::Rng;

/// One direction of a connection.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slot<A: Address> {
    /// The addresses of packets as they come, and as they leave.
    addresses: A::Pair,
    new_addresses: A::Pair,
    /// From below: the ports of packets as they come in 32 bits, the connection's number in 24, the protocol's class
    /// in 3 (0: the slot is empty), `REPLY` and `FAST`.
    tag: u64,
    new_ports: u32,
    /// The low bits of the tick of the latest packet.
    pub(super) seen: u16,
    /// Where packets go, as the routes number it.
    pub(crate) hop: u16,
}

/// Two slots, which share a cache line: both are read when one is.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Line<A: Address>([Slot<A>; 2]);

const PORTS: u64 = u32::MAX as u64;
const INDEX: u64 = (1 << 24) - 1;
const CLASS: u64 = 7 << 56;
const REPLY: u64 = 1 << 59;
const FAST: u64 = 1 << 60;

/// The class of a protocol, which is part of the key. Protocols without ports carry their number in place of them.
#[inline(always)]
fn class(protocol: u8) -> u64 {
    (match protocol {
        6 => 2,
        17 => 3,
        132 => 1,
        1 | 58 => 4,
        _ => 5,
    }) << 56
}

#[inline(always)]
fn ports<A>(tuple: &Tuple<A>) -> u64 {
    u64::from(if class(tuple.protocol) == 5 << 56 { u32::from(tuple.protocol) * 0x0001_0001 } else { tuple.ports })
}

impl<A: Address> Slot<A> {
    /// The connection's number.
    #[inline(always)]
    pub(crate) fn connection(&self) -> u32 {
        (self.tag >> 32 & INDEX) as u32
    }

    /// Whether this is the direction of the answers.
    #[inline(always)]
    pub(crate) fn is_reply(&self) -> bool {
        self.tag & REPLY != 0
    }

    #[inline(always)]
    fn is_empty(&self) -> bool {
        self.tag & CLASS == 0
    }

    /// Whether the slot is the packet's, and its packets may take the short way.
    #[inline(always)]
    pub(crate) fn is_fast_for(&self, plain: &Plain<A>) -> bool {
        // Of the two protocols that can be, 6 is even and 17 odd, as are their classes.
        let want = u64::from(plain.ports) | u64::from(plain.protocol & 1) << 56 | FAST | 2 << 56;
        self.tag & (PORTS | CLASS | FAST) == want && self.addresses == plain.addresses
    }

    /// Whether packets without SYN, FIN and RST may pass without a look at the connection's state.
    #[inline(always)]
    pub(crate) fn is_fast(&self) -> bool {
        self.tag & FAST != 0
    }

    /// Notes a packet at this tick.
    #[inline(always)]
    pub(crate) fn note_seen(&mut self, tick: u32) {
        if self.seen != tick as u16 {
            self.seen = tick as u16;
        }
    }

    /// The protocol's number.
    pub(crate) fn protocol(&self) -> u8 {
        match (self.tag & CLASS) >> 56 {
            2 => 6,
            3 => 17,
            1 => 132,
            4 => A::ICMP,
            _ => self.tag as u8,
        }
    }

    /// The tuple of packets as they come.
    pub(crate) fn key(&self) -> Tuple<A> {
        let (src, dst) = A::split(self.addresses);
        let ports = if self.tag & CLASS == 5 << 56 { 0 } else { self.tag as u32 };
        Tuple { src, dst, ports, protocol: self.protocol() }
    }

    /// The tuple of packets as they leave.
    #[inline(always)]
    pub(crate) fn translated(&self, protocol: u8) -> Tuple<A> {
        let (src, dst) = A::split(self.new_addresses);
        Tuple { src, dst, ports: self.new_ports, protocol }
    }

    /// Addresses and ports of packets as they leave.
    #[inline(always)]
    pub(crate) fn translation(&self) -> (A::Pair, u32) {
        (self.new_addresses, self.new_ports)
    }
}

/// All slots. The caller keeps the numbers of connections, and is told when a slot moves.
#[derive(Debug)]
pub(crate) struct Slots<A: Address> {
    lines: Vec<Line<A>>,
    used: usize,
    secret: [u64; 2],
}

impl<A: Address> Slots<A> {
    pub(super) fn new(rng: &mut Rng) -> Slots<A> {
        Slots { lines: Vec::new(), used: 0, secret: [rng.next_u64() | 1, rng.next_u64()] }
    }

    /// A keyed hash; only its high half is used. The protocol has no part in it: few tuples differ in nothing else.
    #[inline(always)]
    pub(crate) fn hash(&self, addresses: A::Pair, ports: u32) -> u64 {
        let x = (A::fold_pair(addresses) ^ self.secret[1]).wrapping_mul(self.secret[0]);
        (x ^ x >> 32 ^ u64::from(ports)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[inline(always)]
    fn hash_of(&self, tuple: &Tuple<A>) -> u64 {
        self.hash(A::join(tuple.src, tuple.dst), tuple.ports)
    }

    /// The line in which a search begins.
    #[inline(always)]
    pub(crate) fn home(&self, hash: u64) -> usize {
        ((hash >> 32).wrapping_mul(self.lines.len() as u64) >> 32) as usize
    }

    /// Where the slot of a plain packet is, if its packets may take the short way; the search begins in line `home`.
    #[inline(always)]
    pub(crate) fn find_fast(&mut self, plain: &Plain<A>, home: usize) -> Option<&mut Slot<A>> {
        // A search that runs over the end is left to the long way.
        for line in self.lines.get_mut(home..)? {
            let [first, second] = &mut line.0;
            if first.is_fast_for(plain) {
                return Some(first);
            }
            if second.is_fast_for(plain) {
                return Some(second);
            }
            if first.is_empty() || second.is_empty() {
                break;
            }
        }
        None
    }

    /// Where the tuple's slot is.
    pub(crate) fn find(&self, tuple: &Tuple<A>) -> Option<usize> {
        let (addresses, tag) = (A::join(tuple.src, tuple.dst), ports(tuple) | class(tuple.protocol));
        let mut at = self.home(self.hash_of(tuple));
        loop {
            for (place, slot) in self.lines.get(at)?.0.iter().enumerate() {
                if slot.tag & (PORTS | CLASS) == tag && slot.addresses == addresses {
                    return Some(at * 2 + place);
                }
                if slot.is_empty() {
                    return None;
                }
            }
            at += 1;
            if at == self.lines.len() {
                at = 0;
            }
        }
    }

    /// Reads a line, so that it is in the cache a moment later.
    #[inline(always)]
    pub(crate) fn touch(&self, home: usize) -> u64 {
        self.lines.get(home).map_or(0, |line| line.0[0].tag)
    }

    /// Whether a search that begins in line `home` ends there without the tuple: it is not known, then.
    #[inline(always)]
    pub(crate) fn is_unknown(&self, tuple: &Tuple<A>, home: usize) -> bool {
        let (addresses, tag) = (A::join(tuple.src, tuple.dst), ports(tuple) | class(tuple.protocol));
        self.lines.get(home).is_none_or(|line| {
            let is_it = |slot: &Slot<A>| slot.tag & (PORTS | CLASS) == tag && slot.addresses == addresses;
            line.0[1].is_empty() && !is_it(&line.0[0])
        })
    }

    #[inline(always)]
    pub(crate) fn at(&self, at: usize) -> &Slot<A> {
        &self.lines[at / 2].0[at % 2]
    }

    #[inline(always)]
    pub(crate) fn at_mut(&mut self, at: usize) -> &mut Slot<A> {
        &mut self.lines[at / 2].0[at % 2]
    }

    pub(super) fn set_fast(&mut self, at: usize, fast: bool) {
        let slot = self.at_mut(at);
        slot.tag = if fast { slot.tag | FAST } else { slot.tag & !FAST };
    }

    fn len(&self) -> usize {
        self.lines.len() * 2
    }

    /// Whether another connection of two slots needs [`Slots::grow`] first: above three quarters, nearly, searches get long.
    pub(super) fn is_tight(&self) -> bool {
        (self.used + 2) * 25 > self.len() * 18
    }

    /// Doubles the table, to no more than `limit` connections need.
    pub(super) fn grow(&mut self, limit: u32, mut moved: impl FnMut(&Slot<A>, u32)) {
        let needed = (self.used + 2) * 25 / 18 + 2;
        let most = limit as usize * 50 / 18 + 4;
        let size = (self.len() * 2).max(64).min(most).max(needed);
        let mut empty = Vec::new();
        empty.resize_with(size.div_ceil(2), Line::default);
        let old = core::mem::replace(&mut self.lines, empty);
        for slot in old.into_iter().flat_map(|line| line.0).filter(|slot| !slot.is_empty()) {
            let at = self.place(slot);
            moved(&slot, at as u32);
        }
    }

    /// Adds a direction; its tuple must not be there, and the table must not be tight.
    pub(super) fn insert(&mut self, key: Tuple<A>, to: Tuple<A>, connection: u32, reply: bool, seen: u16) -> u32 {
        let number = (u64::from(connection) & INDEX) << 32;
        self.used += 1;
        self.place(Slot {
            addresses: A::join(key.src, key.dst),
            new_addresses: A::join(to.src, to.dst),
            tag: ports(&key) | number | class(key.protocol) | if reply { REPLY } else { 0 },
            new_ports: to.ports,
            seen,
            hop: 0,
        }) as u32
    }

    fn place(&mut self, slot: Slot<A>) -> usize {
        let mut at = self.home(self.hash_of(&slot.key())) * 2;
        while !self.at(at).is_empty() {
            at = if at + 1 == self.len() { 0 } else { at + 1 };
        }
        *self.at_mut(at) = slot;
        at
    }

    /// Empties a slot, and shifts back those behind it that searched past it.
    pub(super) fn remove(&mut self, at: u32, mut moved: impl FnMut(&Slot<A>, u32)) {
        let size = self.len();
        let (mut hole, mut at) = (at as usize, at as usize);
        self.used -= 1;
        loop {
            at = if at + 1 == size { 0 } else { at + 1 };
            let slot = *self.at(at);
            if slot.is_empty() {
                break;
            }
            let home = self.home(self.hash_of(&slot.key())) * 2;
            // The slot may move to the hole when its home is not between the two.
            let distance = |from: usize, to: usize| if to >= from { to - from } else { to + size - from };
            if distance(home, at) >= distance(hole, at) {
                *self.at_mut(hole) = slot;
                moved(&slot, hole as u32);
                hole = at;
            }
        }
        *self.at_mut(hole) = Slot::default();
    }

    /// Forgets the next hops of all slots.
    pub(super) fn forget_hops(&mut self) {
        self.lines.iter_mut().flat_map(|line| &mut line.0).for_each(|slot| slot.hop = 0);
    }

    /// Bytes of heap.
    pub(super) fn bytes(&self) -> usize {
        self.lines.capacity() * size_of::<Line<A>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_slots_of_ipv4_are_a_cache_line() {
        assert_eq!(size_of::<Line<u32>>(), 64);
        assert_eq!(size_of::<Line<u128>>(), 192);
    }
}
