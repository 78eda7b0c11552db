//! What a pod may ask for and this cluster does not do: said when it is written, and not passed over.

use crate::{
    api::{Kind, Object, Value},
    cluster::Hint,
};
use alloc::{borrow::ToOwned, format};

/// Fields of a pod's spec that have no effect; `*` stands for each item of a list.
const FIELDS: [&str; 13] = [
    "activeDeadlineSeconds",
    "affinity.podAffinity",
    "affinity.podAntiAffinity",
    "containers.*.env.*.valueFrom.configMapKeyRef",
    "containers.*.env.*.valueFrom.resourceFieldRef",
    "containers.*.env.*.valueFrom.secretKeyRef",
    "containers.*.envFrom",
    "containers.*.ports.*.hostPort",
    "schedulingGates",
    "setHostnameAsFQDN",
    "volumes.*.configMap",
    "volumes.*.persistentVolumeClaim",
    "volumes.*.secret",
];

const START: &str = "Not simulated, so that it has no effect here: ";

/// Says of an object what its pods ask for in vain, if anything.
pub(super) fn tell(hint: &mut Option<Hint>, object: &Object) {
    let spec = if object.kind == Kind::Pod { object.spec() } else { &object.spec()["template"]["spec"] };
    for field in FIELDS {
        // On the node's own network each port is the host's.
        let is_meant = !field.ends_with("hostPort") || spec["hostNetwork"].as_bool() != Some(true);
        if is_meant && is_set(spec, field) {
            add(hint, field.rsplit('.').next().unwrap_or(field));
        }
    }
    if !object.spec()["volumeClaimTemplates"].is_empty() {
        add(hint, "volumeClaimTemplates");
    }
}

/// Adds to the hint something that has no effect; a hint about something else stays as it is.
pub(super) fn add(hint: &mut Option<Hint>, what: &str) {
    let hint = hint.get_or_insert_with(|| Hint { code: "CIP902".to_owned(), text: START.to_owned(), action: None });
    let Some(list) = hint.text.strip_prefix(START) else { return };
    let list = list.trim_end_matches('.');
    if !list.split(", ").any(|known| known == what) {
        let comma = if list.is_empty() { "" } else { ", " };
        hint.text = format!("{START}{list}{comma}{what}.");
    }
}

fn is_set(value: &Value, path: &str) -> bool {
    if value.is_null() || path.is_empty() {
        return !value.is_null();
    }
    let (field, rest) = path.split_once('.').unwrap_or((path, ""));
    match field {
        "*" => value.items().iter().any(|item| is_set(item, rest)),
        field => is_set(&value[field], rest),
    }
}
