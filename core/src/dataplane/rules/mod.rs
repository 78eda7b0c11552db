//! A node's state in the words of the tools that show it on Linux, made from the table that packets use.

mod chain;
mod conntrack;
mod iptables;
mod ipvs;
mod nftables;

pub use conntrack::conntrack;
pub use iptables::iptables;
pub use ipvs::ipvsadm;
pub use nftables::nftables;

use super::RouterConfig;
use super::view::Entry;
use crate::net::Protocol;

/// The protocol as rules name it.
fn lower(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
        _ => "tcp",
    }
}

/// Whether the source ranges of a load balancer have the node itself in them: a request of its own to the balancer's
/// address may then come back to it with that address as its source, and must be let in, too.
///
/// kubernetes pkg/proxy/iptables/proxier.go and pkg/proxy/nftables/proxier.go, `allowFromNode`.
fn lets_node_in(entry: &Entry, config: &RouterConfig) -> bool {
    let is_ipv6 = entry.port.cluster_ip.is_ipv6();
    let node = config.addresses.iter().find(|address| address.is_ipv6() == is_ipv6);
    node.is_some_and(|&node| entry.port.source_ranges.iter().any(|range| range.contains(node)))
}
