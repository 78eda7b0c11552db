//! What the server warns of in a pod or a template that it accepts, as far as networking goes.
//!
//! Source: kubernetes pkg/api/pod/warnings.go.

use super::CONTAINERS;
use crate::api::{Quoted, Value, field::Path, ip, quantity::Quantity};
use alloc::{format, string::String, vec::Vec};

/// The warnings of a pod's spec that is found at `path`.
pub(in crate::api) fn warnings(path: &str, spec: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    let root = Path::root(path);
    let spread = root.child("topologySpreadConstraints");
    for (at, constraint) in spec["topologySpreadConstraints"].items().iter().enumerate() {
        warn_of_selector(&mut warnings, &spread.index(at), constraint);
    }
    for (list, nth, container) in containers(spec) {
        for (list_of, amounts) in container["resources"].fields().filter(|(name, _)| *name != "claims") {
            for name in ["memory", "ephemeral-storage"] {
                let amount = amounts[name].str();
                if Quantity::parse(amount).is_ok_and(|amount| amount.nanos % 1_000_000_000 != 0) {
                    let place = format!("{path}.{list}[{nth}].resources.{list_of}[{name}]");
                    warnings
                        .push(format!("{place}: fractional byte value \"{amount}\" is invalid, must be an integer"));
                }
            }
        }
        let variables = container["env"].items();
        for (at, variable) in variables.iter().enumerate() {
            let name = variable["name"].str();
            if variables[..at].iter().any(|other| other["name"].str() == name) {
                let why =
                    format!("hides previous definition of {}, which may be dropped when using apply", Quoted(name));
                warnings.push(format!("{path}.{list}[{nth}].env[{at}]: {why}"));
            }
        }
    }
    warn_of_ports(&mut warnings, &ports(path, spec));
    if spec["terminationGracePeriodSeconds"].as_int() < Some(0) && !spec["terminationGracePeriodSeconds"].is_null() {
        let why = "must be >= 0; negative values are invalid and will be treated as 1";
        warnings.push(format!("{path}.terminationGracePeriodSeconds: {why}"));
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let root = root.child("affinity");
        let root = root.child(kind);
        for (list, inner) in [
            ("requiredDuringSchedulingIgnoredDuringExecution", None),
            ("preferredDuringSchedulingIgnoredDuringExecution", Some("podAffinityTerm")),
        ] {
            let path = root.child(list);
            for (at, term) in spec["affinity"][kind][list].items().iter().enumerate() {
                let path = path.index(at);
                match inner {
                    None => warn_of_selector(&mut warnings, &path, term),
                    Some(name) => warn_of_selector(&mut warnings, &path.child(name), &term[name]),
                }
            }
        }
    }
    let servers = root.child("dnsConfig");
    let servers = servers.child("nameservers");
    for (at, server) in spec["dnsConfig"]["nameservers"].items().iter().enumerate() {
        warnings.extend(ip::warning(&servers.index(at), server.str()));
    }
    let aliases = root.child("hostAliases");
    for (at, alias) in spec["hostAliases"].items().iter().enumerate() {
        warnings.extend(ip::warning(&aliases.index(at).child("ip"), alias["ip"].str()));
    }
    warnings
}

fn warn_of_selector(warnings: &mut Vec<String>, path: &Path<'_>, term: &Value) {
    if term["labelSelector"].is_null() {
        let path = path.child("labelSelector");
        warnings.push(format!("{path}: a null labelSelector results in matching no pod"));
    }
}

fn warn_of_ports(warnings: &mut Vec<String>, ports: &[(String, &Value)]) {
    for (at, (place, port)) in ports.iter().enumerate() {
        if port["hostPort"].is_empty() && !port["hostIP"].is_empty() {
            let [name, protocol, host] = ["name", "protocol", "hostIP"].map(|field| port[field].str());
            let number = port["containerPort"].as_int().unwrap_or(0);
            warnings.push(format!(
                "{place}: hostIP set without hostPort: {{Name:{name} HostPort:0 ContainerPort:{number} \
                 Protocol:{protocol} HostIP:{host}}}"
            ));
        }
        let same =
            |other: &Value| other["containerPort"] == port["containerPort"] && other["protocol"] == port["protocol"];
        for (earlier, other) in ports[..at].iter().filter(|(_, other)| same(other)) {
            let is_one_open = other["hostIP"].is_empty() != port["hostIP"].is_empty();
            let what = if other["hostIP"] == port["hostIP"] && other["hostPort"] == port["hostPort"] {
                "duplicate"
            } else if other["hostPort"].is_empty() || port["hostPort"].is_empty() {
                "overlapping"
            } else if other["hostPort"] == port["hostPort"] && is_one_open {
                "dangerously ambiguous"
            } else {
                continue;
            };
            warnings.push(format!("{place}: {what} port definition with {earlier}"));
        }
    }
    for (at, (place, port)) in ports.iter().enumerate() {
        let name = port["name"].str();
        let first = ports[..at].iter().find(|(_, other)| !name.is_empty() && other["name"].str() == name);
        if let Some((first, _)) = first {
            let which = format!("services and probes that select ports by name will use {first}");
            warnings.push(format!("{place}: duplicate port name \"{name}\" with {first}, {which}"));
        }
    }
}

/// Every container with its list and place, init containers first.
fn containers(spec: &Value) -> Vec<(&'static str, usize, &Value)> {
    let mut found = Vec::new();
    for list in CONTAINERS.into_iter().rev() {
        found.extend(spec[list].items().iter().enumerate().map(|(at, container)| (list, at, container)));
    }
    found
}

/// Every port with its path.
fn ports<'a>(path: &str, spec: &'a Value) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for (list, at, container) in containers(spec) {
        for (nth, port) in container["ports"].items().iter().enumerate() {
            found.push((format!("{path}.{list}[{at}].ports[{nth}]"), port));
        }
    }
    found
}
