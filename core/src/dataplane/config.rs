//! What a router is told once, at its start.

use alloc::vec::Vec;
use core::net::IpAddr;

use super::timeouts::Timeouts;
use crate::id::NodeId;
use crate::net::Cidr;
use crate::time::Duration;

/// What kube-proxy's flags, and the node itself, fix for a router.
#[derive(Debug, Clone)]
pub struct RouterConfig {
    /// Who the router is, for the tap.
    pub node: NodeId,
    /// The one source of chance: equal seeds and equal calls give equal packets.
    pub seed: u64,
    /// How virtual addresses are served.
    pub mode: Mode,
    /// The node's own addresses. The first of a family is its primary one: the source of masqueraded packets
    /// that leave over a link, and of the ICMP errors that go there.
    pub addresses: Vec<IpAddr>,
    /// The node's addresses on the side of its pods; the first of a family is the source of masqueraded
    /// packets and ICMP errors that go to a pod. Without one, the primary address is used.
    pub gateways: Vec<IpAddr>,
    /// Where pods live (`--cluster-cidr`). A source outside of it is masqueraded when it calls a cluster IP, and
    /// a source inside is a pod to externalTrafficPolicy. Empty: nothing is known, nothing is masqueraded.
    pub pod_cidrs: Vec<Cidr>,
    /// Where cluster IPs are allocated from; nftables mode drops what goes to a free one.
    pub service_cidrs: Vec<Cidr>,
    /// On which of the node's addresses node ports answer (`--nodeport-addresses`).
    pub node_port_addresses: NodePortAddresses,
    /// Masquerade every connection to a cluster IP (`--masquerade-all`).
    pub masquerade_all: bool,
    /// Masquerade what pods send to addresses outside of `pod_cidrs`, as an ip-masq-agent or a CNI plugin does.
    /// kube-proxy itself never does.
    pub masquerade_outbound: bool,
    /// The largest number of tracked connections (`nf_conntrack_max`).
    pub max_connections: u32,
    /// The largest number of clients that session affinity remembers for one endpoint in iptables mode (`xt_recent`,
    /// `ip_list_tot`).
    pub max_affinity: u32,
    /// Judge TCP segments by their sequence numbers too, as Linux does unless `nf_conntrack_tcp_be_liberal` is set. It
    /// costs 64 bytes a connection, and established packets some hundred instructions; without it, all segments whose flags
    /// fit are within their window. Segments outside of it are dropped in iptables mode, and pass untranslated in others.
    pub track_windows: bool,
    /// How many ICMP errors are sent.
    pub icmp: IcmpLimits,
    /// How long silent connections are remembered.
    pub timeouts: Timeouts,
}

impl RouterConfig {
    /// A node with one address, in iptables mode, with kube-proxy's and Linux' defaults, but for `track_windows`.
    pub fn new(address: IpAddr) -> RouterConfig {
        RouterConfig {
            node: NodeId(0),
            seed: 0,
            mode: Mode::Iptables,
            addresses: alloc::vec![address],
            gateways: Vec::new(),
            pod_cidrs: Vec::new(),
            service_cidrs: Vec::new(),
            node_port_addresses: NodePortAddresses::Default,
            masquerade_all: false,
            masquerade_outbound: false,
            max_connections: 262_144,
            max_affinity: 100,
            track_windows: false,
            icmp: IcmpLimits::LINUX,
            timeouts: Timeouts::LINUX,
        }
    }
}

/// How many ICMP errors a node sends, those excepted that say a packet was too big, and those to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpLimits {
    /// The time in which each IPv4 destination is worth one error (`net.ipv4.icmp_ratelimit`); six may be saved up. Zero:
    /// no limit.
    pub interval: Duration,
    /// The same for IPv6 (`net.ipv6.icmp.ratelimit`). Destinations that a wider prefix leads to are worth more.
    pub interval_v6: Duration,
    /// Errors a second to all destinations of a family together (`net.ipv4.icmp_msgs_per_sec`).
    pub per_second: u32,
    /// How many of these may be saved up (`net.ipv4.icmp_msgs_burst`).
    pub burst: u32,
}

impl IcmpLimits {
    /// The kernel's defaults (net/ipv4/icmp.c, net/ipv6/icmp.c).
    pub const LINUX: IcmpLimits = IcmpLimits {
        interval: Duration::from_millis(1000),
        interval_v6: Duration::from_millis(100),
        per_second: 1000,
        burst: 50,
    };
}

/// How virtual addresses are served (`--proxy-mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Random for each connection; what a virtual address does not list is silent.
    Iptables,
    /// Random for each connection; what a virtual address does not list is refused at once.
    Nftables,
    /// The kernel's own load balancer; virtual addresses belong to the node, so they answer a ping.
    Ipvs(Scheduler),
    /// Consistent hashing by Maglev tables of this many entries, a prime; otherwise as nftables.
    Maglev(u32),
}

/// IPVS schedulers (`--ipvs-scheduler`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduler {
    /// Round robin.
    RoundRobin,
    /// Weighted round robin.
    WeightedRoundRobin,
    /// Least connections.
    LeastConnections,
    /// Weighted least connections.
    WeightedLeastConnections,
    /// Source hashing.
    SourceHash,
    /// Destination hashing.
    DestinationHash,
    /// Shortest expected delay.
    ShortestExpectedDelay,
    /// Never queue.
    NeverQueue,
    /// Maglev hashing of the source.
    MaglevHash,
}

impl Scheduler {
    /// The short name that `ipvsadm` prints.
    pub fn name(self) -> &'static str {
        match self {
            Scheduler::RoundRobin => "rr",
            Scheduler::WeightedRoundRobin => "wrr",
            Scheduler::LeastConnections => "lc",
            Scheduler::WeightedLeastConnections => "wlc",
            Scheduler::SourceHash => "sh",
            Scheduler::DestinationHash => "dh",
            Scheduler::ShortestExpectedDelay => "sed",
            Scheduler::NeverQueue => "nq",
            Scheduler::MaglevHash => "mh",
        }
    }
}

/// On which addresses of the node node ports answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodePortAddresses {
    /// As the mode has it: iptables on all, 127.0.0.1 too; ipvs on all but loopback; nftables and maglev on the primary one.
    Default,
    /// On the node's primary addresses.
    Primary,
    /// On those of the node's addresses that lie in one of these.
    In(Vec<Cidr>),
}
