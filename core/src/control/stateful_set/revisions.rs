//! What a StatefulSet's template was and is, kept as ControllerRevisions.
//!
//! Source: kubernetes pkg/controller/history/controller_history.go, pkg/controller/statefulset/stateful_set_control.go
//! (getStatefulSetRevisions, truncateHistory) and stateful_set_utils.go (getPatch, ApplyRevision).

use super::super::{deployment::spelled, owner_reference, plan::Plan, store::Store};
use super::REVISION_LABEL;
use crate::api::{Kind, Object, Value, json};
use crate::ordered::OrdMap;
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};

/// The revision that is left and the one that is gone to; the same, once a rollout is complete.
pub(super) struct Revisions {
    pub(super) current: String,
    pub(super) update: String,
    /// The set as it was at the current revision, if that is another one.
    pub(super) older: Option<Object>,
}

impl Revisions {
    /// Finds the revision of the present template, or makes it; forgets the oldest of those that no pod is of.
    pub(super) fn of(plan: &mut Plan, set: &Object, store: &Store, pods: &OrdMap<i64, &Rc<Object>>) -> Revisions {
        let mut known: Vec<&Rc<Object>> = Vec::new();
        for object in store.owned(set.uid()) {
            if object.kind == Kind::ControllerRevision {
                known.push(object);
            }
        }
        crate::ordered::sort_by_key(&mut known, |revision| number(revision));
        let next = known.last().map_or(0, |revision| number(revision)) + 1;
        let mut template = set.spec()["template"].clone();
        template.set(&["$patch"], "replace");
        let mut data = Value::map();
        data.set(&["spec", "template"], template);
        let mut update = String::new();
        for (place, revision) in known.iter().enumerate() {
            if revision.value["data"] == data {
                revision.name().clone_into(&mut update);
                if place + 1 < known.len() {
                    // The set has come back to it.
                    let mut newest = (***revision).clone();
                    newest.value.set(&["revision"], next);
                    plan.replace(newest);
                }
            }
        }
        if update.is_empty() {
            let revision = made(set, data, next);
            revision.name().clone_into(&mut update);
            plan.create(revision);
        }
        let wanted = set.status()["currentRevision"].str();
        let found = known.iter().find(|revision| revision.name() == wanted && wanted != update);
        let older = found.map(|revision| {
            let mut older = set.clone();
            older.value.set(&["spec", "template"], revision.value["data"]["spec"]["template"].clone());
            older.value.remove(&["spec", "template", "$patch"]);
            older
        });
        let current = found.map_or(&*update, |revision| revision.name()).to_owned();
        let is_live = |name: &str| {
            name == current || name == update || pods.values().any(|pod| pod.label(REVISION_LABEL) == Some(name))
        };
        known.retain(|revision| !is_live(revision.name()));
        let limit = set.spec()["revisionHistoryLimit"].as_int().unwrap_or(10).max(0) as usize;
        for revision in &known[..known.len().saturating_sub(limit)] {
            plan.delete(revision.key());
        }
        Revisions { current, update, older }
    }
}

fn number(revision: &Object) -> i64 {
    revision.value["revision"].as_int().unwrap_or(0)
}

fn made(set: &Object, data: Value, number: i64) -> Object {
    let collisions = set.status()["collisionCount"].as_int().unwrap_or(0);
    let text = format!("{}{collisions}", json::emit(&data));
    // FNV-1, where a Deployment's hash is FNV-1a.
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(byte));
    let hash = spelled(hash);
    let mut revision = Object::new(Kind::ControllerRevision, set.namespace(), &format!("{}-{hash}", set.name()));
    let value = &mut revision.value;
    value.set(&["metadata", "labels"], set.spec()["template"]["metadata"]["labels"].clone());
    value.set(&["metadata", "labels", "controller.kubernetes.io/hash"], hash);
    let annotations = &set.value["metadata"]["annotations"];
    if !annotations.is_empty() {
        value.set(&["metadata", "annotations"], annotations.clone());
    }
    value.set(&["metadata", "ownerReferences"], Vec::from([owner_reference(set)]));
    value.set(&["data"], data);
    value.set(&["revision"], number);
    revision
}
