//! Every machine with an IP stack: pods, the nodes' host networks, and what is outside.

use super::{Place, schedule::Slot};
use crate::ordered::OrdMap;
use crate::{
    host::Host,
    id::{HostId, NodeId},
    net::Cidr,
    time::Instant,
};
use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::net::IpAddr;

/// What a machine is plugged into.
#[derive(Debug, Clone)]
pub(super) enum Attachment {
    /// A pod: the other end of its cable is that node's router.
    Pod(NodeId),
    /// The host network of that node, which shares the node's router.
    Node(NodeId),
    /// The network the nodes are on, with the machine's static routes.
    Outside(Vec<(Cidr, IpAddr)>),
}

/// A machine: a name, a stack, and where its cable goes.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) place: Place,
    pub(super) attachment: Attachment,
    pub(super) host: Host,
    /// What is on its way from its node's router, and when it arrives.
    pub(super) cable: VecDeque<(Instant, Vec<u8>)>,
    /// When it asked to be polled.
    pub(super) slot: Option<Slot>,
}

impl Machine {
    pub(super) fn new(place: Place, attachment: Attachment, host: Host) -> Machine {
        Machine { place, attachment, host, cable: VecDeque::new(), slot: None }
    }
}

/// The machines, by number, by address and by name.
#[derive(Debug, Default)]
pub(super) struct Machines {
    /// By number: a machine that has gone leaves eight bytes.
    machines: Vec<Option<Box<Machine>>>,
    by_place: OrdMap<Place, HostId>,
    by_address: OrdMap<IpAddr, HostId>,
}

impl Machines {
    pub(super) fn insert(&mut self, machine: Machine) -> HostId {
        let id = HostId(self.machines.len() as u32);
        self.by_place.insert(machine.place.clone(), id);
        for &address in machine.host.addresses() {
            self.by_address.insert(address, id);
        }
        self.machines.push(Some(Box::new(machine)));
        id
    }

    pub(super) fn remove(&mut self, id: HostId) -> Option<Box<Machine>> {
        let machine = self.machines.get_mut(id.0 as usize)?.take()?;
        if self.by_place.get(&machine.place) == Some(&id) {
            self.by_place.remove(&machine.place);
        }
        for address in machine.host.addresses() {
            if self.by_address.get(address) == Some(&id) {
                self.by_address.remove(address);
            }
        }
        Some(machine)
    }

    pub(super) fn machine(&self, id: HostId) -> Option<&Machine> {
        self.machines.get(id.0 as usize)?.as_deref()
    }

    pub(super) fn machine_mut(&mut self, id: HostId) -> Option<&mut Machine> {
        self.machines.get_mut(id.0 as usize)?.as_deref_mut()
    }

    pub(super) fn at(&self, place: &Place) -> Option<HostId> {
        match place {
            Place::Outside(name) if name.is_empty() => {
                (self.by_place.iter()).find(|(place, _)| matches!(place, Place::Outside(_))).map(|(_, id)| *id)
            }
            place => self.by_place.get(place).copied(),
        }
    }

    pub(super) fn with_address(&self, address: IpAddr) -> Option<HostId> {
        self.by_address.get(&address).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (HostId, &Machine)> {
        (0..).map(HostId).zip(&self.machines).filter_map(|(id, machine)| Some((id, machine.as_deref()?)))
    }
}
