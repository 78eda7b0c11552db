//! The world: nodes, pods, links and time.

mod output;
mod place;
mod schedule;

pub use output::{Hint, Output};
pub use place::{ParsePlaceError, Place};
