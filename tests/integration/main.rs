//! The whole cluster from outside, one behaviour a file.

mod capture;
mod containers;
mod determinism;
mod layering;
mod node_tools;
mod probes;
mod rollout;
mod seeds;
mod service;
