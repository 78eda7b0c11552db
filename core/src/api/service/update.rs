//! What happens to a Service's fields when it changes, and which may not.
//!
//! Source: kubernetes pkg/registry/core/service (strategy.go, storage/storage.go) and pkg/apis/core/validation.

use super::{Spec, addresses::shown, validation::validate_class};
use crate::api::{
    Object, Value,
    field::{Errors, Path},
};
use crate::ordered::OrdMap;
use alloc::{vec, vec::Vec};

/// Keeps what the server once gave where the new manifest says nothing: addresses, node ports, the health check's port.
///
/// Source: storage.go (patchAllocatedValues).
pub fn keep_allocated(new: &mut Object, old: &Object) {
    let old_spec = Spec::of(old);
    if old_spec.needs_cluster_ip() && Spec::of(new).needs_cluster_ip() {
        for field in ["clusterIP", "clusterIPs"] {
            if new.spec()[field].is_empty() && !old.spec()[field].is_empty() {
                new.value.set(&["spec", field], old.spec()[field].clone());
            }
        }
    }
    if old_spec.draws_node_ports() && Spec::of(new).draws_node_ports() {
        keep_node_ports(new, old);
    }
    let unset = new.spec()["healthCheckNodePort"].is_empty();
    if old_spec.needs_health_check() && Spec::of(new).needs_health_check() && unset {
        new.value.set(&["spec", "healthCheckNodePort"], old.spec()["healthCheckNodePort"].clone());
    }
}

/// Ports are the same if their names are; a node port that both already use stays where it is.
fn keep_node_ports(new: &mut Object, old: &Object) {
    let number = |port: &Value| port["nodePort"].as_int().unwrap_or(0);
    let wanted: Vec<i64> = Spec::of(new).ports().iter().map(number).filter(|n| *n != 0).collect();
    let used: Vec<i64> = Spec::of(old).ports().iter().map(number).filter(|n| wanted.contains(n)).collect();
    let by_name: OrdMap<&str, i64> = Spec::of(old).ports().iter().map(|p| (p["name"].str(), number(p))).collect();
    if let Value::List(ports) = new.value.at_mut(&["spec", "ports"]) {
        for port in ports.to_mut().iter_mut().filter(|port| number(port) == 0) {
            let before = by_name.get(port["name"].str()).copied().unwrap_or(0);
            if before != 0 && !used.contains(&before) {
                port.set(&["nodePort"], before);
            }
        }
    }
}

/// Brings `clusterIP` and `clusterIPs` in line where only one of them was written or changed.
///
/// Source: storage.go (normalizeClusterIPs).
pub fn normalize_cluster_ips(new: &mut Object, old: Option<&Object>) {
    let address = new.spec()["clusterIP"].clone();
    let Some(old) = old else {
        if !address.is_empty() && new.spec()["clusterIPs"].is_empty() {
            new.value.set(&["spec", "clusterIPs"], vec![address]);
        }
        return;
    };
    let (old_address, old_list) = (old.spec()["clusterIP"].str(), &old.spec()["clusterIPs"]);
    if !old_list.is_empty() && new.spec()["clusterIPs"].is_empty() && old_address == address.str() {
        new.value.set(&["spec", "clusterIPs"], old_list.clone());
    }
    if old_address != address.str() && old_list.items() == new.spec()["clusterIPs"].items() {
        if address.is_empty() {
            new.value.remove(&["spec", "clusterIPs"]);
        } else {
            new.value.set(&["spec", "clusterIPs"], vec![address]);
        }
    }
}

/// Takes out what the new type cannot have, if the manifest merely repeats what was there.
///
/// Source: strategy.go (dropTypeDependentFields).
pub fn drop_fields_of_other_types(new: &mut Object, old: &Object) {
    let (was, is) = (Spec::of(old), Spec::of(new));
    let same = |field: &str| {
        let (before, after) = (&old.spec()[field], &new.spec()[field]);
        before == after || (before.is_empty() && after.is_empty())
    };
    let mut dropped = Vec::new();
    if was.needs_cluster_ip() && !is.needs_cluster_ip() {
        if same("clusterIP") && same("clusterIPs") {
            dropped.extend(["clusterIP", "clusterIPs"]);
        }
        dropped.extend(["ipFamilies", "ipFamilyPolicy"].into_iter().filter(|field| same(field)));
    }
    let number = |port: &Value| port["nodePort"].as_int().filter(|n| *n != 0);
    let old_ports: Vec<i64> = was.ports().iter().filter_map(number).collect();
    let drops_node_ports = !is.ports().is_empty()
        && was.is_node_port_type()
        && !is.is_node_port_type()
        && is.ports().iter().filter_map(number).all(|port| old_ports.contains(&port));
    if was.needs_health_check() && !is.needs_health_check() && same("healthCheckNodePort") {
        dropped.push("healthCheckNodePort");
    }
    if was.kind() == "LoadBalancer" && is.kind() != "LoadBalancer" {
        dropped.extend(["allocateLoadBalancerNodePorts", "loadBalancerClass"].into_iter().filter(|field| same(field)));
    }
    let hides = was.is_externally_accessible() && !is.is_externally_accessible();
    if hides && same("externalTrafficPolicy") {
        dropped.push("externalTrafficPolicy");
    }
    if is.kind() != "LoadBalancer" {
        new.value.set(&["status", "loadBalancer"], Value::map());
    }
    for field in dropped {
        new.value.remove(&["spec", field]);
    }
    if drops_node_ports {
        for port in new.value.at_mut(&["spec", "ports"]).items_mut() {
            port.remove(&["nodePort"]);
        }
    }
}

/// The faults of a change itself.
///
/// Source: validation.go (validateUpgradeDowngradeClusterIPs and those after it in ValidateServiceUpdate).
pub(super) fn validate_changes(errors: &mut Errors, new: Spec<'_>, old: Spec<'_>) {
    let path = Path::root("spec");
    if new.needs_cluster_ip() && old.needs_cluster_ip() {
        validate_cluster_ip_changes(errors, &path, new, old);
        validate_family_changes(errors, &path, new, old);
    }
    let class = "loadBalancerClass";
    let both = new.kind() == "LoadBalancer" && old.kind() == "LoadBalancer";
    if both && new.0[class] != old.0[class] {
        errors.invalid(&path.child(class), &new.0[class], "may not change once set");
    }
    validate_class(errors, &path, new);
    let health = "healthCheckNodePort";
    if new.needs_health_check() && old.needs_health_check() && new.0[health] != old.0[health] {
        errors.forbidden(&path.child(health), "field is immutable");
    }
}

fn validate_cluster_ip_changes(errors: &mut Errors, path: &Path<'_>, new: Spec<'_>, old: Spec<'_>) {
    if new.is_headless() && old.is_headless() {
        return;
    }
    let addresses = path.child("clusterIPs");
    let (before, after) = (old.cluster_ips(), new.cluster_ips());
    let list = || shown(&new.0["clusterIPs"]);
    if before.len() == after.len() {
        for at in (0..before.len()).filter(|at| before[*at] != after[*at]) {
            errors.invalid(&addresses.index(at), list(), "may not change once set");
        }
        return;
    }
    if after.is_empty() {
        errors.invalid(&addresses.index(0), list(), "primary clusterIP can not be unset");
    } else if !before.is_empty() && before[0] != after[0] {
        errors.invalid(&addresses.index(0), list(), "may not change once set");
    }
    if before.len() > after.len() && after.len() == 1 && new.0["ipFamilyPolicy"].str() != "SingleStack" {
        let detail = "must be set to 'SingleStack' when releasing the secondary clusterIP";
        errors.invalid(&path.child("ipFamilyPolicy"), &new.0["ipFamilyPolicy"], detail);
    }
}

fn validate_family_changes(errors: &mut Errors, path: &Path<'_>, new: Spec<'_>, old: Spec<'_>) {
    if new.is_headless() || old.is_headless() {
        return;
    }
    let families = path.child("ipFamilies");
    let first = families.index(0);
    let (before, after) = (old.ip_families(), new.ip_families());
    if before.len() == after.len() {
        for _ in (0..before.len()).filter(|at| before[*at] != after[*at]) {
            errors.invalid(&first, shown(&new.0["ipFamilies"]), "may not change once set");
        }
        return;
    }
    if before.len() > after.len() && new.cluster_ips().is_empty() {
        errors.invalid(&first, shown(&new.0["ipFamilies"]), "primary ipFamily can not be unset");
    }
    if let (Some(before), Some(after)) = (before.first(), after.first())
        && before != after
    {
        errors.invalid(&first, shown(&new.0["clusterIPs"]), "may not change once set");
    }
    if before.len() > after.len() && after.len() == 1 && new.0["ipFamilyPolicy"].str() != "SingleStack" {
        let detail = "must be set to 'SingleStack' when releasing the secondary ipFamily";
        errors.invalid(&path.child("ipFamilyPolicy"), &new.0["ipFamilyPolicy"], detail);
    }
}
