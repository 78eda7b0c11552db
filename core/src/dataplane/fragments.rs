//! Later parts of packets, which have no ports: they follow their first part.
//!
//! Linux puts packets together before it tracks them; a first part that was let through here is remembered for a
//! while instead, and the others are translated as it was. One that comes before its first part is dropped.

use alloc::vec::Vec;

use crate::net::address::Address;
use crate::net::flow::Tuple;
use crate::time::{Duration, Instant};

/// Linux' net.ipv4.ipfrag_time.
const MEMORY: Duration = Duration::from_secs(30);

/// How many packets in parts are known at a time.
const LIMIT: usize = 64;

#[derive(Debug, Clone, Copy)]
struct First<A> {
    src: A,
    dst: A,
    protocol: u8,
    identification: u32,
    to: (A, A),
    until: Instant,
}

/// The first parts seen lately, oldest first.
#[derive(Debug, Default)]
pub(super) struct Fragments<A> {
    seen: Vec<First<A>>,
}

impl<A: Address> Fragments<A> {
    /// A first part of `tuple` left with these addresses.
    pub(super) fn remember(&mut self, now: Instant, tuple: &Tuple<A>, identification: u32, to: (A, A)) {
        self.seen.retain(|first| first.until > now);
        if self.seen.len() == LIMIT {
            self.seen.remove(0);
        }
        let Tuple { src, dst, protocol, .. } = *tuple;
        self.seen.push(First { src, dst, protocol, identification, to, until: now + MEMORY });
    }

    /// The addresses with which the part's first one left.
    pub(super) fn find(&self, now: Instant, tuple: &Tuple<A>, identification: u32) -> Option<(A, A)> {
        let is_it = |f: &&First<A>| {
            (f.src, f.dst, f.protocol, f.identification) == (tuple.src, tuple.dst, tuple.protocol, identification)
                && f.until > now
        };
        self.seen.iter().rev().find(is_it).map(|first| first.to)
    }
}
