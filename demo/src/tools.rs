//! Programs that only tests need: found, or installed where that is possible, or an error that gives the command.

use std::path::PathBuf;

use crate::{Error, debian};

/// A Chromium and the driver that speaks WebDriver for it.
#[derive(Debug)]
pub struct Browser {
    /// The browser, for programs that start it themselves.
    pub chromium: PathBuf,
    /// The driver, for programs that speak WebDriver.
    pub driver: PathBuf,
}

/// Finds Chromium by the variables `CHROMIUM` and `CHROMEDRIVER`, then by name.
pub fn browser() -> Result<Browser, Error> {
    let found = || {
        let chromium = find("CHROMIUM", &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])?;
        Some(Browser { chromium, driver: find("CHROMEDRIVER", &["chromedriver"])? })
    };
    if let Some(browser) = found() {
        return Ok(browser);
    }
    debian::install(&["chromium", "chromium-driver"], "a browser for the tests of the page")?;
    found().ok_or_else(|| {
        Error::new("Chromium and chromedriver are not on the PATH")
            .advise("install both, or set CHROMIUM and CHROMEDRIVER to their places")
    })
}

/// Finds tshark by the variable `TSHARK`, then by name.
pub fn tshark() -> Result<PathBuf, Error> {
    let found = || find("TSHARK", &["tshark"]);
    if let Some(tshark) = found() {
        return Ok(tshark);
    }
    debian::install(&["tshark"], "tshark, which reads our captures in the tests")?;
    found().ok_or_else(|| Error::new("tshark is not on the PATH").advise("install Wireshark's command line"))
}

/// Finds valgrind by the variable `VALGRIND`, then by name.
pub fn valgrind() -> Result<PathBuf, Error> {
    let found = || find("VALGRIND", &["valgrind"]);
    if let Some(valgrind) = found() {
        return Ok(valgrind);
    }
    debian::install(&["valgrind"], "valgrind, which counts instructions in the tests")?;
    found().ok_or_else(|| Error::new("valgrind is not on the PATH").advise("install valgrind"))
}

fn find(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable).map(PathBuf::from) {
        return path.is_file().then_some(path);
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let candidate = |name: &&str| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    names.iter().find_map(candidate)
}
