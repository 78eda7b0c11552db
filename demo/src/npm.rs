//! Packages and scripts of Node's package manager.

use std::path::Path;
use std::process::Command;

use crate::fingerprint::Fingerprint;
use crate::run::run;
use crate::{Error, lock, target_dir};

/// The oldest Node the packages run on.
const NODE: u32 = 20;

/// Installs what the folder's committed lock file names, when that has changed since the last time.
pub fn install(folder: &Path) -> Result<(), Error> {
    let lock_file = folder.join("package-lock.json");
    let fingerprint = Fingerprint::of(&[&lock_file, &folder.join("package.json")], &[])?;
    let stamp = folder.join("node_modules/.installed");
    if fingerprint.is_at(&stamp) {
        return Ok(());
    }
    check_node()?;
    let _lock = lock::take(&target_dir().join("npm.lock"))?;
    // Whoever had the lock may have done it.
    if fingerprint.is_at(&stamp) {
        return Ok(());
    }
    let what = format!("npm ci in {}", name(folder));
    run(&what, npm(folder).args(["ci", "--no-audit", "--no-fund"])).map_err(|error| {
        error.advise(format!("check that npm reaches its registry, then run `npm ci` in {}", name(folder)))
    })?;
    std::fs::create_dir_all(folder.join("node_modules")).map_err(|error| Error::file(folder, &error))?;
    fingerprint.store(&stamp)
}

/// Runs a script of the folder's `package.json`, with `arguments` after it.
pub fn script(folder: &Path, script: &str, arguments: &[&str]) -> Result<String, Error> {
    let what = format!("npm run {script} in {}", name(folder));
    run(&what, npm(folder).args(["run", "--silent", script, "--"]).args(arguments))
}

/// npm in `folder`.
pub fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder).env("NO_UPDATE_NOTIFIER", "1");
    command
}

/// Fails with advice when there is no Node, or an old one.
pub fn check_node() -> Result<(), Error> {
    let advice = format!("install Node {NODE} or newer, with npm: https://nodejs.org");
    let version = run("asking Node for its version", Command::new("node").arg("--version"))
        .map_err(|error| error.advise(advice.clone()))?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major >= NODE) {
        return Ok(());
    }
    Err(Error::new(format!("Node {} is too old", version.trim())).advise(advice))
}

fn name(folder: &Path) -> String {
    folder.strip_prefix(crate::root()).unwrap_or(folder).display().to_string()
}
