//! What the DNS server knows, as plain values with the indexes that questions need.

use crate::ordered::{OrdMap, OrdSet};
use alloc::{string::String, vec::Vec};
use core::net::IpAddr;

use super::message::{Rcode, Record};

/// How the server is set up, as a Corefile says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneConfig {
    /// The zones the server owns, with final dots; the first that is no reverse zone is the cluster domain.
    pub zones: Vec<String>,
    /// Zones in which a name that the cluster does not have is asked for upstream (`fallthrough`).
    pub fallthrough: Vec<String>,
    /// Whether `10-1-2-3.shop.pod.cluster.local` has an address.
    pub pods: PodMode,
    /// Seconds that answers may be kept.
    pub ttl: u32,
    /// Where names outside the zones come from.
    pub upstream: Upstream,
    /// The addresses that the server itself has, or the one that its Service has: its name for NS records is found by them.
    pub servers: Vec<IpAddr>,
}

/// The plugin's `pods` option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PodMode {
    /// Names of pods do not exist: the plugin's default.
    #[default]
    Disabled,
    /// Any address in the name is answered: what kubeadm sets up.
    Insecure,
    /// Only addresses of pods in that namespace are answered.
    Verified,
}

/// What stands for the resolvers of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// What they know.
    pub records: Vec<Record>,
    /// What they answer for any other name: `NxDomain` if they reach the world, `ServFail` if they do not.
    pub otherwise: Rcode,
}

/// A Service, with what the server needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// What it resolves to.
    pub target: Target,
    /// Its ports.
    pub ports: Vec<Port>,
}

/// What a Service's name resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Its cluster IPs.
    Addresses(Vec<IpAddr>),
    /// Its endpoints: it is headless.
    Endpoints,
    /// Another name, without a final dot: an ExternalName.
    Name(String),
}

/// A named port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name, empty for an unnamed one.
    pub name: String,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// Its number; none if a slice says nothing.
    pub port: Option<u16>,
}

/// An EndpointSlice, with what the server needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The name of its Service.
    pub service: String,
    /// Its ports.
    pub ports: Vec<Port>,
    /// Its ready endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// One address of a ready endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it is.
    pub address: IpAddr,
    /// The host name it was given, if any.
    pub hostname: Option<String>,
}

/// A namespace and a name in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) namespace: String,
    pub(super) name: String,
}

/// What the server knows. It changes one object at a time; reads never walk the whole.
///
/// ```
/// use clusterip::dns::zone::{Port, Service, Target, Zone};
/// let mut zone = Zone::default();
/// zone.set_namespace("shop", true);
/// let ports = vec![Port { name: "http".into(), protocol: "TCP".into(), port: Some(80) }];
/// let target = Target::Addresses(vec!["10.96.20.1".parse().unwrap()]);
/// zone.set_service("shop", "web", Some(Service { target, ports }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Zone {
    pub(super) config: ZoneConfig,
    pub(super) serial: u32,
    pub(super) namespaces: OrdSet<String>,
    pub(super) services: OrdMap<Id, Service>,
    pub(super) slices: OrdMap<Id, Slice>,
    pods: OrdMap<Id, IpAddr>,
    /// Slices by their Service.
    by_service: OrdMap<Id, OrdSet<String>>,
    /// Services by cluster IP.
    by_cluster_ip: OrdMap<IpAddr, OrdSet<Id>>,
    /// Slices by endpoint address.
    by_endpoint: OrdMap<IpAddr, OrdSet<Id>>,
    /// Pods by address.
    by_pod_ip: OrdMap<IpAddr, OrdSet<Id>>,
}

impl Default for ZoneConfig {
    /// kubeadm's Corefile (kubernetes cmd/kubeadm/app/phases/addons/dns/manifests.go), with nothing upstream.
    fn default() -> ZoneConfig {
        ZoneConfig {
            zones: ["cluster.local.", "in-addr.arpa.", "ip6.arpa."].map(String::from).into(),
            fallthrough: ["in-addr.arpa.", "ip6.arpa."].map(String::from).into(),
            pods: PodMode::Insecure,
            ttl: 30,
            upstream: Upstream::default(),
            servers: Vec::new(),
        }
    }
}

impl Default for Upstream {
    fn default() -> Upstream {
        Upstream { records: Vec::new(), otherwise: Rcode::NxDomain }
    }
}

impl Id {
    pub(super) fn new(namespace: &str, name: &str) -> Id {
        Id { namespace: namespace.into(), name: name.into() }
    }
}

impl Zone {
    /// An empty cluster's zone.
    pub fn new(config: ZoneConfig) -> Zone {
        Zone { config, ..Zone::default() }
    }

    /// How the server is set up.
    pub fn config(&self) -> &ZoneConfig {
        &self.config
    }

    /// How the server is set up, to change it; what it knows stays.
    pub fn config_mut(&mut self) -> &mut ZoneConfig {
        &mut self.config
    }

    /// The serial of the SOA: grows with every change, upstream by the time of the last one in seconds.
    pub fn set_serial(&mut self, serial: u32) {
        self.serial = serial;
    }

    /// Says whether a namespace exists: in one that does not, no name does.
    pub fn set_namespace(&mut self, name: &str, exists: bool) {
        if exists {
            self.namespaces.insert(name.into());
        } else {
            self.namespaces.remove(name);
        }
    }

    /// Puts a Service in place of an older one, or takes it out.
    pub fn set_service(&mut self, namespace: &str, name: &str, service: Option<Service>) {
        let id = Id::new(namespace, name);
        if let Some(Service { target: Target::Addresses(old), .. }) = self.services.remove(&id) {
            for address in &old {
                forget(&mut self.by_cluster_ip, address, &id);
            }
        }
        let Some(service) = service else { return };
        if let Target::Addresses(addresses) = &service.target {
            for address in addresses {
                self.by_cluster_ip.entry(*address).or_default().insert(id.clone());
            }
        }
        self.services.insert(id, service);
    }

    /// Puts a slice in place of an older one, or takes it out.
    pub fn set_slice(&mut self, namespace: &str, name: &str, slice: Option<Slice>) {
        let id = Id::new(namespace, name);
        let Some(slice) = slice else {
            if let Some(old) = self.slices.remove(&id) {
                for endpoint in &old.endpoints {
                    forget(&mut self.by_endpoint, &endpoint.address, &id);
                }
                forget(&mut self.by_service, &Id::new(namespace, &old.service), &id.name);
            }
            return;
        };
        let empty = Slice { service: String::new(), ports: Vec::new(), endpoints: Vec::new() };
        let place = self.slices.entry(id.clone()).or_insert(empty);
        let old = core::mem::replace(place, slice);
        // Most changes of a slice are of one endpoint: the others' entries stay as they are.
        let has = |list: &[Endpoint], address| list.iter().any(|endpoint| endpoint.address == address);
        for gone in old.endpoints.iter().filter(|endpoint| !has(&place.endpoints, endpoint.address)) {
            forget(&mut self.by_endpoint, &gone.address, &id);
        }
        for new in place.endpoints.iter().filter(|endpoint| !has(&old.endpoints, endpoint.address)) {
            self.by_endpoint.entry(new.address).or_default().insert(id.clone());
        }
        if old.service != place.service {
            forget(&mut self.by_service, &Id::new(namespace, &old.service), &id.name);
            self.by_service.entry(Id::new(namespace, &place.service)).or_default().insert(name.into());
        }
    }

    /// Says which address a living pod has, if any.
    pub fn set_pod(&mut self, namespace: &str, name: &str, address: Option<IpAddr>) {
        let id = Id::new(namespace, name);
        if let Some(old) = self.pods.remove(&id) {
            forget(&mut self.by_pod_ip, &old, &id);
        }
        let Some(address) = address else { return };
        self.by_pod_ip.entry(address).or_default().insert(id.clone());
        self.pods.insert(id, address);
    }

    /// The cluster domain, with its final dot: the first zone that is no reverse zone.
    pub fn domain(&self) -> &str {
        let is_reverse = |zone: &&String| zone.ends_with("in-addr.arpa.") || zone.ends_with("ip6.arpa.");
        self.config.zones.iter().find(|zone| !is_reverse(zone)).map_or("cluster.local.", |zone| zone)
    }

    /// The slices of a Service, by name.
    pub(super) fn slices_of(&self, service: &Id) -> Vec<&Slice> {
        let mut slices = Vec::new();
        if let Some(names) = self.by_service.get(service) {
            for name in names.iter() {
                slices.extend(self.slices.get(&Id::new(&service.namespace, name)));
            }
        }
        slices
    }

    /// The Services that have a cluster IP.
    pub(super) fn services_at(&self, address: IpAddr) -> Vec<&Id> {
        let mut services = Vec::new();
        if let Some(ids) = self.by_cluster_ip.get(&address) {
            services.extend(ids.iter());
        }
        services
    }

    /// The Services of which an address is an endpoint, with that endpoint.
    pub(super) fn endpoints_at(&self, address: IpAddr) -> Vec<(Id, &Endpoint)> {
        let mut endpoints = Vec::new();
        let Some(slices) = self.by_endpoint.get(&address) else { return endpoints };
        for id in slices.iter() {
            let Some(slice) = self.slices.get(id) else { continue };
            for endpoint in &slice.endpoints {
                if endpoint.address == address {
                    endpoints.push((Id::new(&id.namespace, &slice.service), endpoint));
                }
            }
        }
        endpoints
    }

    /// Whether a pod of that namespace has the address.
    pub(super) fn has_pod(&self, namespace: &str, address: IpAddr) -> bool {
        self.by_pod_ip.get(&address).is_some_and(|pods| pods.iter().any(|pod| pod.namespace == namespace))
    }
}

/// Takes one entry out of an index, and its key with the last one.
fn forget<K: Ord, V: Ord>(index: &mut OrdMap<K, OrdSet<V>>, key: &K, value: &V) {
    if let Some(values) = index.get_mut(key) {
        values.remove(value);
        if values.is_empty() {
            index.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn slice(service: &str, address: &str) -> Slice {
        let endpoint = Endpoint { address: address.parse().unwrap(), hostname: None };
        Slice { service: service.into(), ports: Vec::new(), endpoints: vec![endpoint] }
    }

    #[test]
    fn what_is_set_and_taken_out_leaves_nothing_behind() {
        let mut zone = Zone::default();
        let address = "10.96.0.7".parse().unwrap();
        zone.set_namespace("shop", true);
        zone.set_service("shop", "web", Some(Service { target: Target::Addresses(vec![address]), ports: Vec::new() }));
        zone.set_slice("shop", "web-1", Some(slice("web", "10.1.1.1")));
        zone.set_slice("shop", "web-1", Some(slice("web", "10.1.1.2")));
        zone.set_pod("shop", "p", Some("10.1.1.2".parse().unwrap()));
        assert_eq!(zone.slices_of(&Id::new("shop", "web")).len(), 1);
        assert_eq!(zone.endpoints_at("10.1.1.1".parse().unwrap()).len(), 0);
        assert_eq!(zone.endpoints_at("10.1.1.2".parse().unwrap()).len(), 1);
        assert_eq!(zone.services_at(address).len(), 1);
        assert!(zone.has_pod("shop", "10.1.1.2".parse().unwrap()));

        zone.set_namespace("shop", false);
        zone.set_service("shop", "web", None);
        zone.set_slice("shop", "web-1", None);
        zone.set_pod("shop", "p", None);
        assert_eq!(zone, Zone::default());
    }
}
