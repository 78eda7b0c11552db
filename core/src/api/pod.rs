//! Pods: schema, defaults and validation.

pub mod schema;
