//! Mirrors Endpoints written by hand into EndpointSlices, for Services without a selector.
//!
//! Source: kubernetes pkg/controller/endpointslicemirroring.

use super::{
    SERVICE_NAME_LABEL,
    controller::Controller,
    endpoint_slice::{MANAGED_BY_LABEL, TRIGGER_TIME},
    event::EventType,
    membership, owner_reference,
    plan::{Message, Plan},
    port_set,
    queue::Queue,
    store::{Change, Store},
    subsets,
};
use crate::api::{Key, Kind, Object, Value};
use crate::ordered::OrdMap;
use alloc::{
    borrow::ToOwned,
    format,
    rc::Rc,
    string::{String, ToString},
    vec::Vec,
};
use core::net::IpAddr;

const CONTROLLER: &str = "endpointslicemirroring-controller.k8s.io";
const SOURCE: &str = "endpoint-slice-mirroring-controller";
/// The most addresses of one subset that are mirrored.
const MAX_ADDRESSES: usize = 1000;
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Endpoints that may be mirrored, Services that gain or lose their selector, and our slices if another hand changed them.
pub(super) fn watch(change: &Change, by: Option<Controller>, queue: &mut Queue) {
    const ME: Controller = Controller::Mirroring;
    let sides = || change.before.iter().chain(&change.after);
    let is_concerned = match change.key.kind {
        Kind::Endpoints => sides().any(|endpoints| may_mirror(endpoints)),
        Kind::Service => match (&change.before, &change.after) {
            (Some(before), Some(after)) => membership::has_selector(before) != membership::has_selector(after),
            _ => !membership::has_selector(change.object()),
        },
        Kind::EndpointSlice if by != Some(ME) => {
            for slice in sides().filter(|slice| slice.label(MANAGED_BY_LABEL) == Some(CONTROLLER)) {
                let service = slice.label(SERVICE_NAME_LABEL).unwrap_or_default();
                queue.push(ME, Key::new(Kind::Endpoints, slice.namespace(), service));
            }
            false
        }
        _ => false,
    };
    if is_concerned {
        queue.push(ME, Key { kind: Kind::Endpoints, ..(*change.key).clone() });
    }
}

/// Brings the mirrored slices of one Endpoints object up to date, or takes them away.
pub(super) fn reconcile(key: &Key, store: &Store) -> Plan {
    let mut plan = Plan::default();
    let slices = store.labelled(Kind::EndpointSlice, &key.namespace, SERVICE_NAME_LABEL, &key.name);
    let slices: Vec<&Rc<Object>> = slices.filter(|slice| slice.label(MANAGED_BY_LABEL) == Some(CONTROLLER)).collect();
    let service = store.find(Kind::Service, &key.namespace, &key.name);
    let endpoints = store.get(key).filter(|endpoints| may_mirror(endpoints));
    let (Some(endpoints), Some(_)) = (endpoints, service.filter(|s| !membership::has_selector(s))) else {
        slices.iter().for_each(|slice| plan.delete(slice.key()));
        return plan;
    };
    let desired = desired(&mut plan, endpoints);
    write(&mut plan, endpoints, desired, &slices);
    plan
}

/// What one slice should hold.
struct Desired {
    family: &'static str,
    ports: Vec<Value>,
    endpoints: Vec<Value>,
}

fn may_mirror(endpoints: &Object) -> bool {
    endpoints.label("endpointslice.kubernetes.io/skip-mirror") != Some("true")
        && endpoints.annotation("control-plane.alpha.kubernetes.io/leader").is_none()
}

/// One slice for each subset and address family in it.
fn desired(plan: &mut Plan, endpoints: &Rc<Object>) -> OrdMap<String, Desired> {
    let mut desired: OrdMap<String, Desired> = OrdMap::new();
    let (mut invalid, mut skipped) = (0, 0);
    for subset in subsets::repack(endpoints.value["subsets"].items()) {
        let mut ports: Vec<Value> = subset["ports"].items().iter().map(port).collect();
        port_set::sort_slice_ports(&mut ports);
        let mut added = 0;
        for (field, ready) in [("addresses", true), ("notReadyAddresses", false)] {
            for address in subset[field].items() {
                if added == MAX_ADDRESSES {
                    skipped += 1;
                    continue;
                }
                let Ok(ip) = address["ip"].str().parse::<IpAddr>() else {
                    invalid += 1;
                    continue;
                };
                let ip = ip.to_canonical();
                let family = if ip.is_ipv4() { "IPv4" } else { "IPv6" };
                let slice = desired.entry(slice_key(family, &ports)).or_insert_with(|| Desired {
                    family,
                    ports: ports.clone(),
                    endpoints: Vec::new(),
                });
                slice.endpoints.push(endpoint(address, ip, ready));
                added += 1;
            }
        }
    }
    let mut warn = |reason: &'static str, text: String| {
        plan.event(endpoints, EventType::Warning, reason, SOURCE, Message::Text(text));
    };
    if invalid > 0 {
        warn("InvalidIPAddress", format!("Skipped {invalid} invalid IP addresses when mirroring to EndpointSlices"));
    }
    if skipped > 0 {
        let skipped = skipped + invalid;
        warn(
            "TooManyAddressesToMirror",
            format!(
                "A max of {MAX_ADDRESSES} addresses can be mirrored to EndpointSlices per Endpoints subset. \
                 {skipped} addresses were skipped"
            ),
        );
    }
    desired
}

fn port(port: &Value) -> Value {
    let mut mirrored = Value::map();
    mirrored.set(&["name"], port["name"].str());
    mirrored.set(&["port"], port["port"].clone());
    mirrored.set(&["protocol"], membership::protocol(port));
    if let Some(app_protocol) = port["appProtocol"].as_str() {
        mirrored.set(&["appProtocol"], app_protocol);
    }
    mirrored
}

fn endpoint(address: &Value, ip: IpAddr, ready: bool) -> Value {
    let mut endpoint = Value::map();
    endpoint.set(&["addresses"], Vec::from([ip.to_string()]));
    endpoint.set(&["conditions", "ready"], ready);
    for field in ["targetRef", "nodeName", "hostname"] {
        if !address[field].is_empty() {
            endpoint.set(&[field], address[field].clone());
        }
    }
    endpoint
}

fn slice_key(family: &str, ports: &[Value]) -> String {
    format!("{family}-{}", port_set::key(ports))
}

/// Reuses slices of the same ports, then slices of the same family, before it creates or removes any.
fn write(plan: &mut Plan, endpoints: &Rc<Object>, desired: OrdMap<String, Desired>, slices: &[&Rc<Object>]) {
    let mut existing: OrdMap<String, Vec<&Rc<Object>>> = OrdMap::new();
    for slice in slices {
        let mut ports = slice.value["ports"].items().to_vec();
        port_set::sort_slice_ports(&mut ports);
        existing.entry(slice_key(slice.value["addressType"].str(), &ports)).or_default().push(slice);
    }
    let (mut create, mut delete) = (Vec::new(), Vec::new());
    for (key, wanted) in desired {
        let mut held = existing.remove(&key).unwrap_or_default().into_iter();
        let new = slice(endpoints, wanted);
        match held.next() {
            Some(first) if is_mirror(first, &new) => {}
            Some(first) => plan.replace(renamed(new, first)),
            None => create.push(new),
        }
        delete.extend(held);
    }
    delete.extend(existing.into_values().flatten());
    for new in create {
        let family = &new.value["addressType"];
        match delete.iter().position(|old| old.value["addressType"] == *family) {
            Some(at) => plan.replace(renamed(new, delete.remove(at))),
            None => plan.create(new),
        }
    }
    delete.into_iter().for_each(|slice| plan.delete(slice.key()));
}

fn slice(endpoints: &Object, wanted: Desired) -> Object {
    let mut slice = Object::new(Kind::EndpointSlice, endpoints.namespace(), "");
    let value = &mut slice.value;
    value.remove(&["metadata", "name"]);
    value.set(&["metadata", "generateName"], format!("{}-", endpoints.name()));
    let mut labels = if endpoints.labels().is_null() { Value::map() } else { endpoints.labels().clone() };
    labels.set(&[SERVICE_NAME_LABEL], endpoints.name());
    labels.set(&[MANAGED_BY_LABEL], CONTROLLER);
    value.set(&["metadata", "labels"], labels);
    for (name, text) in endpoints.value["metadata"]["annotations"].fields() {
        if name != TRIGGER_TIME && name != LAST_APPLIED {
            value.set(&["metadata", "annotations", name], text.clone());
        }
    }
    value.set(&["metadata", "ownerReferences"], Vec::from([owner_reference(endpoints)]));
    value.set(&["addressType"], wanted.family);
    value.set(&["endpoints"], wanted.endpoints);
    value.set(&["ports"], wanted.ports);
    slice
}

fn is_mirror(old: &Object, new: &Object) -> bool {
    ["endpoints", "ports"].into_iter().all(|field| old.value[field] == new.value[field])
        && ["labels", "annotations", "ownerReferences"]
            .into_iter()
            .all(|field| old.value["metadata"][field] == new.value["metadata"][field])
}

fn renamed(mut new: Object, old: &Object) -> Object {
    new.value.remove(&["metadata", "generateName"]);
    new.value.set(&["metadata", "name"], old.name().to_owned());
    new
}
