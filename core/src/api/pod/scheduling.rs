//! Where a pod may run: affinity, spread and tolerations.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (validateAffinity, validateTopologySpreadConstraints, ValidateTolerations).

use super::rules::{
    Rule::{self, Among, Block, Check, Each, Maybe, Range, Required, Selector},
    validate_key,
};
use crate::api::{
    Value,
    field::{Errors, Path},
    names, selector,
};
use alloc::format;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const WEIGHT: Rule = Range("weight", 1, 100, "must be in the range 1-100");
static NODE_TERM: [Rule; 1] = [Each("matchExpressions", &[Check(node_requirement), Check(selector::validate_values)])];
/// What is only preferred may name labels that cannot be: a warning is said.
static PREFERRED_NODE_TERM: [Rule; 1] = [Each("matchExpressions", &[Check(node_requirement)])];
static POD_TERM: [Rule; 3] = [Selector("labelSelector"), Selector("namespaceSelector"), Check(topology_key)];
static POD_TERMS: [Rule; 2] =
    [Each(REQUIRED, &POD_TERM), Each(PREFERRED, &[WEIGHT, Block("podAffinityTerm", &POD_TERM)])];

/// The rules of a pod's affinity.
pub(super) static AFFINITY: [Rule; 3] = [
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
static SPREAD: [Rule; 3] = [
    Among("nodeAffinityPolicy", &["Honor", "Ignore"]),
    Among("nodeTaintsPolicy", &["Honor", "Ignore"]),
    Selector("labelSelector"),
];

fn node_requirement(errors: &mut Errors, path: &Path<'_>, requirement: &Value) {
    selector::validate_requirement(errors, path, requirement, true);
}

fn topology_key(errors: &mut Errors, path: &Path<'_>, term: &Value) {
    let (path, key) = (path.child("topologyKey"), term["topologyKey"].str());
    if key.is_empty() {
        errors.required(&path, "can not be empty");
    }
    validate_key(errors, &path, key);
}

/// The faults of the constraints that spread pods.
pub(super) fn validate_spread(errors: &mut Errors, path: &Path<'_>, constraints: &[Value]) {
    static FIRST: [Rule; 3] = [
        Range("maxSkew", 1, i32::MAX, "must be greater than zero"),
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
        let (key, action) = (constraint["topologyKey"].str(), constraint["whenUnsatisfiable"].str());
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
