//! Routes only, until the whole router lands: machines reach one another by address, virtual addresses lead nowhere.

use super::{Delta, Hop, Ingress, Refusal, Route, RouterConfig, Verdict};
use crate::{
    net::{Cidr, Reason, Tap},
    time::Instant,
};
use alloc::vec::Vec;
use core::net::IpAddr;

/// A node's packet path.
#[derive(Debug)]
pub struct Router {
    addresses: Vec<IpAddr>,
    routes: Vec<Route>,
}

impl Router {
    /// A router without routes.
    pub fn new(config: RouterConfig) -> Router {
        Router { addresses: config.addresses, routes: Vec::new() }
    }

    /// Takes a change of the table.
    pub fn apply(&mut self, _now: Instant, delta: &Delta, _tap: &mut impl Tap) {
        let (Delta::Route(Route { to, .. }) | Delta::RemoveRoute(to)) = delta else { return };
        self.routes.retain(|route| route.to != *to);
        if let Delta::Route(route) = delta {
            self.routes.push(*route);
        }
    }

    /// Decides about a packet.
    pub fn handle_packet(&mut self, _now: Instant, packet: &mut [u8], _from: Ingress, _tap: &mut impl Tap) -> Verdict {
        let Some(to) = packet.get(16..20).and_then(|b| <[u8; 4]>::try_from(b).ok()) else {
            return Verdict::Drop(Reason::Malformed);
        };
        let to = IpAddr::from(to);
        if self.addresses.contains(&to) {
            return Verdict::Host;
        }
        let routes = self.routes.iter().filter(|route| route.to.contains(to));
        match routes.max_by_key(|Route { to: Cidr { length, .. }, .. }| *length).map(|route| route.hop) {
            Some(Hop::Port(host)) => Verdict::Port(host),
            Some(Hop::Link(link)) => Verdict::Link(link),
            Some(Hop::Host) => Verdict::Host,
            Some(Hop::Blackhole) => Verdict::Drop(Reason::Blackhole),
            None => Verdict::Drop(Reason::NoRoute),
        }
    }

    /// Writes the error that tells a sender why its packet ended.
    pub fn originate(
        &mut self,
        _now: Instant,
        _packet: &[u8],
        _from: Ingress,
        _refusal: Refusal,
        _out: &mut Vec<u8>,
        _tap: &mut impl Tap,
    ) -> Option<Verdict> {
        None
    }

    /// When timers are due.
    pub fn poll_at(&self) -> Option<Instant> {
        None
    }

    /// Lets timers run.
    pub fn handle_timeout(&mut self, _now: Instant, _tap: &mut impl Tap) {}
}
