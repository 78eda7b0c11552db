//! What may change of a pod, and how a refusal shows what did.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (ValidatePodUpdate).

use super::{
    CONTAINERS,
    scheduling::validate_tolerations,
    schema::{HOST_FIELDS, POD_SPEC},
};
use crate::api::{
    Object, Value,
    field::{Errors, Path},
    go_json,
    schema::Type,
};
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

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
    for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
        munged.set(&[field], old[field].clone());
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

/// A pod's spec as the server holds it, a field a line.
fn lines(spec: &Value) -> Vec<String> {
    let mut spec = spec.clone();
    for (name, _) in &HOST_FIELDS {
        let value = spec.remove(&[*name]).unwrap_or_default();
        spec.set(&["securityContext", *name], value);
    }
    let mut text = String::new();
    go_json::inner(&mut text, Type::Struct(&POD_SPEC), &spec, 0);
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
        out.push_str("@@ -");
        range(&mut out, old_line, olds);
        out.push_str(" +");
        range(&mut out, new_line, news);
        out.push_str(" @@\n");
        for (mark, line) in hunk {
            out.push(*mark);
            out.push_str(line);
            out.push('\n');
        }
        (old_line, new_line, at) = (old_line + olds, new_line + news, at + hunk.len());
    }
    out
}

fn range(out: &mut String, start: usize, count: usize) {
    out.push_str(&(start + usize::from(count > 0)).to_string());
    if count != 1 {
        out.push(',');
        out.push_str(&count.to_string());
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
