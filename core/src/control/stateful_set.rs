//! Keeps the pods of every StatefulSet: numbered, named, and made and ended in order. Volumes are named and empty.
//!
//! Source: kubernetes pkg/controller/statefulset/stateful_set_control.go and stateful_set_utils.go.

use super::{
    controller::Controller,
    event::EventType,
    membership,
    plan::{Message, Plan},
    queue::Queue,
    replica_set::{availability, min_ready, pod_from_template, released, selects},
    store::{Change, Store},
};
use crate::ordered::OrdMap;
use crate::{
    api::{Key, Kind, Object, Value},
    time::Instant,
};
use alloc::{format, rc::Rc, string::ToString, vec::Vec};

mod revisions;
#[cfg(test)]
mod tests;

use revisions::Revisions;

const REVISION_LABEL: &str = "controller-revision-hash";
const SOURCE: &str = "statefulset-controller";

/// StatefulSets, their pods, and pods without a controller that carry such a name.
pub(super) fn watch(change: &Change, store: &Store, queue: &mut Queue) {
    match change.key.kind {
        Kind::StatefulSet if change.after.is_some() => queue.push(Controller::StatefulSet, change.key.clone()),
        Kind::Pod if store.has(Kind::StatefulSet) => {
            for pod in change.before.iter().chain(&change.after) {
                let owner = match pod.controller() {
                    Some(("StatefulSet", name, _)) => name,
                    Some(_) => continue,
                    None => match pod.name().rsplit_once('-') {
                        Some((name, _)) => name,
                        None => continue,
                    },
                };
                let key = Key::new(Kind::StatefulSet, pod.namespace(), owner);
                if store.get(&key).is_some() {
                    queue.push(Controller::StatefulSet, key);
                }
            }
        }
        _ => {}
    }
}

/// One step: the first pod in order that needs something gets it; the rest waits for it, unless the policy is Parallel.
pub(super) fn reconcile(key: &Key, store: &Store, now: Instant) -> Plan {
    let mut plan = Plan::default();
    let Some(set) = store.get(key).filter(|set| !set.is_terminating()) else { return plan };
    let pods = claim(&mut plan, set, store);
    let ordinals = Ordinals::of(set);
    let revisions = Revisions::of(&mut plan, set, store, &pods);
    report(&mut plan, set, &pods, &revisions, now);
    let step = Step { set, revisions, is_ordered: set.spec()["podManagementPolicy"].str() != "Parallel", now };
    if step.fill(&mut plan, &pods, &ordinals) && step.shrink(&mut plan, &pods, &ordinals) {
        step.update(&mut plan, &pods, &ordinals);
    }
    plan
}

/// Which numbers the pods have.
struct Ordinals {
    from: i64,
    to: i64,
}

impl Ordinals {
    fn of(set: &Object) -> Ordinals {
        let from = set.spec()["ordinals"]["start"].as_int().unwrap_or(0);
        Ordinals { from, to: from + set.spec()["replicas"].as_int().unwrap_or(1) }
    }

    fn contains(&self, ordinal: i64) -> bool {
        (self.from..self.to).contains(&ordinal)
    }
}

struct Step<'a> {
    set: &'a Rc<Object>,
    revisions: Revisions,
    is_ordered: bool,
    now: Instant,
}

impl Step<'_> {
    /// Makes the missing pods in order; true if nothing is left to wait for.
    fn fill(&self, plan: &mut Plan, pods: &OrdMap<i64, &Rc<Object>>, ordinals: &Ordinals) -> bool {
        for ordinal in ordinals.from..ordinals.to {
            let must_wait = match pods.get(&ordinal) {
                None => {
                    self.create(plan, ordinal);
                    true
                }
                Some(pod) if is_over(pod) && !pod.is_terminating() => {
                    if pod.status()["phase"].str() == "Failed" {
                        let (namespace, name) = (self.set.namespace(), self.set.name());
                        let words = format!("StatefulSet {namespace}/{name} is recreating failed Pod {}", pod.name());
                        plan.event(self.set, EventType::Warning, "RecreatingFailedPod", SOURCE, Message::Text(words));
                    }
                    self.delete(plan, pod);
                    true
                }
                Some(pod) => !self.is_healthy(plan, pod),
            };
            if must_wait && self.is_ordered {
                return false;
            }
        }
        true
    }

    /// Deletes the pods beyond the wanted number, the highest first; true if there is none.
    fn shrink(&self, plan: &mut Plan, pods: &OrdMap<i64, &Rc<Object>>, ordinals: &Ordinals) -> bool {
        let mut condemned = pods.iter().rev().filter(|(ordinal, _)| !ordinals.contains(**ordinal)).peekable();
        if condemned.peek().is_none() {
            return true;
        }
        let first_unhealthy = pods.values().find(|pod| !is_running_and_ready(pod)).map(|pod| pod.name());
        for (_, pod) in condemned {
            if pod.is_terminating() {
                if self.is_ordered {
                    return false;
                }
                continue;
            }
            if self.is_ordered && !is_running_and_ready(pod) && first_unhealthy != Some(pod.name()) {
                return false;
            }
            self.delete(plan, pod);
            if self.is_ordered {
                return false;
            }
        }
        false
    }

    /// Replaces pods of an older template, the highest first, one at a time.
    fn update(&self, plan: &mut Plan, pods: &OrdMap<i64, &Rc<Object>>, ordinals: &Ordinals) {
        let strategy = &self.set.spec()["updateStrategy"];
        if strategy["type"].str() == "OnDelete" {
            return;
        }
        let partition = strategy["rollingUpdate"]["partition"].as_int().unwrap_or(0);
        for (ordinal, pod) in pods.iter().rev().filter(|(ordinal, _)| ordinals.contains(**ordinal)) {
            if *ordinal < partition {
                return;
            }
            if pod.label(REVISION_LABEL) != Some(&self.revisions.update) && !pod.is_terminating() {
                return self.delete(plan, pod);
            }
            if !self.is_healthy(plan, pod) {
                return;
            }
        }
    }

    fn create(&self, plan: &mut Plan, ordinal: i64) {
        let name = format!("{}-{ordinal}", self.set.name());
        let strategy = &self.set.spec()["updateStrategy"];
        let partition = strategy["rollingUpdate"]["partition"].as_int().unwrap_or(0);
        let is_kept_back = ordinal < Ordinals::of(self.set).from + partition;
        let (mut pod, revision) = match &self.revisions.older {
            Some(older) if is_kept_back => (pod_from_template(older), &self.revisions.current),
            _ => (pod_from_template(self.set), &self.revisions.update),
        };
        let value = &mut pod.value;
        value.remove(&["metadata", "generateName"]);
        value.set(&["metadata", "name"], name.as_str());
        value.set(&["metadata", "labels", "statefulset.kubernetes.io/pod-name"], name.as_str());
        value.set(&["metadata", "labels", "apps.kubernetes.io/pod-index"], ordinal.to_string());
        value.set(&["metadata", "labels", REVISION_LABEL], revision.as_str());
        value.set(&["spec", "hostname"], name.as_str());
        let service = self.set.spec()["serviceName"].str();
        if !service.is_empty() {
            value.set(&["spec", "subdomain"], service);
        }
        claim_volumes(value, self.set, &name);
        plan.create(pod);
        let words = format!("create Pod {name} in StatefulSet {} successful", self.set.name());
        plan.event(self.set, EventType::Normal, "SuccessfulCreate", SOURCE, Message::Text(words));
    }

    fn delete(&self, plan: &mut Plan, pod: &Object) {
        plan.delete(pod.key());
        let words = format!("delete Pod {} in StatefulSet {} successful", pod.name(), self.set.name());
        plan.event(self.set, EventType::Normal, "SuccessfulDelete", SOURCE, Message::Text(words));
    }

    /// Running, ready, ready for long enough, and not on its way out.
    fn is_healthy(&self, plan: &mut Plan, pod: &Object) -> bool {
        if pod.is_terminating() || !is_running_and_ready(pod) {
            return false;
        }
        match availability(pod, min_ready(self.set), self.now) {
            Ok(()) => true,
            Err(at) => {
                at.into_iter().for_each(|at| plan.again_at(at));
                false
            }
        }
    }
}

/// Each claim's template is a volume of the pod, in the place of one of the same name.
///
/// Source: kubernetes pkg/controller/statefulset/stateful_set_utils.go (updateStorage).
fn claim_volumes(pod: &mut Value, set: &Object, name: &str) {
    for template in set.spec()["volumeClaimTemplates"].items() {
        let claim = template["metadata"]["name"].str();
        let mut volume = Value::map();
        volume.set(&["name"], claim);
        volume.set(&["persistentVolumeClaim", "claimName"], format!("{claim}-{name}"));
        let volumes = pod.at_mut(&["spec", "volumes"]).items_mut();
        volumes.retain(|volume| volume["name"].str() != claim);
        volumes.push(volume);
    }
}

/// The pods of the set by number; takes in those that fit by name and labels, lets go of those that no longer match.
fn claim<'a>(plan: &mut Plan, set: &'a Rc<Object>, store: &'a Store) -> OrdMap<i64, &'a Rc<Object>> {
    let selector = &set.spec()["selector"];
    let mut pods = OrdMap::new();
    for pod in store.owned(set.uid()).filter(|pod| pod.kind == Kind::Pod) {
        match ordinal(set, pod) {
            Some(ordinal) if selects(selector, pod.labels()) => drop(pods.insert(ordinal, pod)),
            _ if !pod.is_terminating() => plan.replace(released(pod, set.uid())),
            _ => {}
        }
    }
    let ordinals = Ordinals::of(set);
    for ordinal in ordinals.from..ordinals.to {
        let stray = store.find(Kind::Pod, set.namespace(), &format!("{}-{ordinal}", set.name()));
        let fits =
            |pod: &&Rc<Object>| pod.controller().is_none() && !pod.is_terminating() && selects(selector, pod.labels());
        if let Some(pod) = stray.filter(fits) {
            let mut adopted = (**pod).clone();
            let owners = adopted.value.at_mut(&["metadata", "ownerReferences"]).items_mut();
            owners.push(super::owner_reference(set));
            plan.replace(adopted);
            pods.insert(ordinal, pod);
        }
    }
    pods
}

fn ordinal(set: &Object, pod: &Object) -> Option<i64> {
    pod.name().strip_prefix(set.name())?.strip_prefix('-')?.parse().ok()
}

fn is_over(pod: &Object) -> bool {
    matches!(pod.status()["phase"].str(), "Succeeded" | "Failed")
}

fn is_running_and_ready(pod: &Object) -> bool {
    pod.status()["phase"].str() == "Running" && membership::is_ready(pod)
}

fn report(plan: &mut Plan, set: &Rc<Object>, pods: &OrdMap<i64, &Rc<Object>>, revisions: &Revisions, now: Instant) {
    let revision = revisions.update.as_str();
    let mut current = revisions.current.as_str();
    let of = |revision: &str| {
        let is_of = |pod: &&&Rc<Object>| pod.label(REVISION_LABEL) == Some(revision) && !pod.is_terminating();
        pods.values().filter(is_of).count() as i64
    };
    let all: Vec<&&Rc<Object>> = pods.values().collect();
    let ready = all.iter().filter(|pod| is_running_and_ready(pod)).count() as i64;
    let min_ready = min_ready(set);
    let available =
        all.iter().filter(|p| is_running_and_ready(p) && availability(p, min_ready, now).is_ok()).count() as i64;
    let wanted = set.spec()["replicas"].as_int().unwrap_or(1);
    let updated = of(revision);
    let is_rolling = set.spec()["updateStrategy"]["type"].str() != "OnDelete";
    if is_rolling && updated == wanted && ready == wanted && all.len() as i64 == wanted {
        current = revision;
    }
    let mut status = Value::map();
    status.set(&["observedGeneration"], set.value["metadata"]["generation"].as_int().unwrap_or(0));
    status.set(&["replicas"], all.len() as i64);
    status.set(&["availableReplicas"], available);
    status.set(&["collisionCount"], 0);
    for (field, count) in [("readyReplicas", ready), ("currentReplicas", of(current)), ("updatedReplicas", updated)] {
        if count > 0 {
            status.set(&[field], count);
        }
    }
    status.set(&["currentRevision"], current);
    status.set(&["updateRevision"], revision);
    plan.status(set, status);
}
