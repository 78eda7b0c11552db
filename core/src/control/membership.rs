//! Which pods are behind which Service: the rules that the EndpointSlice and Endpoints controllers share.
//!
//! Source: kubernetes staging/src/k8s.io/endpointslice/util/controller_utils.go and utils.go (FindPort).

use super::{
    facts::{Facts, Spot},
    store::{Change, Store},
};
use crate::api::{Key, Kind, Object, Value};
use crate::ordered::OrdSet;
use alloc::{rc::Rc, string::String, vec::Vec};
use core::net::IpAddr;

/// A pod that may be an endpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) pod: &'a Rc<Object>,
    pub(super) facts: &'a Facts,
    pub(super) spot: &'a Spot,
}

/// The pods that a Service's selector matches, by name: those with an address that are not over, nor on their way out
/// while such pods are not wanted. None without a selector.
///
/// Only the pods with the rarest of its labels are looked at.
pub(super) fn pods_of<'a>(store: &'a Store, service: &Object, with_terminating: bool) -> Vec<Member<'a>> {
    let mut members = Vec::new();
    let (namespace, selector) = (service.namespace(), &service.spec()["selector"]);
    let Some((label, value)) = rarest(store, namespace, selector) else { return members };
    let is_only = selector.fields().count() == 1;
    let mut found = store.labelled(Kind::Pod, namespace, label, value.str());
    while let Some((pod, facts)) = found.next_with_facts() {
        if let Some(spot) = &facts.spot
            && !facts.is_over
            && (with_terminating || !facts.is_terminating)
            && (is_only || selects(service, pod.labels()))
        {
            members.push(Member { pod, facts, spot });
        }
    }
    members
}

/// Of these labels the one that the fewest pods carry.
pub(super) fn rarest<'a>(store: &Store, namespace: &str, labels: &'a Value) -> Option<(&'a str, &'a Value)> {
    let mut pairs = labels.fields();
    if labels.as_map().is_some_and(|map| map.len() == 1) {
        return pairs.next();
    }
    pairs.min_by_key(|(label, value)| store.count_labelled(Kind::Pod, namespace, label, value.str()))
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
    let [old, new] = &change.facts;
    let (before, after) = match (&change.before, &change.after) {
        (Some(before), Some(after)) => (before, after),
        // Without an address it is nobody's endpoint.
        _ if old.spot.is_none() && new.spot.is_none() => return OrdSet::new(),
        _ => return selecting(store, namespace, change.object().labels()),
    };
    let is_named_anew = |field: &str| before.spec()[field] != after.spec()[field];
    let relabelled = before.labels() != after.labels()
        || before.spec() != after.spec() && (is_named_anew("hostname") || is_named_anew("subdomain"));
    let is_same_spot = match (&old.spot, &new.spot) {
        (Some(old), Some(new)) => Rc::ptr_eq(old, new) || addresses(before) == addresses(after),
        (None, None) => true,
        _ => false,
    };
    let changed = old.is_terminating || new.is_terminating || old.is_ready != new.is_ready || !is_same_spot;
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

/// True if the pod's `Ready` condition is.
pub(super) fn is_ready(pod: &Object) -> bool {
    let conditions = pod.status()["conditions"].items();
    conditions.iter().find(|c| c["type"].str() == "Ready").is_some_and(|c| c["status"].str() == "True")
}

/// The pod's hostname, if the Service gives it a name of its own in DNS.
pub(super) fn hostname<'a>(member: &Member<'a>, service: &Object) -> Option<&'a str> {
    let spec = member.pod.spec();
    (member.spot.is_named && spec["subdomain"].str() == service.name() && member.pod.namespace() == service.namespace())
        .then(|| spec["hostname"].str())
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

/// Those of a pod's addresses that are of one family, in their usual spelling.
pub(super) fn addresses_of_family(addresses: &[&str], ipv6: bool) -> Vec<String> {
    use alloc::string::ToString;
    let mut found = Vec::new();
    for text in addresses {
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
