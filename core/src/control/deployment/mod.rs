//! Keeps the ReplicaSets of every Deployment: one for each revision of its pod template.
//!
//! Source: kubernetes pkg/controller/deployment.

mod rolling;
mod scaling;
mod status;
#[cfg(test)]
mod tests;

use super::{
    controller::Controller,
    event::EventType,
    owner_reference,
    plan::{Message, Plan},
    queue::Queue,
    replica_set::selects,
    store::{Change, Store},
};
use crate::{
    api::{Key, Kind, Object, Value, json},
    time::Instant,
};
use alloc::{
    borrow::ToOwned,
    format,
    rc::Rc,
    string::{String, ToString},
    vec::Vec,
};

/// Tells the pods of one revision from those of another.
pub(super) const HASH_LABEL: &str = "pod-template-hash";
/// Which revision a ReplicaSet is, and which one its Deployment is at.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";

const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const SOURCE: &str = "deployment-controller";

/// Deployments, and the ReplicaSets and pods they own through them.
pub(super) fn watch(change: &Change, store: &Store, queue: &mut Queue) {
    let owner_of = |object: &Object| match object.controller() {
        Some(("Deployment", name, _)) => Some(Key::new(Kind::Deployment, object.namespace(), name)),
        _ => None,
    };
    match change.key.kind {
        Kind::Deployment if change.after.is_some() => queue.push(Controller::Deployment, change.key.clone()),
        Kind::ReplicaSet => {
            for owner in change.before.iter().chain(&change.after).filter_map(|set| owner_of(set)) {
                queue.push(Controller::Deployment, owner);
            }
            if let Some(stray) = change.after.as_ref().filter(|set| set.controller().is_none()) {
                let may_adopt = |d: &&Rc<Object>| selects(&d.spec()["selector"], stray.labels());
                for adopter in store.list(Kind::Deployment, Some(stray.namespace())).filter(may_adopt) {
                    queue.push(Controller::Deployment, adopter.key());
                }
            }
        }
        // Only a Recreate rollout waits for pods to be gone.
        Kind::Pod if change.after.is_none() => {
            let pod = change.object();
            let set = pod.controller().and_then(|(_, name, _)| store.find(Kind::ReplicaSet, pod.namespace(), name));
            if let Some(owner) = set.and_then(|set| owner_of(set)) {
                queue.push(Controller::Deployment, owner);
            }
        }
        _ => {}
    }
}

/// One step towards the wanted state: scale, or roll out, and report.
pub(super) fn reconcile(key: &Key, store: &Store, now: Instant) -> Plan {
    let Some(deployment) = store.get(key).filter(|deployment| !deployment.is_terminating()) else {
        return Plan::default();
    };
    let mut rollout = Rollout::new(store, deployment, now);
    rollout.note_pause();
    let spec = deployment.spec();
    if spec["paused"].as_bool() == Some(true) {
        rollout.sync_revision(false);
        rollout.scale();
        rollout.clean_up();
        rollout.write_status(false);
    } else if rollout.is_scaling_event() {
        rollout.sync_revision(false);
        rollout.scale();
        rollout.write_status(false);
    } else if spec["strategy"]["type"].str() == "Recreate" {
        rollout.recreate();
        rollout.write_status(true);
    } else {
        rollout.roll();
        rollout.write_status(true);
    }
    rollout.plan
}

/// A Deployment and its ReplicaSets while one step is planned.
struct Rollout<'a> {
    store: &'a Store,
    deployment: &'a Rc<Object>,
    now: Instant,
    /// The status to be, as far as it is known.
    status: Value,
    /// The ReplicaSet of the present template.
    new: Option<Object>,
    /// The others, oldest first.
    old: Vec<Object>,
    plan: Plan,
}

impl<'a> Rollout<'a> {
    /// The Deployment's ReplicaSets, and those without a controller that it takes in.
    fn new(store: &'a Store, deployment: &'a Rc<Object>, now: Instant) -> Rollout<'a> {
        let mut sets: Vec<Object> = Vec::new();
        for set in store.owned(deployment.uid()) {
            let is_controlled = set.controller().is_some_and(|(_, _, uid)| uid == deployment.uid());
            if set.kind == Kind::ReplicaSet && is_controlled {
                sets.push((**set).clone());
            }
        }
        let mut plan = Plan::default();
        let selector = &deployment.spec()["selector"];
        for stray in store.stray_sets(deployment.namespace()).filter(|set| selects(selector, set.labels())) {
            let mut adopted = (**stray).clone();
            let owners = adopted.value.at_mut(&["metadata", "ownerReferences"]).items_mut();
            owners.push(owner_reference(deployment));
            plan.replace(adopted.clone());
            sets.push(adopted);
        }
        crate::ordered::sort_by(&mut sets, |a, b| (created(a), a.name()).cmp(&(created(b), b.name())));
        let template = without_hash(&deployment.spec()["template"]);
        let new = sets.iter().position(|set| without_hash(&set.spec()["template"]) == template);
        let new = new.map(|at| sets.remove(at));
        let status = deployment.status().clone();
        Rollout { store, deployment, now, status, new, old: sets, plan }
    }

    fn replicas(&self) -> i64 {
        replicas(self.deployment)
    }

    fn all(&self) -> impl Iterator<Item = &Object> {
        self.old.iter().chain(&self.new)
    }

    /// Brings the new ReplicaSet's annotations and revision up to date, or makes it.
    fn sync_revision(&mut self, create: bool) {
        let newest = self.old.iter().filter_map(revision).max().unwrap_or(0) + 1;
        if let Some(mut set) = self.new.take() {
            let mut changed = annotate(&mut set, self.deployment, newest);
            let seconds = &self.deployment.spec()["minReadySeconds"];
            if set.spec()["minReadySeconds"].as_int().unwrap_or(0) != seconds.as_int().unwrap_or(0) {
                set.value.set(&["spec", "minReadySeconds"], seconds.clone());
                changed = true;
            }
            if changed {
                self.plan.replace(set.clone());
            }
            let text = set.annotation(REVISION).unwrap_or_default().to_owned();
            self.note_revision(&text);
            if self.has_deadline() && status::condition(&self.status, "Progressing").is_none() {
                let words = format!("Found new replica set \"{}\"", set.name());
                self.set_condition("Progressing", "True", "FoundNewReplicaSet", &words);
            }
            self.new = Some(set);
        } else if create {
            self.create_set(newest);
        }
    }

    fn create_set(&mut self, revision: i64) {
        let collisions = self.status["collisionCount"].as_int().unwrap_or(0);
        let template = &self.deployment.spec()["template"];
        let hash = hash_of(template, collisions);
        let name = format!("{}-{hash}", self.deployment.name());
        if self.store.find(Kind::ReplicaSet, self.deployment.namespace(), &name).is_some() {
            self.status.set(&["collisionCount"], collisions + 1);
            self.plan.again_at(self.now);
            return;
        }
        let mut template = template.clone();
        template.set(&["metadata", "labels", HASH_LABEL], hash.as_str());
        let mut selector = self.deployment.spec()["selector"].clone();
        selector.set(&["matchLabels", HASH_LABEL], hash.as_str());
        let mut set = Object::new(Kind::ReplicaSet, self.deployment.namespace(), &name);
        let value = &mut set.value;
        value.set(&["metadata", "labels"], template["metadata"]["labels"].clone());
        value.set(&["metadata", "ownerReferences"], Vec::from([owner_reference(self.deployment)]));
        value.set(&["spec", "replicas"], 0);
        if let Some(seconds) = self.deployment.spec()["minReadySeconds"].as_int().filter(|s| *s != 0) {
            value.set(&["spec", "minReadySeconds"], seconds);
        }
        value.set(&["spec", "selector"], selector);
        value.set(&["spec", "template"], template);
        let count = self.new_set_size(0);
        set.value.set(&["spec", "replicas"], count);
        annotate(&mut set, self.deployment, revision);
        self.annotate_size(&mut set);
        self.plan.create(set.clone());
        if count > 0 {
            self.say(format!("Scaled up replica set {name} from 0 to {count}"));
        }
        self.note_revision(&revision.to_string());
        if self.has_deadline() {
            let words = format!("Created new replica set \"{name}\"");
            self.set_condition("Progressing", "True", "NewReplicaSetCreated", &words);
        }
        self.new = Some(set);
    }

    fn note_revision(&mut self, revision: &str) {
        if self.deployment.annotation(REVISION) != Some(revision) {
            self.plan.annotate(self.deployment.key(), REVISION, revision);
        }
    }

    fn say(&mut self, words: String) {
        self.plan.event(self.deployment, EventType::Normal, "ScalingReplicaSet", SOURCE, Message::Text(words));
    }
}

fn replicas(object: &Object) -> i64 {
    object.spec()["replicas"].as_int().unwrap_or(1)
}

fn created(object: &Object) -> &str {
    object.value["metadata"]["creationTimestamp"].str()
}

fn revision(set: &Object) -> Option<i64> {
    set.annotation(REVISION)?.parse().ok()
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    template.remove(&["metadata", "labels", HASH_LABEL]);
    template
}

/// Copies the Deployment's annotations and raises the revision; a set that comes back remembers its old ones.
///
/// Source: kubernetes pkg/controller/deployment/util/deployment_util.go (SetNewReplicaSetAnnotations).
fn annotate(set: &mut Object, deployment: &Object, revision: i64) -> bool {
    const SKIPPED: [&str; 6] =
        [LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, "deprecated.deployment.rollback.to"];
    let mut changed = false;
    for (name, text) in deployment.value["metadata"]["annotations"].fields() {
        if !SKIPPED.contains(&name) && set.annotation(name) != text.as_str() {
            set.value.set(&["metadata", "annotations", name], text.clone());
            changed = true;
        }
    }
    let before = set.annotation(REVISION).map(ToOwned::to_owned);
    if before.as_ref().and_then(|text| text.parse().ok()).unwrap_or(0) < revision {
        set.value.set(&["metadata", "annotations", REVISION], revision.to_string());
        changed = true;
        if let Some(before) = before {
            let history = match set.annotation(REVISION_HISTORY) {
                Some(history) if !history.is_empty() => format!("{history},{before}"),
                _ => before,
            };
            set.value.set(&["metadata", "annotations", REVISION_HISTORY], history);
        }
    }
    changed
}

/// Ten characters or fewer that stand for a template, as upstream spells them; the hash itself is our own.
fn hash_of(template: &Value, collisions: i64) -> String {
    let mut hash = fnv32(0x811c_9dc5, &json::emit(template));
    if collisions > 0 {
        hash = fnv32(hash, &collisions.to_string());
    }
    spelled(hash)
}

/// A hash in letters that make no words.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go (SafeEncodeString).
pub(super) fn spelled(hash: u32) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    hash.to_string().bytes().map(|digit| char::from(LETTERS[usize::from(digit) % LETTERS.len()])).collect()
}

fn fnv32(start: u32, text: &str) -> u32 {
    text.bytes().fold(start, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
