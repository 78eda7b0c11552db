//! Equal to the byte, here and in every wasm host: `wasm/tests/golden.rs` asks the same in Node and in Chromium.

mod scenario;

#[test]
fn the_digest_is_the_blessed_one() {
    let advice = "if the change is meant: cargo run -p tests --example golden -- --bless";
    assert_eq!(Some(&*scenario::digest()), scenario::blessed(scenario::NAME), "{advice}");
}
