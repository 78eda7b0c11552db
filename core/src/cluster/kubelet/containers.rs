//! Containers: what an image does, and what becomes of it when it ends.

use super::{
    Watched,
    probe::{Probe, ProbeKind},
    status::ContainerState,
};
use crate::{
    api::{Key, Object, Value},
    cluster::{Cluster, work::Task},
    control::EventType,
    dns::{self, Transport, Zone},
    host::{
        Command, HostConfig, ProcessId, Protocol, Server,
        images::{Image, Start, base_name},
    },
    id::HostId,
    time::Duration,
};
use alloc::{borrow::ToOwned, format, rc::Rc, vec::Vec};
use core::cell::RefCell;

impl Cluster {
    pub(super) fn start_container(&mut self, key: &Key, index: usize) {
        let Some(pod) = self.control.store().get(key).cloned() else { return };
        let spec = &pod.spec()["containers"][index];
        let now = self.now;
        let Some(sandbox) = self.kubelets.sandboxes.get_mut::<Key>(key) else { return };
        let (Some(host), Some(&address)) = (sandbox.host, sandbox.addresses.first()) else { return };
        let container = &mut sandbox.containers[index];
        container.generation += 1;
        container.status.state = ContainerState::Running(now);
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
        let surroundings = self.kubelets.sandbox(key).surroundings.clone();
        let process = self.start_image(host, spec, surroundings);
        if let Some(process) = process {
            self.watch(host, process, Watched::Container { pod: key.clone(), index, generation });
        }
        self.kubelets.sandboxes.get_mut::<Key>(key).expect("still there").containers[index].process = process;
        self.judge_readiness(key);
        self.wake(host);
    }

    /// Lets a host do what a container's image does.
    fn start_image(&mut self, host: HostId, spec: &Value, surroundings: Option<Rc<HostConfig>>) -> Option<ProcessId> {
        let start = image(spec);
        let zone = self.zone.clone();
        let machine = self.machines.machine_mut(host).expect("a sandbox's host exists");
        let is_dns = base_name(spec["image"].str()) == "coredns";
        for (port, protocol, server) in start.servers {
            let server = if is_dns && port == 53 { dns_server(zone.clone()) } else { server };
            machine.host.serve(port, protocol, server);
        }
        let command = Command { argv: start.command?, terminal: spec["tty"].as_bool() == Some(true) };
        let process = machine.host.spawn_in(command, surroundings);
        if spec["stdin"].as_bool() != Some(true) {
            machine.host.close_stdin(process);
        }
        Some(process)
    }

    /// Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions, doBackOff).
    pub(super) fn end_container(&mut self, key: &Key, index: usize, generation: u32, code: i32) {
        let Some(pod) = self.control.store().get(key).cloned() else { return };
        let now = self.now;
        let Some(sandbox) = self.kubelets.sandboxes.get_mut::<Key>(key) else { return };
        let container = &mut sandbox.containers[index];
        if container.generation != generation {
            return;
        }
        let started = if let ContainerState::Running(since) = container.status.state { since } else { now };
        let ended = ContainerState::Terminated { code, started, finished: now };
        container.status.state = ended.clone();
        container.probes.clear();
        let again = match pod.spec()["restartPolicy"].str() {
            "Never" => false,
            "OnFailure" => code != 0,
            _ => true,
        };
        if again && !sandbox.is_stopping {
            let delay = container.back_off();
            container.status.restarts += 1;
            container.status.last = Some(ended);
            if delay > Duration::ZERO {
                container.status.state = ContainerState::Waiting("CrashLoopBackOff");
            }
            let task = Task::Restart { pod: key.clone(), uid: sandbox.uid.clone(), index };
            self.plan_task(now + delay, task);
        }
        self.judge_readiness(key);
        self.write_status(key);
    }

    pub(super) fn kill_container(&mut self, key: &Key, pod: &Object, index: usize, kind: ProbeKind) {
        let name = pod.spec()["containers"][index]["name"].str();
        let message = format!("Container {name} failed {} probe, will be restarted", kind.word().to_ascii_lowercase());
        self.kubelet_event(pod, EventType::Normal, "Killing", message);
        let Some(sandbox) = self.kubelets.sandboxes.get::<Key>(key) else { return };
        let (Some(host), generation) = (sandbox.host, sandbox.containers[index].generation) else { return };
        let process = sandbox.containers[index].process;
        self.close_ports(host, core::slice::from_ref(&pod.spec()["containers"][index]));
        if let Some(process) = process {
            let machine = self.machines.machine_mut(host).expect("a sandbox's host exists");
            machine.host.kill(process);
            self.unwatch(host, process);
        }
        self.end_container(key, index, generation, 137);
    }

    /// Nobody listens any longer where these containers' images did.
    pub(super) fn close_ports(&mut self, host: HostId, containers: &[Value]) {
        let Some(machine) = self.machines.machine_mut(host) else { return };
        for container in containers {
            for (port, protocol, _) in image(container).servers {
                machine.host.close(port, protocol);
            }
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
            container.status.ready = pinned.unwrap_or(own) && is_running;
        }
    }
}

/// What a container's image, command and ports come to.
fn image(spec: &Value) -> Start {
    let words = |field: &str| {
        let mut words = Vec::new();
        for word in spec[field].items() {
            words.push(word.str().to_owned());
        }
        words
    };
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
    Image::parse(spec["image"].str()).start(&words("command"), &words("args"), &ports)
}

/// The cluster's DNS: it answers from the zone as it is at that moment.
fn dns_server(zone: Rc<RefCell<Zone>>) -> Server {
    Server::Answer(Rc::new(move |question, protocol| {
        let transport = if protocol == Protocol::Udp { Transport::Udp } else { Transport::Tcp };
        dns::answer(&zone.borrow(), question, transport)
    }))
}
