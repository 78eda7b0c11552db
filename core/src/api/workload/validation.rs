//! What a Deployment, a ReplicaSet and a StatefulSet may say.
//!
//! Source: kubernetes pkg/apis/apps/validation/validation.go, in its order.

use crate::api::{
    Kind, Object, Value,
    field::{Bad, Errors, Path},
    json, meta, names, pod,
    selector::{self, label_selector_matches},
};
use alloc::{format, string::String, vec::Vec};

/// The faults of a workload, new or changed.
pub fn validate(errors: &mut Errors, workload: &Object, old: Option<&Object>) {
    match old {
        None => meta::validate(errors, workload),
        Some(old) => meta::validate_update(errors, workload, old),
    }
    let path = Path::root("spec");
    let spec = workload.spec();
    match workload.kind {
        Kind::StatefulSet => validate_stateful_set(errors, &path, spec, old.is_some()),
        Kind::Deployment => validate_deployment(errors, &path, spec),
        _ => {
            errors.nonnegative(&path.child("replicas"), &spec["replicas"]);
            errors.nonnegative(&path.child("minReadySeconds"), &spec["minReadySeconds"]);
            validate_selector(errors, &path, spec, "deployment", "invalid label selector");
        }
    }
    let Some(old) = old else { return };
    if workload.kind == Kind::StatefulSet {
        validate_stateful_change(errors, &path, spec, old.spec());
    } else if spec["selector"] != old.spec()["selector"] {
        errors.invalid(&path.child("selector"), selector::shown(&spec["selector"]), "field is immutable");
    }
}

fn validate_deployment(errors: &mut Errors, path: &Path<'_>, spec: &Value) {
    errors.nonnegative(&path.child("replicas"), &spec["replicas"]);
    validate_selector(errors, path, spec, "deployment", "invalid label selector");
    validate_strategy(errors, &path.child("strategy"), &spec["strategy"]);
    for field in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
        errors.nonnegative(&path.child(field), &spec[field]);
    }
    let deadline = spec["progressDeadlineSeconds"].as_int();
    let ready = spec["minReadySeconds"].as_int().unwrap_or(0);
    if let Some(deadline) = deadline.filter(|deadline| *deadline <= ready) {
        errors.invalid(&path.child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds");
    }
}

/// The selector, and the template that it has to select.
fn validate_selector(errors: &mut Errors, path: &Path<'_>, spec: &Value, kind: &str, unusable: &str) {
    let (selector, selector_path) = (&spec["selector"], path.child("selector"));
    let is_empty = selector["matchLabels"].is_empty() && selector["matchExpressions"].is_empty();
    if selector.is_null() {
        errors.required(&selector_path, "");
    } else {
        selector::validate_label_selector(errors, &selector_path, selector);
        if is_empty {
            let complaint = format!("empty selector is invalid for {kind}");
            errors.invalid(&selector_path, selector::shown(selector), &complaint);
        }
    }
    if !selector::is_usable(selector) {
        return errors.invalid(&selector_path, selector::shown(selector), unusable);
    }
    let (template, template_path) = (&spec["template"], path.child("template"));
    let labels = &template["metadata"]["labels"];
    // A missing selector selects nothing, so it does not match either.
    if (selector.is_null() || !is_empty) && !label_selector_matches(selector, labels) {
        let meta_path = template_path.child("metadata");
        let shown = Bad::Json(json::emit(labels));
        errors.invalid(&meta_path.child("labels"), shown, "`selector` does not match template `labels`");
    }
    let claims = spec["volumeClaimTemplates"].items().iter().map(|claim| claim["metadata"]["name"].str());
    pod::validate_template(errors, &template_path, template, &claims.collect::<Vec<_>>());
    if kind == "statefulset" {
        meta::validate_template(errors, &template_path, &template["metadata"]);
    }
    let spec_path = template_path.child("spec");
    let policy = template["spec"]["restartPolicy"].str();
    if policy != "Always" {
        errors.not_supported(&spec_path.child("restartPolicy"), policy, &["Always"]);
    }
    if !template["spec"]["activeDeadlineSeconds"].is_null() {
        let owner = if kind == "statefulset" { "StatefulSet" } else { "ReplicaSet" };
        let complaint = format!("activeDeadlineSeconds in {owner} is not Supported");
        errors.forbidden(&spec_path.child("activeDeadlineSeconds"), &complaint);
    }
}

fn validate_strategy(errors: &mut Errors, path: &Path<'_>, strategy: &Value) {
    let rolling = &strategy["rollingUpdate"];
    let rolling_path = path.child("rollingUpdate");
    match strategy["type"].str() {
        "Recreate" if !rolling.is_null() => {
            errors.forbidden(&rolling_path, "may not be specified when strategy `type` is 'Recreate'");
        }
        "Recreate" => {}
        "RollingUpdate" => {
            let (unavailable, surge) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
            let unavailable_path = rolling_path.child("maxUnavailable");
            validate_amount(errors, &unavailable_path, unavailable);
            validate_amount(errors, &rolling_path.child("maxSurge"), surge);
            if amount(unavailable) == 0 && amount(surge) == 0 {
                errors.invalid(&unavailable_path, unavailable, "may not be 0 when `maxSurge` is 0");
            }
            validate_at_most_all(errors, &unavailable_path, unavailable);
        }
        other => {
            let mut kind = String::new();
            json::write_string(&mut kind, other);
            let rolling = if rolling.is_null() { "null".into() } else { shown_rolling_update(rolling) };
            let shown = format!("{{\"Type\":{kind},\"RollingUpdate\":{rolling}}}");
            errors.not_supported_json(path, shown, &["Recreate", "RollingUpdate"]);
        }
    }
}

fn shown_rolling_update(rolling: &Value) -> String {
    let zero = Value::Int(0);
    let part = |field: &str| if rolling[field].is_null() { json::emit(&zero) } else { json::emit(&rolling[field]) };
    format!("{{\"MaxUnavailable\":{},\"MaxSurge\":{}}}", part("maxUnavailable"), part("maxSurge"))
}

fn validate_amount(errors: &mut Errors, path: &Path<'_>, value: &Value) {
    match value {
        Value::String(text) => errors.invalid_each(path, text, names::percent(text)),
        number => errors.nonnegative(path, number),
    }
}

fn validate_at_most_all(errors: &mut Errors, path: &Path<'_>, value: &Value) {
    if percent(value).is_some_and(|share| share > 100) {
        errors.invalid(path, value, "must not be greater than 100%");
    }
}

fn percent(value: &Value) -> Option<i64> {
    let text = value.as_str().filter(|text| names::percent(text).is_empty())?;
    Some(text[..text.len() - 1].parse().unwrap_or(i64::MAX))
}

/// A text that is no percentage counts as the number it begins with, which Go's Atoi makes 0 of.
fn amount(value: &Value) -> i64 {
    percent(value).or(value.as_int()).or_else(|| value.str().parse().ok()).unwrap_or(0)
}

fn validate_stateful_set(errors: &mut Errors, path: &Path<'_>, spec: &Value, is_update: bool) {
    let policy = spec["podManagementPolicy"].str();
    if !matches!(policy, "OrderedReady" | "Parallel") {
        let complaint = "must be 'OrderedReady' or 'Parallel'";
        errors.invalid(&path.child("podManagementPolicy"), policy, complaint);
    }
    validate_update_strategy(errors, &path.child("updateStrategy"), &spec["updateStrategy"]);
    let retention = &spec["persistentVolumeClaimRetentionPolicy"];
    let retention_path = path.child("persistentVolumeClaimRetentionPolicy");
    for field in ["whenDeleted", "whenScaled"] {
        if !matches!(retention[field].str(), "Retain" | "Delete") {
            errors.not_supported(&retention_path.child(field), retention[field].str(), &["Retain", "Delete"]);
        }
    }
    errors.nonnegative(&path.child("replicas"), &spec["replicas"]);
    errors.nonnegative(&path.child("minReadySeconds"), &spec["minReadySeconds"]);
    errors.nonnegative(&path.child("ordinals.start"), &spec["ordinals"]["start"]);
    let service = spec["serviceName"].str();
    if !is_update && !service.is_empty() {
        errors.invalid_each(&path.child("serviceName"), service, names::dns_label(service));
    }
    validate_selector(errors, path, spec, "statefulset", "");
}

fn validate_update_strategy(errors: &mut Errors, path: &Path<'_>, strategy: &Value) {
    let rolling = &strategy["rollingUpdate"];
    let rolling_path = path.child("rollingUpdate");
    let unavailable = &rolling["maxUnavailable"];
    let partition = rolling["partition"].as_int().unwrap_or(0);
    let shown = format!("{{\"Partition\":{partition},\"MaxUnavailable\":{}}}", json::emit(unavailable));
    match strategy["type"].str() {
        "OnDelete" if !rolling.is_null() => {
            errors.invalid(&rolling_path, Bad::Json(shown), "only allowed for updateStrategy 'RollingUpdate'");
        }
        "OnDelete" => {}
        "RollingUpdate" => {
            errors.nonnegative(&rolling_path.child("partition"), &rolling["partition"]);
            if !unavailable.is_null() {
                let path = rolling_path.child("maxUnavailable");
                validate_amount(errors, &path, unavailable);
                if amount(unavailable) == 0 {
                    errors.invalid(&path, unavailable, "cannot be 0");
                }
                validate_at_most_all(errors, &path, unavailable);
            }
        }
        other => {
            let mut kind = String::new();
            json::write_string(&mut kind, other);
            let rolling = if rolling.is_null() { "null".into() } else { shown };
            let shown = Bad::Json(format!("{{\"Type\":{kind},\"RollingUpdate\":{rolling}}}"));
            errors.invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'");
        }
    }
}

fn validate_stateful_change(errors: &mut Errors, path: &Path<'_>, new: &Value, old: &Value) {
    let mut munged = new.clone();
    for field in [
        "replicas",
        "template",
        "updateStrategy",
        "minReadySeconds",
        "ordinals",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
    ] {
        if old[field].is_null() {
            munged.remove(&[field]);
        } else {
            munged.set(&[field], old[field].clone());
        }
    }
    if munged != *old {
        let complaint = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                         'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                         'minReadySeconds' are forbidden";
        errors.forbidden(path, complaint);
    }
}
