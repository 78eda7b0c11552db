//! The kinds of object the cluster knows: a closed set.

use super::{
    endpoint_slice, endpoints, event, namespace, network_policy, node, pod, schema::Struct, service, workload,
};
use alloc::{
    format,
    string::{String, ToString},
};

/// A kind, with the names upstream gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    Namespace,
    Node,
    Pod,
    Service,
    Endpoints,
    EndpointSlice,
    ReplicaSet,
    Deployment,
    StatefulSet,
    NetworkPolicy,
    Event,
    ControllerRevision,
}

/// The names of one kind.
#[derive(Debug)]
pub struct Names {
    /// As a manifest says it: `EndpointSlice`.
    pub kind: &'static str,
    /// The group, empty for the core group: `discovery.k8s.io`.
    pub group: &'static str,
    /// The version: `v1`.
    pub version: &'static str,
    /// As a URL says it: `endpointslices`.
    pub plural: &'static str,
    /// As kubectl prints it: `endpointslice`.
    pub singular: &'static str,
    /// kubectl's abbreviations: `svc`.
    pub short: &'static [&'static str],
    /// Whether objects of this kind live in a namespace.
    pub namespaced: bool,
}

const fn names(
    kind: &'static str,
    group: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
) -> Names {
    Names { kind, group, version: "v1", plural, singular, short, namespaced }
}

/// In the order of [`Kind::ALL`], which is that of the enum.
static NAMES: [Names; Kind::ALL.len()] = [
    names("Namespace", "", "namespaces", "namespace", &["ns"], false),
    names("Node", "", "nodes", "node", &["no"], false),
    names("Pod", "", "pods", "pod", &["po"], true),
    names("Service", "", "services", "service", &["svc"], true),
    names("Endpoints", "", "endpoints", "endpoints", &["ep"], true),
    names("EndpointSlice", "discovery.k8s.io", "endpointslices", "endpointslice", &[], true),
    names("ReplicaSet", "apps", "replicasets", "replicaset", &["rs"], true),
    names("Deployment", "apps", "deployments", "deployment", &["deploy"], true),
    names("StatefulSet", "apps", "statefulsets", "statefulset", &["sts"], true),
    names("NetworkPolicy", "networking.k8s.io", "networkpolicies", "networkpolicy", &["netpol"], true),
    names("Event", "", "events", "event", &["ev"], true),
    names("ControllerRevision", "apps", "controllerrevisions", "controllerrevision", &[], true),
];

impl Kind {
    /// Every kind, dependencies first.
    pub const ALL: [Kind; 12] = [
        Kind::Namespace,
        Kind::Node,
        Kind::Pod,
        Kind::Service,
        Kind::Endpoints,
        Kind::EndpointSlice,
        Kind::ReplicaSet,
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::NetworkPolicy,
        Kind::Event,
        Kind::ControllerRevision,
    ];

    /// The names upstream gives this kind (`kubectl api-resources`).
    pub fn names(self) -> &'static Names {
        &NAMES[self as usize]
    }

    /// The fields its objects may have.
    pub fn schema(self) -> &'static Struct {
        match self {
            Kind::Namespace => &namespace::NAMESPACE,
            Kind::Node => &node::NODE,
            Kind::Pod => &pod::schema::POD,
            Kind::Service => &service::schema::SERVICE,
            Kind::Endpoints => &endpoints::ENDPOINTS,
            Kind::EndpointSlice => &endpoint_slice::ENDPOINT_SLICE,
            Kind::ReplicaSet => &workload::schema::REPLICA_SET,
            Kind::Deployment => &workload::schema::DEPLOYMENT,
            Kind::StatefulSet => &workload::schema::STATEFUL_SET,
            Kind::NetworkPolicy => &network_policy::NETWORK_POLICY,
            Kind::Event => &event::EVENT,
            Kind::ControllerRevision => &workload::schema::CONTROLLER_REVISION,
        }
    }

    /// What the server warns of at every request for objects of this kind.
    pub fn deprecation(self) -> Option<&'static str> {
        (self == Kind::Endpoints)
            .then_some("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
    }

    /// True if the server counts the changes of what is wanted, in `metadata.generation`.
    pub fn has_generation(self) -> bool {
        use Kind::{Deployment, EndpointSlice, NetworkPolicy, Pod, ReplicaSet, StatefulSet};
        matches!(self, Pod | Deployment | ReplicaSet | StatefulSet | EndpointSlice | NetworkPolicy)
    }

    /// The kind that a manifest's `apiVersion` and `kind` name.
    pub fn from_manifest(api_version: &str, kind: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.names().kind == kind && k.names().is_api_version(api_version))
    }
}

impl Names {
    /// The plural with its group, as messages of the API server say it: `deployments.apps`.
    pub fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_string() } else { format!("{}.{}", self.plural, self.group) }
    }

    pub(crate) fn is_api_version(&self, text: &str) -> bool {
        match text.split_once('/') {
            Some((group, version)) => group == self.group && version == self.version,
            None => self.group.is_empty() && text == self.version,
        }
    }
}
