//! Services: schema, defaults and validation.

pub mod schema;
