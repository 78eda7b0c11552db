//! Who a container runs as, and what it may do.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (validatePodSpecSecurityContext, ValidateSecurityContext).

use super::{
    blocks::{SECCOMP_PROFILE, SECURITY_CONTEXT},
    rules::{
        ID,
        Rule::{self, Among, Check, Maybe, Range},
    },
};
use crate::api::{
    Value,
    field::{Bad, Errors, Path},
    go_json,
    schema::Struct,
};
use alloc::{format, string::String};

const USER: Rule = Range("runAsUser", 0, i32::MAX as i64, ID);
const GROUP: Rule = Range("runAsGroup", 0, i32::MAX as i64, ID);
const SECCOMP: Rule = Maybe("seccompProfile", &[Check(seccomp)]);
const APP_ARMOR: Rule = Maybe("appArmorProfile", &[Check(app_armor)]);
const PROFILES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];

/// The rules of a pod's context.
pub(super) const POD: [Rule; 10] = [
    Range("fsGroup", 0, i32::MAX as i64, ID),
    USER,
    GROUP,
    Check(supplemental_groups),
    Check(sysctls),
    Among("fsGroupChangePolicy", &["Always", "OnRootMismatch"]),
    SECCOMP,
    APP_ARMOR,
    Among("supplementalGroupsPolicy", &["Merge", "Strict"]),
    Among("seLinuxChangePolicy", &["Recursive"]),
];

/// The rules of a container's context.
pub(super) const CONTAINER: [Rule; 6] =
    [USER, GROUP, Among("procMount", &["Default", "Unmasked"]), SECCOMP, Check(escalation), APP_ARMOR];

fn supplemental_groups(errors: &mut Errors, path: &Path<'_>, context: &Value) {
    let path = path.child("supplementalGroups");
    for (at, group) in context["supplementalGroups"].items().iter().enumerate() {
        if !(0..=i64::from(i32::MAX)).contains(&group.as_int().unwrap_or(0)) {
            errors.invalid(&path.index(at), group, ID);
        }
    }
}

fn sysctls(errors: &mut Errors, path: &Path<'_>, context: &Value) {
    let path = path.child("sysctls");
    let all = context["sysctls"].items();
    for (at, name) in all.iter().map(|sysctl| sysctl["name"].str()).enumerate() {
        let path = path.index(at);
        let path = path.child("name");
        let is_end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_segment = |text: &str| {
            let bytes = text.as_bytes();
            bytes.first().is_some_and(is_end)
                && bytes.last().is_some_and(is_end)
                && bytes.iter().all(|byte| is_end(byte) || matches!(byte, b'-' | b'_'))
        };
        if name.is_empty() {
            errors.required(&path, "");
        } else if name.len() > 253 || !name.split(['.', '/']).all(is_segment) {
            let complaint = "must have at most 253 characters and match regex \
                             ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
            errors.invalid(&path, name, complaint);
        } else if all[..at].iter().any(|other| other["name"].str() == name) {
            errors.duplicate(&path, name);
        }
    }
}

fn seccomp(errors: &mut Errors, path: &Path<'_>, profile: &Value) {
    let (kind, local) = (profile["type"].str(), &profile["localhostProfile"]);
    let local_path = path.child("localhostProfile");
    if kind.is_empty() {
        errors.required(&path.child("type"), "type is required when seccompProfile is set");
    } else if !PROFILES.contains(&kind) {
        errors.not_supported(&path.child("type"), kind, &PROFILES);
    }
    if kind == "Localhost" {
        match local.as_str() {
            None => errors.required(&local_path, "must be set when seccomp type is Localhost"),
            Some(text) => super::rules::validate_path(errors, &local_path, text, true),
        }
    } else if !local.is_null() {
        let shown = shown(&SECCOMP_PROFILE, profile);
        errors.invalid(&local_path, shown, "can only be set when seccomp type is Localhost");
    }
}

fn app_armor(errors: &mut Errors, path: &Path<'_>, profile: &Value) {
    let (kind, local) = (profile["type"].str(), &profile["localhostProfile"]);
    let local_path = path.child("localhostProfile");
    match kind {
        "Localhost" if local.str().trim().len() != local.str().len() => {
            errors.invalid(&local_path, local, "must not be padded with whitespace");
        }
        "Localhost" if local.is_empty() => {
            errors.required(&local_path, "must be set when AppArmor type is Localhost");
        }
        "Localhost" => {}
        "RuntimeDefault" | "Unconfined" => {
            if !local.is_null() {
                errors.invalid(&local_path, local, "can only be set when AppArmor type is Localhost");
            }
        }
        "" => errors.required(&path.child("type"), "type is required when appArmorProfile is set"),
        _ => errors.not_supported(&path.child("type"), kind, &PROFILES),
    }
}

fn escalation(errors: &mut Errors, path: &Path<'_>, context: &Value) {
    if context["allowPrivilegeEscalation"].as_bool() != Some(false) {
        return;
    }
    let added = context["capabilities"]["add"].items();
    for (is_at_fault, what) in [
        (context["privileged"].as_bool() == Some(true), "`privileged` to true"),
        (added.iter().any(|capability| capability.str() == "CAP_SYS_ADMIN"), "`capabilities.Add` CAP_SYS_ADMIN"),
    ] {
        if is_at_fault {
            let complaint = format!("cannot set `allowPrivilegeEscalation` to false and {what}");
            errors.invalid(path, shown(&SECURITY_CONTEXT, context), &complaint);
        }
    }
}

fn shown(schema: &Struct, value: &Value) -> Bad<'static> {
    let mut out = String::new();
    go_json::inner(&mut out, schema, value, None);
    Bad::Json(out)
}
