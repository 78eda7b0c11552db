//! Kubernetes ClusterIP Services as a library: manifests in, real TCP/IP packets through.
//!
//! ```text
//! layer 4   cluster   the world: nodes, pods, links, time, one public type `Cluster`
//!           kubectl   a command line over it
//! layer 3   compile   objects -> routing tables, DNS zone, policy      trace   what happened
//! layer 2   dataplane   control   dns   host       four machines that never name one another
//! layer 1   net: bytes, no Kubernetes word          api: objects, no packet
//! layer 0   time   rng   id   cidr   ordered
//! ```
//!
//! A layer names only what is below it. Nothing here reads a clock or draws from outside: time is an argument, chance is
//! one seed, and equal calls on equal values give equal bytes ([`guide::determinism`]).
//!
//! # One request
//!
//! ```
//! # #[cfg(feature = "yaml")] {
//! use clusterip::cluster::{Cluster, Config, Outcome, Place, Request};
//!
//! let mut cluster = Cluster::new(Config { seed: 7, ..Config::default() }).unwrap();
//! cluster.kubectl("kubectl create deployment web --image=nginx --port=80 --replicas=3");
//! cluster.kubectl("kubectl expose deployment web --port=80");
//! cluster.kubectl("kubectl run client --image=busybox --command -- sleep infinity");
//! assert!(cluster.settle().is_settled());
//!
//! // The client asks for a name. DNS gives it the cluster IP, and its node's router one of the three pods.
//! let trips = cluster.send(&Request::new(Place::pod("default", "client"), "http://web")).unwrap();
//! assert_eq!((trips[0].outcome, trips[0].status), (Outcome::Connected, Some(200)));
//! assert!(matches!(&trips[0].pod, Some(Place::Pod { name, .. }) if name.starts_with("web-")));
//! # }
//! ```
//!
//! # Where to begin
//!
//! * To run a cluster, with manifests and `kubectl` lines: [`cluster::Cluster`].
//! * To route packets of your own: [`dataplane::Router`], which needs no pods, no clock and no YAML.
//! * To read manifests as the API server does: [`api::Object`].
//! * To understand it: [`guide::packet`] and [`guide::object`] go once through everything.
//!
//! # Features
//!
//! `yaml` (default) reads manifests and gives `kubectl`; it needs `std`. Without it the crate needs only an allocator.
#![no_std]

extern crate alloc;
#[cfg(feature = "yaml")]
extern crate std;

pub mod cidr;
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
