//! Services: typed reads, defaults and validation.

mod addresses;
pub mod schema;
#[cfg(test)]
mod tests;
mod update;
mod validation;
mod warnings;

pub(super) use addresses::shown;
pub use addresses::validate_cluster_ips;
pub use update::{drop_fields_of_other_types, keep_allocated, normalize_cluster_ips};
pub(super) use validation::{one_of, validate_port_number, validate_port_or_name};
pub use validation::{validate, validate_update};
pub use warnings::warnings;

use super::{Object, Value};
use alloc::vec::Vec;

/// Seconds that ClientIP affinity lasts unless a Service says otherwise.
pub const AFFINITY_SECONDS: i32 = 10_800;

/// The longest affinity there is: a day.
pub const MAX_AFFINITY_SECONDS: i64 = 86_400;

/// The annotations that ask for topology hints: the old name and the new one.
const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const MODE: &str = "service.kubernetes.io/topology-mode";

/// What a headless Service has in place of an address.
pub const NONE: &str = "None";

/// A Service's spec with the reads that many parts need.
#[derive(Debug, Clone, Copy)]
pub struct Spec<'a>(pub &'a Value);

impl<'a> Spec<'a> {
    /// The spec of a Service.
    pub fn of(service: &'a Object) -> Spec<'a> {
        Spec(service.spec())
    }

    /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`, or what else stands there.
    pub fn kind(&self) -> &'a str {
        self.0["type"].str()
    }

    /// The cluster IPs, the primary one first; `["None"]` if it is headless.
    pub fn cluster_ips(&self) -> Vec<&'a str> {
        self.0["clusterIPs"].items().iter().map(Value::str).collect()
    }

    /// The IP families, the primary one first.
    pub fn ip_families(&self) -> Vec<&'a str> {
        self.0["ipFamilies"].items().iter().map(Value::str).collect()
    }

    /// The ports.
    pub fn ports(&self) -> &'a [Value] {
        self.0["ports"].items()
    }

    /// True if it has no address of its own and DNS answers with its endpoints.
    pub fn is_headless(&self) -> bool {
        matches!(self.0["clusterIPs"].items(), [only] if only.str() == NONE)
    }

    /// True for every type but ExternalName.
    pub fn needs_cluster_ip(&self) -> bool {
        self.kind() != "ExternalName"
    }

    /// True for the types whose ports have node ports, drawn or not.
    pub fn is_node_port_type(&self) -> bool {
        matches!(self.kind(), "NodePort" | "LoadBalancer")
    }

    /// True if node ports are drawn for ports that ask for none.
    pub fn draws_node_ports(&self) -> bool {
        let declined = self.0["allocateLoadBalancerNodePorts"].as_bool() == Some(false);
        self.is_node_port_type() && !(self.kind() == "LoadBalancer" && declined)
    }

    /// True if traffic from outside the cluster can reach it (ExternallyAccessible).
    pub fn is_externally_accessible(&self) -> bool {
        self.is_node_port_type() || (self.kind() == "ClusterIP" && !self.0["externalIPs"].items().is_empty())
    }

    /// True if a load balancer has to ask nodes for their health (NeedsHealthCheck).
    pub fn needs_health_check(&self) -> bool {
        self.kind() == "LoadBalancer" && self.0["externalTrafficPolicy"].str() == "Local"
    }
}

/// Fills in what a manifest leaves open.
///
/// Source: kubernetes pkg/apis/core/v1/defaults.go (SetDefaults_Service).
pub fn set_defaults(service: &mut Object) {
    let spec = service.value.field_mut("spec");
    if spec["sessionAffinity"].is_empty() {
        spec.set(&["sessionAffinity"], NONE);
    }
    if spec["sessionAffinity"].str() == NONE {
        spec.remove(&["sessionAffinityConfig"]);
    }
    let timeout = &spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"];
    if spec["sessionAffinity"].str() == "ClientIP" && timeout.is_null() {
        spec.set(&["sessionAffinityConfig", "clientIP", "timeoutSeconds"], AFFINITY_SECONDS);
    }
    if spec["type"].is_empty() {
        spec.set(&["type"], "ClusterIP");
    }
    if let Value::List(ports) = spec.field_mut("ports") {
        for port in ports.to_mut() {
            if port["protocol"].is_empty() {
                port.set(&["protocol"], "TCP");
            }
            if port["targetPort"].is_empty() {
                let number = port["port"].as_int().unwrap_or(0);
                port.set(&["targetPort"], number);
            }
        }
    }
    if spec["ports"].is_null() {
        spec.remove(&["ports"]);
    }
    if Spec(spec).is_externally_accessible() && spec["externalTrafficPolicy"].is_empty() {
        spec.set(&["externalTrafficPolicy"], "Cluster");
    }
    let known = matches!(spec["type"].str(), "ClusterIP" | "NodePort" | "LoadBalancer");
    if known && spec["internalTrafficPolicy"].is_null() {
        spec.set(&["internalTrafficPolicy"], "Cluster");
    }
    if spec["type"].str() == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"].is_null() {
        spec.set(&["allocateLoadBalancerNodePorts"], true);
    }
    if service.status().is_null() {
        service.value.set(&["status", "loadBalancer"], Value::map());
    }
}
