//! Kubernetes objects as values: one tree for every object, and for each kind its schema, defaults and validation.
//!
//! An object is a [`Value`] tree, as text is bytes: what a manifest says is kept whole. A kind's file gives the
//! fields it may hold, typed reads of those that matter here, its defaults and its validation.
//!
//! ```text
//! text -> yaml / json -> Value -> schema::decode -> set_defaults -> validate -> stored
//! ```
//!
//! ```
//! # #[cfg(feature = "yaml")] {
//! use clusterip::api::{Kind, Object, yaml};
//! let tree = yaml::parse_value("{metadata: {name: web, namespace: default}, spec: {ports: [{port: 70000}]}}").unwrap();
//! let mut service = Object::decode(Kind::Service, tree).unwrap();
//! service.set_defaults();
//! let refusal = service.validate(None).unwrap_err();
//! assert_eq!(refusal.causes[0].field, "spec.ports[0].port");
//! assert_eq!(refusal.causes[0].message, "Invalid value: 70000: must be between 1 and 65535, inclusive");
//! # }
//! ```

pub mod endpoint_slice;
pub mod endpoints;
pub mod event;
pub mod field;
mod field_name;
mod go_json;
pub mod ip;
pub mod json;
pub mod kind;
pub mod meta;
pub mod names;
pub mod namespace;
pub mod network_policy;
pub mod node;
pub mod object;
pub mod patch;
pub mod pod;
#[cfg(all(test, feature = "yaml"))]
mod properties;
pub mod quantity;
mod quote;
pub mod schema;
pub mod selector;
pub mod service;
mod shared;
pub mod status;
pub mod value;
pub mod workload;
#[cfg(feature = "yaml")]
pub mod yaml;

pub use kind::Kind;
pub use object::{Key, Object};
pub use quote::Quoted;
pub use shared::Shared;
pub use status::{ApiError, Cause, CauseReason, Reason, Status};
pub use value::{Map, Value, field};
