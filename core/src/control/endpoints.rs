//! Keeps the Endpoints object of every Service that has a selector: deprecated, but still read.
//!
//! Source: kubernetes pkg/controller/endpoint/endpoints_controller.go.

use super::{
    controller::Controller,
    endpoint_slice::{HEADLESS_LABEL, TRIGGER_TIME},
    membership::{self, Member},
    plan::Plan,
    queue::Queue,
    store::{Change, Store},
    subsets::{self, Offer},
    timestamp,
};
use crate::{
    api::{Key, Kind, Object, Value, field},
    ordered::OrdMap,
    time::Instant,
};
use alloc::vec::Vec;

const MANAGED_BY_LABEL: &str = "endpoints.kubernetes.io/managed-by";
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
/// The most addresses one Endpoints object holds.
const MAX_CAPACITY: usize = 1000;

/// Services, and Endpoints that someone deletes; which pods a Service selects is found out once for slices and Endpoints.
pub(super) fn watch(change: &Change, queue: &mut Queue) {
    match change.key.kind {
        Kind::Service => queue.push(Controller::Endpoints, change.key.clone()),
        Kind::Endpoints if change.after.is_none() => {
            queue.push(Controller::Endpoints, Key { kind: Kind::Service, ..(*change.key).clone() });
        }
        _ => {}
    }
}

/// Brings the Endpoints of one Service up to date; they go with the Service, also those written by hand.
pub(super) fn reconcile(key: &Key, store: &Store, now: Instant) -> Plan {
    let mut plan = Plan::default();
    let current = store.find(Kind::Endpoints, &key.namespace, &key.name);
    let Some(service) = store.get(key) else {
        if let Some(endpoints) = current {
            plan.delete(endpoints.key());
        }
        return plan;
    };
    if service.spec()["type"].str() == "ExternalName" || !membership::has_selector(service) {
        return plan;
    }
    let mut subsets = subsets_of(store, service);
    // The server refuses an address whose node is an empty name, and nothing is written.
    let is_unbound = |address: &Value| address["nodeName"].as_str() == Some("");
    if subsets
        .iter()
        .any(|subset| subset["addresses"].items().iter().chain(subset["notReadyAddresses"].items()).any(is_unbound))
    {
        return plan;
    }
    let labels = labels(service);
    let is_truncated = truncate(&mut subsets);
    if let Some(current) = current
        && current.value["subsets"].items() == subsets
        && *current.labels() == labels
        && current.annotation(OVER_CAPACITY).is_some() == is_truncated
    {
        return plan;
    }

    let mut endpoints = match current {
        Some(current) => (**current).clone(),
        None => Object::new(Kind::Endpoints, &key.namespace, &key.name),
    };
    let value = &mut endpoints.value;
    value.set(&["metadata", "labels"], labels);
    value.set(&["metadata", "annotations", TRIGGER_TIME], timestamp::emit(now));
    if is_truncated {
        value.set(&["metadata", "annotations", OVER_CAPACITY], "truncated");
    } else {
        value.remove(&["metadata", "annotations", OVER_CAPACITY]);
    }
    if subsets.is_empty() {
        value.remove(&["subsets"]);
    } else {
        value.set(&["subsets"], subsets);
    }
    if current.is_some() {
        plan.replace(endpoints);
    } else {
        plan.create(endpoints);
    }
    plan
}

/// The addresses and ports that the selected pods offer.
fn subsets_of(store: &Store, service: &Object) -> Vec<Value> {
    let spec = service.spec();
    let publish_all = spec["publishNotReadyAddresses"].as_bool() == Some(true);
    let may_be_portless = spec["ports"].items().is_empty() && spec["clusterIP"].str() == "None";
    let mut places: OrdMap<(usize, i64), usize> = OrdMap::new();
    let (mut ports, mut offers) = (Vec::new(), Vec::new());
    for member in membership::pods_of(store, service, publish_all) {
        let Some(address) = address(member, service) else { continue };
        let ready = publish_all || member.facts.is_ready;
        let mut offered = Vec::new();
        for (at, number) in membership::target_ports(member.pod, service).into_iter().enumerate() {
            let Some(number) = number else { continue };
            offered.push(*places.entry((at, number)).or_insert_with(|| {
                ports.push(port(&spec["ports"][at], number));
                ports.len() - 1
            }));
        }
        if !offered.is_empty() || may_be_portless {
            offers.push(Offer { address, ready, ports: offered });
        }
    }
    subsets::pack(&offers, &ports)
}

fn port(port: &Value, number: i64) -> Value {
    let mut fields = Vec::with_capacity(4);
    fields.extend(port["appProtocol"].as_str().map(|protocol| field("appProtocol", protocol)));
    if !port["name"].str().is_empty() {
        fields.push(field("name", port["name"].clone()));
    }
    fields.push(field("port", number));
    fields.push(field("protocol", membership::protocol(port)));
    Value::of(fields)
}

/// The pod's first address of the Service's first family.
fn address(member: Member<'_>, service: &Object) -> Option<Value> {
    let spec = service.spec();
    let ipv6 = match (spec["ipFamilies"][0].as_str(), spec["clusterIP"].str()) {
        (Some(family), _) => family == "IPv6",
        (None, "" | "None") => member.spot.begins_with_ipv6,
        (None, cluster_ip) => cluster_ip.contains(':'),
    };
    let mut address = member.spot.address[usize::from(ipv6)].clone();
    if address.is_null() {
        return None;
    }
    if let Some(hostname) = membership::hostname(&member, service) {
        address.set(&["hostname"], hostname);
    }
    Some(address)
}

fn labels(service: &Object) -> Value {
    let mut labels = if service.labels().is_null() { Value::map() } else { service.labels().clone() };
    if membership::is_headless(service) {
        labels.set(&[HEADLESS_LABEL], "");
    } else {
        labels.remove(&[HEADLESS_LABEL]);
    }
    labels.set(&[MANAGED_BY_LABEL], "endpoint-controller");
    labels
}

/// Cuts to the capacity, ready addresses last; true if anything was cut.
fn truncate(subsets: &mut [Value]) -> bool {
    let count = |field: &str| subsets.iter().map(|subset| subset[field].items().len()).sum::<usize>();
    let (ready, not_ready) = (count("addresses"), count("notReadyAddresses"));
    if ready + not_ready <= MAX_CAPACITY {
        return false;
    }
    let (field, total, room) = if ready > MAX_CAPACITY {
        ("addresses", ready, MAX_CAPACITY)
    } else {
        ("notReadyAddresses", not_ready, MAX_CAPACITY - ready)
    };
    let mut left = room;
    for subset in subsets {
        let share = (subset[field].items().len() * room).div_ceil(total).min(left);
        let addresses = subset.field_mut(field).items_mut();
        addresses.truncate(share);
        left -= addresses.len();
        if field == "addresses" {
            subset.remove(&["notReadyAddresses"]);
        }
        for field in ["addresses", "notReadyAddresses"] {
            if subset[field].items().is_empty() {
                subset.remove(&[field]);
            }
        }
    }
    true
}
