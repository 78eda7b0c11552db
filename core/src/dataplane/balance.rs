//! Choosing a backend for a new connection.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::config::{Mode, Scheduler};
use super::hash::stable;
use super::maglev::{self, Lookup};
use super::topology::{Backend, Pool};
use crate::net::address::Address;
use crate::net::flow::Tuple;
use crate::rng::Rng;

/// What a balancer remembers of one service port; the random modes remember nothing.
#[derive(Debug, Default)]
pub(crate) struct Balance {
    /// Round robin: the place in the pool whose turn is next.
    cursor: u32,
    /// Weighted round robin: the weight that counts in this round.
    weight: u32,
    /// Connections of each endpoint, in the order of the endpoints.
    loads: Vec<Load>,
    /// Maglev: the tables of the cluster's and the local pool, made when first needed.
    tables: [Option<Lookup>; 2],
}

/// Connections that an endpoint has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Established ones.
    pub(crate) active: u32,
    /// Others.
    pub(crate) inactive: u32,
}

impl Load {
    /// Linux net/netfilter/ipvs/ip_vs_lc.c: an established connection weighs as much as 256 others.
    fn overhead(self) -> u64 {
        u64::from(self.active) << 8
    }

    fn total(self) -> u64 {
        self.overhead() + u64::from(self.inactive)
    }
}

/// The table size of ipvs' own Maglev scheduler (CONFIG_IP_VS_MH_TAB_INDEX 12).
const MH_SIZE: u32 = 4093;

impl Balance {
    /// What `mode` needs to remember, if anything.
    pub(crate) fn new(mode: Mode) -> Option<Box<Balance>> {
        match mode {
            Mode::Iptables | Mode::Nftables => None,
            Mode::Ipvs(_) | Mode::Maglev(_) => Some(Box::default()),
        }
    }

    /// The endpoints or their pools changed.
    pub(crate) fn reset(&mut self) {
        self.tables = [None, None];
    }

    /// An endpoint came to be at `place`.
    pub(crate) fn inserted(&mut self, place: usize) {
        if place <= self.loads.len() {
            self.loads.insert(place, Load::default());
        }
    }

    /// The endpoint at `place` is gone.
    pub(crate) fn removed(&mut self, place: usize) {
        if place < self.loads.len() {
            self.loads.remove(place);
        }
    }

    pub(crate) fn load_mut(&mut self, place: usize) -> Option<&mut Load> {
        self.loads.get_mut(place)
    }

    pub(crate) fn load(&self, place: usize) -> Load {
        self.loads.get(place).copied().unwrap_or_default()
    }
}

/// Chooses a place among `endpoints`, from a pool that is not empty. `None` if all of the pool have weight 0.
#[inline]
pub(crate) fn choose<A: Address>(
    mode: Mode,
    balance: Option<&mut Balance>,
    endpoints: &[Backend<A>],
    pool: &Pool,
    is_local: bool,
    tuple: &Tuple<A>,
    rng: &mut Rng,
) -> Option<usize> {
    let n = pool.len(endpoints.len());
    let at = |i: usize| &endpoints[pool.get(i)];
    let chosen = match (mode, balance) {
        (Mode::Ipvs(scheduler), Some(balance)) => schedule(scheduler, balance, n, pool, at, is_local, tuple)?,
        (Mode::Maglev(size), Some(balance)) => {
            let table = table(balance, n, at, is_local, size);
            let client = tuple.src.bits() ^ u128::from(tuple.ports.to_be()) << 96;
            lookup(table, stable(client, u64::from(tuple.protocol)) ^ stable(tuple.dst.bits(), 0))?
        }
        // iptables: a chain of rules, rule i taken with probability 1 / (n - i); nftables: numgen random mod n.
        _ => rng.below(n as u32) as usize,
    };
    Some(pool.get(chosen))
}

fn table<'a, A: Address + 'a>(
    balance: &mut Balance,
    n: usize,
    at: impl Fn(usize) -> &'a Backend<A>,
    is_local: bool,
    size: u32,
) -> &Lookup {
    balance.tables[usize::from(is_local)].get_or_insert_with(|| {
        maglev::populate((0..n.min(usize::from(u16::MAX))).map(|i| (at(i).address, at(i).port, at(i).weight)), size)
    })
}

fn lookup(table: &Lookup, hash: u64) -> Option<usize> {
    let place = table[(hash % table.len() as u64) as usize];
    (place != u16::MAX).then_some(usize::from(place))
}

/// The schedulers of Linux' ipvs (net/netfilter/ipvs/ip_vs_*.c), by their short names.
fn schedule<'a, A: Address + 'a>(
    scheduler: Scheduler,
    balance: &mut Balance,
    n: usize,
    pool: &Pool,
    at: impl Fn(usize) -> &'a Backend<A>,
    is_local: bool,
    tuple: &Tuple<A>,
) -> Option<usize> {
    let weight = |i: usize| u64::from(at(i).weight);
    let load = |balance: &Balance, i: usize| balance.load(pool.get(i));
    let able = || (0..n).filter(|&i| weight(i) > 0);
    // The first of those for which `cost` / weight is least, compared without division.
    let least = |cost: &dyn Fn(usize) -> u64| {
        able().reduce(|a, b| if cost(b) * weight(a) < cost(a) * weight(b) { b } else { a })
    };
    match scheduler {
        Scheduler::RoundRobin => {
            let chosen = (0..n).map(|i| (balance.cursor as usize + i) % n).find(|&i| weight(i) > 0)?;
            balance.cursor = chosen as u32 + 1;
            Some(chosen)
        }
        Scheduler::WeightedRoundRobin => {
            let most = able().map(weight).max()? as u32;
            let step = able().map(weight).fold(0, gcd) as u32;
            loop {
                let turn = balance.cursor as usize % n;
                balance.cursor = turn as u32 + 1;
                if turn == 0 {
                    balance.weight = match balance.weight.saturating_sub(step) {
                        0 => most,
                        next => next.min(most),
                    };
                }
                if weight(turn) >= u64::from(balance.weight.max(1)) {
                    return Some(turn);
                }
            }
        }
        Scheduler::LeastConnections => able().min_by_key(|&i| load(balance, i).total()),
        Scheduler::WeightedLeastConnections => least(&|i| load(balance, i).total()),
        Scheduler::ShortestExpectedDelay => least(&|i| u64::from(load(balance, i).active) + 1),
        Scheduler::NeverQueue => able()
            .find(|&i| load(balance, i).active == 0)
            .or_else(|| least(&|i| u64::from(load(balance, i).active) + 1)),
        Scheduler::SourceHash => {
            let total: u64 = able().map(weight).sum();
            let mut bucket = hash_32(fold_address(tuple.src)).checked_rem(total)?;
            able().find(|&i| {
                let here = bucket < weight(i);
                bucket = bucket.wrapping_sub(weight(i));
                here
            })
        }
        Scheduler::DestinationHash => Some((hash_32(fold_address(tuple.dst)) % n as u64) as usize),
        Scheduler::MaglevHash => lookup(table(balance, n, at, is_local, MH_SIZE), stable(tuple.src.bits(), 0x6d68)),
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn fold_address<A: Address>(address: A) -> u32 {
    let bits = address.bits();
    bits as u32 ^ (bits >> 32) as u32 ^ (bits >> 64) as u32 ^ (bits >> 96) as u32
}

/// One of 256 buckets (include/linux/hash.h, `hash_32`).
fn hash_32(value: u32) -> u64 {
    u64::from(value.wrapping_mul(0x61c8_8647) >> 24)
}
