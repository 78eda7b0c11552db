//! The variables of a container: from where they come.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (ValidateEnv, ValidateEnvFrom).

use super::rules::{
    self,
    Rule::{self, Check, Maybe, Name, Path as RulePath, Required},
    Start,
};
use crate::api::{
    Value,
    field::{Errors, Path},
    names,
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
static KEY: [Rule; 2] = [Check(key_name), Required("key", "")];
/// The rules of one variable.
static VARIABLE: [Rule; 3] = [
    Required("name", ""),
    Name("name", names::env_name),
    Maybe(
        "valueFrom",
        &[
            Maybe("fieldRef", &[Check(|errors, path, reference| field_reference(errors, path, reference, &ENV_PATHS))]),
            Maybe("resourceFieldRef", &[Required("resource", "")]),
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
                    RulePath("path", Start::Any),
                ],
            ),
        ],
    ),
];
static REFERENCE: [Rule; 2] =
    [Required("name", ""), Name("name", |name| names::dns_subdomain(&names::mask_trailing_dash(name)))];
static FROM: [Rule; 3] =
    [Name("prefix", names::env_name), Maybe("configMapRef", &REFERENCE), Maybe("secretRef", &REFERENCE)];
/// The rules of a file that is made of a field.
pub(super) static FILE: [Rule; 4] = [
    Required("path", ""),
    RulePath("path", Start::Relative),
    Maybe("fieldRef", &[Check(|errors, path, reference| field_reference(errors, path, reference, &FILE_PATHS))]),
    Rule::Range("mode", 0, 0o777, rules::MODE),
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
    let (version, field) = (reference["apiVersion"].str(), reference["fieldPath"].str());
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
