//! Packets of known connections, and the ends of connections.

use super::balance::Load;
use super::conntrack::{Closed, NO_ENTRY, Progress, is_plain, is_well_within, is_within, tick};
use super::routes::{Next, Way};
use super::table::Hop;
use super::verdict::{Ingress, Refusal, Verdict};
use super::{Node, Plane};
use crate::net::address::Address;
use crate::net::flow::{Plain, Tuple};
use crate::net::header::{Header, Kind, parse_plain};
use crate::net::icmp;
use crate::net::rewrite::{rewrite, rewrite_plain};
use crate::net::{Reason, Step, Tap};
use crate::time::Instant;

impl<A: Address> Plane<A> {
    /// The short way, of nearly all packets: nothing about the packet is special, it is forwarded, its connection is
    /// established, and nothing changed since its last packet. `None` in any other case; then nothing has happened yet.
    ///
    /// It does what [`Plane::follow`] would do, in a quarter of the instructions.
    #[inline(always)]
    pub(super) fn express<T: Tap>(
        &mut self,
        node: &mut Node,
        now: Instant,
        packet: &mut [u8],
        from: Ingress,
        tap: &mut T,
    ) -> Option<&Way> {
        if !self.conntrack.is_quiet(tick(now)) {
            return None;
        }
        let plain = parse_plain::<A>(packet)?;
        let home = self.conntrack.slots.home_of(&plain);
        self.express_from(node, now, packet, &plain, home, from, tap)
    }

    /// The short way of a packet whose search begins at `home`, while no timer is due.
    #[inline(always)]
    #[expect(clippy::too_many_arguments)]
    pub(super) fn express_from<T: Tap>(
        &mut self,
        node: &mut Node,
        now: Instant,
        packet: &mut [u8],
        plain: &Plain<A>,
        home: usize,
        from: Ingress,
        tap: &mut T,
    ) -> Option<&Way> {
        let slot = self.conntrack.slots.find_fast(plain, home)?;
        let way = self.routes.way(slot.hop)?;
        let may_go = from != Ingress::Host && packet[A::TTL] > 1;
        if !may_go || packet.len() > usize::from(way.limit) {
            // Where windows are tracked all packets come here, and have a second look.
            let tcp = &packet[A::SOURCE + 2 * A::LENGTH..];
            let is_late = may_go && packet.len() <= usize::from(way.late_limit);
            if !is_late || plain.protocol == 6 && !is_well_within(&mut self.conntrack.windows, slot, tcp) {
                return None;
            }
        }
        slot.note_seen(tick(now));
        let tuple = plain.tuple();
        let to = slot.translated(plain.protocol);
        node.note(now, &tuple, Step::Received { bytes: packet.len() as u16 }, tap);
        node.note(now, &tuple, Step::Tracked { reply: slot.is_reply() }, tap);
        let (addresses, ports) = slot.translation();
        rewrite_plain(packet, plain, addresses, ports);
        if to != tuple {
            node.note(now, &tuple, Step::Rewritten { to: to.flow() }, tap);
        }
        node.counters.forwarded += 1;
        node.sent(now, Some(to.flow()), way.verdict, tap);
        Some(way)
    }

    /// Sends a packet the way of its connection. `None` when it begins a new connection in place of the old one.
    #[inline]
    #[expect(clippy::too_many_arguments)]
    pub(super) fn follow<T: Tap>(
        &mut self,
        node: &mut Node,
        now: Instant,
        packet: &mut [u8],
        header: &Header<A>,
        at: usize,
        from: Ingress,
        tap: &mut T,
    ) -> Option<Verdict> {
        let slot = self.conntrack.slots.at_mut(at);
        node.note(now, &header.tuple, Step::Tracked { reply: slot.is_reply() }, tap);
        let mut is_last = false;
        let is_within = match &mut self.conntrack.windows {
            Some(windows) if header.kind == Kind::Tcp && slot.is_fast() => {
                let tcp = &packet[header.transport..header.length];
                is_plain(header) && is_within(windows, slot.connection(), slot.is_reply(), tcp)
            }
            _ => true,
        };
        if slot.is_fast() && is_plain(header) && is_within {
            slot.note_seen(tick(now));
        } else {
            match self.progress(node, now, at, header, packet, tap) {
                Progress::Pass | Progress::Became { .. } => {}
                Progress::Last => is_last = true,
                Progress::Renew => return None,
                Progress::Invalid => {
                    return Some(match self.stray(node, now, &header.tuple, from, tap) {
                        Ok(next) => self.send(node, now, packet, header, &header.tuple, next, from, tap),
                        Err(verdict) => node.end(now, Some(&header.tuple), verdict, tap),
                    });
                }
            }
        }
        let slot = self.conntrack.slots.at(at);
        let to = slot.translated(header.tuple.protocol);
        let next = match self.routes.numbered(slot.hop) {
            Some(next) => next,
            None => match self.route_again(at, &to) {
                Ok(next) => next,
                Err(verdict) => return Some(node.end(now, Some(&header.tuple), verdict, tap)),
            },
        };
        if is_last {
            self.finish(node, now, self.conntrack.slots.at(at).connection(), tap);
        }
        Some(self.send(node, now, packet, header, &to, next, from, tap))
    }

    /// Moves the state of a connection.
    #[inline(never)]
    fn progress<T: Tap>(
        &mut self,
        node: &mut Node,
        now: Instant,
        at: usize,
        header: &Header<A>,
        packet: &[u8],
        tap: &mut T,
    ) -> Progress {
        let connection = self.conntrack.slots.at(at).connection();
        let progress = self.conntrack.progress(at, header, packet, tick(now));
        match progress {
            Progress::Pass | Progress::Last | Progress::Invalid => {}
            Progress::Became { active } => self.count_load(connection, active),
            Progress::Renew => self.finish(node, now, connection, tap),
        }
        progress
    }

    #[inline(never)]
    fn finish<T: Tap>(&mut self, node: &mut Node, now: Instant, connection: u32, tap: &mut T) {
        let closed = self.conntrack.close(connection);
        self.closed(node, now, &closed, Reason::Finished, tap);
    }

    #[inline(never)]
    fn route_again(&mut self, at: usize, to: &Tuple<A>) -> Result<Next, Verdict> {
        let next = self.routes.find(to.dst).ok_or(Verdict::Reject(Refusal::Network))?;
        if next.hop == Hop::Blackhole {
            return Err(Verdict::Drop(Reason::Blackhole));
        }
        self.conntrack.slots.at_mut(at).hop = self.routes.number(next);
        Ok(next)
    }

    /// Rewrites a packet and says where it goes: steps 7 and 8.
    #[inline]
    #[expect(clippy::too_many_arguments)]
    pub(super) fn send<T: Tap>(
        &mut self,
        node: &mut Node,
        now: Instant,
        packet: &mut [u8],
        header: &Header<A>,
        to: &Tuple<A>,
        next: Next,
        from: Ingress,
        tap: &mut T,
    ) -> Verdict {
        let forward = from != Ingress::Host && next.hop != Hop::Host;
        if let Err(refusal) = fits(packet, header, next, forward) {
            return node.end(now, Some(&header.tuple), Verdict::Reject(refusal), tap);
        }
        rewrite(packet, header, to, forward);
        if let Some(identification) = header.first_of {
            self.fragments.remember(now, &header.tuple, identification, (to.src, to.dst));
        }
        if to != &header.tuple {
            node.note(now, &header.tuple, Step::Rewritten { to: to.flow() }, tap);
        }
        node.counters.forwarded += 1;
        let verdict = next.verdict();
        node.sent(now, Some(to.flow()), verdict, tap);
        verdict
    }

    /// Sends a later part of a packet after its first one.
    #[expect(clippy::too_many_arguments)]
    pub(super) fn follow_first<T: Tap>(
        &mut self,
        node: &mut Node,
        now: Instant,
        packet: &mut [u8],
        header: &Header<A>,
        identification: u32,
        from: Ingress,
        tap: &mut T,
    ) -> Verdict {
        let first = self.fragments.find(now, &header.tuple, identification);
        let to = first.map(|(src, dst)| Tuple { src, dst, ..header.tuple });
        let next = to.and_then(|to| self.routes.find(to.dst)).filter(|next| next.hop != Hop::Blackhole);
        match (to, next) {
            (Some(to), Some(next)) => self.send(node, now, packet, header, &to, next, from, tap),
            _ => node.end(now, Some(&header.tuple), Verdict::Drop(Reason::Fragment), tap),
        }
    }

    /// An ICMP error about a packet of a known connection goes to whoever sent that packet, translated outside and inside.
    ///
    /// Linux net/netfilter/nf_nat_proto.c, `nf_nat_icmp_reply_translation`: the quoted packet left this router as an
    /// answer's tuple reversed, so the error travels as an answer does, and its quote is put back as it came.
    pub(super) fn follow_error<T: Tap>(
        &mut self,
        node: &mut Node,
        now: Instant,
        packet: &mut [u8],
        header: &Header<A>,
        from: Ingress,
        tap: &mut T,
    ) -> Verdict {
        let start = header.transport;
        let packet = &mut packet[..header.length];
        let about = icmp::quoted::<A>(&packet[start + 8..]);
        let found = about.and_then(|about| {
            let answer = about.tuple.reversed();
            let at = self.conntrack.slots.find(&answer).ok()?;
            Some((about, self.conntrack.slots.at(at).translated(answer.protocol), answer))
        });
        let is_right = icmp::checksum_is_right::<A>(packet, start);
        let Some((about, to, answer)) = found.filter(|_| is_right) else {
            let stray = if is_right {
                self.stray(node, now, &header.tuple, from, tap)
            } else {
                Err(Verdict::Drop(Reason::Invalid))
            };
            return match stray {
                Ok(next) => self.send(node, now, packet, header, &header.tuple, next, from, tap),
                Err(verdict) => node.end(now, Some(&header.tuple), verdict, tap),
            };
        };
        let mut outer = header.tuple;
        if to.src != answer.src {
            outer.src = to.src;
        }
        if to.dst != answer.dst {
            outer.dst = to.dst;
        }
        let Some(next) = self.routes.find(outer.dst).filter(|next| next.hop != Hop::Blackhole) else {
            return node.end(now, Some(&header.tuple), Verdict::Drop(Reason::NoRoute), tap);
        };
        let verdict = self.send(node, now, packet, &Header { kind: Kind::Other, ..*header }, &outer, next, from, tap);
        if !matches!(verdict, Verdict::Reject(_)) {
            rewrite(&mut packet[start + 8..], &about, &to.reversed(), false);
            icmp::fill_checksum::<A>(packet, start);
        }
        verdict
    }

    /// Forgets the connections whose time is over.
    #[inline(never)]
    pub(super) fn expire<T: Tap>(&mut self, node: &mut Node, now: Instant, tap: &mut T) {
        while let Some(closed) = self.conntrack.expire(tick(now)) {
            self.closed(node, now, &closed, Reason::Expired, tap);
        }
    }

    /// Forgets UDP flows to what no longer serves: a datagram socket would never notice.
    ///
    /// kubernetes pkg/proxy/conntrack/cleanup.go, `CleanStaleEntries`: a port without any serving endpoint is left alone.
    pub(super) fn forget_stale<T: Tap>(&mut self, node: &mut Node, now: Instant, service: u32, tap: &mut T) {
        let Some(service) = self.services.get(service) else { return };
        if service.protocol != 17 || self.conntrack.udp_len() == 0 || !service.is_known {
            return;
        }
        if !service.endpoints.iter().any(|endpoint| endpoint.is_serving()) {
            return;
        }
        let external = service.external.as_deref();
        let is_frontend = |tuple: &Tuple<A>| {
            let address = tuple.dst == service.cluster_ip
                || external
                    .is_some_and(|e| e.external_ips.contains(&tuple.dst) || e.load_balancer_ips.contains(&tuple.dst));
            address && tuple.dst_port() == service.port
                || service.node_port != 0 && tuple.dst_port() == service.node_port
        };
        let stale = self.conntrack.matching(|original, reply| {
            original.protocol == 17
                && is_frontend(original)
                && !service
                    .place(reply.src, reply.src_port())
                    .is_some_and(|place| service.endpoints[place].is_serving())
        });
        for connection in stale {
            let closed = self.conntrack.close(connection);
            self.closed(node, now, &closed, Reason::BackendGone, tap);
        }
    }

    /// Accounts for a connection that ended.
    pub(super) fn closed<T: Tap>(
        &mut self,
        node: &mut Node,
        now: Instant,
        closed: &Closed<A>,
        reason: Reason,
        tap: &mut T,
    ) {
        node.counters.count(reason);
        node.note(now, &closed.original, Step::Closed { reason }, tap);
        if let Some(load) = self.load(closed.entry, &closed.reply) {
            let count = if closed.was_active { &mut load.active } else { &mut load.inactive };
            *count = count.saturating_sub(1);
        }
    }

    /// Moves a connection between its backend's idle and established ones.
    fn count_load(&mut self, connection: u32, active: bool) {
        let entry = self.conntrack.entry(connection);
        if entry == NO_ENTRY {
            return;
        }
        let reply = self.conntrack.reply_of(connection);
        if let Some(load) = self.load(entry, &reply) {
            let (more, less) =
                if active { (&mut load.active, &mut load.inactive) } else { (&mut load.inactive, &mut load.active) };
            *more += 1;
            *less = less.saturating_sub(1);
        }
    }

    /// The connection count of the backend that sends `reply`, if the balancer keeps one.
    pub(super) fn load(&mut self, entry: u32, reply: &Tuple<A>) -> Option<&mut Load> {
        let service = self.services.get_mut(entry)?;
        let place = service.place(reply.src, reply.src_port())?;
        service.balance.as_mut()?.load_mut(place)
    }
}

/// Whether the packet may be forwarded at all, and fits.
#[inline(always)]
fn fits<A: Address>(packet: &[u8], header: &Header<A>, next: Next, forward: bool) -> Result<(), Refusal> {
    if forward && header.ttl <= 1 {
        return Err(Refusal::TimeExceeded);
    }
    // Without "don't fragment" an IPv4 packet may be cut by the wire.
    if header.length > usize::from(next.mtu) && (A::CHECKSUM.is_none() || packet[6] & 0x40 != 0) {
        return Err(Refusal::TooBig(next.mtu));
    }
    Ok(())
}
