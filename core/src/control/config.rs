//! What a control plane is started with.

use crate::cidr::Cidr;
use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};
use core::{
    net::{IpAddr, Ipv4Addr},
    ops::RangeInclusive,
};

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
            let pods = Cidr { address: Ipv4Addr::new(10, 244, n, 0).into(), length: 24 };
            NodeConfig::new(["node-1", "node-2"][usize::from(n) - 1], Ipv4Addr::new(192, 168, 0, 10 + n).into(), pods)
        };
        ControlConfig {
            seed: 0,
            service_cidrs: vec![Cidr { address: Ipv4Addr::new(10, 96, 0, 0).into(), length: 12 }],
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
