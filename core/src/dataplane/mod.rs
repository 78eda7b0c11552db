//! How Kubernetes Services work: a node's packet path, as kube-proxy programs it and Linux carries it out.
//!
//! The contract of the router in types; see [`table`] for what it is told, [`verdict`] for what it answers.
//!
//! ```text
//! Router::new(RouterConfig)
//! apply(&mut self, now: Instant, delta: &Delta, tap: &mut impl Tap)
//! handle_packet(&mut self, now: Instant, packet: &mut [u8], from: Ingress, tap: &mut impl Tap) -> Verdict
//! originate(&mut self, now: Instant, packet: &[u8], from: Ingress, refusal: Refusal, out: &mut Vec<u8>, tap: &mut impl Tap) -> Option<Verdict>
//! poll_at(&self) -> Option<Instant>
//! handle_timeout(&mut self, now: Instant, tap: &mut impl Tap)
//! ```

pub mod config;
mod interim;
pub mod table;
pub mod timeouts;
pub mod verdict;

pub use config::{Mode, NodePortAddresses, RouterConfig, Scheduler};
pub use interim::Router;
pub use table::{
    Block, Delta, Endpoint, Hint, Hop, Peers, PodPolicy, PolicyRule, PortRange, Route, ServiceKey, ServicePort,
};
pub use timeouts::Timeouts;
pub use verdict::{Counters, Ingress, Refusal, Verdict};
