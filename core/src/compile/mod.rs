//! The store as the machines see it: what kube-proxy, CoreDNS and the kubelet read in the objects.
//!
//! ```text
//! Store, Change -> table    -> every node's dataplane::Delta      (Services, EndpointSlices)
//!                  policy   -> the deltas of a pod's own node     (NetworkPolicies, Pods, Namespaces)
//!                  dns      -> dns::Zone                          (Services, EndpointSlices)
//!                  env      -> a container's variables            (Services)
//! ```
//!
//! Here alone the control plane and the machines meet. A change of a Service costs what that Service has.

pub mod dns;
pub mod env;
pub mod policy;
pub mod table;
