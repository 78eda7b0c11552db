//! Nodes: their routers, how these are wired to one another, and how their rules follow the cluster.

use super::{
    Cluster, Place,
    machines::{Attachment, Machine},
    schedule::Slot,
    work::Work,
};
use crate::{
    control::Change,
    dataplane::{Delta, Hop, Mode, Route, Router, rules},
    host::KernelTable,
    id::{HostId, LinkId, NodeId},
    net::{Cidr, link::Link},
    time::Instant,
};
use alloc::{collections::VecDeque, format, string::String, vec::Vec};
use core::net::IpAddr;

/// A node of the cluster.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) router: Router,
    /// The machine that is the node's own host network.
    pub(super) host: HostId,
    /// Whether a `tcpdump` runs there.
    pub(super) is_watched: bool,
    /// Changes that are not in the rules yet, and when they will be.
    pub(super) waiting: VecDeque<(Instant, Delta)>,
    /// When the router asked to be called.
    pub(super) slot: Option<Slot>,
}

/// One direction of the network between two machines.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) from: HostId,
    pub(super) to: HostId,
    pub(super) link: Link,
    /// When its next packet comes out.
    pub(super) slot: Option<Slot>,
}

impl Node {
    /// What a tool on the node shows of its kernel; empty if the proxy's mode does not use that table.
    pub(super) fn show(&self, table: KernelTable, now: Instant) -> String {
        let router = &self.router;
        match (table, router.config().mode) {
            (KernelTable::Nat { ipv6 }, Mode::Iptables) => rules::iptables(router, ipv6),
            (KernelTable::Nftables { ipv6 }, Mode::Nftables) => rules::nftables(router, ipv6),
            (KernelTable::Ipvs, Mode::Ipvs(_)) => rules::ipvsadm(router),
            (KernelTable::Conntrack, _) => rules::conntrack(router, now),
            _ => String::new(),
        }
    }
}

impl Cluster {
    /// The router of a node: its connections, its affinity and its rules as values, while
    /// [`rules`] has them as text. `None` if there is no such node.
    pub fn router(&self, node: &str) -> Option<&Router> {
        Some(&self.nodes[self.node_named(node)?.0 as usize].router)
    }

    /// The node of that name.
    pub(super) fn node_named(&self, name: &str) -> Option<NodeId> {
        let place = self.nodes.iter().position(|node| node.name == name)?;
        Some(NodeId(place as u32))
    }

    /// Tells every router where the other machines of its network and their pods are.
    pub(super) fn connect_nodes(&mut self) {
        let mut machines = Vec::new();
        for (id, machine) in self.machines.iter() {
            let pods = match machine.attachment {
                Attachment::Node(node) => self.config.nodes[node.0 as usize].pod_cidrs.clone(),
                _ => Vec::new(),
            };
            machines.push((id, machine.host.addresses().to_vec(), pods));
        }
        for node in 0..self.nodes.len() {
            let own = self.nodes[node].host;
            for (machine, addresses, pods) in &machines {
                let hop = if *machine == own { Hop::Blackhole } else { Hop::Link(self.wire(own, *machine)) };
                let mut ranges = pods.clone();
                if *machine != own {
                    for address in addresses {
                        ranges.push(Cidr::host(*address));
                    }
                }
                for to in ranges {
                    self.set_route_now(node, Route { to, hop, mtu: self.config.link.mtu });
                }
            }
            // Whatever else: the gateway of this network knows nobody.
            for address in self.nodes[node].addresses.clone() {
                self.set_route_now(node, Route::new(Cidr::all(address), Hop::Blackhole));
            }
        }
    }

    /// The way from one machine to another of the same network.
    pub(super) fn wire(&mut self, from: HostId, to: HostId) -> LinkId {
        if let Some(at) = self.wires.iter().position(|wire| (wire.from, wire.to) == (from, to)) {
            return LinkId(at as u32);
        }
        let draw = self.rng.fork("link", &format!("{}", from.0), &format!("{}", to.0));
        let link = Link::new(self.config.link.clone(), draw);
        self.wires.push(Wire { from, to, link, slot: None });
        LinkId(self.wires.len() as u32 - 1)
    }

    /// Routes a pod's addresses to its cable, and on other nodes to its node where its node's range does not say so.
    pub(super) fn connect_pod(&mut self, node: NodeId, host: HostId, addresses: &[IpAddr]) {
        let mtu = self.config.link.mtu;
        for (place, to, hop) in self.ways(node, addresses) {
            self.set_route_now(place, Route { to, hop: hop.unwrap_or(Hop::Port(host)), mtu });
        }
    }

    /// Takes a pod's machine away with everything that was routed to it.
    pub(super) fn unplug(&mut self, node: NodeId, host: HostId) {
        let Some(machine) = self.machines.remove(host) else { return };
        if let Some(slot) = machine.slot {
            self.schedule.cancel(slot);
        }
        for (place, to, _) in self.ways(node, machine.host.addresses()) {
            self.nodes[place].router.apply(self.now, &Delta::RemoveRoute(to), &mut self.taps);
        }
    }

    /// Which nodes have a route of its own to each of a pod's addresses, and the hop on nodes other than the pod's.
    fn ways(&mut self, node: NodeId, addresses: &[IpAddr]) -> Vec<(usize, Cidr, Option<Hop>)> {
        let own = node.0 as usize;
        let to = self.nodes[own].host;
        let mut ways = Vec::new();
        for &address in addresses {
            ways.push((own, Cidr::host(address), None));
            if self.config.nodes[own].pod_cidrs.iter().any(|range| range.contains(address)) {
                continue;
            }
            for place in 0..self.nodes.len() {
                if place != own {
                    let hop = Hop::Link(self.wire(self.nodes[place].host, to));
                    ways.push((place, Cidr::host(address), Some(hop)));
                }
            }
        }
        ways
    }

    fn set_route_now(&mut self, node: usize, route: Route) {
        let tap = &mut self.taps;
        self.nodes[node].router.apply(self.now, &Delta::Route(route), tap);
    }

    /// Sends what changed to the nodes, which take it into their rules after the sync delay.
    pub(super) fn follow_tables(&mut self, changes: &[Change]) {
        let (now, delay) = (self.now, self.config.rule_sync_delay);
        let store = self.control.store();
        let (nodes, taps) = (&mut self.nodes, &mut self.taps);
        let mut late = Vec::new();
        let mut emit = |place: usize, delta: Delta| {
            if delay.total_micros() == 0 {
                nodes[place].router.apply(now, &delta, taps);
            } else {
                if nodes[place].waiting.back().is_none_or(|(at, _)| *at != now + delay) {
                    late.push(place);
                }
                nodes[place].waiting.push_back((now + delay, delta));
            }
        };
        self.tables.follow(store, changes, &mut emit);
        self.policies.follow(store, changes, &mut emit);
        for place in late {
            self.plan(now + delay, Work::Sync(NodeId(place as u32)));
        }
        for place in 0..self.nodes.len() {
            self.plan_router(NodeId(place as u32));
        }
    }

    /// A node takes the changes whose delay is over into its rules.
    pub(super) fn sync(&mut self, node: NodeId) {
        let tap = &mut self.taps;
        let state = &mut self.nodes[node.0 as usize];
        while state.waiting.front().is_some_and(|(at, _)| *at <= self.now) {
            let Some((_, delta)) = state.waiting.pop_front() else { break };
            state.router.apply(self.now, &delta, tap);
        }
        self.plan_router(node);
    }

    /// Lets a router forget what is too old.
    pub(super) fn poll_router(&mut self, node: NodeId) {
        let tap = &mut self.taps;
        let state = &mut self.nodes[node.0 as usize];
        state.slot = None;
        state.router.handle_timeout(self.now, tap);
        self.plan_router(node);
    }

    /// Notes when a router wants to be called.
    pub(super) fn plan_router(&mut self, node: NodeId) {
        let state = &mut self.nodes[node.0 as usize];
        let at = state.router.poll_at().map(|at| at.max(self.now));
        match (state.slot, at) {
            (Some(slot), Some(at)) if slot.at() <= at => {}
            (None, None) => {}
            (slot, at) => {
                if let Some(slot) = slot {
                    self.schedule.cancel(slot);
                }
                state.slot = at.map(|at| self.schedule.at(at, Work::Router(node)));
            }
        }
    }

    /// Gives a machine outside a static route, or takes it away; false if there is no such machine.
    pub(super) fn change_route(&mut self, place: &Place, range: Cidr, via: Option<IpAddr>) -> bool {
        let Some(machine) = self.machines.at(place).and_then(|host| self.machines.machine_mut(host)) else {
            return false;
        };
        let Machine { attachment: Attachment::Outside(routes), .. } = machine else { return false };
        routes.retain(|(other, _)| *other != range);
        routes.extend(via.map(|via| (range, via)));
        true
    }
}
