//! One builder at a time: `cargo run` and `cargo test` may be started together.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::{Error, run::say};

/// Held until it is dropped.
pub(crate) struct Lock {
    _file: File,
}

/// Takes the lock at `path`, waiting for whoever has it.
pub(crate) fn take(path: &Path) -> Result<Lock, Error> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Error::file(folder, &error))?;
    }
    let file = File::options().create(true).append(true).open(path).map_err(|error| Error::file(path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            say(&format!("waiting for another build, which holds {} …", path.display()));
            file.lock().map_err(|error| Error::file(path, &error))?;
        }
        Err(TryLockError::Error(error)) => return Err(Error::file(path, &error)),
    }
    Ok(Lock { _file: file })
}
