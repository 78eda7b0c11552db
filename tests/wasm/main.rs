//! The boundary to JavaScript: the tests of `clusterip-wasm`, in Node and in headless Chromium.
//!
//! cargo starts a program for each wasm test binary; that program is this one again, told so by a variable, so that
//! the runner's version is the one in Cargo.lock and nothing has to be installed.

mod runner;

use std::process::{Command, ExitCode};

use demo::run::run;
use demo::toolchain::{Target, Toolchain};
use libtest_mimic::{Arguments, Failed, Trial};

/// Says that this run is the runner of a wasm test binary.
const RUNNER: &str = "CLUSTERIP_WASM_RUNNER";

fn main() -> ExitCode {
    if std::env::var_os(RUNNER).is_some() {
        return runner::main();
    }
    let mut arguments = Arguments::from_args();
    // Both share one target folder, and cargo would make the second wait anyway.
    arguments.test_threads = Some(1);
    let trials = vec![
        Trial::test("wasm_bindgen_tests_pass_in_node", in_node),
        Trial::test("wasm_bindgen_tests_pass_in_chromium", in_chromium),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn in_node() -> Result<(), Failed> {
    demo::npm::check_node()?;
    test("wasm tests in Node", |_| {})
}

fn in_chromium() -> Result<(), Failed> {
    let browser = demo::tools::browser()?;
    test("wasm tests in Chromium", |command| {
        command.env("WASM_BINDGEN_USE_BROWSER", "1").env("CHROMEDRIVER", &browser.driver);
    })
}

fn test(what: &str, host: impl FnOnce(&mut Command)) -> Result<(), Failed> {
    let toolchain = Toolchain::find(Target::Wasm32)?;
    let mut command = toolchain.cargo();
    command.args(["test", "--locked", "-p", "clusterip-wasm", "--target", toolchain.triple(), "--target-dir"]);
    command.arg(demo::wasm::build_dir());
    command.env(RUNNER, "1").env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", std::env::current_exe()?);
    // A small module without line tables: the runner reads it whole.
    command.env("CARGO_PROFILE_DEV_DEBUG", "false");
    host(&mut command);
    let output = run(what, &mut command)?;
    let ran = output.lines().filter(|line| line.starts_with("test ") && line.ends_with("ok")).count();
    if ran == 0 {
        return Err(format!("no test ran:\n{output}").into());
    }
    println!("{what}: {ran} passed");
    Ok(())
}
