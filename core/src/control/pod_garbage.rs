//! Removes the pods of a node that is deleted.

use super::{
    DeleteOptions,
    controller::Controller,
    plan::{Op, Plan},
    queue::Queue,
    store::{Change, Store},
};
use crate::{
    api::{Key, Kind},
    time::{Duration, Instant},
};

/// How long a node may be away before its pods are given up.
const QUARANTINE: Duration = Duration::from_secs(40);

/// A node that goes puts its pods on the list. A pod that names a node which never was is left alone.
pub(super) fn watch(change: &Change, store: &Store, now: Instant, queue: &mut Queue) {
    if change.key.kind == Kind::Node && change.after.is_none() {
        for pod in store.on_node(&change.key.name) {
            queue.push_at(now + QUARANTINE, Controller::PodGarbage, pod.key());
        }
    }
}

/// Source: kubernetes pkg/controller/podgc/gc_controller.go (gcOrphaned).
pub(super) fn reconcile(key: &Key, store: &Store) -> Plan {
    let mut plan = Plan::default();
    let is_lost = |node: &str| !node.is_empty() && store.find(Kind::Node, "", node).is_none();
    if store.get(key).is_some_and(|pod| is_lost(pod.spec()["nodeName"].str())) {
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        plan.ops.push(Op::Delete(key.clone(), options));
    }
    plan
}
