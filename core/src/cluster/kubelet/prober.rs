//! Running probes and judging their results.

use super::{
    Watched,
    containers::{NOT_FOUND, is_assumed},
    probe::{Probe, ProbeAction, ProbeKind, complaint},
    sandbox::container_spec,
};
use crate::{
    api::{Key, Object},
    cluster::{Cluster, work::Task},
    control::EventType,
    host::ProcessId,
    id::HostId,
    time::Duration,
};
use alloc::{borrow::ToOwned, format, string::String};

/// What `timeout` ends with when the time is over.
const TIMED_OUT: i32 = 143;

impl Cluster {
    pub(super) fn start_probe(&mut self, key: &Key, index: usize, generation: u32, kind: ProbeKind) {
        let sandbox = &self.kubelets.sandbox(key);
        let uid = sandbox.uid.clone();
        let container = &sandbox.containers[index];
        let is_held =
            kind != ProbeKind::Startup && !container.status.started && has_probe(&container.probes, ProbeKind::Startup);
        let Some(probe) = container.probes.iter().find(|p| p.kind == kind) else { return };
        if container.generation != generation || (kind == ProbeKind::Startup && container.status.started) {
            return;
        }
        let action = probe.action.clone();
        let is_awaited = !probe.has_result();
        let is_skipped = probe.is_running;
        if is_held {
            return self.probes_of(key, index).filter(|p| p.kind == kind).for_each(|p| p.is_held = true);
        }
        let again = Task::Probe { pod: key.clone(), uid, index, generation, kind, is_first: false };
        let at = self.now + probe.period.max(Duration::from_secs(1));
        self.plan_task(at, again);
        if is_skipped {
            return;
        }
        if let ProbeAction::Errored(why) = &action {
            let Some(pod) = self.control.store().get(key).cloned() else { return };
            let message = format!("{} probe errored and resulted in unknown state: {why}", kind.word());
            return self.kubelet_event(&pod, EventType::Warning, "Unhealthy", message);
        }
        let Some((runner, process)) = self.spawn_action(key, index, &action) else {
            return self.handle_probe(key, index, generation, kind, Ok(()));
        };
        self.watch(runner, process, Watched::Probe { pod: key.clone(), index, generation, kind, is_awaited });
        self.probes_of(key, index).for_each(|probe| probe.is_running |= probe.kind == kind);
    }

    fn probes_of(&mut self, key: &Key, index: usize) -> core::slice::IterMut<'_, Probe> {
        let sandbox = self.kubelets.sandboxes.get_mut::<Key>(key).expect("found above");
        sandbox.containers[index].probes.iter_mut()
    }

    /// Starts what a probe or a hook does; `None` if that is not simulated.
    pub(super) fn spawn_action(
        &mut self,
        key: &Key,
        index: usize,
        action: &ProbeAction,
    ) -> Option<(HostId, ProcessId)> {
        let sandbox = self.kubelets.sandbox(key);
        let (runner, line, surroundings) = match action {
            ProbeAction::Assumed | ProbeAction::Errored(_) => return None,
            ProbeAction::FromNode(line, _) => (self.nodes[sandbox.node.0 as usize].host, line, None),
            ProbeAction::InPod(line) => (sandbox.host?, line, sandbox.containers[index].surroundings.clone()),
        };
        Some((runner, self.spawn(runner, line, surroundings)))
    }

    /// What a probe's process says: a success, or the words of the event.
    pub(super) fn probe_result(
        &mut self,
        host: HostId,
        process: ProcessId,
        key: &Key,
        index: usize,
        asked: &str,
    ) -> Result<(), String> {
        let mut code = self.exit_code(host, process).unwrap_or(1);
        // The image's own program: what it would find is not known here, as with gRPC.
        if code == NOT_FOUND && self.control.store().get(key).is_some_and(|pod| is_assumed(pod, index)) {
            code = 0;
        }
        let Some(machine) = self.machines.machine_mut(host) else { return Ok(()) };
        let stdout = String::from_utf8_lossy(&machine.host.take_stdout(process)).into_owned();
        let stderr = String::from_utf8_lossy(&machine.host.take_stderr(process)).into_owned();
        machine.host.reap(process);
        let http: Option<u16> = stdout.trim().parse().ok().filter(|_| code == 0);
        match (code, http) {
            (TIMED_OUT, None) => Err("command timed out".to_owned()),
            (0, Some(status)) if !(200..400).contains(&status) => {
                Err(format!("HTTP probe failed with statuscode: {status}"))
            }
            (0, _) => Ok(()),
            (_, _) if !asked.is_empty() => Err(complaint(asked, code, &stderr)),
            (_, _) => Err(if stderr.is_empty() { stdout } else { stderr }.trim_end().to_owned()),
        }
    }

    pub(super) fn handle_probe(
        &mut self,
        key: &Key,
        index: usize,
        generation: u32,
        kind: ProbeKind,
        result: Result<(), String>,
    ) {
        let Some(pod) = self.control.store().get(key).cloned() else { return };
        let Some(sandbox) = self.kubelets.sandboxes.get_mut::<Key>(key) else { return };
        let container = &mut sandbox.containers[index];
        if container.generation != generation {
            return;
        }
        let Some(probe) = container.probes.iter_mut().find(|p| p.kind == kind) else { return };
        let changed = probe.handle_result(result.is_ok());
        if let Err(words) = &result {
            let message = format!("{} probe failed: {words}", kind.word());
            self.kubelet_event(&pod, EventType::Warning, "Unhealthy", message);
        }
        if !changed {
            return;
        }
        if kind != ProbeKind::Readiness && result.is_err() {
            let (name, probe) = (container_spec(&pod, index)["name"].str(), kind.word().to_ascii_lowercase());
            let message = format!("Container {name} failed {probe} probe, will be restarted");
            self.kill_container(key, &pod, index, message);
        }
        self.judge_readiness(key);
        if kind == ProbeKind::Startup {
            self.start_next(key);
            self.ask_held(key, &pod, index);
        }
        self.write_status(key);
    }

    /// Asks at once what has waited for the container to start.
    ///
    /// Source: kubernetes pkg/kubelet/prober/prober_manager.go (UpdatePodStatus).
    fn ask_held(&mut self, key: &Key, pod: &Object, index: usize) {
        let generation = self.kubelets.sandbox(key).containers[index].generation;
        for kind in ProbeKind::ALL {
            let is_held = self.probes_of(key, index).any(|p| p.kind == kind && core::mem::take(&mut p.is_held));
            if is_held {
                let (pod, uid) = (key.clone(), pod.uid().to_owned());
                self.plan_task(self.now, Task::Probe { pod, uid, index, generation, kind, is_first: true });
            }
        }
    }
}

fn has_probe(probes: &[Probe], kind: ProbeKind) -> bool {
    probes.iter().any(|probe| probe.kind == kind)
}
