//! An object and its key.

use super::{
    ApiError, Kind, Value, endpoint_slice, endpoints, field::Errors, meta, names, namespace, network_policy, node, pod,
    schema, service, workload,
};
use crate::ordered::{Hashed, hash_with};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

/// What names an object in the store. Cluster-scoped kinds have an empty namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct Key {
    pub kind: Kind,
    pub namespace: String,
    pub name: String,
}

impl Key {
    /// The key of that kind, namespace and name.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Key {
        let namespace = if kind.names().namespaced { namespace } else { "" };
        Key { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

impl Hashed for Key {
    fn hash(&self) -> u32 {
        hash_with(hash_with(self.kind as u32, &self.namespace), &self.name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.kind.names().singular)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// An object: a kind and its whole tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its kind; the tree's `apiVersion` and `kind` say the same.
    pub kind: Kind,
    /// The whole tree.
    pub value: Value,
}

impl Object {
    /// A new object with only its type, namespace and name.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Object {
        let names = kind.names();
        let mut value = Value::map();
        let api_version = if names.group.is_empty() {
            names.version.to_string()
        } else {
            format!("{}/{}", names.group, names.version)
        };
        value.set(&["apiVersion"], api_version);
        value.set(&["kind"], names.kind);
        value.set(&["metadata", "name"], name);
        if names.namespaced {
            value.set(&["metadata", "namespace"], namespace);
        }
        Object { kind, value }
    }

    /// An object of a manifest's tree, checked against its kind's schema; unknown fields are refused.
    pub fn decode(kind: Kind, mut value: Value) -> Result<Object, ApiError> {
        schema::decode(kind, &mut value)?;
        Ok(Object { kind, value })
    }

    /// Fills in what a manifest leaves open.
    pub fn set_defaults(&mut self) {
        match self.kind {
            Kind::Service => service::set_defaults(self),
            Kind::Pod => pod::set_defaults(self),
            Kind::Endpoints => endpoints::set_defaults(self),
            Kind::EndpointSlice => endpoint_slice::set_defaults(self),
            Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet => workload::set_defaults(self),
            Kind::Namespace => namespace::set_defaults(self),
            Kind::NetworkPolicy => network_policy::set_defaults(self),
            Kind::Node | Kind::Event | Kind::ControllerRevision => {}
        }
    }

    /// Takes out what a request to create may not set.
    pub fn prepare_for_create(&mut self) {
        if !self.kind.names().namespaced {
            self.value.remove(&["metadata", "namespace"]);
        }
        let grace = self.spec()["terminationGracePeriodSeconds"].as_int().unwrap_or(0);
        if self.kind == Kind::Pod && grace < 0 {
            self.value.set(&["spec", "terminationGracePeriodSeconds"], 1);
        }
        if self.kind.has_generation() {
            self.value.set(&["metadata", "generation"], 1);
        }
        if self.kind == Kind::Service {
            self.value.set(&["status"], Value::map());
            self.value.set(&["status", "loadBalancer"], Value::map());
        }
    }

    /// Takes out what a request to change may not set, or cannot keep.
    pub fn prepare_for_update(&mut self, old: &Object) {
        // A manifest written before the pod was bound leaves the pod where it is.
        if self.kind == Kind::Pod && self.spec()["nodeName"].is_empty() && !old.spec()["nodeName"].is_empty() {
            self.value.set(&["spec", "nodeName"], old.spec()["nodeName"].clone());
        }
        if self.kind == Kind::Namespace {
            self.value.set(&["spec"], old.spec().clone());
        }
        if self.kind == Kind::Service {
            self.value.set(&["status"], old.status().clone());
            service::drop_fields_of_other_types(self, old);
        }
    }

    /// Judges it, alone if it is new, or as a change of what is stored.
    pub fn validate(&self, old: Option<&Object>) -> Result<(), ApiError> {
        let mut errors = Errors::default();
        let e = &mut errors;
        if let Some(old) = old {
            meta::validate_change(e, self, old);
        }
        match (self.kind, old) {
            (Kind::Service, None) => service::validate(e, self),
            (Kind::Service, Some(old)) => service::validate_update(e, self, old),
            (Kind::Pod, None) => pod::validate(e, self),
            (Kind::Pod, Some(old)) => pod::validate_update(e, self, old),
            (Kind::Endpoints, _) => endpoints::validate(e, self, old),
            (Kind::EndpointSlice, _) => endpoint_slice::validate(e, self, old),
            (Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet, _) => workload::validate(e, self, old),
            (Kind::NetworkPolicy, _) => network_policy::validate(e, self, old),
            (Kind::Node, _) => node::validate(e, self, old),
            (Kind::Namespace | Kind::Event | Kind::ControllerRevision, _) => {
                if let Some(old) = old {
                    meta::validate_update(e, self, old);
                }
                meta::validate(e, self);
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(self.kind, self.name(), errors.causes)) }
    }

    /// What the server says of it although it accepts it.
    pub fn warnings(&self) -> Vec<String> {
        match self.kind {
            Kind::Service => service::warnings(self),
            Kind::EndpointSlice => endpoint_slice::warnings(self),
            Kind::Endpoints => endpoints::warnings(self),
            Kind::Pod => self.pod_warnings("the Pod's hostname", "spec", self.spec()),
            Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet => {
                self.pod_warnings("Pod names and hostnames", "spec.template.spec", &self.spec()["template"]["spec"])
            }
            _ => Vec::new(),
        }
    }

    /// Source: kubernetes pkg/registry/core/pod/strategy.go (podStrategy.WarningsOnCreate).
    fn pod_warnings(&self, place: &str, path: &str, spec: &Value) -> Vec<String> {
        let mut warnings = pod::warnings(path, spec);
        let complaints = names::dns_label(self.name());
        if !complaints.is_empty() {
            let why = "which can result in surprising behavior; a DNS label is recommended";
            let list = complaints.join(" ");
            warnings.insert(0, format!("metadata.name: this is used in {place}, {why}: [{list}]"));
        }
        warnings
    }

    /// Its key.
    pub fn key(&self) -> Key {
        Key::new(self.kind, self.namespace(), self.name())
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.value["metadata"]["name"].str()
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> &str {
        self.value["metadata"]["namespace"].str()
    }

    /// `metadata.uid`.
    pub fn uid(&self) -> &str {
        self.value["metadata"]["uid"].str()
    }

    /// `metadata.resourceVersion`, 0 before it is stored.
    pub fn resource_version(&self) -> u64 {
        self.value["metadata"]["resourceVersion"].str().parse().unwrap_or(0)
    }

    /// One label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.value["metadata"]["labels"][name].as_str()
    }

    /// `metadata.labels`, as a map value.
    pub fn labels(&self) -> &Value {
        &self.value["metadata"]["labels"]
    }

    /// One annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.value["metadata"]["annotations"][name].as_str()
    }

    /// True once a graceful deletion has begun.
    pub fn is_terminating(&self) -> bool {
        !self.value["metadata"]["deletionTimestamp"].is_null()
    }

    /// True if it has finalizers, its own or a namespace's, so that it cannot go yet.
    pub fn is_held(&self) -> bool {
        let is_of_namespace = self.kind == Kind::Namespace && !self.spec()["finalizers"].is_empty();
        is_of_namespace || !self.value["metadata"]["finalizers"].is_empty()
    }

    /// True if it has that finalizer.
    pub fn is_held_by(&self, finalizer: &str) -> bool {
        self.value["metadata"]["finalizers"].items().iter().any(|own| own.str() == finalizer)
    }

    /// The controller among the owner references, as its kind's word, name and uid.
    pub fn controller(&self) -> Option<(&str, &str, &str)> {
        self.value["metadata"]["ownerReferences"]
            .items()
            .iter()
            .find(|owner| owner["controller"].as_bool() == Some(true))
            .map(|owner| (owner["kind"].str(), owner["name"].str(), owner["uid"].str()))
    }

    /// `spec`.
    pub fn spec(&self) -> &Value {
        &self.value["spec"]
    }

    /// `status`.
    pub fn status(&self) -> &Value {
        &self.value["status"]
    }
}
