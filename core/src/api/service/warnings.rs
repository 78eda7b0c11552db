//! What the server says of a Service although it accepts it.

use super::{HINTS, MODE, NONE, Spec};
use crate::api::{Object, Value, field::Path, ip};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

/// The warnings of a Service.
///
/// Source: kubernetes pkg/api/service/warnings.go.
pub fn warnings(service: &Object) -> Vec<String> {
    let spec = Spec::of(service);
    let path = Path::root("spec");
    let mut warnings = Vec::new();
    if service.annotation(HINTS).is_some() {
        warnings.push(format!("annotation {HINTS} is deprecated, please use {MODE} instead"));
    }
    let headless = spec.kind() == "ClusterIP" && spec.0["clusterIP"].str() == NONE;
    let external_name = !spec.needs_cluster_ip();
    let addresses = |field: &str| spec.0[field].items().iter().map(Value::str).enumerate();
    if !headless && !external_name {
        let path = path.child("clusterIPs");
        warnings.extend(addresses("clusterIPs").filter_map(|(at, address)| ip::warning(&path.index(at), address)));
    }
    let external_ips = !spec.0["externalIPs"].items().is_empty();
    if headless {
        if !spec.0["loadBalancerIP"].is_empty() {
            warnings.push("spec.loadBalancerIP is ignored for headless services".into());
        }
        if external_ips {
            warnings.push("spec.externalIPs is ignored for headless services".into());
        }
        if spec.0["sessionAffinity"].str() != NONE {
            warnings.push("spec.SessionAffinity is ignored for headless services".into());
        }
    }
    let external_path = path.child("externalIPs");
    warnings
        .extend(addresses("externalIPs").filter_map(|(at, address)| ip::warning(&external_path.index(at), address)));
    if external_ips && !headless && !external_name {
        warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters".into());
    }
    warnings.extend(ip::warning(&path.child("loadBalancerIP"), spec.0["loadBalancerIP"].str()));
    if external_name && external_ips {
        warnings.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".into());
    }
    if !external_name && !spec.0["externalName"].is_empty() {
        warnings.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".into());
    }
    if spec.0["trafficDistribution"].str() == "PreferClose" {
        warnings.push("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".to_string());
    }
    warnings
}
