//! Probes: defaults and validation.
//!
//! Source: kubernetes pkg/apis/core/v1/defaults.go, pkg/apis/core/validation/validation.go (validateProbe, validateHandler).

use super::rules::{
    self,
    Rule::{self, Among, Check, PortOrName, Range, Required},
};
use crate::api::{
    Value,
    field::{Errors, Path},
    names,
};
use alloc::{borrow::ToOwned, format};

pub(super) fn set_defaults(probe: &mut Value) {
    for (field, default) in
        [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        if probe[field].is_empty() {
            probe.set(&[field], default);
        }
    }
    if !probe["grpc"].is_null() && probe["grpc"]["service"].is_null() {
        probe.set(&["grpc", "service"], "");
    }
    set_handler_defaults(probe);
}

/// What a request over HTTP leaves open.
pub(super) fn set_handler_defaults(probe: &mut Value) {
    if !probe["httpGet"].is_null() {
        if !probe["httpGet"]["httpHeaders"].is_empty() {
            for header in probe.at_mut(&["httpGet", "httpHeaders"]).items_mut() {
                let value = header["value"].str().to_owned();
                header.set(&["value"], value);
            }
        }
        for (field, default) in [("path", "/"), ("scheme", "HTTP")] {
            if probe["httpGet"][field].is_empty() {
                probe.set(&["httpGet", field], default);
            }
        }
    }
}

static NUMBERS: [Rule; 5] = [
    number("initialDelaySeconds"),
    number("timeoutSeconds"),
    number("periodSeconds"),
    number("successThreshold"),
    number("failureThreshold"),
];
static HANDLERS: [(&str, &[Rule]); 5] = [
    ("exec", &[Required("command", "")]),
    (
        "httpGet",
        &[Required("path", ""), PortOrName("port"), Among("scheme", &["HTTP", "HTTPS"]), Check(validate_headers)],
    ),
    ("tcpSocket", &[PortOrName("port")]),
    ("grpc", &[PortOrName("port")]),
    ("sleep", &[]),
];

const fn number(field: &'static str) -> Rule {
    Range(field, 0, i32::MAX, "must be greater than or equal to 0")
}

pub(super) fn validate(errors: &mut Errors, path: &Path<'_>, probe: &Value, name: &str) {
    validate_handler(errors, path, probe, 0);
    rules::validate(errors, path, probe, &NUMBERS);
    let grace = &probe["terminationGracePeriodSeconds"];
    let grace_path = path.child("terminationGracePeriodSeconds");
    if grace.as_int().is_some_and(|seconds| seconds <= 0) {
        errors.invalid(&grace_path, grace, "must be greater than 0");
    }
    if name == "readinessProbe" {
        if !grace.is_null() {
            errors.invalid(&grace_path, grace, "must not be set for readinessProbes");
        }
    } else if probe["successThreshold"].as_int() != Some(1) {
        errors.invalid(&path.child("successThreshold"), &probe["successThreshold"], "must be 1");
    }
}

/// The faults of a probe's or a hook's handler; a hook sleeps no longer than a pod may take to end, `grace` seconds.
pub(super) fn validate_handler(errors: &mut Errors, path: &Path<'_>, probe: &Value, grace: i64) {
    let mut has_one = false;
    for (kind, needs) in &HANDLERS {
        let handler = &probe[*kind];
        if handler.is_null() {
            continue;
        }
        let path = path.child(kind);
        if has_one {
            errors.forbidden(&path, "may not specify more than 1 handler type");
            continue;
        }
        has_one = true;
        rules::validate(errors, &path, handler, needs);
        let seconds = handler["seconds"].as_int().unwrap_or(0);
        if seconds < 0 || seconds > grace {
            let complaint = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
            errors.invalid(&path, seconds, &complaint);
        }
    }
    if !has_one {
        errors.required(path, "must specify a handler type");
    }
}

fn validate_headers(errors: &mut Errors, path: &Path<'_>, action: &Value) {
    for header in action["httpHeaders"].items() {
        let name = header["name"].str();
        errors.invalid_each(&path.child("httpHeaders"), name, names::header_name(name));
    }
}
