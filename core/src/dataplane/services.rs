//! The table of virtual addresses: which service port a destination means, and which endpoints serve it.

use crate::ordered::OrdMap;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::net::SocketAddr;

use hashbrown::HashTable;

use super::affinity::Affinity;
use super::balance::Balance;
use super::config::Mode;
use super::frontends::{Frontend, Kind};
use super::hash::Secret;
use super::table::{Endpoint, ServiceKey, ServicePort};
use super::topology::{Backend, Pool, Pools, categorize};
use crate::net::address::Address;
use crate::net::{Cidr, Protocol};
use crate::rng::Rng;

/// One service port, and what the packet path needs of it.
#[derive(Debug)]
pub(crate) struct Service<A> {
    pub(crate) name: Rc<str>,
    pub(crate) protocol: u8,
    /// False while only its endpoints are known.
    pub(crate) is_known: bool,
    pub(crate) internal_local: bool,
    pub(crate) external_local: bool,
    pub(crate) cluster_ip: A,
    pub(crate) port: u16,
    pub(crate) node_port: u16,
    pub(crate) external: Option<Box<External<A>>>,
    pub(crate) affinity: Option<Box<Affinity<A>>>,
    /// In order of address.
    pub(crate) endpoints: Vec<Backend<A>>,
    /// `None` when every endpoint may be used, if there are any, by traffic policy Cluster, and there is no other policy.
    pools: Option<Box<Pools>>,
    pub(crate) balance: Option<Box<Balance>>,
}

/// What only a service port with external addresses needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct External<A> {
    pub(crate) external_ips: Vec<A>,
    pub(crate) load_balancer_ips: Vec<A>,
    pub(crate) source_ranges: Vec<Cidr>,
    pub(crate) health_check_port: u16,
}

impl<A: Address> Service<A> {
    /// kubernetes pkg/proxy/serviceport.go, `ExternallyAccessible`.
    pub(crate) fn is_external(&self) -> bool {
        let addresses = |e: &External<A>| !e.external_ips.is_empty() || !e.load_balancer_ips.is_empty();
        self.node_port != 0 || self.external.as_deref().is_some_and(addresses)
    }

    /// External traffic from pods and the node goes to the cluster's pool even if the policy is Local.
    pub(crate) fn uses_cluster(&self) -> bool {
        !self.internal_local || self.is_external()
    }

    pub(crate) fn uses_local(&self) -> bool {
        self.internal_local || self.external_local && self.is_external()
    }

    /// Sorts the endpoints into pools again, and gives those that became reachable a new life.
    fn sort(&mut self, lives: &mut u32, secret: &Secret, mode: Mode) {
        let pools = categorize(&self.endpoints, self.uses_cluster(), self.uses_local());
        for (place, endpoint) in self.endpoints.iter_mut().enumerate() {
            let reachable = pools.cluster.contains(place) || pools.local.contains(place);
            if reachable && !endpoint.reachable {
                *lives = lives.wrapping_add(1);
                endpoint.life = *lives;
            }
            endpoint.reachable = reachable;
        }
        if let Some(affinity) = &mut self.affinity
            && !matches!(mode, Mode::Ipvs(_))
        {
            // A list is destroyed with the rules of its endpoint.
            affinity.retain(secret, |address, port, life| {
                let place = self.endpoints.binary_search_by_key(&(address.bits(), port), Backend::order);
                place.is_ok_and(|place| self.endpoints[place].reachable && self.endpoints[place].life == life)
            });
        }
        let is_plain = self.endpoints.is_empty() || pools.any && pools.cluster == Pool::All && pools.local.is_empty();
        self.pools = (!is_plain).then(|| Box::new(pools));
        if let Some(balance) = &mut self.balance {
            balance.reset();
        }
    }

    /// The endpoints that a traffic policy may use.
    #[inline]
    pub(crate) fn pool(&self, local: bool) -> &Pool {
        pool(&self.pools, &self.endpoints, local)
    }

    /// What a balancer chooses from by a traffic policy, and what it remembers.
    #[inline]
    pub(crate) fn choice(&mut self, local: bool) -> (&Pool, &[Backend<A>], Option<&mut Balance>) {
        (pool(&self.pools, &self.endpoints, local), &self.endpoints, self.balance.as_deref_mut())
    }

    /// Whether a choice makes a difference to later ones.
    #[inline]
    pub(crate) fn remembers(&self) -> bool {
        self.affinity.is_some() || self.balance.is_some()
    }

    /// Whether some node could serve the port.
    #[inline]
    pub(crate) fn has_any(&self) -> bool {
        self.pools.as_ref().map_or(!self.endpoints.is_empty(), |pools| pools.any)
    }

    /// The place of the endpoint with this address.
    pub(crate) fn place(&self, address: A, port: u16) -> Option<usize> {
        self.endpoints.binary_search_by_key(&(address.bits(), port), Backend::order).ok()
    }

    /// The service port as it was told.
    pub(crate) fn told(&self) -> ServicePort {
        let ips = |of: fn(&External<A>) -> &Vec<A>| {
            self.external.as_deref().map_or(Vec::new(), |e| of(e).iter().map(|a| a.ip()).collect())
        };
        ServicePort {
            name: self.name.clone(),
            protocol: Protocol::from_number(self.protocol),
            cluster_ip: self.cluster_ip.ip(),
            port: self.port,
            node_port: self.node_port,
            external_ips: ips(|e| &e.external_ips),
            load_balancer_ips: ips(|e| &e.load_balancer_ips),
            source_ranges: self.external.as_deref().map_or(Vec::new(), |e| e.source_ranges.clone()),
            affinity: self.affinity.as_deref().map(|a| a.timeout),
            internal_local: self.internal_local,
            external_local: self.external_local,
            health_check_port: self.external.as_deref().map_or(0, |e| e.health_check_port),
        }
    }
}

#[inline]
fn pool<'a, A>(pools: &'a Option<Box<Pools>>, endpoints: &[Backend<A>], local: bool) -> &'a Pool {
    match (pools, local) {
        (None, false) if !endpoints.is_empty() => &Pool::All,
        (None, _) => &Pool::None,
        (Some(pools), false) => &pools.cluster,
        (Some(pools), true) => &pools.local,
    }
}

/// All service ports of one family.
pub(crate) struct Services<A> {
    pub(super) list: Vec<Option<Service<A>>>,
    free: Vec<u32>,
    by_name: HashTable<u32>,
    pub(super) frontends: HashTable<Frontend<A>>,
    /// Frontends whose place another service port has: the first name has it, however the table came about.
    pub(super) shadowed: OrdMap<(u128, u16, u8, Rc<str>, u32), Kind>,
    /// How many service ports have this cluster IP.
    pub(super) cluster_ips: HashTable<(A, u32)>,
    pub(super) mode: Mode,
    pub(super) secret: Secret,
    lives: u32,
}

impl<A: Address> Services<A> {
    pub(crate) fn new(mode: Mode, rng: &mut Rng) -> Services<A> {
        Services {
            list: Vec::new(),
            free: Vec::new(),
            by_name: HashTable::new(),
            frontends: HashTable::new(),
            shadowed: OrdMap::new(),
            cluster_ips: HashTable::new(),
            mode,
            secret: Secret::new(rng),
            lives: 0,
        }
    }

    /// The service port that a destination means.
    #[inline]
    pub(crate) fn find(&self, address: A, port: u16, protocol: u8) -> Option<(u32, Kind)> {
        let hash = self.secret.socket(address, port, protocol);
        let frontend =
            self.frontends.find(hash, |f| f.address == address && f.port == port && f.protocol == protocol)?;
        Some((frontend.service, frontend.kind))
    }

    /// Bytes of heap.
    pub(crate) fn bytes(&self) -> usize {
        let service = |s: &Service<A>| {
            s.endpoints.capacity() * size_of::<Backend<A>>()
                + s.external.as_ref().map_or(0, |_| size_of::<External<A>>())
                + s.affinity.as_ref().map_or(0, |_| size_of::<Affinity<A>>())
                + s.pools.as_ref().map_or(0, |_| size_of::<Pools>())
        };
        self.list.capacity() * size_of::<Option<Service<A>>>()
            + self.by_name.allocation_size()
            + self.frontends.allocation_size()
            + self.cluster_ips.allocation_size()
            + self.list.iter().flatten().map(service).sum::<usize>()
    }

    /// The service port with this port on the node's addresses.
    pub(crate) fn find_node_port(&self, port: u16, protocol: u8) -> Option<(u32, Kind)> {
        self.find(A::default(), port, protocol)
    }

    /// Whether the address is the cluster IP of some service port; not known in iptables mode.
    pub(crate) fn is_cluster_ip(&self, address: A) -> bool {
        self.cluster_ips.find(self.secret.address(address), |entry| entry.0 == address).is_some()
    }

    pub(crate) fn get(&self, service: u32) -> Option<&Service<A>> {
        self.list.get(service as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, service: u32) -> Option<&mut Service<A>> {
        self.list.get_mut(service as usize)?.as_mut()
    }

    pub(crate) fn secret(&self) -> Secret {
        self.secret
    }

    /// All that are known, in order of name.
    pub(crate) fn sorted(&self) -> Vec<&Service<A>> {
        let mut all: Vec<&Service<A>> = self.list.iter().flatten().filter(|s| s.is_known).collect();
        crate::ordered::sort_by(&mut all, |a, b| (&a.name, a.protocol).cmp(&(&b.name, b.protocol)));
        all
    }

    pub(crate) fn lookup(&self, key: &ServiceKey) -> Option<u32> {
        let protocol = key.protocol.number();
        let is_it =
            |&i: &u32| self.list[i as usize].as_ref().is_some_and(|s| s.protocol == protocol && s.name == key.name);
        self.by_name.find(self.secret.text(&key.name), is_it).copied()
    }

    /// Adds a service port, or replaces what is known of it.
    pub(crate) fn put(&mut self, told: &ServicePort) -> Option<u32> {
        let cluster_ip = A::from_ip(told.cluster_ip)?;
        let index = self.entry(&told.key());
        self.withdraw(index);
        let words = |ips: &[core::net::IpAddr]| -> Vec<A> { ips.iter().filter_map(|&ip| A::from_ip(ip)).collect() };
        let external = External {
            external_ips: words(&told.external_ips),
            load_balancer_ips: words(&told.load_balancer_ips),
            source_ranges: told
                .source_ranges
                .iter()
                .copied()
                .filter(|range| A::from_ip(range.address).is_some())
                .collect(),
            health_check_port: told.health_check_port,
        };
        let is_empty = external.external_ips.is_empty()
            && external.load_balancer_ips.is_empty()
            && external.source_ranges.is_empty()
            && external.health_check_port == 0;
        let mut lives = self.lives;
        let service = self.list[index as usize].as_mut()?;
        service.is_known = true;
        service.cluster_ip = cluster_ip;
        service.port = told.port;
        service.node_port = told.node_port;
        service.internal_local = told.internal_local;
        service.external_local = told.external_local;
        service.external = (!is_empty).then(|| Box::new(external));
        match (&mut service.affinity, told.affinity) {
            (Some(affinity), Some(timeout)) => affinity.timeout = timeout,
            (affinity, timeout) => *affinity = timeout.map(|timeout| Box::new(Affinity::new(timeout))),
        }
        service.sort(&mut lives, &self.secret, self.mode);
        self.lives = lives;
        self.announce(index);
        Some(index)
    }

    /// Forgets a service port.
    pub(crate) fn remove(&mut self, key: &ServiceKey) {
        let Some(index) = self.lookup(key) else { return };
        self.withdraw(index);
        let hash = self.secret.text(&key.name);
        if let Ok(entry) = self.by_name.find_entry(hash, |&i| i == index) {
            entry.remove();
        }
        self.list[index as usize] = None;
        self.free.push(index);
    }

    /// Replaces all endpoints; those that stay keep their connections' count and their clients.
    pub(crate) fn set_endpoints(&mut self, key: &ServiceKey, told: &[Endpoint]) -> u32 {
        let index = self.entry(key);
        let mut next = Vec::with_capacity(told.len());
        next.extend(told.iter().filter_map(Backend::<A>::new));
        next.sort_by_key(Backend::order);
        next.dedup_by_key(|endpoint| endpoint.order());
        let Some(service) = self.list[index as usize].as_mut() else { return index };
        for place in (0..service.endpoints.len()).rev() {
            let old = service.endpoints[place];
            if next.binary_search_by_key(&old.order(), Backend::order).is_err() {
                service.endpoints.remove(place);
                service.balance.iter_mut().for_each(|balance| balance.removed(place));
            }
        }
        if service.endpoints.is_empty() {
            service.balance.iter_mut().for_each(|balance| (0..next.len()).for_each(|place| balance.inserted(place)));
            service.endpoints = next;
        } else {
            next.into_iter().enumerate().for_each(|(place, new)| Self::put_at(service, place, new));
        }
        service.sort(&mut self.lives, &self.secret, self.mode);
        index
    }

    /// Adds or replaces one endpoint.
    pub(crate) fn put_endpoint(&mut self, key: &ServiceKey, told: &Endpoint) -> u32 {
        let index = self.entry(key);
        if let (Some(service), Some(new)) = (self.list[index as usize].as_mut(), Backend::new(told)) {
            let (Ok(place) | Err(place)) = service.endpoints.binary_search_by_key(&new.order(), Backend::order);
            Self::put_at(service, place, new);
            service.sort(&mut self.lives, &self.secret, self.mode);
        }
        index
    }

    fn put_at(service: &mut Service<A>, place: usize, new: Backend<A>) {
        match service.endpoints.get_mut(place) {
            Some(old) if old.order() == new.order() => {
                let (life, reachable) = (old.life, old.reachable);
                *old = new;
                (old.life, old.reachable) = (life, reachable);
            }
            _ => {
                service.endpoints.insert(place, new);
                service.balance.iter_mut().for_each(|balance| balance.inserted(place));
            }
        }
    }

    /// Forgets one endpoint.
    pub(crate) fn remove_endpoint(&mut self, key: &ServiceKey, address: SocketAddr) -> Option<u32> {
        let index = self.lookup(key)?;
        let service = self.list[index as usize].as_mut()?;
        let place = service.place(A::from_ip(address.ip())?, address.port())?;
        service.endpoints.remove(place);
        service.balance.iter_mut().for_each(|balance| balance.removed(place));
        service.sort(&mut self.lives, &self.secret, self.mode);
        Some(index)
    }

    /// The place of a service port, which is made if need be: its endpoints may be told first.
    fn entry(&mut self, key: &ServiceKey) -> u32 {
        if let Some(index) = self.lookup(key) {
            return index;
        }
        let service = Service {
            name: key.name.clone(),
            protocol: key.protocol.number(),
            is_known: false,
            internal_local: false,
            external_local: false,
            cluster_ip: A::default(),
            port: 0,
            node_port: 0,
            external: None,
            affinity: None,
            endpoints: Vec::new(),
            pools: None,
            balance: Balance::new(self.mode),
        };
        let index = match self.free.pop() {
            Some(index) => {
                self.list[index as usize] = Some(service);
                index
            }
            None => {
                // A little at a time: services are many, and come slowly.
                if self.list.len() == self.list.capacity() {
                    self.list.reserve_exact(4 + self.list.len() / 16);
                }
                self.list.push(Some(service));
                self.list.len() as u32 - 1
            }
        };
        let (list, secret) = (&self.list, self.secret);
        let name = |&i: &u32| list[i as usize].as_ref().map_or(0, |s| secret.text(&s.name));
        self.by_name.insert_unique(secret.text(&key.name), index, name);
        index
    }
}
