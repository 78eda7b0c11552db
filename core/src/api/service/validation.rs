//! What a Service may say.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (validateService and what it calls), in its order.

use super::{
    HINTS, MAX_AFFINITY_SECONDS, MODE, NONE, Spec,
    addresses::{validate_cluster_ips, validate_external_ips},
};
use crate::api::{
    Object, Value,
    field::{Bad, Errors, Path},
    ip, json, meta, names, selector,
};
use alloc::{format, string::String, vec::Vec};

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
const ONLY_LOAD_BALANCER: &str = "may only be used when `type` is 'LoadBalancer'";

/// The faults of a new Service.
pub fn validate(errors: &mut Errors, service: &Object) {
    meta::validate(errors, service);
    validate_service(errors, service, None);
}

/// The faults of a changed Service.
pub fn validate_update(errors: &mut Errors, service: &Object, old: &Object) {
    meta::validate_update(errors, service, old);
    super::update::validate_changes(errors, Spec::of(service), Spec::of(old));
    validate_service(errors, service, Some(old));
}

fn validate_service(errors: &mut Errors, service: &Object, old: Option<&Object>) {
    let spec = Spec::of(service);
    let path = Path::root("spec");
    let old_spec = old.map(Spec::of);
    validate_topology(errors, service);
    if spec.ports().is_empty() && !spec.is_headless() && spec.needs_cluster_ip() {
        errors.required(&path.child("ports"), "");
    }
    validate_type_rules(errors, &path, spec);
    let mut seen = Vec::new();
    for (at, port) in spec.ports().iter().enumerate() {
        validate_port(errors, &path.child("ports").index(at), port, spec.ports().len() > 1, &mut seen);
    }
    selector::validate_labels(errors, &path.child("selector"), &spec.0["selector"]);
    validate_affinity(errors, &path, spec);
    validate_cluster_ips(errors, spec, old_spec);
    validate_external_ips(errors, &path, spec, old_spec);
    let supported = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    one_of(errors, &path.child("type"), spec.kind(), &supported);
    validate_port_uniqueness(errors, &path, spec);
    validate_source_ranges(errors, &path, service, old);
    validate_load_balancer(errors, &path, spec);
    validate_traffic(errors, &path, spec);
}

/// An empty value is missing, another one has to be among those supported.
pub(crate) fn one_of(errors: &mut Errors, path: &Path<'_>, value: &str, supported: &[&str]) {
    if value.is_empty() {
        errors.required(path, "");
    } else if !supported.contains(&value) {
        errors.not_supported(path, value, supported);
    }
}

fn validate_topology(errors: &mut Errors, service: &Object) {
    if let (Some(mode), Some(hints)) = (service.annotation(MODE), service.annotation(HINTS))
        && mode != hints
    {
        let detail = format!("must match annotations[{HINTS}] when both are specified");
        let path = Path::root("metadata");
        errors.invalid(&path.child("annotations").key(MODE), mode, &detail);
    }
}

fn validate_type_rules(errors: &mut Errors, path: &Path<'_>, spec: Spec<'_>) {
    let addresses = path.child("clusterIPs");
    match spec.kind() {
        kind @ ("LoadBalancer" | "NodePort") if spec.is_headless() => {
            errors.invalid(&addresses.index(0), NONE, &format!("may not be set to 'None' for {kind} services"));
        }
        "ExternalName" => {
            for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                if !spec.0[field].is_empty() {
                    errors.forbidden(&path.child(field), "may not be set for ExternalName services");
                }
            }
            let name = spec.0["externalName"].str();
            let name = name.strip_suffix('.').unwrap_or(name);
            if name.is_empty() {
                errors.required(&path.child("externalName"), "");
            } else {
                errors.invalid_each(&path.child("externalName"), name, names::dns_subdomain(name));
            }
        }
        _ => {}
    }
}

fn validate_port<'a>(errors: &mut Errors, path: &Path<'_>, port: &'a Value, named: bool, seen: &mut Vec<&'a str>) {
    let name = port["name"].str();
    if named && name.is_empty() {
        errors.required(&path.child("name"), "");
    } else if !name.is_empty() {
        errors.invalid_each(&path.child("name"), name, names::dns_label(name));
        if seen.contains(&name) {
            errors.duplicate(&path.child("name"), name);
        } else {
            seen.push(name);
        }
    }
    validate_port_number(errors, &path.child("port"), &port["port"]);
    one_of(errors, &path.child("protocol"), port["protocol"].str(), PROTOCOLS);
    validate_port_or_name(errors, &path.child("targetPort"), &port["targetPort"]);
    if let Some(protocol) = port["appProtocol"].as_str() {
        errors.invalid_each(&path.child("appProtocol"), protocol, names::qualified_name(protocol));
    }
}

/// A port number, 0 if it is missing.
pub(crate) fn validate_port_number(errors: &mut Errors, path: &Path<'_>, port: &Value) {
    let number = port.as_int().unwrap_or(0);
    for complaint in names::port_number(number) {
        errors.invalid(path, number, &complaint);
    }
}

/// A port number or the name of a container's port.
pub(crate) fn validate_port_or_name(errors: &mut Errors, path: &Path<'_>, port: &Value) {
    match port {
        Value::String(name) => errors.invalid_each(path, name, names::port_name(name)),
        number => validate_port_number(errors, path, number),
    }
}

fn validate_affinity(errors: &mut Errors, path: &Path<'_>, spec: Spec<'_>) {
    let affinity = spec.0["sessionAffinity"].str();
    one_of(errors, &path.child("sessionAffinity"), affinity, &["ClientIP", NONE]);
    let config = &spec.0["sessionAffinityConfig"];
    let path = path.child("sessionAffinityConfig");
    if affinity == NONE && !config.is_null() {
        errors.forbidden(&path, "must not be set when session affinity is None");
    }
    if affinity != "ClientIP" {
        return;
    }
    let client = path.child("clientIP");
    let missing = "when session affinity type is ClientIP";
    if config.is_null() {
        errors.required(&path, missing);
    } else if config["clientIP"].is_null() {
        errors.required(&client, missing);
    } else if let Some(seconds) = config["clientIP"]["timeoutSeconds"].as_int() {
        if !(1..=MAX_AFFINITY_SECONDS).contains(&seconds) {
            let detail = format!("must be greater than 0 and less than {MAX_AFFINITY_SECONDS}");
            errors.invalid(&client.child("timeoutSeconds"), seconds, &detail);
        }
    } else {
        errors.required(&client.child("timeoutSeconds"), missing);
    }
}

fn validate_port_uniqueness(errors: &mut Errors, path: &Path<'_>, spec: Spec<'_>) {
    let path = path.child("ports");
    let ports = spec.ports();
    let node_port = |port: &Value| port["nodePort"].as_int().filter(|number| *number != 0);
    if spec.kind() == "ClusterIP" {
        for (at, _) in ports.iter().enumerate().filter(|(_, port)| node_port(port).is_some()) {
            let detail = "may not be used when `type` is 'ClusterIP'";
            errors.forbidden(&path.index(at).child("nodePort"), detail);
        }
    }
    for (at, port) in ports.iter().enumerate() {
        let Some(number) = node_port(port) else { continue };
        let same = |other: &Value| node_port(other) == Some(number) && other["protocol"] == port["protocol"];
        if ports[..at].iter().any(same) {
            errors.duplicate(&path.index(at).child("nodePort"), number);
        }
    }
    for (at, port) in ports.iter().enumerate() {
        let same = |other: &Value| other["port"] == port["port"] && other["protocol"] == port["protocol"];
        if ports[..at].iter().any(same) {
            let mut protocol = String::new();
            json::write_string(&mut protocol, port["protocol"].str());
            let number = port["port"].as_int().unwrap_or(0);
            let key = format!(
                r#"{{"Name":"","Protocol":{protocol},"AppProtocol":null,"Port":{number},"TargetPort":0,"NodePort":0}}"#
            );
            errors.duplicate(&path.index(at), Bad::Json(key));
        }
    }
}

fn validate_source_ranges(errors: &mut Errors, path: &Path<'_>, service: &Object, old: Option<&Object>) {
    let is_load_balancer = Spec::of(service).kind() == "LoadBalancer";
    let ranges = &service.spec()["loadBalancerSourceRanges"];
    if !ranges.items().is_empty() {
        // Upstream's path begins with a capital letter here.
        let path = path.child("LoadBalancerSourceRanges");
        if !is_load_balancer {
            errors.forbidden(&path, ONLY_LOAD_BALANCER);
        }
        let stored = old.map_or(&[][..], |old| old.spec()["loadBalancerSourceRanges"].items());
        for (at, range) in ranges.items().iter().enumerate() {
            let range = range.str().trim();
            if !stored.iter().any(|old| old.str().trim() == range) {
                ip::validate_range(errors, &path.index(at), range);
            }
        }
    } else if let Some(text) = service.annotation(SOURCE_RANGES) {
        let root = Path::root("metadata");
        let annotations = root.child("annotations");
        let path = annotations.key(SOURCE_RANGES);
        if !is_load_balancer {
            errors.forbidden(&path, ONLY_LOAD_BALANCER);
        }
        let is_stored = old.is_some_and(|old| old.annotation(SOURCE_RANGES) == Some(text));
        if !is_stored && !text.trim().is_empty() {
            for range in text.trim().split(',') {
                ip::validate_range(errors, &path, range.trim());
            }
        }
    }
}

fn validate_load_balancer(errors: &mut Errors, path: &Path<'_>, spec: Spec<'_>) {
    let is_load_balancer = spec.kind() == "LoadBalancer";
    let draws = &spec.0["allocateLoadBalancerNodePorts"];
    if !draws.is_null() && !is_load_balancer {
        errors.forbidden(&path.child("allocateLoadBalancerNodePorts"), ONLY_LOAD_BALANCER);
    }
    if draws.is_null() && is_load_balancer {
        errors.required(&Path::root("allocateLoadBalancerNodePorts"), "");
    }
    validate_class(errors, path, spec);
}

/// Source: the same (validateLoadBalancerClassField, without an old Service).
pub(super) fn validate_class(errors: &mut Errors, path: &Path<'_>, spec: Spec<'_>) {
    let Some(class) = spec.0["loadBalancerClass"].as_str() else { return };
    let path = path.child("loadBalancerClass");
    if spec.kind() == "LoadBalancer" {
        errors.invalid_each(&path, class, names::qualified_name(class));
    } else {
        errors.forbidden(&path, ONLY_LOAD_BALANCER);
    }
}

fn validate_traffic(errors: &mut Errors, path: &Path<'_>, spec: Spec<'_>) {
    let external = spec.0["externalTrafficPolicy"].str();
    let external_path = path.child("externalTrafficPolicy");
    if spec.is_externally_accessible() {
        one_of(errors, &external_path, external, &["Cluster", "Local"]);
    } else if !external.is_empty() {
        errors.invalid(&external_path, external, "may only be set for externally-accessible services");
    }
    let health = spec.0["healthCheckNodePort"].as_int().unwrap_or(0);
    let health_path = path.child("healthCheckNodePort");
    if !spec.needs_health_check() {
        if health != 0 {
            let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.invalid(&health_path, health, detail);
        }
    } else if health == 0 {
        errors.required(&health_path, "");
    } else {
        validate_port_number(errors, &health_path, &spec.0["healthCheckNodePort"]);
    }
    match spec.0["internalTrafficPolicy"].as_str() {
        Some("Cluster" | "Local") => {}
        Some(other) => {
            errors.not_supported(&path.child("internalTrafficPolicy"), other, &["Cluster", "Local"]);
        }
        None if matches!(spec.kind(), "NodePort" | "LoadBalancer" | "ClusterIP") => {
            errors.required(&path.child("internalTrafficPolicy"), "");
        }
        None => {}
    }
    if let Some(distribution) = spec.0["trafficDistribution"].as_str() {
        let supported = ["PreferClose", "PreferSameZone", "PreferSameNode"];
        if !supported.contains(&distribution) {
            errors.not_supported(&path.child("trafficDistribution"), distribution, &supported);
        }
    }
}
