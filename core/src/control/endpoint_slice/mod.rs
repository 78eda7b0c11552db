//! Keeps the EndpointSlices of every Service that has a selector.
//!
//! Source: kubernetes staging/src/k8s.io/endpointslice/reconciler.go and pkg/controller/endpointslice.

mod distribution;
mod packing;
mod topology;
mod wanted;

#[cfg(test)]
mod tests;

use super::{
    SERVICE_NAME_LABEL,
    controller::Controller,
    event::EventType,
    membership, owner_reference,
    plan::{Message, Plan},
    port_set,
    queue::Queue,
    store::{Change, Store},
    timestamp,
};
use crate::ordered::OrdMap;
use crate::{
    api::{Key, Kind, Object, Value},
    time::{Duration, Instant},
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};
use wanted::{Desired, Wanted};

/// Who manages a slice.
pub(super) const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";
/// When the change that a write answers was made.
pub(super) const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";
/// Set on what belongs to a Service without a cluster IP.
pub(super) const HEADLESS_LABEL: &str = "service.kubernetes.io/headless";

const CONTROLLER: &str = "endpointslice-controller.k8s.io";
const SOURCE: &str = "endpoint-slice-controller";
/// How long someone else's change to our slice stands before it is undone.
const MEDDLING_DELAY: Duration = Duration::from_secs(1);

/// What one sync of one address family wants written.
#[derive(Default)]
struct Slices {
    create: Vec<Object>,
    update: Vec<Object>,
    delete: Vec<Rc<Object>>,
}

/// Services, the pods they select, our slices if another hand changed them, and nodes where topology hints depend on them.
pub(super) fn watch(change: &Change, store: &Store, now: Instant, by: Option<Controller>, queue: &mut Queue) {
    const ME: Controller = Controller::EndpointSlice;
    match change.key.kind {
        Kind::Service => queue.push(ME, change.key.clone()),
        Kind::Pod => {
            for service in membership::services_of(change, store) {
                let service = Rc::new(service);
                queue.push(Controller::Endpoints, service.clone());
                queue.push(ME, service);
            }
        }
        Kind::EndpointSlice if by != Some(ME) => {
            for slice in change.before.iter().chain(&change.after).filter(|slice| is_ours(slice)) {
                let service = slice.label(SERVICE_NAME_LABEL).unwrap_or_default();
                queue.push_at(now + MEDDLING_DELAY, ME, Key::new(Kind::Service, slice.namespace(), service));
            }
        }
        Kind::Node => {
            for service in topology::services_to_check(change, store) {
                queue.push(ME, service);
            }
            if change.before.is_none() {
                for pod in store.on_node(&change.key.name) {
                    for service in membership::selecting(store, pod.namespace(), pod.labels()) {
                        queue.push(ME, service);
                    }
                }
            }
        }
        _ => {}
    }
}

/// Brings the slices of one Service up to date with its pods.
pub(super) fn reconcile(key: &Key, store: &Store, now: Instant) -> Plan {
    let mut plan = Plan::default();
    let Some(service) = store.get(key) else { return plan };
    if service.spec()["type"].str() == "ExternalName" || !membership::has_selector(service) {
        return plan;
    }
    let families = families(service);
    let ours = store.labelled(Kind::EndpointSlice, &key.namespace, SERVICE_NAME_LABEL, &key.name);
    let ours: Vec<&Rc<Object>> = ours.filter(|slice| is_ours(slice) && !slice.is_terminating()).collect();
    for family in &families {
        let existing: Vec<&Rc<Object>> =
            ours.iter().copied().filter(|slice| slice.value["addressType"].str() == *family).collect();
        reconcile_family(&mut plan, store, now, service, family, &existing);
    }
    for stray in ours.iter().filter(|slice| !families.contains(&slice.value["addressType"].str())) {
        plan.delete(stray.key());
    }
    plan
}

/// One pass over the pods for one address family.
fn reconcile_family(
    plan: &mut Plan,
    store: &Store,
    now: Instant,
    service: &Rc<Object>,
    family: &str,
    existing: &[&Rc<Object>],
) {
    let mut slices = Slices::default();
    let mut by_ports: OrdMap<String, Vec<&Rc<Object>>> = OrdMap::new();
    for slice in existing {
        if is_owned_by(slice, service) {
            by_ports.entry(ports_key(slice)).or_default().push(slice);
        } else {
            slices.delete.push((*slice).clone());
        }
    }

    let desired = desired(store, service, family);
    for (ports_key, wanted) in desired {
        let existing = by_ports.remove(&ports_key).unwrap_or_default();
        packing::pack(&mut slices, service, family, &existing, wanted);
    }
    slices.delete.extend(by_ports.into_values().flatten().cloned());

    if existing.len() == slices.delete.len() && slices.create.is_empty() {
        let placeholder = new_slice(service, family, Vec::new());
        match slices.delete.as_slice() {
            [only] if is_placeholder(only, &placeholder) => slices.delete.clear(),
            _ => slices.create.push(placeholder),
        }
    }

    let unchanged: Vec<&Rc<Object>> = existing
        .iter()
        .copied()
        .filter(|slice| {
            !slices.update.iter().any(|u| u.name() == slice.name())
                && !slices.delete.iter().any(|d| d.name() == slice.name())
        })
        .collect();
    add_hints(plan, &mut slices, store, service, family, &unchanged);
    finalize(plan, slices, service, now);
}

/// The endpoints there should be, by the set of ports they have.
fn desired<'a>(store: &'a Store, service: &'a Object, family: &str) -> OrdMap<String, Desired<'a>> {
    let mut keys: OrdMap<Vec<Option<i64>>, String> = OrdMap::new();
    let mut nodes: OrdMap<&str, Option<&'a Rc<Object>>> = OrdMap::new();
    let mut desired: OrdMap<String, Desired<'a>> = OrdMap::new();
    let publish_all = service.spec()["publishNotReadyAddresses"].as_bool() == Some(true);
    for member in membership::pods_of(store, service, true) {
        let numbers = membership::target_ports(member.pod, service);
        let wanted = match keys.get(&numbers).and_then(|key| desired.get_mut(key)) {
            Some(wanted) => wanted,
            None => {
                let ports = ports(service, &numbers);
                let key = port_set::key(&ports);
                keys.insert(numbers, key.clone());
                desired.entry(key).or_insert_with(|| Desired { ports, endpoints: OrdMap::new() })
            }
        };
        let name = member.spot.node.as_str();
        let node = *nodes.entry(name).or_insert_with(|| store.find(Kind::Node, "", name));
        if node.is_none() && !publish_all {
            continue;
        }
        if let Some(endpoint) = Wanted::new(member, node.map(|node| &**node), service, family) {
            wanted.endpoints.insert(member.pod.name(), endpoint);
        }
    }
    desired
}

/// The sorted ports that pods with these target numbers offer; a port that a pod lacks is left out.
fn ports(service: &Object, numbers: &[Option<i64>]) -> Vec<Value> {
    let mut ports = Vec::new();
    for (port, number) in service.spec()["ports"].items().iter().zip(numbers) {
        let Some(number) = *number else { continue };
        let mut entry = Value::map();
        entry.set(&["name"], port["name"].str());
        entry.set(&["port"], number);
        entry.set(&["protocol"], membership::protocol(port));
        if let Some(app_protocol) = port["appProtocol"].as_str() {
            entry.set(&["appProtocol"], app_protocol);
        }
        ports.push(entry);
    }
    port_set::sort_slice_ports(&mut ports);
    ports
}

/// Topology hints by annotation, or hints by `trafficDistribution`, or none: the annotation goes first.
fn add_hints(
    plan: &mut Plan,
    slices: &mut Slices,
    store: &Store,
    service: &Rc<Object>,
    family: &str,
    unchanged: &[&Rc<Object>],
) {
    let wish = service.spec()["trafficDistribution"].str();
    let say = |plan: &mut Plan, kind: EventType, reason: &'static str, text: String| {
        plan.event(service, kind, reason, SOURCE, Message::Text(format!("{text}, addressType: {family}")));
    };
    let had_hints = unchanged.iter().any(|slice| topology::has_hints(slice));
    if topology::is_enabled(service) {
        match topology::add(slices, store, unchanged) {
            Ok(()) if had_hints || slices.update.is_empty() && slices.create.is_empty() => {}
            Ok(()) => {
                let text = "Topology Aware Hints has been enabled".to_owned();
                say(plan, EventType::Normal, "TopologyAwareHintsEnabled", text);
            }
            Err(why) => {
                distribution::remove(slices, unchanged);
                say(plan, EventType::Warning, "TopologyAwareHintsDisabled", why);
            }
        }
    } else if distribution::is_known(wish) {
        distribution::add(slices, unchanged, wish == "PreferSameNode");
    } else {
        distribution::remove(slices, unchanged);
    }
}

/// Turns pairs of create and delete into updates, and writes.
fn finalize(plan: &mut Plan, mut slices: Slices, service: &Object, now: Instant) {
    let mut at = 0;
    while at < slices.delete.len() && !slices.create.is_empty() {
        let old = &slices.delete[at];
        let new = slices.create.last().expect("checked just above");
        if old.value["addressType"] == new.value["addressType"] && is_owned_by(old, service) {
            let mut new = slices.create.pop().expect("checked just above");
            let old = slices.delete.remove(at);
            new.value.remove(&["metadata", "generateName"]);
            new.value.set(&["metadata", "name"], old.name());
            slices.update.push(new);
        } else {
            at += 1;
        }
    }
    let stamp = timestamp::emit(now);
    for mut slice in slices.create {
        slice.value.set(&["metadata", "annotations", TRIGGER_TIME], stamp.as_str());
        plan.create(slice);
    }
    for mut slice in slices.update {
        slice.value.set(&["metadata", "annotations", TRIGGER_TIME], stamp.as_str());
        plan.replace(slice);
    }
    for slice in slices.delete {
        plan.delete(slice.key());
    }
}

/// A slice without endpoints that is not stored yet.
fn new_slice(service: &Object, family: &str, ports: Vec<Value>) -> Object {
    let mut slice = Object::new(Kind::EndpointSlice, service.namespace(), "");
    let value = &mut slice.value;
    value.remove(&["metadata", "name"]);
    value.set(&["metadata", "generateName"], format!("{}-", service.name()));
    value.set(&["metadata", "labels"], labels(service));
    value.set(&["metadata", "ownerReferences"], Vec::from([owner_reference(service)]));
    value.set(&["addressType"], family);
    value.set(&["endpoints"], Vec::<Value>::new());
    value.set(&["ports"], ports);
    slice
}

/// The Service's labels, and the three that only slices carry.
fn labels(service: &Object) -> Value {
    let mut labels = Value::map();
    for (name, value) in service.labels().fields().filter(|(name, _)| !is_reserved(name)) {
        labels.set(&[name], value.clone());
    }
    if membership::is_headless(service) {
        labels.set(&[HEADLESS_LABEL], "");
    }
    labels.set(&[SERVICE_NAME_LABEL], service.name());
    labels.set(&[MANAGED_BY_LABEL], CONTROLLER);
    labels
}

fn is_reserved(label: &str) -> bool {
    matches!(label, SERVICE_NAME_LABEL | MANAGED_BY_LABEL | HEADLESS_LABEL)
}

fn is_placeholder(slice: &Object, placeholder: &Object) -> bool {
    slice.labels() == placeholder.labels()
        && slice.value["endpoints"].items().is_empty()
        && slice.value["ports"].items().is_empty()
}

fn is_ours(slice: &Object) -> bool {
    slice.label(MANAGED_BY_LABEL) == Some(CONTROLLER)
}

fn is_owned_by(slice: &Object, service: &Object) -> bool {
    let owners = slice.value["metadata"]["ownerReferences"].items();
    owners.iter().any(|owner| owner["uid"].str() == service.uid() && owner["kind"].str() == "Service")
}

fn ports_key(slice: &Object) -> String {
    let mut ports = slice.value["ports"].items().to_vec();
    port_set::sort_slice_ports(&mut ports);
    port_set::key(&ports)
}

/// The address families a Service has slices for.
fn families(service: &Object) -> Vec<&str> {
    let spec = service.spec();
    let listed: Vec<&str> =
        ["IPv4", "IPv6"].into_iter().filter(|f| spec["ipFamilies"].items().iter().any(|g| g.str() == *f)).collect();
    if !listed.is_empty() {
        return listed;
    }
    match spec["clusterIP"].str() {
        "" | "None" => Vec::from(["IPv4", "IPv6"]),
        address if address.contains(':') => Vec::from(["IPv6"]),
        _ => Vec::from(["IPv4"]),
    }
}
