//! What a pod may say, as far as this product looks.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (ValidatePodSpec and what it calls), in its order.

use super::{CONTAINERS, probe, resources, volumes};
use crate::api::{
    Object, Value,
    field::{Errors, Path},
    ip, meta, names, selector,
    service::{one_of, shown},
};
use crate::ordered::OrdSet;
use alloc::{format, string::String, vec::Vec};

/// The fields of a pod's spec that may change, as upstream lists them.
const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
                         `spec.tolerations` (only additions to existing tolerations),\
                         `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// The faults of a new pod.
pub fn validate(errors: &mut Errors, pod: &Object) {
    meta::validate(errors, pod);
    validate_pod(errors, pod);
}

/// The faults of a changed pod: hardly anything of its spec may change.
///
/// Source: the same (ValidatePodUpdate).
pub fn validate_update(errors: &mut Errors, pod: &Object, old: &Object) {
    meta::validate_update(errors, pod);
    meta::validate(errors, pod);
    validate_pod(errors, pod);
    let path = Path::root("spec");
    let mut munged = pod.spec().clone();
    for list in CONTAINERS {
        let (before, after) = (old.spec()[list].items(), pod.spec()[list].items());
        if before.len() != after.len() {
            return errors.forbidden(&path.child(list), "pod updates may not add or remove containers");
        }
        for (at, container) in before.iter().enumerate() {
            munged.field_mut(list).items_mut()[at].set(&["image"], container["image"].clone());
        }
    }
    let deadline = "activeDeadlineSeconds";
    if !old.spec()[deadline].is_null() && pod.spec()[deadline].is_null() {
        errors.invalid(&path.child(deadline), &Value::Null, "must not update from a positive integer to nil value");
    }
    for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
        let before = &old.spec()[field];
        if before.is_null() {
            munged.remove(&[field]);
        } else {
            munged.set(&[field], before.clone());
        }
    }
    if munged != *old.spec() {
        errors.forbidden(&path, &format!("pod updates may not change fields other than {UPDATABLE}\n"));
    }
}

fn validate_pod(errors: &mut Errors, pod: &Object) {
    let path = Path::root("spec");
    validate_spec(errors, &path, pod.spec(), &[], true);
    for list in CONTAINERS {
        let path = path.child(list);
        for (at, container) in pod.spec()[list].items().iter().enumerate() {
            let image = container["image"].str();
            if image.trim().len() != image.len() {
                let complaint = "must not have leading or trailing whitespace";
                errors.invalid(&path.index(at).child("image"), image, complaint);
            }
        }
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
    let mut known = volumes::validate(errors, &path.child("volumes"), spec["volumes"].items());
    known.extend(claims);
    validate_containers(errors, path, spec, &known);
    validate_host_network(errors, path, spec, is_pod);
    one_of(errors, &path.child("restartPolicy"), spec["restartPolicy"].str(), &["Always", "OnFailure", "Never"]);
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    one_of(errors, &path.child("dnsPolicy"), spec["dnsPolicy"].str(), &policies);
    let gates = path.child("readinessGates");
    for (at, gate) in spec["readinessGates"].items().iter().enumerate() {
        let kind = gate["conditionType"].str();
        errors.invalid_each(&gates.index(at).child("conditionType"), kind, names::qualified_name(kind));
    }
    selector::validate_labels(errors, &path.child("nodeSelector"), &spec["nodeSelector"]);
    validate_dns(errors, &path.child("dnsConfig"), spec);
    for (field, rule) in [
        ("serviceAccountName", names::dns_subdomain as fn(&str) -> Vec<String>),
        ("nodeName", names::dns_subdomain),
        ("hostname", names::dns_label),
        ("subdomain", names::dns_label),
        ("priorityClassName", names::dns_subdomain),
        ("runtimeClassName", names::dns_subdomain),
    ] {
        if field == "hostname" {
            validate_deadline(errors, &path.child("activeDeadlineSeconds"), &spec["activeDeadlineSeconds"]);
        }
        let text = spec[field].str();
        if !text.is_empty() {
            errors.invalid_each(&path.child(field), text, rule(text));
        }
    }
    validate_tolerations(errors, &path.child("tolerations"), spec["tolerations"].items());
    let aliases = path.child("hostAliases");
    for (at, alias) in spec["hostAliases"].items().iter().enumerate() {
        let path = aliases.index(at);
        ip::validate(errors, &path.child("ip"), alias["ip"].str());
        let hostnames = path.child("hostnames");
        for (at, name) in alias["hostnames"].items().iter().map(Value::str).enumerate() {
            errors.invalid_each(&hostnames.index(at), name, names::dns_subdomain(name));
        }
    }
}

/// Source: the same (ValidateTolerations).
fn validate_tolerations(errors: &mut Errors, path: &Path<'_>, tolerations: &[Value]) {
    for (at, toleration) in tolerations.iter().enumerate() {
        let path = path.index(at);
        let [key, operator, value, effect] = ["key", "operator", "value", "effect"].map(|name| toleration[name].str());
        let operator_path = path.child("operator");
        if !key.is_empty() {
            errors.invalid_each(&path.child("key"), key, names::qualified_name(key));
        } else if operator != "Exists" {
            let complaint =
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.invalid(&operator_path, operator, complaint);
        }
        if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
            let complaint = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.invalid(&path.child("effect"), effect, complaint);
        }
        match operator {
            "Equal" | "" => {
                let complaints = names::label_value(value);
                if !complaints.is_empty() {
                    errors.invalid(&operator_path, value, &complaints.join(";"));
                }
            }
            "Exists" if !value.is_empty() => {
                errors.invalid(&operator_path, value, "value must be empty when `operator` is 'Exists'");
            }
            "Exists" => {}
            other => errors.not_supported(&operator_path, other, &["Equal", "Exists"]),
        }
        if !matches!(effect, "" | "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
            let supported = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
            errors.not_supported(&path.child("effect"), effect, &supported);
        }
    }
}

fn validate_deadline(errors: &mut Errors, path: &Path<'_>, seconds: &Value) {
    if let Some(seconds) = seconds.as_int() {
        for complaint in names::in_range(seconds, 1, i32::MAX.into()) {
            errors.invalid(path, seconds, &complaint);
        }
    }
}

fn validate_containers(errors: &mut Errors, path: &Path<'_>, spec: &Value, volumes: &[&str]) {
    let mut seen = OrdSet::new();
    for list in CONTAINERS {
        let path = path.child(list);
        let containers = spec[list].items();
        if containers.is_empty() && list == "containers" {
            errors.required(&path, "");
        }
        for (at, container) in containers.iter().enumerate() {
            let path = path.index(at);
            validate_container(errors, &path, container, volumes);
            let name = container["name"].str();
            if !seen.insert(name) {
                errors.duplicate(&path.child("name"), name);
            }
            let policies = ["Always", "Never", "OnFailure"];
            if let Some(policy) = container["restartPolicy"].as_str().filter(|policy| !policies.contains(policy)) {
                errors.not_supported(&path.child("restartPolicy"), policy, &policies);
            }
            let is_sidecar = container["restartPolicy"].str() == "Always";
            for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
                if container[kind].is_null() {
                    continue;
                }
                if list == "containers" || is_sidecar {
                    probe::validate(errors, &path.child(kind), &container[kind], kind);
                } else {
                    let complaint = "may not be set for init containers without restartPolicy=Always";
                    errors.forbidden(&path.child(kind), complaint);
                }
            }
        }
        if list == "containers" {
            validate_host_ports(errors, &path, containers);
        }
    }
}

fn validate_container(errors: &mut Errors, path: &Path<'_>, container: &Value, volumes: &[&str]) {
    let name = container["name"].str();
    if name.is_empty() {
        errors.required(&path.child("name"), "");
    } else {
        errors.invalid_each(&path.child("name"), name, names::dns_label(name));
    }
    if container["image"].is_empty() {
        errors.required(&path.child("image"), "");
    }
    let policy = container["terminationMessagePolicy"].str();
    one_of(errors, &path.child("terminationMessagePolicy"), policy, &["File", "FallbackToLogsOnError"]);
    validate_ports(errors, &path.child("ports"), container["ports"].items());
    validate_env(errors, &path.child("env"), container["env"].items());
    let mounts = container["volumeMounts"].items();
    volumes::validate_mounts(errors, &path.child("volumeMounts"), mounts, volumes);
    let policy = container["imagePullPolicy"].str();
    one_of(errors, &path.child("imagePullPolicy"), policy, &["Always", "IfNotPresent", "Never"]);
    resources::validate(errors, &path.child("resources"), &container["resources"]);
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

fn validate_env(errors: &mut Errors, path: &Path<'_>, variables: &[Value]) {
    for (at, variable) in variables.iter().enumerate() {
        let path = path.index(at);
        let name = variable["name"].str();
        if name.is_empty() {
            errors.required(&path.child("name"), "");
        } else {
            errors.invalid_each(&path.child("name"), name, names::env_name(name));
        }
        let source = &variable["valueFrom"];
        if source.is_null() {
            continue;
        }
        let path = path.child("valueFrom");
        match source.fields().filter(|(_, value)| !value.is_null()).count() {
            0 => {
                let known = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` \
                             or `fileKeyRef`";
                errors.invalid(&path, "", known);
            }
            _ if !variable["value"].is_empty() => {
                errors.invalid(&path, "", "may not be specified when `value` is not empty");
            }
            1 => {}
            _ => errors.invalid(&path, "", "may not have more than one field specified at a time"),
        }
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
fn validate_dns(errors: &mut Errors, path: &Path<'_>, spec: &Value) {
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
