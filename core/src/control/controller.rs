//! The controllers, in the order they are asked: owners before what they own.

use super::{
    garbage, namespace,
    plan::Plan,
    queue::Queue,
    scheduler,
    store::{Change, Store},
};
use crate::{api::Key, time::Instant};

/// One of the control loops; each is a file of two functions, `watch` (which keys a change concerns) and
/// `reconcile` (what to do about a key).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Controller {
    Namespace,
    Garbage,
    Scheduler,
}

impl Controller {
    pub(super) const ALL: [Controller; 3] = [Controller::Namespace, Controller::Garbage, Controller::Scheduler];

    /// Queues the keys that this change concerns.
    pub(super) fn watch(self, change: &Change, store: &Store, queue: &mut Queue) {
        match self {
            Controller::Namespace => namespace::watch(change, queue),
            Controller::Garbage => garbage::watch(change, store, queue),
            Controller::Scheduler => scheduler::watch(change, store, queue),
        }
    }

    /// What is to be done about this key.
    pub(super) fn reconcile(self, key: &Key, store: &Store, now: Instant) -> Plan {
        let _ = now;
        match self {
            Controller::Namespace => namespace::reconcile(key, store),
            Controller::Garbage => garbage::reconcile(key, store),
            Controller::Scheduler => scheduler::reconcile(key, store),
        }
    }
}
