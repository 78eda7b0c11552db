//! Binds pods to nodes.

use super::{
    controller::Controller,
    event::EventType,
    plan::{Message, Plan},
    queue::Queue,
    store::{Change, Store},
};
use crate::api::{Key, Kind, Object, Value, selector};
use alloc::{format, rc::Rc, string::String, vec::Vec};

const SOURCE: &str = "default-scheduler";

/// A new pod without a node is looked at; every new or changed node gives the pending pods another chance.
pub(super) fn watch(change: &Change, store: &Store, queue: &mut Queue) {
    let Some(object) = &change.after else { return };
    match change.key.kind {
        Kind::Pod if is_unbound(object) && change.before.is_none() => {
            queue.push(Controller::Scheduler, change.key.clone());
        }
        Kind::Node if change.before.as_ref().is_none_or(|before| differs(before, object)) => {
            for pod in store.list(Kind::Pod, None).filter(|pod| is_unbound(pod)) {
                queue.push(Controller::Scheduler, pod.key());
            }
        }
        _ => {}
    }
}

/// The node with the fewest pods of the same controller, then the fewest pods, then the first by name.
///
/// A stand-in for the scheduler's scores that keeps its visible habit: replicas spread.
pub(super) fn reconcile(key: &Key, store: &Store) -> Plan {
    let mut plan = Plan::default();
    let Some(pod) = store.get(key).filter(|pod| is_unbound(pod) && is_ours(pod)) else { return plan };
    let nodes: Vec<&Rc<Object>> = store.list(Kind::Node, None).collect();
    let node = nodes
        .iter()
        .filter(|node| refusal(pod, node).is_none())
        .min_by_key(|node| (siblings_on(store, pod, node.name()), store.count_on_node(node.name()), node.name()));
    match node {
        Some(node) => bind(&mut plan, pod, node.name()),
        None => leave_pending(&mut plan, pod, &nodes),
    }
    plan
}

fn is_unbound(pod: &Object) -> bool {
    pod.spec()["nodeName"].str().is_empty()
}

/// Pods that name another scheduler wait for it.
fn is_ours(pod: &Object) -> bool {
    !pod.is_terminating() && matches!(pod.spec()["schedulerName"].str(), "" | SOURCE)
}

/// A heartbeat or a new image on a node is no news to a pending pod.
fn differs(before: &Object, after: &Object) -> bool {
    before.spec() != after.spec() || before.labels() != after.labels() || is_ready(before) != is_ready(after)
}

/// A node that a manifest made has no kubelet: nobody says that it is ready, and it takes no pod.
fn is_ready(node: &Object) -> bool {
    let conditions = node.status()["conditions"].items();
    conditions.iter().find(|c| c["type"].str() == "Ready").is_some_and(|c| c["status"].str() == "True")
}

/// Why this node cannot take this pod, in the scheduler's words; `None` if it can.
fn refusal(pod: &Object, node: &Object) -> Option<String> {
    let tolerations = pod.spec()["tolerations"].items();
    let spec = node.spec();
    let mut taints = spec["taints"].items().iter();
    let blocking = taints
        .find(|taint| taint["effect"].str() != "PreferNoSchedule" && !tolerations.iter().any(|t| tolerates(t, taint)));
    if spec["unschedulable"].as_bool() == Some(true) {
        return Some("node(s) were unschedulable".into());
    }
    if let Some(taint) = blocking {
        let value = match taint["value"].str() {
            "" => String::new(),
            value => format!(": {value}"),
        };
        return Some(format!("node(s) had untolerated taint {{{}{value}}}", taint["key"].str()));
    }
    if !is_ready(node) {
        return Some("node(s) had untolerated taint {node.kubernetes.io/not-ready: }".into());
    }
    let selects = |(name, value): (&str, &Value)| node.label(name) == value.as_str();
    if !pod.spec()["nodeSelector"].fields().all(selects) || !has_affinity(pod, node) {
        return Some("node(s) didn't match Pod's node affinity/selector".into());
    }
    None
}

/// True if one of the terms that the pod's node affinity requires means this node, or it requires none.
///
/// Source: kubernetes staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go.
fn has_affinity(pod: &Object, node: &Object) -> bool {
    let required = &pod.spec()["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let mut terms = required["nodeSelectorTerms"].items().iter();
    required.is_null()
        || terms.any(|term| {
            let names = term["matchFields"].items();
            let is_named = |field: &Value| {
                let is_listed = field["values"].items().iter().any(|name| name.str() == node.name());
                is_listed == (field["operator"].str() == "In")
            };
            (!names.is_empty() || !term["matchExpressions"].is_empty())
                && names.iter().all(is_named)
                && selector::label_selector_matches(term, node.labels())
        })
}

/// Source: kubernetes staging/src/k8s.io/api/core/v1/toleration.go (ToleratesTaint).
fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let matches = |field: &str| toleration[field].str().is_empty() || toleration[field].str() == taint[field].str();
    matches("effect")
        && matches("key")
        && (toleration["operator"].str() == "Exists" || toleration["value"].str() == taint["value"].str())
}

fn siblings_on(store: &Store, pod: &Object, node: &str) -> usize {
    pod.controller().map_or(0, |(_, _, uid)| store.count_siblings(uid, node))
}

fn bind(plan: &mut Plan, pod: &Rc<Object>, node: &str) {
    let mut bound = (**pod).clone();
    bound.value.set(&["spec", "nodeName"], node);
    plan.write(bound);
    let message = format!("Successfully assigned {}/{} to {node}", pod.namespace(), pod.name());
    plan.event(pod, EventType::Normal, "Scheduled", SOURCE, Message::Text(message));
}

/// Source: kubernetes pkg/scheduler/framework/types.go (FitError).
fn leave_pending(plan: &mut Plan, pod: &Rc<Object>, nodes: &[&Rc<Object>]) {
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for reason in nodes.iter().filter_map(|node| refusal(pod, node)) {
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
    }
    let mut reasons: Vec<String> = reasons.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    crate::ordered::sort(&mut reasons);
    let message = if nodes.is_empty() {
        "no nodes available to schedule pods".into()
    } else {
        format!("0/{} nodes are available: {}.", nodes.len(), reasons.join(", "))
    };
    let mut condition = Value::map();
    condition.set(&["type"], "PodScheduled");
    condition.set(&["status"], "False");
    condition.set(&["reason"], "Unschedulable");
    condition.set(&["message"], message.as_str());
    let mut status = pod.status().clone();
    status.set(&["phase"], "Pending");
    let conditions = status.field_mut("conditions").items_mut();
    conditions.retain(|c| c["type"].str() != "PodScheduled");
    conditions.push(condition);
    plan.status(pod, status);
    plan.event(pod, EventType::Warning, "FailedScheduling", SOURCE, Message::Text(message));
}
