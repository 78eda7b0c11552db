//! Virtual time: an argument everywhere, read from no clock.

pub use smoltcp::time::{Duration, Instant};

pub mod timestamp;
