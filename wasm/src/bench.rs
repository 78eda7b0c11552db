//! What `wasm/bench` measures, beside the same functions natively; not in the product.

#[path = "../../core/benches/support/kernels.rs"]
mod kernels;

use wasm_bindgen::prelude::wasm_bindgen;

/// Translates packets of a thousand connections.
#[wasm_bindgen]
pub fn packets(turns: u32) -> u32 {
    kernels::packets(turns)
}

/// Sends mebibytes through a virtual IP.
#[wasm_bindgen]
pub fn mebibytes(count: u32) -> u32 {
    kernels::mebibytes(count)
}

/// Runs `curl` in a pod.
#[wasm_bindgen]
pub fn curls(count: u32) -> u32 {
    kernels::curls(count)
}
