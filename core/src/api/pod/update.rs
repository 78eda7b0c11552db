//! What may change of a pod, and how a refusal shows what did.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (ValidatePodUpdate).

use super::{
    CONTAINERS,
    blocks::POD_SECURITY_CONTEXT,
    scheduling::validate_tolerations,
    schema::{HOST_FIELDS, POD_SPEC},
};
use crate::api::{
    Object, Value,
    field::{Errors, Path},
    go_json,
};
use alloc::{format, string::String, vec, vec::Vec};
use core::fmt::Write;

/// The fields of a pod's spec that may change, as upstream lists them.
const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
                         `spec.tolerations` (only additions to existing tolerations),\
                         `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// The faults of what changed; hardly anything may.
pub(super) fn validate(errors: &mut Errors, pod: &Object, old: &Object) {
    let path = Path::root("spec");
    let (new, old) = (pod.spec(), old.spec());
    let mut munged = new.clone();
    for list in CONTAINERS {
        let path = path.child(list);
        let (before, after) = (old[list].items(), new[list].items());
        if before.len() != after.len() {
            return errors.forbidden(&path, "pod updates may not add or remove containers");
        }
        for (at, container) in before.iter().enumerate() {
            let image = after[at]["image"].str();
            let image_path = path.index(at);
            if image.is_empty() {
                errors.required(&image_path.child("image"), "");
            }
            super::validation::validate_image(errors, &image_path.child("image"), image);
            munged.field_mut(list).items_mut()[at].set(&["image"], container["image"].clone());
        }
    }
    let deadline = path.child("activeDeadlineSeconds");
    match (old["activeDeadlineSeconds"].as_int(), new["activeDeadlineSeconds"].as_int()) {
        (Some(before), Some(after)) if before < after => {
            return errors.invalid(&deadline, after, "must be less than or equal to previous value");
        }
        (_, Some(after)) if after < 0 => {
            return errors.invalid(&deadline, after, "must be between 0 and 2147483647, inclusive");
        }
        (Some(_), None) => {
            errors.invalid(&deadline, &Value::Null, "must not update from a positive integer to nil value")
        }
        _ => {}
    }
    validate_added_tolerations(errors, &path.child("tolerations"), &new["tolerations"], &old["tolerations"]);
    let gates = path.child("schedulingGates");
    for (at, gate) in new["schedulingGates"].items().iter().enumerate() {
        if !old["schedulingGates"].items().contains(gate) {
            let name = gate["name"].str();
            let complaint = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errors.forbidden(&gates.index(at).child("name"), &complaint);
        }
    }
    for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
        munged.set(&[field], old[field].clone());
    }
    // A pod that is not to be placed yet may be told more of where.
    let keeps = old["nodeSelector"].fields().all(|(name, value)| new["nodeSelector"][name] == *value);
    if keeps && !old["schedulingGates"].is_empty() {
        munged.set(&["nodeSelector"], old["nodeSelector"].clone());
    }
    let grace = "terminationGracePeriodSeconds";
    if old[grace].as_int() < Some(0) && new[grace].as_int() == Some(1) {
        munged.set(&[grace], old[grace].clone());
    }
    let (before, after) = (lines(old), lines(&munged));
    if before != after {
        let complaint = format!("pod updates may not change fields other than {UPDATABLE}\n{}", diff(&before, &after));
        errors.forbidden(&path, &complaint);
    }
}

fn validate_added_tolerations(errors: &mut Errors, path: &Path<'_>, new: &Value, old: &Value) {
    const FIELDS: [&str; 4] = ["key", "operator", "value", "effect"];
    let is_kept = |old: &Value| new.items().iter().any(|new| FIELDS.iter().all(|field| new[*field] == old[*field]));
    if !old.items().iter().all(is_kept) {
        return errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
    }
    validate_tolerations(errors, path, new.items());
}

/// A pod's spec as the server holds it, a field a line, with what its plugins add to every pod and this product leaves out.
fn lines(spec: &Value) -> Vec<String> {
    let mut spec = spec.clone();
    for (field, value) in [("priority", Value::Int(0)), ("preemptionPolicy", "PreemptLowerPriority".into())] {
        if spec[field].is_null() {
            spec.set(&[field], value);
        }
    }
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let mut toleration = Value::map();
        for (field, text) in [("key", key), ("operator", "Exists"), ("effect", "NoExecute")] {
            toleration.set(&[field], text);
        }
        toleration.set(&["tolerationSeconds"], 300);
        spec.field_mut("tolerations").items_mut().push(toleration);
    }
    let spec = &spec;
    let mut text = String::from("{");
    let mut count = 0;
    for (name, kind) in POD_SPEC.fields {
        if HOST_FIELDS.iter().any(|(own, _)| own == name) || *name == "serviceAccount" {
            continue;
        }
        go_json::next(&mut text, count, Some(1));
        count += 1;
        if *name != "securityContext" {
            go_json::field(&mut text, name, *kind, &spec[*name], Some(1));
            continue;
        }
        text.push_str("\"SecurityContext\": {");
        let inner = HOST_FIELDS.iter().map(|field| (field, spec));
        let inner = inner.chain(POD_SECURITY_CONTEXT.fields.iter().map(|field| (field, &spec[*name])));
        for (at, ((name, kind), parent)) in inner.enumerate() {
            go_json::next(&mut text, at, Some(2));
            go_json::field(&mut text, name, *kind, &parent[*name], Some(2));
        }
        go_json::close(&mut text, Some(1), '}');
    }
    go_json::close(&mut text, Some(0), '}');
    text.lines().map(String::from).collect()
}

/// How two texts differ, with three lines around each change.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/util/diff/diff.go (Diff).
fn diff(before: &[String], after: &[String]) -> String {
    const AROUND: usize = 3;
    let marks = script(before, after);
    let mut out = String::new();
    let (mut old_line, mut new_line) = (0, 0);
    let mut at = 0;
    while at < marks.len() {
        let is_near = |from: usize| marks.iter().skip(from).take(AROUND + 1).any(|(mark, _)| *mark != ' ');
        if marks[at].0 == ' ' && !is_near(at) {
            (old_line, new_line, at) = (old_line + 1, new_line + 1, at + 1);
            continue;
        }
        // A hunk goes on until there is nothing but equal lines for twice the distance.
        let mut last = at;
        for (nth, (mark, _)) in marks.iter().enumerate().skip(at) {
            if *mark != ' ' {
                last = nth;
            } else if nth > last + 2 * AROUND {
                break;
            }
        }
        let hunk = &marks[at..(last + 1 + AROUND).min(marks.len())];
        let olds = hunk.iter().filter(|(mark, _)| *mark != '+').count();
        let news = hunk.iter().filter(|(mark, _)| *mark != '-').count();
        let _ = writeln!(out, "@@ -{} +{} @@", range(old_line, olds), range(new_line, news));
        for (mark, line) in hunk {
            let _ = writeln!(out, "{mark}{line}");
        }
        (old_line, new_line, at) = (old_line + olds, new_line + news, at + hunk.len());
    }
    out
}

fn range(start: usize, count: usize) -> String {
    match count {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        _ => format!("{},{count}", start + 1),
    }
}

/// The lines of both texts with `-`, `+` or a blank: as many blanks as can be.
fn script<'a>(before: &'a [String], after: &'a [String]) -> Vec<(char, &'a str)> {
    let (rows, columns) = (before.len() + 1, after.len() + 1);
    let mut common = vec![0_u16; rows * columns];
    for row in (0..before.len()).rev() {
        for column in (0..after.len()).rev() {
            common[row * columns + column] = if before[row] == after[column] {
                common[(row + 1) * columns + column + 1] + 1
            } else {
                common[(row + 1) * columns + column].max(common[row * columns + column + 1])
            };
        }
    }
    let mut marks = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < before.len() || column < after.len() {
        let (old, new) = (before.get(row), after.get(column));
        if let (Some(old), true) = (old, old == new) {
            marks.push((' ', &**old));
            (row, column) = (row + 1, column + 1);
        } else if let Some(old) =
            old.filter(|_| new.is_none() || common[(row + 1) * columns + column] >= common[row * columns + column + 1])
        {
            marks.push(('-', old));
            row += 1;
        } else if let Some(new) = new {
            marks.push(('+', new));
            column += 1;
        }
    }
    marks
}
