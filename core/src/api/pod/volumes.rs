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
pub(super) fn validate<'a>(errors: &mut Errors, path: &Path<'_>, volumes: &'a [Value]) -> Vec<&'a str> {
    let mut known = Vec::new();
    for (at, volume) in volumes.iter().enumerate() {
        let path = path.index(at);
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
    }
    known
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
