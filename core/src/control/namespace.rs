//! Empties a namespace that is being deleted, then removes it.

use super::{
    controller::Controller,
    plan::Plan,
    queue::Queue,
    store::{Change, Store},
};
use crate::api::{Key, Kind, Value, field};
use crate::ordered::OrdMap;
use crate::time::{Instant, timestamp};
use alloc::{format, string::String, vec::Vec};

/// A deletion wakes its namespace; so does every object that goes while its namespace waits for it.
pub(super) fn watch(change: &Change, queue: &mut Queue) {
    match &change.after {
        Some(object) if object.kind == Kind::Namespace && object.is_terminating() => {
            queue.push(Controller::Namespace, change.key.clone());
        }
        None if !change.key.namespace.is_empty() => {
            queue.push(Controller::Namespace, Key::new(Kind::Namespace, "", &change.key.namespace));
        }
        _ => {}
    }
}

/// What a namespace that waits for finalizers says of itself: type, status, reason, and the message or its beginning.
///
/// Source: kubernetes pkg/controller/namespace/deletion/status_condition_utils.go.
const CONDITIONS: [[&str; 4]; 5] = [
    ["NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered"],
    [
        "NamespaceDeletionGroupVersionParsingFailure",
        "False",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ],
    [
        "NamespaceDeletionContentFailure",
        "False",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ],
    ["NamespaceContentRemaining", "True", "SomeResourcesRemain", "Some resources are remaining: "],
    [
        "NamespaceFinalizersRemaining",
        "True",
        "SomeFinalizersRemain",
        "Some content in the namespace has finalizers remaining: ",
    ],
];

/// Source: kubernetes pkg/controller/namespace/deletion/namespaced_resources_deleter.go.
pub(super) fn reconcile(key: &Key, store: &Store, now: Instant) -> Plan {
    let mut plan = Plan::default();
    let Some(namespace) = store.get(key).filter(|namespace| namespace.is_terminating()) else { return plan };
    let mut is_empty = true;
    let (mut kinds, mut finalizers) = (OrdMap::new(), OrdMap::new());
    for kind in Kind::ALL.into_iter().filter(|kind| kind.names().namespaced) {
        for object in store.list(kind, Some(&key.name)) {
            is_empty = false;
            if !object.is_terminating() {
                plan.delete(object.key());
            }
            for finalizer in object.value["metadata"]["finalizers"].items() {
                count(&mut finalizers, finalizer.str());
            }
            if object.is_held() {
                let names = kind.names();
                count(&mut kinds, &format!("{}.{} has", names.plural, names.group));
            }
        }
    }
    if is_empty {
        let mut done = (**namespace).clone();
        done.value.remove(&["spec", "finalizers"]);
        plan.write(done);
    } else if !kinds.is_empty() {
        let mut status = namespace.status().clone();
        let known = status["conditions"].items().to_vec();
        let mut conditions = Vec::new();
        for [kind, truth, reason, begin] in CONDITIONS {
            let message = match kind {
                "NamespaceContentRemaining" => format!("{begin}{}", told(&kinds, "")),
                "NamespaceFinalizersRemaining" => format!("{begin}{}", told(&finalizers, " in")),
                _ => begin.into(),
            };
            let same = known.iter().find(|known| known["type"].str() == kind && known["message"].str() == message);
            let since = same.map_or_else(|| timestamp::emit(now).into(), |same| same["lastTransitionTime"].clone());
            conditions.push(Value::of(Vec::from([
                field("lastTransitionTime", since),
                field("message", message),
                field("reason", reason),
                field("status", truth),
                field("type", kind),
            ])));
        }
        status.set(&["conditions"], conditions);
        plan.status(namespace, status);
    }
    plan
}

fn count(counts: &mut OrdMap<String, u32>, what: &str) {
    let before = counts.get(what).copied().unwrap_or(0);
    counts.insert(what.into(), before + 1);
}

fn told(counts: &OrdMap<String, u32>, word: &str) -> String {
    let mut all = String::new();
    for (what, count) in counts {
        let comma = if all.is_empty() { "" } else { ", " };
        all = format!("{all}{comma}{what}{word} {count} resource instances");
    }
    all
}
