//! The packets a router makes itself: ICMP errors for what it refused.

use alloc::vec::Vec;

use super::table::Hop;
use super::verdict::{Ingress, Refusal, Verdict};
use super::{Node, Plane};
use crate::net::address::Address;
use crate::net::header::Kind;
use crate::net::icmp::{self, Error};

impl<A: Address> Plane<A> {
    /// Writes the ICMP error about a refused packet, and says where it goes.
    ///
    /// The packet is quoted as it came: a refusal leaves it untranslated. Errors are not sent about errors, later
    /// fragments, or packets without one sender (RFC 1122 section 3.2.2).
    pub(super) fn originate(
        &self,
        node: &Node,
        packet: &[u8],
        from: Ingress,
        refusal: Refusal,
        out: &mut Vec<u8>,
    ) -> Option<Verdict> {
        let header = A::parse(packet).ok()?;
        let (sender, target) = (header.tuple.src, header.tuple.dst.ip());
        if matches!(header.kind, Kind::Error | Kind::Fragment(_)) || target.is_multicast() || !is_one_host(sender) {
            return None;
        }
        let source = if self.routes.is_own(header.tuple.dst) {
            header.tuple.dst
        } else {
            let near = if matches!(from, Ingress::Port(_)) { node.gateway() } else { node.primary() };
            near.or(node.primary())?
        };
        let error = match refusal {
            Refusal::Port(_) => Error::PortUnreachable,
            Refusal::Network => Error::NetworkUnreachable,
            Refusal::TimeExceeded => Error::TimeExceeded,
            Refusal::TooBig(mtu) => Error::TooBig(mtu),
        };
        icmp::emit(out, source, packet, &header, error);
        match self.routes.find(sender).map(|next| next.hop) {
            Some(Hop::Port(host)) => Some(Verdict::Port(host)),
            Some(Hop::Link(link)) => Some(Verdict::Link(link)),
            Some(Hop::Host) => Some(Verdict::Host),
            Some(Hop::Blackhole) => None,
            None => match from {
                Ingress::Port(host) => Some(Verdict::Port(host)),
                Ingress::Link(link) => Some(Verdict::Link(link)),
                Ingress::Host => Some(Verdict::Host),
            },
        }
    }
}

fn is_one_host<A: Address>(address: A) -> bool {
    let ip = address.ip();
    !ip.is_unspecified() && !ip.is_multicast() && ip != core::net::IpAddr::from([255; 4])
}
