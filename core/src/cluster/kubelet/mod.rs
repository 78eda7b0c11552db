//! The kubelets: pods that are bound to a node get a stack, an address, containers, probes and a status.

mod containers;
mod hook;
mod pin;
mod probe;
mod prober;
mod sandbox;
mod status;
mod surroundings;
mod watch;

pub use pin::PodPin;
pub(in crate::cluster) use probe::ProbeKind;

use super::{Cluster, Place, work::Task};
use crate::ordered::{OrdMap, QuickMap};
use crate::{
    api::{Key, Kind, Object},
    control::{Change, DeleteOptions, EventType},
    host::{HostConfig, ProcessId},
    id::{HostId, NodeId},
    net::Cidr,
    time::Duration,
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};
use sandbox::Sandbox;
pub(super) use sandbox::container_spec;
use status::{ContainerState, PodStatus};
use watch::Watched;

/// What all nodes' kubelets know.
#[derive(Debug, Default)]
pub(super) struct Kubelets {
    sandboxes: QuickMap<Rc<Key>, Sandbox>,
    pins: OrdMap<(String, String), PodPin>,
    /// Processes that are a container's command, or a probe.
    watched: OrdMap<(HostId, ProcessId), Watched>,
    /// The address that each pod range gave out last.
    cursors: OrdMap<Cidr, u32>,
    /// The variables of Services, by namespace and by whether links are on, until a Service changes.
    variables: OrdMap<(String, bool), Rc<OrdMap<String, String>>>,
    /// Pods that found no free address on their node, with their uids, in the order they came.
    waiting: Vec<(NodeId, Key, String)>,
}

impl Kubelets {
    /// The sandbox of a pod that is known to have one.
    fn sandbox(&self, key: &Key) -> &Sandbox {
        self.sandboxes.get::<Key>(key).expect("checked by the caller")
    }
}

impl Cluster {
    /// A Service changed: containers that start from now on see it so.
    pub(super) fn kubelet_follow_service(&mut self) {
        self.kubelets.variables = OrdMap::new();
    }

    /// Follows one change of a pod.
    pub(super) fn kubelet_follow(&mut self, change: &Change) {
        let key = &change.key;
        let known = self.kubelets.sandboxes.get::<Key>(key);
        let is_other = known.is_some_and(|sandbox| change.after.as_ref().is_none_or(|pod| sandbox.uid != pod.uid()));
        if is_other {
            self.tear_down(key);
        }
        let Some(pod) = change.after.clone() else { return };
        match self.kubelets.sandboxes.get::<Key>(key) {
            // One on its way out has been here already, and waits for its finalizers.
            None if pod.is_terminating() => {}
            None => self.accept(key, &pod),
            Some(sandbox) if pod.is_terminating() && !sandbox.is_stopping => self.begin_stop(key, &pod),
            Some(_) => {}
        }
    }

    /// Fixes facts about a pod, now or before it exists.
    pub(super) fn kubelet_pin(&mut self, pin: PodPin) {
        let key = Key::new(Kind::Pod, &pin.namespace, &pin.name);
        self.kubelets.pins.insert((pin.namespace.clone(), pin.name.clone()), pin);
        match self.kubelets.sandboxes.get::<Key>(&key) {
            Some(sandbox) if sandbox.host.is_some() => {
                self.judge_readiness(&key);
                self.write_status(&key);
            }
            // It was kept from starting.
            Some(sandbox) if !sandbox.addresses.is_empty() => self.start_sandbox(&key),
            _ => {}
        }
    }

    /// What is fixed about a pod.
    pub(super) fn kubelet_pinned(&self, namespace: &str, name: &str) -> PodPin {
        let pins = Some(&self.kubelets.pins).filter(|pins| !pins.is_empty());
        let pin = pins.and_then(|pins| pins.get(&(namespace.to_owned(), name.to_owned()))).cloned();
        pin.unwrap_or_else(|| PodPin { namespace: namespace.to_owned(), name: name.to_owned(), ..PodPin::default() })
    }

    /// What a process in a container at a place finds around itself, if that is not what the machine has.
    pub(super) fn surroundings_at(&self, place: &Place, container: usize) -> Option<Rc<HostConfig>> {
        let Place::Pod { namespace, name } = place else { return None };
        let sandbox = self.kubelets.sandboxes.get::<Key>(&Key::new(Kind::Pod, namespace, name))?;
        sandbox.containers.get(container)?.surroundings.clone()
    }

    /// Whether one of a pod's containers runs.
    pub(super) fn kubelet_is_running(&self, namespace: &str, name: &str, container: usize) -> bool {
        let sandbox = self.kubelets.sandboxes.get::<Key>(&Key::new(Kind::Pod, namespace, name));
        let container = sandbox.and_then(|sandbox| sandbox.containers.get(container));
        container.is_some_and(|container| matches!(container.status.state, ContainerState::Running(_)))
    }

    /// The stack of a pod that has one.
    pub(super) fn kubelet_host(&self, key: &Key) -> Option<HostId> {
        self.kubelets.sandboxes.get::<Key>(key)?.host
    }

    /// The command of a pod's first container, also after it has ended.
    pub(super) fn kubelet_main_process(&self, pod: &Place) -> Option<ProcessId> {
        let Place::Pod { namespace, name } = pod else { return None };
        self.kubelets.sandboxes.get::<Key>(&Key::new(Kind::Pod, namespace, name))?.containers.first()?.process
    }

    /// The machine of a container that has started, and the command of its run, or of the run before, if it has one.
    pub(super) fn kubelet_process(
        &self,
        namespace: &str,
        name: &str,
        container: usize,
        previous: bool,
    ) -> Option<(HostId, Option<ProcessId>)> {
        let sandbox = self.kubelets.sandboxes.get::<Key>(&Key::new(Kind::Pod, namespace, name))?;
        let container = sandbox.containers.get(container)?;
        let process = if previous { container.previous } else { container.process };
        let has_run = container.generation > u32::from(previous);
        has_run.then_some((sandbox.host?, process))
    }

    /// Does what was planned for this instant.
    pub(super) fn kubelet_work(&mut self, task: Task) {
        let (Task::Start { ref pod, ref uid }
        | Task::Stop { ref pod, ref uid, .. }
        | Task::Restart { ref pod, ref uid, .. }
        | Task::Probe { ref pod, ref uid, .. }) = task;
        let is_current = self.kubelets.sandboxes.get::<Key>(pod).is_some_and(|sandbox| sandbox.uid == *uid);
        if !is_current {
            return;
        }
        match task {
            Task::Start { pod, .. } => self.start_sandbox(&pod),
            Task::Stop { pod, .. } => self.finish_stop(&pod),
            Task::Restart { pod, index, .. } => {
                self.start_container(&pod, index);
                self.write_status(&pod);
            }
            Task::Probe { pod, index, generation, kind, .. } => self.start_probe(&pod, index, generation, kind),
        }
    }

    fn accept(&mut self, key: &Key, pod: &Object) {
        let Some(node) = self.node_named(pod.spec()["nodeName"].str()) else { return };
        if matches!(pod.status()["phase"].str(), "Succeeded" | "Failed") {
            return;
        }
        let sandbox = Sandbox::new(pod, node, self.now);
        let uid = sandbox.uid.clone();
        self.kubelets.sandboxes.insert::<Key>(Rc::new(key.clone()), sandbox);
        self.write_status(key);
        let pinned = self.kubelets.pins.contains_key(&(key.namespace.clone(), key.name.clone()));
        let jitter = self.rng.fork("start", &key.namespace, &key.name).below(1000);
        let delay = self.config.start_delay;
        // Half of it is the same for every pod, the rest is this pod's own luck.
        let delay = if pinned { Duration::ZERO } else { delay / 2 + delay * jitter / 1000 };
        self.plan_task(self.now + delay, Task::Start { pod: key.clone(), uid });
    }

    fn start_sandbox(&mut self, key: &Key) {
        let Some(pod) = self.control.store().get(key).cloned() else { return };
        let pin = self.kubelet_pinned(&key.namespace, &key.name);
        if pin.phase.as_deref() == Some("Pending") {
            // Its sandbox may have an address by now, its containers do not run.
            let sandbox = self.kubelets.sandboxes.get_mut::<Key>(key).expect("checked by the caller");
            sandbox.addresses = pin.addresses;
            self.write_status(key);
            return;
        }
        let sandbox = &self.kubelets.sandbox(key);
        let node = sandbox.node;
        let is_host_network = pod.spec()["hostNetwork"].as_bool() == Some(true);
        let addresses = if is_host_network {
            self.nodes[node.0 as usize].addresses.clone()
        } else if pin.addresses.is_empty() {
            self.draw_addresses(node)
        } else {
            pin.addresses.clone()
        };
        if addresses.is_empty() {
            self.wait_for_address(key, &pod, node);
            return;
        }
        let sandbox = self.kubelets.sandboxes.get_mut::<Key>(key).expect("checked by the caller");
        sandbox.addresses = addresses.clone();
        let host =
            if is_host_network { self.nodes[node.0 as usize].host } else { self.plug_in(key, &pod, node, &addresses) };
        let sandbox = self.kubelets.sandboxes.get_mut::<Key>(key).expect("checked by the caller");
        sandbox.host = Some(host);
        self.start_next(key);
        self.write_status(key);
    }

    /// The node's pod ranges are used up: the pod starts when another one goes.
    ///
    /// Source: containernetworking/plugins plugins/ipam/host-local/backend/allocator/allocator.go (Get).
    fn wait_for_address(&mut self, key: &Key, pod: &Object, node: NodeId) {
        let uid = self.kubelets.sandbox(key).uid.clone();
        self.kubelets.waiting.push((node, key.clone(), uid));
        let mut ranges = String::new();
        for range in &self.config.nodes[node.0 as usize].pod_cidrs {
            ranges = format!("{ranges}{}{range}", if ranges.is_empty() { "" } else { ", " });
        }
        let message = format!("Failed to create pod sandbox: no IP addresses available in range set: {ranges}");
        self.kubelet_event(pod, EventType::Warning, "FailedCreatePodSandBox", message);
        self.write_status(key);
    }

    /// Starts the next pod that waits for an address of this node.
    fn offer_address(&mut self, node: NodeId) {
        while let Some(at) = self.kubelets.waiting.iter().position(|(on, ..)| *on == node) {
            let (_, pod, uid) = self.kubelets.waiting.remove(at);
            if self.kubelets.sandboxes.get::<Key>(&pod).is_some_and(|sandbox| sandbox.uid == uid) {
                self.plan_task(self.now, Task::Start { pod, uid });
                return;
            }
        }
    }

    fn begin_stop(&mut self, key: &Key, pod: &Object) {
        let Some(sandbox) = self.kubelets.sandboxes.get_mut::<Key>(key) else { return };
        sandbox.is_stopping = true;
        let uid = sandbox.uid.clone();
        let grace = Cluster::grace(pod);
        let pin = self.kubelet_pinned(&key.namespace, &key.name);
        let delay = if pin.lingers { grace } else { self.config.stop_delay.min(grace) };
        for container in pod.spec()["containers"].items() {
            let message = format!("Stopping container {}", container["name"].str());
            self.kubelet_event(pod, EventType::Normal, "Killing", message);
        }
        let limit = (grace.total_millis() / 1000) as u32;
        if limit > 0 && !pin.lingers && self.start_pre_stops(key, pod, limit) {
            return;
        }
        let task = Task::Stop { pod: key.clone(), uid, is_awaited: !pin.lingers };
        self.plan_task(self.now + delay, task);
    }

    fn finish_stop(&mut self, key: &Key) {
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        // A pod that somebody removed meanwhile needs no second removal; one with finalizers stays, and is over.
        if self.control.delete(self.now, key, options).is_ok() && self.control.store().get(key).is_some() {
            let now = self.now;
            let sandbox = self.kubelets.sandboxes.get_mut::<Key>(key).expect("checked by the caller");
            for container in &mut sandbox.containers {
                container.stop(now);
            }
            self.write_status(key);
            self.tear_down(key);
        }
    }

    fn tear_down(&mut self, key: &Key) {
        let Some((_, sandbox)) = self.kubelets.sandboxes.remove_entry::<Key>(key) else { return };
        let Some(host) = sandbox.host else { return };
        let node = self.nodes[sandbox.node.0 as usize].host;
        let mut own = Vec::new();
        for runner in [host, node] {
            let watched = self.kubelets.watched.range((runner, ProcessId(0))..=(runner, ProcessId(u32::MAX)));
            own.extend(watched.filter(|(_, watched)| watched.pod() == key).map(|(place, _)| *place));
        }
        let commands = sandbox.containers.iter().flat_map(|container| [container.process, container.previous]);
        own.extend(commands.flatten().map(|process| (host, process)));
        for (runner, process) in own {
            self.unwatch(runner, process);
            if let Some(machine) = self.machines.machine_mut(runner) {
                machine.host.reap(process);
            }
        }
        if host == node {
            for container in &sandbox.containers {
                self.close_ports(host, &container.ports);
            }
        } else {
            self.unplug(sandbox.node, host);
            self.offer_address(sandbox.node);
        }
    }

    pub(super) fn write_status(&mut self, key: &Key) {
        let Some(pod) = self.control.store().get(key).cloned() else { return };
        let Some(sandbox) = self.kubelets.sandboxes.get::<Key>(key) else { return };
        let pin = self.kubelet_pinned(&key.namespace, &key.name);
        let phase = pin.phase.as_deref().unwrap_or_else(|| sandbox.phase(pod.spec()["restartPolicy"].str()));
        let status = PodStatus {
            now: self.now,
            phase,
            node_addresses: &self.nodes[sandbox.node.0 as usize].addresses,
            addresses: &sandbox.addresses,
            started_at: sandbox.accepted_at,
            containers: &sandbox.containers,
            mains: sandbox.mains,
            ready: match (&pin.phase, pin.ready) {
                // Both are fixed, so that they may be at odds.
                (Some(_), Some(ready)) => ready,
                (_, ready) => ready.unwrap_or(true) && sandbox.is_ready() && phase == "Running",
            },
        }
        .emit(&pod);
        // The pod may be gone from the store by now; then there is nobody to tell.
        drop(self.control.update_status(self.now, key, status));
    }

    pub(super) fn kubelet_event(&mut self, pod: &Object, kind: EventType, reason: &'static str, message: String) {
        self.control.events_mut().record(self.now, pod, kind, reason, "kubelet", message);
    }
}
