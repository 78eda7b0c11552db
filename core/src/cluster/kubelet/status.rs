//! A pod's `status`, as the kubelet writes it.

use super::sandbox::{Container, Role, container_spec};
use crate::{
    api::{Object, Value, field},
    control::timestamp,
    time::Instant,
};
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::net::IpAddr;

/// What a container is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ContainerState {
    /// Not running yet, or not running again, and why: `ContainerCreating`, `CrashLoopBackOff`.
    Waiting(&'static str),
    /// Running since then.
    Running(Instant),
    /// Ended with that exit code.
    Terminated { code: i32, started: Instant, finished: Instant },
}

/// One container as the kubelet sees it.
#[derive(Debug, Clone)]
pub(super) struct ContainerStatus {
    pub(super) state: ContainerState,
    pub(super) last: Option<ContainerState>,
    pub(super) ready: bool,
    pub(super) started: bool,
    pub(super) restarts: u32,
}

/// What the kubelet knows of one pod, ready to be written down.
#[derive(Debug)]
pub(super) struct PodStatus<'a> {
    pub(super) now: Instant,
    pub(super) phase: &'a str,
    pub(super) node_addresses: &'a [IpAddr],
    pub(super) addresses: &'a [IpAddr],
    pub(super) started_at: Instant,
    pub(super) containers: &'a [Container],
    /// How many of them are no init containers.
    pub(super) mains: usize,
    pub(super) ready: bool,
}

impl PodStatus<'_> {
    /// The whole `status` of `pod`; conditions that do not change keep their transition time.
    ///
    /// Source: kubernetes pkg/kubelet/status/generate.go and pkg/kubelet/kubelet_pods.go (generateAPIPodStatus).
    pub(super) fn emit(&self, pod: &Object) -> Value {
        let (mut containers, mut inits) = (Vec::new(), Vec::new());
        for (index, container) in self.containers.iter().enumerate() {
            let list = if index < self.mains { &mut containers } else { &mut inits };
            list.push(container.status.emit(pod, container_spec(pod, index)));
        }
        let mut fields = Vec::with_capacity(10);
        fields.push(field("conditions", self.conditions(pod)));
        fields.push(field("containerStatuses", containers));
        let hosts = address_list(self.node_addresses);
        if let Some(first) = hosts.first() {
            fields.push(field("hostIP", first["ip"].clone()));
            fields.push(field("hostIPs", hosts));
        }
        if !inits.is_empty() {
            fields.push(field("initContainerStatuses", inits));
        }
        fields.push(field("phase", self.phase));
        let own = address_list(self.addresses);
        if let Some(first) = own.first() {
            fields.push(field("podIP", first["ip"].clone()));
            fields.push(field("podIPs", own));
        }
        fields.push(field("qosClass", qos_class(pod)));
        fields.push(field("startTime", timestamp::emit(self.started_at)));
        Value::of(fields)
    }

    fn conditions(&self, pod: &Object) -> Vec<Value> {
        let done = self.phase == "Succeeded";
        let why_not = if done { "PodCompleted" } else { "ContainersNotReady" };
        let containers_ready = !self.containers.is_empty() && self.containers.iter().all(|c| c.status.ready);
        let has_address = !self.addresses.is_empty();
        let (mut unready, mut incomplete) = (Vec::new(), Vec::new());
        for (index, container) in self.containers.iter().enumerate() {
            let name = container_spec(pod, index)["name"].str();
            if container.role != Role::Init && !container.status.ready {
                unready.push(name);
            }
            if index >= self.mains && !container.is_done() {
                incomplete.push(name);
            }
        }
        let mut conditions = Vec::new();
        for (kind, truth, reason) in [
            ("PodReadyToStartContainers", has_address && !done && self.phase != "Failed", ""),
            ("Initialized", incomplete.is_empty() || self.phase == "Running", "ContainersNotInitialized"),
            ("Ready", self.ready, why_not),
            ("ContainersReady", containers_ready, why_not),
            ("PodScheduled", true, ""),
        ] {
            let word = if truth { "True" } else { "False" };
            let old = pod.status()["conditions"].items().iter().find(|c| c["type"].str() == kind);
            let is_bare = |old: &&Value| old["status"].str() == word && old.fields().count() == 4;
            if let Some(old) = old.filter(is_bare).filter(|_| truth) {
                conditions.push(old.clone());
                continue;
            }
            let since = match old {
                Some(old) if old["status"].str() == word => old["lastTransitionTime"].clone(),
                _ => timestamp::emit(self.now).into(),
            };
            let mut fields = Vec::with_capacity(6);
            fields.push(field("lastProbeTime", Value::Null));
            fields.push(field("lastTransitionTime", since));
            if !truth && !reason.is_empty() {
                if !done {
                    let (what, names) =
                        if kind == "Initialized" { ("incomplete", &incomplete) } else { ("unready", &unready) };
                    let message = format!("containers with {what} status: [{}]", names.join(" "));
                    fields.push(field("message", message));
                }
                fields.push(field("reason", reason));
            }
            fields.push(field("status", word));
            fields.push(field("type", kind));
            conditions.push(Value::of(fields));
        }
        conditions
    }
}

impl ContainerStatus {
    fn emit(&self, pod: &Object, spec: &Value) -> Value {
        let image = spec["image"].str();
        let mut fields = Vec::with_capacity(9);
        let mut image_id = String::new();
        if !matches!(self.state, ContainerState::Waiting("ContainerCreating" | "PodInitializing")) {
            let id = format!("containerd://{}{:02x}", pod.uid().replace('-', ""), self.restarts);
            fields.push(field("containerID", id));
            image_id = format!("docker.io/{image}");
        }
        fields.push(field("image", image));
        fields.push(field("imageID", image_id));
        fields.push(field("lastState", self.last.as_ref().map_or_else(Value::map, ContainerState::emit)));
        fields.push(field("name", spec["name"].clone()));
        fields.push(field("ready", self.ready));
        fields.push(field("restartCount", i64::from(self.restarts)));
        fields.push(field("started", self.started));
        fields.push(field("state", self.state.emit()));
        Value::of(fields)
    }
}

impl ContainerState {
    /// Started, but its `postStart` is not done.
    pub(super) const HELD: ContainerState = ContainerState::Waiting("ContainerCreating");

    fn emit(&self) -> Value {
        let mut state = Value::map();
        match self {
            ContainerState::Waiting(reason) => state.set(&["waiting", "reason"], *reason),
            ContainerState::Running(since) => state.set(&["running", "startedAt"], timestamp::emit(*since)),
            ContainerState::Terminated { code, started, finished } => {
                let ended = state.field_mut("terminated");
                ended.set(&["exitCode"], i64::from(*code));
                ended.set(&["reason"], if *code == 0 { "Completed" } else { "Error" });
                ended.set(&["startedAt"], timestamp::emit(*started));
                ended.set(&["finishedAt"], timestamp::emit(*finished));
            }
        }
        state
    }
}

fn address_list(addresses: &[IpAddr]) -> Vec<Value> {
    let mut list = Vec::new();
    for address in addresses {
        list.push(Value::of(vec![field("ip", address.to_string())]));
    }
    list
}

/// Source: kubernetes pkg/apis/core/v1/helper/qos/qos.go.
fn qos_class(pod: &Object) -> &'static str {
    let mut best_effort = true;
    let mut guaranteed = true;
    for container in pod.spec()["containers"].items() {
        let (requests, limits) = (&container["resources"]["requests"], &container["resources"]["limits"]);
        for resource in ["cpu", "memory"] {
            let (request, limit) = (&requests[resource], &limits[resource]);
            best_effort &= request.is_null() && limit.is_null();
            guaranteed &= !limit.is_null() && (request.is_null() || request == limit);
        }
    }
    match (best_effort, guaranteed) {
        (true, _) => "BestEffort",
        (false, true) => "Guaranteed",
        (false, false) => "Burstable",
    }
}
