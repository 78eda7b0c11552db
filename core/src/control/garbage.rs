//! Deletes what has lost its owners.

use super::{
    controller::Controller,
    plan::Plan,
    queue::Queue,
    store::{Change, Store},
};
use crate::api::{Key, Kind, Object, Value};

/// An owner that goes wakes its dependents; a new dependent is looked at once, in case its owner is already gone.
pub(super) fn watch(change: &Change, store: &Store, queue: &mut Queue) {
    match (&change.before, &change.after) {
        (Some(gone), None) => {
            for dependent in store.owned(gone.uid()) {
                queue.push(Controller::Garbage, dependent.key());
            }
        }
        (None, Some(new)) if !owners(new).is_empty() => queue.push(Controller::Garbage, change.key.clone()),
        _ => {}
    }
}

/// Source: kubernetes pkg/controller/garbagecollector/garbagecollector.go (attemptToDeleteItem).
pub(super) fn reconcile(key: &Key, store: &Store) -> Plan {
    let mut plan = Plan::default();
    let Some(object) = store.get(key) else { return plan };
    let owners = owners(object);
    if object.is_terminating() || owners.is_empty() {
        return plan;
    }
    let is_gone = |owner: &Value| {
        Kind::from_manifest(owner["apiVersion"].str(), owner["kind"].str()).is_some_and(|kind| {
            store.find(kind, object.namespace(), owner["name"].str()).is_none_or(|o| o.uid() != owner["uid"].str())
        })
    };
    if owners.iter().all(is_gone) {
        plan.delete(key.clone());
    }
    plan
}

fn owners(object: &Object) -> &[Value] {
    object.value["metadata"]["ownerReferences"].items()
}
