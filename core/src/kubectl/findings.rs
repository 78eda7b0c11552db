//! What is wrong with manifests, as values beside kubectl's words: which field, where in which file.

use super::{Session, manifest::Manifest};
use crate::{
    api::{ApiError, yaml},
    cluster::Finding,
};
use alloc::{borrow::ToOwned, string::String};

impl Session<'_> {
    /// Notes why an object was refused: each cause, with the place of its field.
    pub(super) fn note(&mut self, manifest: &Manifest, error: &ApiError) {
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
                None => self.note_field(manifest, go_path(&error.message).unwrap_or_default(), reason, &error.message),
            }
        }
    }

    fn note_field(&mut self, manifest: &Manifest, field: &str, reason: &str, message: &str) {
        let near = if field.is_empty() { "metadata.name" } else { field };
        let text = match &*manifest.source {
            "STDIN" => &self.context.stdin,
            file => self.context.files.get(file).unwrap_or(&self.context.stdin),
        };
        let position = manifest.origin.position(text, near);
        self.output.findings.push(Finding {
            file: manifest.source.clone(),
            line: position.map(|at| at.line),
            column: position.map(|at| at.column),
            field: field.to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
        });
    }

    /// Notes that a file, or one object of it, could not be read at all.
    pub(super) fn note_unreadable(&mut self, source: &str, position: Option<yaml::Position>, message: &str) {
        self.output.findings.push(Finding {
            file: source.to_owned(),
            line: position.map(|at| at.line),
            column: position.map(|at| at.column),
            field: String::new(),
            reason: String::new(),
            message: message.to_owned(),
        });
    }
}

/// The field in `json: cannot unmarshal string into Go struct field ServiceSpec.spec.ports of type …`.
fn go_path(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("Go struct field ")?;
    rest.split(' ').next()?.split_once('.').map(|(_, path)| path)
}
