//! The open-addressed table in which both directions of every connection are found.
//!
//! A slot holds all that an established packet needs, key, translation and next hop, in 32 bytes for IPv4,
//! two to a cache line: one miss finds it. Linear probing, and deletion by shifting back, so that no tombstone
//! ever lengthens a search. The order of slots depends on the seed and is never shown.

use alloc::vec::Vec;

use crate::net::address::Address;
use crate::net::flow::Tuple;
use crate::rng::Rng;

/// One direction of a connection. Aligned, so that none lies across two cache lines.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(crate) struct Slot<A> {
    src: A,
    dst: A,
    ports: u32,
    new_ports: u32,
    new_src: A,
    new_dst: A,
    /// The connection's number in 24 bits, the protocol's class in 3 (0: the slot is empty), `REPLY` and `FAST`.
    meta: u32,
    /// The low bits of the tick of the latest packet.
    pub(super) seen: u16,
    /// Where packets go, as the routes number it.
    pub(crate) hop: u16,
}

const INDEX: u32 = (1 << 24) - 1;
const CLASS: u32 = 7 << 24;
const REPLY: u32 = 1 << 27;
const FAST: u32 = 1 << 28;

/// The class of a protocol, which is part of the key. Protocols without ports carry their number in place of them.
#[inline(always)]
fn class(protocol: u8) -> u32 {
    (match protocol {
        6 => 1,
        17 => 2,
        132 => 3,
        1 | 58 => 4,
        _ => 5,
    }) << 24
}

#[inline(always)]
fn ports<A>(tuple: &Tuple<A>) -> u32 {
    if class(tuple.protocol) == 5 << 24 { u32::from(tuple.protocol) * 0x0001_0001 } else { tuple.ports }
}

impl<A: Address> Slot<A> {
    /// The connection's number.
    #[inline(always)]
    pub(crate) fn connection(&self) -> u32 {
        self.meta & INDEX
    }

    /// Whether this is the direction of the answers.
    #[inline(always)]
    pub(crate) fn is_reply(&self) -> bool {
        self.meta & REPLY != 0
    }

    /// Whether the slot is the tuple's, and its packets may take the short way.
    #[inline(always)]
    pub(crate) fn is_fast_for(&self, tuple: &Tuple<A>) -> bool {
        let want = if tuple.protocol == 6 { FAST | 1 << 24 } else { FAST | 2 << 24 };
        self.ports == tuple.ports
            && self.src == tuple.src
            && self.dst == tuple.dst
            && self.meta & (FAST | CLASS) == want
    }

    /// Whether packets without SYN, FIN and RST may pass without a look at the connection's state.
    #[inline(always)]
    pub(crate) fn is_fast(&self) -> bool {
        self.meta & FAST != 0
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
        match (self.meta & CLASS) >> 24 {
            1 => 6,
            2 => 17,
            3 => 132,
            4 => A::ICMP,
            _ => self.ports as u8,
        }
    }

    /// The tuple of packets as they come.
    pub(crate) fn key(&self) -> Tuple<A> {
        let ports = if self.meta & CLASS == 5 << 24 { 0 } else { self.ports };
        Tuple { src: self.src, dst: self.dst, ports, protocol: self.protocol() }
    }

    /// The tuple of packets as they leave.
    #[inline(always)]
    pub(crate) fn translated(&self, protocol: u8) -> Tuple<A> {
        Tuple { src: self.new_src, dst: self.new_dst, ports: self.new_ports, protocol }
    }
}

/// All slots. The caller keeps the numbers of connections, and is told when a slot moves.
#[derive(Debug)]
pub(crate) struct Slots<A> {
    slots: Vec<Slot<A>>,
    used: usize,
    secret: [u64; 2],
}

impl<A: Address> Slots<A> {
    pub(super) fn new(rng: &mut Rng) -> Slots<A> {
        Slots { slots: Vec::new(), used: 0, secret: [rng.next_u64() | 1, rng.next_u64()] }
    }

    /// A keyed hash of the tuple; only its high half is used.
    #[inline(always)]
    pub(crate) fn hash(&self, tuple: &Tuple<A>) -> u64 {
        let addresses = tuple.src.fold() ^ tuple.dst.fold().rotate_left(32);
        let ports = u64::from(tuple.ports) ^ u64::from(tuple.protocol) << 24;
        let x = (addresses ^ self.secret[1]).wrapping_mul(self.secret[0]);
        (x ^ x >> 32 ^ ports).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        ((hash >> 32).wrapping_mul(self.slots.len() as u64) >> 32) as usize
    }

    /// Where the slot of a plain TCP or UDP packet is, if its packets may take the short way.
    #[inline(always)]
    pub(crate) fn find_fast(&mut self, tuple: &Tuple<A>, hash: u64) -> Option<&mut Slot<A>> {
        let home = self.home(hash);
        // A search that runs over the end is left to the long way.
        for slot in self.slots.get_mut(home..)? {
            if slot.is_fast_for(tuple) {
                return Some(slot);
            }
            if slot.meta & CLASS == 0 {
                break;
            }
        }
        None
    }

    /// Where the tuple's slot is.
    #[inline(always)]
    pub(crate) fn find(&self, tuple: &Tuple<A>, hash: u64) -> Option<usize> {
        let (ports, class) = (ports(tuple), class(tuple.protocol));
        let mut at = self.home(hash);
        loop {
            let slot = self.slots.get(at)?;
            let same = slot.src == tuple.src && slot.dst == tuple.dst && slot.ports == ports;
            if same && slot.meta & CLASS == class {
                return Some(at);
            }
            if slot.meta & CLASS == 0 {
                return None;
            }
            at += 1;
            if at == self.slots.len() {
                at = 0;
            }
        }
    }

    /// Reads the place where the tuple's slot should be, so that it is in the cache a moment later.
    #[inline(always)]
    pub(crate) fn touch(&self, hash: u64) -> u32 {
        self.slots.get(self.home(hash)).map_or(0, |slot| slot.meta)
    }

    /// Whether the first slot that the tuple could have does not hold it: a guess that is right for new connections.
    #[inline(always)]
    pub(crate) fn is_unknown(&self, tuple: &Tuple<A>, hash: u64) -> bool {
        self.slots.get(self.home(hash)).is_none_or(|slot| slot.src != tuple.src || slot.ports != ports(tuple))
    }

    #[inline(always)]
    pub(crate) fn at(&self, at: usize) -> &Slot<A> {
        &self.slots[at]
    }

    #[inline(always)]
    pub(crate) fn at_mut(&mut self, at: usize) -> &mut Slot<A> {
        &mut self.slots[at]
    }

    pub(super) fn set_fast(&mut self, at: usize, fast: bool) {
        let slot = &mut self.slots[at];
        slot.meta = if fast { slot.meta | FAST } else { slot.meta & !FAST };
    }

    /// Whether another connection of two slots needs [`Slots::grow`] first: above three quarters, nearly, searches get long.
    pub(super) fn is_tight(&self) -> bool {
        (self.used + 2) * 25 > self.slots.len() * 18
    }

    /// Doubles the table, to no more than `limit` connections need.
    pub(super) fn grow(&mut self, limit: u32, mut moved: impl FnMut(&Slot<A>, u32)) {
        let needed = (self.used + 2) * 25 / 18 + 2;
        let most = limit as usize * 50 / 18 + 4;
        let size = (self.slots.len() * 2).max(64).min(most).max(needed);
        let mut empty = Vec::new();
        empty.resize_with(size, Slot::default);
        let old = core::mem::replace(&mut self.slots, empty);
        for slot in old.into_iter().filter(|slot| slot.meta & CLASS != 0) {
            let at = self.place(slot);
            moved(&slot, at as u32);
        }
    }

    /// Adds a direction; its tuple must not be there, and the table must not be tight.
    pub(super) fn insert(&mut self, key: Tuple<A>, to: Tuple<A>, connection: u32, reply: bool, seen: u16) -> u32 {
        let meta = connection & INDEX | class(key.protocol) | if reply { REPLY } else { 0 };
        self.used += 1;
        self.place(Slot {
            src: key.src,
            dst: key.dst,
            ports: ports(&key),
            new_ports: to.ports,
            new_src: to.src,
            new_dst: to.dst,
            meta,
            seen,
            hop: 0,
        }) as u32
    }

    fn place(&mut self, slot: Slot<A>) -> usize {
        let mut at = self.home(self.hash(&slot.key()));
        while self.slots[at].meta & CLASS != 0 {
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
        self.slots[at] = slot;
        at
    }

    /// Empties a slot, and shifts back those behind it that searched past it.
    pub(super) fn remove(&mut self, at: u32, mut moved: impl FnMut(&Slot<A>, u32)) {
        let size = self.slots.len();
        let (mut hole, mut at) = (at as usize, at as usize);
        self.used -= 1;
        loop {
            at = if at + 1 == size { 0 } else { at + 1 };
            let slot = self.slots[at];
            if slot.meta & CLASS == 0 {
                break;
            }
            let home = self.home(self.hash(&slot.key()));
            // The slot may move to the hole when its home is not between the two.
            let distance = |from: usize, to: usize| if to >= from { to - from } else { to + size - from };
            if distance(home, at) >= distance(hole, at) {
                self.slots[hole] = slot;
                moved(&slot, hole as u32);
                hole = at;
            }
        }
        self.slots[hole] = Slot::default();
    }

    /// Forgets the next hops of all slots.
    pub(super) fn forget_hops(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.hop = 0);
    }

    /// Bytes of heap.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<A>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_of_ipv4_is_half_a_cache_line() {
        assert_eq!(size_of::<Slot<u32>>(), 32);
        assert_eq!(size_of::<Slot<u128>>(), 96);
    }
}
