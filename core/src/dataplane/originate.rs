//! The packets a router makes itself: ICMP errors for what it refused.

use alloc::vec::Vec;

use super::table::Hop;
use super::verdict::{Ingress, Refusal, Verdict};
use super::{Node, Plane};
use crate::net::Reason;
use crate::net::address::Address;
use crate::net::header::Kind;
use crate::net::icmp::{self, Error};
use crate::time::Instant;

impl<A: Address> Plane<A> {
    /// Writes the ICMP error about a refused packet, and says where it goes.
    ///
    /// The packet is quoted as it came: a refusal leaves it untranslated. Errors are not sent about errors, later
    /// fragments, or packets without one sender (RFC 1122 section 3.2.2), and not too often.
    pub(super) fn originate(
        &mut self,
        node: &mut Node,
        now: Instant,
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
        let verdict = match self.routes.find(sender).map(|next| next.hop) {
            Some(Hop::Port(host)) => Verdict::Port(host),
            Some(Hop::Link(link)) => Verdict::Link(link),
            Some(Hop::Host) => Verdict::Host,
            Some(Hop::Blackhole) => return None,
            None => match from {
                Ingress::Port(host) => Verdict::Port(host),
                Ingress::Link(link) => Verdict::Link(link),
                Ingress::Host => Verdict::Host,
            },
        };
        let is_limited = verdict != Verdict::Host && !matches!(refusal, Refusal::TooBig(_));
        if is_limited && !self.errors.allow(&node.config.icmp, now, sender, self.routes.length(sender)) {
            node.counters.count(Reason::NotTold);
            return None;
        }
        icmp::emit(out, source, packet, &header, error);
        Some(verdict)
    }
}

fn is_one_host<A: Address>(address: A) -> bool {
    let ip = address.ip();
    !ip.is_unspecified() && !ip.is_multicast() && ip != core::net::IpAddr::from([255; 4])
}
