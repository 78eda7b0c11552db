//! Names of the cluster, as CoreDNS' kubernetes plugin answers them (DNS schema 1.1.0).
//!
//! [`zone::Zone`] holds plain values, [`answer::answer`] turns the bytes of a question into the bytes of an answer,
//! and [`message`] is the wire format that the server and every client in a pod share. Nothing here knows an object
//! of the API: `compile` fills the zone, and `cluster` gives the server in a pod its answerer.

pub mod answer;
mod code;
pub mod message;
mod name;
#[cfg(test)]
mod properties;
mod reader;
mod records;
pub mod zone;

pub use answer::{Transport, answer};
pub use message::{Data, Message, Question, Rcode, Record, Type};
pub use zone::{PodMode, Zone, ZoneConfig};
