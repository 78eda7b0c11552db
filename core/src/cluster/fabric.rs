//! How a packet gets from one machine to another: cable, router, link, router, cable.

use super::{Cluster, machines::Attachment, schedule::Slot, work::Work};
use crate::{
    dataplane::{Ingress, Verdict},
    id::{HostId, LinkId, NodeId},
    net::{Cidr, Event, Place, Step, Tap},
    time::{Duration, Instant},
};
use alloc::vec::Vec;
use core::net::IpAddr;

/// How long a packet takes over a pod's cable.
const CABLE: Duration = Duration::from_micros(5);

impl Cluster {
    /// Asks for a machine to be polled now.
    pub(super) fn wake(&mut self, host: HostId) {
        self.poll_host_at(host, Some(self.now));
    }

    fn poll_host_at(&mut self, host: HostId, at: Option<Instant>) {
        let Some(machine) = self.machines.machine_mut(host) else { return };
        let at = at.map(|at| at.max(self.now));
        if machine.slot.map(|slot| slot.at()) == at {
            return;
        }
        if let Some(slot) = machine.slot.take() {
            self.schedule.cancel(slot);
        }
        machine.slot = at.map(|at| self.schedule.at(at, Work::Host(host)));
    }

    /// Lets a machine's stack and programs work, and sends what they send.
    pub(super) fn poll_host(&mut self, host: HostId) {
        let Some(machine) = self.machines.machine_mut(host) else { return };
        if let Some(slot) = machine.slot.take() {
            self.schedule.cancel(slot);
        }
        machine.host.poll(self.now);
        let node = match machine.attachment {
            Attachment::Node(node) => Some(&mut self.nodes[node.0 as usize]),
            // Its kernel has no rules of its own.
            _ => None,
        };
        let show = |table| node.as_ref().map(|node| node.show(table, self.now)).unwrap_or_default();
        while machine.host.handle_questions(&show) {
            machine.host.poll(self.now);
        }
        if let Some(node) = node {
            node.is_watched = machine.host.is_watched();
        }
        self.drain_host(host);
    }

    /// What is at the end of a machine's cable reaches it, and is worked on.
    pub(super) fn arrive(&mut self, host: HostId) {
        let Some(machine) = self.machines.machine_mut(host) else { return };
        while let Some((_, packet)) = machine.cable.pop_front_if(|(at, _)| *at <= self.now) {
            self.taps.again(self.now, Place::Host(host), &packet);
            machine.host.handle_packet(self.now, &packet);
            self.pool.put_packet(packet);
        }
        if let Some((next, _)) = machine.cable.front() {
            self.schedule.at(*next, Work::Arrive(host));
        }
        self.poll_host(host);
    }

    /// Puts a packet on a machine's cable, where it comes behind those that are there.
    fn deliver(&mut self, host: HostId, at: Instant, packet: Vec<u8>) {
        let Some(machine) = self.machines.machine_mut(host) else { return };
        if machine.cable.is_empty() {
            self.schedule.at(at, Work::Arrive(host));
        }
        machine.cable.push_back((at, packet));
    }

    fn drain_host(&mut self, host: HostId) {
        while let Some(packet) = self.machines.machine_mut(host).and_then(|machine| machine.host.poll_packet()) {
            self.leave(host, packet);
        }
        self.kubelet_follow_processes(host);
        let at = self.machines.machine_mut(host).and_then(|machine| machine.host.poll_at());
        self.poll_host_at(host, at);
    }

    /// A packet leaves a machine.
    fn leave(&mut self, host: HostId, packet: Vec<u8>) {
        let Some(machine) = self.machines.machine(host) else { return };
        self.taps.frame(self.now, Place::Host(host), &packet);
        match &machine.attachment {
            &Attachment::Pod(node) => self.route(node, packet, Ingress::Port(host)),
            &Attachment::Node(node) => self.route(node, packet, Ingress::Host),
            Attachment::Outside(routes) => {
                let Some(destination) = destination(&packet) else { return };
                // What no route knows goes to a gateway that drops it.
                if let Some(next) = self.next_hop(routes, destination) {
                    let link = self.wire(host, next);
                    self.transmit(link, packet);
                }
            }
        }
    }

    fn next_hop(&self, routes: &[(Cidr, IpAddr)], destination: IpAddr) -> Option<HostId> {
        let is_on_link =
            |host: &HostId| !matches!(self.machines.machine(*host).map(|m| &m.attachment), Some(Attachment::Pod(_)));
        if let Some(host) = self.machines.with_address(destination).filter(is_on_link) {
            return Some(host);
        }
        let matching = routes.iter().filter(|(range, _)| range.contains(destination));
        let (_, via) = matching.max_by_key(|(range, _)| range.length)?;
        self.machines.with_address(*via)
    }

    /// A node's router decides about a packet.
    fn route(&mut self, node: NodeId, mut packet: Vec<u8>, from: Ingress) {
        if from != Ingress::Host {
            self.show(node, false, &packet);
        }
        let tap = &mut self.taps;
        let router = &mut self.nodes[node.0 as usize].router;
        tap.passages.frame(self.now, Place::Node(node), &packet);
        let verdict = router.handle_packet(self.now, &mut packet, from, tap);
        match verdict {
            Verdict::Reject(refusal) => {
                let mut answer = Vec::new();
                if let Some(verdict) = router.originate(self.now, &packet, from, refusal, &mut answer, tap) {
                    tap.passages.frame(self.now, Place::Node(node), &answer);
                    self.hand_over(node, verdict, answer);
                }
            }
            verdict => self.hand_over(node, verdict, packet),
        }
        self.plan_router(node);
    }

    /// Lets a `tcpdump` on a node see what enters its router and what leaves it.
    fn show(&mut self, node: NodeId, outgoing: bool, packet: &[u8]) {
        let node = &self.nodes[node.0 as usize];
        if !node.is_watched {
            return;
        }
        let host = node.host;
        if let Some(machine) = self.machines.machine_mut(host) {
            machine.host.observe(self.now, outgoing, packet);
            self.wake(host);
        }
    }

    fn hand_over(&mut self, node: NodeId, verdict: Verdict, packet: Vec<u8>) {
        if matches!(verdict, Verdict::Port(_) | Verdict::Link(_)) {
            self.show(node, true, &packet);
        }
        match verdict {
            Verdict::Port(host) => self.deliver(host, self.now + CABLE, packet),
            Verdict::Host => self.deliver(self.nodes[node.0 as usize].host, self.now, packet),
            Verdict::Link(link) => self.transmit(link, packet),
            Verdict::Drop(_) | Verdict::Reject(_) => {}
        }
    }

    /// Hands a packet to a wire.
    fn transmit(&mut self, link: LinkId, packet: Vec<u8>) {
        let place = Place::Link(link);
        self.taps.again(self.now, place, &packet);
        match self.wires[link.0 as usize].link.enqueue(self.now, packet) {
            Ok(()) => self.plan_wire(link),
            Err(reason) => {
                let event = Event { place, flow: None, step: Step::Dropped { reason } };
                self.taps.event(self.now, &event);
            }
        }
    }

    fn plan_wire(&mut self, link: LinkId) {
        let wire = &mut self.wires[link.0 as usize];
        let at = wire.link.poll_at().map(|at| at.max(self.now));
        if wire.slot.map(Slot::at) == at {
            return;
        }
        if let Some(slot) = wire.slot.take() {
            self.schedule.cancel(slot);
        }
        wire.slot = at.map(|at| self.schedule.at(at, Work::Link(link)));
    }

    /// Takes what has reached the far end of a wire.
    pub(super) fn poll_wire(&mut self, link: LinkId) {
        let wire = &mut self.wires[link.0 as usize];
        wire.slot = None;
        let to = wire.to;
        while let Some(packet) = self.wires[link.0 as usize].link.poll(self.now) {
            match self.machines.machine(to).map(|machine| &machine.attachment) {
                Some(&Attachment::Node(node)) => self.route(node, packet, Ingress::Link(link)),
                Some(_) => self.deliver(to, self.now, packet),
                None => {}
            }
        }
        self.plan_wire(link);
    }
}

fn destination(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(packet.get(16..20)?).ok()?)),
        6 => Some(IpAddr::from(<[u8; 16]>::try_from(packet.get(24..40)?).ok()?)),
        _ => None,
    }
}
