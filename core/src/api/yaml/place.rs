//! Where a field stands: the text is read again, following the field's path, and the reader fails there on purpose.

use super::again::Again;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// A place in a text; both count from one, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// Where the value at that path begins, or the nearest thing around it that is there.
pub(super) fn find(document: &str, steps: &[String]) -> Option<Position> {
    (0..=steps.len()).rev().find_map(|length| {
        let error = Again::Find(&steps[..length]).read(document).err()?;
        error.location().map(|at| Position { line: at.line(), column: at.column() })
    })
}

/// Appends a field's name to a path; names that would be misread are put in brackets.
pub(super) fn push_name(path: &mut String, name: &str) {
    if name.contains(['.', '[', ']']) {
        path.push_str(&format!("[{name}]"));
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

/// The names and indices of a path such as `spec.ports[0].port` or `metadata.labels[a.b/c]`.
pub(super) fn steps(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let (step, after) = if let Some(inside) = rest.strip_prefix('[') {
            inside.split_once(']').unwrap_or((inside, ""))
        } else {
            rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()))
        };
        steps.push(step.to_owned());
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    steps
}
