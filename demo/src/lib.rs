//! Finds or makes everything the two commands of the README need, then builds and serves the page.
//!
//! A fresh machine has stable Rust and Node. Each part here looks for what it needs, makes it when it is missing, says
//! so when that takes time, and does nothing at all on the second run:
//!
//! - [`toolchain`]: a compiler and a standard library for wasm32 and for the bare-metal proof;
//! - [`wasm`]: the wasm module and its glue, written to `wasm/js/engine/` for the TypeScript beside it;
//! - [`npm`]: packages by `npm ci` from the committed lock files, and the scripts of a package;
//! - [`page`]: the static site, from `demo/web`;
//! - [`serve`]: a small server for it;
//! - [`tools`]: programs that only tests need (Chromium, tshark).
//!
//! `tests` uses the same functions, so there is one way to build each thing.
// The clock is the core's business to avoid; here it measures how long a step takes.
#![allow(clippy::disallowed_methods)]

mod debian;
mod error;
mod fingerprint;
mod lock;
pub mod npm;
pub mod page;
pub mod run;
pub mod serve;
mod std_build;
pub mod toolchain;
pub mod tools;
pub mod wasm;

use std::path::{Path, PathBuf};

pub use error::Error;

/// The root of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("demo/ stands in the root of the workspace")
}

/// Where everything that can be thrown away is written.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}
