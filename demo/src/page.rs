//! The static site.

use std::path::{Path, PathBuf};

use crate::fingerprint::Fingerprint;
use crate::{Error, lock, npm, root, target_dir, wasm};

/// Builds the engine and the page when their inputs have changed, and returns the site's folder.
pub fn build() -> Result<PathBuf, Error> {
    npm::check_node()?;
    wasm::build()?;
    let (web, package) = (root().join("demo/web"), root().join("wasm"));
    npm::install(&package)?;
    npm::install(&web)?;
    let _lock = lock::take(&target_dir().join("page.lock"))?;
    let site = web.join("dist");
    let fingerprint = Fingerprint::of(&[&web, &package.join("js"), &package.join("package.json")], &[])?;
    let stamp = target_dir().join("page.stamp");
    if !fingerprint.is_at(&stamp) || !site.join("index.html").exists() {
        npm::script(&web, "build", &[])?;
        fingerprint.store(&stamp)?;
    }
    Ok(site)
}

/// Writes the site to `folder`, which any static host can serve from any path.
pub fn write(folder: &Path) -> Result<(), Error> {
    copy(&build()?, folder)
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to).map_err(|error| Error::file(to, &error))?;
    for entry in std::fs::read_dir(from).map_err(|error| Error::file(from, &error))? {
        let entry = entry.map_err(|error| Error::file(from, &error))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            std::fs::copy(&source, &target).map_err(|error| Error::file(&target, &error))?;
        }
    }
    Ok(())
}
