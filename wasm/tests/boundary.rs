//! The boundary, from the JavaScript side; `cargo test -p tests --test wasm` runs this in Node and in Chromium.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn the_version_is_the_packages() {
    assert_eq!(clusterip_wasm::version(), "0.1.0");
}
