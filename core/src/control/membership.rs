//! Which pods are behind which Service: the rules that the EndpointSlice and Endpoints controllers share.
//!
//! Source: kubernetes staging/src/k8s.io/endpointslice/util/controller_utils.go and utils.go (FindPort).

use super::store::{Change, Store};
use crate::api::{Key, Kind, Object, Value};
use crate::ordered::OrdSet;
use alloc::{rc::Rc, string::String, vec::Vec};
use core::net::IpAddr;

/// The pods that a Service's selector matches and that [`belongs`] lets in, by name; none without a selector.
///
/// Only the pods with the rarest of its labels are looked at.
pub(super) fn pods_of<'a>(store: &'a Store, service: &Object, with_terminating: bool) -> Vec<&'a Rc<Object>> {
    let namespace = service.namespace();
    let pairs = service.spec()["selector"].fields();
    let rarest = pairs.min_by_key(|(label, value)| store.count_labelled(Kind::Pod, namespace, label, value.str()));
    let Some((label, value)) = rarest else { return Vec::new() };
    let mut pods = Vec::new();
    for pod in store.labelled(Kind::Pod, namespace, label, value.str()) {
        if selects(service, pod.labels()) && belongs(pod, with_terminating) {
            pods.push(pod);
        }
    }
    pods
}

/// True if the Service has a selector; an empty one counts as none, as it does once stored.
pub(super) fn has_selector(service: &Object) -> bool {
    !service.spec()["selector"].is_empty()
}

/// The Services whose endpoints this change of a pod may alter.
///
/// The surprise: a pod whose phase or labels change without the Service noticing (same readiness, same match) wakes nobody.
pub(super) fn services_of(change: &Change, store: &Store) -> OrdSet<Key> {
    let namespace = &change.key.namespace;
    let (before, after) = match (&change.before, &change.after) {
        (Some(before), Some(after)) => (before, after),
        // Without an address it is nobody's endpoint.
        (Some(pod), None) | (None, Some(pod)) if addresses(pod).is_empty() => return OrdSet::new(),
        (Some(pod), None) | (None, Some(pod)) => return selecting(store, namespace, pod.labels()),
        (None, None) => return OrdSet::new(),
    };
    let relabelled = before.labels() != after.labels()
        || ["hostname", "subdomain"].into_iter().any(|field| before.spec()[field] != after.spec()[field]);
    let changed = before.is_terminating()
        || after.is_terminating()
        || is_ready(before) != is_ready(after)
        || addresses(before) != addresses(after);
    if !relabelled {
        return if changed { selecting(store, namespace, after.labels()) } else { OrdSet::new() };
    }
    let (old, new) = (selecting(store, namespace, before.labels()), selecting(store, namespace, after.labels()));
    if changed { &old | &new } else { &old ^ &new }
}

/// The Services of a namespace that select these labels.
pub(super) fn selecting(store: &Store, namespace: &str, labels: &Value) -> OrdSet<Key> {
    let mut found = OrdSet::new();
    for (label, value) in labels.fields() {
        for service in store.selecting(namespace, label, value.str()) {
            if selects(service, labels) {
                found.insert(service.key());
            }
        }
    }
    found
}

/// True unless the pod is over, has no address, or is on its way out while such pods are not wanted.
fn belongs(pod: &Object, with_terminating: bool) -> bool {
    !matches!(pod.status()["phase"].str(), "Succeeded" | "Failed")
        && !addresses(pod).is_empty()
        && (with_terminating || !pod.is_terminating())
}

/// True if the pod's `Ready` condition is.
pub(super) fn is_ready(pod: &Object) -> bool {
    let conditions = pod.status()["conditions"].items();
    conditions.iter().find(|c| c["type"].str() == "Ready").is_some_and(|c| c["status"].str() == "True")
}

/// The pod's hostname, if the Service gives it a name of its own in DNS.
pub(super) fn hostname<'a>(pod: &'a Object, service: &Object) -> Option<&'a str> {
    let spec = pod.spec();
    let hostname = spec["hostname"].str();
    (!hostname.is_empty() && spec["subdomain"].str() == service.name() && pod.namespace() == service.namespace())
        .then_some(hostname)
}

/// The pod's addresses as written in its status.
pub(super) fn addresses(pod: &Object) -> Vec<&str> {
    let status = pod.status();
    let mut listed = Vec::new();
    for entry in status["podIPs"].items() {
        listed.push(entry["ip"].str());
    }
    let only = status["podIP"].str();
    if listed.is_empty() && !only.is_empty() {
        listed.push(only);
    }
    listed
}

/// The pod's addresses of one family, in their usual spelling.
pub(super) fn addresses_of_family(pod: &Object, ipv6: bool) -> Vec<String> {
    use alloc::string::ToString;
    let mut found = Vec::new();
    for text in addresses(pod) {
        if let Ok(address) = text.parse::<IpAddr>()
            && address.to_canonical().is_ipv6() == ipv6
        {
            found.push(address.to_canonical().to_string());
        }
    }
    found
}

/// The number of the port behind a Service's port on this pod; a name is looked up in its containers, then its sidecars.
pub(super) fn target_port(pod: &Object, port: &Value) -> Option<i64> {
    let name = match &port["targetPort"] {
        Value::Int(number) => return Some(*number),
        Value::String(name) => name,
        _ => return port["port"].as_int(),
    };
    let spec = pod.spec();
    for (list, is_first) in [("containers", true), ("initContainers", false)] {
        for container in spec[list].items() {
            if !is_first && container["restartPolicy"].str() != "Always" {
                continue;
            }
            for own in container["ports"].items() {
                if own["name"].str() == name && protocol(own) == protocol(port) {
                    return own["containerPort"].as_int();
                }
            }
        }
    }
    None
}

/// The numbers behind each of a Service's ports on this pod: pods that agree in them offer the same ports.
pub(super) fn target_ports(pod: &Object, service: &Object) -> Vec<Option<i64>> {
    let mut numbers = Vec::new();
    for port in service.spec()["ports"].items() {
        numbers.push(target_port(pod, port));
    }
    numbers
}

/// A port's protocol, TCP if it names none.
pub(super) fn protocol(port: &Value) -> &str {
    port["protocol"].as_str().unwrap_or("TCP")
}

/// True for a Service without a cluster IP, by choice or by type.
pub(super) fn is_headless(service: &Object) -> bool {
    matches!(service.spec()["clusterIP"].str(), "" | "None")
}

fn selects(service: &Object, labels: &Value) -> bool {
    has_selector(service) && service.spec()["selector"].fields().all(|(label, value)| labels[label] == *value)
}
