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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataplane::table::Endpoint;
    use crate::net::flow::pack_ports;

    struct Lab {
        mode: Mode,
        balance: Option<Box<Balance>>,
        endpoints: Vec<Backend<u32>>,
        rng: Rng,
    }

    impl Lab {
        fn new(mode: Mode, weights: &[u16]) -> Lab {
            let endpoint = |(i, &weight): (usize, &u16)| {
                let address = core::net::Ipv4Addr::new(10, 1, 0, i as u8 + 1);
                Backend::new(&Endpoint { weight, ..Endpoint::new((address, 80).into()) }).unwrap()
            };
            let endpoints: Vec<Backend<u32>> = weights.iter().enumerate().map(endpoint).collect();
            let mut balance = Balance::new(mode);
            balance.iter_mut().for_each(|balance| (0..weights.len()).for_each(|place| balance.inserted(place)));
            Lab { mode, balance, endpoints, rng: Rng::new(1) }
        }

        fn ipvs(scheduler: Scheduler, weights: &[u16]) -> Lab {
            Lab::new(Mode::Ipvs(scheduler), weights)
        }

        /// Connection `n`, each from a client of its own.
        fn choose(&mut self, n: u32) -> usize {
            self.choose_from(0x0a02_0000 + n, 1000).unwrap()
        }

        fn choose_from(&mut self, client: u32, port: u16) -> Option<usize> {
            let dst = 0x0a60_0001_u32.to_be();
            let tuple = Tuple { src: client.to_be(), dst, ports: pack_ports(port, 80), protocol: 6 };
            choose(self.mode, self.balance.as_deref_mut(), &self.endpoints, &Pool::All, false, &tuple, &mut self.rng)
        }

        fn shares(&mut self, connections: u32) -> Vec<u32> {
            let mut shares = alloc::vec![0; self.endpoints.len()];
            (0..connections).for_each(|n| shares[self.choose(n)] += 1);
            shares
        }

        fn load(&mut self, place: usize, active: u32, inactive: u32) {
            *self.balance.as_mut().unwrap().load_mut(place).unwrap() = Load { active, inactive };
        }
    }

    #[test]
    fn random_modes_give_every_endpoint_the_same_chance() {
        for mode in [Mode::Iptables, Mode::Nftables] {
            let shares = Lab::new(mode, &[1; 8]).shares(80_000);
            // Standard deviation 94.
            assert!(shares.iter().all(|share| (9_550..10_450).contains(share)), "{mode:?} {shares:?}");
        }
    }

    #[test]
    fn round_robin_takes_turns() {
        let mut lab = Lab::ipvs(Scheduler::RoundRobin, &[1, 1, 0, 1]);
        let order: Vec<usize> = (0..7).map(|n| lab.choose(n)).collect();
        assert_eq!(order, [0, 1, 3, 0, 1, 3, 0], "weight 0 takes no turn");
    }

    #[test]
    fn weighted_round_robin_interleaves_by_weight() {
        let mut lab = Lab::ipvs(Scheduler::WeightedRoundRobin, &[4, 3, 2]);
        let order: Vec<usize> = (0..9).map(|n| lab.choose(n)).collect();
        // The example of the ipvs documentation: AABABCABC for weights 4, 3, 2.
        assert_eq!(order, [0, 0, 1, 0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn least_connections_weigh_established_ones_heavily() {
        let mut lab = Lab::ipvs(Scheduler::LeastConnections, &[1, 1, 1]);
        lab.load(0, 1, 0);
        lab.load(1, 0, 200);
        lab.load(2, 0, 201);
        assert_eq!(lab.choose(0), 1);
        lab.load(1, 0, 300);
        lab.load(2, 0, 299);
        assert_eq!(lab.choose(1), 0);
        let mut lab = Lab::ipvs(Scheduler::WeightedLeastConnections, &[1, 3]);
        lab.load(0, 1, 0);
        lab.load(1, 2, 0);
        assert_eq!(lab.choose(0), 1);
        lab.load(1, 4, 0);
        assert_eq!(lab.choose(0), 0);
    }

    #[test]
    fn expected_delay_and_never_queue_look_at_established_connections() {
        let mut lab = Lab::ipvs(Scheduler::ShortestExpectedDelay, &[1, 3]);
        assert_eq!(lab.choose(0), 1, "one third of the delay");
        lab.load(1, 3, 0);
        assert_eq!(lab.choose(0), 0);
        let mut lab = Lab::ipvs(Scheduler::NeverQueue, &[1, 3]);
        assert_eq!(lab.choose(0), 0, "the first idle one");
        lab.load(0, 1, 0);
        assert_eq!(lab.choose(0), 1);
        lab.load(1, 1, 0);
        assert_eq!(lab.choose(0), 1);
    }

    #[test]
    fn hashing_schedulers_keep_a_source_or_a_destination() {
        for scheduler in [Scheduler::SourceHash, Scheduler::MaglevHash, Scheduler::DestinationHash] {
            let mut lab = Lab::ipvs(scheduler, &[1; 4]);
            for client in 0..50 {
                let first = lab.choose_from(client, 1);
                assert!((2..20).all(|port| lab.choose_from(client, port) == first), "{scheduler:?}");
            }
        }
        assert_eq!(Lab::ipvs(Scheduler::DestinationHash, &[1; 4]).shares(50).iter().filter(|n| **n > 0).count(), 1);
        for scheduler in [Scheduler::SourceHash, Scheduler::MaglevHash] {
            let shares = Lab::ipvs(scheduler, &[1; 4]).shares(40_000);
            assert!(shares.iter().all(|share| (8_000..12_000).contains(share)), "{scheduler:?} {shares:?}");
        }
    }

    #[test]
    fn maglev_spreads_connections_of_one_client_and_keeps_them_when_another_endpoint_goes() {
        for (size, slack) in [(65_537, 600), (1009, 900)] {
            let mut lab = Lab::new(Mode::Maglev(size), &[1; 5]);
            let shares = lab.shares(50_000);
            assert!(shares.iter().all(|share| share.abs_diff(10_000) < slack), "{size} {shares:?}");
            let before: Vec<usize> = (0..10_000).map(|n| lab.choose(n)).collect();
            let mut fewer = Lab::new(Mode::Maglev(size), &[1; 4]);
            let moved =
                before.iter().enumerate().filter(|(n, place)| **place < 4 && fewer.choose(*n as u32) != **place);
            // Of the 8000 that need not move.
            assert!(moved.count() < 800, "{size}");
        }
    }

    #[test]
    fn when_every_weight_is_zero_nobody_is_chosen() {
        for scheduler in
            [Scheduler::RoundRobin, Scheduler::WeightedRoundRobin, Scheduler::SourceHash, Scheduler::MaglevHash]
        {
            assert_eq!(Lab::ipvs(scheduler, &[0, 0]).choose_from(1, 1), None, "{scheduler:?}");
        }
    }
}
