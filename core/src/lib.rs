//! Kubernetes ClusterIP Services as a library: manifests in, real TCP/IP packets through.
//!
//! ```text
//! layer 4   cluster   the world: nodes, pods, links, time, one public type `Cluster`
//!           kubectl   a command line over it
//! layer 3   compile   objects -> routing tables, DNS zone, policy      trace   what happened
//! layer 2   dataplane   control   dns   host       four machines that never name one another
//! layer 1   net: bytes, no Kubernetes word          api: objects, no packet
//! layer 0   time   rng   id   ordered
//! ```
#![no_std]

extern crate alloc;
#[cfg(feature = "yaml")]
extern crate std;

pub mod guide;
pub mod id;
pub mod ordered;
pub mod rng;
mod text;
pub mod time;

pub mod api;
pub mod net;

pub mod control;
pub mod dataplane;
pub mod dns;
pub mod host;

pub mod compile;
pub mod trace;

pub mod cluster;
#[cfg(feature = "yaml")]
pub mod kubectl;
