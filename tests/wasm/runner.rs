//! wasm-bindgen's test runner, from the library that Cargo.lock ties to the crate's version.

use std::process::ExitCode;

/// Runs the wasm file that the command line names.
pub fn main() -> ExitCode {
    match wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
