//! Hooks: what runs when a container has started, and what its pod's end waits for.
//!
//! Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go (startContainer, executePreStopHook).

use super::{Watched, probe, sandbox::container_spec, status::ContainerState};
use crate::{
    api::{Key, Object, Value},
    cluster::{Cluster, work::Task},
    control::EventType,
    time::Duration,
};
use alloc::borrow::ToOwned;

/// How long a container may take for its `postStart`, in seconds; a real one may take for ever.
const PATIENCE: u32 = 3600;

impl Cluster {
    /// Whether a container is held back until its `postStart` is done.
    pub(super) fn is_held(spec: &Value) -> bool {
        !spec["lifecycle"]["postStart"].is_null()
    }

    pub(super) fn start_post_start(&mut self, key: &Key, pod: &Object, index: usize) {
        if !self.start_hook(key, pod, index, "postStart", PATIENCE) {
            let generation = self.kubelets.sandbox(key).containers[index].generation;
            self.end_hook(key, index, generation, false, true);
        }
    }

    /// Starts what a pod's containers want to do before they end; false if there is nothing.
    pub(super) fn start_pre_stops(&mut self, key: &Key, pod: &Object, grace: u32) -> bool {
        let mut any = false;
        for index in 0..self.kubelets.sandbox(key).containers.len() {
            if self.kubelet_is_running(&key.namespace, &key.name, index) {
                any |= self.start_hook(key, pod, index, "preStop", grace);
            }
        }
        any
    }

    fn start_hook(&mut self, key: &Key, pod: &Object, index: usize, field: &str, limit: u32) -> bool {
        let container = container_spec(pod, index);
        let spec = &container["lifecycle"][field];
        let sandbox = self.kubelets.sandbox(key);
        let Some(&address) = sandbox.addresses.first().filter(|_| !spec.is_null()) else { return false };
        let generation = sandbox.containers[index].generation;
        let action = probe::action(spec, container, address, limit);
        let Some((runner, process)) = self.spawn_action(key, index, &action) else { return false };
        let is_last = field == "preStop";
        self.watch(runner, process, Watched::Hook { pod: key.clone(), index, generation, is_last });
        true
    }

    pub(super) fn end_hook(&mut self, key: &Key, index: usize, generation: u32, is_last: bool, success: bool) {
        let Some(pod) = self.control.store().get(key).cloned() else { return };
        if is_last {
            if !success {
                let message = "PreStopHook failed".to_owned();
                self.kubelet_event(&pod, EventType::Warning, "FailedPreStopHook", message);
            }
            let is_one_of =
                |watched: &Watched| matches!(watched, Watched::Hook { pod, is_last: true, .. } if pod == key);
            if !self.kubelets.watched.values().any(is_one_of) {
                let uid = self.kubelets.sandbox(key).uid.clone();
                let task = Task::Stop { pod: key.clone(), uid, is_awaited: true };
                self.plan_task(self.now + self.config.stop_delay, task);
            }
            return;
        }
        let now = self.now;
        let Some(sandbox) = self.kubelets.sandboxes.get_mut::<Key>(key) else { return };
        let container = &mut sandbox.containers[index];
        if container.generation != generation || container.status.state != ContainerState::HELD {
            return;
        }
        container.status.state = ContainerState::Running(now);
        if !success {
            self.kubelet_event(&pod, EventType::Warning, "FailedPostStartHook", "PostStartHook failed".to_owned());
            return self.kill_container(key, &pod, index, "FailedPostStartHook".to_owned());
        }
        self.judge_readiness(key);
        self.start_next(key);
        self.write_status(key);
    }

    /// The grace that a pod was given to end.
    pub(super) fn grace(pod: &Object) -> Duration {
        let seconds = pod.value["metadata"]["deletionGracePeriodSeconds"].as_int().unwrap_or(30);
        Duration::from_secs(seconds.clamp(0, 1 << 30) as u64)
    }
}
