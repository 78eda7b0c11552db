//! The world: nodes, pods, links and time.
//!
//! A [`Cluster`] is a value. Time passes when it is told to ([`Cluster::settle`], [`Cluster::advance`]), chance comes
//! from one seed, and every input is kept in its [`Journal`]: two clusters with one configuration and the same inputs
//! are equal to the byte.

#[cfg(feature = "yaml")]
mod command;
mod config;
mod fabric;
mod health;
mod journal;
mod kubelet;
mod machines;
mod new;
mod node;
mod objects;
mod output;
mod place;
mod process;
mod run;
mod schedule;
mod send;
mod taps;
#[cfg(test)]
mod tests;
mod work;

pub use config::{Config, ConfigError, DnsConfig, Limits, NodeConfig, OutsideHost};
pub use journal::{Input, Journal};
pub use kubelet::PodPin;
pub use output::{Finding, Hint, Output};
pub use place::{ParsePlaceError, Place};
pub use process::{Process, StartError};
pub use run::Settled;
pub use send::{Outcome, Request, Trip};

use crate::ordered::OrdMap;
use crate::{
    compile,
    control::{Change, ControlPlane},
    dns::zone::Zone,
    host::SocketPool,
    rng::Rng,
    time::Instant,
    trace::{Capture, Passages, Recorder},
};
use alloc::{rc::Rc, vec::Vec};
use core::cell::RefCell;
use kubelet::Kubelets;
use machines::Machines;
use node::{Node, Wire};
use process::Running;
use schedule::{Schedule, Slot};
use taps::Taps;
use work::Work;

/// A whole cluster: its control plane, its nodes with their routers, its pods with their stacks, its DNS.
///
/// ```
/// use clusterip::cluster::{Cluster, Config, Place};
/// let mut cluster = Cluster::new(Config::default()).unwrap();
/// assert!(cluster.settle().is_settled());
/// let output = cluster.exec(&Place::Node("node-1".into()), "hostname").unwrap();
/// assert_eq!(output.stdout, "node-1\n");
/// ```
#[derive(Debug)]
pub struct Cluster {
    config: Config,
    now: Instant,
    rng: Rng,
    control: ControlPlane,
    /// The store's revision up to which everybody has followed.
    revision: u64,
    nodes: Vec<Node>,
    machines: Machines,
    wires: Vec<Wire>,
    zone: Rc<RefCell<Zone>>,
    tables: compile::table::Compiler,
    policies: compile::policy::Compiler,
    kubelets: Kubelets,
    pool: SocketPool,
    schedule: Schedule<Work>,
    control_slot: Option<Slot>,
    /// How much of the schedule [`Cluster::settle`] waits for.
    pending: u32,
    /// Work done since time last moved.
    steps: u32,
    processes: OrdMap<Process, Running>,
    next_process: u32,
    taps: Taps,
    journal: Journal,
    /// How many inputs are under way: one that an input makes is not an input of its own.
    depth: u32,
    #[cfg(feature = "yaml")]
    context: crate::kubectl::Context,
}

impl Cluster {
    /// Virtual time, from zero at the start.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// What it was made from.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The API server's objects, to look at.
    pub fn control(&self) -> &ControlPlane {
        &self.control
    }

    /// The packets that were seen, newest last.
    pub fn recorder(&self) -> &Recorder {
        &self.taps.recorder
    }

    /// What the nodes' routers did to each packet, newest last.
    pub fn passages(&self) -> &Passages {
        &self.taps.passages
    }

    /// The machine at a place of the network: for a wire, the one it leads to.
    pub fn machine_at(&self, place: crate::net::Place) -> Option<Place> {
        let host = match place {
            crate::net::Place::Host(host) => host,
            crate::net::Place::Node(node) => return Some(Place::Node(self.nodes.get(node.0 as usize)?.name.clone())),
            crate::net::Place::Link(link) => self.wires.get(link.0 as usize)?.to,
        };
        self.machines.machine(host).map(|machine| machine.place.clone())
    }

    /// Keeps whole packets from now on, up to `limit` bytes of the latest, those seen at one place or at all; 0 ends it.
    pub fn set_capture(&mut self, limit: usize, only: Option<crate::net::Place>) {
        self.taps.capture = (limit > 0).then(|| Capture::new(limit, only));
    }

    /// The whole packets that are kept, if [`Cluster::set_capture`] asked for them.
    pub fn capture(&self) -> Option<&Capture> {
        self.taps.capture.as_ref()
    }

    /// A number that stands for everything that has happened, to the byte and to the microsecond.
    pub fn digest(&self) -> u64 {
        self.taps.digest.value() ^ self.control.store().revision().rotate_left(32) ^ (self.now.total_micros() as u64)
    }

    /// Every input so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Records an input from the world and does it.
    fn input<R>(&mut self, input: Input, act: impl FnOnce(&mut Cluster) -> R) -> R {
        if self.depth == 0 {
            self.journal.record(input, self.config.limits.inputs);
        } else {
            // What it holds is not shared with anybody while it is worked on.
            drop(input);
        }
        self.depth += 1;
        self.steps = 0;
        let result = act(self);
        self.catch_up();
        self.depth -= 1;
        result
    }

    /// Everybody who watches the store follows what was written.
    fn follow(&mut self, changes: &[Change]) {
        for change in changes {
            self.taps.digest.change(self.now, change);
            match change.key.kind {
                crate::api::Kind::Pod => self.kubelet_follow(change),
                crate::api::Kind::Service => self.kubelet_follow_service(),
                _ => {}
            }
        }
        for change in changes {
            self.follow_health(change);
        }
        let mut zone = self.zone.borrow_mut();
        for change in changes {
            compile::dns::apply(&mut zone, change);
        }
        drop(zone);
        self.follow_tables(changes);
    }
}
