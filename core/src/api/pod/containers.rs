//! The containers of a pod, those that run first among them.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (validateContainers, validateInitContainers).

use super::{
    CONTAINERS, env, probe, resources,
    rules::{
        self,
        Rule::{self, Among, Maybe, Name, OneOf, Required},
    },
    security, volumes,
};
use crate::api::{
    Value,
    field::{Errors, Path},
    names,
    service::one_of,
};
use crate::ordered::OrdSet;
use alloc::format;

const FIRST: [Rule; 4] = [
    Required("name", ""),
    Name("name", names::dns_label),
    Required("image", ""),
    OneOf("terminationMessagePolicy", &["File", "FallbackToLogsOnError"]),
];
const PULL: [Rule; 1] = [OneOf("imagePullPolicy", &["Always", "IfNotPresent", "Never"])];
const CONTEXT: [Rule; 1] = [Maybe("securityContext", &security::CONTAINER)];
const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// The faults of all containers.
pub(super) fn validate(errors: &mut Errors, path: &Path<'_>, spec: &Value, volumes: &[&Value], claims: &[&str]) {
    let mut seen = OrdSet::new();
    for list in CONTAINERS {
        let path = path.child(list);
        let containers = spec[list].items();
        if containers.is_empty() && list == "containers" {
            errors.required(&path, "");
        }
        for (at, container) in containers.iter().enumerate() {
            let path_of_all = &path;
            let path = path.index(at);
            validate_common(errors, &path, container, spec, volumes, claims);
            if list == "initContainers" {
                validate_restart(errors, &path, container, true);
            }
            let name = container["name"].str();
            if !seen.insert(name) {
                errors.duplicate(&path.child("name"), name);
            }
            if list == "initContainers" {
                validate_host_ports(errors, path_of_all, &containers[at..=at]);
            }
            let is_sidecar = container["restartPolicy"].str() == "Always";
            validate_running(errors, &path, container, spec, list == "containers" || is_sidecar);
            if list == "containers" {
                validate_restart(errors, &path, container, false);
            } else if !is_sidecar {
                validate_no_restart(errors, &path, container);
            }
        }
        if list == "containers" {
            validate_host_ports(errors, &path, containers);
        }
    }
}

/// Source: the same (validateContainerCommon).
fn validate_common(
    errors: &mut Errors,
    path: &Path<'_>,
    container: &Value,
    spec: &Value,
    volumes: &[&Value],
    claims: &[&str],
) {
    rules::validate(errors, path, container, &FIRST);
    validate_ports(errors, &path.child("ports"), container["ports"].items());
    env::validate(errors, &path.child("env"), container["env"].items());
    env::validate_from(errors, &path.child("envFrom"), container["envFrom"].items());
    volumes::validate_mounts(errors, path, container, volumes, claims);
    rules::validate(errors, path, container, &PULL);
    let pod_claims = spec["resourceClaims"].items();
    resources::validate(errors, &path.child("resources"), &container["resources"], pod_claims);
    validate_resize(errors, &path.child("resizePolicy"), container, spec["restartPolicy"].str() == "Never");
    rules::validate(errors, path, container, &CONTEXT);
    let is_unmasked = container["securityContext"]["procMount"].str() == "Unmasked";
    if is_unmasked && spec["hostUsers"].as_bool() != Some(false) {
        let path = path.child("securityContext");
        errors.invalid(&path.child("procMount"), "Unmasked", "`hostUsers` must be false to use `Unmasked`");
    }
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

/// Source: the same (validateContainerRestartPolicy).
fn validate_restart(errors: &mut Errors, path: &Path<'_>, container: &Value, is_init: bool) {
    let path_of_rules = path.child("restartPolicyRules");
    let list = container["restartPolicyRules"].items();
    if container["restartPolicy"].is_null() {
        if !list.is_empty() {
            let complaint = "must specify restartPolicy when restart rules are used";
            errors.required(&path.child("restartPolicy"), complaint);
        }
        if is_init {
            return;
        }
    } else {
        rules::validate(errors, path, container, &[Among("restartPolicy", &["Always", "Never", "OnFailure"])]);
    }
    if list.len() > 20 {
        errors.too_many(&path_of_rules, list.len(), 20);
    }
    for (at, rule) in list.iter().enumerate() {
        let path = path_of_rules.index(at);
        let (action, codes) = (rule["action"].str(), &rule["exitCodes"]);
        if !matches!(action, "Restart" | "RestartAllContainers") {
            errors.not_supported(&path.child("action"), action, &["Restart", "RestartAllContainers"]);
        }
        let path = path.child("exitCodes");
        if codes.is_null() {
            errors.required(&path, "must be specified");
        } else if !matches!(codes["operator"].str(), "In" | "NotIn") {
            errors.not_supported(&path.child("operator"), codes["operator"].str(), &["In", "NotIn"]);
        }
    }
}

fn validate_no_restart(errors: &mut Errors, path: &Path<'_>, container: &Value) {
    let path = path.child("resizePolicy");
    for (at, policy) in container["resizePolicy"].items().iter().enumerate() {
        if policy["restartPolicy"].str() == "RestartContainer" {
            let complaint = "must not be set to 'RestartContainer' for non-sidecar initContainers";
            errors.invalid(&path.index(at).child("restartPolicy"), "RestartContainer", complaint);
        }
    }
}

fn validate_resize(errors: &mut Errors, path: &Path<'_>, container: &Value, is_never: bool) {
    let policies = container["resizePolicy"].items();
    for (at, policy) in policies.iter().enumerate() {
        let [resource, restart] = ["resourceName", "restartPolicy"].map(|field| policy[field].str());
        if policies[..at].iter().any(|other| other["resourceName"].str() == resource) {
            errors.duplicate(&path.index(at), resource);
        }
        one_of(errors, path, resource, &["cpu", "memory"]);
        one_of(errors, path, restart, &["NotRequired", "RestartContainer"]);
        if is_never && restart != "NotRequired" {
            errors.invalid(path, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
        }
    }
}

/// Source: the same (validateContainerPorts).
fn validate_ports(errors: &mut Errors, path: &Path<'_>, ports: &[Value]) {
    let mut seen = OrdSet::new();
    for (at, port) in ports.iter().enumerate() {
        let path = path.index(at);
        let name = port["name"].str();
        if !name.is_empty() {
            let complaints = names::port_name(name);
            if complaints.is_empty() && !seen.insert(name) {
                errors.duplicate(&path.child("name"), name);
            }
            errors.invalid_each(&path.child("name"), name, complaints);
        }
        let number = port["containerPort"].as_int().unwrap_or(0);
        if number == 0 {
            errors.required(&path.child("containerPort"), "");
        } else {
            for complaint in names::port_number(number) {
                errors.invalid(&path.child("containerPort"), number, &complaint);
            }
        }
        if let Some(number) = port["hostPort"].as_int().filter(|number| *number != 0) {
            for complaint in names::port_number(number) {
                errors.invalid(&path.child("hostPort"), number, &complaint);
            }
        }
        one_of(errors, &path.child("protocol"), port["protocol"].str(), &["SCTP", "TCP", "UDP"]);
    }
}

/// Source: the same (AccumulateUniqueHostPorts).
fn validate_host_ports(errors: &mut Errors, path: &Path<'_>, containers: &[Value]) {
    let mut seen = OrdSet::new();
    for (at, container) in containers.iter().enumerate() {
        let path = path.index(at);
        let path = path.child("ports");
        for (at, port) in container["ports"].items().iter().enumerate() {
            let Some(number) = port["hostPort"].as_int().filter(|number| *number != 0) else { continue };
            let key = format!("{}/{}/{number}", port["protocol"].str(), port["hostIP"].str());
            if seen.contains(&key) {
                errors.duplicate(&path.index(at).child("hostPort"), &key);
            }
            seen.insert(key);
        }
    }
}
