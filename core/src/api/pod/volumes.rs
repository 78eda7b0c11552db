//! Volumes by name alone: what is mounted has to be there.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (ValidateVolumes, ValidateVolumeMounts).

use crate::api::{
    Value,
    field::{Errors, Path},
    names,
};
use alloc::vec::Vec;

/// The faults of the volumes; gives the names that can be mounted.
pub(super) fn validate<'a>(errors: &mut Errors, path_of_all: &Path<'_>, volumes: &'a [Value]) -> Vec<&'a str> {
    let mut known = Vec::new();
    for (at, volume) in volumes.iter().enumerate() {
        let path = path_of_all.index(at);
        let path = path.child("name");
        let name = volume["name"].str();
        let before = errors.len();
        if name.is_empty() {
            errors.required(&path, "");
        } else {
            errors.invalid_each(&path, name, names::dns_label(name));
        }
        if known.contains(&name) {
            errors.duplicate(&path, name);
        }
        if errors.len() == before {
            known.push(name);
        }
        validate_source(errors, &path_of_all.index(at), volume);
    }
    known
}

/// What a volume is made of: one thing, and what that needs.
fn validate_source(errors: &mut Errors, path: &Path<'_>, volume: &Value) {
    const NEEDS: [(&str, &str); 6] = [
        ("hostPath", "path"),
        ("secret", "secretName"),
        ("nfs", "server"),
        ("nfs", "path"),
        ("configMap", "name"),
        ("persistentVolumeClaim", "claimName"),
    ];
    let mut has_one = false;
    for source in schema_order(volume) {
        let path = path.child(source);
        if has_one {
            errors.forbidden(&path, "may not specify more than 1 volume type");
            continue;
        }
        has_one = true;
        for (_, field) in NEEDS.iter().filter(|(own, field)| *own == source && volume[source][*field].is_empty()) {
            errors.required(&path.child(field), "");
        }
    }
}

/// Upstream looks for the sources in the order in which its struct has them, or nearly so.
fn schema_order(volume: &Value) -> Vec<&'static str> {
    let fields = super::blocks::VOLUME.fields.iter().map(|(name, _)| *name);
    let mut found: Vec<&str> = fields.filter(|name| *name != "name" && !volume[*name].is_null()).collect();
    // This one comes first.
    if let Some(at) = found.iter().position(|name| *name == "emptyDir") {
        found[..=at].rotate_right(1);
    }
    found
}

/// The faults of one container's mounts.
pub(super) fn validate_mounts(errors: &mut Errors, path: &Path<'_>, mounts: &[Value], known: &[&str]) {
    for (at, mount) in mounts.iter().enumerate() {
        let path = path.index(at);
        let (name, place) = (mount["name"].str(), mount["mountPath"].str());
        if name.is_empty() {
            errors.required(&path.child("name"), "");
        }
        if !known.contains(&name) {
            errors.not_found(&path.child("name"), name);
        }
        if place.is_empty() {
            errors.required(&path.child("mountPath"), "");
        }
        if mounts[..at].iter().any(|other| other["mountPath"].str() == place) {
            errors.invalid(&path.child("mountPath"), place, "must be unique");
        }
    }
}
