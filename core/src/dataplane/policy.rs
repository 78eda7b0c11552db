//! Network policy: who may talk to whom, judged once for each connection, on pod addresses.
//!
//! staging/src/k8s.io/api/networking/v1/types.go. Always allowed, whatever the policies: a pod to itself, and
//! the pod's own node in both directions (which kubelet's probes need).

use crate::ordered::OrdMap;
use alloc::rc::Rc;
use core::net::IpAddr;

use super::table::{PodPolicy, PolicyRule};
use crate::net::Flow;

/// The policies of a node's pods.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    pods: OrdMap<IpAddr, Rc<PodPolicy>>,
}

impl Policies {
    pub(crate) fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    pub(crate) fn set(&mut self, pod: IpAddr, policy: Option<Rc<PodPolicy>>) {
        match policy {
            Some(policy) => self.pods.insert(pod, policy),
            None => self.pods.remove(&pod),
        };
    }

    /// Whether the sender, a pod of this node, may open this connection.
    pub(crate) fn allows_egress(&self, flow: &Flow) -> bool {
        let rules = self.pods.get(&flow.src).and_then(|policy| policy.egress.as_ref());
        flow.src == flow.dst || rules.is_none_or(|rules| rules.iter().any(|rule| allows(rule, flow, flow.dst)))
    }

    /// Whether the receiver, a pod of this node, may be opened this connection.
    pub(crate) fn allows_ingress(&self, flow: &Flow) -> bool {
        let rules = self.pods.get(&flow.dst).and_then(|policy| policy.ingress.as_ref());
        flow.src == flow.dst || rules.is_none_or(|rules| rules.iter().any(|rule| allows(rule, flow, flow.src)))
    }
}

fn allows(rule: &PolicyRule, flow: &Flow, peer: IpAddr) -> bool {
    let port = |range: &super::table::PortRange| {
        range.protocol == flow.protocol && (range.from..=range.to).contains(&flow.dst_port)
    };
    rule.ports.as_ref().is_none_or(|ports| ports.iter().any(port))
        && rule.peers.as_ref().is_none_or(|peers| peers.contains(peer))
}
