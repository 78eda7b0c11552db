//! How Kubernetes Services work: a node's packet path, as kube-proxy programs it and Linux carries it out.
//!
//! A Service is no process. Its cluster IP exists on no machine and answers to nobody: it is a rule, on every
//! node, that rewrites packets on their way. This is that rule. A [`Router`] is one node's packet path; read
//! `Plane::handle` below and you have read it.
//!
//! ```text
//!               1 parse ── 2 known connection? ──yes──────────────────────────────┐
//!                               │ no: a new one                                   │
//!                               3 virtual destination? ──no (a plain flow)─┐      │
//!                               │ yes                                      │      │
//!   4 no backend: refuse ◄──────┤                                          │      │
//!                               5 the client's last backend, or choose one │      │
//!                               │                                          │      │
//!                               6 may these two talk? (network policy) ◄───┘      │
//!                               │                                                 │
//!                               open the connection: both tuples are remembered   │
//!                               │                                                 │
//!                               7 rewrite, TTL ◄──────────────────────────────────┘
//!                               8 to a pod of this node, or over a link
//! ```
//!
//! The answer of the backend takes the same way back: its tuple is the reply tuple of the connection, so step 2
//! finds it, and step 7 puts the cluster IP back in its source. The client never learns who answered.
//!
//! The two address families do not share anything but chance and configuration, as kube-proxy runs one proxier
//! for each; `Plane` is one of them. The router alone, without a cluster around it:
//!
//! ```
//! # use clusterip::dataplane::*;
//! # use clusterip::{id::{HostId, LinkId}, net::{Flow, Protocol}, time::Instant};
//! let mut config = RouterConfig::new("172.30.0.11".parse().unwrap());
//! config.pod_cidrs = vec!["10.1.0.0/16".parse().unwrap()];
//! let mut router = Router::new(config);
//! let now = Instant::ZERO;
//!
//! // A Service with one endpoint on another node, behind link 0; the client is on port 1 of this one.
//! let web = ServicePort::new("default/web", Protocol::Tcp, "10.96.0.10".parse().unwrap(), 80);
//! let endpoint = Endpoint::new("10.1.2.1:8080".parse().unwrap());
//! router.apply(now, &Delta::Endpoint(web.key(), endpoint), &mut ());
//! router.apply(now, &Delta::Service(web), &mut ());
//! router.apply(now, &Delta::Route(Route::new("10.1.2.0/24".parse().unwrap(), Hop::Link(LinkId(0)))), &mut ());
//! router.apply(now, &Delta::Route(Route::new("10.1.1.5/32".parse().unwrap(), Hop::Port(HostId(1)))), &mut ());
//!
//! // A SYN to the cluster IP: 10.1.1.5:40000 -> 10.96.0.10:80.
//! let mut syn = [0_u8; 40];
//! syn[..20].copy_from_slice(&[0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 1, 1, 5, 10, 96, 0, 10]);
//! syn[20..36].copy_from_slice(&[0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff]);
//! # clusterip::net::rewrite::fill_checksums(&mut syn);
//! let verdict = router.handle_packet(now, &mut syn, Ingress::Port(HostId(1)), &mut ());
//! assert_eq!(verdict, Verdict::Link(LinkId(0)));
//! assert_eq!(syn[16..20], [10, 1, 2, 1], "the destination is the endpoint now");
//! assert_eq!(syn[22..24], 8080_u16.to_be_bytes());
//! ```

mod admit;
mod affinity;
mod balance;
mod batch;
pub mod config;
mod conntrack;
mod errors;
mod established;
mod fragments;
mod frontends;
mod hash;
mod maglev;
mod nat;
mod originate;
mod policy;
mod routes;
pub mod rules;
mod services;
mod steer;
pub mod table;
pub mod timeouts;
mod topology;
pub mod verdict;
mod view;

pub use batch::BatchPacket;
pub use config::{IcmpLimits, Mode, NodePortAddresses, RouterConfig, Scheduler};
pub use conntrack::State;
pub use table::{
    Block, Delta, Endpoint, Hint, Hop, Peers, PodPolicy, PolicyRule, PortRange, Route, ServiceKey, ServicePort,
};
pub use timeouts::Timeouts;
pub use verdict::{Counters, Ingress, Refusal, Verdict};
pub use view::{Connection, Entry, Sticky};

use alloc::vec::Vec;
use core::fmt;

use self::conntrack::Conntrack;
use self::errors::Errors;
use self::fragments::Fragments;
use self::policy::Policies;
use self::routes::Routes;
use self::services::Services;
use crate::net::address::{Address, Prefix};
use crate::net::flow::Tuple;
use crate::net::header::Kind;
use crate::net::{Event, Place, Reason, Step, Tap};
use crate::rng::Rng;
use crate::time::Instant;

/// One node's packet path: packets in, rewritten packets and verdicts out.
///
/// `handle_*` takes input from the world, [`Router::apply`] commands, `&self` looks. Time is an argument; chance
/// comes from the seed in the configuration: equal calls give equal bytes.
pub struct Router {
    node: Node,
    v4: Plane<u32>,
    v6: Plane<u128>,
}

/// What both address families share.
struct Node {
    config: RouterConfig,
    rng: Rng,
    policies: Policies,
    counters: Counters,
}

/// The packet path of one address family.
struct Plane<A: Address> {
    services: Services<A>,
    conntrack: Conntrack<A>,
    routes: Routes<A>,
    fragments: Fragments<A>,
    errors: Errors,
    /// Where pods live.
    pods: Vec<Prefix<A>>,
}

impl Router {
    /// A router with an empty table: it knows the node's own addresses and nothing else.
    pub fn new(config: RouterConfig) -> Router {
        let mut rng = Rng::new(config.seed);
        let (v4, v6) = (Plane::new(&config, &mut rng), Plane::new(&config, &mut rng));
        Router { node: Node { config, rng, policies: Policies::default(), counters: Counters::default() }, v4, v6 }
    }

    /// Takes a packet, rewrites it in place, and says where it goes. Nothing is allocated for known connections.
    #[inline]
    pub fn handle_packet(&mut self, now: Instant, packet: &mut [u8], from: Ingress, tap: &mut impl Tap) -> Verdict {
        match self.v4.express(&mut self.node, now, packet, from, tap) {
            Some(way) => way.verdict,
            None => self.handle_other(now, packet, from, tap),
        }
    }

    /// Whatever is not a plain IPv4 packet of a known connection. Apart, so that those pay nothing for the others.
    #[inline(never)]
    fn handle_other(&mut self, now: Instant, packet: &mut [u8], from: Ingress, tap: &mut impl Tap) -> Verdict {
        match packet.first().map(|byte| byte >> 4) {
            Some(4) => self.v4.handle(&mut self.node, now, packet, from, tap),
            Some(6) => match self.v6.express(&mut self.node, now, packet, from, tap) {
                Some(way) => way.verdict,
                None => self.v6.handle(&mut self.node, now, packet, from, tap),
            },
            _ => self.node.end(now, None::<&Tuple<u32>>, Verdict::Drop(Reason::Malformed), tap),
        }
    }

    /// Writes the ICMP error for a packet that [`Router::handle_packet`] rejected, and says where it goes.
    ///
    /// `packet` and `from` are those of the rejected packet. `None`: nobody may be told, or was told often enough of late.
    pub fn originate(
        &mut self,
        now: Instant,
        packet: &[u8],
        from: Ingress,
        refusal: Refusal,
        out: &mut Vec<u8>,
        tap: &mut impl Tap,
    ) -> Option<Verdict> {
        let verdict = match packet.first()? >> 4 {
            4 => self.v4.originate(&mut self.node, now, packet, from, refusal, out),
            _ => self.v6.originate(&mut self.node, now, packet, from, refusal, out),
        }?;
        let flow = if out[0] >> 4 == 4 {
            u32::parse(out).ok().map(|h| h.tuple.flow())
        } else {
            u128::parse(out).ok().map(|h| h.tuple.flow())
        };
        self.node.sent(now, flow, verdict, tap);
        Some(verdict)
    }

    /// Changes the table. It costs what the named thing costs, however large the table is.
    pub fn apply(&mut self, now: Instant, delta: &Delta, tap: &mut impl Tap) {
        match delta {
            Delta::Policy(pod, policy) => self.node.policies.set(*pod, policy.clone()),
            delta if delta.is_ipv6() => self.v6.apply(&mut self.node, now, delta, tap),
            delta => self.v4.apply(&mut self.node, now, delta, tap),
        }
    }

    /// When [`Router::handle_timeout`] has something to do. Calling it late changes nothing that packets see.
    pub fn poll_at(&self) -> Option<Instant> {
        [self.v4.conntrack.poll_at(), self.v6.conntrack.poll_at()].into_iter().flatten().min()
    }

    /// Forgets the connections whose time is over.
    pub fn handle_timeout(&mut self, now: Instant, tap: &mut impl Tap) {
        self.v4.expire(&mut self.node, now, tap);
        self.v6.expire(&mut self.node, now, tap);
    }

    /// How many packets met which end.
    pub fn counters(&self) -> &Counters {
        &self.node.counters
    }

    /// What the router was told at its start.
    pub fn config(&self) -> &RouterConfig {
        &self.node.config
    }

    /// Bytes of heap that connections take, for measuring.
    pub fn connection_bytes(&self) -> usize {
        self.v4.conntrack.bytes() + self.v6.conntrack.bytes()
    }

    /// Bytes of heap that service ports and endpoints take, for measuring; names are shared with whoever told them.
    pub fn table_bytes(&self) -> usize {
        self.v4.services.bytes() + self.v6.services.bytes()
    }

    /// How many connections are tracked.
    pub fn connection_count(&self) -> u32 {
        self.v4.conntrack.len() + self.v6.conntrack.len()
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("config", &self.node.config).finish_non_exhaustive()
    }
}

impl<A: Address> Plane<A> {
    fn new(config: &RouterConfig, rng: &mut Rng) -> Plane<A> {
        Plane {
            services: Services::new(config.mode, rng),
            conntrack: Conntrack::new(config.max_connections, &config.timeouts, config.track_windows, rng),
            routes: Routes::new(config.addresses.iter().chain(&config.gateways).copied(), config.track_windows, rng),
            fragments: Fragments::default(),
            errors: Errors::default(),
            pods: config.pod_cidrs.iter().filter_map(Prefix::new).collect(),
        }
    }

    /// Whether the address is known to be a pod's.
    fn is_pod(&self, address: A) -> bool {
        self.pods.iter().any(|range| range.contains(address))
    }

    /// Whether the address is known not to be a pod's.
    fn is_foreign(&self, address: A) -> bool {
        !self.pods.is_empty() && !self.is_pod(address)
    }

    /// The life of a packet. (The packets of established connections live it faster: [`Plane::express`].)
    #[inline(never)]
    fn handle<T: Tap>(
        &mut self,
        node: &mut Node,
        now: Instant,
        packet: &mut [u8],
        from: Ingress,
        tap: &mut T,
    ) -> Verdict {
        if self.conntrack.is_due(conntrack::tick(now)) {
            self.expire(node, now, tap);
        }
        // 1. Whose packet is it?
        let header = match A::parse(packet) {
            Ok(header) => header,
            Err(reason) => return node.end(now, None::<&Tuple<A>>, Verdict::Drop(reason), tap),
        };
        let header = &header;
        node.note(now, &header.tuple, Step::Received { bytes: header.length as u16 }, tap);
        if let Kind::Fragment(identification) = header.kind {
            return self.follow_first(node, now, packet, header, identification, from, tap);
        }
        // 2. A packet of a known connection goes the way of its first one; it is not judged again.
        let known = self.conntrack.slots.find(&header.tuple);
        if let Ok(at) = known
            && let Some(verdict) = self.follow(node, now, packet, header, at, from, tap)
        {
            return verdict;
        }
        // 3. to 6. The first packet of a connection decides for all of them; an ICMP error belongs to another one's.
        let decided = match header.kind {
            Kind::Error => return self.follow_error(node, now, packet, header, from, tap),
            _ => self.admit(node, now, packet, header, known.err(), from, tap),
        };
        // 7. and 8. Rewrite it, and send it on its way.
        match decided {
            Ok((to, next)) => self.send(node, now, packet, header, &to, next, from, tap),
            Err(verdict) => node.end(now, Some(&header.tuple), verdict, tap),
        }
    }

    fn apply<T: Tap>(&mut self, node: &mut Node, now: Instant, delta: &Delta, tap: &mut T) {
        let touched = match delta {
            Delta::Service(told) => self.services.put(told),
            Delta::Endpoints(key, endpoints) => Some(self.services.set_endpoints(key, endpoints)),
            Delta::Endpoint(key, endpoint) => Some(self.services.put_endpoint(key, endpoint)),
            Delta::RemoveEndpoint(key, address) => self.services.remove_endpoint(key, *address),
            Delta::RemoveService(key) => {
                self.services.remove(key);
                None
            }
            Delta::Route(route) => {
                if self.routes.put(route) {
                    self.conntrack.forget_hops();
                }
                None
            }
            Delta::RemoveRoute(to) => {
                if self.routes.remove(to) {
                    self.conntrack.forget_hops();
                }
                None
            }
            Delta::Policy(..) => None,
        };
        if let Some(service) = touched {
            self.forget_stale(node, now, service, tap);
        }
    }
}

impl Node {
    /// The node's first address of the family.
    fn primary<A: Address>(&self) -> Option<A> {
        self.config.addresses.iter().find_map(|&ip| A::from_ip(ip))
    }

    /// The node's first address of the family on the side of its pods.
    fn gateway<A: Address>(&self) -> Option<A> {
        self.config.gateways.iter().find_map(|&ip| A::from_ip(ip)).or_else(|| self.primary())
    }

    #[inline(always)]
    fn note<A: Address>(&self, now: Instant, tuple: &Tuple<A>, step: Step, tap: &mut impl Tap) {
        tap.event(now, &Event { place: Place::Node(self.config.node), flow: Some(tuple.flow()), step });
    }

    /// Counts and shows the end of a packet.
    #[cold]
    fn end<A: Address>(
        &mut self,
        now: Instant,
        tuple: Option<&Tuple<A>>,
        verdict: Verdict,
        tap: &mut impl Tap,
    ) -> Verdict {
        let step = match verdict {
            Verdict::Drop(reason) => Step::Dropped { reason },
            Verdict::Reject(refusal) => Step::Refused { reason: refusal.reason() },
            Verdict::Port(_) | Verdict::Link(_) | Verdict::Host => return verdict,
        };
        if let Step::Dropped { reason } | Step::Refused { reason } = step {
            self.counters.count(reason);
        }
        tap.event(now, &Event { place: Place::Node(self.config.node), flow: tuple.map(|t| t.flow()), step });
        verdict
    }

    /// Shows where a packet went.
    #[inline(always)]
    fn sent(&self, now: Instant, flow: Option<crate::net::Flow>, verdict: Verdict, tap: &mut impl Tap) {
        let to = match verdict {
            Verdict::Port(host) => Place::Host(host),
            Verdict::Link(link) => Place::Link(link),
            _ => Place::Node(self.config.node),
        };
        tap.event(now, &Event { place: Place::Node(self.config.node), flow, step: Step::Sent { to } });
    }
}

#[cfg(test)]
mod connection_tests;
#[cfg(test)]
mod error_tests;
#[cfg(test)]
mod frontend_tests;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod mode_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod window_tests;
