//! What a pod finds around itself: its machine, its addresses, its resolver and its environment.

use crate::{
    api::{Key, Object, Value},
    cluster::{
        Cluster, Place,
        machines::{Attachment, Machine},
    },
    compile::env,
    host::{Host, HostConfig, Names, Protocol, Resolv, Server},
    id::{HostId, NodeId},
    net::Cidr,
    ordered::OrdMap,
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};
use core::net::IpAddr;

impl Cluster {
    /// What the processes of one of the pod's containers find around themselves.
    pub(super) fn surroundings(
        &mut self,
        key: &Key,
        pod: &Object,
        addresses: &[IpAddr],
        container: &Value,
    ) -> HostConfig {
        let spec = pod.spec();
        let draw = self.rng.fork("host", &key.namespace, &key.name);
        let name = match spec["hostNetwork"].as_bool() {
            Some(true) => spec["nodeName"].str(),
            _ => host_name(pod),
        };
        let mut config = HostConfig::new(name, addresses[0], draw);
        config.addresses = addresses.to_vec();
        config.mtu = self.config.link.mtu;
        let domain = match spec["subdomain"].str() {
            subdomain if subdomain.is_empty() || !spec["hostnameOverride"].is_null() => String::new(),
            subdomain => format!("{subdomain}.{}.svc.{}", key.namespace, self.config.domain),
        };
        let names = Names { domain, hosts: host_aliases(&spec["hostAliases"]) };
        config.names = (names != Names::default()).then(|| Rc::new(names));
        config.resolv = self.resolv_conf(&key.namespace, pod);
        config.shared_env = self.service_variables(pod);
        config.env = Rc::new(environment(pod, addresses, container, &config.shared_env));
        config.image = container["image"].str().into();
        config.pool = self.pool.clone();
        config
    }

    /// Makes the pod's machine and serves what is pinned.
    pub(super) fn plug_in(&mut self, key: &Key, pod: &Object, node: NodeId, addresses: &[IpAddr]) -> HostId {
        let config = self.surroundings(key, pod, addresses, &pod.spec()["containers"][0]);
        let place = Place::pod(&key.namespace, &key.name);
        let machine = Machine::new(place, Attachment::Pod(node), Host::new(config));
        let host = self.machines.insert(machine);
        self.connect_pod(node, host, addresses);
        let pin = self.kubelet_pinned(&key.namespace, &key.name);
        let machine = self.machines.machine_mut(host).expect("just inserted");
        for port in pin.tcp {
            machine.host.serve(port, Protocol::Tcp, Server::Whoami);
        }
        for port in pin.udp {
            machine.host.serve(port, Protocol::Udp, Server::Whoami);
        }
        host
    }

    /// Source: kubernetes pkg/kubelet/network/dns/dns.go.
    fn resolv_conf(&self, namespace: &str, pod: &Object) -> Rc<Resolv> {
        let domain = &self.config.domain;
        let spec = pod.spec();
        let policy = match spec["dnsPolicy"].str() {
            // On the node's own network only ClusterFirstWithHostNet means the cluster's DNS.
            "ClusterFirst" | "" if spec["hostNetwork"].as_bool() == Some(true) => "Default",
            policy => policy,
        };
        let mut resolv = match policy {
            "None" => Resolv::default(),
            _ => self.config.node_resolv.clone(),
        };
        if let Some(dns) = self.config.dns.as_ref().filter(|_| !matches!(policy, "None" | "Default")) {
            resolv.nameservers = alloc::vec![dns.address];
            let own = [format!("{namespace}.svc.{domain}"), format!("svc.{domain}"), domain.clone()];
            resolv.search.splice(0..0, own);
            resolv.ndots = 5;
        }
        let own = &pod.spec()["dnsConfig"];
        for server in own["nameservers"].items() {
            if let Ok(server) = server.str().parse() {
                push_new(&mut resolv.nameservers, server);
            }
        }
        for domain in own["searches"].items() {
            push_new(&mut resolv.search, domain.str().to_owned());
        }
        for option in own["options"].items() {
            let (name, value) = (option["name"].str(), option["value"].str());
            if name == "ndots" {
                resolv.ndots = value.parse().unwrap_or(resolv.ndots);
                continue;
            }
            resolv.options.retain(|own| own.split(':').next() != Some(name));
            resolv.options.push(if value.is_empty() { name.to_owned() } else { format!("{name}:{value}") });
        }
        // What a resolver of today reads at most (kubernetes pkg/apis/core/validation/validation.go, MaxDNS…).
        resolv.nameservers.truncate(3);
        resolv.search.truncate(32);
        Rc::new(resolv)
    }

    /// The variables of the Services that there are now, the same for every pod of a namespace.
    pub(super) fn service_variables(&mut self, pod: &Object) -> Rc<OrdMap<String, String>> {
        let links = pod.spec()["enableServiceLinks"].as_bool() != Some(false);
        let store = self.control.store();
        let fresh = || Rc::new(env::service_variables(store, pod.namespace(), links));
        self.kubelets.variables.entry((pod.namespace().to_owned(), links)).or_insert_with(fresh).clone()
    }

    /// The next free address of each of the node's pod ranges, as the host-local plugin gives them out: in a circle.
    pub(super) fn draw_addresses(&mut self, node: NodeId) -> Vec<IpAddr> {
        let ranges = self.config.nodes[node.0 as usize].pod_cidrs.clone();
        let mut addresses = Vec::new();
        for range in ranges {
            addresses.extend(self.draw_address(range));
        }
        addresses
    }

    fn draw_address(&mut self, range: Cidr) -> Option<IpAddr> {
        let bits = if range.address.is_ipv4() { 32 } else { 128 };
        let size = 1_u32 << (bits - u32::from(range.length)).min(24);
        // The first address is the network's, the second the gateway's; the last is the broadcast address.
        let (first, last) = (2, size.checked_sub(2)?);
        let mut offset = self.kubelets.cursors.get(&range).copied().unwrap_or(first - 1);
        for _ in first..=last {
            offset = if offset < last { offset + 1 } else { first };
            let address = range.nth(offset.into());
            if self.machines.with_address(address).is_none() {
                self.kubelets.cursors.insert(range, offset);
                return Some(address);
            }
        }
        None
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Source: kubernetes pkg/kubelet/kubelet_pods.go, `hostsEntriesFromHostAliases`.
fn host_aliases(aliases: &Value) -> String {
    let mut text = String::new();
    for alias in aliases.items() {
        text += if text.is_empty() { "\n# Entries added by HostAliases.\n" } else { "" };
        text += alias["ip"].str();
        for name in alias["hostnames"].items() {
            text += &format!("\t{}", name.str());
        }
        text.push('\n');
    }
    text
}

/// Source: kubernetes pkg/kubelet/kubelet_pods.go (GeneratePodHostNameAndDomain).
fn host_name(pod: &Object) -> &str {
    let name = |field: &str| pod.spec()[field].as_str().filter(|name| !name.is_empty());
    name("hostnameOverride").or_else(|| name("hostname")).unwrap_or(pod.name())
}

fn environment(
    pod: &Object,
    addresses: &[IpAddr],
    container: &Value,
    services: &OrdMap<String, String>,
) -> Vec<(String, String)> {
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let hostname = host_name(pod);
    let mut all = Vec::new();
    for (name, value) in [("PATH", path), ("HOSTNAME", hostname), ("HOME", "/root")] {
        all.push((name.to_owned(), value.to_owned()));
    }
    // What the container sets itself goes before what its runtime would give it.
    for (name, value) in env::container_variables(services, pod, addresses, container) {
        match all.iter_mut().find(|(have, _)| *have == name) {
            Some(entry) => entry.1 = value,
            None => all.push((name, value)),
        }
    }
    all
}
