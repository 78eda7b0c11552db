//! What a router knows, for display. The order is always that of names and numbers, never that of memory.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::conntrack::{Conntrack, State, tick};
use super::table::{Endpoint, Route, ServicePort};
use super::{Plane, Router};
use crate::net::Flow;
use crate::net::address::Address;
use crate::time::{Duration, Instant};

/// A tracked connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Connection {
    /// Packets as the opener sends them.
    pub original: Flow,
    /// Answers as they come, before they are translated back.
    pub reply: Flow,
    /// How far it is.
    pub state: State,
    /// Whether an answer was seen.
    pub answered: bool,
    /// Whether it is kept when the table is full.
    pub assured: bool,
    /// How long it is remembered if nothing more is heard.
    pub left: Duration,
}

/// A client that session affinity binds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sticky {
    /// The service port, as `namespace/name:port`.
    pub service: Rc<str>,
    /// The client as this node sees it.
    pub client: IpAddr,
    /// Where it goes.
    pub backend: SocketAddr,
    /// How long, if it opens no connection.
    pub left: Duration,
}

/// A service port with what this node makes of its endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The service port as it was told.
    pub port: ServicePort,
    /// All its endpoints, in order of address.
    pub endpoints: Vec<Endpoint>,
    /// Those that traffic policy Cluster may use here, by their place in `endpoints`.
    pub cluster: Vec<u32>,
    /// Those that traffic policy Local may use here.
    pub local: Vec<u32>,
    /// Whether some node could serve it.
    pub has_endpoints: bool,
    /// Established and other connections of each endpoint, where the balancer counts them.
    pub loads: Vec<(u32, u32)>,
}

impl Router {
    /// All tracked connections at `now`, in order of their original flow.
    pub fn connections(&self, now: Instant) -> Vec<Connection> {
        let mut all = connections(&self.v4.conntrack, now);
        all.extend(connections(&self.v6.conntrack, now));
        crate::ordered::sort(&mut all);
        all
    }

    /// All clients that affinity binds at `now`.
    pub fn sticky_clients(&self, now: Instant) -> Vec<Sticky> {
        let mut all = sticky(&self.v4, now);
        all.extend(sticky(&self.v6, now));
        crate::ordered::sort(&mut all);
        all
    }

    /// The table of service ports, IPv4 first, each family in order of name.
    pub fn entries(&self) -> Vec<Entry> {
        let mut all = entries(&self.v4);
        all.extend(entries(&self.v6));
        all
    }

    /// The routes in the order in which they are tried, IPv4 first.
    pub fn routes(&self) -> Vec<Route> {
        let mut all = self.v4.routes.all();
        all.extend(self.v6.routes.all());
        all
    }

    /// The name of an entry that the tap showed, while it exists.
    pub fn entry_name(&self, entry: u32, ipv6: bool) -> Option<&str> {
        match ipv6 {
            false => self.v4.services.get(entry).map(|service| &*service.name),
            true => self.v6.services.get(entry).map(|service| &*service.name),
        }
    }
}

fn connections<A: Address>(conntrack: &Conntrack<A>, now: Instant) -> Vec<Connection> {
    let views = conntrack.matching(|_, _| true).into_iter().map(|index| conntrack.view(index, tick(now)));
    views
        .map(|view| Connection {
            original: view.original.flow(),
            reply: view.reply.flow(),
            state: view.state,
            answered: view.answered,
            assured: view.assured,
            left: view.left,
        })
        .collect()
}

fn sticky<A: Address>(plane: &Plane<A>, now: Instant) -> Vec<Sticky> {
    let mut all = Vec::new();
    for service in plane.services.sorted() {
        let Some(affinity) = &service.affinity else { continue };
        for record in affinity.records(now) {
            if service.place(record.address, record.port).is_none() {
                continue;
            }
            all.push(Sticky {
                service: service.name.clone(),
                client: record.client.ip(),
                backend: SocketAddr::new(record.address.ip(), record.port),
                left: record.since + affinity.timeout - now,
            });
        }
    }
    all
}

fn entries<A: Address>(plane: &Plane<A>) -> Vec<Entry> {
    let entry = |service: &super::services::Service<A>| {
        let count = service.endpoints.len();
        let places = |pool: &super::topology::Pool| (0..pool.len(count)).map(|n| pool.get(n) as u32).collect();
        let loads = service
            .balance
            .iter()
            .flat_map(|balance| (0..count).map(|place| balance.load(place)).map(|load| (load.active, load.inactive)));
        Entry {
            port: service.told(),
            endpoints: service.endpoints.iter().map(|endpoint| endpoint.endpoint()).collect(),
            cluster: places(service.pool(false)),
            local: places(service.pool(true)),
            has_endpoints: service.has_any(),
            loads: loads.collect(),
        }
    };
    plane.services.sorted().into_iter().map(entry).collect()
}
