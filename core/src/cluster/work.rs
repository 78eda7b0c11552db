//! What can be planned for an instant.

use super::kubelet::ProbeKind;
use crate::{
    api::Key,
    id::{HostId, LinkId, NodeId},
};
use alloc::{boxed::Box, string::String};
use core::fmt;

/// One entry of the schedule.
#[derive(Debug)]
pub(super) enum Work {
    /// Packets reach the end of a machine's cable.
    Arrive(HostId),
    /// A machine wants to be polled.
    Host(HostId),
    /// A wire has packets to hand over.
    Link(LinkId),
    /// A router's timers.
    Router(NodeId),
    /// A node takes the changes whose delay is over into its rules.
    Sync(NodeId),
    /// The control plane asked to be called.
    Control,
    /// A kubelet's own plans.
    Kubelet(Box<Task>),
}

/// What a kubelet plans for one pod; the uid tells it from a later pod of the same name.
#[derive(Debug)]
pub(super) enum Task {
    Start { pod: Key, uid: String },
    Stop { pod: Key, uid: String, is_awaited: bool },
    Restart { pod: Key, uid: String, index: usize },
    Probe { pod: Key, uid: String, index: usize, generation: u32, kind: ProbeKind, is_first: bool },
}

impl Work {
    /// Whether [`super::Cluster::settle`] waits for it: what brings the cluster to rest, not what goes on for ever.
    pub(super) fn is_pending(&self) -> bool {
        match self {
            Work::Sync(_) => true,
            Work::Kubelet(task) => match &**task {
                Task::Start { .. } => true,
                Task::Stop { is_awaited, .. } => *is_awaited,
                Task::Probe { is_first, .. } => *is_first,
                Task::Restart { .. } => false,
            },
            Work::Arrive(_) | Work::Host(_) | Work::Link(_) | Work::Router(_) | Work::Control => false,
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, pod) = match self {
            Work::Arrive(HostId(host)) => return write!(f, "packets for machine {host}"),
            Work::Host(HostId(host)) => return write!(f, "the stack of machine {host}"),
            Work::Link(LinkId(link)) => return write!(f, "packets on link {link}"),
            Work::Router(NodeId(node)) => return write!(f, "the router of node {node}"),
            Work::Sync(NodeId(node)) => return write!(f, "the rules of node {node}"),
            Work::Control => return f.write_str("the control plane"),
            Work::Kubelet(task) => match &**task {
                Task::Start { pod, .. } => ("start", pod),
                Task::Stop { pod, .. } => ("end", pod),
                Task::Restart { pod, .. } => ("restart", pod),
                Task::Probe { pod, .. } => ("probe", pod),
            },
        };
        write!(f, "the {what} of {pod}")
    }
}
