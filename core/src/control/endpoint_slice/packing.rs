//! How endpoints are spread over slices: at most 100 in one, with as few writes as possible.
//!
//! Source: kubernetes staging/src/k8s.io/endpointslice/reconciler.go (reconcileByPortMapping). Where upstream takes
//! an endpoint at random out of a Go map, this takes the first by its pod's name.

use super::{
    Slices, is_reserved, labels, new_slice,
    wanted::{Desired, Wanted},
};
use crate::api::{Object, Value};
use alloc::{rc::Rc, vec::Vec};

/// The most endpoints one slice holds.
pub(super) const MAX_ENDPOINTS: usize = 100;

/// Fits the wanted endpoints into the existing slices of their ports and new ones.
pub(super) fn pack(slices: &mut Slices, service: &Object, family: &str, existing: &[&Rc<Object>], mut wanted: Desired) {
    let mut changed: Vec<Object> = Vec::new();
    let mut unchanged: Vec<&Rc<Object>> = Vec::new();
    for slice in existing {
        match keep_wanted(slice, service, &mut wanted) {
            Kept::Unchanged => unchanged.push(slice),
            Kept::Empty => slices.delete.push((*slice).clone()),
            Kept::Changed(slice) => changed.push(slice),
        }
    }

    // Slices that are written anyway are filled first, the fullest before the others.
    crate::ordered::sort_by_key(&mut changed, |slice| core::cmp::Reverse(count(slice)));
    for slice in &mut changed {
        fill(slice, &mut wanted);
    }

    // What is left goes into one unchanged slice if it fits there whole, else into new ones.
    while !wanted.endpoints.is_empty() {
        match slice_to_fill(&unchanged, wanted.endpoints.len()) {
            Some(at) => {
                let mut slice = (**unchanged.remove(at)).clone();
                fill(&mut slice, &mut wanted);
                changed.push(slice);
            }
            None => {
                let mut slice = new_slice(service, family, wanted.ports.clone());
                fill(&mut slice, &mut wanted);
                slices.create.push(slice);
            }
        }
    }
    crate::ordered::sort_by(&mut changed, |a, b| a.name().cmp(b.name()));
    slices.update.append(&mut changed);
}

enum Kept {
    Unchanged,
    Empty,
    Changed(Object),
}

/// Takes the endpoints of this slice that are still wanted off the list, with their new conditions.
fn keep_wanted(slice: &Object, service: &Object, wanted: &mut Desired<'_>) -> Kept {
    let held = slice.value["endpoints"].items();
    let mut kept = Vec::with_capacity(held.len());
    let mut updated = false;
    for endpoint in held {
        let name = endpoint["targetRef"]["name"].str();
        if wanted.endpoints.get(name).is_some_and(|wanted| wanted.is_identical(endpoint))
            && let Some(endpoint_wanted) = wanted.endpoints.remove(name)
        {
            updated |= !endpoint_wanted.is_current(endpoint);
            kept.push((endpoint_wanted, endpoint));
        }
    }
    let labels_changed = user_labels(slice.labels()) != user_labels(service.labels());
    if updated || kept.len() != held.len() {
        if kept.is_empty() {
            return Kept::Empty;
        }
        // An endpoint that stays as it is stays the same tree.
        let endpoint = |(wanted, held): &(Wanted<'_>, &Value)| {
            if held["hints"].is_null() && wanted.is_current(held) { (*held).clone() } else { wanted.emit() }
        };
        let mut slice = with_endpoints(slice, kept.iter().map(endpoint).collect());
        slice.value.set(&["metadata", "labels"], labels(service));
        Kept::Changed(slice)
    } else if labels_changed {
        let mut slice = slice.clone();
        slice.value.set(&["metadata", "labels"], labels(service));
        Kept::Changed(slice)
    } else {
        Kept::Unchanged
    }
}

/// The slice with other endpoints, without copying the ones it has.
fn with_endpoints(slice: &Object, endpoints: Vec<Value>) -> Object {
    let mut copy = Object { kind: slice.kind, value: Value::map() };
    for (name, value) in slice.value.fields().filter(|(name, _)| *name != "endpoints") {
        copy.value.set(&[name], value.clone());
    }
    copy.value.set(&["endpoints"], endpoints);
    copy
}

fn user_labels(labels: &Value) -> Vec<(&str, &Value)> {
    let mut own = Vec::new();
    for (name, value) in labels.fields() {
        if !is_reserved(name) {
            own.push((name, value));
        }
    }
    own
}

/// The unchanged slice that these endpoints would fill best, if they fit into one.
fn slice_to_fill(unchanged: &[&Rc<Object>], endpoints: usize) -> Option<usize> {
    if endpoints >= MAX_ENDPOINTS {
        return None;
    }
    let mut best = None;
    let mut least_room = MAX_ENDPOINTS;
    for (at, slice) in unchanged.iter().enumerate() {
        if let Some(room) = MAX_ENDPOINTS.checked_sub(endpoints + count(slice))
            && room < least_room
        {
            least_room = room;
            best = Some(at);
        }
    }
    best
}

fn fill(slice: &mut Object, wanted: &mut Desired<'_>) {
    let held = slice.value.field_mut("endpoints").items_mut();
    while held.len() < MAX_ENDPOINTS
        && let Some((_, endpoint)) = wanted.endpoints.pop_first()
    {
        held.push(endpoint.emit());
    }
}

fn count(slice: &Object) -> usize {
    slice.value["endpoints"].items().len()
}
