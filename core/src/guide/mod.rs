//! Chapters that explain the whole, with examples that are run as tests.

#[doc = include_str!("packet.md")]
pub mod packet {}

#[doc = include_str!("object.md")]
pub mod object {}

#[doc = include_str!("determinism.md")]
pub mod determinism {}
