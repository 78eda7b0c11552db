//! What the server warns of in a pod or a template that it accepts, as far as networking goes.
//!
//! Source: kubernetes pkg/api/pod/warnings.go.

use super::CONTAINERS;
use crate::api::Value;
use alloc::{format, string::String, vec::Vec};

/// The warnings of a pod's spec that is found at `path`.
pub(in crate::api) fn warnings(path: &str, spec: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    let ports: Vec<(String, &Value)> = ports(path, spec).collect();
    for (at, (place, port)) in ports.iter().enumerate() {
        let same =
            |other: &Value| other["containerPort"] == port["containerPort"] && other["protocol"] == port["protocol"];
        for (earlier, other) in ports[..at].iter().filter(|(_, other)| same(other)) {
            if other["hostIP"] == port["hostIP"] && other["hostPort"] == port["hostPort"] {
                warnings.push(format!("{place}: duplicate port definition with {earlier}"));
            } else if other["hostPort"].is_empty() || port["hostPort"].is_empty() {
                warnings.push(format!("{place}: overlapping port definition with {earlier}"));
            }
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
    warnings
}

/// Every port with its path, those of init containers first.
fn ports<'a>(path: &'a str, spec: &'a Value) -> impl Iterator<Item = (String, &'a Value)> {
    CONTAINERS.into_iter().rev().flat_map(move |list| {
        let containers = spec[list].items().iter().enumerate();
        containers.flat_map(move |(at, container)| {
            let ports = container["ports"].items().iter().enumerate();
            ports.map(move |(nth, port)| (format!("{path}.{list}[{at}].ports[{nth}]"), port))
        })
    })
}
