//! Making a cluster.

use super::{
    Cluster, Config, ConfigError, Journal, Place,
    kubelet::Kubelets,
    machines::{Attachment, Machine, Machines},
    node::Node,
    schedule::Schedule,
    taps::Taps,
};
use crate::ordered::OrdMap;
use crate::{
    api::{Kind, Object, json},
    compile,
    control::{self, ControlConfig, ControlPlane},
    dataplane::{Router, RouterConfig},
    dns::{Data, Record, ZoneConfig, zone::Zone},
    host::{Host, HostConfig, Protocol, Server, SocketPool},
    id::NodeId,
    net::Cidr,
    rng::Rng,
    time::Instant,
    trace::{Digest, Passages, Recorder},
};
use alloc::{format, rc::Rc, vec::Vec};
use core::{cell::RefCell, net::IpAddr};

impl Cluster {
    /// A cluster at virtual time zero, with its system pods on their way.
    ///
    /// # Errors
    /// Says what in the configuration contradicts itself.
    pub fn new(config: Config) -> Result<Cluster, ConfigError> {
        config.check()?;
        let rng = Rng::new(config.seed);
        let mut cluster = Cluster {
            now: Instant::ZERO,
            control: ControlPlane::new(control_config(&config)),
            revision: 0,
            nodes: Vec::new(),
            machines: Machines::default(),
            wires: Vec::new(),
            zone: Rc::new(RefCell::new(Zone::new(zone_config(&config)))),
            tables: compile::table::Compiler::new(config.nodes.iter().map(|node| node.name.clone())),
            policies: compile::policy::Compiler::new(config.nodes.iter().map(|node| node.name.clone())),
            kubelets: Kubelets::default(),
            pool: SocketPool::default(),
            schedule: Schedule::new(),
            control_slot: None,
            pending: 0,
            steps: 0,
            processes: OrdMap::new(),
            next_process: 0,
            taps: Taps {
                digest: Digest::default(),
                recorder: Recorder::new(config.limits.events as usize),
                passages: Passages::new(config.limits.passages as usize),
                capture: None,
            },
            journal: Journal::default(),
            depth: 0,
            #[cfg(feature = "yaml")]
            context: crate::kubectl::Context::default(),
            rng,
            config,
        };
        cluster.plug_in_nodes();
        cluster.plug_in_outside();
        cluster.connect_nodes();
        cluster.catch_up();
        if cluster.config.dns.is_some() {
            cluster.start_dns();
            cluster.catch_up();
        }
        Ok(cluster)
    }

    fn plug_in_nodes(&mut self) {
        let pod_cidrs = cluster_cidrs(&self.config);
        for (place, node) in self.config.nodes.clone().into_iter().enumerate() {
            let id = NodeId(place as u32);
            let mut gateways = Vec::new();
            for range in &node.pod_cidrs {
                gateways.push(node.gateway(range));
            }
            let mut host = self.host_config(&node.name, &node.addresses);
            host.addresses.extend(&gateways);
            // kube-proxy's rules see what a node says to itself.
            host.routed = true;
            host.resolv = Rc::new(self.config.node_resolv.clone());
            let machine = Machine::new(Place::Node(node.name.clone()), Attachment::Node(id), Host::new(host));
            let router = Router::new(RouterConfig {
                node: id,
                seed: self.rng.fork("router", "", &node.name).next_u64(),
                mode: self.config.proxy,
                addresses: node.addresses.clone(),
                gateways,
                pod_cidrs: pod_cidrs.clone(),
                service_cidrs: self.config.service_cidrs.clone(),
                masquerade_all: self.config.masquerade_all,
                masquerade_outbound: self.config.masquerade_outbound,
                max_connections: self.config.limits.connections,
                track_windows: true,
                ..RouterConfig::new(node.addresses[0])
            });
            let host = self.machines.insert(machine);
            let (name, addresses) = (node.name, node.addresses);
            self.nodes.push(Node {
                name,
                addresses,
                router,
                host,
                is_watched: false,
                waiting: Default::default(),
                slot: None,
            });
        }
    }

    fn plug_in_outside(&mut self) {
        for outside in self.config.outside.clone() {
            let mut host = Host::new(self.host_config(&outside.name, &outside.addresses));
            for port in outside.listens {
                host.serve(port, Protocol::Tcp, Server::Whoami);
            }
            let attachment = Attachment::Outside(outside.routes);
            self.machines.insert(Machine::new(Place::Outside(outside.name), attachment, host));
        }
    }

    fn host_config(&self, name: &str, addresses: &[IpAddr]) -> HostConfig {
        let mut config = HostConfig::new(name, addresses[0], self.rng.fork("host", "", name));
        config.addresses = addresses.to_vec();
        config.mtu = self.config.link.mtu;
        config.pool = self.pool.clone();
        config
    }

    /// CoreDNS, as kubeadm deploys it, one pod for each of at most two nodes.
    ///
    /// Source: kubernetes cmd/kubeadm/app/phases/addons/dns/manifests.go.
    fn start_dns(&mut self) {
        let mut deployment = Object::new(Kind::Deployment, "kube-system", "coredns");
        deployment.value.set(&["metadata", "labels", "k8s-app"], "kube-dns");
        let spec = json::parse(COREDNS).expect("the system's own Deployment is JSON");
        deployment.value.set(&["spec"], spec);
        deployment.value.set(&["spec", "replicas"], self.config.nodes.len().min(2) as i64);
        // Nobody can have taken the name yet.
        self.control.create(self.now, deployment).expect("the system's own Deployment is valid");
    }
}

/// What kube-proxy is told as `--cluster-cidr`: the range that kubeadm would cut the nodes' ranges from, a /16 or a /56,
/// where they fit and nobody else is in it; their own ranges otherwise.
fn cluster_cidrs(config: &Config) -> Vec<Cidr> {
    let mut all = Vec::new();
    for (ipv6, length) in [(false, 16), (true, 56)] {
        let ranges = config.nodes.iter().flat_map(|node| &node.pod_cidrs);
        let ranges: Vec<Cidr> = ranges.filter(|range| range.address.is_ipv6() == ipv6).copied().collect();
        let Some(first) = ranges.first() else { continue };
        let wide = Cidr { length, ..*first }.masked();
        let fits = ranges.iter().all(|range| range.length >= length && wide.contains(range.address));
        let machines = config.nodes.iter().flat_map(|node| &node.addresses);
        let mut others = machines.chain(config.outside.iter().flat_map(|host| &host.addresses));
        let mut services = config.service_cidrs.iter();
        let is_shared = others.any(|address| wide.contains(*address))
            || services.any(|range| wide.contains(range.address) || range.contains(wide.address));
        if fits && !is_shared {
            all.push(wide);
        } else {
            all.extend(ranges);
        }
    }
    all
}

fn control_config(config: &Config) -> ControlConfig {
    let mut nodes = Vec::new();
    for node in &config.nodes {
        nodes.push(control::NodeConfig {
            name: node.name.clone(),
            addresses: node.addresses.clone(),
            zone: node.zone.clone(),
            pod_cidrs: node.pod_cidrs.clone(),
            labels: Vec::new(),
            cpu: 4000,
        });
    }
    ControlConfig {
        seed: config.seed,
        service_cidrs: config.service_cidrs.clone(),
        node_port_range: config.node_ports.clone(),
        nodes,
        dns_address: config.dns.as_ref().map(|dns| dns.address),
        max_pods: config.limits.pods as usize,
        ..ControlConfig::default()
    }
}

fn zone_config(config: &Config) -> ZoneConfig {
    let absolute = |name: &str| format!("{}.", name.trim_end_matches('.'));
    let mut zone = ZoneConfig::default();
    let Some(dns) = &config.dns else { return zone };
    zone.zones = Vec::from([absolute(&config.domain)]);
    for name in &dns.zones {
        zone.zones.push(absolute(name));
    }
    zone.fallthrough.clear();
    for name in &dns.fallthrough {
        zone.fallthrough.push(absolute(name));
    }
    zone.pods = dns.pods;
    zone.ttl = dns.ttl;
    zone.servers = Vec::from([dns.address]);
    for (name, address) in &dns.upstream {
        let data = match *address {
            IpAddr::V4(address) => Data::A(address),
            IpAddr::V6(address) => Data::Aaaa(address),
        };
        zone.upstream.records.push(Record { name: absolute(name), ttl: 300, data });
    }
    zone
}

/// The `spec` of the system's Deployment.
const COREDNS: &str = r#"{
"selector": {"matchLabels": {"k8s-app": "kube-dns"}},
"template": {"metadata": {"labels": {"k8s-app": "kube-dns"}}, "spec": {"dnsPolicy": "Default", "containers": [{
    "name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.14.7", "args": ["-conf", "/etc/coredns/Corefile"],
    "ports": [
        {"name": "dns", "protocol": "UDP", "containerPort": 53},
        {"name": "dns-tcp", "protocol": "TCP", "containerPort": 53},
        {"name": "metrics", "protocol": "TCP", "containerPort": 9153}
    ]
}]}}
}"#;
