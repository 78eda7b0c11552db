//! The runner that `.cargo/config.toml` names for tests compiled to wasm.

#[path = "../wasm/runner.rs"]
mod runner;

fn main() -> std::process::ExitCode {
    runner::main()
}
