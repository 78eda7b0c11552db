//! Which endpoints of a service port a node may use.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::table::{Endpoint, Hint};
use crate::net::address::Address;

/// An endpoint as the table keeps it: 16 bytes for IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backend<A> {
    pub(crate) address: A,
    pub(crate) port: u16,
    pub(crate) weight: u16,
    /// Counts how often endpoints became reachable when this one last did; affinity to an earlier life is void.
    pub(crate) life: u32,
    /// `READY` and its neighbours, two bits for each hint.
    bits: u8,
    pub(crate) reachable: bool,
}

const READY: u8 = 1;
const SERVING: u8 = 2;
const TERMINATING: u8 = 4;
const LOCAL: u8 = 8;

impl<A: Address> Backend<A> {
    /// `None` for an endpoint of the other family.
    pub(crate) fn new(endpoint: &Endpoint) -> Option<Backend<A>> {
        let bit = |condition, bit| if condition { bit } else { 0 };
        let hint = |hint| match hint {
            Hint::Absent => 0,
            Hint::Here => 1,
            Hint::Elsewhere => 2,
        };
        let bits = bit(endpoint.ready, READY)
            | bit(endpoint.serving, SERVING)
            | bit(endpoint.terminating, TERMINATING)
            | bit(endpoint.local, LOCAL)
            | hint(endpoint.node_hint) << 4
            | hint(endpoint.zone_hint) << 6;
        let address = A::from_ip(endpoint.address.ip())?;
        Some(Backend {
            address,
            port: endpoint.address.port(),
            weight: endpoint.weight,
            life: 0,
            bits,
            reachable: false,
        })
    }

    /// Orders endpoints by address, whatever order they came in.
    pub(crate) fn order(&self) -> (u128, u16) {
        (self.address.bits(), self.port)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.bits & READY != 0
    }

    pub(crate) fn is_serving(&self) -> bool {
        self.bits & SERVING != 0
    }

    pub(crate) fn is_local(&self) -> bool {
        self.bits & LOCAL != 0
    }

    fn is_last_resort(&self) -> bool {
        self.bits & (READY | SERVING | TERMINATING) == SERVING | TERMINATING
    }

    fn node_hint(&self) -> u8 {
        self.bits >> 4 & 3
    }

    fn zone_hint(&self) -> u8 {
        self.bits >> 6
    }

    /// The endpoint as it was told.
    pub(crate) fn endpoint(&self) -> Endpoint {
        let hint = |bits| match bits {
            0 => Hint::Absent,
            1 => Hint::Here,
            _ => Hint::Elsewhere,
        };
        Endpoint {
            address: core::net::SocketAddr::new(self.address.ip(), self.port),
            ready: self.is_ready(),
            serving: self.is_serving(),
            terminating: self.bits & TERMINATING != 0,
            local: self.is_local(),
            node_hint: hint(self.node_hint()),
            zone_hint: hint(self.zone_hint()),
            weight: self.weight,
        }
    }
}

/// A choice among the endpoints of a service port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Pool {
    /// Every endpoint, which is the common case and costs nothing to keep.
    All,
    /// No endpoint.
    #[default]
    None,
    /// These, by their place; at least one.
    Some(Box<[u32]>),
}

impl Pool {
    fn of<A>(endpoints: &[Backend<A>], wanted: impl Fn(&Backend<A>) -> bool) -> Pool {
        if !endpoints.is_empty() && endpoints.iter().all(&wanted) {
            return Pool::All;
        }
        let chosen: Vec<u32> = (0..endpoints.len() as u32).filter(|&i| wanted(&endpoints[i as usize])).collect();
        if chosen.is_empty() { Pool::None } else { Pool::Some(chosen.into()) }
    }

    pub(crate) fn len(&self, endpoints: usize) -> usize {
        match self {
            Pool::All => endpoints,
            Pool::None => 0,
            Pool::Some(chosen) => chosen.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Pool::None)
    }

    /// The place of the `n`th of the pool among all endpoints.
    #[inline]
    pub(crate) fn get(&self, n: usize) -> usize {
        match self {
            Pool::All | Pool::None => n,
            Pool::Some(chosen) => chosen[n] as usize,
        }
    }

    pub(crate) fn contains(&self, place: usize) -> bool {
        match self {
            Pool::All => true,
            Pool::None => false,
            Pool::Some(chosen) => chosen.binary_search(&(place as u32)).is_ok(),
        }
    }
}

/// The pools of a service port as one node sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pools {
    /// For traffic policy Cluster.
    pub(crate) cluster: Pool,
    /// For traffic policy Local.
    pub(crate) local: Pool,
    /// Whether some node could serve the port.
    pub(crate) any: bool,
}

/// Sorts endpoints into pools: ready ones, narrowed by hints; failing those, the ones that terminate but still serve.
///
/// kubernetes pkg/proxy/topology.go, `CategorizeEndpoints`. The fallback is decided for each pool by itself.
pub(crate) fn categorize<A: Address>(endpoints: &[Backend<A>], uses_cluster: bool, uses_local: bool) -> Pools {
    let mut pools = Pools::default();
    if uses_cluster {
        let hinted = hinted(endpoints);
        pools.cluster = Pool::of(endpoints, |e| e.is_ready() && hinted.allows(e));
        if pools.cluster.is_empty() {
            pools.cluster = Pool::of(endpoints, Backend::is_last_resort);
        }
        pools.any = !pools.cluster.is_empty();
    }
    if uses_local {
        pools.any |= endpoints.iter().any(|e| e.is_ready() || e.is_last_resort());
        pools.local = Pool::of(endpoints, |e| e.is_local() && e.is_ready());
        if pools.local.is_empty() {
            pools.local = Pool::of(endpoints, |e| e.is_local() && e.is_last_resort());
        }
    }
    pools
}

enum Hinted {
    No,
    ToNode,
    ToZone,
}

impl Hinted {
    fn allows<A: Address>(&self, endpoint: &Backend<A>) -> bool {
        match self {
            Hinted::No => true,
            Hinted::ToNode => endpoint.node_hint() == 1,
            Hinted::ToZone => endpoint.zone_hint() == 1,
        }
    }
}

/// Hints count when every ready endpoint has one and one of them means this node, or this zone.
///
/// kubernetes pkg/proxy/topology.go, `topologyModeFromHints`.
fn hinted<A: Address>(endpoints: &[Backend<A>]) -> Hinted {
    let ready = || endpoints.iter().filter(|e| e.is_ready());
    if ready().all(|e| e.node_hint() != 0) && ready().any(|e| e.node_hint() == 1) {
        Hinted::ToNode
    } else if ready().all(|e| e.zone_hint() != 0) && ready().any(|e| e.zone_hint() == 1) {
        Hinted::ToZone
    } else {
        Hinted::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(last: u8, change: impl Fn(&mut Endpoint)) -> Backend<u32> {
        let mut endpoint = Endpoint::new((core::net::Ipv4Addr::new(10, 0, 0, last), 80).into());
        change(&mut endpoint);
        Backend::new(&endpoint).unwrap()
    }

    fn places(pool: &Pool, endpoints: usize) -> Vec<usize> {
        (0..pool.len(endpoints)).map(|n| pool.get(n)).collect()
    }

    #[test]
    fn an_endpoint_of_ipv4_takes_sixteen_bytes_and_comes_back_as_it_was() {
        assert_eq!(size_of::<Backend<u32>>(), 16);
        let mut told = Endpoint::new("10.0.0.1:80".parse().unwrap());
        told.zone_hint = Hint::Elsewhere;
        told.local = true;
        assert_eq!(Backend::<u32>::new(&told).unwrap().endpoint(), told);
        assert_eq!(Backend::<u128>::new(&told), None);
    }

    #[test]
    fn without_ready_endpoints_those_that_terminate_and_serve_are_used() {
        let terminating = |e: &mut Endpoint| (e.ready, e.terminating) = (false, true);
        let silent = |e: &mut Endpoint| (e.ready, e.serving, e.terminating) = (false, false, true);
        let all = [endpoint(1, terminating), endpoint(2, silent), endpoint(3, terminating)];
        assert_eq!(places(&categorize(&all, true, false).cluster, 3), [0, 2]);
        let with_ready = [all[0], all[1], endpoint(4, |_| {})];
        assert_eq!(places(&categorize(&with_ready, true, false).cluster, 3), [2]);
    }

    #[test]
    fn the_local_pool_falls_back_by_itself() {
        let local_terminating = |e: &mut Endpoint| (e.ready, e.terminating, e.local) = (false, true, true);
        let all = [endpoint(1, local_terminating), endpoint(2, |_| {})];
        let pools = categorize(&all, true, true);
        assert_eq!((places(&pools.cluster, 2), places(&pools.local, 2)), ([1].into(), [0].into()));
        let pools = categorize(&all[1..], false, true);
        assert!(pools.local.is_empty() && pools.any, "another node has one");
    }

    #[test]
    fn hints_count_only_when_every_ready_endpoint_has_one() {
        let here = |e: &mut Endpoint| e.zone_hint = Hint::Here;
        let elsewhere = |e: &mut Endpoint| e.zone_hint = Hint::Elsewhere;
        let all = [endpoint(1, here), endpoint(2, elsewhere)];
        assert_eq!(places(&categorize(&all, true, false).cluster, 2), [0]);
        let partly = [all[0], all[1], endpoint(3, |_| {})];
        assert_eq!(categorize(&partly, true, false).cluster, Pool::All);
        assert_eq!(categorize(&all[1..], true, false).cluster, Pool::All);
    }

    #[test]
    fn node_hints_come_before_zone_hints() {
        let both = |node, zone| move |e: &mut Endpoint| (e.node_hint, e.zone_hint) = (node, zone);
        let all = [endpoint(1, both(Hint::Here, Hint::Here)), endpoint(2, both(Hint::Elsewhere, Hint::Here))];
        assert_eq!(places(&categorize(&all, true, false).cluster, 2), [0]);
        let elsewhere =
            [endpoint(1, both(Hint::Elsewhere, Hint::Here)), endpoint(2, both(Hint::Elsewhere, Hint::Elsewhere))];
        assert_eq!(places(&categorize(&elsewhere, true, false).cluster, 2), [0]);
    }
}
