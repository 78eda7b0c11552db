//! What the server warns of in a pod or a template that it accepts, as far as networking goes.
//!
//! Source: kubernetes pkg/api/pod/warnings.go.

use super::CONTAINERS;
use crate::api::{Quoted, Value};
use alloc::{format, string::String, vec::Vec};

/// The warnings of a pod's spec that is found at `path`.
pub(in crate::api) fn warnings(path: &str, spec: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    for (list, nth, container) in containers(spec) {
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
    warnings
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
