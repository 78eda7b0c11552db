//! Services and EndpointSlices as the routers' tables see them: kube-proxy's job.
//!
//! A change of one Service or slice costs what that Service has, on each node, and nothing else.

use crate::ordered::{OrdMap, OrdSet};
use crate::{
    api::{Kind, Object, Value, endpoint_slice::SERVICE_NAME_LABEL},
    control::{Change, Store},
    dataplane::{Delta, Endpoint, Hint, ServiceKey, ServicePort},
    net::{Cidr, Protocol},
    time::Duration,
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};
use core::net::{IpAddr, SocketAddr};

/// Services and slices with these labels are somebody else's (pkg/proxy/apis/well_known_labels.go).
const PROXY_NAME: &str = "service.kubernetes.io/service-proxy-name";
const HEADLESS: &str = "service.kubernetes.io/headless";
const ZONE: &str = "topology.kubernetes.io/zone";

/// Turns changes of the store into changes of every node's table.
#[derive(Debug, Default)]
pub struct Compiler {
    nodes: Vec<NodeView>,
    services: OrdMap<(String, String), Vec<Compiled>>,
}

/// What a node's kube-proxy knows of the node it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NodeView {
    name: String,
    zone: String,
}

/// One service port as it was last compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Compiled {
    port: ServicePort,
    endpoints: OrdMap<SocketAddr, Candidate>,
}

/// An endpoint before a node looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    ready: bool,
    serving: bool,
    terminating: bool,
    node: String,
    for_nodes: Vec<String>,
    for_zones: Vec<String>,
}

impl Compiler {
    /// A compiler for the nodes of that name, in this order.
    pub fn new(nodes: impl IntoIterator<Item = String>) -> Compiler {
        let view = |name| NodeView { name, zone: String::new() };
        Compiler { nodes: nodes.into_iter().map(view).collect(), services: OrdMap::new() }
    }

    /// The deltas of each node that follow from these changes; `emit` gets the node's place in the list.
    pub fn follow(&mut self, store: &Store, changes: &[Change], mut emit: impl FnMut(usize, Delta)) {
        let mut touched: OrdSet<(String, String)> = OrdSet::new();
        for change in changes {
            let object = change.object();
            match change.key.kind {
                Kind::Service => drop(touched.insert((change.key.namespace.clone(), change.key.name.clone()))),
                Kind::EndpointSlice => {
                    for slice in [&change.before, &change.after].into_iter().flatten() {
                        if let Some(name) = slice.label(SERVICE_NAME_LABEL) {
                            touched.insert((change.key.namespace.clone(), name.to_owned()));
                        }
                    }
                }
                Kind::Node => self.follow_node(object, &mut emit),
                _ => {}
            }
        }
        for service in touched {
            self.compile(store, service, &mut emit);
        }
    }

    /// A node that moved to another zone sees every hint anew.
    fn follow_node(&mut self, node: &Object, emit: &mut impl FnMut(usize, Delta)) {
        let zone = node.label(ZONE).unwrap_or("").to_owned();
        let Some(place) = self.nodes.iter().position(|view| view.name == node.name()) else { return };
        if self.nodes[place].zone == zone {
            return;
        }
        self.nodes[place].zone = zone;
        let view = &self.nodes[place];
        for compiled in self.services.values().flatten() {
            for (address, candidate) in &compiled.endpoints {
                emit(place, Delta::Endpoint(compiled.port.key(), candidate.seen_from(view, *address)));
            }
        }
    }

    fn compile(&mut self, store: &Store, key: (String, String), emit: &mut impl FnMut(usize, Delta)) {
        let (namespace, name) = (&key.0, &key.1);
        let service = store.find(Kind::Service, namespace, name);
        let mut after: Vec<Compiled> = service.map(|service| service_ports(service)).unwrap_or_default();
        if !after.is_empty() {
            for slice in store.labelled(Kind::EndpointSlice, namespace, SERVICE_NAME_LABEL, name) {
                add_slice(&mut after, slice);
            }
        }
        let before = self.services.remove(&key).unwrap_or_default();
        let steps = difference(&before, &after);
        for (place, view) in self.nodes.iter().enumerate() {
            steps.iter().for_each(|step| emit(place, step.seen_from(view)));
        }
        if !after.is_empty() {
            self.services.insert(key, after);
        }
    }
}

/// A change of the table before a node looks at it.
enum Step<'a> {
    RemoveService(ServiceKey),
    Service(&'a ServicePort),
    Endpoints(&'a Compiled),
    RemoveEndpoint(ServiceKey, SocketAddr),
    Endpoint(ServiceKey, SocketAddr, &'a Candidate),
}

impl Step<'_> {
    fn seen_from(&self, view: &NodeView) -> Delta {
        match self {
            Step::RemoveService(key) => Delta::RemoveService(key.clone()),
            Step::Service(port) => Delta::Service((*port).clone()),
            Step::Endpoints(new) => {
                let mut endpoints = Vec::new();
                for (address, candidate) in &new.endpoints {
                    endpoints.push(candidate.seen_from(view, *address));
                }
                Delta::Endpoints(new.port.key(), endpoints)
            }
            Step::RemoveEndpoint(key, address) => Delta::RemoveEndpoint(key.clone(), *address),
            Step::Endpoint(key, address, candidate) => {
                Delta::Endpoint(key.clone(), candidate.seen_from(view, *address))
            }
        }
    }
}

/// What turns one list of service ports into another.
fn difference<'a>(before: &'a [Compiled], after: &'a [Compiled]) -> Vec<Step<'a>> {
    let find = |list: &'a [Compiled], key: &ServiceKey| list.iter().find(|compiled| compiled.port.key() == *key);
    let mut steps = Vec::new();
    for old in before {
        let key = old.port.key();
        if find(after, &key).is_none() {
            steps.push(Step::RemoveService(key));
        }
    }
    for new in after {
        let key = new.port.key();
        let old = find(before, &key);
        if old.is_none_or(|old| old.port != new.port) {
            steps.push(Step::Service(&new.port));
        }
        let Some(old) = old else {
            steps.push(Step::Endpoints(new));
            continue;
        };
        for address in old.endpoints.keys().filter(|address| !new.endpoints.contains_key(address)) {
            steps.push(Step::RemoveEndpoint(key.clone(), *address));
        }
        for (address, candidate) in &new.endpoints {
            if old.endpoints.get(address) != Some(candidate) {
                steps.push(Step::Endpoint(key.clone(), *address, candidate));
            }
        }
    }
    steps
}

/// Source: kubernetes pkg/proxy/serviceport.go (newBaseServiceInfo), servicechangetracker.go (serviceToServiceMap).
fn service_ports(service: &Object) -> Vec<Compiled> {
    let spec = service.spec();
    let is_skipped = spec["type"].str() == "ExternalName" || service.label(PROXY_NAME).is_some();
    let mut addresses = addresses_of(spec["clusterIPs"].items());
    if addresses.is_empty() {
        addresses.extend(spec["clusterIP"].str().parse::<IpAddr>());
    }
    if is_skipped || addresses.is_empty() {
        return Vec::new();
    }
    let timeout = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"].as_int().unwrap_or(10_800);
    let affinity = (spec["sessionAffinity"].str() == "ClientIP").then(|| Duration::from_secs(timeout.max(0) as u64));
    let is_external = matches!(spec["type"].str(), "NodePort" | "LoadBalancer") || !spec["externalIPs"].is_empty();
    let external = addresses_of(spec["externalIPs"].items());
    let mut balancers: Vec<IpAddr> = Vec::new();
    for ingress in service.status()["loadBalancer"]["ingress"].items() {
        if matches!(ingress["ipMode"].str(), "" | "VIP") {
            balancers.extend(ingress["ip"].str().parse::<IpAddr>());
        }
    }
    let mut ports = Vec::new();
    for &cluster_ip in &addresses {
        let mut ranges: Vec<Cidr> = Vec::new();
        for range in spec["loadBalancerSourceRanges"].items() {
            ranges.extend(range.str().trim().parse::<Cidr>());
        }
        ranges.retain(|range| range.address.is_ipv4() == cluster_ip.is_ipv4());
        for port in spec["ports"].items() {
            let Some(protocol) = protocol(port) else { continue };
            let number = |field: &str| port[field].as_int().and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
            let mut compiled =
                ServicePort::new(port_name(service, port["name"].str()), protocol, cluster_ip, number("port"));
            compiled.node_port = number("nodePort");
            compiled.external_ips = of_family(&external, cluster_ip);
            compiled.load_balancer_ips = of_family(&balancers, cluster_ip);
            compiled.source_ranges = ranges.clone();
            compiled.affinity = affinity;
            compiled.internal_local = spec["internalTrafficPolicy"].str() == "Local";
            compiled.external_local = is_external && spec["externalTrafficPolicy"].str() == "Local";
            let check = spec["healthCheckNodePort"].as_int().and_then(|n| u16::try_from(n).ok());
            compiled.health_check_port = check.unwrap_or(0);
            ports.push(Compiled { port: compiled, endpoints: OrdMap::new() });
        }
    }
    ports
}

fn port_name(service: &Object, port: &str) -> Rc<str> {
    let (namespace, name) = (service.namespace(), service.name());
    if port.is_empty() { format!("{namespace}/{name}").into() } else { format!("{namespace}/{name}:{port}").into() }
}

fn protocol(port: &Value) -> Option<Protocol> {
    match port["protocol"].str() {
        "" | "TCP" => Some(Protocol::Tcp),
        "UDP" => Some(Protocol::Udp),
        "SCTP" => Some(Protocol::Sctp),
        _ => None,
    }
}

fn addresses_of(list: &[Value]) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for address in list {
        addresses.extend(address.str().parse::<IpAddr>());
    }
    addresses
}

/// The addresses of the same family as `own`.
fn of_family(addresses: &[IpAddr], own: IpAddr) -> Vec<IpAddr> {
    let mut addresses = addresses.to_vec();
    addresses.retain(|address| address.is_ipv4() == own.is_ipv4());
    addresses
}

/// Source: kubernetes pkg/proxy/endpointslicecache.go (endpointInfoByServicePort, addEndpoints).
fn add_slice(ports: &mut [Compiled], slice: &Object) {
    if slice.label(HEADLESS).is_some() || slice.label(PROXY_NAME).is_some() {
        return;
    }
    let is_ipv6 = match slice.value["addressType"].str() {
        "IPv4" => false,
        "IPv6" => true,
        _ => return,
    };
    for slice_port in slice.value["ports"].items() {
        let Some(number) = slice_port["port"].as_int().and_then(|n| u16::try_from(n).ok()) else { continue };
        let name = slice_port["name"].str();
        let target = ports.iter_mut().find(|compiled| {
            compiled.port.cluster_ip.is_ipv6() == is_ipv6
                && Some(compiled.port.protocol) == protocol(slice_port)
                && compiled
                    .port
                    .name
                    .rsplit_once('/')
                    .is_some_and(|(_, own)| own.split_once(':').map_or("", |(_, p)| p) == name)
        });
        let Some(target) = target else { continue };
        for endpoint in slice.value["endpoints"].items() {
            let Ok(address) = endpoint["addresses"][0].str().parse::<IpAddr>() else { continue };
            let is_true = |name: &str, unset: bool| endpoint["conditions"][name].as_bool().unwrap_or(unset);
            let names = |list: &Value| list.items().iter().map(|item| item["name"].str().to_owned()).collect();
            let candidate = Candidate {
                ready: is_true("ready", true),
                serving: is_true("serving", true),
                terminating: is_true("terminating", false),
                node: endpoint["nodeName"].str().to_owned(),
                for_nodes: names(&endpoint["hints"]["forNodes"]),
                for_zones: names(&endpoint["hints"]["forZones"]),
            };
            target.endpoints.insert(SocketAddr::new(address, number), candidate);
        }
    }
}

impl Candidate {
    fn seen_from(&self, view: &NodeView, address: SocketAddr) -> Endpoint {
        let hint = |names: &[String], own: &str| match names {
            [] => Hint::Absent,
            names if !own.is_empty() && names.iter().any(|name| name == own) => Hint::Here,
            _ => Hint::Elsewhere,
        };
        Endpoint {
            ready: self.ready,
            serving: self.serving,
            terminating: self.terminating,
            local: !self.node.is_empty() && self.node == view.name,
            node_hint: hint(&self.for_nodes, &view.name),
            zone_hint: hint(&self.for_zones, &view.zone),
            ..Endpoint::new(address)
        }
    }
}
