//! The core needs no operating system.

use demo::run::run;
use demo::toolchain::{Target, Toolchain};

#[test]
fn the_core_without_yaml_builds_for_a_bare_machine() {
    let toolchain = Toolchain::find(Target::Thumbv7em).unwrap();
    let mut command = toolchain.cargo();
    command.args(["check", "--locked", "-p", "clusterip", "--lib", "--no-default-features"]);
    command.args(["--target", toolchain.triple(), "--target-dir"]).arg(demo::target_dir().join("no-std"));
    run("checking the core for a bare machine", &mut command).unwrap();
}
