//! The addresses of a Service: cluster IPs, their families and policy, external IPs.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go.

use super::{NONE, Spec};
use crate::api::{
    Value,
    field::{Bad, Errors, Path},
    ip, json,
};
use alloc::format;

/// A list as Go shows it: one that is not there is null.
pub(crate) fn shown(list: &Value) -> Bad<'static> {
    Bad::Json(if list.items().is_empty() && list.is_null() { "null".into() } else { json::emit(list) })
}

/// The faults of addresses, families and their policy, which allocation looks for too.
///
/// Source: the same (ValidateServiceClusterIPsRelatedFields).
pub fn validate_cluster_ips(errors: &mut Errors, spec: Spec<'_>, old: Option<Spec<'_>>) {
    if !spec.needs_cluster_ip() {
        return;
    }
    let path = Path::root("spec");
    let addresses_path = path.child("clusterIPs");
    let (addresses, families) = (spec.cluster_ips(), spec.ip_families());
    let list = &spec.0["clusterIPs"];
    match (spec.0["clusterIP"].str(), addresses.first()) {
        ("", Some(_)) => {
            errors.invalid(&addresses_path, shown(list), "must be empty when `clusterIP` is not specified")
        }
        ("", None) => {}
        (_, None) => errors.required(&addresses_path, ""),
        (address, Some(first)) if address != *first => {
            errors.invalid(&addresses_path, shown(list), "first value must match `clusterIP`");
        }
        _ => {}
    }
    let families_path = path.child("ipFamilies");
    for (at, family) in families.iter().enumerate() {
        if !matches!(*family, "IPv4" | "IPv6") {
            errors.not_supported(&families_path.index(at), family, &["IPv4", "IPv6"]);
        }
        if families[..at].contains(family) {
            errors.duplicate(&families_path.index(at), *family);
        }
    }
    if let Some(policy) = spec.0["ipFamilyPolicy"].as_str() {
        let supported = ["PreferDualStack", "RequireDualStack", "SingleStack"];
        if !supported.contains(&policy) {
            errors.not_supported(&path.child("ipFamilyPolicy"), policy, &supported);
        }
    }
    let stored = old.map(|old| old.cluster_ips()).unwrap_or_default();
    let mut is_readable = true;
    for (at, address) in addresses.iter().enumerate() {
        if at == 0 && *address == NONE {
            if addresses.len() > 1 {
                is_readable = false;
                errors.invalid(&addresses_path, shown(list), "'None' must be the first and only value");
            }
        } else if !stored.contains(address) {
            let before = errors.len();
            ip::validate(errors, &addresses_path.index(at), address);
            is_readable &= errors.len() == before;
        }
    }
    if addresses.len() > 2 {
        errors.invalid(&addresses_path, shown(list), "may only hold up to 2 values");
    }
    if !is_readable {
        return;
    }
    let is_dual = addresses.iter().any(|a| ip::is_v6(a)) && addresses.iter().any(|a| !ip::is_v6(a));
    if addresses.len() > 1 && !is_dual {
        errors.invalid(&addresses_path, shown(list), "may specify no more than one IP for each IP family");
    }
    if spec.is_headless() {
        return;
    }
    for (at, (address, family)) in addresses.iter().zip(&families).enumerate() {
        let expected_v6 = match *family {
            "IPv4" => false,
            "IPv6" => true,
            _ => continue,
        };
        if ip::is_v6(address) != expected_v6 {
            let detail = format!("expected an {family} value as indicated by `ipFamilies[{at}]`");
            errors.invalid(&addresses_path.index(at), *address, &detail);
        }
    }
}

/// The faults of the addresses outside that lead here; those that are stored already may be written oddly.
pub(super) fn validate_external_ips(errors: &mut Errors, path: &Path<'_>, spec: Spec<'_>, old: Option<Spec<'_>>) {
    let path = path.child("externalIPs");
    for (at, address) in spec.0["externalIPs"].items().iter().enumerate() {
        let is_stored = old.is_some_and(|old| old.0["externalIPs"].items().contains(address));
        let before = errors.len();
        if !is_stored {
            ip::validate(errors, &path.index(at), address.str());
        }
        if errors.len() == before {
            ip::validate_endpoint(errors, &path.index(at), address.str());
        }
    }
}
