//! The whole cluster from outside, one behaviour a file.

mod capture;
mod determinism;
mod layering;
mod probes;
mod rollout;
mod seeds;
mod service;
