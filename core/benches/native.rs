//! The native half of what `cargo run -p demo --example wasm_bench` measures in Node too: one line of JSON.

#![expect(clippy::disallowed_methods, reason = "measuring takes the machine's clock")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program of its own")]

#[path = "support/kernels.rs"]
mod kernels;

use std::time::Instant;

/// The median of so many runs counts.
const RUNS: usize = 5;

fn main() {
    let packet = cost(kernels::packets, 2_000) / 1_000.0;
    let (mebibyte, curl) = (cost(kernels::mebibytes, 32), cost(kernels::curls, 2_000));
    println!("{{\"packets\": {packet:.1}, \"mebibytes\": {mebibyte:.0}, \"curls\": {curl:.0}}}");
}

/// Nanoseconds of a turn, without the preparation.
fn cost(kernel: fn(u32) -> u32, turns: u32) -> f64 {
    let time = |turns: u32| {
        let start = Instant::now();
        assert!(kernel(turns) >= turns, "every turn succeeds");
        start.elapsed().as_nanos() as f64
    };
    let mut costs: Vec<f64> = (0..RUNS).map(|_| (time(turns + 1) - time(1)) / f64::from(turns)).collect();
    costs.sort_by(f64::total_cmp);
    costs[RUNS / 2]
}
