//! The controllers, in the order they are asked: owners before what they own.

use super::{
    bootstrap, deployment, endpoint_slice, endpoints, garbage, mirroring, namespace,
    plan::Plan,
    pod_garbage,
    queue::Queue,
    replica_set, scheduler, stateful_set,
    store::{Change, Store},
};
use crate::{
    api::{Key, Object},
    time::Instant,
};

/// One of the control loops; each is a file of two functions, `watch` (which keys a change concerns) and
/// `reconcile` (what to do about a key).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Controller {
    Namespace,
    Garbage,
    PodGarbage,
    Deployment,
    ReplicaSet,
    StatefulSet,
    Scheduler,
    Endpoints,
    EndpointSlice,
    Mirroring,
    Bootstrap,
}

impl Controller {
    pub(super) const ALL: [Controller; 11] = [
        Controller::Namespace,
        Controller::Garbage,
        Controller::PodGarbage,
        Controller::Deployment,
        Controller::ReplicaSet,
        Controller::StatefulSet,
        Controller::Scheduler,
        Controller::Endpoints,
        Controller::EndpointSlice,
        Controller::Mirroring,
        Controller::Bootstrap,
    ];

    /// Queues the keys that this change concerns; `by` is the controller that made the change.
    pub(super) fn watch(self, change: &Change, store: &Store, now: Instant, by: Option<Controller>, queue: &mut Queue) {
        match self {
            Controller::Namespace => namespace::watch(change, queue),
            Controller::Garbage => garbage::watch(change, store, queue),
            Controller::PodGarbage => pod_garbage::watch(change, store, now, queue),
            Controller::Deployment => deployment::watch(change, store, queue),
            Controller::ReplicaSet => replica_set::watch(change, store, queue),
            Controller::StatefulSet => stateful_set::watch(change, store, queue),
            Controller::Scheduler => scheduler::watch(change, store, queue),
            Controller::Endpoints => endpoints::watch(change, queue),
            Controller::EndpointSlice => endpoint_slice::watch(change, store, now, by, queue),
            Controller::Mirroring => mirroring::watch(change, by, queue),
            Controller::Bootstrap => bootstrap::watch(change, now, queue),
        }
    }

    /// What is to be done about this key; `system` is what every cluster has.
    pub(super) fn reconcile(self, key: &Key, store: &Store, system: &[Object], now: Instant) -> Plan {
        match self {
            Controller::Namespace => namespace::reconcile(key, store, now),
            Controller::Garbage => garbage::reconcile(key, store),
            Controller::PodGarbage => pod_garbage::reconcile(key, store),
            Controller::Deployment => deployment::reconcile(key, store, now),
            Controller::ReplicaSet => replica_set::reconcile(key, store, now),
            Controller::StatefulSet => stateful_set::reconcile(key, store, now),
            Controller::Scheduler => scheduler::reconcile(key, store),
            Controller::Endpoints => endpoints::reconcile(key, store, now),
            Controller::EndpointSlice => endpoint_slice::reconcile(key, store, now),
            Controller::Mirroring => mirroring::reconcile(key, store),
            Controller::Bootstrap => bootstrap::reconcile(key, store, system),
        }
    }
}
