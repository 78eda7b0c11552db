//! What the packet path costs in instructions, which no busy machine can change.
//!
//! The counting is `core/benches/instructions.rs`; its baseline is the file beside it. With the compiler and target of
//! the baseline a rise of 3 % fails; with others the figures are reported, and a machine without valgrind is let be.

use std::process::ExitCode;

use demo::Error;
use demo::run::{run, say};
use demo::toolchain::native_cargo;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let valgrind = if arguments.list { Ok(None) } else { valgrind() };
    let is_skipped = matches!(valgrind, Ok(None)) && !arguments.list;
    let trial = Trial::test("a_packet_costs_no_more_instructions_than_it_did", || count(valgrind));
    libtest_mimic::run(&arguments, vec![trial.with_ignored_flag(is_skipped)]).exit_code()
}

/// Where valgrind is; `None` where it cannot be had and the figures would only be reported.
fn valgrind() -> Result<Option<std::path::PathBuf>, Error> {
    let error = match demo::tools::valgrind() {
        Ok(valgrind) => return Ok(Some(valgrind)),
        Err(error) => error,
    };
    let compiler = run("asking rustc for its version", std::process::Command::new("rustc").arg("-vV"))?;
    let host = compiler.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    if include_str!("../../core/benches/instructions.txt").lines().next().is_some_and(|line| line.ends_with(host)) {
        return Err(error);
    }
    say(&format!("no instructions are counted: {error}"));
    Ok(None)
}

fn count(valgrind: Result<Option<std::path::PathBuf>, Error>) -> Result<(), Failed> {
    let Some(valgrind) = valgrind? else { return Ok(()) };
    let mut command = native_cargo();
    command.args(["bench", "--locked", "-p", "clusterip", "--bench", "instructions", "--target-dir"]);
    command.arg(demo::target_dir()).env("VALGRIND", valgrind);
    let output = run("counting the packet path's instructions", &mut command)?;
    say(output.trim_end());
    Ok(())
}
