//! Keeps as many pods as every ReplicaSet wants.
//!
//! Source: kubernetes pkg/controller/replicaset/replica_set.go and pkg/controller/controller_utils.go.

use super::{
    controller::Controller,
    event::EventType,
    membership, metadata, owner_reference,
    plan::{Message, Plan},
    queue::Queue,
    store::{Change, Store},
    timestamp,
};
use crate::ordered::OrdMap;
use crate::{
    api::{Key, Kind, Object, Value, selector},
    time::{Duration, Instant},
};
use alloc::{format, rc::Rc, vec::Vec};
use core::cmp::{Ordering, Reverse};

const SOURCE: &str = "replicaset-controller";
/// The most pods made or deleted at once.
const BURST: usize = 500;

/// ReplicaSets, their pods, and pods without a controller that one of them may adopt.
pub(super) fn watch(change: &Change, store: &Store, queue: &mut Queue) {
    match change.key.kind {
        Kind::ReplicaSet if change.after.is_some() => queue.push(Controller::ReplicaSet, change.key.clone()),
        Kind::Pod if store.has(Kind::ReplicaSet) => {
            for pod in change.before.iter().chain(&change.after) {
                match pod.controller() {
                    Some(("ReplicaSet", name, _)) => {
                        queue.push(Controller::ReplicaSet, Key::new(Kind::ReplicaSet, pod.namespace(), name));
                    }
                    Some(_) => {}
                    None => wake_adopters(pod, store, queue),
                }
            }
        }
        _ => {}
    }
}

/// Adopts and releases pods, makes or deletes the difference, and counts.
pub(super) fn reconcile(key: &Key, store: &Store, now: Instant) -> Plan {
    let mut plan = Plan::default();
    let Some(set) = store.get(key).filter(|set| !set.is_terminating()) else { return plan };
    let wanted = usize::try_from(set.spec()["replicas"].as_int().unwrap_or(1)).unwrap_or(0);
    if let Some(counts) = counted(set, store).filter(|counts| counts.active <= wanted) {
        fill(&mut plan, set, store, wanted - counts.active);
        report(&mut plan, set, &counts);
        return plan;
    }
    let (active, terminating) = claim(&mut plan, set, store);
    if active.len() < wanted {
        fill(&mut plan, set, store, wanted - active.len());
    } else {
        for pod in to_delete(store, set, &active, active.len() - wanted, now).into_iter().take(BURST) {
            plan.delete(pod.key());
            let words = format!("Deleted pod: {}", pod.name());
            plan.event(set, EventType::Normal, "SuccessfulDelete", SOURCE, Message::Text(words));
        }
    }
    let counts = count(&mut plan, set, &active, terminating, now);
    report(&mut plan, set, &counts);
    plan
}

/// True if a workload's selector means these labels; an empty one means none here, lest it take every pod.
pub(super) fn selects(selector: &Value, labels: &Value) -> bool {
    let is_empty = selector["matchLabels"].is_empty() && selector["matchExpressions"].is_empty();
    !is_empty && selector::label_selector_matches(selector, labels)
}

/// A pod made from a workload's template, without a name yet.
pub(super) fn pod_from_template(owner: &Object) -> Object {
    let template = &owner.spec()["template"];
    let mut pod = Object::new(Kind::Pod, owner.namespace(), "");
    let value = &mut pod.value;
    value.remove(&["metadata", "name"]);
    value.set(&["metadata", "generateName"], format!("{}-", owner.name()));
    for field in ["labels", "annotations", "finalizers"] {
        if !template["metadata"][field].is_null() {
            value.set(&["metadata", field], template["metadata"][field].clone());
        }
    }
    value.set(&["metadata", "ownerReferences"], Vec::from([owner_reference(owner)]));
    value.set(&["spec"], template["spec"].clone());
    pod
}

/// True if the pod counts: it is neither over nor on its way out.
pub(super) fn is_active(pod: &Object) -> bool {
    !pod.is_terminating() && !is_over(pod)
}

/// True once a ready pod has been ready for that long; otherwise when it will have been.
pub(super) fn availability(pod: &Object, min_ready: Duration, now: Instant) -> Result<(), Option<Instant>> {
    if !membership::is_ready(pod) {
        return Err(None);
    }
    if min_ready == Duration::ZERO {
        return Ok(());
    }
    let at = ready_since(pod).map(|since| since + min_ready);
    match at {
        Some(at) if at <= now => Ok(()),
        at => Err(at),
    }
}

/// How long a pod of this workload must be ready to count as available.
pub(super) fn min_ready(owner: &Object) -> Duration {
    Duration::from_secs(owner.spec()["minReadySeconds"].as_int().unwrap_or(0).unsigned_abs())
}

fn is_over(pod: &Object) -> bool {
    matches!(pod.status()["phase"].str(), "Succeeded" | "Failed")
}

fn wake_adopters(pod: &Object, store: &Store, queue: &mut Queue) {
    for set in store.list(Kind::ReplicaSet, Some(pod.namespace())) {
        if selects(&set.spec()["selector"], pod.labels()) {
            queue.push(Controller::ReplicaSet, set.key());
        }
    }
}

/// What a set's status says of its pods.
struct Counts {
    active: usize,
    labelled: usize,
    ready: usize,
    available: usize,
    terminating: usize,
}

/// The counts without a look at the pods, so that what a change costs does not depend on how many there are; none if one
/// has to be adopted, released or waited for.
fn counted(set: &Object, store: &Store) -> Option<Counts> {
    let selector = &set.spec()["selector"];
    if min_ready(set) > Duration::ZERO {
        return None;
    }
    let tallies = store.tallies(set.uid())?;
    let (mut owned, mut counts) = (0, Counts { active: 0, labelled: 0, ready: 0, available: 0, terminating: 0 });
    for tally in tallies {
        if !selects(selector, &tally.labels) {
            return None;
        }
        owned += tally.total;
        counts.active += tally.active;
        counts.labelled += if is_fully_labelled(set, &tally.labels) { tally.active } else { 0 };
        counts.ready += tally.ready;
        counts.terminating += tally.terminating;
    }
    counts.available = counts.ready;
    // What the selector means carries each of its labels: if none but its own do, there is nothing to adopt.
    let hint = membership::rarest(store, set.namespace(), &selector["matchLabels"]);
    let is_alone =
        |(label, value): (&str, &Value)| store.count_labelled(Kind::Pod, set.namespace(), label, value.str()) == owned;
    hint.is_none_or(is_alone).then_some(counts)
}

/// Makes pods, as many as may be made at once.
fn fill(plan: &mut Plan, set: &Rc<Object>, store: &Store, missing: usize) {
    let (pods, most) = store.pod_quota();
    // One is tried in any case: what is refused is told.
    for _ in 0..missing.min(BURST).min(most.saturating_sub(pods).max(1)) {
        plan.create(pod_from_template(set));
        plan.event(set, EventType::Normal, "SuccessfulCreate", SOURCE, Message::Created("Created pod: ".into()));
    }
}

/// The active pods of the set and how many more are terminating; takes in orphans and lets go of what no longer matches.
///
/// Source: kubernetes pkg/controller/controller_ref_manager.go (ClaimPods).
fn claim<'a>(plan: &mut Plan, set: &'a Rc<Object>, store: &'a Store) -> (Vec<&'a Rc<Object>>, usize) {
    let selector = &set.spec()["selector"];
    let mut active = Vec::new();
    let mut terminating = 0;
    let owned = store
        .owned(set.uid())
        .filter(|pod| pod.kind == Kind::Pod && pod.controller().is_some_and(|(_, _, uid)| uid == set.uid()));
    for pod in owned {
        if !selects(selector, pod.labels()) {
            if is_active(pod) {
                plan.replace(released(pod, set.uid()));
            }
        } else if is_active(pod) {
            active.push(pod);
        } else if !is_over(pod) {
            terminating += 1;
        }
    }
    let hint = membership::rarest(store, set.namespace(), &selector["matchLabels"]);
    let strays =
        hint.into_iter().flat_map(|(label, value)| store.labelled(Kind::Pod, set.namespace(), label, value.str()));
    for pod in strays.filter(|pod| pod.controller().is_none() && is_active(pod) && selects(selector, pod.labels())) {
        let mut adopted = (**pod).clone();
        adopted.value.at_mut(&["metadata", "ownerReferences"]).items_mut().push(owner_reference(set));
        plan.replace(adopted);
        active.push(pod);
    }
    (active, terminating)
}

pub(super) fn released(pod: &Object, uid: &str) -> Object {
    let mut pod = pod.clone();
    metadata::disown(&mut pod, uid);
    pod
}

/// The pods to delete, the least useful first: not scheduled, not running, not ready, cheap, crowded, young.
///
/// Source: kubernetes pkg/controller/controller_utils.go (ActivePodsWithRanks).
fn to_delete<'a>(
    store: &Store,
    set: &Object,
    active: &[&'a Rc<Object>],
    count: usize,
    now: Instant,
) -> Vec<&'a Rc<Object>> {
    // Without a choice there is nothing to rank.
    if !(1..active.len()).contains(&count) {
        return active.iter().take(count).copied().collect();
    }
    let crowd = pods_by_node(store, set);
    let mut ranked: Vec<Rank<'_>> = Vec::with_capacity(active.len());
    for pod in active {
        ranked.push(Rank::of(pod, &crowd));
    }
    crate::ordered::sort_by(&mut ranked, |a, b| a.order(b, now));
    ranked.truncate(count);
    ranked.into_iter().map(|rank| rank.pod).collect()
}

/// The active pods on each node, of this set and of those with the same owner.
fn pods_by_node<'a>(store: &'a Store, set: &'a Object) -> OrdMap<&'a str, usize> {
    let mut uids: Vec<&str> = Vec::new();
    if let Some((_, _, uid)) = set.controller() {
        for related in store.owned(uid).filter(|owned| owned.kind == Kind::ReplicaSet) {
            uids.push(related.uid());
        }
    }
    if uids.is_empty() {
        uids.push(set.uid());
    }
    let mut crowd: OrdMap<&str, usize> = OrdMap::new();
    for uid in uids {
        for pod in store.owned(uid).filter(|owned| owned.kind == Kind::Pod && is_active(owned)) {
            *crowd.entry(pod.spec()["nodeName"].str()).or_default() += 1;
        }
    }
    crowd
}

/// What tells which of two pods goes first.
struct Rank<'a> {
    pod: &'a Rc<Object>,
    is_bound: bool,
    phase: u8,
    is_ready: bool,
    cost: i64,
    crowd: Reverse<usize>,
    ready_since: Option<Instant>,
    restarts: Reverse<i64>,
    created: Option<Instant>,
}

impl<'a> Rank<'a> {
    fn of(pod: &'a Rc<Object>, crowd: &OrdMap<&str, usize>) -> Rank<'a> {
        let node = pod.spec()["nodeName"].str();
        Rank {
            pod,
            is_bound: !node.is_empty(),
            phase: phase_rank(pod),
            is_ready: membership::is_ready(pod),
            cost: deletion_cost(pod),
            crowd: Reverse(crowd.get(node).copied().unwrap_or(0)),
            ready_since: ready_since(pod),
            restarts: Reverse(restarts(pod)),
            created: timestamp::parse(pod.value["metadata"]["creationTimestamp"].str()),
        }
    }

    fn order(&self, other: &Rank<'_>, now: Instant) -> Ordering {
        let first = |rank: &Rank<'_>| (rank.is_bound, rank.phase, rank.is_ready, rank.cost, rank.crowd);
        let (a, b) = (self.pod, other.pod);
        first(self)
            .cmp(&first(other))
            .then_with(|| by_age(a, b, self.ready_since, other.ready_since, now))
            .then_with(|| self.restarts.cmp(&other.restarts))
            .then_with(|| by_age(a, b, self.created, other.created, now))
            .then_with(|| a.uid().cmp(b.uid()))
    }
}

fn phase_rank(pod: &Object) -> u8 {
    match pod.status()["phase"].str() {
        "Running" => 2,
        "Unknown" => 1,
        _ => 0,
    }
}

fn deletion_cost(pod: &Object) -> i64 {
    pod.annotation("controller.kubernetes.io/pod-deletion-cost").and_then(|cost| cost.parse().ok()).unwrap_or(0)
}

fn restarts(pod: &Object) -> i64 {
    let statuses = pod.status()["containerStatuses"].items();
    statuses.iter().filter_map(|status| status["restartCount"].as_int()).max().unwrap_or(0)
}

/// The younger first, on a logarithmic scale; of the same order of magnitude, by uid; no time counts as youngest.
fn by_age(a: &Object, b: &Object, at: Option<Instant>, bt: Option<Instant>, now: Instant) -> Ordering {
    if at == bt {
        return Ordering::Equal;
    }
    let (Some(at), Some(bt)) = (at, bt) else { return at.is_some().cmp(&bt.is_some()) };
    let magnitude = |since: Instant| {
        let nanos = u64::try_from(now.total_micros() - since.total_micros()).unwrap_or(0).saturating_mul(1000);
        nanos.checked_ilog2().map_or(-1, i64::from)
    };
    magnitude(at).cmp(&magnitude(bt)).then_with(|| a.uid().cmp(b.uid()))
}

fn ready_since(pod: &Object) -> Option<Instant> {
    let conditions = pod.status()["conditions"].items();
    let ready = conditions.iter().find(|c| c["type"].str() == "Ready" && c["status"].str() == "True")?;
    timestamp::parse(ready["lastTransitionTime"].str())
}

fn is_fully_labelled(set: &Object, labels: &Value) -> bool {
    let mut template = set.spec()["template"]["metadata"]["labels"].fields();
    template.all(|(label, value)| labels[label] == *value)
}

/// Counts pod by pod, and notes when one more will be available.
fn count(plan: &mut Plan, set: &Object, active: &[&Rc<Object>], terminating: usize, now: Instant) -> Counts {
    let min_ready = min_ready(set);
    let mut counts = Counts { active: active.len(), labelled: 0, ready: 0, available: 0, terminating };
    for pod in active {
        counts.labelled += usize::from(is_fully_labelled(set, pod.labels()));
        counts.ready += usize::from(membership::is_ready(pod));
        match availability(pod, min_ready, now) {
            Ok(()) => counts.available += 1,
            Err(Some(at)) => plan.again_at(at),
            Err(None) => {}
        }
    }
    counts
}

/// Source: kubernetes pkg/controller/replicaset/replica_set_utils.go (calculateStatus).
fn report(plan: &mut Plan, set: &Rc<Object>, counts: &Counts) {
    let mut status = Value::map();
    if !set.status()["conditions"].is_null() {
        status.set(&["conditions"], set.status()["conditions"].clone());
    }
    status.set(&["replicas"], counts.active as i64);
    for (field, count) in [
        ("fullyLabeledReplicas", counts.labelled),
        ("readyReplicas", counts.ready),
        ("availableReplicas", counts.available),
    ] {
        if count > 0 {
            status.set(&[field], count as i64);
        }
    }
    status.set(&["terminatingReplicas"], counts.terminating as i64);
    status.set(&["observedGeneration"], set.value["metadata"]["generation"].as_int().unwrap_or(0));
    plan.status(set, status);
}
