//! Hints by `spec.trafficDistribution`: every ready endpoint is meant for its own zone, and perhaps its own node.
//!
//! Source: kubernetes staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go.

use super::Slices;
use crate::api::{Object, Value};
use alloc::{rc::Rc, vec::Vec};

/// True for the values that lead to hints.
pub(super) fn is_known(wish: &str) -> bool {
    matches!(wish, "PreferClose" | "PreferSameZone" | "PreferSameNode")
}

/// Writes the hints into every slice that is written anyway, and into others where they are missing or wrong.
pub(super) fn add(slices: &mut Slices, unchanged: &[&Rc<Object>], with_nodes: bool) {
    for slice in unchanged {
        let is_wrong = |e: &Value| is_ready(e) && e["hints"] != hints(e, with_nodes);
        if slice.value["endpoints"].items().iter().any(is_wrong) {
            slices.update.push((***slice).clone());
        }
    }
    for slice in slices.create.iter_mut().chain(&mut slices.update) {
        for endpoint in slice.value.field_mut("endpoints").items_mut().iter_mut().filter(|e| is_ready(e)) {
            match hints(endpoint, with_nodes) {
                Value::Null => drop(endpoint.remove(&["hints"])),
                hints => endpoint.set(&["hints"], hints),
            }
        }
    }
}

/// Takes all hints away.
pub(super) fn remove(slices: &mut Slices, unchanged: &[&Rc<Object>]) {
    for slice in unchanged {
        if super::topology::has_hints(slice) {
            slices.update.push((***slice).clone());
        }
    }
    for slice in slices.create.iter_mut().chain(&mut slices.update) {
        clear(slice);
    }
}

/// True if the endpoint's condition says ready; here, unlike for kube-proxy, saying nothing means no.
pub(super) fn is_ready(endpoint: &Value) -> bool {
    endpoint["conditions"]["ready"].as_bool() == Some(true)
}

fn clear(slice: &mut Object) {
    for endpoint in slice.value.field_mut("endpoints").items_mut() {
        endpoint.remove(&["hints"]);
    }
}

fn hints(endpoint: &Value, with_nodes: bool) -> Value {
    let mut hints = Value::Null;
    for (field, source) in [("forZones", "zone"), ("forNodes", "nodeName")] {
        if let Some(name) = endpoint[source].as_str().filter(|_| field == "forZones" || with_nodes) {
            let mut entry = Value::map();
            entry.set(&["name"], name);
            hints.set(&[field], Vec::from([entry]));
        }
    }
    hints
}
