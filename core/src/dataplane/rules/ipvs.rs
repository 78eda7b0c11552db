//! `ipvsadm -Ln`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::dataplane::view::Entry;
use crate::dataplane::{Mode, Router};
use crate::net::Protocol;

/// The virtual servers of both families, with their real ones. Empty in other modes than ipvs.
///
/// kubernetes pkg/proxy/ipvs/proxier.go: a virtual server for each address that a service port has on this node.
pub fn ipvsadm(router: &Router) -> String {
    let Mode::Ipvs(scheduler) = router.config().mode else { return String::new() };
    let mut out = String::from(
        "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n",
    );
    for entry in router.entries() {
        for (address, local) in virtual_servers(router, &entry) {
            let protocol = match entry.port.protocol {
                Protocol::Udp => "UDP",
                Protocol::Sctp => "SCTP",
                _ => "TCP",
            };
            let persistent = entry.port.affinity.map_or(String::new(), |t| format!(" persistent {}", t.secs()));
            out += &format!("{protocol}  {address} {}{persistent}\n", scheduler.name());
            for &place in if local { &entry.local } else { &entry.cluster } {
                let endpoint = &entry.endpoints[place as usize];
                let (active, inactive) = entry.loads.get(place as usize).copied().unwrap_or_default();
                let to = format!("{}", endpoint.address);
                out += &format!("  -> {to:<28} Masq    {:<6} {active:<10} {inactive:<9}\n", endpoint.weight);
            }
        }
    }
    out
}

fn virtual_servers(router: &Router, entry: &Entry) -> Vec<(SocketAddr, bool)> {
    let port = &entry.port;
    let mut all = Vec::new();
    all.push((SocketAddr::new(port.cluster_ip, port.port), port.internal_local));
    for &address in port.external_ips.iter().chain(&port.load_balancer_ips) {
        all.push((SocketAddr::new(address, port.port), port.external_local));
    }
    if port.node_port != 0 {
        let own = router.config().addresses.iter().chain(&router.config().gateways);
        let own = own.filter(|address| address.is_ipv6() == port.cluster_ip.is_ipv6());
        all.extend(own.map(|&address| (SocketAddr::new(address, port.node_port), port.external_local)));
    }
    all
}
