//! The standard library from its own sources: for a target that nobody packages, or made for size.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fingerprint::Fingerprint;
use crate::run::run;
use crate::toolchain::{Target, has_core, remaps, scrub};
use crate::{Error, lock};

/// What a Debian machine needs for it.
pub(crate) const PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];
/// Debian's compiler.
pub(crate) const RUSTC: &str = "/usr/bin/rustc";
/// Debian's cargo.
pub(crate) const CARGO: &str = "/usr/bin/cargo";

/// Where the sources lie, below a sysroot.
const SOURCES: &str = "lib/rustlib/src/rust/library";

/// Shortcuts in the library's code for floats, each with its file, and what stands in its place in a small library: the
/// slow way behind a shortcut is always right, and needs no tables. Here a float is only ever read to learn that it is one.
const SHORTCUTS: [(&str, &str, &str); 3] = [
    (
        "dec2flt/mod.rs",
        "let mut fp = compute_float::<F>(num.exponent, num.mantissa);",
        "let mut fp = BiasedFp { m: 0, p_biased: -1 };",
    ),
    ("flt2dec/strategy/grisu.rs", "match format_shortest_opt(d, unsafe { &mut *(buf as *mut _) }) {", "match None {"),
    (
        "flt2dec/strategy/grisu.rs",
        "match format_exact_opt(d, unsafe { &mut *(buf as *mut _) }, limit) {",
        "match None {",
    ),
];
/// Where the code for floats lies, below [`SOURCES`]: newer releases of Rust have it in the second folder.
const FLOATS: [&str; 2] = ["core/src/num", "core/src/num/imp"];

/// What a library is made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// Tests and anything else: panics say what and where.
    Whole,
    /// The product: small code, and a panic, which would be a fault of ours, is a bare trap.
    Small,
}

impl Purpose {
    /// The compiler's flags, for the library and for all that is linked with it. They are not stable yet, so that
    /// they need [`BOOTSTRAP`].
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Purpose::Whole => &[],
            Purpose::Small => &[
                "-Zunstable-options",
                "-Cpanic=immediate-abort",
                "-Zlocation-detail=none",
                "-Zfmt-debug=none",
                // 896 KiB instead of a whole MiB, which stands before the data: addresses take a byte less.
                "-Clink-arg=-zstack-size=917504",
            ],
        }
    }
}

/// Lets a stable compiler build the library, which is made of features that only it may use.
pub(crate) const BOOTSTRAP: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");

/// Whether Debian's packages are there already.
pub(crate) fn sources_are_here() -> bool {
    sources(Path::new(RUSTC)).exists()
        && [RUSTC, CARGO, "/usr/bin/rust-lld"].iter().all(|path| Path::new(path).exists())
}

/// Where the sources of a compiler's library lie, if they are installed.
pub(crate) fn sources(rustc: &Path) -> PathBuf {
    rustc.parent().and_then(Path::parent).unwrap_or(Path::new("/")).join(SOURCES)
}

/// A sysroot that holds `target`, from the cache or built now by this compiler and its cargo.
pub(crate) fn sysroot_for(rustc: &Path, cargo: &Path, target: Target, purpose: Purpose) -> Result<PathBuf, Error> {
    let name = match purpose {
        Purpose::Small => {
            let words: Vec<&str> = SHORTCUTS.iter().flat_map(|&(file, from, to)| [file, from, to]).collect();
            format!("rust-std-small-{}", Fingerprint::of(&[], &words)?.text())
        }
        Purpose::Whole => "rust-std".to_owned(),
    };
    let sysroot = cache()?.join(format!("{name}-{}", version(rustc)?));
    if has_core(&sysroot, target) {
        return Ok(sysroot);
    }
    let _lock = lock::take(&sysroot.join(".lock"))?;
    if !has_core(&sysroot, target) {
        build(rustc, cargo, target, purpose, &sysroot)?;
    }
    Ok(sysroot)
}

/// Builds in a scratch folder of the cache and moves the result in place at the end, so that a build which was
/// interrupted leaves nothing that looks whole.
fn build(rustc: &Path, cargo: &Path, target: Target, purpose: Purpose, sysroot: &Path) -> Result<(), Error> {
    let scratch = sysroot.join(format!("build-{}", target.triple()));
    let _ = std::fs::remove_dir_all(&scratch);
    // Cargo writes beside the manifest, and nothing may be written below /usr.
    let library = scratch.join("library");
    copy_folder(&sources(rustc), &library)?;
    if purpose == Purpose::Small {
        leave_out_shortcuts(&library)?;
    }
    let mut flags = remaps(rustc);
    flags.push(format!("--remap-path-prefix={}=/rustc/library", library.display()));
    flags.extend(["-Zforce-unstable-if-unmarked", "-Cembed-bitcode=yes", "-Cdebuginfo=0"].map(String::from));
    flags.extend(purpose.flags().iter().map(|flag| (*flag).to_owned()));
    let mut command = Command::new(cargo);
    scrub(&mut command);
    command
        .current_dir(&library)
        .env("RUSTC", rustc)
        .env(BOOTSTRAP.0, BOOTSTRAP.1)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env("CARGO_INCREMENTAL", "0")
        .env("__CARGO_DEFAULT_LIB_METADATA", "clusterip")
        .args(["build", "--locked", "--release", "--target", target.triple(), "--target-dir"])
        .arg(scratch.join("target"));
    let mut features = String::from("compiler-builtins-mem");
    if purpose == Purpose::Small {
        command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "z");
        features.push_str(",optimize_for_size");
    }
    match target {
        Target::Wasm32 => command.args(["-p", "sysroot", "--features", &format!("panic-unwind,{features}")]),
        Target::Thumbv7em => command.args(["-p", "alloc", "--features", &features]),
    };
    let made = if purpose == Purpose::Small { "a small standard library" } else { "the standard library" };
    run(&format!("building {made} for {}, once", target.triple()), &mut command)
        .map_err(|error| error.advise("look at the last lines above; crates.io must be reachable for this step"))?;

    let staged = scratch.join("staged");
    let built = scratch.join("target").join(target.triple()).join("release/deps");
    std::fs::create_dir_all(staged.join("lib")).map_err(|error| Error::file(&staged, &error))?;
    let entries = std::fs::read_dir(&built).map_err(|error| Error::file(&built, &error))?;
    for entry in entries.flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "rlib")) {
        let to = staged.join("lib").join(entry.file_name());
        std::fs::copy(entry.path(), &to).map_err(|error| Error::file(&to, &error))?;
    }
    let place = sysroot.join("lib/rustlib").join(target.triple());
    let folder = sysroot.join("lib/rustlib");
    std::fs::create_dir_all(&folder).map_err(|error| Error::file(&folder, &error))?;
    let _ = std::fs::remove_dir_all(&place);
    std::fs::rename(&staged, &place).map_err(|error| Error::file(&place, &error))?;
    let _ = std::fs::remove_dir_all(&scratch);
    Ok(())
}

/// A release that words a shortcut differently keeps it, and its module is larger.
fn leave_out_shortcuts(library: &Path) -> Result<(), Error> {
    for (file, from, to) in SHORTCUTS {
        for folder in FLOATS {
            let path = library.join(folder).join(file);
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            std::fs::write(&path, text.replace(from, to)).map_err(|error| Error::file(&path, &error))?;
        }
    }
    Ok(())
}

/// The compiler's release and commit: a library fits exactly one compiler.
fn version(rustc: &Path) -> Result<String, Error> {
    let text = run(&format!("asking {} for its version", rustc.display()), Command::new(rustc).arg("-vV"))?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("unknown").trim();
    let commit: String = field("commit-hash:").chars().take(9).collect();
    Ok(format!("{}-{commit}", field("release:")))
}

/// The folder for what outlives `cargo clean`.
fn cache() -> Result<PathBuf, Error> {
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    cache
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .map(|cache| cache.join("clusterip"))
        .ok_or_else(|| Error::new("no folder for a cache").advise("set HOME or XDG_CACHE_HOME"))
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to).map_err(|error| Error::file(to, &error))?;
    for entry in std::fs::read_dir(from).map_err(|error| Error::file(from, &error))? {
        let entry = entry.map_err(|error| Error::file(from, &error))?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        // Debian links some folders to elsewhere; the copy must stand alone.
        if source.is_dir() {
            copy_folder(&source, &copy)?;
        } else {
            std::fs::copy(&source, &copy).map_err(|error| Error::file(&source, &error))?;
        }
    }
    Ok(())
}
