//! What containers ask for and may use.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (validateResourceRequirements).

use crate::api::{
    Value,
    field::{Errors, Path},
    names,
    quantity::Quantity,
};
use alloc::format;

/// The names without a domain that a container may use, besides huge pages.
const OWN: &str = " cpu memory ephemeral-storage ";
/// Those that exist for something else.
const OTHERS: &str = " requests.cpu requests.memory requests.ephemeral-storage limits.cpu limits.memory \
    limits.ephemeral-storage pods resourcequotas services replicationcontrollers secrets configmaps \
    persistentvolumeclaims storage requests.storage services.nodeports services.loadbalancers ";

/// The faults of one container's amounts.
pub(super) fn validate(errors: &mut Errors, path: &Path<'_>, resources: &Value) {
    let limits = path.child("limits");
    for list in ["limits", "requests"] {
        let list_path = path.child(list);
        for (name, amount) in resources[list].fields() {
            let path = list_path.key(name);
            validate_name(errors, &path, name);
            let (shown, amount) = (amount.str(), nanos(amount));
            if amount < 0 {
                errors.invalid(&path, shown, "must be greater than or equal to 0");
            }
            let is_fixed = name.contains('/') && !name.contains("kubernetes.io/") || name.starts_with("hugepages-");
            if is_fixed && amount % 1_000_000_000 != 0 {
                errors.invalid(&path, shown, "must be an integer");
            }
            let limit = &resources["limits"][name];
            if list == "limits" {
                continue;
            }
            if limit.is_null() && is_fixed {
                errors.required(&limits, "Limit must be set for non overcommitable resources");
            } else if !limit.is_null() && (amount > nanos(limit) || is_fixed && amount != nanos(limit)) {
                let how = if is_fixed { "equal to" } else { "less than or equal to" };
                let detail = format!("must be {how} {name} limit of {}", limit.str());
                errors.invalid(&list_path, shown, &detail);
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
    if name.contains('/') || name.starts_with("hugepages-") || OWN.contains(&word) {
        return;
    }
    if is_sound && !OTHERS.contains(&word) {
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
    }
    errors.invalid(path, name, "must be a standard resource for containers");
}
