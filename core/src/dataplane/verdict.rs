//! What a router says about a packet, and its counts of what it said.

use crate::id::{HostId, LinkId};
use crate::net::Reason;

/// Where a packet comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ingress {
    /// From a machine on a port of this node: a pod.
    Port(HostId),
    /// From a wire.
    Link(LinkId),
    /// From the node's own stack: a process in the host's network.
    Host,
}

/// What becomes of a packet, which has been rewritten in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It goes to the machine on this port of the node.
    Port(HostId),
    /// It leaves over this wire.
    Link(LinkId),
    /// It is for the node's own stack.
    Host,
    /// It ended here, silently.
    Drop(Reason),
    /// It ended here, unchanged, and its sender is to be told: give it to `Router::originate`.
    Reject(Refusal),
}

/// The ICMP error that tells a sender why its packet ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Port unreachable: nobody serves the virtual destination. A connecting program sees "connection refused".
    Port(Reason),
    /// Network unreachable: no route.
    Network,
    /// Time exceeded in transit: what traceroute lives on.
    TimeExceeded,
    /// Fragmentation needed, or packet too big: the next link carries this many bytes.
    TooBig(u16),
}

impl Refusal {
    /// Why.
    pub fn reason(self) -> Reason {
        match self {
            Refusal::Port(reason) => reason,
            Refusal::Network => Reason::NoRoute,
            Refusal::TimeExceeded => Reason::TtlExpired,
            Refusal::TooBig(_) => Reason::TooBig,
        }
    }
}

/// How many packets met which end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counters {
    /// Packets that went on.
    pub forwarded: u64,
    /// Connections that were opened.
    pub opened: u64,
    ended: [u64; Reason::ALL.len()],
}

impl Default for Counters {
    fn default() -> Counters {
        Counters { forwarded: 0, opened: 0, ended: [0; Reason::ALL.len()] }
    }
}

impl Counters {
    /// How many packets or connections ended for `reason`.
    pub fn ended(&self, reason: Reason) -> u64 {
        self.ended[reason as usize]
    }

    pub(super) fn count(&mut self, reason: Reason) {
        self.ended[reason as usize] += 1;
    }
}
