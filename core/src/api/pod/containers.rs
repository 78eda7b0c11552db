//! The containers of a pod, those that run first among them.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (validateContainers, validateInitContainers).

use super::{
    CONTAINERS, env, probe, resources,
    rules::{
        self,
        Rule::{self, Among, Maybe, Name, OneOf, Port, Required},
    },
    security, volumes,
};
use crate::api::{
    Value,
    field::{Errors, Path},
    names,
};
use alloc::{format, vec::Vec};

static FIRST: [Rule; 4] = [
    Required("name", ""),
    Name("name", names::dns_label),
    Required("image", ""),
    OneOf("terminationMessagePolicy", &["File", "FallbackToLogsOnError"]),
];
static PULL: [Rule; 1] = [OneOf("imagePullPolicy", &["Always", "IfNotPresent", "Never"])];
static RESTART: [Rule; 1] = [Among("restartPolicy", &["Always", "Never", "OnFailure"])];
static CONTEXT: [Rule; 1] = [Maybe("securityContext", &security::CONTAINER)];
static PORT: [Rule; 5] = [
    Name("name", names::port_name),
    Required("containerPort", ""),
    Port("containerPort"),
    Port("hostPort"),
    OneOf("protocol", &["SCTP", "TCP", "UDP"]),
];
const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// The faults of all containers.
pub(super) fn validate(errors: &mut Errors, path: &Path<'_>, spec: &Value, volumes: &[&Value], claims: &[&str]) {
    let mut seen: Vec<&str> = Vec::new();
    for list in CONTAINERS {
        let path = path.child(list);
        let containers = spec[list].items();
        if containers.is_empty() && list == "containers" {
            errors.required(&path, "");
        }
        for (at, container) in containers.iter().enumerate() {
            let path_of_all = &path;
            let path = path.index(at);
            validate_common(errors, &path, container, volumes, claims);
            let name = container["name"].str();
            if seen.contains(&name) {
                errors.duplicate(&path.child("name"), name);
            }
            seen.push(name);
            if list == "initContainers" {
                validate_host_ports(errors, path_of_all, &containers[at..=at]);
            }
            let is_sidecar = container["restartPolicy"].str() == "Always";
            validate_running(errors, &path, container, spec, list == "containers" || is_sidecar);
            rules::validate(errors, &path, container, &RESTART);
        }
        if list == "containers" {
            validate_host_ports(errors, &path, containers);
        }
    }
}

/// Source: the same (validateContainerCommon).
fn validate_common(errors: &mut Errors, path: &Path<'_>, container: &Value, volumes: &[&Value], claims: &[&str]) {
    rules::validate(errors, path, container, &FIRST);
    validate_ports(errors, &path.child("ports"), container["ports"].items());
    env::validate(errors, &path.child("env"), container["env"].items());
    env::validate_from(errors, &path.child("envFrom"), container["envFrom"].items());
    volumes::validate_mounts(errors, path, container, volumes, claims);
    rules::validate(errors, path, container, &PULL);
    resources::validate(errors, &path.child("resources"), &container["resources"]);
    rules::validate(errors, path, container, &CONTEXT);
}

/// Hooks and probes: those that run for long may have them.
fn validate_running(errors: &mut Errors, path: &Path<'_>, container: &Value, spec: &Value, is_allowed: bool) {
    const COMPLAINT: &str = "may not be set for init containers without restartPolicy=Always";
    let lifecycle = &container["lifecycle"];
    if !lifecycle.is_null() {
        let path = path.child("lifecycle");
        if is_allowed {
            let grace = spec["terminationGracePeriodSeconds"].as_int().unwrap_or(0);
            for hook in ["postStart", "preStop"] {
                if !lifecycle[hook].is_null() {
                    probe::validate_handler(errors, &path.child(hook), &lifecycle[hook], grace);
                }
            }
        } else {
            errors.forbidden(&path, COMPLAINT);
        }
    }
    for kind in PROBES {
        if container[kind].is_null() {
            continue;
        }
        let path = path.child(kind);
        if is_allowed {
            probe::validate(errors, &path, &container[kind], kind);
        } else {
            errors.forbidden(&path, COMPLAINT);
        }
    }
}

/// Source: the same (validateContainerPorts).
fn validate_ports(errors: &mut Errors, path: &Path<'_>, ports: &[Value]) {
    for (at, port) in ports.iter().enumerate() {
        let path = path.index(at);
        let name = port["name"].str();
        let is_again = ports[..at].iter().any(|other| other["name"].str() == name);
        if is_again && !name.is_empty() && names::port_name(name).is_empty() {
            errors.duplicate(&path.child("name"), name);
        }
        rules::validate(errors, &path, port, &PORT);
    }
}

/// Source: the same (AccumulateUniqueHostPorts).
fn validate_host_ports(errors: &mut Errors, path: &Path<'_>, containers: &[Value]) {
    let mut seen = Vec::new();
    for (at, container) in containers.iter().enumerate() {
        let path = path.index(at);
        let path = path.child("ports");
        for (at, port) in container["ports"].items().iter().enumerate() {
            let Some(number) = port["hostPort"].as_int().filter(|number| *number != 0) else { continue };
            let key = format!("{}/{}/{number}", port["protocol"].str(), port["hostIP"].str());
            if seen.contains(&key) {
                errors.duplicate(&path.index(at).child("hostPort"), &key);
            }
            seen.push(key);
        }
    }
}
