//! What happened: sinks for packet events, whole packets and the store's changes.
//!
//! Each sink is a [`crate::net::Tap`], and a pair of taps is one; text is made when somebody asks. Every sink is bounded and counts
//! what it had to forget.

pub mod capture;
mod digest;
pub mod passage;
mod recorder;

pub use capture::{Capture, Format, Frame};
pub use digest::Digest;
pub use passage::{Passage, Passages};
pub use recorder::{Entry, Happening, Recorder};
