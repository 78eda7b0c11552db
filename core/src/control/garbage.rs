//! Deletes what has lost its owners, and lets go of owners that waited for what they own.

use super::{
    DeleteOptions, Propagation,
    controller::Controller,
    deletion::{FOREGROUND, ORPHAN},
    metadata::disown,
    plan::{Op, Plan},
    queue::Queue,
    store::{Change, Store},
};
use crate::api::{Key, Kind, Object, Value};
use alloc::{rc::Rc, string::String, vec::Vec};

/// An owner that goes, or begins to wait for its dependents, wakes them; a dependent that goes wakes an owner that waits.
///
/// A new dependent is looked at once, in case its owner is already gone.
pub(super) fn watch(change: &Change, store: &Store, queue: &mut Queue) {
    let object = change.object();
    let waited = change.before.as_ref().is_some_and(|before| is_waiting(before));
    if change.after.is_none() || (!waited && is_waiting(object)) {
        for dependent in store.owned(object.uid()) {
            queue.push(Controller::Garbage, dependent.key());
        }
    }
    match &change.before {
        _ if change.after.is_some() && is_waiting(object) => queue.push(Controller::Garbage, change.key.clone()),
        None if !owners(object).is_empty() => queue.push(Controller::Garbage, change.key.clone()),
        Some(before) if change.after.as_ref().is_none_or(|after| owners(after) != owners(before)) => {
            for reference in owners(before) {
                if let Owner::Waits(owner) = Owner::of(before, reference, store) {
                    queue.push(Controller::Garbage, owner.key());
                }
            }
        }
        _ => {}
    }
}

/// Source: kubernetes pkg/controller/garbagecollector/garbagecollector.go (attemptToDeleteItem,
/// processDeletingDependentsItem).
pub(super) fn reconcile(key: &Key, store: &Store) -> Plan {
    let mut plan = Plan::default();
    let Some(object) = store.get(key) else { return plan };
    if is_waiting(object) {
        if !store.owned(object.uid()).any(|dependent| blocks(dependent, object)) {
            let mut free = (**object).clone();
            free.value.at_mut(&["metadata", "finalizers"]).items_mut().retain(|own| own.str() != FOREGROUND);
            plan.replace(free);
        }
        return plan;
    }
    if object.is_terminating() || owners(object).is_empty() {
        return plan;
    }
    let (mut lost, mut is_waited_for): (Vec<String>, bool) = (Vec::new(), false);
    for reference in owners(object) {
        match Owner::of(object, reference, store) {
            Owner::Lives => continue,
            Owner::Waits(_) => is_waited_for = true,
            Owner::Gone => {}
        }
        lost.push(reference["uid"].str().into());
    }
    if lost.len() < owners(object).len() {
        if !lost.is_empty() {
            let mut kept = (**object).clone();
            lost.iter().for_each(|uid| disown(&mut kept, uid));
            plan.replace(kept);
        }
        return plan;
    }
    let has_dependents = is_waited_for && store.owned(object.uid()).next().is_some();
    let propagation = if has_dependents || object.is_held_by(FOREGROUND) {
        Propagation::Foreground
    } else if object.is_held_by(ORPHAN) {
        Propagation::Orphan
    } else {
        Propagation::Background
    };
    plan.ops.push(Op::Delete(key.clone(), DeleteOptions { grace_period_seconds: None, propagation }));
    plan
}

/// What has become of an owner.
enum Owner<'a> {
    Lives,
    /// It is being deleted, after what it owns.
    Waits(&'a Rc<Object>),
    Gone,
}

impl Owner<'_> {
    /// An owner of a kind that is not known here counts as alive.
    fn of<'a>(object: &Object, reference: &Value, store: &'a Store) -> Owner<'a> {
        let Some(kind) = Kind::from_manifest(reference["apiVersion"].str(), reference["kind"].str()) else {
            return Owner::Lives;
        };
        match store.find(kind, object.namespace(), reference["name"].str()) {
            Some(owner) if owner.uid() != reference["uid"].str() => Owner::Gone,
            Some(owner) if is_waiting(owner) => Owner::Waits(owner),
            Some(_) => Owner::Lives,
            None => Owner::Gone,
        }
    }
}

fn is_waiting(object: &Object) -> bool {
    object.is_terminating() && object.is_held_by(FOREGROUND)
}

fn blocks(dependent: &Object, owner: &Object) -> bool {
    let is_it = |reference: &&Value| reference["uid"].str() == owner.uid();
    owners(dependent).iter().find(is_it).is_some_and(|own| own["blockOwnerDeletion"].as_bool() == Some(true))
}

fn owners(object: &Object) -> &[Value] {
    object.value["metadata"]["ownerReferences"].items()
}
