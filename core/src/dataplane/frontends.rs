//! The addresses by which a service port is found.

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::config::Mode;
use super::services::Services;
use crate::net::address::Address;

/// How a destination led to a service port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// By its virtual address.
    ClusterIp,
    /// By an external address.
    ExternalIp,
    /// By a load balancer's address.
    LoadBalancer,
    /// By a port of the node. Its key has no address.
    NodePort,
}

/// One address and port, and the service port it means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frontend<A> {
    pub(super) address: A,
    pub(super) port: u16,
    pub(super) protocol: u8,
    pub(super) kind: Kind,
    pub(super) service: u32,
}

impl<A: Address> Services<A> {
    fn frontends_of(&self, index: u32) -> Vec<Frontend<A>> {
        let Some(service) = self.get(index).filter(|s| s.is_known) else { return Vec::new() };
        let frontend =
            |address, port, kind| Frontend { address, port, protocol: service.protocol, kind, service: index };
        let mut all = Vec::with_capacity(1);
        all.push(frontend(service.cluster_ip, service.port, Kind::ClusterIp));
        if let Some(external) = &service.external {
            all.extend(external.external_ips.iter().map(|&a| frontend(a, service.port, Kind::ExternalIp)));
            all.extend(external.load_balancer_ips.iter().map(|&a| frontend(a, service.port, Kind::LoadBalancer)));
        }
        if service.node_port != 0 {
            all.push(frontend(A::default(), service.node_port, Kind::NodePort));
        }
        all
    }

    /// Makes a service port findable by all its addresses.
    pub(super) fn announce(&mut self, index: u32) {
        for frontend in self.frontends_of(index) {
            self.announce_one(frontend);
        }
        let Some(cluster_ip) = self.get(index).map(|s| s.cluster_ip) else { return };
        if self.mode == Mode::Iptables {
            // Nobody asks.
            return;
        }
        let (secret, hash) = (self.secret, self.secret.address(cluster_ip));
        match self.cluster_ips.find_mut(hash, |entry| entry.0 == cluster_ip) {
            Some(entry) => entry.1 += 1,
            None => {
                self.cluster_ips.insert_unique(hash, (cluster_ip, 1), |entry| secret.address(entry.0));
            }
        }
    }

    fn announce_one(&mut self, new: Frontend<A>) {
        let (secret, list) = (self.secret, &self.list);
        let hash = secret.socket(new.address, new.port, new.protocol);
        let name = |service: u32| list[service as usize].as_ref().map(|s| s.name.clone()).unwrap_or_default();
        let same = |f: &Frontend<A>| f.address == new.address && f.port == new.port && f.protocol == new.protocol;
        let loser = match self.frontends.find_mut(hash, same) {
            Some(old) if (name(new.service), new.kind) < (name(old.service), old.kind) => core::mem::replace(old, new),
            Some(_) => new,
            None => {
                self.frontends.insert_unique(hash, new, |f| secret.socket(f.address, f.port, f.protocol));
                return;
            }
        };
        let key = (loser.address.bits(), loser.port, loser.protocol, name(loser.service), loser.service);
        let kind = self.shadowed.get(&key).copied().unwrap_or(loser.kind);
        self.shadowed.insert(key, kind.min(loser.kind));
    }

    /// Makes a service port unfindable, and those findable that it stood before.
    pub(super) fn withdraw(&mut self, index: u32) {
        let Some(service) = self.get(index).filter(|s| s.is_known) else { return };
        let (cluster_ip, name) = (service.cluster_ip, service.name.clone());
        for frontend in self.frontends_of(index) {
            let Frontend { address, port, protocol, .. } = frontend;
            let at = (address.bits(), port, protocol);
            self.shadowed.remove(&(at.0, at.1, at.2, name.clone(), index));
            let hash = self.secret.socket(address, port, protocol);
            let mine = |f: &Frontend<A>| {
                f.address == address && f.port == port && f.protocol == protocol && f.service == index
            };
            let Ok(entry) = self.frontends.find_entry(hash, mine) else { continue };
            let (_, vacant) = entry.remove();
            let first = self.shadowed.range((at.0, at.1, at.2, Rc::from(""), 0)..).next();
            let next = first.filter(|((a, p, t, _, _), _)| (*a, *p, *t) == at).map(|(key, kind)| (key.clone(), *kind));
            if let Some((key, kind)) = next {
                vacant.insert(Frontend { kind, service: key.4, ..frontend });
                self.shadowed.remove(&key);
            }
        }
        let hash = self.secret.address(cluster_ip);
        if let Ok(mut entry) = self.cluster_ips.find_entry(hash, |entry| entry.0 == cluster_ip) {
            entry.get_mut().1 -= 1;
            if entry.get().1 == 0 {
                entry.remove();
            }
        }
    }
}
