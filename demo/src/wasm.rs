//! The wasm module and its glue.

mod order;
mod spelling;

use std::path::PathBuf;

use wasm_bindgen_cli_support::Bindgen;

use crate::fingerprint::Fingerprint;
use crate::run::run;
use crate::toolchain::{Target, Toolchain};
use crate::{Error, lock, root, target_dir};

/// The glue's name; the module is `clusterip_bg.wasm` beside it.
pub const NAME: &str = "clusterip";

/// The built engine.
#[derive(Debug)]
pub struct Engine {
    /// The folder the TypeScript imports from: `wasm/js/engine`.
    pub folder: PathBuf,
    /// The module.
    pub module: PathBuf,
    /// The JavaScript that loads it, for every host (`--target web`).
    pub glue: PathBuf,
}

/// Builds the engine when its inputs have changed.
pub fn build() -> Result<Engine, Error> {
    build_in(root().join("wasm/js/engine"), false)
}

/// The same with what `wasm/bench` measures beside the product, and with names, for `node --cpu-prof`.
pub fn build_bench() -> Result<Engine, Error> {
    build_in(root().join("wasm/bench/dist/engine"), true)
}

fn build_in(folder: PathBuf, measured: bool) -> Result<Engine, Error> {
    let _lock = lock::take(&target_dir().join("wasm.lock"))?;
    let engine = Engine {
        module: folder.join(format!("{NAME}_bg.wasm")),
        glue: folder.join(format!("{NAME}.js")),
        folder: folder.clone(),
    };
    let compiled = compile(measured)?;
    let words = [
        NAME,
        env!("CARGO_PKG_VERSION"),
        include_str!("wasm.rs"),
        include_str!("wasm/order.rs"),
        include_str!("wasm/spelling.rs"),
    ];
    let fingerprint = Fingerprint::of(&[&compiled], &words)?;
    let stamp = folder.join(".stamp");
    if fingerprint.is_at(&stamp) && engine.module.exists() && engine.glue.exists() {
        return Ok(engine);
    }
    // The version of the glue's maker is tied to that of the crate by Cargo.lock, because it is a dependency.
    let bind = || {
        let mut bindgen = Bindgen::new();
        bindgen.input_path(&compiled).out_name(NAME).typescript(true).remove_name_section(!measured);
        bindgen.remove_producers_section(true).web(true)?.generate(&folder)
    };
    bind().map_err(|error| Error::new(format!("wasm-bindgen on {}: {error:#}", compiled.display())))?;
    if !measured {
        let module = std::fs::read(&engine.module).map_err(|error| Error::file(&engine.module, &error))?;
        std::fs::write(&engine.module, order::compact(&module)?)
            .map_err(|error| Error::file(&engine.module, &error))?;
        let glue = std::fs::read_to_string(&engine.glue).map_err(|error| Error::file(&engine.glue, &error))?;
        std::fs::write(&engine.glue, without_comments(&glue)).map_err(|error| Error::file(&engine.glue, &error))?;
    }
    fingerprint.store(&stamp)?;
    Ok(engine)
}

/// The glue without its comments and indents, a fifth of what a page loads of it: they say what the types beside it say.
///
/// The generator gives a comment lines of its own, and breaks no text over lines.
fn without_comments(glue: &str) -> String {
    let mut terse = String::with_capacity(glue.len());
    let mut is_comment = false;
    for line in glue.lines().map(str::trim) {
        is_comment |= line.starts_with("/*");
        if !is_comment && !line.is_empty() && !line.starts_with("//") {
            terse.push_str(line);
            terse.push('\n');
        }
        is_comment &= !line.ends_with("*/");
    }
    terse
}

/// Runs cargo, which knows itself whether there is anything to do.
fn compile(measured: bool) -> Result<PathBuf, Error> {
    let toolchain = Toolchain::find(Target::Wasm32)?.small();
    let target = build_dir();
    let mut command = toolchain.cargo();
    // A cdylib alone: beside the rlib that the package's tests link, cargo would leave out the optimisation of the whole.
    command.args(["rustc", "--locked", "--profile", "wasm", "-p", "clusterip-wasm", "--lib", "--crate-type", "cdylib"]);
    if measured {
        command.args(["--features", "bench"]);
    }
    command.args(["--target", toolchain.triple(), "--target-dir"]).arg(&target);
    run("building the wasm module", &mut command)?;
    Ok(target.join(toolchain.triple()).join("wasm/clusterip_wasm.wasm"))
}

/// A target folder of its own: the calling cargo holds the lock of the usual one.
pub fn build_dir() -> PathBuf {
    target_dir().join("wasm-build")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indents_are_left_out_of_the_glue() {
        let glue = "/* @types */\nclass A {\n    /**\n     * Does.\n     */\n    // so\n    b() {\n\n        return 'c // d';\n    }\n}\n";
        assert_eq!(without_comments(glue), "class A {\nb() {\nreturn 'c // d';\n}\n}\n");
    }
}
