//! Which IP families a Service gets.
//!
//! Source: kubernetes pkg/registry/core/service/storage/alloc.go (initIPFamilyFields).

use super::{
    Admission,
    service::{families_error, list, only},
};
use crate::api::{
    ApiError, Kind, Object,
    field::{Errors, Path},
    ip, json,
    service::{self, Spec},
};
use alloc::{format, vec::Vec};

const SINGLE: &str = "SingleStack";

impl Admission {
    /// Fills in `ipFamilyPolicy` and `ipFamilies`, and refuses what this cluster or the change does not allow.
    pub(super) fn fill_ip_families(&self, service: &mut Object, old: Option<&Object>) -> Result<(), ApiError> {
        if !Spec::of(service).needs_cluster_ip() || old.is_some_and(|old| is_settled(service, old)) {
            return Ok(());
        }
        fill_policy(service, old);
        let mut errors = Errors::default();
        service::validate_cluster_ips(&mut errors, Spec::of(service), old.map(Spec::of));
        refuse(service, errors)?;
        let mut errors = Errors::default();
        if let Some(old) = old {
            apply_change(&mut errors, service, old);
        }
        self.derive_families(&mut errors, service);
        refuse(service, errors)?;
        self.complete_families(service)
    }

    fn has_family(&self, family: &str) -> bool {
        self.pools.iter().any(|pool| ip::family(pool.range().address) == family)
    }

    fn default_family(&self) -> &'static str {
        self.pools.first().map_or("IPv4", |pool| ip::family(pool.range().address))
    }

    /// Families follow from the addresses that are given.
    fn derive_families(&self, errors: &mut Errors, service: &mut Object) {
        let spec = Spec::of(service);
        let mut families = spec.ip_families();
        if policy(service) == SINGLE {
            for (field, count, what) in
                [("clusterIPs", spec.cluster_ips().len(), "cluster IPs"), ("ipFamilies", families.len(), "IP families")]
            {
                if count == 2 {
                    debug_assert!(!service.spec()[field].is_null());
                    let detail =
                        format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
                    families_error(errors, service, &detail);
                }
            }
        }
        let path = Path::root("spec");
        let path = path.child("clusterIPs");
        for (at, address) in spec.cluster_ips().into_iter().enumerate() {
            if address == service::NONE {
                break;
            }
            let family = if ip::is_v6(address) { "IPv6" } else { "IPv4" };
            if at < families.len() {
                continue;
            }
            if self.has_family(family) {
                families.push(family);
            } else {
                let shown = crate::api::field::Bad::Json(json::emit(&service.spec()["clusterIPs"]));
                errors.invalid(&path.index(at), shown, &format!("{family} is not configured on this cluster"));
            }
        }
        if !families.is_empty() {
            let families = list(&families);
            service.value.set(&["spec", "ipFamilies"], families);
        }
    }

    fn complete_families(&self, service: &mut Object) -> Result<(), ApiError> {
        let spec = Spec::of(service);
        let is_single = policy(service) == SINGLE;
        if spec.0["clusterIP"].str() == service::NONE && spec.0["selector"].is_empty() {
            // A headless Service without selector is not limited to what the cluster has.
            let families = spec.ip_families();
            let first = families.first().copied().unwrap_or(self.default_family());
            let families = match families.len() {
                0 | 1 if is_single => only(first),
                0 | 1 => list(&[first, other(first)]),
                _ => list(&families),
            };
            service.value.set(&["spec", "ipFamilies"], families);
            return Ok(());
        }
        let mut errors = Errors::default();
        if policy(service) == "RequireDualStack" && self.pools.len() < 2 {
            families_error(&mut errors, service, "this cluster is not configured for dual-stack services");
        }
        let path = Path::root("spec");
        for (at, family) in spec.ip_families().into_iter().enumerate() {
            if !self.has_family(family) {
                errors.invalid(&path.child("ipFamilies").index(at), family, "not configured on this cluster");
            }
        }
        refuse(service, errors)?;
        let families = Spec::of(service).ip_families();
        let first = families.first().copied().unwrap_or(self.default_family());
        let families = match families.len() {
            0 | 1 if !is_single && self.pools.len() == 2 => list(&[first, other(first)]),
            0 => only(first),
            _ => return Ok(()),
        };
        service.value.set(&["spec", "ipFamilies"], families);
        Ok(())
    }
}

/// True if a Service that prefers two families is written again with the ones it has: then it stays as it is, even if
/// the cluster has got a second family meanwhile (isMatchingPreferDualStackClusterIPFields).
pub(super) fn is_settled(service: &Object, old: &Object) -> bool {
    let (was, is) = (Spec::of(old), Spec::of(service));
    let prefers = |policy: &str| policy == "PreferDualStack";
    prefers(policy(service))
        && was.kind() == is.kind()
        && matches!(is.kind(), "ClusterIP" | "NodePort" | "LoadBalancer")
        && (policy(old).is_empty() || prefers(policy(old)))
        && was.cluster_ips() == is.cluster_ips()
        && was.ip_families() == is.ip_families()
}

fn policy(service: &Object) -> &str {
    service.spec()["ipFamilyPolicy"].str()
}

fn other(family: &str) -> &'static str {
    if family == "IPv4" { "IPv6" } else { "IPv4" }
}

fn refuse(service: &Object, errors: Errors) -> Result<(), ApiError> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid(Kind::Service, service.name(), errors.causes))
}

fn fill_policy(service: &mut Object, old: Option<&Object>) {
    if !service.spec()["ipFamilyPolicy"].is_null() {
        return;
    }
    let spec = Spec::of(service);
    let is_selectorless = spec.0["clusterIP"].str() == service::NONE && spec.0["selector"].is_empty();
    let filled = match old.map(policy) {
        Some(old) if !old.is_empty() => old,
        _ if is_selectorless => "RequireDualStack",
        _ => SINGLE,
    };
    service.value.set(&["spec", "ipFamilyPolicy"], filled);
}

/// A change to one family drops the second of what was there; a second one may not go otherwise.
fn apply_change(errors: &mut Errors, service: &mut Object, old: &Object) {
    let (was, is) = (Spec::of(old), Spec::of(service));
    if policy(service) == SINGLE {
        let same = [
            ("clusterIPs", was.cluster_ips() == is.cluster_ips()),
            ("ipFamilies", was.ip_families() == is.ip_families()),
        ];
        let dropped: Vec<&str> = same.into_iter().filter(|(_, same)| *same).map(|(field, _)| field).collect();
        for field in dropped {
            if !service.spec()[field].is_empty() {
                service.value.at_mut(&["spec", field]).items_mut().truncate(1);
            }
        }
        return;
    }
    let reduced = |new: usize, old: usize| new > 0 && new < old;
    let addresses = reduced(is.cluster_ips().len(), was.cluster_ips().len());
    let families = reduced(is.ip_families().len(), was.ip_families().len());
    if addresses {
        families_error(errors, service, "must be 'SingleStack' to release the secondary cluster IP");
    }
    if families {
        families_error(errors, service, "must be 'SingleStack' to release the secondary IP family");
    }
}
