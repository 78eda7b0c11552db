//! The values a router's table is made of, and the changes it takes.
//!
//! They name no Kubernetes object: whoever compiles objects into them decides what they mean. Each is small
//! enough to be sent whole whenever anything in it changed.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use crate::id::{HostId, LinkId};
use crate::net::{Cidr, Protocol};
use crate::time::Duration;

/// One port of one Service in one address family: what kube-proxy calls a service port.
///
/// A dual-stack Service gives two of them for each port, of the same name: the key is the `name`, the `protocol` and
/// the family of `cluster_ip`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// `namespace/name:port`, or `namespace/name` for an unnamed port: unique with protocol and family.
    pub name: Rc<str>,
    /// TCP, UDP or SCTP.
    pub protocol: Protocol,
    /// The virtual address.
    pub cluster_ip: IpAddr,
    /// The port on the virtual address, and on external and load-balancer addresses.
    pub port: u16,
    /// The port on the node's own addresses; 0 for none.
    pub node_port: u16,
    /// Addresses that someone routes to the nodes by hand. Those of the other family are ignored, here and below.
    pub external_ips: Vec<IpAddr>,
    /// Addresses of load balancers that keep the destination (ipMode VIP).
    pub load_balancer_ips: Vec<IpAddr>,
    /// Who may call the load-balancer addresses; empty for everyone.
    pub source_ranges: Vec<Cidr>,
    /// Session affinity by client address: how long it lasts after the client's last new connection.
    pub affinity: Option<Duration>,
    /// Whether internalTrafficPolicy is Local: the cluster IP uses this node's endpoints only.
    pub internal_local: bool,
    /// Whether externalTrafficPolicy is Local: calls from outside use this node's endpoints only, and keep their source.
    pub external_local: bool,
    /// The port on which the node tells load balancers whether it has local endpoints; 0 for none.
    pub health_check_port: u16,
}

impl ServicePort {
    /// A service port with a virtual address and nothing else.
    pub fn new(name: impl Into<Rc<str>>, protocol: Protocol, cluster_ip: IpAddr, port: u16) -> ServicePort {
        ServicePort {
            name: name.into(),
            protocol,
            cluster_ip,
            port,
            node_port: 0,
            external_ips: Vec::new(),
            load_balancer_ips: Vec::new(),
            source_ranges: Vec::new(),
            affinity: None,
            internal_local: false,
            external_local: false,
            health_check_port: 0,
        }
    }

    /// What its endpoints and its removal refer to.
    pub fn key(&self) -> ServiceKey {
        ServiceKey { name: self.name.clone(), protocol: self.protocol, ipv6: self.cluster_ip.is_ipv6() }
    }
}

/// Names a service port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceKey {
    /// As in [`ServicePort::name`].
    pub name: Rc<str>,
    /// As in [`ServicePort::protocol`].
    pub protocol: Protocol,
    /// The family.
    pub ipv6: bool,
}

/// One place that can serve a service port. Its key among the endpoints of the port is its `address`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    /// New connections may go there. (In a slice: the condition `ready`, absent meaning true.)
    pub ready: bool,
    /// It still answers, perhaps while it terminates.
    pub serving: bool,
    /// It is on its way out.
    pub terminating: bool,
    /// It lives on this router's node.
    pub local: bool,
    /// What its hints say about this router's node.
    pub node_hint: Hint,
    /// What its hints say about this router's zone.
    pub zone_hint: Hint,
    /// Its share among the others, for the weighted schedulers of ipvs mode; kube-proxy always uses 1.
    pub weight: u16,
}

impl Endpoint {
    /// A ready endpoint on another node, without hints.
    pub fn new(address: SocketAddr) -> Endpoint {
        Endpoint {
            address,
            ready: true,
            serving: true,
            terminating: false,
            local: false,
            node_hint: Hint::Absent,
            zone_hint: Hint::Absent,
            weight: 1,
        }
    }
}

/// For whom an endpoint is meant (EndpointSlice `hints`), as one node sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hint {
    /// The endpoint has no such hint.
    #[default]
    Absent,
    /// It is meant for here.
    Here,
    /// It is meant for others.
    Elsewhere,
}

/// Where packets for a prefix go; the longest prefix wins.
///
/// The node's own addresses need no route: they come from the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Which destinations.
    pub to: Cidr,
    /// Where to.
    pub hop: Hop,
    /// The largest packet that fits, in bytes.
    pub mtu: u16,
}

impl Route {
    /// A route with room for packets of every size.
    pub fn new(to: Cidr, hop: Hop) -> Route {
        Route { to, hop, mtu: u16::MAX }
    }
}

/// The next place of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hop {
    /// A machine on a port of this node: a pod.
    Port(HostId),
    /// A wire to elsewhere: another node, or the outside.
    Link(LinkId),
    /// The node's own stack.
    Host,
    /// Nowhere: packets vanish without a word, as behind a gateway that does not know them.
    Blackhole,
}

/// What network policies say about one pod of this node.
///
/// `None` in a direction: no policy isolates the pod there, everything is allowed. `Some`: only what one of
/// the rules allows, whichever policy it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodPolicy {
    /// Judges connections to the pod; peers are the sources.
    pub ingress: Option<Vec<PolicyRule>>,
    /// Judges connections of the pod; peers are the destinations, after translation.
    pub egress: Option<Vec<PolicyRule>>,
}

/// One thing that is allowed. Peers and ports are shared, because a policy usually serves many pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRule {
    /// With whom; `None` for everyone.
    pub peers: Option<Rc<Peers>>,
    /// On which ports of the receiver; `None` for every port and protocol. An empty list allows nothing.
    pub ports: Option<Rc<[PortRange]>>,
}

/// A set of addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peers {
    addresses: Vec<IpAddr>,
    blocks: Vec<Block>,
}

impl Peers {
    /// The given addresses, and those of the blocks. Order and doubles do not matter.
    pub fn new(mut addresses: Vec<IpAddr>, blocks: Vec<Block>) -> Peers {
        crate::ordered::sort(&mut addresses);
        addresses.dedup();
        Peers { addresses, blocks }
    }

    /// The same without some addresses, and then with others.
    pub fn changed(&self, without: &[IpAddr], with: &[IpAddr]) -> Peers {
        let mut addresses = self.addresses.clone();
        for address in without {
            if let Ok(at) = addresses.binary_search(address) {
                addresses.remove(at);
            }
        }
        for address in with {
            if let Err(at) = addresses.binary_search(address) {
                addresses.insert(at, *address);
            }
        }
        Peers { addresses, blocks: self.blocks.clone() }
    }

    /// Whether `address` is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.addresses.binary_search(&address).is_ok()
            || self.blocks.iter().any(|b| b.cidr.contains(address) && !b.except.iter().any(|e| e.contains(address)))
    }
}

/// A prefix with holes (ipBlock).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The prefix.
    pub cidr: Cidr,
    /// The holes.
    pub except: Vec<Cidr>,
}

/// Ports of one protocol, both ends included; `0..=65535` for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// Of which protocol.
    pub protocol: Protocol,
    /// The first port.
    pub from: u16,
    /// The last port.
    pub to: u16,
}

/// A change of the table. Each costs what the thing it names costs, however large the table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// Adds a service port, or replaces the one of the same key; its endpoints stay.
    Service(ServicePort),
    /// Forgets a service port and its endpoints. Its connections go on.
    RemoveService(ServiceKey),
    /// All endpoints of a service port, replacing those it had. They may come before their service port.
    Endpoints(ServiceKey, Vec<Endpoint>),
    /// Adds an endpoint, or replaces the one with the same address.
    Endpoint(ServiceKey, Endpoint),
    /// Forgets an endpoint. UDP flows to it are forgotten too, TCP connections are not.
    RemoveEndpoint(ServiceKey, SocketAddr),
    /// Adds a route, or replaces the one to the same prefix.
    Route(Route),
    /// Forgets the route to a prefix.
    RemoveRoute(Cidr),
    /// What policies say about the pod with this address; `None` when none selects it.
    Policy(IpAddr, Option<Rc<PodPolicy>>),
}

impl Delta {
    /// Which family it changes; policies belong to both.
    pub(crate) fn is_ipv6(&self) -> bool {
        match self {
            Delta::Service(service) => service.cluster_ip.is_ipv6(),
            Delta::RemoveService(key)
            | Delta::Endpoints(key, _)
            | Delta::Endpoint(key, _)
            | Delta::RemoveEndpoint(key, _) => key.ipv6,
            Delta::Route(route) => route.to.address.is_ipv6(),
            Delta::RemoveRoute(to) => to.address.is_ipv6(),
            Delta::Policy(pod, _) => pod.is_ipv6(),
        }
    }
}
