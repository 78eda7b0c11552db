//! Where a fault is, and the list of faults of one object in upstream's words.
//!
//! Source: kubernetes staging/src/k8s.io/apimachinery/pkg/util/validation/field (path.go, errors.go).

use super::{
    Cause, CauseReason, Value, json,
    quote::{GO, Quoted, quote},
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

/// A field's path, kept as a chain on the stack: it becomes text only when something is at fault.
///
/// ```
/// use clusterip::api::field::Path;
/// let ports = Path::root("spec");
/// let ports = ports.child("ports");
/// assert_eq!(ports.index(0).child("port").to_string(), "spec.ports[0].port");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    None,
    Child(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// The path of the whole; alone, upstream prints it as `<nil>`.
    pub const NONE: Path<'static> = Path { parent: None, step: Step::None };

    /// A path that begins with that field.
    pub fn root(name: &'a str) -> Path<'a> {
        Path { parent: None, step: Step::Child(name) }
    }

    /// A field of this one.
    pub fn child(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Child(name) }
    }

    /// An item of this list.
    pub fn index(&'a self, at: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(at) }
    }

    /// An entry of this map, printed as `[key]`.
    pub fn key(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Key(name) }
    }

    fn is_none(&self) -> bool {
        matches!(self.step, Step::None) && self.parent.is_none_or(Path::is_none)
    }

    fn emit(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.emit(f)?;
        }
        match self.step {
            Step::None => Ok(()),
            Step::Child(name) if self.parent.is_none_or(Path::is_none) => f.write_str(name),
            Step::Child(name) => write!(f, ".{name}"),
            Step::Index(at) => write!(f, "[{at}]"),
            Step::Key(name) => write!(f, "[{name}]"),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() { f.write_str("<nil>") } else { self.emit(f) }
    }
}

/// The value at fault, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bad<'a> {
    /// Quoted as Go's `%q` does.
    Text(&'a str),
    /// A number.
    Int(i64),
    /// Anything else, as JSON.
    Json(String),
}

impl<'a> From<&'a str> for Bad<'a> {
    fn from(text: &'a str) -> Bad<'a> {
        Bad::Text(text)
    }
}

impl<'a> From<&'a String> for Bad<'a> {
    fn from(text: &'a String) -> Bad<'a> {
        Bad::Text(text)
    }
}

impl From<i64> for Bad<'_> {
    fn from(number: i64) -> Self {
        Bad::Int(number)
    }
}

impl<'a> From<&'a Value> for Bad<'a> {
    fn from(value: &'a Value) -> Bad<'a> {
        match value {
            Value::String(text) => Bad::Text(text),
            Value::Int(number) => Bad::Int(*number),
            other => Bad::Json(json::emit(other)),
        }
    }
}

/// Faults, in the order they were found.
#[derive(Debug, Default)]
pub struct Errors {
    /// The faults.
    pub causes: Vec<Cause>,
}

impl Errors {
    /// True if nothing is at fault.
    pub fn is_empty(&self) -> bool {
        self.causes.is_empty()
    }

    /// How many faults there are.
    pub fn len(&self) -> usize {
        self.causes.len()
    }

    /// The value is not one the field can have.
    pub fn invalid<'b>(&mut self, path: &Path<'_>, bad: impl Into<Bad<'b>>, detail: &str) {
        self.bad(path, CauseReason::Invalid, bad.into(), detail);
    }

    /// One [`Errors::invalid`] for each complaint.
    pub fn invalid_each(&mut self, path: &Path<'_>, text: &str, complaints: Vec<String>) {
        for complaint in complaints {
            self.invalid(path, text, &complaint);
        }
    }

    /// The field has to be there.
    pub fn required(&mut self, path: &Path<'_>, detail: &str) {
        self.push(path, CauseReason::Required, None, detail);
    }

    /// The field may not be there.
    pub fn forbidden(&mut self, path: &Path<'_>, detail: &str) {
        self.push(path, CauseReason::Forbidden, None, detail);
    }

    /// Another item has the same value.
    pub fn duplicate<'b>(&mut self, path: &Path<'_>, bad: impl Into<Bad<'b>>) {
        self.bad(path, CauseReason::Duplicate, bad.into(), "");
    }

    /// The value names something that is not there.
    pub fn not_found<'b>(&mut self, path: &Path<'_>, bad: impl Into<Bad<'b>>) {
        self.bad(path, CauseReason::NotFound, bad.into(), "");
    }

    /// The value is not among those supported; upstream lists them in the order given.
    pub fn not_supported(&mut self, path: &Path<'_>, bad: &str, supported: &[&str]) {
        self.bad(path, CauseReason::NotSupported, Bad::Text(bad), &supported_values(supported));
    }

    /// The same for a value that is shown as JSON.
    pub fn not_supported_json(&mut self, path: &Path<'_>, bad: String, supported: &[&str]) {
        self.bad(path, CauseReason::NotSupported, Bad::Json(bad), &supported_values(supported));
    }

    /// The text is longer than `limit` bytes.
    pub fn too_long(&mut self, path: &Path<'_>, limit: usize, unit: &str) {
        self.push(path, CauseReason::TooLong, None, &format!("may not be more than {limit} {unit}"));
    }

    /// The list has more than `limit` items.
    pub fn too_many(&mut self, path: &Path<'_>, count: usize, limit: usize) {
        let items = if limit == 1 { "item" } else { "items" };
        self.bad(path, CauseReason::TooMany, Bad::Int(count as i64), &format!("must have at most {limit} {items}"));
    }

    /// The number may not be negative.
    pub fn nonnegative(&mut self, path: &Path<'_>, value: &Value) {
        if let Some(number) = value.as_int().filter(|number| *number < 0) {
            self.invalid(path, number, "must be greater than or equal to 0");
        }
    }

    /// The value is still what it was.
    pub fn immutable(&mut self, path: &Path<'_>, new: &Value, old: &Value) {
        if new != old && !(new.is_empty() && old.is_empty()) {
            self.invalid(path, new, "field is immutable");
        }
    }

    fn bad(&mut self, path: &Path<'_>, reason: CauseReason, bad: Bad<'_>, detail: &str) {
        let shown = match bad {
            Bad::Text(text) => Quoted(text).to_string(),
            Bad::Int(number) => number.to_string(),
            Bad::Json(text) => text,
        };
        self.push(path, reason, Some(&shown), detail);
    }

    fn push(&mut self, path: &Path<'_>, reason: CauseReason, shown: Option<&str>, detail: &str) {
        let mut message = String::from(reason.words());
        for part in [shown.unwrap_or(""), detail] {
            if !part.is_empty() {
                message.push_str(": ");
                message.push_str(part);
            }
        }
        self.causes.push(Cause { field: path.to_string(), reason, message });
    }
}

fn supported_values(supported: &[&str]) -> String {
    let mut detail = String::from("supported values: ");
    for (at, value) in supported.iter().enumerate() {
        if at > 0 {
            detail.push_str(", ");
        }
        quote(&mut detail, value, &GO);
    }
    detail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_upstream_words_it() {
        let mut errors = Errors::default();
        let path = Path::root("spec");
        errors.invalid(&path.child("port"), 70000, "must be between 1 and 65535, inclusive");
        errors.required(&path.child("ports"), "");
        errors.not_supported(&path.child("type"), "X", &["A", "B"]);
        errors.too_many(&path.key("k"), 101, 100);
        let text: Vec<String> = errors.causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        assert_eq!(
            text,
            [
                "spec.port: Invalid value: 70000: must be between 1 and 65535, inclusive",
                "spec.ports: Required value",
                "spec.type: Unsupported value: \"X\": supported values: \"A\", \"B\"",
                "spec[k]: Too many: 101: must have at most 100 items",
            ]
        );
    }

    #[test]
    fn a_path_without_a_root_starts_at_its_first_field() {
        assert_eq!(Path::NONE.to_string(), "<nil>");
        assert_eq!(Path::NONE.child("values").index(0).key("a").to_string(), "values[0][a]");
    }
}
