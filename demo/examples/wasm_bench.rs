//! The engine in Node beside webernetes, in one run: `cargo run -p demo --example wasm_bench`.

use std::process::Command;

use demo::{Error, npm, root, wasm};

fn main() -> Result<(), Error> {
    wasm::build()?;
    let (package, bench) = (root().join("wasm"), root().join("wasm/bench"));
    npm::install(&package)?;
    npm::script(&package, "build", &[])?;
    npm::install(&bench)?;
    npm::script(&bench, "bundle", &[])?;
    let status = Command::new("node").arg(bench.join("bench.mjs")).status();
    if status.is_ok_and(|status| status.success()) { Ok(()) } else { Err(Error::new("bench.mjs failed")) }
}
