//! What is wrong with manifests, as values beside kubectl's words: which field, where in which file.

use super::{Session, manifest::Manifest};
use crate::{
    api::{ApiError, Reason, Value, yaml},
    cluster::Finding,
};
use alloc::{borrow::ToOwned, format, string::String};

impl Session<'_> {
    /// Notes why an object was refused: each cause, with the place of its field.
    pub(super) fn note(&mut self, manifest: &Manifest, error: &ApiError) {
        // What was applied was taken out of the manifest.
        let value = manifest.origin.value(self.text_of(manifest)).unwrap_or_default();
        for cause in &error.causes {
            self.note_field(manifest, &cause.field, cause.reason.name(), &cause.message);
        }
        if error.causes.is_empty() {
            let reason = error.reason.name();
            match error.message.split_once("strict decoding error: ") {
                // Each fault names its field in quotes.
                Some((_, faults)) => {
                    for fault in faults.split(", ") {
                        self.note_field(manifest, fault.split('"').nth(1).unwrap_or_default(), reason, fault);
                    }
                }
                None => {
                    let field = match go_path(&error.message) {
                        Some(path) => indexed(&value, path, &error.message),
                        None if error.reason == Reason::NotFound => "metadata.namespace".to_owned(),
                        None => String::new(),
                    };
                    self.note_field(manifest, &field, reason, &error.message);
                }
            }
        }
    }

    pub(super) fn note_field(&mut self, manifest: &Manifest, field: &str, reason: &str, message: &str) {
        let near = if field.is_empty() { "metadata.name" } else { field };
        let text = self.text_of(manifest);
        let (position, value) = (manifest.origin.position(text, near), manifest.origin.value(text).unwrap_or_default());
        self.output.findings.push(Finding {
            file: manifest.source.clone(),
            line: position.map(|at| at.line),
            column: position.map(|at| at.column),
            field: field.to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
            object: format!("{}/{}", manifest.kind.names().kind, value["metadata"]["name"].str()),
            code: "",
        });
    }

    fn text_of(&self, manifest: &Manifest) -> &str {
        match &*manifest.source {
            "STDIN" => &self.context.stdin,
            file => self.context.files.get(file).unwrap_or(&self.context.stdin),
        }
    }

    /// Notes that a file, or one object of it, could not be read at all.
    pub(super) fn note_unreadable(&mut self, source: &str, position: Option<yaml::Position>, message: &str) {
        self.output.findings.push(Finding {
            file: source.to_owned(),
            line: position.map(|at| at.line),
            column: position.map(|at| at.column),
            message: message.to_owned(),
            ..Finding::default()
        });
    }
}

/// The field in `json: cannot unmarshal string into Go struct field ServiceSpec.spec.ports of type …`.
fn go_path(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("Go struct field ")?;
    rest.split(' ').next()?.split_once('.').map(|(_, path)| path)
}

/// Go's path with the index or the key of the value that is of the wrong type: `spec.ports.port` is `spec.ports[1].port`.
fn indexed(value: &Value, path: &str, message: &str) -> String {
    let wrong = message.split("cannot unmarshal ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let mut found = String::new();
    if locate(value, path, wrong, &mut found) { found.trim_start_matches('.').to_owned() } else { path.to_owned() }
}

/// Walks down to the first value of that JSON type at the end of the path.
fn locate(value: &Value, path: &str, wrong: &str, found: &mut String) -> bool {
    let length = found.len();
    let is_end = path.is_empty();
    if let Value::List(items) = value {
        for (at, item) in items.iter().enumerate() {
            *found += &format!("[{at}]");
            if locate(item, path, wrong, found) {
                return true;
            }
            found.truncate(length);
        }
    }
    if is_end {
        let own = match value {
            Value::String(_) => "string",
            Value::Bool(_) => "bool",
            Value::List(_) => "array",
            Value::Map(_) => "object",
            _ => "number",
        };
        if own == wrong {
            return true;
        }
        // The values of labels have no names of their own in Go's path.
        for (name, field) in value.fields() {
            if locate(field, "", wrong, found) {
                found.insert_str(length, &format!("[{name}]"));
                return true;
            }
        }
        return false;
    }
    let (step, rest) = path.split_once('.').unwrap_or((path, ""));
    *found += &format!(".{step}");
    let is_found = !value[step].is_null() && locate(&value[step], rest, wrong, found);
    if !is_found {
        found.truncate(length);
    }
    is_found
}
