//! Debian's packages, installed only as root and only after saying so.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::run::{run, run_within, say};
use crate::{Error, lock};

/// Installs `packages`, or explains why that cannot be done here and which command does it.
pub(crate) fn install(packages: &[&str], why: &str) -> Result<(), Error> {
    let list = packages.join(" ");
    let command = format!("apt-get install -y --no-install-recommends {list}");
    if !is_debian() {
        return Err(Error::new(format!("{why}: not Debian, so nothing was installed"))
            .advise(format!("install what Debian calls: {list}")));
    }
    if !is_root() {
        return Err(Error::new(format!("{why}: not root, so nothing was installed"))
            .advise(format!("sudo apt-get update && sudo {command}")));
    }
    let _lock = lock::take(&std::env::temp_dir().join("clusterip-apt.lock"))?;
    say(&format!("{why}: installing Debian's packages: {list}"));
    let advise = |error: Error| error.advise(format!("apt-get update && {command}"));
    let limit = Some(Duration::from_secs(300));
    run_within("apt-get update", apt().args(["update", "-qq"]), limit).map_err(advise)?;
    run("apt-get install", apt().args(["install", "-y", "--no-install-recommends"]).args(packages)).map_err(advise)?;
    Ok(())
}

/// Whether this is Debian or one of its children.
pub(crate) fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && Path::new("/usr/bin/apt-get").exists()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.trim_ascii() == b"0")
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]);
    command
}
