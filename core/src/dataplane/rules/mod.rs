//! A node's state in the words of the tools that show it on Linux, made from the table that packets use.

mod chain;
mod conntrack;
mod iptables;
mod ipvs;
mod nftables;

pub use conntrack::conntrack;
pub use iptables::iptables;
pub use ipvs::ipvsadm;
pub use nftables::nftables;

use crate::net::Protocol;

/// The protocol as rules name it.
fn lower(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
        _ => "tcp",
    }
}
