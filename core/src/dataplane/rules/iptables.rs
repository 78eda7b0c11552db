//! `iptables-save -t nat`, as kube-proxy's iptables mode programs it.
//!
//! kubernetes pkg/proxy/iptables/proxier.go, `syncProxyRules`; the spelling is that of iptables-save.

use crate::ordered::OrdMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::chain::hash;
use super::{lets_node_in, lower};
use crate::dataplane::config::NodePortAddresses;
use crate::dataplane::view::Entry;
use crate::dataplane::{Endpoint, Router, RouterConfig};
use crate::net::Cidr;

/// The nat table of one family.
pub fn iptables(router: &Router, ipv6: bool) -> String {
    let mut rules = Rules { config: router.config(), ipv6, chains: OrdMap::new() };
    let masquerade = "kubernetes service traffic requiring SNAT";
    rules.add("PREROUTING", "-m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES");
    rules.add("OUTPUT", "-m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES");
    rules.add("POSTROUTING", "-m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING");
    rules.add("KUBE-MARK-MASQ", "-j MARK --set-xmark 0x4000/0x4000");
    rules.add("KUBE-POSTROUTING", "-m mark ! --mark 0x4000/0x4000 -j RETURN");
    rules.add("KUBE-POSTROUTING", "-j MARK --set-xmark 0x4000/0x0");
    rules.add("KUBE-POSTROUTING", &format!("-m comment --comment \"{masquerade}\" -j MASQUERADE --random-fully"));
    rules.chains.entry("KUBE-NODEPORTS".into()).or_default();
    for entry in router.entries().iter().filter(|entry| entry.port.cluster_ip.is_ipv6() == ipv6) {
        rules.service(entry);
    }
    rules.node_ports();
    rules.print()
}

struct Rules<'a> {
    config: &'a RouterConfig,
    ipv6: bool,
    chains: OrdMap<String, Vec<String>>,
}

impl Rules<'_> {
    fn add(&mut self, chain: &str, rule: &str) {
        self.chains.entry(chain.into()).or_default().push(rule.into());
    }

    fn service(&mut self, entry: &Entry) {
        let (port, name, protocol) = (&entry.port, &*entry.port.name, lower(entry.port.protocol));
        let id = hash(&[name, protocol], 16);
        let (cluster, local, external) = (format!("KUBE-SVC-{id}"), format!("KUBE-SVL-{id}"), format!("KUBE-EXT-{id}"));
        let to = |address: IpAddr, what: &str| {
            let (address, number) = (Cidr::host(address), port.port);
            format!("-d {address} -p {protocol} -m comment --comment \"{name} {what}\" -m {protocol} --dport {number}")
        };
        if !entry.has_endpoints {
            return;
        }
        let internal = if port.internal_local { &local } else { &cluster };
        let pool = if port.internal_local { &entry.local } else { &entry.cluster };
        let cluster_ip = to(port.cluster_ip, "cluster IP");
        if !pool.is_empty() {
            self.add("KUBE-SERVICES", &format!("{cluster_ip} -j {internal}"));
            let pods = self.config.pod_cidrs.iter().find(|cidr| cidr.address.is_ipv6() == self.ipv6);
            match pods {
                _ if self.config.masquerade_all => self.add(internal, &format!("{cluster_ip} -j KUBE-MARK-MASQ")),
                Some(pods) => self.add(internal, &format!("! -s {pods} {cluster_ip} -j KUBE-MARK-MASQ")),
                None => {}
            }
        }
        for &address in &port.external_ips {
            self.add("KUBE-SERVICES", &format!("{} -j {external}", to(address, "external IP")));
        }
        let firewall = format!("KUBE-FW-{id}");
        let guarded = !port.source_ranges.is_empty() && !port.load_balancer_ips.is_empty();
        for &address in &port.load_balancer_ips {
            let chain = if guarded { &firewall } else { &external };
            self.add("KUBE-SERVICES", &format!("{} -j {chain}", to(address, "loadbalancer IP")));
        }
        if guarded {
            self.firewall(entry, &firewall, &external);
        }
        if port.node_port != 0 {
            let (comment, number) = (format!("-m comment --comment {}", quote(name)), port.node_port);
            self.add(
                "KUBE-NODEPORTS",
                &format!("-p {protocol} {comment} -m {protocol} --dport {number} -j {external}"),
            );
        }
        let is_external = port.node_port != 0 || !port.external_ips.is_empty() || !port.load_balancer_ips.is_empty();
        if is_external {
            self.external(entry, &external, &cluster, &local);
        }
        if !port.internal_local || is_external {
            self.pool(entry, &cluster, &entry.cluster);
        }
        if port.internal_local || port.external_local && is_external {
            self.pool(entry, &local, &entry.local);
        }
        let mut used: Vec<u32> = entry.cluster.iter().chain(&entry.local).copied().collect();
        crate::ordered::sort(&mut used);
        used.dedup();
        for place in used {
            self.endpoint(entry, &entry.endpoints[place as usize]);
        }
    }

    fn external(&mut self, entry: &Entry, external: &str, cluster: &str, local: &str) {
        let name = &entry.port.name;
        let comment = |words: &str| format!("-m comment --comment \"{words} {name} external destinations\"");
        if !entry.port.external_local {
            self.add(external, &format!("{} -j KUBE-MARK-MASQ", comment("masquerade traffic for")));
            self.add(external, &format!("-j {cluster}"));
            return;
        }
        if let Some(pods) = self.config.pod_cidrs.iter().find(|cidr| cidr.address.is_ipv6() == self.ipv6) {
            self.add(external, &format!("-s {pods} {} -j {cluster}", comment("pod traffic for")));
        }
        let is_local = "-m addrtype --src-type LOCAL -j";
        self.add(external, &format!("{} {is_local} KUBE-MARK-MASQ", comment("masquerade LOCAL traffic for")));
        self.add(external, &format!("{} {is_local} {cluster}", comment("route LOCAL traffic for")));
        if !entry.local.is_empty() {
            self.add(external, &format!("-j {local}"));
        }
    }

    fn firewall(&mut self, entry: &Entry, firewall: &str, external: &str) {
        let name = &entry.port.name;
        let comment = format!("-m comment --comment \"{name} loadbalancer IP\"");
        for range in &entry.port.source_ranges {
            self.add(firewall, &format!("-s {} {comment} -j {external}", range.masked()));
        }
        if lets_node_in(entry, self.config) {
            for &address in &entry.port.load_balancer_ips {
                self.add(firewall, &format!("-s {} {comment} -j {external}", Cidr::host(address)));
            }
        }
        let other = format!("other traffic to {name} will be dropped by KUBE-PROXY-FIREWALL");
        self.add(firewall, &format!("-m comment --comment \"{other}\""));
    }

    fn pool(&mut self, entry: &Entry, chain: &str, pool: &[u32]) {
        let endpoint = |place: &u32| &entry.endpoints[*place as usize];
        let arrow = |e: &Endpoint| format!("-m comment --comment \"{} -> {}\"", entry.port.name, e.address);
        if let Some(timeout) = entry.port.affinity {
            for e in pool.iter().map(endpoint) {
                let (sep, seconds) = (separate(entry, e.address), timeout.secs());
                let mask = if self.ipv6 { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" } else { "255.255.255.255" };
                let recent = format!("--rcheck --seconds {seconds} --reap --name {sep} --mask {mask} --rsource");
                self.add(chain, &format!("{} -m recent {recent} -j {sep}", arrow(e)));
            }
        }
        for (n, e) in pool.iter().map(endpoint).enumerate() {
            let left = pool.len() - n;
            let chance = match left {
                1 => String::new(),
                _ => format!(" -m statistic --mode random --probability {}", probability(left as u128)),
            };
            self.add(chain, &format!("{}{chance} -j {}", arrow(e), separate(entry, e.address)));
        }
    }

    fn endpoint(&mut self, entry: &Entry, endpoint: &Endpoint) {
        let (chain, protocol) = (separate(entry, endpoint.address), lower(entry.port.protocol));
        let comment = format!("-m comment --comment {}", quote(&entry.port.name));
        let host = Cidr::host(endpoint.address.ip());
        self.add(&chain, &format!("-s {host} {comment} -j KUBE-MARK-MASQ"));
        let recent = match entry.port.affinity {
            Some(_) if self.ipv6 => {
                format!(" -m recent --set --name {chain} --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource")
            }
            Some(_) => format!(" -m recent --set --name {chain} --mask 255.255.255.255 --rsource"),
            None => String::new(),
        };
        let to = endpoint.address;
        self.add(&chain, &format!("-p {protocol} {comment}{recent} -m {protocol} -j DNAT --to-destination {to}"));
    }

    fn node_ports(&mut self) {
        let last = "kubernetes service nodeports; NOTE: this must be the last rule in this chain";
        let comment = format!("-m comment --comment \"{last}\"");
        match &self.config.node_port_addresses {
            NodePortAddresses::Default => {
                let not = if self.ipv6 { "! -d ::1/128 " } else { "" };
                self.add("KUBE-SERVICES", &format!("{not}{comment} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"));
            }
            chosen => {
                let is_chosen = |address: &&IpAddr| match chosen {
                    NodePortAddresses::In(cidrs) => cidrs.iter().any(|cidr| cidr.contains(**address)),
                    _ => true,
                };
                let own = self.config.addresses.iter().filter(|a| a.is_ipv6() == self.ipv6);
                let mut own: Vec<IpAddr> = own.filter(is_chosen).copied().collect();
                if *chosen == NodePortAddresses::Primary {
                    own.truncate(1);
                }
                for address in own {
                    self.add("KUBE-SERVICES", &format!("-d {} {comment} -j KUBE-NODEPORTS", Cidr::host(address)));
                }
            }
        }
    }

    fn print(&self) -> String {
        let mut out = String::from("*nat\n");
        const BUILT_IN: [&str; 4] = ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"];
        for chain in BUILT_IN {
            out += &format!(":{chain} ACCEPT [0:0]\n");
        }
        let own = || self.chains.iter().filter(|(chain, _)| !BUILT_IN.contains(&chain.as_str()));
        for (chain, _) in own() {
            out += &format!(":{chain} - [0:0]\n");
        }
        let built_in = BUILT_IN.iter().filter_map(|chain| self.chains.get_key_value(*chain));
        for (chain, rules) in built_in.chain(own()) {
            for rule in rules {
                out += &format!("-A {chain} {rule}\n");
            }
        }
        out.push_str("COMMIT\n");
        out
    }
}

/// The chain of one endpoint of one service port.
fn separate(entry: &Entry, endpoint: SocketAddr) -> String {
    let endpoint = endpoint.to_string();
    format!("KUBE-SEP-{}", hash(&[&entry.port.name, lower(entry.port.protocol), &endpoint], 16))
}

/// iptables-save leaves a comment bare only if it is one plain word (libxtables, `xtables_save_string`).
fn quote(text: &str) -> String {
    if text.bytes().any(|c| !c.is_ascii_alphanumeric() && !matches!(c, b'_' | b'-')) {
        format!("\"{text}\"")
    } else {
        text.into()
    }
}

/// One in `n`, as the kernel keeps it: in units of 2^-31.
fn probability(n: u128) -> String {
    let units = ((1 << 32) / n).div_ceil(2);
    let digits = (units * 100_000_000_000 + (1 << 30)) >> 31;
    format!("0.{digits:011}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_rounded_as_the_kernel_does() {
        assert_eq!(probability(2), "0.50000000000");
        assert_eq!(probability(3), "0.33333333349");
        assert_eq!(probability(4), "0.25000000000");
    }
}
