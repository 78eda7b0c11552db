//! Deployments, ReplicaSets and StatefulSets: defaults and validation.

pub mod schema;
#[cfg(test)]
mod tests;
mod validation;

pub use validation::validate;

use super::{Kind, Object, Value, pod};

/// Fills in what a manifest leaves open.
///
/// Source: kubernetes pkg/apis/apps/v1/defaults.go.
pub fn set_defaults(workload: &mut Object) {
    let kind = workload.kind;
    let spec = workload.value.field_mut("spec");
    default(spec, &["replicas"], 1);
    match kind {
        Kind::Deployment => {
            default(spec, &["strategy", "type"], "RollingUpdate");
            if spec["strategy"]["type"].str() == "RollingUpdate" {
                default(spec, &["strategy", "rollingUpdate", "maxUnavailable"], "25%");
                default(spec, &["strategy", "rollingUpdate", "maxSurge"], "25%");
            }
            default(spec, &["revisionHistoryLimit"], 10);
            default(spec, &["progressDeadlineSeconds"], 600);
        }
        Kind::StatefulSet => {
            // Its feature gate is off.
            spec.remove(&["updateStrategy", "rollingUpdate", "maxUnavailable"]);
            default(spec, &["serviceName"], "");
            default(spec, &["podManagementPolicy"], "OrderedReady");
            if spec["updateStrategy"]["type"].is_empty() {
                spec.set(&["updateStrategy", "type"], "RollingUpdate");
                default(spec, &["updateStrategy", "rollingUpdate"], Value::map());
            }
            let rolls = spec["updateStrategy"]["type"].str() == "RollingUpdate";
            if rolls && !spec["updateStrategy"]["rollingUpdate"].is_null() {
                default(spec, &["updateStrategy", "rollingUpdate", "partition"], 0);
            }
            default(spec, &["persistentVolumeClaimRetentionPolicy", "whenDeleted"], "Retain");
            default(spec, &["persistentVolumeClaimRetentionPolicy", "whenScaled"], "Retain");
            default(spec, &["revisionHistoryLimit"], 10);
        }
        _ => {}
    }
    pod::set_spec_defaults(spec.at_mut(&["template", "spec"]));
}

fn default(spec: &mut Value, path: &[&str], value: impl Into<Value>) {
    let place = spec.at_mut(path);
    let is_unset = place.is_null() || place.as_str() == Some("");
    if is_unset {
        *place = value.into();
    }
}
