//! Processes whose end a kubelet waits for: containers, probes and hooks.

use super::probe::{ProbeAction, ProbeKind};
use crate::{api::Key, cluster::Cluster, host::ProcessId, id::HostId};
use alloc::{string::String, vec::Vec};

/// Why the end of a process matters.
#[derive(Debug, Clone)]
pub(super) enum Watched {
    Container {
        pod: Key,
        index: usize,
        generation: u32,
    },
    /// `is_awaited`: [`Cluster::settle`] waits for its result.
    Probe {
        pod: Key,
        index: usize,
        generation: u32,
        kind: ProbeKind,
        is_awaited: bool,
    },
    /// `is_last`: the pod's end waits for it.
    Hook {
        pod: Key,
        index: usize,
        generation: u32,
        is_last: bool,
    },
}

impl Watched {
    pub(super) fn pod(&self) -> &Key {
        let (Watched::Container { pod, .. } | Watched::Probe { pod, .. } | Watched::Hook { pod, .. }) = self;
        pod
    }

    pub(super) fn is_awaited(&self) -> bool {
        matches!(self, Watched::Probe { is_awaited: true, .. } | Watched::Hook { .. })
    }
}

impl Cluster {
    /// Acts on the ends of a machine's processes that are a container's command or a probe.
    pub(in crate::cluster) fn kubelet_follow_processes(&mut self, host: HostId) {
        if !self.machines.machine(host).is_some_and(|machine| machine.host.has_ended()) {
            return;
        }
        let watched = self.kubelets.watched.range((host, ProcessId(0))..=(host, ProcessId(u32::MAX)));
        let mut ended = Vec::new();
        for ((_, process), _) in watched {
            if self.exit_code(host, *process).is_some() {
                ended.push(*process);
            }
        }
        for process in ended {
            self.handle_exit(host, process);
        }
    }

    fn handle_exit(&mut self, host: HostId, process: ProcessId) {
        match self.unwatch(host, process) {
            Some(Watched::Container { pod, index, generation }) => {
                let code = self.exit_code(host, process).unwrap_or(0);
                self.end_container(&pod, index, generation, code);
            }
            Some(Watched::Probe { pod, index, generation, kind, .. }) => {
                let sandbox = self.kubelets.sandboxes.get::<Key>(&pod);
                let probes = sandbox.map_or(&[][..], |sandbox| &sandbox.containers[index].probes);
                let asked = match probes.iter().find(|probe| probe.kind == kind).map(|probe| &probe.action) {
                    Some(ProbeAction::FromNode(_, asked)) => asked.clone(),
                    _ => String::new(),
                };
                let result = self.probe_result(host, process, &pod, index, &asked);
                self.handle_probe(&pod, index, generation, kind, result);
            }
            Some(Watched::Hook { pod, index, generation, is_last }) => {
                let success = self.probe_result(host, process, &pod, index, "").is_ok();
                self.end_hook(&pod, index, generation, is_last, success);
            }
            None => {}
        }
    }

    /// Remembers why the end of a process matters.
    pub(super) fn watch(&mut self, host: HostId, process: ProcessId, watched: Watched) {
        self.pending += u32::from(watched.is_awaited());
        self.kubelets.watched.insert((host, process), watched);
    }

    /// The end of this process matters no longer.
    pub(super) fn unwatch(&mut self, host: HostId, process: ProcessId) -> Option<Watched> {
        let watched = self.kubelets.watched.remove(&(host, process));
        self.pending -= u32::from(watched.as_ref().is_some_and(Watched::is_awaited));
        watched
    }
}
