//! What a pod may say, as far as this product looks.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (ValidatePodSpec and what it calls), in its order.

use super::{
    CONTAINERS, containers,
    rules::{
        self,
        Rule::{self, Among, Check, Each, Maybe, Name, OneOf, Required},
        validate_key,
    },
    scheduling, security, update, volumes,
};
use crate::api::{
    Object, Value,
    field::{Errors, Path},
    ip, meta, names, selector,
    service::shown,
};

/// The rules of a spec besides its volumes, its containers and what depends on the kind that holds it.
static SPEC: [Rule; 20] = [
    OneOf("restartPolicy", &["Always", "OnFailure", "Never"]),
    OneOf("dnsPolicy", &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
    Check(|errors, path, spec| {
        selector::validate_labels(errors, &path.child("nodeSelector"), &spec["nodeSelector"]);
    }),
    Maybe("securityContext", &security::POD),
    Maybe("affinity", &scheduling::AFFINITY),
    Check(dns),
    Each(
        "readinessGates",
        &[Check(|errors, path, gate| {
            validate_key(errors, &path.child("conditionType"), gate["conditionType"].str());
        })],
    ),
    Check(|errors, path, spec| {
        let path = path.child("topologySpreadConstraints");
        scheduling::validate_spread(errors, &path, spec["topologySpreadConstraints"].items());
    }),
    Name("serviceAccountName", names::dns_subdomain),
    Name("nodeName", names::dns_subdomain),
    Check(deadline),
    Name("hostname", names::dns_label),
    Name("subdomain", names::dns_label),
    Check(|errors, path, spec| {
        scheduling::validate_tolerations(errors, &path.child("tolerations"), spec["tolerations"].items());
    }),
    Each("hostAliases", &[Check(host_alias)]),
    Name("priorityClassName", names::dns_subdomain),
    Name("runtimeClassName", names::dns_subdomain),
    Among("preemptionPolicy", &["PreemptLowerPriority", "Never"]),
    Maybe("os", &[Required("name", "")]),
    Check(|errors, path, spec| {
        let name = spec["os"]["name"].str();
        if !matches!(name, "" | "linux" | "windows") {
            errors.not_supported(&path.child("os"), name, &["linux", "windows"]);
        }
    }),
];

/// The faults of a new pod.
pub fn validate(errors: &mut Errors, pod: &Object) {
    meta::validate(errors, pod);
    validate_pod(errors, pod);
    let path = Path::root("spec");
    if !pod.spec()["ephemeralContainers"].is_empty() {
        errors.forbidden(&path.child("ephemeralContainers"), "cannot be set on create");
    }
    if !pod.spec()["nodeName"].is_empty() && !pod.spec()["schedulingGates"].is_empty() {
        errors.forbidden(&path.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
}

/// The faults of a changed pod: hardly anything of its spec may change.
///
/// Source: the same (ValidatePodUpdate).
pub fn validate_update(errors: &mut Errors, pod: &Object, old: &Object) {
    meta::validate_update(errors, pod, old);
    meta::validate(errors, pod);
    validate_pod(errors, pod);
    update::validate(errors, pod, old);
}

/// Source: the same (validatePodMetadataAndSpec).
fn validate_pod(errors: &mut Errors, pod: &Object) {
    let path = Path::root("spec");
    let spec = pod.spec();
    validate_spec(errors, &path, spec, &[], true);
    for list in CONTAINERS {
        let path = path.child(list);
        for (at, container) in spec[list].items().iter().enumerate() {
            validate_image(errors, &path.index(at).child("image"), container["image"].str());
        }
    }
}

/// What only pods are asked of an image; a template may have a blank.
pub(super) fn validate_image(errors: &mut Errors, path: &Path<'_>, image: &str) {
    if image.trim().len() != image.len() {
        errors.invalid(path, image, "must not have leading or trailing whitespace");
    }
}

/// The faults of a template, whose `claims` can be mounted; its labels are found at `labels`, as upstream's path has it.
///
/// Source: the same (ValidatePodTemplateSpec).
pub fn validate_template(errors: &mut Errors, path: &Path<'_>, template: &Value, claims: &[&str]) {
    meta::validate_template(errors, path, &template["metadata"]);
    validate_spec(errors, &path.child("spec"), &template["spec"], claims, false);
    if !template["spec"]["ephemeralContainers"].is_empty() {
        let path = path.child("spec");
        errors.forbidden(&path.child("ephemeralContainers"), "ephemeral containers not allowed in pod template");
    }
}

/// The faults of a pod's spec; `claims` can be mounted beside its volumes.
pub fn validate_spec(errors: &mut Errors, path: &Path<'_>, spec: &Value, claims: &[&str], is_pod: bool) {
    let known = volumes::validate(errors, &path.child("volumes"), spec["volumes"].items());
    containers::validate(errors, path, spec, &known, claims);
    validate_host_network(errors, path, spec, is_pod);
    rules::validate(errors, path, spec, &SPEC);
}

fn deadline(errors: &mut Errors, path: &Path<'_>, spec: &Value) {
    if let Some(seconds) = spec["activeDeadlineSeconds"].as_int() {
        for complaint in names::in_range(seconds, 1, i32::MAX.into()) {
            errors.invalid(&path.child("activeDeadlineSeconds"), seconds, &complaint);
        }
    }
}

fn host_alias(errors: &mut Errors, path: &Path<'_>, alias: &Value) {
    ip::validate(errors, &path.child("ip"), alias["ip"].str());
    let hostnames = path.child("hostnames");
    for (at, name) in alias["hostnames"].items().iter().map(Value::str).enumerate() {
        errors.invalid_each(&hostnames.index(at), name, names::dns_subdomain(name));
    }
}

fn validate_host_network(errors: &mut Errors, path: &Path<'_>, spec: &Value, is_pod: bool) {
    if spec["hostNetwork"].as_bool() != Some(true) {
        return;
    }
    let path = path.child("containers");
    for (at, container) in spec["containers"].items().iter().enumerate() {
        let path = path.index(at);
        let path = path.child("ports");
        for (at, port) in container["ports"].items().iter().enumerate() {
            let host = port["hostPort"].as_int().unwrap_or(0);
            let own = port["containerPort"].as_int().unwrap_or(0);
            if (is_pod || host != 0) && host != own {
                let complaint = "must match `containerPort` when `hostNetwork` is true";
                errors.invalid(&path.index(at).child("hostPort"), host, complaint);
            }
        }
    }
}

/// Source: the same (validatePodDNSConfig).
fn dns(errors: &mut Errors, path: &Path<'_>, spec: &Value) {
    let path = &path.child("dnsConfig");
    let config = &spec["dnsConfig"];
    let servers = config["nameservers"].items();
    if spec["dnsPolicy"].str() == "None" {
        if config.is_null() {
            return errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        if servers.is_empty() {
            let complaint = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            return errors.required(&path.child("nameservers"), complaint);
        }
    }
    if servers.len() > 3 {
        let complaint = "must not have more than 3 nameservers";
        errors.invalid(&path.child("nameservers"), shown(&config["nameservers"]), complaint);
    }
    for (at, server) in servers.iter().enumerate() {
        ip::validate(errors, &path.child("nameservers").index(at), server.str());
    }
    let searches = config["searches"].items();
    if searches.len() > 32 {
        let complaint = "must not have more than 32 search paths";
        errors.invalid(&path.child("searches"), shown(&config["searches"]), complaint);
    }
    let length: usize = searches.iter().map(|search| search.str().len() + 1).sum();
    if length > 2048 + 1 {
        let complaint = "must not have more than 2048 characters (including spaces) in the search list";
        errors.invalid(&path.child("searches"), shown(&config["searches"]), complaint);
    }
    for (at, search) in searches.iter().map(Value::str).enumerate().filter(|(_, search)| *search != ".") {
        let name = search.strip_suffix('.').unwrap_or(search);
        errors.invalid_each(&path.child("searches").index(at), search, names::search_domain(name));
    }
    for (at, option) in config["options"].items().iter().enumerate() {
        if option["name"].is_empty() {
            errors.required(&path.child("options").index(at), "must not be empty");
        }
    }
}
