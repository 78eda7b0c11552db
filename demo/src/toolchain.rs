//! A compiler and a standard library for a target this machine may not have yet.
//!
//! Three ways, tried in this order: the target is installed beside the compiler in use; rustup can add it; Debian's
//! Rust packages give a compiler with the library's sources, from which the library is built once into a cache.
//! The variable [`FORCE`] names one of them, so that each can be tried on a machine where an earlier one works.
//! The product is linked with a library of its own, made for size from the compiler's sources ([`Toolchain::small`]).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::run::{run, run_within, say};
use crate::std_build::{self, Purpose};
use crate::{Error, debian};

/// The variable that forces one way: `installed`, `rustup` or `debian`.
pub const FORCE: &str = "CLUSTERIP_WASM_TOOLCHAIN";

/// rustup gives up by itself when a host refuses; this ends it where packets vanish.
const RUSTUP_LIMIT: Duration = Duration::from_secs(150);

/// Settings of the user's cargo that say where crates come from and how much of the machine to use; every other
/// `CARGO_*` variable describes the cargo that started us and would be wrong for the one we start.
const KEPT: [&str; 8] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "CARGO_TERM_",
    "CARGO_BUILD_JOBS",
];

/// What is compiled for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The browser and Node.
    Wasm32,
    /// A machine without an operating system, which proves that the core is `no_std`.
    Thumbv7em,
}

impl Target {
    /// The name rustc knows it by.
    pub fn triple(self) -> &'static str {
        match self {
            Self::Wasm32 => "wasm32-unknown-unknown",
            Self::Thumbv7em => "thumbv7em-none-eabi",
        }
    }
}

/// A cargo and a rustc that compile for one target.
#[derive(Debug)]
pub struct Toolchain {
    target: Target,
    cargo: PathBuf,
    rustc: PathBuf,
    /// A sysroot that holds the target when the compiler's own does not.
    sysroot: Option<PathBuf>,
    purpose: Purpose,
}

impl Toolchain {
    /// Finds a toolchain for `target`, or makes one.
    pub fn find(target: Target) -> Result<Self, Error> {
        let forced = std::env::var(FORCE).ok().filter(|way| !way.is_empty());
        match forced.as_deref() {
            Some("installed") => Self::installed(target),
            Some("rustup") => Self::by_rustup(target),
            Some("debian") => Self::by_debian(target),
            Some(other) => Err(Error::new(format!("{FORCE}={other} is no way to find a toolchain"))
                .advise("use installed, rustup or debian, or leave it unset")),
            None => Self::installed(target).or_else(|not_installed| {
                Self::by_rustup(target).or_else(|no_rustup| {
                    Self::by_debian(target).map_err(|no_debian| {
                        let triple = target.triple();
                        Error::new(format!(
                            "no compiler for {triple}. Tried, in this order:\n- {not_installed}\n- {no_rustup}\n- {no_debian}"
                        ))
                        .advise(format!("make one of these work; with rustup it is `rustup target add {triple}`"))
                    })
                })
            }),
        }
    }

    /// The same compiler with a standard library made for size, which is what the product is linked with: built once
    /// into a cache, from sources that rustup adds where they are missing.
    ///
    /// Where that cannot be done the compiler's own library serves, and the module is larger by a tenth.
    #[must_use]
    pub fn small(self) -> Self {
        let sysroot = self
            .add_sources()
            .and_then(|()| std_build::sysroot_for(&self.rustc, &self.cargo, self.target, Purpose::Small));
        match sysroot {
            Ok(sysroot) => Self { sysroot: Some(sysroot), purpose: Purpose::Small, ..self },
            Err(error) => {
                say(&format!("the module will be larger, for want of a small standard library: {error}"));
                self
            }
        }
    }

    fn add_sources(&self) -> Result<(), Error> {
        if std_build::sources(&self.rustc).exists() {
            return Ok(());
        }
        rustup(&["component", "add", "rust-src"])
    }

    /// A cargo for this toolchain, in an environment that says nothing about the cargo that started us.
    ///
    /// Messages and panic locations of what it compiles name no folder of this machine.
    pub fn cargo(&self) -> Command {
        let mut flags = remaps(&self.rustc);
        if let Some(sysroot) = &self.sysroot {
            flags.push(format!("--sysroot={}", sysroot.display()));
        }
        if self.target == Target::Wasm32 {
            // After a trap the glue puts it back, so that other clusters of the page live on.
            flags.push("-Clink-arg=--export=__stack_pointer".to_owned());
        }
        flags.extend(self.purpose.flags().iter().map(|flag| (*flag).to_owned()));
        let mut command = Command::new(&self.cargo);
        scrub(&mut command);
        if self.purpose == Purpose::Small {
            // The profile's `panic` would be a second one.
            command.env(std_build::BOOTSTRAP.0, std_build::BOOTSTRAP.1).env("CARGO_PROFILE_WASM_PANIC", "unwind");
        }
        command
            .current_dir(crate::root())
            .env("RUSTC", &self.rustc)
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
            .env("CARGO_TERM_COLOR", "never");
        command
    }

    /// The target's name, for `--target`.
    pub fn triple(&self) -> &'static str {
        self.target.triple()
    }

    fn installed(target: Target) -> Result<Self, Error> {
        let sysroot = sysroot()?;
        if !has_core(&sysroot, target) {
            return Err(Error::new(format!("{} is not installed in {}", target.triple(), sysroot.display())));
        }
        let (cargo, rustc) = (program(&sysroot, "cargo"), program(&sysroot, "rustc"));
        Ok(Self { target, cargo, rustc, sysroot: None, purpose: Purpose::Whole })
    }

    fn by_rustup(target: Target) -> Result<Self, Error> {
        rustup(&["target", "add", target.triple()])?;
        Self::installed(target)
    }

    fn by_debian(target: Target) -> Result<Self, Error> {
        if !std_build::sources_are_here() {
            debian::install(&std_build::PACKAGES, &format!("a Rust compiler for {}", target.triple()))?;
        }
        let (cargo, rustc) = (PathBuf::from(std_build::CARGO), PathBuf::from(std_build::RUSTC));
        let sysroot = Some(std_build::sysroot_for(&rustc, &cargo, target, Purpose::Whole)?);
        Ok(Self { target, cargo, rustc, sysroot, purpose: Purpose::Whole })
    }
}

/// Adds something to the toolchain that runs now.
fn rustup(words: &[&str]) -> Result<(), Error> {
    let sysroot = sysroot()?;
    let name = sysroot.file_name().unwrap_or_default();
    let mut command = Command::new("rustup");
    command.args(words).arg("--toolchain").arg(name).env("RUST_BACKTRACE", "0");
    run_within(&format!("rustup {}", words.join(" ")), &mut command, Some(RUSTUP_LIMIT)).map(drop)
}

/// The cargo on the PATH, for this machine, in an environment that says nothing about the cargo that started us.
pub fn native_cargo() -> Command {
    let mut command = Command::new("cargo");
    scrub(&mut command);
    command.current_dir(crate::root()).env("CARGO_TERM_COLOR", "never");
    command
}

/// Removes what the cargo that started us says about itself.
pub(crate) fn scrub(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let word = name.to_string_lossy();
        let ours = word.starts_with("CARGO") && !KEPT.iter().any(|kept| word.starts_with(kept));
        let rusts = word.starts_with("RUSTC") || word.starts_with("RUSTFLAGS") || word == "RUSTDOCFLAGS";
        // cargo puts the compiler's own libraries there for the programs it runs; another compiler must not load them.
        let libraries = word == "LD_LIBRARY_PATH" || word == "DYLD_FALLBACK_LIBRARY_PATH";
        if ours || rusts || libraries || word == "RUSTUP_TOOLCHAIN" {
            command.env_remove(&name);
        }
    }
}

/// Whether the target's core library stands in `sysroot`.
pub(crate) fn has_core(sysroot: &Path, target: Target) -> bool {
    let libraries = sysroot.join("lib/rustlib").join(target.triple()).join("lib");
    std::fs::read_dir(libraries).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("libcore-")))
    })
}

/// The sysroot of the compiler in use, the one rustup chose for this run.
fn sysroot() -> Result<PathBuf, Error> {
    let mut command = Command::new("rustc");
    let text = run("asking rustc for its sysroot", command.args(["--print", "sysroot"]).current_dir(crate::root()))?;
    Ok(PathBuf::from(text.trim()))
}

/// A program of the sysroot itself, past rustup's proxies.
fn program(sysroot: &Path, name: &str) -> PathBuf {
    let path = sysroot.join("bin").join(name);
    if path.exists() { path } else { PathBuf::from(name) }
}

/// `--remap-path-prefix` for every folder whose name could reach the module.
pub(crate) fn remaps(rustc: &Path) -> Vec<String> {
    let mut folders = vec![(crate::root().to_owned(), "/clusterip")];
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    if let Some(sources) = home.map(|home| home.join("registry/src")) {
        folders.push((sources.clone(), "/registry"));
        // The last prefix that matches wins, so that the registry's own name goes too.
        let registries = std::fs::read_dir(&sources).into_iter().flatten().flatten();
        folders.extend(registries.map(|entry| (entry.path(), "/registry")));
    }
    if let Some(sysroot) = rustc.parent().and_then(Path::parent) {
        folders.push((sysroot.join("lib/rustlib/src/rust"), "/rustc"));
    }
    folders.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_of_the_calling_cargo_does_not_reach_the_one_we_start() {
        // `cargo test` itself sets this one.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let mut command = Command::new("cargo");
        scrub(&mut command);
        let removed = |name: &str| command.get_envs().any(|(key, value)| key == name && value.is_none());
        assert!(removed("CARGO_MANIFEST_DIR") && removed("CARGO_PKG_NAME"));
        assert!(!removed("PATH") && !removed("CARGO_HOME"));
    }
}
