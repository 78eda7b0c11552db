//! `nft list table ip kube-proxy`, as kube-proxy's nftables mode programs it.
//!
//! kubernetes pkg/proxy/nftables/proxier.go, `setupNFTables` and `syncProxyRules`; the spelling is that of nft.

use crate::ordered::{OrdMap, OrdSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::chain::hash;
use super::{lets_node_in, lower};
use crate::dataplane::Router;
use crate::dataplane::config::NodePortAddresses;
use crate::dataplane::view::Entry;

/// kube-proxy's table of one family.
pub fn nftables(router: &Router, ipv6: bool) -> String {
    let mut table = Table::new(router, ipv6);
    for entry in router.entries().iter().filter(|entry| entry.port.cluster_ip.is_ipv6() == ipv6) {
        table.service(entry);
    }
    table.print()
}

struct Table<'a> {
    router: &'a Router,
    ipv6: bool,
    /// Elements of sets and maps, by the name of the container.
    elements: OrdMap<&'static str, OrdSet<String>>,
    affinity: OrdMap<String, u64>,
    /// In the order of their making, as nft lists them.
    chains: Vec<(String, Vec<String>)>,
}

/// What stands in every table, in the order that kube-proxy makes it in. `$ip` and `$address` are the family's words; a line
/// behind `%` stands for the elements of the container of that name, or for what it says.
const TABLE: &str = include_str!("kube-proxy.nft");

const MASQUERADE: &str = "meta mark set meta mark | 0x00004000";

impl<'a> Table<'a> {
    fn new(router: &'a Router, ipv6: bool) -> Table<'a> {
        let (elements, affinity, chains) = Default::default();
        Table { router, ipv6, elements, affinity, chains }
    }

    fn ip(&self) -> &'static str {
        if self.ipv6 { "ip6" } else { "ip" }
    }

    fn element(&mut self, container: &'static str, element: String) {
        self.elements.entry(container).or_default().insert(element);
    }

    fn rule(&mut self, chain: &str, rule: String) {
        match self.chains.last_mut().filter(|(name, _)| name == chain) {
            Some((_, rules)) => rules.push(rule),
            None => self.chains.push((chain.into(), Vec::from([rule]))),
        }
    }

    fn pods(&self) -> Option<String> {
        let pods = self.router.config().pod_cidrs.iter().find(|cidr| cidr.address.is_ipv6() == self.ipv6);
        pods.map(ToString::to_string)
    }

    fn service(&mut self, entry: &Entry) {
        let (port, protocol, ip) = (&entry.port, lower(entry.port.protocol), self.ip());
        let base = base_name(entry);
        let [cluster, local, external, firewall] =
            ["service", "local", "external", "firewall"].map(|kind| format!("{kind}-{base}"));
        let is_external = port.node_port != 0 || !port.external_ips.is_empty() || !port.load_balancer_ips.is_empty();
        let key = |address: IpAddr| format!("{address} . {protocol} . {}", port.port);
        let node_key = format!("{protocol} . {}", port.node_port);
        let comment = format!("comment \"{}\"", port.name);
        self.element("cluster-ips", port.cluster_ip.to_string());
        let (internal, pool) = if port.internal_local { (&local, &entry.local) } else { (&cluster, &entry.cluster) };
        let refusal = if entry.has_endpoints { "drop" } else { "goto reject-chain" };
        if pool.is_empty() {
            self.element("no-endpoint-services", format!("{} {comment} : {refusal}", key(port.cluster_ip)));
        } else {
            self.element("service-ips", format!("{} : goto {internal}", key(port.cluster_ip)));
        }
        let no_external = !entry.has_endpoints || port.external_local && entry.local.is_empty();
        for &address in port.external_ips.iter().chain(&port.load_balancer_ips) {
            if entry.has_endpoints {
                self.element("service-ips", format!("{} : goto {external}", key(address)));
            }
            if no_external {
                self.element("no-endpoint-services", format!("{} {comment} : {refusal}", key(address)));
            }
        }
        if port.node_port != 0 && entry.has_endpoints {
            self.element("service-nodeports", format!("{node_key} : goto {external}"));
        }
        if port.node_port != 0 && no_external {
            self.element("no-endpoint-nodeports", format!("{node_key} {comment} : {refusal}"));
        }
        if (!port.internal_local || is_external) && !entry.cluster.is_empty() {
            self.pool(entry, &cluster, &entry.cluster);
        }
        if (port.internal_local || port.external_local && is_external) && !entry.local.is_empty() {
            self.pool(entry, &local, &entry.local);
        }
        if entry.has_endpoints && is_external {
            self.external(entry, &external, &cluster, &local);
        }
        if !port.source_ranges.is_empty() && !port.load_balancer_ips.is_empty() {
            let mut sources: Vec<String> = Vec::new();
            sources.extend(port.source_ranges.iter().map(|range| range.masked().to_string()));
            // A node that may ask may come back to itself, from the balancer's address.
            if lets_node_in(entry, self.router.config()) {
                sources.extend(port.load_balancer_ips.iter().map(ToString::to_string));
            }
            self.rule(&firewall, format!("{ip} saddr != {{ {} }} drop", sources.join(", ")));
            for &address in &port.load_balancer_ips {
                self.element("firewall-ips", format!("{} : goto {firewall}", key(address)));
            }
        }
        let reachable: OrdSet<u32> = entry.cluster.iter().chain(&entry.local).copied().collect();
        for endpoint in reachable.iter().map(|place| &entry.endpoints[*place as usize]).filter(|e| e.local) {
            let address = endpoint.address.ip();
            let hairpin = format!("{address} . {address} . {protocol} . {}", endpoint.address.port());
            self.element("hairpin-connections", hairpin);
        }
    }

    fn external(&mut self, entry: &Entry, external: &str, cluster: &str, local: &str) {
        if !entry.port.external_local {
            self.rule(external, MASQUERADE.into());
            self.rule(external, format!("goto {cluster}"));
            return;
        }
        if let Some(pods) = self.pods() {
            let ip = self.ip();
            self.rule(external, format!("{ip} saddr {pods} goto {cluster} comment \"short-circuit pod traffic\""));
        }
        self.rule(external, format!("fib saddr type local {MASQUERADE} comment \"masquerade local traffic\""));
        self.rule(external, format!("fib saddr type local goto {cluster} comment \"short-circuit local traffic\""));
        if !entry.local.is_empty() {
            self.rule(external, format!("goto {local}"));
        }
    }

    fn pool(&mut self, entry: &Entry, chain: &str, pool: &[u32]) {
        let (ip, protocol, n) = (self.ip(), lower(entry.port.protocol), pool.len());
        let endpoints = || pool.iter().map(|place| entry.endpoints[*place as usize].address);
        let Some(timeout) = entry.port.affinity else {
            let each = endpoints().enumerate().map(|(i, to)| format!("{i} : {} . {}", to.ip(), to.port()));
            let map = each.collect::<Vec<_>>().join(", ");
            let choice = format!("numgen random mod {n} map {{ {map} }}");
            self.rule(chain, format!("meta l4proto {protocol} dnat {ip} addr . port to {choice}"));
            return;
        };
        for to in endpoints() {
            let name = endpoint_name(entry, to);
            if self.affinity.insert(format!("affinity-{name}"), timeout.secs()).is_none() {
                let own = format!("endpoint-{name}");
                self.rule(&own, format!("update @affinity-{name} {{ {ip} saddr }}"));
                self.rule(&own, format!("meta l4proto {protocol} dnat to {to}"));
            }
        }
        for to in endpoints() {
            let name = endpoint_name(entry, to);
            self.rule(chain, format!("{ip} saddr @affinity-{name} goto endpoint-{name}"));
        }
        let each = endpoints().enumerate().map(|(i, to)| format!("{i} : goto endpoint-{}", endpoint_name(entry, to)));
        let map = each.collect::<Vec<_>>().join(", ");
        self.rule(chain, format!("numgen random mod {n} vmap {{ {map} }}"));
    }

    fn print(&self) -> String {
        let address = if self.ipv6 { "ipv6_addr" } else { "ipv4_addr" };
        let mut out = String::new();
        for line in TABLE.lines() {
            match line.strip_prefix('%') {
                Some("masquerade") => out += &self.masquerade(),
                Some("unallocated") => out += &self.unallocated(),
                Some("affinity") => {
                    for (name, seconds) in &self.affinity {
                        let timeout = duration(*seconds);
                        out += &format!(
                            "\tset {name} {{\n\t\ttype {address}\n\t\tsize 65535\n\t\tflags dynamic,timeout\n\t\ttimeout {timeout}\n\t}}\n\n"
                        );
                    }
                }
                Some("chains") => {
                    for (chain, rules) in &self.chains {
                        out += &format!("\n\tchain {chain} {{\n\t\t{}\n\t}}\n", rules.join("\n\t\t"));
                    }
                }
                Some(container) => self.print_elements(container, &mut out),
                None => {
                    out += &line.replace("$address", address).replace("$ip", self.ip());
                    out += "\n";
                }
            }
        }
        out
    }

    fn print_elements(&self, container: &str, out: &mut String) {
        let node_ports = self.node_port_addresses();
        let elements = if container == "nodeport-ips" { Some(&node_ports) } else { self.elements.get(container) };
        for (at, element) in elements.into_iter().flatten().enumerate() {
            // nft puts two bare IPv4 addresses on a line, and one of anything else.
            let is_second = at % 2 == 1 && !self.ipv6 && !element.contains(' ');
            *out += match () {
                () if at == 0 => "\t\telements = { ",
                () if is_second => ", ",
                () => ",\n\t\t\t     ",
            };
            *out += element;
        }
        if elements.is_some_and(|elements| !elements.is_empty()) {
            *out += " }\n";
        }
    }

    fn masquerade(&self) -> String {
        let ip = self.ip();
        let (whom, why) = match (self.router.config().masquerade_all, self.pods()) {
            (true, _) => (String::new(), "all clusterIP traffic"),
            (false, Some(pods)) => (format!("{ip} saddr != {pods} "), "clusterIP traffic from outside cluster"),
            (false, None) => return String::new(),
        };
        format!("\t\t{ip} daddr @cluster-ips {whom}{MASQUERADE} comment \"masquerade {why}\"\n")
    }

    fn unallocated(&self) -> String {
        let ranges = self.router.config().service_cidrs.iter().filter(|cidr| cidr.address.is_ipv6() == self.ipv6);
        let ranges: Vec<String> = ranges.map(ToString::to_string).collect();
        let ranges = match &ranges[..] {
            [] => return String::new(),
            [range] => range.clone(),
            _ => format!("{{ {} }}", ranges.join(", ")),
        };
        format!("\t\t{} daddr {ranges} drop comment \"Drop traffic to unallocated ClusterIPs\"\n", self.ip())
    }

    fn node_port_addresses(&self) -> OrdSet<String> {
        let config = self.router.config();
        let mut own: Vec<IpAddr> = config.addresses.iter().filter(|a| a.is_ipv6() == self.ipv6).copied().collect();
        match &config.node_port_addresses {
            NodePortAddresses::In(cidrs) => own.retain(|address| cidrs.iter().any(|cidr| cidr.contains(*address))),
            NodePortAddresses::Default | NodePortAddresses::Primary => own.truncate(1),
        }
        own.iter().map(ToString::to_string).collect()
    }
}

/// Seconds as nft prints them.
fn duration(seconds: u64) -> String {
    let mut out = String::new();
    for (unit, each, all) in [("d", 86_400, u64::MAX), ("h", 3600, 86_400), ("m", 60, 3600), ("s", 1, 60)] {
        let count = seconds % all / each;
        if count > 0 {
            out += &format!("{count}{unit}");
        }
    }
    out
}

/// kubernetes pkg/proxy/nftables/proxier.go, `servicePortChainNameBase`.
fn base_name(entry: &Entry) -> String {
    let (service, port) = split(entry);
    let name = format!("{service}/{}/{port}", lower(entry.port.protocol));
    format!("{}-{name}", hash(&[&name], 8))
}

/// kubernetes pkg/proxy/nftables/proxier.go, `servicePortEndpointChainNameBase`.
fn endpoint_name(entry: &Entry, endpoint: SocketAddr) -> String {
    let (service, port) = split(entry);
    let address = endpoint.ip().to_string().replace(':', ".");
    let name = format!("{service}/{}/{port}__{address}/{}", lower(entry.port.protocol), endpoint.port());
    format!("{}-{name}", hash(&[&name], 8))
}

fn split(entry: &Entry) -> (&str, &str) {
    entry.port.name.split_once(':').unwrap_or((&entry.port.name, ""))
}
