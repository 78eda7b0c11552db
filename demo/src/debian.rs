//! Debian's packages, installed only as root and only after saying so.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::run::{run, run_within, say};
use crate::{Error, lock};

/// Installs `packages`, or explains why that cannot be done here and which command does it.
pub(crate) fn install(packages: &[&str], why: &str) -> Result<(), Error> {
    if let Some(refusal) = refusal(packages, why, is_debian(), is_root()) {
        return Err(refusal);
    }
    let (list, command) = (packages.join(" "), command(packages));
    let _lock = lock::take(&std::env::temp_dir().join("clusterip-apt.lock"))?;
    say(&format!("{why}: installing Debian's packages: {list}"));
    let advise = |error: Error| error.advise(format!("apt-get update && {command}"));
    let limit = Some(Duration::from_secs(300));
    run_within("apt-get update", apt().args(["update", "-qq"]), limit).map_err(advise)?;
    run("apt-get install", apt().args(["install", "-y", "--no-install-recommends"]).args(packages)).map_err(advise)?;
    Ok(())
}

/// Why nothing is installed here, and what the user can do instead.
fn refusal(packages: &[&str], why: &str, is_debian: bool, is_root: bool) -> Option<Error> {
    if !is_debian {
        let error = Error::new(format!("{why}: not Debian, so nothing was installed"));
        return Some(error.advise(format!("install what Debian calls: {}", packages.join(" "))));
    }
    let error = || Error::new(format!("{why}: not root, so nothing was installed"));
    (!is_root).then(|| error().advise(format!("sudo apt-get update && sudo {}", command(packages))))
}

fn command(packages: &[&str]) -> String {
    format!("apt-get install -y --no-install-recommends {}", packages.join(" "))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_install_is_told_what_to_do() {
        let say =
            |is_debian, is_root| refusal(&["tshark"], "tshark", is_debian, is_root).map(|error| error.to_string());
        assert_eq!(say(true, true), None);
        let user = say(true, false).unwrap();
        assert!(user.contains("not root") && user.contains("sudo apt-get install -y --no-install-recommends tshark"));
        let elsewhere = say(false, true).unwrap();
        assert!(elsewhere.contains("not Debian") && elsewhere.contains("install what Debian calls: tshark"));
    }
}
