//! What a control plane is started with.

use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};
use core::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    ops::RangeInclusive,
    str::FromStr,
};

/// A range of addresses, as `10.96.0.0/12` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// Its first address.
    pub address: IpAddr,
    /// How many leading bits are fixed.
    pub prefix: u8,
}

/// The text is not an address, a slash and a prefix length that fits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACidr;

impl fmt::Display for NotACidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address range such as 10.96.0.0/12")
    }
}

impl core::error::Error for NotACidr {}

impl Cidr {
    /// The address at that place in the range, counted from its first; wraps beyond the address space.
    pub fn nth(&self, n: u64) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits().wrapping_add(n as u32)).into(),
            IpAddr::V6(address) => core::net::Ipv6Addr::from_bits(address.to_bits().wrapping_add(n.into())).into(),
        }
    }
}

impl FromStr for Cidr {
    type Err = NotACidr;

    fn from_str(text: &str) -> Result<Cidr, NotACidr> {
        let (address, prefix) = text.split_once('/').ok_or(NotACidr)?;
        let address: IpAddr = address.parse().map_err(|_| NotACidr)?;
        let prefix: u8 = prefix.parse().map_err(|_| NotACidr)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        if prefix > longest { Err(NotACidr) } else { Ok(Cidr { address, prefix }) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A node to make at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeConfig {
    /// Its name, which is its hostname too.
    pub name: String,
    /// Its addresses, the primary one first.
    pub addresses: Vec<IpAddr>,
    /// Its `topology.kubernetes.io/zone`, if it has one.
    pub zone: Option<String>,
    /// The ranges its pods get their addresses from, one a family.
    pub pod_cidrs: Vec<Cidr>,
    /// More labels.
    pub labels: Vec<(String, String)>,
    /// How many CPUs it has, in thousandths.
    pub cpu: u32,
}

impl NodeConfig {
    /// A node with four CPUs, without zone or further labels.
    pub fn new(name: &str, address: IpAddr, pod_cidr: Cidr) -> NodeConfig {
        NodeConfig {
            name: name.to_owned(),
            addresses: vec![address],
            zone: None,
            pod_cidrs: vec![pod_cidr],
            labels: Vec::new(),
            cpu: 4000,
        }
    }
}

/// What a control plane is started with.
#[derive(Debug, Clone)]
pub struct ControlConfig {
    /// All chance comes from it.
    pub seed: u64,
    /// The ranges of cluster IPs: one, or one of each family; the first is the default family.
    pub service_cidrs: Vec<Cidr>,
    /// The ports that NodePort Services draw from.
    pub node_port_range: RangeInclusive<u16>,
    /// The nodes at the start.
    pub nodes: Vec<NodeConfig>,
    /// Where the API server listens, for the endpoints of the Service `kubernetes`; the first node if `None`.
    pub api_server: Option<IpAddr>,
    /// The cluster IP of the Service `kube-dns`; without it there is no such Service.
    pub dns_address: Option<IpAddr>,
    /// How many changes the store remembers for watchers; a slice counts once more for every eight endpoints.
    pub change_log: usize,
    /// How many events are kept.
    pub event_log: usize,
    /// How many pods there may be: one more is refused as by a quota.
    pub max_pods: usize,
}

impl Default for ControlConfig {
    /// What kubeadm makes of one control-plane-less cluster with two nodes.
    fn default() -> ControlConfig {
        let node = |n: u8| {
            let pods = Cidr { address: Ipv4Addr::new(10, 244, n, 0).into(), prefix: 24 };
            NodeConfig::new(["node-1", "node-2"][usize::from(n) - 1], Ipv4Addr::new(192, 168, 0, 10 + n).into(), pods)
        };
        ControlConfig {
            seed: 0,
            service_cidrs: vec![Cidr { address: Ipv4Addr::new(10, 96, 0, 0).into(), prefix: 12 }],
            node_port_range: 30_000..=32_767,
            nodes: vec![node(1), node(2)],
            api_server: None,
            dns_address: Some(Ipv4Addr::new(10, 96, 0, 10).into()),
            change_log: 4096,
            event_log: 4096,
            max_pods: 20_000,
        }
    }
}
