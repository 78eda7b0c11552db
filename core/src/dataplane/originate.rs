//! The packets a router makes itself: ICMP errors for what it refused.

use alloc::vec::Vec;

use super::config::Mode;
use super::table::Hop;
use super::verdict::{Ingress, Refusal, Verdict};
use super::{Node, Plane};
use crate::net::Reason;
use crate::net::address::Address;
use crate::net::header::{Header, Kind};
use crate::net::icmp::{self, Error};
use crate::time::Instant;

impl<A: Address> Plane<A> {
    /// Writes the ICMP error about a refused packet, and says where it goes.
    ///
    /// The packet is quoted as it came: a refusal leaves it untranslated. Only its time to live may be less: packets are
    /// forwarded to the rule that refuses them. Errors are not sent about errors, later
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
        let source = if self.routes.is_own(header.tuple.dst) || self.speaks_for(node, &header, from, refusal) {
            header.tuple.dst
        } else {
            // IPv4 takes the address of the way back, IPv6 that of the way it came.
            let is_ipv4 = A::CHECKSUM.is_some();
            let by_pods = if is_ipv4 { matches!(verdict, Verdict::Port(_)) } else { matches!(from, Ingress::Port(_)) };
            let near = if by_pods { node.gateway() } else { node.primary() };
            near.or(node.primary())?
        };
        let is_limited = verdict != Verdict::Host && !matches!(refusal, Refusal::TooBig(_));
        if is_limited && !self.errors.allow(&node.config.icmp, now, sender, self.routes.length(sender)) {
            node.counters.count(Reason::NotTold);
            return None;
        }
        icmp::emit(out, source, packet, &header, error);
        if from != Ingress::Host && self.is_forwarded(node, Verdict::Reject(refusal), header.tuple.dst) {
            icmp::count_down_quote::<A>(out);
        }
        Some(verdict)
    }

    /// Whether the error comes from the virtual address that the packet went to.
    ///
    /// Linux translates an error about a translated packet even where it made that itself: so a traceroute finds the
    /// virtual address in the place of the node. In ipvs mode virtual addresses are the node's own.
    fn speaks_for(&self, node: &Node, header: &Header<A>, from: Ingress, refusal: Refusal) -> bool {
        let tuple = &header.tuple;
        if matches!(node.config.mode, Mode::Ipvs(_)) {
            let found = self.services.find(tuple.dst, tuple.dst_port(), tuple.protocol);
            return found.is_some() || self.services.is_cluster_ip(tuple.dst);
        }
        if matches!(refusal, Refusal::Port(_)) {
            return false;
        }
        match self.conntrack.slots.find(tuple) {
            Ok(at) => self.conntrack.slots.at(at).translated(tuple.protocol).dst != tuple.dst,
            Err(_) => matches!(self.steer(node, header, from), Ok(Some(_))),
        }
    }
}

fn is_one_host<A: Address>(address: A) -> bool {
    let ip = address.ip();
    !ip.is_unspecified() && !ip.is_multicast() && ip != core::net::IpAddr::from([255; 4])
}
