//! Deployments, ReplicaSets and StatefulSets: schema, defaults and validation.

pub mod schema;
