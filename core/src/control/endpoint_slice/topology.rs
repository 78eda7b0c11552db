//! Hints by the annotation `service.kubernetes.io/topology-mode: Auto`: each zone gets a share of the endpoints that
//! is like its share of the CPUs.
//!
//! Source: kubernetes staging/src/k8s.io/endpointslice/topologycache. Upstream reckons with floats and remembers the
//! last allocation; this reckons with whole multiples of one over the cluster's CPU and reads the allocation off the slices.

use super::{Slices, distribution::is_ready};
use crate::{
    api::{Key, Kind, Object, Value},
    control::{
        SERVICE_NAME_LABEL,
        store::{Change, Store},
    },
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};

const ZONE_LABEL: &str = "topology.kubernetes.io/zone";

/// A number for each zone, by its name.
#[derive(Default)]
struct Counts(Vec<(String, i64)>);

impl Counts {
    fn of(&self, zone: &str) -> i64 {
        self.0.iter().find(|(name, _)| name == zone).map_or(0, |(_, count)| *count)
    }

    fn add(&mut self, zone: &str, number: i64) {
        let at = self.0.partition_point(|(name, _)| **name < *zone);
        match self.0.get_mut(at) {
            Some((name, count)) if name == zone => *count += number,
            _ => self.0.insert(at, (zone.to_owned(), number)),
        }
    }

    /// The zone with the greatest positive number, the first of equals.
    fn most(&self) -> Option<(String, i64)> {
        let mut most: Option<&(String, i64)> = None;
        for zone in &self.0 {
            if zone.1 > most.map_or(0, |(_, greatest)| *greatest) {
                most = Some(zone);
            }
        }
        most.cloned()
    }
}

/// CPU by zone, in thousandths.
struct Zones {
    cpu: Counts,
    total: u64,
}

/// How many endpoints a zone must and may have, and how many it should, times the cluster's CPU.
struct Allocation {
    zone: String,
    minimum: u64,
    maximum: u64,
    desired: u64,
}

/// True if the Service asks for topology hints.
pub(super) fn is_enabled(service: &Object) -> bool {
    let old = service.annotation("service.kubernetes.io/topology-aware-hints");
    matches!(old.or_else(|| service.annotation("service.kubernetes.io/topology-mode")), Some("Auto" | "auto"))
}

/// True if an endpoint of the slice has hints.
pub(super) fn has_hints(slice: &Object) -> bool {
    slice.value["endpoints"].items().iter().any(|endpoint| !endpoint["hints"].is_null())
}

/// The Services whose hints no longer fit the nodes after this change of one.
pub(super) fn services_to_check(change: &Change, store: &Store) -> Vec<Key> {
    let facts = |node: &Rc<Object>| (is_node_ready(node), node.label(ZONE_LABEL).map(ToOwned::to_owned));
    if change.before.as_ref().map(facts) == change.after.as_ref().map(facts) {
        return Vec::new();
    }
    let zones = zones(store);
    let mut keys = Vec::new();
    for service in store.list(Kind::Service, None) {
        if is_enabled(service) && is_overloaded(store, service, zones.as_ref()) {
            keys.push(service.key());
        }
    }
    keys
}

/// Adds hints to what is written and to what is not yet right; the reason if that cannot be done well.
pub(super) fn add(slices: &mut Slices, store: &Store, unchanged: &[&Rc<Object>]) -> Result<(), String> {
    let mut ready = 0;
    for slice in unchanged {
        ready += ready_endpoints(slice).count() as u64;
    }
    for slice in slices.create.iter().chain(&slices.update) {
        ready += ready_endpoints(slice).count() as u64;
    }
    let (allocations, one) = allocations(zones(store), ready)?;

    let mut given = Counts::default();
    for slice in unchanged {
        match hints_by_zone(slice, &given, &allocations) {
            Some(hints) => hints.0.iter().for_each(|(zone, count)| given.add(zone, *count)),
            None => slices.update.push((***slice).clone()),
        }
    }
    for slice in slices.create.iter().chain(&slices.update) {
        for endpoint in ready_endpoints(slice) {
            match endpoint["zone"].str() {
                "" => return Err("One or more endpoints do not have a zone specified".to_owned()),
                zone => given.add(zone, 1),
            }
        }
    }
    if given.0.is_empty() {
        return Err("No hints allocated for zones".to_owned());
    }
    let (mut giving, mut receiving) = exchange(&allocations, one, &given);
    for slice in slices.create.iter_mut().chain(&mut slices.update) {
        for endpoint in slice.value.field_mut("endpoints").items_mut().iter_mut().filter(|e| is_ready(e)) {
            let mut zone = endpoint["zone"].str().to_owned();
            let receiver = receiving.0.iter().find(|(_, count)| *count > 0).map(|(name, _)| name.clone());
            if giving.of(&zone) > 0
                && let Some(receiver) = receiver
            {
                giving.add(&zone, -1);
                receiving.add(&receiver, -1);
                zone = receiver;
            }
            let mut entry = Value::map();
            entry.set(&["name"], zone);
            endpoint.set(&["hints"], Value::map());
            endpoint.set(&["hints", "forZones"], Vec::from([entry]));
        }
    }
    Ok(())
}

fn ready_endpoints(slice: &Object) -> impl Iterator<Item = &Value> {
    slice.value["endpoints"].items().iter().filter(|endpoint| is_ready(endpoint))
}

fn is_node_ready(node: &Rc<Object>) -> bool {
    let conditions = node.status()["conditions"].items();
    conditions.iter().any(|c| c["type"].str() == "Ready" && c["status"].str() == "True")
}

/// The CPU of the ready nodes by zone; none if a node lacks a zone or CPU, or there is only one zone.
fn zones(store: &Store) -> Option<Zones> {
    let mut zones = Zones { cpu: Counts::default(), total: 0 };
    for node in store.list(Kind::Node, None) {
        let is_master = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"]
            .into_iter()
            .any(|label| node.label(label).is_some());
        if is_master || !is_node_ready(node) {
            continue;
        }
        let zone = node.label(ZONE_LABEL).filter(|zone| !zone.is_empty())?;
        let cpu = milli_cpu(&node.status()["allocatable"]["cpu"]).filter(|cpu| *cpu > 0)?;
        zones.cpu.add(zone, cpu as i64);
        zones.total += cpu;
    }
    (zones.cpu.0.len() >= 2).then_some(zones)
}

/// `4` and `"4"` are 4000, `"250m"` is 250.
fn milli_cpu(quantity: &Value) -> Option<u64> {
    match quantity {
        Value::Int(cpus) => u64::try_from(*cpus).ok()?.checked_mul(1000),
        Value::String(text) => match text.strip_suffix('m') {
            Some(milli) => milli.parse().ok(),
            None => text.parse::<u64>().ok()?.checked_mul(1000),
        },
        _ => None,
    }
}

/// The least share of a zone: at most a fifth more load on an endpoint than an even spread would give.
fn minimum(cpu: i64, endpoints: u64, total: u64) -> u64 {
    (cpu as u64 * endpoints * 5).div_ceil(total * 6)
}

/// What each zone gets, and what counts as one endpoint there.
fn allocations(zones: Option<Zones>, endpoints: u64) -> Result<(Vec<Allocation>, i64), String> {
    let Some(Zones { cpu, total }) = zones else {
        return Err("Insufficient Node information: allocatable CPU or zone not specified on one or more nodes".into());
    };
    let count = cpu.0.len();
    if count as u64 > endpoints {
        return Err(format!("Insufficient number of endpoints ({endpoints} endpoints, {count} zones)"));
    }
    let mut least = 0;
    for (_, cpu) in &cpu.0 {
        least += minimum(*cpu, endpoints, total);
    }
    if least > endpoints {
        return Err(format!(
            "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold \
             ({endpoints} endpoints, {count} zones)"
        ));
    }
    let mut allocations = Vec::new();
    for (zone, cpu) in cpu.0 {
        let minimum = minimum(cpu, endpoints, total);
        let desired = (cpu as u64 * endpoints).max(minimum * total);
        allocations.push(Allocation { zone, minimum, maximum: minimum + endpoints - least, desired });
    }
    Ok((allocations, total as i64))
}

/// The hints a slice holds by zone; none if they no longer fit and the slice must be written.
fn hints_by_zone(slice: &Object, given: &Counts, allocations: &[Allocation]) -> Option<Counts> {
    let mut hints = Counts::default();
    for endpoint in ready_endpoints(slice) {
        let zones = endpoint["hints"]["forZones"].items();
        if zones.is_empty() {
            return None;
        }
        for zone in zones {
            hints.add(zone["name"].str(), 1);
        }
    }
    for (zone, count) in &hints.0 {
        let allocation = allocations.iter().find(|allocation| allocation.zone == *zone)?;
        if count + given.of(zone) > allocation.maximum as i64 {
            return None;
        }
    }
    Some(hints)
}

/// How many endpoints each zone gives away, and how many each gets.
fn exchange(allocations: &[Allocation], one: i64, given: &Counts) -> (Counts, Counts) {
    let (mut spare, mut lack) = (Counts::default(), Counts::default());
    for allocation in allocations {
        debug_assert!(allocation.minimum <= allocation.maximum);
        let surplus = given.of(&allocation.zone) * one - allocation.desired as i64;
        spare.add(&allocation.zone, surplus);
        lack.add(&allocation.zone, -surplus);
    }
    let (mut giving, mut receiving) = (Counts::default(), Counts::default());
    while let (Some((giver, spares)), Some((receiver, lacks))) = (spare.most(), lack.most()) {
        if spares < one && lacks < one || spares * 2 < one || lacks * 2 < one {
            break;
        }
        giving.add(&giver, 1);
        receiving.add(&receiver, 1);
        spare.add(&giver, -one);
        lack.add(&receiver, -one);
    }
    (giving, receiving)
}

/// True if a zone has fewer hints than it must have now.
fn is_overloaded(store: &Store, service: &Object, zones: Option<&Zones>) -> bool {
    let mut given = Counts::default();
    let mut endpoints = 0;
    for slice in store.labelled(Kind::EndpointSlice, service.namespace(), SERVICE_NAME_LABEL, service.name()) {
        for endpoint in slice.value["endpoints"].items() {
            for zone in endpoint["hints"]["forZones"].items() {
                given.add(zone["name"].str(), 1);
                endpoints += 1;
            }
        }
    }
    if endpoints == 0 {
        return false;
    }
    let Some(zones) = zones else { return true };
    zones.cpu.0.iter().any(|(zone, cpu)| {
        let count = given.of(zone);
        count == 0 || (count as u64) < minimum(*cpu, endpoints, zones.total)
    })
}
