//! The metadata of every object: what may be said in it.
//!
//! Source: kubernetes staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go.

use super::{
    Kind, Object, Quoted, Value,
    field::{Bad, Errors, Path},
    go_json, names,
    schema::OWNER_REFERENCE,
    selector,
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

/// All keys and values of an object's annotations together are at most so long.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// The faults of a new object's metadata.
pub fn validate(errors: &mut Errors, object: &Object) {
    let meta = &object.value["metadata"];
    let path = Path::root("metadata");
    let (name, prefix) = (object.name(), meta["generateName"].str());
    if !prefix.is_empty() {
        let complaints = name_rule(object.kind, &names::mask_trailing_dash(prefix));
        errors.invalid_each(&path.child("generateName"), prefix, complaints);
    }
    if name.is_empty() {
        errors.required(&path.child("name"), "name or generateName is required");
    } else {
        errors.invalid_each(&path.child("name"), name, name_rule(object.kind, name));
    }
    let namespace = path.child("namespace");
    if object.kind.names().namespaced {
        if object.namespace().is_empty() {
            errors.required(&namespace, "");
        } else {
            errors.invalid_each(&namespace, object.namespace(), names::dns_label(object.namespace()));
        }
    } else if !object.namespace().is_empty() {
        errors.forbidden(&namespace, "not allowed on this type");
    }
    common(errors, &path, meta);
    validate_finalizer_names(errors, &path.child("finalizers"), &meta["finalizers"]);
    validate_finalizers(errors, &path.child("finalizers"), &meta["finalizers"]);
}

/// What is judged of any changed object before its kind has its say: upstream judges the same fields twice here, and
/// once more in [`validate_update`].
///
/// Source: kubernetes staging/src/k8s.io/apiserver/pkg/registry/rest/update.go (validateCommonFields).
pub fn validate_change(errors: &mut Errors, object: &Object, old: &Object) {
    let (path, meta) = (Path::root("metadata"), &object.value["metadata"]);
    common(errors, &path, meta);
    validate_finalizer_names(errors, &path.child("finalizers"), &meta["finalizers"]);
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
        errors.immutable(&path.child(field), &meta[field], &old.value["metadata"][field]);
    }
    common(errors, &path, meta);
}

/// The faults of a changed object's metadata that its kind finds.
pub fn validate_update(errors: &mut Errors, object: &Object, old: &Object) {
    let (path, meta) = (Path::root("metadata"), &object.value["metadata"]);
    if old.is_terminating() {
        validate_no_new_finalizers(errors, &path.child("finalizers"), &meta["finalizers"], old);
    }
    common(errors, &path, meta);
    validate_finalizers(errors, &path.child("finalizers"), &meta["finalizers"]);
}

/// The faults of a template's metadata: labels and annotations alone.
pub fn validate_template(errors: &mut Errors, path: &Path<'_>, meta: &Value) {
    selector::validate_labels(errors, &path.child("labels"), &meta["labels"]);
    validate_annotations(errors, &path.child("annotations"), &meta["annotations"]);
}

/// The faults of a map of annotations.
pub fn validate_annotations(errors: &mut Errors, path: &Path<'_>, annotations: &Value) {
    let mut size = 0;
    for (key, value) in annotations.fields() {
        errors.invalid_each(path, key, names::qualified_name(&key.to_ascii_lowercase()));
        size += key.len() + value.str().len();
    }
    if size > ANNOTATIONS_LIMIT {
        errors.too_long(path, ANNOTATIONS_LIMIT, "bytes");
    }
}

fn common(errors: &mut Errors, path: &Path<'_>, meta: &Value) {
    errors.nonnegative(&path.child("generation"), &meta["generation"]);
    selector::validate_labels(errors, &path.child("labels"), &meta["labels"]);
    validate_annotations(errors, &path.child("annotations"), &meta["annotations"]);
    validate_owners(errors, &path.child("ownerReferences"), &meta["ownerReferences"]);
}

fn validate_owners(errors: &mut Errors, path: &Path<'_>, owners: &Value) {
    let mut controller = String::new();
    for owner in owners.items() {
        let group_version = owner["apiVersion"].str();
        // One with two slashes is read as nothing.
        if group_version.rsplit('/').next().is_none_or(str::is_empty) || group_version.matches('/').count() > 1 {
            errors.invalid(&path.child("apiVersion"), group_version, "version must not be empty");
        }
        for field in ["kind", "name", "uid"] {
            if owner[field].str().is_empty() {
                errors.invalid(&path.child(field), "", "must not be empty");
            }
        }
        if owner["kind"].str() == "Event" && group_version == "v1" {
            let mut shown = String::new();
            go_json::object(&mut shown, &OWNER_REFERENCE, owner);
            errors.invalid(path, Bad::Json(shown), "/v1, Kind=Event is disallowed from being an owner");
        }
        if owner["controller"].as_bool() == Some(true) {
            let this = format!("{}/{}", owner["kind"].str(), owner["name"].str());
            if controller.is_empty() {
                controller = this;
            } else {
                let found = format!("Found \"true\" in references for {controller} and {this}");
                let detail = format!("Only one reference can have Controller set to true. {found}");
                let mut shown = String::new();
                for owner in owners.items() {
                    shown.push(if shown.is_empty() { '[' } else { ',' });
                    go_json::object(&mut shown, &OWNER_REFERENCE, owner);
                }
                shown.push(']');
                errors.invalid(path, Bad::Json(shown), &detail);
            }
        }
    }
}

/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go (ValidateNoNewFinalizers).
fn validate_no_new_finalizers(errors: &mut Errors, path: &Path<'_>, finalizers: &Value, old: &Object) {
    let mut extra: Vec<String> = Vec::new();
    for finalizer in finalizers.items() {
        if !old.is_held_by(finalizer.str()) {
            extra.push(Quoted(finalizer.str()).to_string());
        }
    }
    if !extra.is_empty() {
        crate::ordered::sort(&mut extra);
        let what = "no new finalizers can be added if the object is being deleted, found new finalizers";
        errors.forbidden(path, &format!("{what} []string{{{}}}", extra.join(", ")));
    }
}

fn validate_finalizer_names(errors: &mut Errors, path: &Path<'_>, finalizers: &Value) {
    let has = |name: &str| finalizers.items().iter().any(|finalizer| finalizer.str() == name);
    for finalizer in finalizers.items() {
        errors.invalid_each(path, finalizer.str(), names::qualified_name(finalizer.str()));
    }
    if has("orphan") && has("foregroundDeletion") {
        errors.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set");
    }
}

/// Source: kubernetes pkg/apis/core/validation/validation.go (validateKubeFinalizerName).
fn validate_finalizers(errors: &mut Errors, path: &Path<'_>, finalizers: &Value) {
    for (at, finalizer) in finalizers.items().iter().map(Value::str).enumerate() {
        let is_standard = matches!(finalizer, "kubernetes" | "orphan" | "foregroundDeletion");
        if !finalizer.contains('/') && !is_standard {
            let complaint = "name is neither a standard finalizer name nor is it fully qualified";
            errors.invalid(&path.index(at), finalizer, complaint);
        }
    }
}

/// How objects of a kind may be named (each kind's `Validate…Name`).
fn name_rule(kind: Kind, name: &str) -> Vec<String> {
    match kind {
        Kind::Namespace | Kind::Service | Kind::StatefulSet => names::dns_label(name),
        _ => names::dns_subdomain(name),
    }
}
