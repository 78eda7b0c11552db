//! How objects go.

use super::{ControlPlane, metadata, timestamp};
use crate::{
    api::{ApiError, Key, Kind, Object},
    time::{Duration, Instant},
};
use alloc::{rc::Rc, vec::Vec};

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
    /// They stay, without an owner (`--cascade=orphan`).
    Orphan,
}

impl ControlPlane {
    /// Deletes an object, or begins to: a pod on a node ends gracefully, a namespace is emptied first.
    ///
    /// Answers with the object as it is after the call, or as it last was.
    pub fn delete(&mut self, now: Instant, key: &Key, options: DeleteOptions) -> Result<Rc<Object>, ApiError> {
        self.now = now;
        let Some(object) = self.store.get(key).cloned() else {
            return Err(ApiError::not_found(key.kind, &key.name));
        };
        if options.propagation == Propagation::Orphan {
            self.orphan_dependents(&object);
        }
        match key.kind {
            Kind::Pod => Ok(self.delete_pod(now, &object, options)),
            Kind::Namespace => self.delete_namespace(now, &object),
            _ => Ok(self.remove(&object)),
        }
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

    /// Source: kubernetes pkg/registry/core/pod/strategy.go (CheckGracefulDelete).
    fn delete_pod(&mut self, now: Instant, pod: &Rc<Object>, options: DeleteOptions) -> Rc<Object> {
        let own = pod.spec()["terminationGracePeriodSeconds"].as_int().unwrap_or(30);
        let mut grace = options.grace_period_seconds.map_or(own, i64::from).max(0);
        let is_over = matches!(pod.status()["phase"].str(), "Succeeded" | "Failed");
        if pod.spec()["nodeName"].str().is_empty() || is_over {
            grace = 0;
        }
        if grace == 0 {
            return self.remove(pod);
        }
        if pod.is_terminating() {
            let given = pod.value["metadata"]["deletionGracePeriodSeconds"].as_int().unwrap_or(0);
            if grace >= given {
                return pod.clone();
            }
        }
        let mut ending = (**pod).clone();
        let end = now + Duration::from_secs(grace.unsigned_abs());
        ending.value.set(&["metadata", "deletionTimestamp"], timestamp::emit(end));
        ending.value.set(&["metadata", "deletionGracePeriodSeconds"], grace);
        let generation = pod.value["metadata"]["generation"].as_int().unwrap_or(0);
        ending.value.set(&["metadata", "generation"], generation + 1);
        self.commit(ending)
    }

    /// Source: kubernetes staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go (immortal ones).
    fn delete_namespace(&mut self, now: Instant, namespace: &Rc<Object>) -> Result<Rc<Object>, ApiError> {
        if matches!(namespace.name(), "default" | "kube-system" | "kube-public") {
            return Err(ApiError::forbidden(&namespace.key(), "this namespace may not be deleted"));
        }
        if namespace.is_terminating() {
            return Ok(namespace.clone());
        }
        let mut ending = (**namespace).clone();
        ending.value.set(&["metadata", "deletionTimestamp"], timestamp::emit(now));
        ending.value.set(&["status", "phase"], "Terminating");
        Ok(self.commit(ending))
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
