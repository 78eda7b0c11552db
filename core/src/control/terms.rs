//! What the store finds objects by besides their keys: a text for each label, owner, node and selector.

use crate::api::{Kind, Object};
use alloc::{string::String, vec::Vec};

/// True if what [`of`] reads is the same in both.
pub(super) fn are_same(a: &Object, b: &Object) -> bool {
    a.labels() == b.labels()
        && (a.spec() == b.spec()
            || (a.spec()["nodeName"] == b.spec()["nodeName"] && a.spec()["selector"] == b.spec()["selector"]))
        && a.value["metadata"]["ownerReferences"] == b.value["metadata"]["ownerReferences"]
}

/// What an object is found by besides its key.
pub(super) fn of(object: &Object) -> Vec<String> {
    let mut terms = Vec::new();
    let namespace = object.namespace();
    match object.kind {
        Kind::Pod => {
            for (label, value) in object.labels().fields() {
                terms.push(by_label(Kind::Pod, namespace, label, value.str()));
            }
            let node = object.spec()["nodeName"].str();
            if !node.is_empty() {
                terms.push(by_node(node));
                if let Some((_, _, uid)) = object.controller() {
                    terms.push(by_sibling(uid, node));
                }
            }
        }
        Kind::EndpointSlice => {
            if let Some(service) = object.label(super::SERVICE_NAME_LABEL) {
                terms.push(by_label(Kind::EndpointSlice, namespace, super::SERVICE_NAME_LABEL, service));
            }
        }
        Kind::ReplicaSet if object.controller().is_none() => terms.push(by_stray(namespace)),
        Kind::Service => {
            if let Some((label, value)) = object.spec()["selector"].fields().next() {
                terms.push(by_selector(namespace, label, value.str()));
            }
        }
        _ => {}
    }
    for owner in object.value["metadata"]["ownerReferences"].items() {
        terms.push(by_owner(owner["uid"].str()));
    }
    terms
}

pub(super) fn by_label(kind: Kind, namespace: &str, label: &str, value: &str) -> String {
    [kind.names().plural, namespace, label, value].join("\0")
}

pub(super) fn by_selector(namespace: &str, label: &str, value: &str) -> String {
    ["selector", namespace, label, value].join("\0")
}

pub(super) fn by_stray(namespace: &str) -> String {
    ["stray", namespace].join("\0")
}

pub(super) fn by_owner(uid: &str) -> String {
    ["owner", uid].join("\0")
}

pub(super) fn by_node(node: &str) -> String {
    ["node", node].join("\0")
}

pub(super) fn by_sibling(controller: &str, node: &str) -> String {
    ["sibling", controller, node].join("\0")
}
