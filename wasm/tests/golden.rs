//! The golden scenario, in wasm.
#![cfg(target_arch = "wasm32")]

#[path = "../../tests/golden/scenario.rs"]
mod scenario;

use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn the_digest_is_the_one_blessed_natively() {
    assert_eq!(Some(&*scenario::digest()), scenario::blessed(scenario::NAME));
}
