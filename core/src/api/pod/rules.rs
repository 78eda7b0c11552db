//! Rules of a pod's blocks as tables, and what walks them.

use crate::api::{
    Value,
    field::{Errors, Path},
    names, selector,
    service::{one_of, validate_port_number, validate_port_or_name},
};
use alloc::{string::String, vec::Vec};

/// A rule of a block. The fields of a table are judged in its order, which is upstream's.
pub(super) enum Rule {
    /// The field may not be empty; with more words on it.
    Required(&'static str, &'static str),
    /// What it says, if anything, follows a rule of names.
    Name(&'static str, fn(&str) -> Vec<String>),
    /// It is said, and is one of these.
    OneOf(&'static str, &'static [&'static str]),
    /// If it is there, it is one of these.
    Among(&'static str, &'static [&'static str]),
    /// A number, nought if it is missing, and the words for one that is out of range.
    Range(&'static str, i32, i32, &'static str),
    /// The number of a port that may be missing.
    Port(&'static str),
    /// The number or the name of a port.
    PortOrName(&'static str),
    /// A path without steps back, which begins as told.
    Path(&'static str, Start),
    /// The faults of a LabelSelector.
    Selector(&'static str),
    /// A block, also if it is missing.
    Block(&'static str, &'static [Rule]),
    /// A block that may be missing.
    Maybe(&'static str, &'static [Rule]),
    /// Each block of a list.
    Each(&'static str, &'static [Rule]),
    /// Anything else of the block.
    Check(fn(&mut Errors, &Path<'_>, &Value)),
}

/// How a path begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// As it likes.
    Any,
    /// Without a slash.
    Relative,
    /// With one.
    Absolute,
}

/// The bits of a file's mode.
pub(super) const MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";
/// What an id of a user or a group may be.
pub(super) const ID: &str = "must be between 0 and 2147483647, inclusive";

/// Finds the faults of a block.
pub(super) fn validate(errors: &mut Errors, path: &Path<'_>, block: &Value, rules: &[Rule]) {
    for rule in rules {
        let (name, inner): (&str, &[Rule]) = match rule {
            Rule::Check(check) => {
                check(errors, path, block);
                continue;
            }
            Rule::Block(name, inner) | Rule::Maybe(name, inner) | Rule::Each(name, inner) => (name, inner),
            Rule::Required(name, _) | Rule::Name(name, _) | Rule::OneOf(name, _) => (name, &[]),
            Rule::Among(name, _) | Rule::Range(name, ..) | Rule::Path(name, _) => (name, &[]),
            Rule::Selector(name) | Rule::Port(name) | Rule::PortOrName(name) => (name, &[]),
        };
        let (path, value) = (&path.child(name), &block[name]);
        let text = value.str();
        match rule {
            Rule::Required(_, words) if value.is_empty() => errors.required(path, words),
            Rule::Name(_, rule) if !text.is_empty() => errors.invalid_each(path, text, rule(text)),
            Rule::OneOf(_, values) => one_of(errors, path, text, values),
            Rule::Among(_, values) if !value.is_null() && !values.contains(&text) => {
                errors.not_supported(path, text, values);
            }
            Rule::Range(_, low, high, words) => {
                let number = value.as_int().unwrap_or(0);
                if !(i64::from(*low)..=i64::from(*high)).contains(&number) {
                    errors.invalid(path, number, words);
                }
            }
            Rule::Port(_) if !value.is_empty() => validate_port_number(errors, path, value),
            Rule::PortOrName(_) => validate_port_or_name(errors, path, value),
            Rule::Path(_, start) => validate_path(errors, path, text, *start),
            Rule::Selector(_) => selector::validate_label_selector(errors, path, value),
            Rule::Block(..) => validate(errors, path, value, inner),
            Rule::Maybe(..) if !value.is_null() => validate(errors, path, value, inner),
            Rule::Each(..) => {
                for (at, item) in value.items().iter().enumerate() {
                    validate(errors, &path.index(at), item, inner);
                }
            }
            _ => {}
        }
    }
}

/// Source: kubernetes pkg/apis/core/validation/validation.go (validateLocalDescendingPath, validatePathNoBacksteps).
pub(super) fn validate_path(errors: &mut Errors, path: &Path<'_>, text: &str, start: Start) {
    match start {
        Start::Relative if text.starts_with('/') => errors.invalid(path, text, "must be a relative path"),
        Start::Absolute if !text.starts_with('/') => errors.invalid(path, text, "must be an absolute path"),
        _ => {}
    }
    if text.split('/').any(|step| step == "..") {
        errors.invalid(path, text, "must not contain '..'");
    }
}

/// Source: the same (ValidateLabelName).
pub(super) fn validate_key(errors: &mut Errors, path: &Path<'_>, key: &str) {
    errors.invalid_each(path, key, names::qualified_name(key));
}
