//! What a pod may ask for and this cluster does not do: said when it is written, and not passed over.

use crate::{
    api::{Kind, Object, Value},
    cluster::Hint,
};
use alloc::{borrow::ToOwned, format, vec::Vec};

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

/// A hint that names what of an object's pods is not simulated, if anything.
pub(super) fn hint(object: &Object) -> Option<Hint> {
    let spec = if object.kind == Kind::Pod { object.spec() } else { &object.spec()["template"]["spec"] };
    let mut found: Vec<&str> = Vec::new();
    for field in FIELDS {
        // On the node's own network each port is the host's.
        let is_meant = !field.ends_with("hostPort") || spec["hostNetwork"].as_bool() != Some(true);
        if is_meant && is_set(spec, field) {
            found.push(field.rsplit('.').next().unwrap_or(field));
        }
    }
    let text = format!("Not simulated, so that it has no effect here: {}.", found.join(", "));
    (!found.is_empty()).then(|| Hint { code: "CIP902".to_owned(), text, action: None })
}

fn is_set(value: &Value, path: &str) -> bool {
    let (field, rest) = path.split_once('.').unwrap_or((path, ""));
    match field {
        "" => !value.is_null(),
        "*" => value.items().iter().any(|item| is_set(item, rest)),
        field => is_set(&value[field], rest),
    }
}
