//! Volumes: what they are made of, and that what is mounted is there.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (ValidateVolumes, ValidateVolumeMounts).

use super::{
    env,
    rules::{
        self, MODE,
        Rule::{self, Check, Each, Path as RulePath, Range, Required},
    },
};
use crate::api::{
    Value,
    field::{Errors, Path},
    names,
};
use alloc::vec::Vec;

const DEFAULT_MODE: Rule = Range("defaultMode", 0, 0o777, MODE);
const LOCAL_PATH: Rule = Check(|errors, path, item| {
    let (path, text) = (path.child("path"), item["path"].str());
    rules::validate_path(errors, &path, text, true);
    if text.starts_with("..") && !text.starts_with("../") {
        errors.invalid(&path, text, "must not start with '..'");
    }
});
const KEY_TO_PATH: [Rule; 4] = [Required("key", ""), Required("path", ""), LOCAL_PATH, Range("mode", 0, 0o777, MODE)];
const ITEMS: Rule = Each("items", &KEY_TO_PATH);
/// The files of fields are judged without their place in the list.
const FILES: Rule = Check(|errors, path, source| {
    for file in source["items"].items() {
        rules::validate(errors, path, file, &[Required("path", ""), LOCAL_PATH]);
        rules::validate(errors, path, file, &env::FILE);
        rules::validate(errors, path, file, &[Range("mode", 0, 0o777, MODE)]);
    }
});
const PROJECTED: [Rule; 4] = [
    Rule::Maybe("secret", &[Required("name", ""), ITEMS]),
    Rule::Maybe("configMap", &[Required("name", ""), ITEMS]),
    Rule::Maybe("downwardAPI", &[FILES]),
    Rule::Maybe(
        "serviceAccountToken",
        &[Check(|errors, path, token| {
            let seconds = token["expirationSeconds"].as_int().unwrap_or(3600);
            let path = path.child("expirationSeconds");
            if seconds < 600 {
                errors.invalid(&path, seconds, "may not specify a duration less than 10 minutes");
            }
            if seconds > 1 << 32 {
                errors.invalid(&path, seconds, "may not specify a duration larger than 2^32 seconds");
            }
        })],
    ),
];

/// The sources that need something, in upstream's order; the others are looked for behind them.
const SOURCES: [(&str, &[Rule]); 17] = [
    (
        "emptyDir",
        &[Check(|errors, path, source| {
            if source["sizeLimit"].str().starts_with('-') {
                errors.forbidden(&path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
            }
        })],
    ),
    ("hostPath", &[Check(host_path)]),
    ("gitRepo", &[Required("repository", ""), RulePath("directory", true)]),
    ("secret", &[Required("secretName", ""), DEFAULT_MODE, ITEMS]),
    (
        "nfs",
        &[
            Required("server", ""),
            Required("path", ""),
            Check(|errors, path, source| {
                let text = source["path"].str();
                if !text.starts_with('/') {
                    errors.invalid(&path.child("path"), text, "must be an absolute path");
                }
            }),
        ],
    ),
    ("iscsi", &[Required("targetPortal", ""), Required("iqn", "")]),
    ("persistentVolumeClaim", &[Required("claimName", "")]),
    ("rbd", &[Required("monitors", ""), Required("image", "")]),
    ("cephfs", &[Required("monitors", "")]),
    ("downwardAPI", &[DEFAULT_MODE, FILES]),
    ("flexVolume", &[Required("driver", "")]),
    ("configMap", &[Required("name", ""), DEFAULT_MODE, ITEMS]),
    ("azureFile", &[Required("secretName", ""), Required("shareName", "")]),
    ("projected", &[DEFAULT_MODE, Each("sources", &PROJECTED), Check(projected)]),
    ("csi", &[Check(csi)]),
    ("ephemeral", &[Required("volumeClaimTemplate", "")]),
    ("image", &[Required("reference", ""), Rule::Among("pullPolicy", &["Always", "IfNotPresent", "Never"])]),
];

/// The faults of the volumes; gives those that can be mounted.
pub(super) fn validate<'a>(errors: &mut Errors, path_of_all: &Path<'_>, volumes: &'a [Value]) -> Vec<&'a Value> {
    let mut known: Vec<&Value> = Vec::new();
    for (at, volume) in volumes.iter().enumerate() {
        let path = path_of_all.index(at);
        let before = errors.len();
        validate_source(errors, &path, volume);
        rules::validate(errors, &path, volume, &[Required("name", ""), Rule::Name("name", names::dns_label)]);
        if known.iter().any(|other| other["name"] == volume["name"]) {
            errors.duplicate(&path.child("name"), &volume["name"]);
        }
        if errors.len() == before {
            known.push(volume);
        }
    }
    known
}

/// What a volume is made of: one thing, and what that needs.
fn validate_source(errors: &mut Errors, path: &Path<'_>, volume: &Value) {
    let others = super::blocks::VOLUME.fields.iter().map(|(name, _)| *name);
    let others = others.filter(|name| *name != "name" && !SOURCES.iter().any(|(own, _)| own == name));
    let mut has_one = false;
    for (source, needs) in SOURCES.into_iter().chain(others.map(|name| (name, &[][..]))) {
        if volume[source].is_null() {
            continue;
        }
        let path = path.child(source);
        if has_one {
            errors.forbidden(&path, "may not specify more than 1 volume type");
            continue;
        }
        has_one = true;
        rules::validate(errors, &path, &volume[source], needs);
    }
}

fn host_path(errors: &mut Errors, path: &Path<'_>, source: &Value) {
    const TYPES: [&str; 8] =
        ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    if source["path"].is_empty() {
        return errors.required(&path.child("path"), "");
    }
    rules::validate(errors, path, source, &[RulePath("path", false), Rule::Among("type", &TYPES)]);
}

fn csi(errors: &mut Errors, of: &Path<'_>, source: &Value) {
    let (path, driver) = (of.child("driver"), source["driver"].str());
    if driver.is_empty() {
        return errors.required(&path, "");
    }
    if driver.len() > 63 {
        errors.too_long(&path, 63, "bytes");
    }
    errors.invalid_each(&path, driver, names::dns_subdomain(&driver.to_ascii_lowercase()));
    let secret = &source["nodePublishSecretRef"];
    if !secret.is_null() {
        rules::validate(errors, of, secret, &[Rule::Name("name", names::dns_subdomain)]);
        rules::validate(errors, &of.child("nodePublishSecretRef"), secret, &[Required("name", "")]);
    }
}

/// What the sources of one volume may not do together.
fn projected(errors: &mut Errors, path: &Path<'_>, volume: &Value) {
    let sources = path.child("sources");
    let mut paths: Vec<&Value> = Vec::new();
    for (at, source) in volume["sources"].items().iter().enumerate() {
        for (kind, source) in source.fields() {
            let token = &source["path"];
            if kind == "serviceAccountToken" && token.is_empty() {
                errors.required(&path.child("path"), "");
            } else if kind == "serviceAccountToken" {
                rules::validate(errors, path, source, &[LOCAL_PATH]);
            }
            for item in source["items"].items().iter().filter(|item| !item["path"].is_empty()) {
                if paths.contains(&&item["path"]) {
                    let shown = if kind == "downwardAPI" { &item["path"] } else { &source["name"] };
                    errors.invalid(path, shown, "conflicting duplicate paths");
                } else {
                    paths.push(&item["path"]);
                }
            }
        }
        if source.fields().filter(|(_, value)| !value.is_null()).count() > 1 {
            errors.forbidden(&sources.index(at), "may not specify more than 1 volume type per source");
        }
    }
}

/// The faults of one container's mounts and devices; `claims` can be mounted too.
pub(super) fn validate_mounts(
    errors: &mut Errors,
    path: &Path<'_>,
    container: &Value,
    known: &[&Value],
    claims: &[&str],
) {
    let (mounts, devices) = (container["volumeMounts"].items(), container["volumeDevices"].items());
    let find = |name: &str| known.iter().find(|volume| volume["name"].str() == name);
    let of_all = path.child("volumeMounts");
    for (at, mount) in mounts.iter().enumerate() {
        let path = of_all.index(at);
        let (name, place) = (mount["name"].str(), mount["mountPath"].str());
        let [name_path, place_path] = ["name", "mountPath"].map(|field| path.child(field));
        if name.is_empty() {
            errors.required(&name_path, "");
        }
        if find(name).is_none() && !claims.contains(&name) {
            errors.not_found(&name_path, name);
        }
        if place.is_empty() {
            errors.required(&place_path, "");
        }
        if mounts[..at].iter().any(|other| other["mountPath"].str() == place) {
            errors.invalid(&place_path, place, "must be unique");
        }
        if devices.iter().any(|device| device["name"].str() == name) {
            errors.invalid(&name_path, name, "must not already exist in volumeDevices");
        }
        if devices.iter().any(|device| device["devicePath"].str() == place) {
            errors.invalid(&place_path, place, "must not already exist as a path in volumeDevices");
        }
        let (sub, expression) = (mount["subPath"].str(), mount["subPathExpr"].str());
        rules::validate_path(errors, &of_all.child("subPath"), sub, true);
        if !sub.is_empty() && !expression.is_empty() {
            let complaint = "subPathExpr and subPath are mutually exclusive";
            errors.invalid(&path.child("subPathExpr"), expression, complaint);
        }
        rules::validate_path(errors, &of_all.child("subPathExpr"), expression, true);
        validate_propagation(errors, &of_all, mount, container);
    }
    let of_all = path.child("volumeDevices");
    for (at, device) in devices.iter().enumerate() {
        let path = of_all.index(at);
        let (name, place) = (device["name"].str(), device["devicePath"].str());
        let [name_path, place_path] = ["name", "devicePath"].map(|field| path.child(field));
        if name.is_empty() {
            errors.required(&name_path, "");
        } else if devices[..at].iter().any(|other| other["name"].str() == name) {
            errors.invalid(&name_path, name, "must be unique");
        }
        match find(name) {
            Some(volume) if volume["persistentVolumeClaim"].is_null() && volume["ephemeral"].is_null() => {
                let complaint = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.invalid(&name_path, name, complaint);
            }
            None if !claims.contains(&name) => errors.not_found(&name_path, name),
            _ => {}
        }
        if place.is_empty() {
            errors.required(&place_path, "");
        }
        if devices[..at].iter().any(|other| other["devicePath"].str() == place) {
            errors.invalid(&place_path, place, "must be unique");
        }
        if place.split('/').any(|step| step == "..") {
            errors.invalid(&place_path, place, "can not contain backsteps ('..')");
        }
        if mounts.iter().any(|mount| mount["name"].str() == name) {
            errors.invalid(&name_path, name, "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|mount| mount["mountPath"].str() == place) {
            errors.invalid(&place_path, place, "must not already exist as a path in volumeMounts");
        }
    }
}

/// Source: the same (validateMountPropagation, validateMountRecursiveReadOnly).
fn validate_propagation(errors: &mut Errors, path: &Path<'_>, mount: &Value, container: &Value) {
    rules::validate(
        errors,
        path,
        mount,
        &[Rule::Among("mountPropagation", &["Bidirectional", "HostToContainer", "None"])],
    );
    let propagation = mount["mountPropagation"].str();
    if propagation == "Bidirectional" && container["securityContext"]["privileged"].as_bool() != Some(true) {
        let complaint = "Bidirectional mount propagation is available only to privileged containers";
        errors.forbidden(&path.child("mountPropagation"), complaint);
    }
    let path = path.child("recursiveReadOnly");
    match mount["recursiveReadOnly"].as_str() {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if mount["readOnly"].as_bool() != Some(true) {
                errors.forbidden(&path, "may only be specified when readOnly is true");
            }
            if !matches!(propagation, "" | "None") {
                errors.forbidden(&path, "may only be specified when mountPropagation is None or not specified");
            }
        }
        Some(other) => errors.not_supported(&path, other, &["Disabled", "Enabled", "IfPossible"]),
    }
}
