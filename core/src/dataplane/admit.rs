//! The first packet of a connection: everything that is decided once.

use core::net::IpAddr;

use super::affinity::Room;
use super::config::Mode;
use super::conntrack::slots::Vacancy;
use super::conntrack::{NO_ENTRY, first_state, tick};
use super::routes::Next;
use super::steer::Steer;
use super::table::Hop;
use super::topology::Backend;
use super::verdict::{Ingress, Refusal, Verdict};
use super::{Node, Plane, balance, nat};
use crate::net::address::Address;
use crate::net::flow::Tuple;
use crate::net::header::Header;
use crate::net::rewrite::header_checksum_is_right;
use crate::net::{Reason, Step, Tap};
use crate::time::Instant;

/// A backend that was chosen: its address and port, its life, whether affinity decided, and whether the choice is to be
/// remembered.
#[derive(Clone, Copy)]
struct Chosen<A> {
    address: A,
    port: u16,
    life: u32,
    sticky: bool,
    remember: bool,
}

/// How many elements a set of nftables holds, if nothing else was said.
const SET_SIZE: u32 = 65_535;

/// In ipvs mode a virtual address remembers its clients, else its endpoints do.
fn template<A: Address>(node: &Node, tuple: &Tuple<A>) -> Option<(A, u16)> {
    matches!(node.config.mode, Mode::Ipvs(_)).then(|| (tuple.dst, tuple.dst_port()))
}

/// Whether the address is not that of one machine on a wire: none, loopback, multicast and broadcast.
fn is_strange(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => matches!(ip.octets(), [0 | 127 | 224..=239, ..] | [255, 255, 255, 255]),
        IpAddr::V6(ip) => ip.is_multicast() || ip.to_bits() <= 1,
    }
}

impl<A: Address> Plane<A> {
    /// Decides about a new connection, and opens it: how its packets leave, and where to.
    ///
    /// Nothing is remembered of a connection that is refused or cannot be routed. `place` is where its tuple goes.
    #[inline(never)]
    #[expect(clippy::too_many_arguments)]
    pub(super) fn admit<T: Tap>(
        &mut self,
        node: &mut Node,
        now: Instant,
        packet: &[u8],
        header: &Header<A>,
        place: Option<Vacancy>,
        from: Ingress,
        tap: &mut T,
    ) -> Result<(Tuple<A>, Next), Verdict> {
        let tuple = header.tuple;
        if A::CHECKSUM.is_some() && !header_checksum_is_right(packet, header.transport) {
            return Err(Verdict::Drop(Reason::BadChecksum));
        }
        if first_state(header).is_none() {
            return Ok((tuple, self.stray(node, now, &tuple, from, tap)?));
        }
        if from != Ingress::Host && self.is_martian(&tuple) {
            return Err(Verdict::Drop(Reason::Invalid));
        }
        // 3. Is the destination virtual?  4. Then is there anyone to serve it?
        let expires = from != Ingress::Host && header.ttl <= 1;
        let steer = match self.steer(node, header, from) {
            Err(verdict) if expires && self.is_forwarded(node, verdict, tuple.dst) => {
                return Err(Verdict::Reject(Refusal::TimeExceeded));
            }
            steer => steer?,
        };
        let chosen = match &steer {
            Some(steer) => {
                node.note(now, &tuple, Step::Virtual { entry: steer.service }, tap);
                // 5. The backend that served the client last, or a new choice.
                Some(self.choose(node, now, &tuple, steer).ok_or(Verdict::Drop(Reason::NoBackend))?)
            }
            None => None,
        };
        let forward = chosen.map_or(tuple, |c| tuple.with_dst(c.address, c.port));
        if let Some(c) = chosen {
            let backend = core::net::SocketAddr::new(c.address.ip(), c.port);
            node.note(now, &tuple, Step::Chosen { backend, sticky: c.sticky }, tap);
        }
        let next = self.routes.find(forward.dst).ok_or(Verdict::Reject(Refusal::Network))?;
        if expires && next.hop != Hop::Host {
            return Err(Verdict::Reject(Refusal::TimeExceeded));
        }
        if next.hop == Hop::Blackhole {
            return Err(Verdict::Drop(Reason::Blackhole));
        }
        // 6. May these two talk?
        if !node.policies.is_empty() {
            self.judge(node, now, &forward, next, from, tap)?;
        }
        let (leaving, reply_place) = self.source(node, &tuple, &forward, steer, next, from)?;
        // Now it is certain: remember the connection, and the client.
        self.make_room(node, now, tap)?;
        let entry = steer.map_or(NO_ENTRY, |steer| steer.service);
        let places = [place, Some(reply_place)];
        self.conntrack.open(tuple, leaving.reversed(), header, packet, entry, tick(now), places);
        node.counters.opened += 1;
        node.note(now, &tuple, Step::Opened { reply: leaving.reversed().flow() }, tap);
        if let (Some(steer), Some(chosen)) = (steer, chosen.filter(|chosen| chosen.remember)) {
            self.remember(node, now, &tuple, &steer, chosen);
        }
        Ok((leaving, next))
    }

    /// Where a packet goes that fits no connection and begins none: it is not translated, even if its connection is.
    ///
    /// kube-proxy drops what is forwarded so in iptables mode alone (KUBE-FORWARD, `--ctstate INVALID`); the node's own
    /// stack sees it in every mode.
    #[inline(never)]
    pub(super) fn stray<T: Tap>(
        &self,
        node: &Node,
        now: Instant,
        tuple: &Tuple<A>,
        from: Ingress,
        tap: &mut T,
    ) -> Result<Next, Verdict> {
        let next = self.routes.find(tuple.dst).ok_or(Verdict::Reject(Refusal::Network))?;
        match (next.hop, from) {
            (Hop::Host, Ingress::Port(_) | Ingress::Link(_)) => return Err(Verdict::Host),
            (Hop::Blackhole, _) => return Err(Verdict::Drop(Reason::Blackhole)),
            (_, Ingress::Port(_) | Ingress::Link(_)) if node.config.mode == Mode::Iptables => {
                return Err(Verdict::Drop(Reason::Invalid));
            }
            _ => {}
        }
        if !node.policies.is_empty() {
            self.judge(node, now, tuple, next, from, tap)?;
        }
        Ok(next)
    }

    /// Whether the packet cannot have come from one machine over a wire to go to another.
    ///
    /// Linux net/ipv4/route.c, `ip_route_input_slow`, and net/ipv6/ip6_input.c; kubelet's KUBE-FIREWALL for loopback.
    fn is_martian(&self, tuple: &Tuple<A>) -> bool {
        let (src, dst) = (tuple.src.ip(), tuple.dst.ip());
        let forged = match src {
            IpAddr::V4(_) => self.routes.is_own(tuple.src),
            IpAddr::V6(src) => src.is_unicast_link_local(),
        };
        forged || is_strange(src) || is_strange(dst)
    }

    /// Whether the packet would be counted down before it met the rule that refused it.
    ///
    /// Linux net/ipv4/ip_forward.c does so before the hook in which kube-proxy refuses, unless the virtual address is the
    /// node's own, as in ipvs mode.
    pub(super) fn is_forwarded(&self, node: &Node, verdict: Verdict, to: A) -> bool {
        let refused = matches!(
            verdict,
            Verdict::Reject(Refusal::Port(_)) | Verdict::Drop(Reason::NoLocalBackend | Reason::NoSuchAddress)
        );
        let is_virtual = !matches!(node.config.mode, Mode::Ipvs(_));
        refused && is_virtual && self.routes.find(to).is_some_and(|next| next.hop != Hop::Host)
    }

    /// Affinity first, then the balancer; from the pool that the rules allow.
    fn choose(&mut self, node: &mut Node, now: Instant, tuple: &Tuple<A>, steer: &Steer) -> Option<Chosen<A>> {
        let secret = self.services.secret();
        let service = self.services.get_mut(steer.service)?;
        let pool = service.pool(steer.local);
        let chosen = |place: usize| {
            let Backend { address, port, life, .. } = service.endpoints[place];
            Chosen { address, port, life, sticky: true, remember: true }
        };
        if let Some(affinity) = &service.affinity {
            let template = template(node, tuple);
            let usable = |record: &super::affinity::Record<A>| {
                let place = service.place(record.address, record.port).filter(|&place| pool.contains(place))?;
                // A list is as old as the rules of its endpoint; a template waits until its endpoint is back.
                (template.is_some() || service.endpoints[place].life == record.life).then_some(place)
            };
            if let Some(place) = affinity.find(&secret, tuple.src, template, now, usable) {
                return Some(chosen(place));
            }
        }
        let (pool, endpoints, balance) = service.choice(steer.local);
        let place = balance::choose(node.config.mode, balance, endpoints, pool, steer.local, tuple, &mut node.rng)?;
        let Backend { address, port, life, .. } = endpoints[place];
        Some(Chosen { address, port, life, sticky: false, remember: service.remembers() })
    }

    /// Network policy: the sender's if it is a pod of this node, and the receiver's if it is one.
    fn judge<T: Tap>(
        &self,
        node: &Node,
        now: Instant,
        forward: &Tuple<A>,
        next: Next,
        from: Ingress,
        tap: &mut T,
    ) -> Result<(), Verdict> {
        let flow = forward.flow();
        let leaves_pod = matches!(from, Ingress::Port(_)) && next.hop != Hop::Host;
        let enters_pod = matches!(next.hop, Hop::Port(_)) && from != Ingress::Host;
        let allowed =
            (!leaves_pod || node.policies.allows_egress(&flow)) && (!enters_pod || node.policies.allows_ingress(&flow));
        node.note(now, forward, Step::Judged { allowed }, tap);
        if allowed { Ok(()) } else { Err(Verdict::Drop(Reason::Policy)) }
    }

    /// The tuple as it leaves: with the node's address as its source where the answers must come back this way.
    fn source(
        &mut self,
        node: &mut Node,
        tuple: &Tuple<A>,
        forward: &Tuple<A>,
        steer: Option<Steer>,
        next: Next,
        from: Ingress,
    ) -> Result<(Tuple<A>, Vacancy), Verdict> {
        // A pod that reaches itself would otherwise answer itself directly, and not recognise the answer.
        let hairpin = steer.is_some() && forward.dst == tuple.src;
        let outbound = node.config.masquerade_outbound
            && matches!(next.hop, Hop::Link(_))
            && self.is_pod(tuple.src)
            && self.is_foreign(forward.dst);
        let wanted = hairpin || outbound || steer.is_some_and(|steer| steer.masquerade);
        // What ends in the node's own stack never passes POSTROUTING, unless it began there.
        let passes = next.hop != Hop::Host || from == Ingress::Host;
        let near = match (wanted && passes, next.hop) {
            (false, _) => None,
            (true, Hop::Port(_)) => node.gateway(),
            (true, _) => node.primary(),
        };
        let (src, random) = near.map_or((tuple.src, false), |address| (address, true));
        nat::unique(&self.conntrack, *forward, src, random, &mut node.rng).ok_or(Verdict::Drop(Reason::NoFreePort))
    }

    /// Drops the oldest unanswered connection when the table is full.
    fn make_room<T: Tap>(&mut self, node: &mut Node, now: Instant, tap: &mut T) -> Result<(), Verdict> {
        if self.conntrack.is_full() {
            let oldest = self.conntrack.evictable().ok_or(Verdict::Drop(Reason::TableFull))?;
            let closed = self.conntrack.close(oldest);
            self.closed(node, now, &closed, Reason::Evicted, tap);
        }
        Ok(())
    }

    /// Binds the client to the backend, and counts the connection for the balancer.
    fn remember(&mut self, node: &Node, now: Instant, tuple: &Tuple<A>, steer: &Steer, chosen: Chosen<A>) {
        let secret = self.services.secret();
        let Some(service) = self.services.get_mut(steer.service) else { return };
        if let Some(affinity) = &mut service.affinity {
            let template = template(node, tuple);
            let list = template.unwrap_or((chosen.address, chosen.port));
            let limit = match (node.config.mode, template) {
                (Mode::Iptables, _) => (node.config.max_affinity, Room::Oldest),
                (_, Some(_)) => (SET_SIZE, Room::Oldest),
                _ => (SET_SIZE, Room::Expired),
            };
            let endpoint = (chosen.address, chosen.port, chosen.life);
            affinity.bind(&secret, now, tuple.src, list, endpoint, limit);
        }
        if service.balance.is_some()
            && let Some(place) = service.place(chosen.address, chosen.port)
            && let Some(load) = service.balance.as_mut().and_then(|balance| balance.load_mut(place))
        {
            load.inactive += 1;
        }
    }
}
