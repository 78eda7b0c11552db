//! Facts about a pod that a test or a lesson fixes instead of leaving them to the kubelet.

use alloc::{string::String, vec::Vec};
use core::net::IpAddr;

/// What is fixed about one pod. It may be given before the pod exists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodPin {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub name: String,
    /// Its addresses, one of each family; the node's range gives them if this is empty.
    pub addresses: Vec<IpAddr>,
    /// Whether it is ready, whatever its probes say.
    pub ready: Option<bool>,
    /// Its phase, for a pod that has failed, has ended or has not started.
    pub phase: Option<String>,
    /// TCP ports it listens on besides what its image does.
    pub tcp: Vec<u16>,
    /// UDP ports it answers on besides what its image does.
    pub udp: Vec<u16>,
    /// Keeps its processes running after it was told to end, until its grace period is over.
    pub lingers: bool,
}
