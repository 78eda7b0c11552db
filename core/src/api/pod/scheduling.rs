//! Where a pod may run: affinity, spread and tolerations.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (validateAffinity, validateTopologySpreadConstraints, ValidateTolerations).

use super::rules::{
    Rule::{self, Among, Block, Check, Each, Maybe, Range, Required, Selector},
    validate_key,
};
use crate::api::{
    Object, Value,
    field::{Errors, Path},
    names,
};
use alloc::{format, vec::Vec};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const WEIGHT: Rule = Range("weight", 1, 100, "must be in the range 1-100");
const NODE_TERM: [Rule; 2] = [
    Each("matchExpressions", &[Check(node_requirement), Check(requirement_values)]),
    Each("matchFields", &[Check(node_field)]),
];
/// What is only preferred may name labels that cannot be: a warning is said.
const PREFERRED_NODE_TERM: [Rule; 2] =
    [Each("matchExpressions", &[Check(node_requirement)]), Each("matchFields", &[Check(node_field)])];
const POD_TERM: [Rule; 4] =
    [Selector("labelSelector"), Selector("namespaceSelector"), Check(pod_term), Check(topology_key)];
const POD_TERMS: [Rule; 2] =
    [Each(REQUIRED, &POD_TERM), Each(PREFERRED, &[WEIGHT, Block("podAffinityTerm", &POD_TERM)])];

/// The rules of a pod's affinity.
pub(super) const AFFINITY: [Rule; 3] = [
    Maybe(
        "nodeAffinity",
        &[
            Maybe(
                REQUIRED,
                &[
                    Required("nodeSelectorTerms", "must have at least one node selector term"),
                    Each("nodeSelectorTerms", &NODE_TERM),
                ],
            ),
            Each(PREFERRED, &[WEIGHT, Block("preference", &PREFERRED_NODE_TERM)]),
        ],
    ),
    Block("podAffinity", &POD_TERMS),
    Block("podAntiAffinity", &POD_TERMS),
];

/// The rules of one constraint, besides that it is the only one of its kind.
pub(super) const SPREAD: [Rule; 5] = [
    Check(min_domains),
    Among("nodeAffinityPolicy", &["Honor", "Ignore"]),
    Among("nodeTaintsPolicy", &["Honor", "Ignore"]),
    Check(match_label_keys),
    Selector("labelSelector"),
];

fn node_requirement(errors: &mut Errors, path: &Path<'_>, requirement: &Value) {
    let values = path.child("values");
    let (operator, count) = (requirement["operator"].str(), requirement["values"].items().len());
    match operator {
        "In" | "NotIn" if count == 0 => {
            errors.required(&values, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if count > 0 => {
            errors.forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "Gt" | "Lt" if count != 1 => {
            errors.required(&values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        _ => errors.invalid(&path.child("operator"), operator, "not a valid selector operator"),
    }
    validate_key(errors, &path.child("key"), requirement["key"].str());
}

fn requirement_values(errors: &mut Errors, path: &Path<'_>, requirement: &Value) {
    let path = path.child("values");
    for (at, value) in requirement["values"].items().iter().map(Value::str).enumerate() {
        errors.invalid_each(&path.index(at), value, names::label_value(value));
    }
}

fn node_field(errors: &mut Errors, path: &Path<'_>, requirement: &Value) {
    let values = path.child("values");
    let (operator, key) = (requirement["operator"].str(), requirement["key"].str());
    let given = requirement["values"].items();
    if !matches!(operator, "In" | "NotIn") {
        errors.invalid(&path.child("operator"), operator, "not a valid selector operator");
    } else if given.len() != 1 {
        let complaint = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
        errors.required(&values, complaint);
    }
    if key != "metadata.name" {
        return errors.invalid(&path.child("key"), key, "not a valid field selector key");
    }
    for (at, value) in given.iter().map(Value::str).enumerate() {
        errors.invalid_each(&values.index(at), value, names::dns_subdomain(value));
    }
}

fn pod_term(errors: &mut Errors, path: &Path<'_>, term: &Value) {
    for name in term["namespaces"].items() {
        errors.invalid_each(&path.child("namespace"), name.str(), names::dns_label(name.str()));
    }
    match_label_keys(errors, path, term);
}

fn topology_key(errors: &mut Errors, path: &Path<'_>, term: &Value) {
    let (path, key) = (path.child("topologyKey"), term["topologyKey"].str());
    if key.is_empty() {
        errors.required(&path, "can not be empty");
    }
    validate_key(errors, &path, key);
}

/// Source: the same (ValidateMatchLabelKeysAndMismatchLabelKeys).
fn match_label_keys(errors: &mut Errors, path: &Path<'_>, term: &Value) {
    let selector = &term["labelSelector"];
    for field in ["matchLabelKeys", "mismatchLabelKeys"] {
        let path = path.child(field);
        let keys = term[field].items();
        if !keys.is_empty() && selector.is_null() {
            errors.forbidden(&path, "must not be specified when labelSelector is not set");
            continue;
        }
        for (at, key) in keys.iter().enumerate() {
            validate_key(errors, &path.index(at), key.str());
        }
    }
    let keys = term["matchLabelKeys"].items();
    let expressions = selector["matchExpressions"].items();
    for (nth, expression) in expressions.iter().enumerate() {
        let key = &expression["key"];
        let is_again = !selector["matchLabels"][key.str()].is_null()
            || expressions[..nth].iter().any(|earlier| earlier["key"] == *key);
        if let Some(at) = keys.iter().rposition(|other| other == key).filter(|_| is_again) {
            errors.invalid(&path.index(at), key, "exists in both matchLabelKeys and labelSelector");
        }
    }
    let path = path.child("matchLabelKeys");
    for (at, key) in keys.iter().enumerate().filter(|(_, key)| term["mismatchLabelKeys"].items().contains(key)) {
        errors.invalid(&path.index(at), key, "exists in both matchLabelKeys and mismatchLabelKeys");
    }
}

fn min_domains(errors: &mut Errors, path: &Path<'_>, constraint: &Value) {
    let path = path.child("minDomains");
    let Some(count) = constraint["minDomains"].as_int() else { return };
    if count <= 0 {
        errors.invalid(&path, count, "must be greater than zero");
    }
    let action = constraint["whenUnsatisfiable"].str();
    if action != "DoNotSchedule" {
        let complaint = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
        errors.invalid(&path, count, &complaint);
    }
}

/// Makes of the label keys of a new pod's terms what they stand for.
///
/// Source: kubernetes pkg/registry/core/pod/strategy.go (mutatePodAffinity, mutateTopologySpreadConstraints).
pub(in crate::api) fn merge_label_keys(pod: &mut Object) {
    let labels = pod.labels().clone();
    if labels.is_null() {
        return;
    }
    let spec = pod.value.field_mut("spec");
    for kind in ["podAffinity", "podAntiAffinity"] {
        for list in [REQUIRED, PREFERRED] {
            if spec["affinity"][kind][list].is_empty() {
                continue;
            }
            for term in spec.at_mut(&["affinity", kind, list]).items_mut() {
                let term = if list == REQUIRED { term } else { term.field_mut("podAffinityTerm") };
                merge_into(term, &labels);
            }
        }
    }
    if !spec["topologySpreadConstraints"].is_empty() {
        spec.field_mut("topologySpreadConstraints").items_mut().iter_mut().for_each(|term| merge_into(term, &labels));
    }
}

fn merge_into(term: &mut Value, labels: &Value) {
    if term["labelSelector"].is_null() {
        return;
    }
    for (field, operator) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
        for key in term[field].clone().items().iter().filter(|key| !labels[key.str()].is_null()) {
            let mut expression = Value::map();
            expression.set(&["key"], key.clone());
            expression.set(&["operator"], operator);
            expression.set(&["values"], Vec::from([labels[key.str()].clone()]));
            term.at_mut(&["labelSelector", "matchExpressions"]).items_mut().push(expression);
        }
    }
}

/// The faults of the constraints that spread pods.
pub(super) fn validate_spread(errors: &mut Errors, path: &Path<'_>, constraints: &[Value]) {
    const FIRST: [Rule; 3] = [
        Range("maxSkew", 1, i64::MAX, "must be greater than zero"),
        Required("topologyKey", "can not be empty"),
        Check(|errors, path, constraint| {
            let action = constraint["whenUnsatisfiable"].str();
            let known = ["DoNotSchedule", "ScheduleAnyway"];
            if !known.contains(&action) {
                errors.not_supported(&path.child("whenUnsatisfiable"), action, &known);
            }
        }),
    ];
    for (at, constraint) in constraints.iter().enumerate() {
        let path = path.index(at);
        super::rules::validate(errors, &path, constraint, &FIRST);
        let [key, action] = ["topologyKey", "whenUnsatisfiable"].map(|field| constraint[field].str());
        let is_same = |other: &Value| other["topologyKey"].str() == key && other["whenUnsatisfiable"].str() == action;
        if constraints[at + 1..].iter().any(is_same) {
            let pair = format!("{{{key}, {action}}}");
            errors.duplicate(&path.child("{topologyKey, whenUnsatisfiable}"), &pair);
        }
        super::rules::validate(errors, &path, constraint, &SPREAD);
    }
}

/// The faults of the tolerations.
pub(super) fn validate_tolerations(errors: &mut Errors, path: &Path<'_>, tolerations: &[Value]) {
    for (at, toleration) in tolerations.iter().enumerate() {
        let path = path.index(at);
        let [key, operator, value, effect] = ["key", "operator", "value", "effect"].map(|name| toleration[name].str());
        let operator_path = path.child("operator");
        if !key.is_empty() {
            validate_key(errors, &path.child("key"), key);
        } else if operator != "Exists" {
            let complaint =
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.invalid(&operator_path, operator, complaint);
        }
        if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
            let complaint = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.invalid(&path.child("effect"), effect, complaint);
        }
        match operator {
            "Equal" | "" => {
                let complaints = names::label_value(value);
                if !complaints.is_empty() {
                    errors.invalid(&operator_path, value, &complaints.join(";"));
                }
            }
            "Exists" if !value.is_empty() => {
                errors.invalid(&operator_path, value, "value must be empty when `operator` is 'Exists'");
            }
            "Exists" => {}
            "Lt" | "Gt" => errors.not_supported(&operator_path, operator, &["Equal", "Exists", "Lt", "Gt"]),
            other => errors.not_supported(&operator_path, other, &["Equal", "Exists"]),
        }
        if !matches!(effect, "" | "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
            let supported = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
            errors.not_supported(&path.child("effect"), effect, &supported);
        }
    }
}
