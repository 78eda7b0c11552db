//! Volumes: what they are made of, and that what is mounted is there.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (ValidateVolumes, ValidateVolumeMounts).

use super::{
    env,
    rules::{
        self, MODE,
        Rule::{self, Check, Each, Path as RulePath, Range, Required},
        Start,
    },
};
use crate::api::{
    Value,
    field::{Errors, Path},
    names,
};
use alloc::vec::Vec;

const DEFAULT_MODE: Rule = Range("defaultMode", 0, 0o777, MODE);
static KEY_TO_PATH: [Rule; 4] =
    [Required("key", ""), Required("path", ""), RulePath("path", Start::Relative), Range("mode", 0, 0o777, MODE)];
const ITEMS: Rule = Each("items", &KEY_TO_PATH);
/// The files of fields are judged without their place in the list.
const FILES: Rule = Check(|errors, path, source| {
    for file in source["items"].items() {
        rules::validate(errors, path, file, &env::FILE);
    }
});
static PROJECTED: [Rule; 3] = [
    Rule::Maybe("secret", &[Required("name", ""), ITEMS]),
    Rule::Maybe("configMap", &[Required("name", ""), ITEMS]),
    Rule::Maybe("downwardAPI", &[FILES]),
];

/// The sources that need something, in upstream's order; the others are looked for behind them.
static SOURCES: [(&str, &[Rule]); 12] = [
    ("emptyDir", &[]),
    ("hostPath", &[Required("path", ""), RulePath("path", Start::Any), Rule::Among("type", &HOST_PATHS)]),
    ("gitRepo", &[Required("repository", "")]),
    ("secret", &[Required("secretName", ""), DEFAULT_MODE, ITEMS]),
    ("nfs", &[Required("server", ""), Required("path", ""), RulePath("path", Start::Absolute)]),
    ("persistentVolumeClaim", &[Required("claimName", "")]),
    ("downwardAPI", &[DEFAULT_MODE, FILES]),
    ("configMap", &[Required("name", ""), DEFAULT_MODE, ITEMS]),
    ("projected", &[DEFAULT_MODE, Each("sources", &PROJECTED)]),
    ("csi", &[Required("driver", "")]),
    ("ephemeral", &[Required("volumeClaimTemplate", "")]),
    ("image", &[Required("reference", ""), Rule::Among("pullPolicy", &["Always", "IfNotPresent", "Never"])]),
];
static HOST_PATHS: [&str; 8] =
    ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
static NAME: [Rule; 2] = [Required("name", ""), Rule::Name("name", names::dns_label)];

/// The faults of the volumes; gives those that can be mounted.
pub(super) fn validate<'a>(errors: &mut Errors, path_of_all: &Path<'_>, volumes: &'a [Value]) -> Vec<&'a Value> {
    let mut known: Vec<&Value> = Vec::new();
    for (at, volume) in volumes.iter().enumerate() {
        let path = path_of_all.index(at);
        let before = errors.len();
        validate_source(errors, &path, volume);
        rules::validate(errors, &path, volume, &NAME);
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
    for (source, needs) in SOURCES.iter().copied().chain(others.map(|name| (name, &[][..]))) {
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

/// The rules of mounts that are told without the place in the list.
static MOUNT: [Rule; 3] = [
    RulePath("subPath", Start::Relative),
    RulePath("subPathExpr", Start::Relative),
    Rule::Among("mountPropagation", &["Bidirectional", "HostToContainer", "None"]),
];

/// The faults of one container's mounts; `claims` can be mounted too.
pub(super) fn validate_mounts(
    errors: &mut Errors,
    path: &Path<'_>,
    container: &Value,
    known: &[&Value],
    claims: &[&str],
) {
    let mounts = container["volumeMounts"].items();
    let of_all = path.child("volumeMounts");
    for (at, mount) in mounts.iter().enumerate() {
        let path = of_all.index(at);
        let (name, place) = (mount["name"].str(), mount["mountPath"].str());
        let (name_path, place_path) = (path.child("name"), path.child("mountPath"));
        if name.is_empty() {
            errors.required(&name_path, "");
        }
        if !known.iter().any(|volume| volume["name"].str() == name) && !claims.contains(&name) {
            errors.not_found(&name_path, name);
        }
        if place.is_empty() {
            errors.required(&place_path, "");
        }
        if mounts[..at].iter().any(|other| other["mountPath"].str() == place) {
            errors.invalid(&place_path, place, "must be unique");
        }
        rules::validate(errors, &of_all, mount, &MOUNT);
    }
}
