//! Where packets go next.

use alloc::vec::Vec;
use core::net::IpAddr;

use hashbrown::HashTable;

use super::hash::Secret;
use super::table::{Hop, Route};
use super::verdict::Verdict;
use crate::net::address::{Address, Prefix};
use crate::net::{Cidr, Reason};
use crate::rng::Rng;

/// A next hop and the size of the packets it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) hop: Hop,
    pub(crate) mtu: u16,
}

impl Next {
    /// What is said about a packet that goes there.
    #[inline(always)]
    pub(crate) fn verdict(self) -> Verdict {
        match self.hop {
            Hop::Port(host) => Verdict::Port(host),
            Hop::Link(link) => Verdict::Link(link),
            Hop::Host => Verdict::Host,
            Hop::Blackhole => Verdict::Drop(Reason::Blackhole),
        }
    }
}

/// A next hop as connections find it by its number.
#[derive(Debug, Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Way {
    pub(crate) verdict: Verdict,
    /// The longest packet that may go there without a second look; 0 if the way is void, or leads into the node's own stack,
    /// or all packets are looked at.
    pub(crate) limit: u16,
    /// The longest that may go there after it.
    pub(crate) late_limit: u16,
    mtu: u16,
}

impl Way {
    fn new(next: Next, is_guarded: bool) -> Way {
        let late_limit = if next.hop == Hop::Host { 0 } else { next.mtu };
        let limit = if is_guarded { 0 } else { late_limit };
        Way { verdict: next.verdict(), limit, late_limit, mtu: next.mtu }
    }

    fn next(&self) -> Next {
        let hop = match self.verdict {
            Verdict::Port(host) => Hop::Port(host),
            Verdict::Link(link) => Hop::Link(link),
            Verdict::Host => Hop::Host,
            Verdict::Drop(_) | Verdict::Reject(_) => Hop::Blackhole,
        };
        Next { hop, mtu: self.mtu }
    }
}

/// How many numbers are given out before connections are made to forget theirs.
const NUMBERS: usize = 4096;

/// The routes of one family.
///
/// Connections remember the number of their next hop. Numbers are given out upwards from 1; a change of routes
/// makes void all numbers given out before it, so that remembered ones are looked up again when next needed.
pub(crate) struct Routes<A> {
    hosts: HashTable<(A, Next)>,
    /// Longest prefixes first, and of equal length in order of address.
    prefixes: Vec<(Cidr, Next)>,
    /// The same as words.
    words: Vec<Prefix<A>>,
    /// The node's own addresses.
    own: Vec<A>,
    numbered: Vec<Way>,
    /// Numbers below this are void.
    first: usize,
    secret: Secret,
    /// No packet may go anywhere without a second look.
    is_guarded: bool,
}

impl<A: Address> Routes<A> {
    pub(crate) fn new(own: impl Iterator<Item = IpAddr>, is_guarded: bool, rng: &mut Rng) -> Routes<A> {
        Routes {
            hosts: HashTable::new(),
            prefixes: Vec::new(),
            words: Vec::new(),
            own: own.filter_map(A::from_ip).collect(),
            numbered: Vec::new(),
            first: 0,
            secret: Secret::new(rng),
            is_guarded,
        }
    }

    /// Whether the address is the node's own.
    #[inline]
    pub(crate) fn is_own(&self, address: A) -> bool {
        self.own.contains(&address) || address.ip().is_loopback()
    }

    /// The way with this number, whose limit is 0 if the routes changed since.
    #[inline(always)]
    pub(crate) fn way(&self, number: u16) -> Option<&Way> {
        self.numbered.get(usize::from(number))
    }

    /// The next hop with this number, unless the routes changed since.
    pub(crate) fn numbered(&self, number: u16) -> Option<Next> {
        let number = usize::from(number);
        if number < self.first { None } else { self.numbered.get(number).map(Way::next) }
    }

    /// Where packets to `address` go; `None` without a route.
    pub(crate) fn find(&self, address: A) -> Option<Next> {
        if self.is_own(address) {
            return Some(Next { hop: Hop::Host, mtu: u16::MAX });
        }
        if !self.hosts.is_empty()
            && let Some((_, next)) = self.hosts.find(self.secret.address(address), |entry| entry.0 == address)
        {
            return Some(*next);
        }
        let place = self.words.iter().position(|prefix| prefix.contains(address))?;
        Some(self.prefixes[place].1)
    }

    /// How many bits of an address that is not the node's own the route to it looks at.
    pub(crate) fn length(&self, address: A) -> u8 {
        if self.hosts.find(self.secret.address(address), |entry| entry.0 == address).is_some() {
            return (A::LENGTH * 8) as u8;
        }
        let place = self.words.iter().position(|prefix| prefix.contains(address));
        place.map_or(0, |place| self.prefixes[place].0.length)
    }

    /// The number of a next hop, for a connection to remember.
    pub(crate) fn number(&mut self, next: Next) -> u16 {
        if self.numbered.is_empty() {
            // Number 0 is nobody's: new connections have it.
            self.void();
        }
        let place = self.numbered[self.first..].iter().position(|way| way.next() == next);
        let number = place.map_or(self.numbered.len(), |place| self.first + place);
        if place.is_none() {
            self.numbered.push(Way::new(next, self.is_guarded));
        }
        // A node has fewer next hops than this; were it not so, connections past the bound would look theirs up each time.
        u16::try_from(number).unwrap_or(0)
    }

    /// Adds or replaces a route. True asks for all remembered numbers to be forgotten.
    pub(crate) fn put(&mut self, route: &Route) -> bool {
        let Some(address) = A::from_ip(route.to.address) else { return false };
        let next = Next { hop: route.hop, mtu: route.mtu };
        if usize::from(route.to.length) == A::LENGTH * 8 {
            let (secret, hash) = (self.secret, self.secret.address(address));
            match self.hosts.find_mut(hash, |entry| entry.0 == address) {
                Some(entry) => entry.1 = next,
                None => {
                    self.hosts.insert_unique(hash, (address, next), |entry| secret.address(entry.0));
                }
            }
        } else {
            let to = route.to.masked();
            match self.prefixes.binary_search_by_key(&rank(&to), |(cidr, _)| rank(cidr)) {
                Ok(place) => self.prefixes[place].1 = next,
                Err(place) => {
                    if let Some(words) = Prefix::new(&to) {
                        self.prefixes.insert(place, (to, next));
                        self.words.insert(place, words);
                    }
                }
            }
        }
        self.renumber()
    }

    /// Forgets a route. True asks for all remembered numbers to be forgotten.
    pub(crate) fn remove(&mut self, to: &Cidr) -> bool {
        let Some(address) = A::from_ip(to.address) else { return false };
        if usize::from(to.length) == A::LENGTH * 8 {
            if let Ok(entry) = self.hosts.find_entry(self.secret.address(address), |entry| entry.0 == address) {
                entry.remove();
            }
        } else {
            let to = to.masked();
            if let Ok(place) = self.prefixes.binary_search_by_key(&rank(&to), |(cidr, _)| rank(cidr)) {
                self.prefixes.remove(place);
                self.words.remove(place);
            }
        }
        self.renumber()
    }

    /// Every route, in the order in which they are tried.
    pub(crate) fn all(&self) -> Vec<Route> {
        let mut all: Vec<Route> =
            self.hosts.iter().map(|(a, n)| Route { to: Cidr::host(a.ip()), hop: n.hop, mtu: n.mtu }).collect();
        crate::ordered::sort_by_key(&mut all, |route| route.to);
        all.extend(self.prefixes.iter().map(|(to, n)| Route { to: *to, hop: n.hop, mtu: n.mtu }));
        all
    }

    fn renumber(&mut self) -> bool {
        if self.numbered.len() > NUMBERS {
            self.numbered.clear();
            self.first = 0;
            return true;
        }
        self.numbered[self.first..].iter_mut().for_each(|way| (way.limit, way.late_limit) = (0, 0));
        self.first = self.numbered.len();
        false
    }

    fn void(&mut self) {
        self.numbered.push(Way::new(Next { hop: Hop::Blackhole, mtu: 0 }, false));
        self.first = 1;
    }
}

fn rank(cidr: &Cidr) -> (u8, IpAddr) {
    (u8::MAX - cidr.length, cidr.address)
}
