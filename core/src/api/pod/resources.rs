//! What containers ask for and may use.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (validateResourceRequirements).

use super::blocks::POD_RESOURCE_CLAIM;
use crate::api::{
    Value,
    field::{Bad, Errors, Path},
    go_json, names,
    quantity::Quantity,
};
use alloc::{format, string::String, vec::Vec};

/// The names without a domain that a container may use, besides huge pages.
const OWN: &str = " cpu memory ephemeral-storage ";
/// Those that exist for something else.
const OTHERS: &str = " requests.cpu requests.memory requests.ephemeral-storage limits.cpu limits.memory \
    limits.ephemeral-storage pods resourcequotas services replicationcontrollers secrets configmaps \
    persistentvolumeclaims storage requests.storage services.nodeports services.loadbalancers ";

/// The faults of one container's amounts.
pub(super) fn validate(errors: &mut Errors, path: &Path<'_>, resources: &Value, claims: &[Value]) {
    let limits = path.child("limits");
    for list in ["limits", "requests"] {
        let list_path = path.child(list);
        for (name, amount) in resources[list].fields() {
            let path = list_path.key(name);
            validate_name(errors, &path, name);
            let (shown, amount) = (amount.str(), nanos(amount));
            let is_huge = name.starts_with("hugepages-");
            if amount < 0 {
                errors.invalid(&path, shown, "must be greater than or equal to 0");
            }
            let is_fixed = name.contains('/') && !name.contains("kubernetes.io/") || name.starts_with("hugepages-");
            if is_fixed && !is_huge && amount % 1_000_000_000 != 0 {
                errors.invalid(&path, shown, "must be an integer");
            }
            let limit = &resources["limits"][name];
            if list == "limits" {
            } else if limit.is_null() && is_fixed {
                errors.required(&limits, "Limit must be set for non overcommitable resources");
            } else if !limit.is_null() && (amount > nanos(limit) || is_fixed && amount != nanos(limit)) {
                let how = if is_fixed { "equal to" } else { "less than or equal to" };
                let detail = format!("must be {how} {name} limit of {}", limit.str());
                errors.invalid(&list_path, shown, &detail);
            }
            let page =
                name.strip_prefix("hugepages-").map_or(0, |size| Quantity::parse(size).map_or(0, |size| size.nanos));
            if is_huge && (page <= 0 || amount % page != 0) {
                errors.invalid(&path, shown, &format!("{shown} is not positive integer multiple of {name}"));
            }
        }
    }
    let has = |is: fn(&str) -> bool| {
        ["limits", "requests"].iter().any(|list| resources[*list].fields().any(|(name, _)| is(name)))
    };
    if has(|name| name.starts_with("hugepages-")) && !has(|name| matches!(name, "cpu" | "memory")) {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
    let path = path.child("claims");
    let own = resources["claims"].items();
    for (at, claim) in own.iter().enumerate() {
        let (path, name) = (path.index(at), claim["name"].str());
        if name.is_empty() {
            errors.required(&path, "");
            continue;
        }
        if own[..at].iter().any(|other| other == claim) {
            errors.duplicate(&path, name);
        }
        let request = claim["request"].str();
        if !request.is_empty() {
            errors.invalid_each(&path.child("request"), request, names::dns_label(request));
        }
        if !claims.iter().any(|known| known["name"].str() == name) {
            let known: Vec<&str> =
                claims.iter().map(|claim| claim["name"].str()).filter(|name| !name.is_empty()).collect();
            let list = if known.is_empty() { " which is empty".into() } else { format!(": {}", known.join(", ")) };
            errors.not_found_among(&path, name, &format!("must be one of the names in pod.spec.resourceClaims{list}"));
        }
    }
}

/// The faults of what a pod claims of devices.
///
/// Source: the same (validatePodResourceClaims).
pub(super) fn validate_claims(errors: &mut Errors, path: &Path<'_>, claims: &[Value]) {
    for (at, claim) in claims.iter().enumerate() {
        let path = path.index(at);
        let (name_path, name) = (path.child("name"), claim["name"].str());
        if name.is_empty() {
            errors.required(&name_path, "");
        } else if claims[..at].iter().any(|other| other["name"].str() == name) {
            errors.duplicate(&name_path, name);
        } else {
            errors.invalid_each(&name_path, name, names::dns_label(name));
        }
        let sources = ["resourceClaimName", "resourceClaimTemplateName"];
        let complaint = match sources.iter().filter(|source| !claim[**source].is_null()).count() {
            0 => "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
            1 => "",
            _ => "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified",
        };
        if !complaint.is_empty() {
            let mut shown = String::new();
            go_json::inner(&mut shown, &POD_RESOURCE_CLAIM, claim, None);
            errors.invalid(&path, Bad::Json(shown), complaint);
        }
        for source in sources {
            if let Some(text) = claim[source].as_str() {
                errors.invalid_each(&path.child(source), text, names::dns_subdomain(text));
            }
        }
    }
}

fn nanos(amount: &Value) -> i128 {
    Quantity::parse(amount.str()).map_or(0, |quantity| quantity.nanos)
}

fn validate_name(errors: &mut Errors, path: &Path<'_>, name: &str) {
    let complaints = names::qualified_name(name);
    let is_sound = complaints.is_empty();
    errors.invalid_each(path, name, complaints);
    let word = format!(" {name} ");
    if name.contains('/') && !name.contains("kubernetes.io/") {
        let quota = format!("requests.{name}");
        if name.starts_with("requests.") || !names::qualified_name(&quota).is_empty() {
            errors.invalid(path, name, "doesn't follow extended resource name standard");
        }
    }
    if name.contains('/') || name.starts_with("hugepages-") || OWN.contains(&word) {
        return;
    }
    if is_sound && !OTHERS.contains(&word) {
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
    }
    errors.invalid(path, name, "must be a standard resource for containers");
}
