//! What the suites share.

pub mod conformance;
pub mod lab;

/// The examples of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
