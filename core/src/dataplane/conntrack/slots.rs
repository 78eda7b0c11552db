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
    /// From above: `FAST`, the protocol's class in 3 bits (0: the slot is empty), the ports of packets as they come in
    /// 32, which together are the `head`; `REPLY`, and the connection's number in the lowest 24.
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

/// How far up the head begins; its parts are counted from there.
const HEAD: u32 = 28;
const PORTS: u64 = u32::MAX as u64;
const CLASS: u64 = 7 << 32;
const FAST: u64 = 1 << 35;
const REPLY: u64 = 1 << 24;
const NUMBER: u64 = REPLY - 1;
const OTHER: u64 = 3 << 32;

/// The head of a tuple: its ports, and the class of its protocol. Protocols without ports have their number in place of
/// them.
#[inline(always)]
fn head<A>(tuple: &Tuple<A>) -> u64 {
    let ports = u64::from(tuple.ports);
    match tuple.protocol {
        // The low bits of these differ: 6, 1 and 4.
        6 | 17 | 132 => ports | u64::from(tuple.protocol & 7) << 32,
        1 | 58 => ports | 2 << 32,
        other => OTHER | u64::from(u32::from(other) * 0x0001_0001),
    }
}

/// The head of the slot of a plain packet, if its packets may take the short way.
#[inline(always)]
fn fast_head<A: Address>(plain: &Plain<A>) -> u64 {
    u64::from(plain.ports) | u64::from(plain.protocol & 7 | 8) << 32
}

impl<A: Address> Slot<A> {
    /// A direction whose packets come as `key` and leave as `to`.
    #[inline]
    pub(super) fn new(key: Tuple<A>, to: Tuple<A>, connection: u32, reply: bool, seen: u16) -> Slot<A> {
        Slot {
            addresses: A::join(key.src, key.dst),
            new_addresses: A::join(to.src, to.dst),
            tag: head(&key) << HEAD | if reply { REPLY } else { 0 } | u64::from(connection) & NUMBER,
            new_ports: to.ports,
            seen,
            hop: 0,
        }
    }

    /// The connection's number.
    #[inline(always)]
    pub(crate) fn connection(&self) -> u32 {
        (self.tag & NUMBER) as u32
    }

    /// Whether this is the direction of the answers.
    #[inline(always)]
    pub(crate) fn is_reply(&self) -> bool {
        self.tag & REPLY != 0
    }

    #[inline(always)]
    fn head(&self) -> u64 {
        self.tag >> HEAD
    }

    #[inline(always)]
    fn is_empty(&self) -> bool {
        self.head() & CLASS == 0
    }

    /// Whether packets with these addresses come here, and with this head but for `FAST`.
    #[inline(always)]
    fn is_for(&self, addresses: A::Pair, head: u64) -> bool {
        self.head() & (PORTS | CLASS) == head && self.addresses == addresses
    }

    /// Whether the slot is the packet's, and its packets may take the short way.
    #[inline(always)]
    pub(crate) fn is_fast_for(&self, plain: &Plain<A>) -> bool {
        self.head() == fast_head(plain) && self.addresses == plain.addresses
    }

    /// Whether packets without SYN, FIN and RST may pass without a look at the connection's state.
    #[inline(always)]
    pub(crate) fn is_fast(&self) -> bool {
        self.head() & FAST != 0
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
        match (self.head() & CLASS) >> 32 {
            6 => 6,
            1 => 17,
            4 => 132,
            2 => A::ICMP,
            _ => self.head() as u8,
        }
    }

    /// The tuple of packets as they come.
    pub(crate) fn key(&self) -> Tuple<A> {
        let (src, dst) = A::split(self.addresses);
        let ports = if self.head() & CLASS == OTHER { 0 } else { self.head() as u32 };
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

/// Where a tuple that was looked for in vain goes, as long as no slot is emptied or moved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vacancy {
    at: u32,
    moves: u32,
}

/// All slots. The caller keeps the numbers of connections, and is told when a slot moves.
#[derive(Debug)]
pub(crate) struct Slots<A: Address> {
    lines: Vec<Line<A>>,
    used: usize,
    /// Counts what makes vacancies void.
    moves: u32,
    secret: [u64; 2],
}

impl<A: Address> Slots<A> {
    pub(super) fn new(rng: &mut Rng) -> Slots<A> {
        Slots { lines: Vec::new(), used: 0, moves: 0, secret: [rng.next_u64() | 1, rng.next_u64()] }
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

    /// The line in which the search of a plain packet begins.
    #[inline(always)]
    pub(crate) fn home_of(&self, plain: &Plain<A>) -> usize {
        self.home(self.hash(plain.addresses, plain.ports))
    }

    /// The line in which a search begins.
    #[inline(always)]
    pub(crate) fn home(&self, hash: u64) -> usize {
        ((hash >> 32).wrapping_mul(self.lines.len() as u64) >> 32) as usize
    }

    /// Where the slot of a plain packet is, if its packets may take the short way; the search begins in line `home`.
    #[inline(always)]
    pub(crate) fn find_fast(&mut self, plain: &Plain<A>, home: usize) -> Option<&mut Slot<A>> {
        if home >= self.lines.len() {
            return None;
        }
        let lines = &mut self.lines[home..];
        let Line(slots) = lines.first_mut()?;
        // Which of the two it is nobody can foretell. Where both have come with one cache line there is no branch on it;
        // else a guess is better than to wait.
        let is_wide = size_of::<Line<A>>() > 64;
        if is_wide && slots[0].is_fast_for(plain) {
            return Some(&mut lines[0].0[0]);
        }
        let at = usize::from(is_wide || slots[0].head() != fast_head(plain));
        if slots[at].is_fast_for(plain) { Some(&mut lines[0].0[at]) } else { find_fast_in(lines, *plain) }
    }

    /// Where the tuple's slot is, or where it would be.
    pub(crate) fn find(&self, tuple: &Tuple<A>) -> Result<usize, Vacancy> {
        let (addresses, head) = (A::join(tuple.src, tuple.dst), head(tuple));
        let mut home = self.home(self.hash_of(tuple));
        let vacant = |at: usize| Err(Vacancy { at: at as u32, moves: self.moves });
        loop {
            let Some(Line([first, second])) = self.lines.get(home) else { return vacant(0) };
            if first.is_for(addresses, head) {
                return Ok(home * 2);
            }
            if first.is_empty() {
                return vacant(home * 2);
            }
            if second.is_for(addresses, head) {
                return Ok(home * 2 + 1);
            }
            if second.is_empty() {
                return vacant(home * 2 + 1);
            }
            home += 1;
            if home == self.lines.len() {
                home = 0;
            }
        }
    }

    /// Reads a line, so that it is in the cache a moment later.
    #[inline(always)]
    pub(crate) fn touch(&self, home: usize) -> u64 {
        self.lines.get(home).map_or(0, |line| line.0[0].tag)
    }

    /// Reads the line in which the search of a plain packet goes on, if it does not end in line `home`.
    #[inline(always)]
    pub(crate) fn touch_next(&self, plain: &Plain<A>, home: usize) -> u64 {
        let want = fast_head(plain);
        let ends = |Line([first, second]): &Line<A>| (first.head() == want) | (second.head() == want);
        self.lines.get(home).map_or(0, |line| self.touch(home + usize::from(!ends(line))))
    }

    /// Whether a search that begins in line `home` ends there without the tuple: it is not known, then.
    #[inline(always)]
    pub(crate) fn is_unknown(&self, tuple: &Tuple<A>, home: usize) -> bool {
        let (addresses, head) = (A::join(tuple.src, tuple.dst), head(tuple));
        let line = self.lines.get(home);
        line.is_none_or(|Line([first, second])| second.is_empty() && !first.is_for(addresses, head))
    }

    /// Whether all slots are in the processor's caches, most likely.
    pub(crate) fn is_small(&self) -> bool {
        self.lines.len() * size_of::<Line<A>>() <= 1 << 19
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
        slot.tag = if fast { slot.tag | FAST << HEAD } else { slot.tag & !(FAST << HEAD) };
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
        self.moves = self.moves.wrapping_add(1);
        for slot in old.into_iter().flat_map(|line| line.0).filter(|slot| !slot.is_empty()) {
            let at = self.place(slot);
            moved(&slot, at as u32);
        }
    }

    /// Adds a direction, by a search for its place if `vacancy` does not name it.
    ///
    /// Its tuple must not be there, and the table must not be tight.
    pub(super) fn insert(&mut self, slot: Slot<A>, vacancy: Option<Vacancy>) -> u32 {
        self.used += 1;
        match vacancy {
            // Others may have been added since, but then only this very place can have been taken.
            Some(Vacancy { at, moves }) if moves == self.moves && self.at(at as usize).is_empty() => {
                *self.at_mut(at as usize) = slot;
                at
            }
            _ => self.place(slot) as u32,
        }
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
        self.moves = self.moves.wrapping_add(1);
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

/// The rest of a search. If it runs over the end, it is left to the long way.
#[inline(never)]
fn find_fast_in<A: Address>(lines: &mut [Line<A>], plain: Plain<A>) -> Option<&mut Slot<A>> {
    for Line([first, second]) in lines {
        if first.is_fast_for(&plain) {
            return Some(first);
        }
        if second.is_fast_for(&plain) {
            return Some(second);
        }
        if second.is_empty() {
            break;
        }
    }
    None
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
