//! Hints by the annotation `service.kubernetes.io/topology-mode: Auto`: each zone gets a share of the endpoints that
//! is like its share of the CPUs.
//!
//! Source: kubernetes staging/src/k8s.io/endpointslice/topologycache. Upstream reckons with floats and remembers the
//! last allocation; this reckons with whole multiples of one over the cluster's CPU and reads the allocation off the slices.

use super::{Slices, distribution::is_ready};
use crate::ordered::OrdMap;
use crate::{
    api::{Key, Kind, Object, Value},
    control::{
        SERVICE_NAME_LABEL,
        store::{Change, Store},
    },
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};

const ZONE_LABEL: &str = "topology.kubernetes.io/zone";

/// CPU by zone, in thousandths.
struct Zones {
    cpu: OrdMap<String, u64>,
    total: u64,
}

/// How many endpoints a zone must and may have, and how many it should, times the cluster's CPU.
struct Allocation {
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
    let services = store.list(Kind::Service, None).filter(|service| is_enabled(service));
    services.filter(|service| is_overloaded(store, service, zones.as_ref())).map(|service| service.key()).collect()
}

/// Adds hints to what is written and to what is not yet right; the reason if that cannot be done well.
pub(super) fn add(slices: &mut Slices, store: &Store, unchanged: &[&Rc<Object>]) -> Result<(), String> {
    let written = slices.create.iter().chain(&slices.update);
    let ready =
        written.chain(unchanged.iter().map(|slice| &***slice)).flat_map(endpoints).filter(|e| is_ready(e)).count()
            as u64;
    let allocations = allocations(zones(store), ready)?;

    let mut given: OrdMap<String, u64> = OrdMap::new();
    for slice in unchanged {
        match hints_by_zone(slice, &given, &allocations) {
            Some(hints) => hints.into_iter().for_each(|(zone, count)| *given.entry(zone).or_default() += count),
            None => slices.update.push((***slice).clone()),
        }
    }
    let written = || slices.create.iter().chain(&slices.update).flat_map(endpoints).filter(|e| is_ready(e));
    if written().any(|endpoint| endpoint["zone"].str().is_empty()) {
        return Err("One or more endpoints do not have a zone specified".to_owned());
    }
    for endpoint in written() {
        *given.entry(endpoint["zone"].str().to_owned()).or_default() += 1;
    }
    if given.is_empty() {
        return Err("No hints allocated for zones".to_owned());
    }
    let (mut giving, mut receiving) = exchange(&allocations, &given);
    for slice in slices.create.iter_mut().chain(&mut slices.update) {
        for endpoint in slice.value.field_mut("endpoints").items_mut().iter_mut().filter(|e| is_ready(e)) {
            let own = endpoint["zone"].str().to_owned();
            let mut zone = own.clone();
            if giving.contains_key(&own)
                && let Some(receiver) = receiving.first_key_value().map(|(name, _)| name.clone())
            {
                take_one(&mut giving, &own);
                take_one(&mut receiving, &receiver);
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

fn endpoints(slice: &Object) -> &[Value] {
    slice.value["endpoints"].items()
}

fn is_node_ready(node: &Rc<Object>) -> bool {
    let conditions = node.status()["conditions"].items();
    conditions.iter().any(|c| c["type"].str() == "Ready" && c["status"].str() == "True")
}

/// The CPU of the ready nodes by zone; none if a node lacks a zone or CPU, or there is only one zone.
fn zones(store: &Store) -> Option<Zones> {
    let mut zones = Zones { cpu: OrdMap::new(), total: 0 };
    for node in store.list(Kind::Node, None) {
        let is_master = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"]
            .into_iter()
            .any(|label| node.label(label).is_some());
        if is_master || !is_node_ready(node) {
            continue;
        }
        let zone = node.label(ZONE_LABEL).filter(|zone| !zone.is_empty())?;
        let cpu = milli_cpu(&node.status()["allocatable"]["cpu"]).filter(|cpu| *cpu > 0)?;
        *zones.cpu.entry(zone.to_owned()).or_default() += cpu;
        zones.total += cpu;
    }
    (zones.cpu.len() >= 2).then_some(zones)
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
fn minimum(cpu: u64, endpoints: u64, total: u64) -> u64 {
    (cpu * endpoints * 5).div_ceil(total * 6)
}

fn allocations(zones: Option<Zones>, endpoints: u64) -> Result<(OrdMap<String, Allocation>, u64), String> {
    let Some(Zones { cpu, total }) = zones else {
        return Err("Insufficient Node information: allocatable CPU or zone not specified on one or more nodes".into());
    };
    let count = cpu.len();
    if count as u64 > endpoints {
        return Err(format!("Insufficient number of endpoints ({endpoints} endpoints, {count} zones)"));
    }
    let least: u64 = cpu.values().map(|cpu| minimum(*cpu, endpoints, total)).sum();
    if least > endpoints {
        return Err(format!(
            "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold \
             ({endpoints} endpoints, {count} zones)"
        ));
    }
    let allocation = |cpu: u64| {
        let minimum = minimum(cpu, endpoints, total);
        let desired = (cpu * endpoints).max(minimum * total);
        Allocation { minimum, maximum: minimum + endpoints - least, desired }
    };
    Ok((cpu.into_iter().map(|(zone, cpu)| (zone, allocation(cpu))).collect(), total))
}

/// The hints a slice holds by zone; none if they no longer fit and the slice must be written.
fn hints_by_zone(
    slice: &Object,
    given: &OrdMap<String, u64>,
    (allocations, _): &(OrdMap<String, Allocation>, u64),
) -> Option<OrdMap<String, u64>> {
    let mut hints: OrdMap<String, u64> = OrdMap::new();
    for endpoint in endpoints(slice).iter().filter(|e| is_ready(e)) {
        let zones = endpoint["hints"]["forZones"].items();
        if zones.is_empty() {
            return None;
        }
        for zone in zones {
            *hints.entry(zone["name"].str().to_owned()).or_default() += 1;
        }
    }
    let fits = |(zone, count): (&String, &u64)| {
        let already = given.get(zone).copied().unwrap_or(0);
        allocations.get(zone).is_some_and(|allocation| count + already <= allocation.maximum)
    };
    hints.iter().all(fits).then_some(hints)
}

/// How many endpoints each zone gives away, and how many each gets.
fn exchange(
    (allocations, one): &(OrdMap<String, Allocation>, u64),
    given: &OrdMap<String, u64>,
) -> (OrdMap<String, u64>, OrdMap<String, u64>) {
    let (mut spare, mut lack) = (OrdMap::new(), OrdMap::new());
    for (zone, allocation) in allocations {
        debug_assert!(allocation.minimum <= allocation.maximum);
        let has = given.get(zone).copied().unwrap_or(0) * one;
        if has > allocation.desired {
            spare.insert(zone.clone(), (has - allocation.desired) as i64);
        } else if has < allocation.desired {
            lack.insert(zone.clone(), (allocation.desired - has) as i64);
        }
    }
    let (mut giving, mut receiving): (OrdMap<String, u64>, OrdMap<String, u64>) = Default::default();
    let one = *one as i64;
    while let (Some((giver, spares)), Some((receiver, lacks))) = (most(&spare), most(&lack)) {
        if spares < one && lacks < one || spares * 2 < one || lacks * 2 < one {
            break;
        }
        *giving.entry(giver.clone()).or_default() += 1;
        *receiving.entry(receiver.clone()).or_default() += 1;
        *spare.entry(giver).or_default() -= one;
        *lack.entry(receiver).or_default() -= one;
    }
    (giving, receiving)
}

/// The zone with the greatest positive number, the first of equals.
fn most(zones: &OrdMap<String, i64>) -> Option<(String, i64)> {
    let mut most: Option<(String, i64)> = None;
    for (zone, &count) in zones {
        if count > most.as_ref().map_or(0, |(_, greatest)| *greatest) {
            most = Some((zone.clone(), count));
        }
    }
    most
}

fn take_one(zones: &mut OrdMap<String, u64>, zone: &str) {
    if let Some(count) = zones.get_mut(zone) {
        *count -= 1;
        if *count == 0 {
            zones.remove(zone);
        }
    }
}

/// True if a zone has fewer hints than it must have now.
fn is_overloaded(store: &Store, service: &Object, zones: Option<&Zones>) -> bool {
    let mut given: OrdMap<&str, u64> = OrdMap::new();
    let slices = store.labelled(Kind::EndpointSlice, service.namespace(), SERVICE_NAME_LABEL, service.name());
    for zone in slices.flat_map(|slice| endpoints(slice)).flat_map(|e| e["hints"]["forZones"].items()) {
        *given.entry(zone["name"].str()).or_default() += 1;
    }
    if given.is_empty() {
        return false;
    }
    let Some(zones) = zones else { return true };
    let endpoints = given.values().sum();
    zones
        .cpu
        .iter()
        .any(|(zone, cpu)| given.get(zone.as_str()).is_none_or(|count| *count < minimum(*cpu, endpoints, zones.total)))
}
