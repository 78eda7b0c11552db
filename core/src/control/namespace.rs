//! Empties a namespace that is being deleted, then removes it.

use super::{
    controller::Controller,
    plan::Plan,
    queue::Queue,
    store::{Change, Store},
};
use crate::api::{Key, Kind};

/// A deletion wakes its namespace; so does every object that goes while its namespace waits for it.
pub(super) fn watch(change: &Change, queue: &mut Queue) {
    match &change.after {
        Some(object) if object.kind == Kind::Namespace && object.is_terminating() => {
            queue.push(Controller::Namespace, change.key.clone());
        }
        None if !change.key.namespace.is_empty() => {
            queue.push(Controller::Namespace, Key::new(Kind::Namespace, "", &change.key.namespace));
        }
        _ => {}
    }
}

/// Source: kubernetes pkg/controller/namespace/deletion/namespaced_resources_deleter.go.
pub(super) fn reconcile(key: &Key, store: &Store) -> Plan {
    let mut plan = Plan::default();
    let Some(namespace) = store.get(key).filter(|namespace| namespace.is_terminating()) else { return plan };
    let mut empty = true;
    for kind in Kind::ALL.into_iter().filter(|kind| kind.names().namespaced) {
        for object in store.list(kind, Some(&key.name)) {
            empty = false;
            if !object.is_terminating() {
                plan.delete(object.key());
            }
        }
    }
    if empty {
        let mut done = (**namespace).clone();
        done.value.remove(&["spec", "finalizers"]);
        plan.write(done);
    }
    plan
}
