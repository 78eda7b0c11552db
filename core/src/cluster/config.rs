//! What a cluster is made of before the first manifest.

use crate::{
    api::{Quoted, names},
    dataplane::Mode,
    host::Resolv,
    net::{Cidr, link::LinkConfig},
    time::Duration,
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::RangeInclusive,
};

/// A node: a machine with its own kube-proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeConfig {
    /// Its name, a DNS label.
    pub name: String,
    /// Its own addresses, one of each family in use.
    pub addresses: Vec<IpAddr>,
    /// `topology.kubernetes.io/zone`, if it has one.
    pub zone: Option<String>,
    /// The ranges its pods' addresses come from, one of each family in use.
    pub pod_cidrs: Vec<Cidr>,
    /// The node's own addresses in those ranges, where pods find their router; a range's first one unless said.
    pub gateways: Vec<IpAddr>,
}

/// A machine outside the cluster, on the same network as the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideHost {
    /// Its name, for `outside/NAME`.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Static routes: a range and the node address it goes through. What nothing matches is lost in silence.
    pub routes: Vec<(Cidr, IpAddr)>,
    /// The TCP ports on which it says who answers, whom it sees and where it was reached.
    pub listens: Vec<u16>,
}

/// The cluster's DNS, as a Corefile sets it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsConfig {
    /// The ClusterIP of the Service `kube-dns`.
    pub address: IpAddr,
    /// The zones it answers for besides the cluster domain: `in-addr.arpa`, `ip6.arpa`.
    pub zones: Vec<String>,
    /// Zones in which a name that the cluster does not have is asked for upstream.
    pub fallthrough: Vec<String>,
    /// Seconds that answers may be kept.
    pub ttl: u32,
    /// How it answers `10-1-2-3.default.pod.cluster.local`.
    pub pods: crate::dns::PodMode,
    /// Names outside the cluster domain that resolve, and their addresses.
    pub upstream: Vec<(String, IpAddr)>,
}

/// Bounds on what a cluster keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Packet events kept for display; older ones are counted as lost.
    pub events: u32,
    /// Packets at routers kept for display, one entry each.
    pub passages: u32,
    /// Inputs kept for replay; past it a journal is no longer complete.
    pub inputs: u32,
    /// Connections that a node tracks.
    pub connections: u32,
    /// Pods of the whole cluster; one more is refused as by a quota.
    pub pods: u32,
    /// Work items that may happen without time moving, before the cluster says that it is stuck.
    pub steps: u32,
}

/// Everything that is decided when a cluster is made.
///
/// ```
/// use clusterip::cluster::{Cluster, Config};
/// let cluster = Cluster::new(Config { seed: 7, ..Config::default() }).unwrap();
/// assert_eq!(cluster.config().nodes.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The source of all chance: names, addresses, ports, balancing, links.
    pub seed: u64,
    /// The nodes.
    pub nodes: Vec<NodeConfig>,
    /// Machines outside the cluster.
    pub outside: Vec<OutsideHost>,
    /// One range, or one of each family; the first is the primary one.
    pub service_cidrs: Vec<Cidr>,
    /// The node ports that may be given out.
    pub node_ports: RangeInclusive<u16>,
    /// The cluster domain.
    pub domain: String,
    /// The cluster's DNS, or none.
    pub dns: Option<DnsConfig>,
    /// How kube-proxy works on every node.
    pub proxy: Mode,
    /// Whether kube-proxy masquerades all Service traffic (`--masquerade-all`).
    pub masquerade_all: bool,
    /// Whether pods show a node's address to machines outside, as most CNI plugins make it.
    pub masquerade_outbound: bool,
    /// The nodes' own `/etc/resolv.conf`, which pods with `dnsPolicy: Default` get.
    pub node_resolv: Resolv,
    /// What every link between machines is like.
    pub link: LinkConfig,
    /// How long a node takes to put a change into its rules.
    pub rule_sync_delay: Duration,
    /// How long a container takes to start, image pull included.
    pub start_delay: Duration,
    /// How long a container takes to end after it was asked to.
    pub stop_delay: Duration,
    /// Bounds.
    pub limits: Limits,
}

/// Why a configuration cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum ConfigError {
    #[error("a cluster needs at least one node")]
    NoNodes,
    #[error("{what} {}: {why}", Quoted(.name))]
    Name { what: &'static str, name: String, why: String },
    #[error("{} has no address", Quoted(.0))]
    NoAddress(String),
    #[error("the name {} is given to two machines", Quoted(.0))]
    DuplicateName(String),
    #[error("the address {0} is given to two machines")]
    DuplicateAddress(IpAddr),
    #[error("a cluster needs one service CIDR, or one of each family, and got {0}")]
    ServiceCidrs(usize),
    #[error("the service CIDR {0} has no address for the Service kubernetes; it needs at least four addresses")]
    ServiceCidrTooSmall(Cidr),
    #[error("the pod CIDR {0} has no address for a pod; it needs at least four addresses")]
    PodCidrTooSmall(Cidr),
    #[error("the DNS address {0} is not in a service CIDR")]
    DnsAddress(IpAddr),
    #[error("a Maglev table must have a prime number of entries, at most {max}, and not {0}", max = ConfigError::MAGLEV)]
    Maglev(u32),
    #[error("the node port range is empty")]
    NodePorts,
}

impl ConfigError {
    /// The largest Maglev table: a prime above the paper's larger size.
    const MAGLEV: u32 = 655_373;
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { events: 16_384, passages: 4096, inputs: 65_536, connections: 131_072, pods: 20_000, steps: 1_000_000 }
    }
}

impl Default for DnsConfig {
    fn default() -> DnsConfig {
        DnsConfig {
            address: IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10)),
            zones: vec!["in-addr.arpa".to_owned(), "ip6.arpa".to_owned()],
            fallthrough: vec!["in-addr.arpa".to_owned(), "ip6.arpa".to_owned()],
            ttl: 30,
            pods: crate::dns::PodMode::Insecure,
            upstream: Vec::new(),
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            seed: 1,
            nodes: (1..=2).map(NodeConfig::numbered).collect(),
            outside: vec![OutsideHost {
                name: "laptop".to_owned(),
                addresses: vec![IpAddr::V4(Ipv4Addr::new(172, 30, 0, 5))],
                routes: Vec::new(),
                listens: Vec::new(),
            }],
            service_cidrs: vec![v4_range([10, 96, 0, 0], 12)],
            node_ports: 30_000..=32_767,
            domain: "cluster.local".to_owned(),
            dns: Some(DnsConfig::default()),
            proxy: Mode::Iptables,
            masquerade_all: false,
            masquerade_outbound: true,
            node_resolv: Resolv::default(),
            // Two machines in one rack.
            link: LinkConfig { latency: Duration::from_micros(150), ..LinkConfig::default() },
            rule_sync_delay: Duration::ZERO,
            start_delay: Duration::from_millis(800),
            stop_delay: Duration::from_millis(500),
            limits: Limits::default(),
        }
    }
}

impl NodeConfig {
    /// The node with that number in a cluster of these service ranges, with an address and a range of pods of each of
    /// their families; for IPv6 fd00:172:30::11 and fd00:10:244:1::/64.
    pub fn numbered_for(number: u8, service_cidrs: &[Cidr]) -> NodeConfig {
        let mut node = NodeConfig { addresses: Vec::new(), pod_cidrs: Vec::new(), ..NodeConfig::numbered(number) };
        for range in service_cidrs {
            let same =
                if range.address.is_ipv4() { NodeConfig::numbered(number) } else { NodeConfig::numbered_v6(number) };
            node.addresses.extend(same.addresses);
            node.pod_cidrs.extend(same.pod_cidrs);
        }
        node
    }

    fn numbered_v6(number: u8) -> NodeConfig {
        // The decimal digits of the IPv4 addresses, as a reader sees them.
        let digits = |n: u8| u16::from(n) / 100 * 0x100 + u16::from(n) / 10 % 10 * 0x10 + u16::from(n) % 10;
        let address = Ipv6Addr::new(0xfd00, 0x172, 0x30, 0, 0, 0, 0, digits(10 + number));
        let pods = Ipv6Addr::new(0xfd00, 0x10, 0x244, digits(number), 0, 0, 0, 0);
        NodeConfig {
            addresses: vec![address.into()],
            pod_cidrs: vec![Cidr { address: pods.into(), length: 64 }],
            ..NodeConfig::numbered(number)
        }
    }

    /// The node with that number, from 1: `node-1`, 172.30.0.11, pods from 10.244.1.0/24.
    pub fn numbered(number: u8) -> NodeConfig {
        NodeConfig {
            name: format!("node-{number}"),
            addresses: vec![IpAddr::V4(Ipv4Addr::new(172, 30, 0, 10 + number))],
            zone: None,
            pod_cidrs: vec![v4_range([10, 244, number, 0], 24)],
            gateways: Vec::new(),
        }
    }

    /// Where pods of a range find their router.
    pub(super) fn gateway(&self, range: &Cidr) -> IpAddr {
        let own = self.gateways.iter().find(|gateway| range.contains(**gateway));
        own.copied().unwrap_or_else(|| range.nth(1))
    }
}

impl Config {
    /// The default cluster with these service ranges instead, and what goes with them: addresses of their families for
    /// nodes, pods and the laptop, and for the DNS the tenth address of the first range.
    ///
    /// Source: kubernetes cmd/kubeadm/app/constants/constants.go (`GetDNSIP`).
    pub fn with_service_cidrs(service_cidrs: Vec<Cidr>) -> Config {
        let nodes = (1..=2).map(|number| NodeConfig::numbered_for(number, &service_cidrs)).collect();
        let mut config = Config { nodes, ..Config::default() };
        if service_cidrs.iter().any(|range| !range.address.is_ipv4()) {
            config.outside[0].addresses.push(Ipv6Addr::new(0xfd00, 0x172, 0x30, 0, 0, 0, 0, 5).into());
        }
        if let (Some(dns), Some(range)) = (&mut config.dns, service_cidrs.first()) {
            dns.address = range.nth(10);
        }
        config.service_cidrs = service_cidrs;
        config
    }

    /// Says what is wrong with this configuration, if anything is.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.nodes.is_empty() {
            return Err(ConfigError::NoNodes);
        }
        let mut names: Vec<&str> = Vec::new();
        let mut addresses: Vec<IpAddr> = Vec::new();
        let machines = self.nodes.iter().map(|node| (&node.name, &node.addresses));
        match &self.service_cidrs[..] {
            [_] => {}
            [one, other] if one.address.is_ipv4() != other.address.is_ipv4() => {}
            ranges => return Err(ConfigError::ServiceCidrs(ranges.len())),
        }
        judge("the cluster's domain", &self.domain, names::dns_subdomain)?;
        for node in &self.nodes {
            judge("the zone", node.zone.as_deref().unwrap_or_default(), names::label_value)?;
        }
        for (name, own) in machines.chain(self.outside.iter().map(|host| (&host.name, &host.addresses))) {
            judge("the name of a machine", name, names::dns_subdomain)?;
            if own.is_empty() {
                return Err(ConfigError::NoAddress(name.to_string()));
            }
            if names.contains(&name.as_str()) {
                return Err(ConfigError::DuplicateName(name.to_string()));
            }
            names.push(name);
            for &address in own {
                if addresses.contains(&address) {
                    return Err(ConfigError::DuplicateAddress(address));
                }
                addresses.push(address);
            }
        }
        let bits = |cidr: &Cidr| if cidr.address.is_ipv4() { 32 } else { 128 };
        let is_small = |cidr: &&Cidr| cidr.length + 2 > bits(cidr);
        if let Some(small) = self.service_cidrs.iter().find(is_small) {
            return Err(ConfigError::ServiceCidrTooSmall(*small));
        }
        if let Some(small) = self.nodes.iter().flat_map(|node| &node.pod_cidrs).find(is_small) {
            return Err(ConfigError::PodCidrTooSmall(*small));
        }
        if let Some(dns) = &self.dns
            && !self.service_cidrs.iter().any(|cidr| cidr.contains(dns.address))
        {
            return Err(ConfigError::DnsAddress(dns.address));
        }
        if let Mode::Maglev(size) = self.proxy
            && (!(2..=ConfigError::MAGLEV).contains(&size)
                || (2..size).take_while(|n| n * n <= size).any(|n| size % n == 0))
        {
            return Err(ConfigError::Maglev(size));
        }
        if self.node_ports.is_empty() {
            return Err(ConfigError::NodePorts);
        }
        Ok(())
    }
}

fn judge(what: &'static str, name: &str, faults: fn(&str) -> Vec<String>) -> Result<(), ConfigError> {
    match faults(name).pop() {
        Some(why) => Err(ConfigError::Name { what, name: name.to_owned(), why }),
        None => Ok(()),
    }
}

fn v4_range(first: [u8; 4], length: u8) -> Cidr {
    Cidr { address: IpAddr::V4(first.into()), length }
}
