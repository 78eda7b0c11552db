//! The fields that only the server sets.

use super::timestamp;
use crate::{
    api::{ApiError, Key, Kind, Object, Quoted, Value},
    time::Instant,
};
use alloc::{borrow::ToOwned, format, string::String, vec};

/// Stamps a new object; what a request says of its status is dropped.
pub(super) fn stamp(object: &mut Object, now: Instant, uid: String) {
    let value = &mut object.value;
    value.set(&["metadata", "uid"], uid);
    value.set(&["metadata", "creationTimestamp"], timestamp::emit(now));
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"] {
        value.remove(&["metadata", field]);
    }
    match object.kind {
        Kind::Pod => {
            value.set(&["status"], Value::map());
            value.set(&["status", "phase"], "Pending");
        }
        Kind::Namespace => {
            let name = value["metadata"]["name"].str().to_owned();
            value.set(&["metadata", "labels", "kubernetes.io/metadata.name"], name);
            value.set(&["spec", "finalizers"], vec!["kubernetes"]);
            value.set(&["status"], Value::map());
            value.set(&["status", "phase"], "Active");
        }
        // Admission has set the one, and the other's kubelet registers it with its status.
        Kind::Service | Kind::Node => {}
        _ => drop(value.remove(&["status"])),
    }
    if object.kind.has_generation() {
        object.value.set(&["metadata", "generation"], 1);
    }
}

/// Refuses a write that was made from an older state of the object, or from one of the same name.
///
/// Source: kubernetes staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (Update).
pub(super) fn check_precondition(key: &Key, before: &Object, object: &Object) -> Result<(), ApiError> {
    let version = object.value["metadata"]["resourceVersion"].str();
    if !version.is_empty() && version.parse::<u64>().is_err() {
        return Err(ApiError::unknown(format!("strconv.ParseUint: parsing {}: invalid syntax", Quoted(version))));
    }
    let (had, given) = (before.resource_version(), object.resource_version());
    if given != 0 && given != had {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(ApiError::conflict(key, why));
    }
    if !object.uid().is_empty() && object.uid() != before.uid() {
        let (given, had) = (object.uid(), before.uid());
        let folder = match key.kind {
            Kind::Service => "services/specs",
            Kind::Endpoints => "services/endpoints",
            kind => kind.names().plural,
        };
        let place = if key.namespace.is_empty() { String::new() } else { format!("{}/", key.namespace) };
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{folder}/{place}{}, ResourceVersion: 0, \
             AdditionalErrorMsg: Precondition failed: UID in precondition: {given}, UID in object meta: {had}",
            key.name
        );
        return Err(ApiError::conflict(key, &why));
    }
    Ok(())
}

/// Puts back what a write cannot change: the server's own metadata, and the status.
pub(super) fn keep(before: &Object, object: &mut Object) {
    for field in ["uid", "resourceVersion", "creationTimestamp", "generation", "selfLink", "managedFields"] {
        keep_field(before, object, &["metadata", field]);
    }
    // Neither goes once it is there; to set either is for the kind to refuse.
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
        if !before.value["metadata"][field].is_null() {
            keep_field(before, object, &["metadata", field]);
        }
    }
    keep_field(before, object, &["status"]);
}

/// Counts a change of what is wanted.
pub(super) fn raise_generation(before: &Object, object: &mut Object) {
    if let Some(generation) = before.value["metadata"]["generation"].as_int() {
        let is_annotated = before.kind == Kind::Deployment
            && before.value["metadata"]["annotations"] != object.value["metadata"]["annotations"];
        let is_new = before.spec() != object.spec() || is_annotated || is_slice_change(before, object);
        object.value.set(&["metadata", "generation"], generation + i64::from(is_new));
    }
}

/// How an object that `owner` controls names it.
pub(super) fn owner_reference(owner: &Object) -> Value {
    let mut reference = Value::map();
    reference.set(&["apiVersion"], owner.value["apiVersion"].str());
    reference.set(&["kind"], owner.kind.names().kind);
    reference.set(&["name"], owner.name());
    reference.set(&["uid"], owner.uid());
    reference.set(&["controller"], true);
    reference.set(&["blockOwnerDeletion"], true);
    reference
}

/// Takes an owner out of an object's references.
pub(super) fn disown(object: &mut Object, uid: &str) {
    let owners = object.value.at_mut(&["metadata", "ownerReferences"]).items_mut();
    owners.retain(|owner| owner["uid"].str() != uid);
    if owners.is_empty() {
        object.value.remove(&["metadata", "ownerReferences"]);
    }
}

fn keep_field(before: &Object, object: &mut Object, path: &[&str]) {
    match path.iter().fold(&before.value, |value, name| &value[*name]) {
        Value::Null => drop(object.value.remove(path)),
        value => object.value.set(path, value.clone()),
    }
}

/// Slices have no `spec`: their whole tree counts (kubernetes pkg/registry/discovery/endpointslice/strategy.go).
fn is_slice_change(before: &Object, after: &Object) -> bool {
    before.kind == Kind::EndpointSlice
        && (before.value["endpoints"] != after.value["endpoints"]
            || before.value["ports"] != after.value["ports"]
            || before.labels() != after.labels())
}
