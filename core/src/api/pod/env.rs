//! The variables of a container: from where they come.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (ValidateEnv, ValidateEnvFrom).

use super::rules::{
    self,
    Rule::{self, Check, Maybe, Name, Path as RulePath, Required},
};
use crate::api::{
    Value,
    field::{Errors, Path},
    names,
    quantity::Quantity,
};
use alloc::format;

const ENV_PATHS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const FILE_PATHS: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

const KEY: [Rule; 3] = [Check(key_name), Required("key", ""), Name("key", names::config_key)];
/// The rules of one variable.
pub(super) const VARIABLE: [Rule; 3] = [
    Required("name", ""),
    Name("name", names::env_name),
    Maybe(
        "valueFrom",
        &[
            Maybe("fieldRef", &[Check(|errors, path, reference| field_reference(errors, path, reference, &ENV_PATHS))]),
            Maybe("resourceFieldRef", &[Check(|errors, path, value| resource_reference(errors, path, value, false))]),
            Maybe("configMapKeyRef", &KEY),
            Maybe("secretKeyRef", &KEY),
            Maybe(
                "fileKeyRef",
                &[
                    Required("key", ""),
                    Name("key", names::env_name),
                    Required("volumeName", ""),
                    Name("volumeName", names::dns_label),
                    Required("path", ""),
                    RulePath("path", false),
                ],
            ),
        ],
    ),
];
const REFERENCE: [Rule; 2] =
    [Required("name", ""), Name("name", |name| names::dns_subdomain(&names::mask_trailing_dash(name)))];
const FROM: [Rule; 3] =
    [Name("prefix", names::env_name), Maybe("configMapRef", &REFERENCE), Maybe("secretRef", &REFERENCE)];
/// The rules of a file that is made of a field.
pub(super) const FILE: [Rule; 2] = [
    Maybe("fieldRef", &[Check(|errors, path, reference| field_reference(errors, path, reference, &FILE_PATHS))]),
    Check(|errors, path, file| {
        if !file["fieldRef"].is_null() {
            if !file["resourceFieldRef"].is_null() {
                let complaint = "fieldRef and resourceFieldRef can not be specified simultaneously";
                errors.invalid(path, "resource", complaint);
            }
        } else if file["resourceFieldRef"].is_null() {
            errors.required(path, "one of fieldRef and resourceFieldRef is required");
        } else {
            resource_reference(errors, &path.child("resourceFieldRef"), &file["resourceFieldRef"], true);
        }
    }),
];

const MORE: &str = "may not have more than one field specified at a time";

/// The faults of a container's variables.
pub(super) fn validate(errors: &mut Errors, path: &Path<'_>, variables: &[Value]) {
    for (at, variable) in variables.iter().enumerate() {
        let path = path.index(at);
        rules::validate(errors, &path, variable, &VARIABLE);
        let source = &variable["valueFrom"];
        if source.is_null() {
            continue;
        }
        let path = path.child("valueFrom");
        match sources(source) {
            0 => {
                let known = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` \
                             or `fileKeyRef`";
                errors.invalid(&path, "", known);
            }
            _ if !variable["value"].is_empty() => {
                errors.invalid(&path, "", "may not be specified when `value` is not empty");
            }
            1 => {}
            _ => errors.invalid(&path, "", MORE),
        }
    }
}

/// The faults of what gives all its keys as variables.
pub(super) fn validate_from(errors: &mut Errors, path: &Path<'_>, all: &[Value]) {
    for (at, source) in all.iter().enumerate() {
        rules::validate(errors, &path.index(at), source, &FROM);
        match sources(source) - usize::from(!source["prefix"].is_null()) {
            0 => errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => errors.invalid(path, "", MORE),
        }
    }
}

fn sources(source: &Value) -> usize {
    source.fields().filter(|(_, value)| !value.is_null()).count()
}

fn key_name(errors: &mut Errors, path: &Path<'_>, reference: &Value) {
    let name = reference["name"].str();
    errors.invalid_each(&path.child("name"), name, names::dns_subdomain(name));
}

/// Source: the same (validateObjectFieldSelector).
fn field_reference(errors: &mut Errors, path: &Path<'_>, reference: &Value, known: &[&str]) {
    let [version, field] = ["apiVersion", "fieldPath"].map(|name| reference[name].str());
    for (name, text) in [("apiVersion", version), ("fieldPath", field)] {
        if text.is_empty() {
            return errors.required(&path.child(name), "");
        }
    }
    let field_path = path.child("fieldPath");
    let parts = field.split_once("['").and_then(|(stem, rest)| Some((stem, rest.strip_suffix("']")?)));
    let stem = parts.map_or(field, |(stem, _)| stem);
    let complaint = if version != "v1" {
        format!("unsupported pod version: {version}")
    } else if parts.is_some() && !matches!(stem, "metadata.annotations" | "metadata.labels") {
        format!("field label does not support subscript: {field}")
    } else if !ENV_PATHS.contains(&stem) && !FILE_PATHS.contains(&stem) && !OTHER_PATHS.contains(&stem) {
        format!("field label not supported: {stem}")
    } else {
        match parts {
            Some(("metadata.annotations", key)) => rules::validate_key(errors, path, &key.to_ascii_lowercase()),
            Some(("metadata.labels", key)) => rules::validate_key(errors, path, key),
            Some(_) => {}
            None if !known.contains(&field) => errors.not_supported(&field_path, field, known),
            None => {}
        }
        return;
    };
    errors.invalid(&field_path, field, &format!("error converting fieldPath: {complaint}"));
}

/// What can be selected by, but not referred to.
const OTHER_PATHS: [&str; 3] = ["spec.restartPolicy", "spec.schedulerName", "status.phase"];

/// Source: the same (validateContainerResourceFieldSelector).
fn resource_reference(errors: &mut Errors, path: &Path<'_>, reference: &Value, in_volume: bool) {
    let resource = reference["resource"].str();
    let is_huge = resource.starts_with("requests.hugepages-") || resource.starts_with("limits.hugepages-");
    if in_volume && reference["containerName"].is_empty() {
        errors.required(&path.child("containerName"), "");
    } else if resource.is_empty() {
        errors.required(&path.child("resource"), "");
    } else if !RESOURCES.contains(&resource) && !is_huge {
        errors.not_supported(&path.child("resource"), resource, &RESOURCES);
    }
    let text = reference["divisor"].str();
    if Quantity::parse(text).is_ok_and(|divisor| divisor.nanos == 0) {
        return;
    }
    let (of, allowed) = match resource.split_once('.').map_or("", |(_, of)| of) {
        "cpu" => ("cpu", "1m and 1"),
        "memory" => ("memory", BYTES),
        "ephemeral-storage" => ("local ephemeral storage", BYTES),
        _ if is_huge => ("hugepages", BYTES),
        _ => return,
    };
    if !allowed.split([',', ' ']).any(|value| value == text) {
        let complaint = format!("only divisor's values {allowed} are supported with the {of} resource");
        errors.invalid(&path.child("divisor"), resource, &complaint);
    }
}

const BYTES: &str = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei";
