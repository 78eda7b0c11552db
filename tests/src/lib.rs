//! What the suites share.

pub mod conformance;
pub mod lab;
