//! The engine in Node beside itself natively and beside webernetes, in one run: `cargo run -p demo --example wasm_bench`.

use std::process::Command;

use demo::run::run;
use demo::toolchain::native_cargo;
use demo::{Error, npm, root, target_dir, wasm};

fn main() -> Result<(), Error> {
    wasm::build()?;
    let (package, bench) = (root().join("wasm"), root().join("wasm/bench"));
    npm::install(&package)?;
    npm::script(&package, "build", &[])?;
    npm::install(&bench)?;
    npm::script(&bench, "bundle", &[])?;
    wasm::build_bench()?;
    let mut native = native_cargo();
    native.args(["bench", "--locked", "-p", "clusterip", "--bench", "native", "--target-dir"]).arg(target_dir());
    let figures = run("measuring natively", &mut native)?;
    let status = Command::new("node").arg(bench.join("bench.mjs")).arg(figures.trim()).status();
    if status.is_ok_and(|status| status.success()) { Ok(()) } else { Err(Error::new("bench.mjs failed")) }
}
