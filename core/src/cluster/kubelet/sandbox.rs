//! One pod as its node's kubelet runs it.

use super::{
    probe::Probe,
    status::{ContainerState, ContainerStatus},
};
use crate::{
    api::{Object, Value},
    host::{HostConfig, ProcessId, Protocol},
    id::{HostId, NodeId},
    time::{Duration, Instant},
};
use alloc::{rc::Rc, string::String, vec::Vec};
use core::net::IpAddr;

/// A pod that a kubelet has taken on.
#[derive(Debug)]
pub(super) struct Sandbox {
    pub(super) uid: String,
    pub(super) node: NodeId,
    /// Its stack, from the moment it has an address.
    pub(super) host: Option<HostId>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) accepted_at: Instant,
    /// The containers and, behind them, those that run before: the init containers.
    pub(super) containers: Vec<Container>,
    /// How many of them are no init containers.
    pub(super) mains: usize,
    pub(super) is_stopping: bool,
}

/// One container of a sandbox.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) role: Role,
    pub(super) status: ContainerStatus,
    /// Its command, if the manifest gives one or the image ends by itself.
    pub(super) process: Option<ProcessId>,
    /// The command of the run before, for its log.
    pub(super) previous: Option<ProcessId>,
    /// What its processes find around themselves, if that is not what the machine has.
    pub(super) surroundings: Option<Rc<HostConfig>>,
    /// Where its image listens.
    pub(super) ports: Vec<(u16, Protocol)>,
    pub(super) probes: Vec<Probe>,
    /// How often it has ended soon after it had started.
    failures: u32,
    /// Counts starts, so that a probe of an earlier one is not taken for this one's.
    pub(super) generation: u32,
}

/// What a container is for its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// What the pod is for.
    Main,
    /// It runs to its end before the next one starts.
    Init,
    /// An init container that goes on beside the others: the next one starts once it has.
    Sidecar,
}

/// The spec of a sandbox's container of that index.
pub(in crate::cluster) fn container_spec(pod: &Object, index: usize) -> &Value {
    let mains = pod.spec()["containers"].items();
    mains.get(index).unwrap_or_else(|| &pod.spec()["initContainers"][index - mains.len()])
}

impl Sandbox {
    pub(super) fn new(pod: &Object, node: NodeId, now: Instant) -> Sandbox {
        let spec = pod.spec();
        let (mains, inits) = (spec["containers"].items(), spec["initContainers"].items());
        let why = if inits.is_empty() { "ContainerCreating" } else { "PodInitializing" };
        let mut containers = Vec::new();
        for _ in mains {
            containers.push(Container::waiting(Role::Main, why));
        }
        for init in inits {
            let role = if init["restartPolicy"].str() == "Always" { Role::Sidecar } else { Role::Init };
            containers.push(Container::waiting(role, why));
        }
        Sandbox {
            uid: pod.uid().into(),
            node,
            host: None,
            addresses: Vec::new(),
            accepted_at: now,
            containers,
            mains: mains.len(),
            is_stopping: false,
        }
    }

    /// `status.phase`. Source: kubernetes pkg/kubelet/kubelet_pods.go (getPhase).
    pub(super) fn phase(&self, restart_policy: &str) -> &'static str {
        let (mains, inits) = self.containers.split_at(self.mains);
        for init in inits {
            match init.status.state {
                _ if init.role == Role::Sidecar && init.generation > 0 => {}
                ContainerState::Terminated { code: 0, .. } => {}
                ContainerState::Terminated { .. } if restart_policy == "Never" => return "Failed",
                _ => return "Pending",
            }
        }
        let states = || mains.iter().map(|c| &c.status);
        if states().any(|c| matches!(c.state, ContainerState::Waiting(_)) && c.last.is_none()) {
            return "Pending";
        }
        let ended = |c: &ContainerStatus| matches!(c.state, ContainerState::Terminated { .. });
        let is_last = restart_policy != "Always" || self.is_stopping;
        if !is_last || !states().all(ended) {
            return "Running";
        }
        let failed = states().any(|c| matches!(c.state, ContainerState::Terminated { code, .. } if code != 0));
        match (failed, restart_policy) {
            (false, _) => "Succeeded",
            (true, "OnFailure") if !self.is_stopping => "Running",
            (true, _) => "Failed",
        }
    }

    /// Whether every container is ready.
    pub(super) fn is_ready(&self) -> bool {
        !self.containers.is_empty() && self.containers.iter().all(|c| c.status.ready)
    }
}

impl Container {
    fn waiting(role: Role, why: &'static str) -> Container {
        let state = ContainerState::Waiting(why);
        let status = ContainerStatus { state, last: None, ready: false, started: false, restarts: 0 };
        Container {
            role,
            status,
            process: None,
            previous: None,
            surroundings: None,
            ports: Vec::new(),
            probes: Vec::new(),
            failures: 0,
            generation: 0,
        }
    }

    /// Its end with its pod: a server ends well when asked to, a command is killed once the grace is over.
    pub(super) fn stop(&mut self, now: Instant) {
        let (code, started) = match self.status.state {
            ContainerState::Running(started) if self.process.is_none() => (0, started),
            ContainerState::Running(started) => (137, started),
            // Nobody knows what has become of it.
            ContainerState::Waiting(_) => (137, now),
            ContainerState::Terminated { .. } => return,
        };
        self.status.state = ContainerState::Terminated { code, started, finished: now };
        (self.status.ready, self.status.started) = (false, false);
    }

    /// Whether what comes after an init container may start.
    pub(super) fn is_done(&self) -> bool {
        match self.role {
            Role::Sidecar => self.status.started,
            _ => matches!(self.status.state, ContainerState::Terminated { code: 0, .. }),
        }
    }

    /// How long a container that ended after `run` waits: not at all the first time, then 10 s, doubled each time, up to
    /// 300 s; a run of ten minutes makes good for all before.
    ///
    /// Source: kubernetes pkg/kubelet/kubelet.go (MaxContainerBackOff, backOffPeriod), client-go util/flowcontrol/backoff.go.
    pub(super) fn back_off(&mut self, run: Duration) -> Duration {
        if run > Duration::from_secs(600) {
            self.failures = 0;
        }
        self.failures += 1;
        match self.failures {
            1 => Duration::ZERO,
            failures => Duration::from_secs((10 << (failures - 2).min(5)).min(300)),
        }
    }
}
