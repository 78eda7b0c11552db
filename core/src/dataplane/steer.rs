//! Whether a destination is virtual, and what the rules say about a new connection to it.
//!
//! kubernetes pkg/proxy/iptables/proxier.go and pkg/proxy/nftables/proxier.go, `syncProxyRules`.

use super::config::{Mode, NodePortAddresses};
use super::frontends::Kind as By;
use super::services::Service;
use super::topology::Pool;
use super::verdict::{Ingress, Refusal, Verdict};
use super::{Node, Plane};
use crate::net::Reason;
use crate::net::address::Address;
use crate::net::header::{Header, Kind};

/// What the rules say about a connection to a virtual destination that they accept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steer {
    /// The service port.
    pub(super) service: u32,
    /// Whether only this node's endpoints may serve it.
    pub(super) local: bool,
    /// Whether the backend is to see the node in place of the client, so that answers come back this way.
    pub(super) masquerade: bool,
}

impl<A: Address> Plane<A> {
    /// Looks the destination up among the virtual ones: `None` if it is not virtual, else what the rules say.
    pub(super) fn steer(&self, node: &Node, header: &Header<A>, from: Ingress) -> Result<Option<Steer>, Verdict> {
        let tuple = &header.tuple;
        let found = match header.kind {
            Kind::Tcp | Kind::Udp | Kind::Sctp => {
                let port = tuple.dst_port();
                self.services.find(tuple.dst, port, tuple.protocol).or_else(|| {
                    // The node ports come last: an address of the node may be an external address too.
                    let answers = self.answers_node_ports(node, tuple.dst);
                    answers.then(|| self.services.find_node_port(port, tuple.protocol)).flatten()
                })
            }
            _ => None,
        };
        let Some((index, by)) = found else { return self.unlisted(node, tuple.dst).map(|()| None) };
        let Some(service) = self.services.get(index) else { return Ok(None) };
        let steer = |local, masquerade| Ok(Some(Steer { service: index, local, masquerade }));
        if by == By::ClusterIp {
            let local = service.internal_local;
            backends(service, local)?;
            // A client from elsewhere may have been routed here by hand; its answers must come back this way.
            return steer(local, node.config.masquerade_all || self.is_foreign(tuple.src));
        }
        if by == By::LoadBalancer && !self.passes_firewall(node, service, tuple.src) {
            return Err(Verdict::Drop(Reason::Firewall));
        }
        if !service.has_any() {
            // iptables looks at what the node itself sends only on its way in again (no KUBE-EXTERNAL-SERVICES in OUTPUT).
            let unguarded = node.config.mode == Mode::Iptables && from == Ingress::Host;
            return if unguarded && !self.routes.is_own(tuple.dst) { Ok(None) } else { Err(refuse(Reason::NoBackend)) };
        }
        if !service.external_local {
            return steer(false, true);
        }
        // Pods and the node itself are treated as if they went out to the load balancer and came back in.
        if self.is_pod(tuple.src) {
            return steer(false, false);
        }
        if self.routes.is_own(tuple.src) {
            return steer(false, true);
        }
        backends(service, true)?;
        steer(true, false)
    }

    /// What becomes of packets to a virtual address that no rule lists.
    fn unlisted(&self, node: &Node, address: A) -> Result<(), Verdict> {
        match node.config.mode {
            Mode::Iptables => Ok(()),
            // The virtual addresses sit on a device of the node, and a filter rejects what is not listed (KUBE-IPVS-FILTER).
            Mode::Ipvs(_) if self.services.is_cluster_ip(address) => Err(refuse(Reason::NoSuchPort)),
            Mode::Ipvs(_) => Ok(()),
            // The chain cluster-ips-check, which does not look at the protocol.
            Mode::Nftables | Mode::Maglev(_) => {
                if self.services.is_cluster_ip(address) {
                    return Err(refuse(Reason::NoSuchPort));
                }
                let ip = address.ip();
                match node.config.service_cidrs.iter().any(|cidr| cidr.contains(ip)) {
                    true => Err(Verdict::Drop(Reason::NoSuchAddress)),
                    false => Ok(()),
                }
            }
        }
    }

    /// loadBalancerSourceRanges: they guard the load balancer's addresses, and no others.
    fn passes_firewall(&self, node: &Node, service: &Service<A>, src: A) -> bool {
        let Some(external) = service.external.as_deref().filter(|e| !e.source_ranges.is_empty()) else { return true };
        if node.config.mode == Mode::Iptables && !service.has_any() {
            return true;
        }
        let within = |ip| external.source_ranges.iter().any(|range| range.contains(ip));
        // A node that holds the load balancer's address calls it from that address.
        within(src.ip())
            || external.load_balancer_ips.contains(&src) && node.primary::<A>().is_some_and(|ip| within(ip.ip()))
    }

    fn answers_node_ports(&self, node: &Node, address: A) -> bool {
        let ip = address.ip();
        let is_primary = || node.primary::<A>() == Some(address);
        let is_own = || self.routes.is_own(address);
        match (&node.config.node_port_addresses, node.config.mode) {
            // Linux never routes ::1 elsewhere; 127.0.0.1 works by route_localnet.
            (NodePortAddresses::Default, Mode::Iptables) => is_own() && !(ip.is_ipv6() && ip.is_loopback()),
            (NodePortAddresses::Default, Mode::Ipvs(_)) => is_own() && !ip.is_loopback(),
            (NodePortAddresses::Default | NodePortAddresses::Primary, _) => is_primary(),
            (NodePortAddresses::In(cidrs), mode) => {
                let loopback = mode == Mode::Iptables && ip.is_ipv4();
                is_own() && (loopback || !ip.is_loopback()) && cidrs.iter().any(|cidr| cidr.contains(ip))
            }
        }
    }
}

fn refuse(reason: Reason) -> Verdict {
    Verdict::Reject(Refusal::Port(reason))
}

/// Without any endpoint a connection is rejected; with endpoints, but none that the policy allows, it is dropped.
fn backends<A: Address>(service: &Service<A>, local: bool) -> Result<&Pool, Verdict> {
    let pool = service.pool(local);
    match (service.has_any(), pool.is_empty()) {
        (false, _) => Err(refuse(Reason::NoBackend)),
        (true, true) => Err(Verdict::Drop(Reason::NoLocalBackend)),
        (true, false) => Ok(pool),
    }
}
