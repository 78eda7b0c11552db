//! Containers: what an image does, and what becomes of it when it ends.

use super::{
    Watched,
    probe::{Probe, ProbeKind},
    sandbox::{Role, container_spec},
    status::ContainerState,
};
use crate::{
    api::{Key, Object, Value},
    cluster::{Cluster, work::Task},
    compile::env,
    control::EventType,
    dns::{self, Transport, Zone},
    host::{
        Command, HostConfig, ProcessId, Protocol, Server,
        images::{Image, Start, base_name},
    },
    id::HostId,
    time::Duration,
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};
use core::cell::RefCell;

impl Cluster {
    pub(super) fn start_container(&mut self, key: &Key, index: usize) {
        let Some(pod) = self.control.store().get(key).cloned() else { return };
        let spec = container_spec(&pod, index);
        let now = self.now;
        let Some(sandbox) = self.kubelets.sandboxes.get_mut::<Key>(key) else { return };
        let (Some(host), Some(&address)) = (sandbox.host, sandbox.addresses.first()) else { return };
        let container = &mut sandbox.containers[index];
        container.generation += 1;
        container.status.restarts = container.generation - 1;
        if matches!(container.status.state, ContainerState::Terminated { .. }) {
            container.status.last = Some(container.status.state.clone());
        }
        let is_held = Cluster::is_held(spec);
        container.status.state = if is_held { ContainerState::HELD } else { ContainerState::Running(now) };
        container.probes = Probe::of(spec, address);
        let generation = container.generation;
        let uid = sandbox.uid.clone();
        let probes: Vec<(ProbeKind, Duration)> = container.probes.iter().map(|p| (p.kind, p.initial_delay)).collect();
        for (kind, delay) in probes {
            let task = Task::Probe { pod: key.clone(), uid: uid.clone(), index, generation, kind, is_first: true };
            self.plan_task(now + delay, task);
        }
        for (reason, message) in [
            ("Pulled", format!("Container image \"{}\" already present on machine", spec["image"].str())),
            ("Created", "Container created".to_owned()),
            ("Started", "Container started".to_owned()),
        ] {
            self.kubelet_event(&pod, EventType::Normal, reason, message);
        }
        let surroundings = self.container_surroundings(key, &pod, index);
        let mut start = image(spec, &self.expanded(key, &pod, spec));
        let is_init = self.kubelets.sandbox(key).containers[index].role == Role::Init;
        if is_init {
            // It is there for its end; what it would serve meanwhile nobody asks for.
            start.servers.clear();
        }
        let ports = start.servers.iter().map(|(port, protocol, _)| (*port, *protocol)).collect();
        let process = self.start_image(host, spec, start, surroundings.clone());
        if let Some(process) = process {
            self.watch(host, process, Watched::Container { pod: key.clone(), index, generation });
        }
        let container = &mut self.kubelets.sandboxes.get_mut::<Key>(key).expect("still there").containers[index];
        (container.ports, container.surroundings) = (ports, surroundings);
        // The last one's log is kept, and no older one.
        let before = core::mem::replace(&mut container.process, process);
        let forgotten = core::mem::replace(&mut container.previous, before);
        if let (Some(forgotten), Some(machine)) = (forgotten, self.machines.machine_mut(host)) {
            machine.host.reap(forgotten);
        }
        self.judge_readiness(key);
        self.wake(host);
        if is_held {
            self.start_post_start(key, &pod, index);
        }
        if is_init && process.is_none() && Image::parse(spec["image"].str()).is_assumed() {
            // What it would do is not known here: it counts as done.
            self.end_container(key, index, generation, 0);
        }
    }

    /// Starts what is due: the init containers one after another, then the others together.
    ///
    /// Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go (computeInitContainerActions).
    pub(super) fn start_next(&mut self, key: &Key) {
        loop {
            let Some(sandbox) = self.kubelets.sandboxes.get::<Key>(key) else { return };
            let (mains, inits) = sandbox.containers.split_at(sandbox.mains);
            let init = inits.iter().position(|container| !container.is_done()).map(|at| at + mains.len());
            let main = mains.iter().position(|container| container.generation == 0);
            let Some(due) = init.or(main) else { return };
            if sandbox.is_stopping || sandbox.containers[due].generation > 0 {
                return;
            }
            self.start_container(key, due);
            if self.kubelets.sandbox(key).containers[due].generation == 0 {
                return;
            }
        }
    }

    /// A pod's own machine has the environment and the image of the first container; the others, and those on a node's
    /// own network, bring theirs.
    fn container_surroundings(&mut self, key: &Key, pod: &Object, index: usize) -> Option<Rc<HostConfig>> {
        if index == 0 && pod.spec()["hostNetwork"].as_bool() != Some(true) {
            return None;
        }
        let addresses = self.kubelets.sandboxes.get::<Key>(key)?.addresses.clone();
        Some(Rc::new(self.surroundings(key, pod, &addresses, container_spec(pod, index))))
    }

    /// A container's `command` and its `args`, with `$(NAME)` replaced by its variables.
    ///
    /// Source: kubernetes pkg/kubelet/container/helpers.go (ExpandContainerCommandAndArgs).
    fn expanded(&mut self, key: &Key, pod: &Object, spec: &Value) -> [Vec<String>; 2] {
        let mut all = [&spec["command"], &spec["args"]].map(|field| {
            let mut words = Vec::new();
            for word in field.items() {
                words.push(word.str().to_owned());
            }
            words
        });
        if all.iter().flatten().any(|word| word.contains('$')) {
            let services = self.service_variables(pod);
            let addresses = &self.kubelets.sandbox(key).addresses;
            let own = env::container_variables(&services, pod, addresses, spec);
            for word in all.iter_mut().flatten() {
                *word = env::expand(word, |name| {
                    let own = own.iter().find(|(known, _)| known == name).map(|(_, value)| value);
                    own.or_else(|| services.get(name)).map(String::as_str)
                });
            }
        }
        all
    }

    /// Lets a host do what a container's image does.
    fn start_image(
        &mut self,
        host: HostId,
        spec: &Value,
        start: Start,
        surroundings: Option<Rc<HostConfig>>,
    ) -> Option<ProcessId> {
        let zone = self.zone.clone();
        let machine = self.machines.machine_mut(host).expect("a sandbox's host exists");
        let is_dns = base_name(spec["image"].str()) == "coredns";
        for (port, protocol, server) in start.servers {
            let server = if is_dns && port == 53 { dns_server(zone.clone()) } else { server };
            machine.host.serve(port, protocol, server);
        }
        let command = Command { argv: start.command?, terminal: spec["tty"].as_bool() == Some(true) };
        let process = machine.host.spawn_logged(command, surroundings);
        if spec["stdin"].as_bool() != Some(true) {
            machine.host.close_stdin(process);
        }
        Some(process)
    }

    /// Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions, doBackOff).
    pub(super) fn end_container(&mut self, key: &Key, index: usize, generation: u32, code: i32) {
        let Some(pod) = self.control.store().get(key).cloned() else { return };
        let now = self.now;
        let is_own_program = code == NOT_FOUND && is_assumed(&pod, index);
        let Some(sandbox) = self.kubelets.sandboxes.get_mut::<Key>(key) else { return };
        let container = &mut sandbox.containers[index];
        if container.generation != generation {
            return;
        }
        if is_own_program && container.role != Role::Init && !sandbox.is_stopping {
            return self.serve_image(key, &pod, index);
        }
        let code = if is_own_program { 0 } else { code };
        let started = if let ContainerState::Running(since) = container.status.state { since } else { now };
        let ended = ContainerState::Terminated { code, started, finished: now };
        container.status.state = ended.clone();
        container.probes.clear();
        let again = match (container.role, pod.spec()["restartPolicy"].str()) {
            (Role::Sidecar, _) => true,
            (_, "Never") => false,
            (Role::Init, _) | (_, "OnFailure") => code != 0,
            _ => true,
        };
        let is_next = container.role == Role::Init && code == 0;
        if again && !sandbox.is_stopping {
            let delay = container.back_off(now - started);
            if delay > Duration::ZERO {
                container.status.last = Some(ended);
                container.status.state = ContainerState::Waiting("CrashLoopBackOff");
            }
            let task = Task::Restart { pod: key.clone(), uid: sandbox.uid.clone(), index };
            self.plan_task(now + delay, task);
        }
        if is_next {
            self.start_next(key);
        }
        self.judge_readiness(key);
        self.write_status(key);
    }

    /// A script of an image that is not known here has come to a program of that image: it is taken for its server.
    fn serve_image(&mut self, key: &Key, pod: &Object, index: usize) {
        let spec = container_spec(pod, index);
        let start = image(spec, &Default::default());
        let sandbox = self.kubelets.sandboxes.get_mut::<Key>(key).expect("a container of it has ended");
        let Some(host) = sandbox.host else { return };
        sandbox.containers[index].ports = start.servers.iter().map(|(port, protocol, _)| (*port, *protocol)).collect();
        self.start_image(host, spec, start, None);
        self.wake(host);
    }

    pub(super) fn kill_container(&mut self, key: &Key, pod: &Object, index: usize, message: String) {
        self.kubelet_event(pod, EventType::Normal, "Killing", message);
        let Some(sandbox) = self.kubelets.sandboxes.get::<Key>(key) else { return };
        let (Some(host), generation) = (sandbox.host, sandbox.containers[index].generation) else { return };
        let (process, ports) = (sandbox.containers[index].process, sandbox.containers[index].ports.clone());
        self.close_ports(host, &ports);
        if let Some(process) = process {
            let machine = self.machines.machine_mut(host).expect("a sandbox's host exists");
            machine.host.kill(process);
            self.unwatch(host, process);
        }
        self.end_container(key, index, generation, 137);
    }

    /// Nobody listens any longer where a container's image did.
    pub(super) fn close_ports(&mut self, host: HostId, ports: &[(u16, Protocol)]) {
        let Some(machine) = self.machines.machine_mut(host) else { return };
        for &(port, protocol) in ports {
            machine.host.close(port, protocol);
        }
    }

    /// Decides `started` and `ready` of every container from its probes and the pin.
    ///
    /// Source: kubernetes pkg/kubelet/prober/prober_manager.go (UpdatePodStatus).
    pub(super) fn judge_readiness(&mut self, key: &Key) {
        let pinned = self.kubelet_pinned(&key.namespace, &key.name).ready;
        let Some(sandbox) = self.kubelets.sandboxes.get_mut::<Key>(key) else { return };
        for container in &mut sandbox.containers {
            let is_running = matches!(container.status.state, ContainerState::Running(_));
            let verdict = |kind| {
                let probe = container.probes.iter().find(|p| p.kind == kind);
                probe.map(|probe| probe.verdict == Some(true))
            };
            container.status.started = is_running && verdict(ProbeKind::Startup).unwrap_or(true);
            let own = container.status.started && verdict(ProbeKind::Readiness).unwrap_or(true);
            container.status.ready = match container.role {
                Role::Init => container.is_done(),
                _ => pinned.unwrap_or(own) && is_running,
            };
        }
    }
}

/// What a container's image, command, arguments and ports come to.
/// What a shell ends with when a program is not there.
pub(super) const NOT_FOUND: i32 = 127;

/// Whether it is guessed what is in a container's image.
pub(super) fn is_assumed(pod: &Object, index: usize) -> bool {
    Image::parse(container_spec(pod, index)["image"].str()).is_assumed()
}

fn image(spec: &Value, [command, arguments]: &[Vec<String>; 2]) -> Start {
    let mut ports = Vec::new();
    for port in spec["ports"].items() {
        let protocol = match port["protocol"].str() {
            "" | "TCP" => Protocol::Tcp,
            "UDP" => Protocol::Udp,
            _ => continue,
        };
        if let Some(Ok(number)) = port["containerPort"].as_int().map(u16::try_from) {
            ports.push((number, protocol));
        }
    }
    Image::parse(spec["image"].str()).start(command, arguments, &ports)
}

/// The cluster's DNS: it answers from the zone as it is at that moment.
fn dns_server(zone: Rc<RefCell<Zone>>) -> Server {
    Server::Answer(Rc::new(move |question, protocol| {
        let transport = if protocol == Protocol::Udp { Transport::Udp } else { Transport::Tcp };
        dns::answer(&zone.borrow(), question, transport)
    }))
}
