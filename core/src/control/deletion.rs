//! How objects go.

use super::{ControlPlane, metadata, timestamp};
use crate::{
    api::{ApiError, Key, Kind, Object, Value},
    time::{Duration, Instant},
};
use alloc::{rc::Rc, string::ToString, vec::Vec};

/// How to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeleteOptions {
    /// Seconds a pod gets to end, instead of its own `terminationGracePeriodSeconds`; 0 removes at once.
    pub grace_period_seconds: Option<u32>,
    /// What becomes of the objects this one owns.
    pub propagation: Propagation,
}

/// What becomes of the objects that a deleted one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Propagation {
    /// They are deleted too, afterwards.
    #[default]
    Background,
    /// They are deleted first: the object is there until those that block it have gone (`--cascade=foreground`).
    Foreground,
    /// They stay, without an owner (`--cascade=orphan`).
    Orphan,
}

/// The finalizer of an object that waits for what it owns.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an object whose dependents are to be set free.
pub(super) const ORPHAN: &str = "orphan";

impl ControlPlane {
    /// Deletes an object, or begins to: a pod on a node ends gracefully, a namespace is emptied first, and what has
    /// finalizers waits for them to be taken off.
    ///
    /// Answers with the object as it is after the call, or as it last was.
    /// Source: kubernetes staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (Delete).
    pub fn delete(&mut self, now: Instant, key: &Key, options: DeleteOptions) -> Result<Rc<Object>, ApiError> {
        self.now = now;
        let Some(object) = self.store.get(key).cloned() else {
            return Err(ApiError::not_found(key.kind, &key.name));
        };
        if is_immortal(key) {
            return Err(ApiError::forbidden(key, "this namespace may not be deleted"));
        }
        if options.propagation == Propagation::Orphan {
            self.orphan_dependents(&object);
        }
        let Some(grace) = grace(&object, options) else { return Ok(object) };
        if grace == 0 && options.propagation != Propagation::Foreground && !object.is_held() {
            return Ok(self.remove(&object));
        }
        let mut ending = (*object).clone();
        set_policy(&mut ending, options.propagation);
        if grace == 0 && !ending.is_held() {
            return Ok(self.remove(&object));
        }
        let had = object.value["metadata"]["deletionGracePeriodSeconds"].as_int();
        let end = timestamp::emit(now + Duration::from_secs(grace.unsigned_abs()));
        if !object.is_terminating() || *object.value["metadata"]["deletionTimestamp"].str() > *end {
            ending.value.set(&["metadata", "deletionTimestamp"], end);
        }
        if !object.is_terminating() && key.kind == Kind::Namespace {
            ending.value.set(&["status", "phase"], "Terminating");
        } else if had != Some(grace) && key.kind != Kind::Namespace {
            ending.value.set(&["metadata", "deletionGracePeriodSeconds"], grace);
        }
        if let Some(generation) = object.value["metadata"]["generation"].as_int().filter(|_| !object.is_terminating()) {
            ending.value.set(&["metadata", "generation"], generation + 1);
        }
        if ending.value == object.value {
            return Ok(object);
        }
        Ok(self.commit(ending))
    }

    /// Stores a changed object, unless it waited for this change to go.
    ///
    /// Source: kubernetes staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (ShouldDeleteDuringUpdate).
    pub(super) fn commit_or_remove(&mut self, object: Object) -> Rc<Object> {
        let grace = object.value["metadata"]["deletionGracePeriodSeconds"].as_int().unwrap_or(0);
        let is_released = object.is_terminating() && grace == 0 && !object.is_held();
        if !is_released {
            return self.commit(object);
        }
        let mut last = object;
        last.value.set(&["metadata", "resourceVersion"], (self.store.revision() + 1).to_string());
        self.remove(&Rc::new(last))
    }

    /// Takes an object out of the store.
    pub(super) fn remove(&mut self, object: &Rc<Object>) -> Rc<Object> {
        let key = object.key();
        if let Some(change) = self.store.remove(&key) {
            self.naming.forget(&key);
            self.admission.release(object);
            self.notify(&change);
        }
        object.clone()
    }

    fn orphan_dependents(&mut self, owner: &Object) {
        let dependents: Vec<Rc<Object>> = self.store.owned(owner.uid()).cloned().collect();
        for dependent in dependents {
            let mut free = (*dependent).clone();
            metadata::disown(&mut free, owner.uid());
            self.commit(free);
        }
    }
}

/// The seconds an object gets to end: none but a pod has any. `None` if it is on its way out in as little already.
///
/// Source: kubernetes pkg/registry/core/pod/strategy.go (CheckGracefulDelete), registry/rest/delete.go (BeforeDelete).
fn grace(object: &Object, options: DeleteOptions) -> Option<i64> {
    if object.kind != Kind::Pod {
        return Some(0);
    }
    let own = object.spec()["terminationGracePeriodSeconds"].as_int().unwrap_or(30);
    let mut grace = options.grace_period_seconds.map_or(own, i64::from).max(0);
    let is_over = matches!(object.status()["phase"].str(), "Succeeded" | "Failed");
    if object.spec()["nodeName"].str().is_empty() || is_over {
        grace = 0;
    }
    if grace > 0 && object.is_terminating() {
        let given = object.value["metadata"]["deletionGracePeriodSeconds"].as_int().unwrap_or(0);
        return if given == 0 { Some(0) } else { Some(grace).filter(|grace| *grace < given) };
    }
    Some(grace)
}

/// Puts the finalizer of a way to delete among an object's own, in place of that of any other way.
///
/// To set dependents free takes no time here, so that nothing has to wait for it.
/// Source: kubernetes registry/generic/registry/store.go (deletionFinalizersForGarbageCollection).
fn set_policy(object: &mut Object, propagation: Propagation) {
    let mut finalizers: Vec<Value> = Vec::new();
    for finalizer in object.value["metadata"]["finalizers"].items() {
        if !matches!(finalizer.str(), FOREGROUND | ORPHAN) {
            finalizers.push(finalizer.clone());
        }
    }
    if propagation == Propagation::Foreground {
        finalizers.push(FOREGROUND.into());
    }
    if finalizers.is_empty() {
        object.value.remove(&["metadata", "finalizers"]);
    } else {
        object.value.set(&["metadata", "finalizers"], finalizers);
    }
}

/// Source: kubernetes staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.
fn is_immortal(key: &Key) -> bool {
    key.kind == Kind::Namespace && matches!(&*key.name, "default" | "kube-system" | "kube-public")
}
