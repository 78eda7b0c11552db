//! Bytes of packets: flows, headers, checksums, ICMP, and the tap that watches them. No Kubernetes word in here.
//!
//! A packet is a whole IPv4 or IPv6 packet, without a link layer, in a byte slice.

pub mod address;
pub mod flow;
pub mod header;
pub mod icmp;
pub mod link;
pub mod rewrite;
pub mod tap;

pub use crate::cidr::Cidr;
pub use flow::{Flow, Protocol};
pub use link::{Link, LinkConfig};
pub use tap::{Event, Place, Reason, Step, Tap};
