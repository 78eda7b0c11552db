//! How long silent connections are remembered.

use crate::time::Duration;

/// Timeouts of connection tracking, by protocol and state. Linux: net.netfilter.nf_conntrack_*_timeout_*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// A SYN was seen.
    pub tcp_syn_sent: Duration,
    /// A SYN and its answer were seen.
    pub tcp_syn_recv: Duration,
    /// The handshake is complete.
    pub tcp_established: Duration,
    /// One side sent FIN.
    pub tcp_fin_wait: Duration,
    /// The FIN was acknowledged.
    pub tcp_close_wait: Duration,
    /// The other side sent FIN too.
    pub tcp_last_ack: Duration,
    /// Both FINs are acknowledged.
    pub tcp_time_wait: Duration,
    /// A RST was seen.
    pub tcp_close: Duration,
    /// An established connection whose data is not acknowledged, which is only known where windows are tracked, or whose
    /// other side was never heard; if its state has no shorter time.
    pub tcp_unacknowledged: Duration,
    /// Datagrams in one direction only, or young.
    pub udp: Duration,
    /// Datagrams in both directions for more than two seconds.
    pub udp_stream: Duration,
    /// SCTP before and after its association.
    pub sctp_setup: Duration,
    /// An SCTP association.
    pub sctp_established: Duration,
    /// Echo and other ICMP queries.
    pub icmp: Duration,
    /// Every other protocol.
    pub generic: Duration,
}

impl Timeouts {
    /// The kernel's defaults (net/netfilter/nf_conntrack_proto_*.c).
    pub const LINUX: Timeouts = Timeouts {
        tcp_syn_sent: Duration::from_secs(120),
        tcp_syn_recv: Duration::from_secs(60),
        tcp_established: Duration::from_secs(432_000),
        tcp_fin_wait: Duration::from_secs(120),
        tcp_close_wait: Duration::from_secs(60),
        tcp_last_ack: Duration::from_secs(30),
        tcp_time_wait: Duration::from_secs(120),
        tcp_close: Duration::from_secs(10),
        tcp_unacknowledged: Duration::from_secs(300),
        udp: Duration::from_secs(30),
        udp_stream: Duration::from_secs(120),
        sctp_setup: Duration::from_secs(3),
        sctp_established: Duration::from_secs(210),
        icmp: Duration::from_secs(30),
        generic: Duration::from_secs(600),
    };
}
