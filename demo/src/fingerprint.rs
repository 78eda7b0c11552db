//! Whether the inputs of a step are those of its last run.

use core::hash::Hasher;
use std::path::{Path, PathBuf};

use crate::Error;

/// A digest of file names and contents, and of any other words a step depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    /// Digests every file below `roots` (or the root itself, when it is a file), and `words`.
    ///
    /// Folders that hold results (`node_modules`, `dist`, `target`) and hidden files are left out.
    pub(crate) fn of(roots: &[&Path], words: &[&str]) -> Result<Self, Error> {
        let mut files = Vec::new();
        for root in roots {
            collect(root, &mut files)?;
        }
        files.sort();
        let mut hasher = Fnv::default();
        for file in files {
            let content = std::fs::read(&file).map_err(|error| Error::file(&file, &error))?;
            hasher.write(file.to_string_lossy().as_bytes());
            hasher.write_usize(content.len());
            hasher.write(&content);
        }
        for word in words {
            hasher.write_usize(word.len());
            hasher.write(word.as_bytes());
        }
        Ok(Self(hasher.finish()))
    }

    /// Whether `stamp` holds this fingerprint.
    pub(crate) fn is_at(self, stamp: &Path) -> bool {
        std::fs::read_to_string(stamp).is_ok_and(|text| text.trim() == self.text())
    }

    /// Remembers this fingerprint at `stamp`.
    pub(crate) fn store(self, stamp: &Path) -> Result<(), Error> {
        std::fs::write(stamp, self.text()).map_err(|error| Error::file(stamp, &error))
    }

    /// Its digits.
    pub(crate) fn text(self) -> String {
        format!("{:016x}", self.0)
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    let Ok(entries) = std::fs::read_dir(path) else { return Ok(()) };
    for entry in entries {
        let entry = entry.map_err(|error| Error::file(path, &error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && !matches!(&*name, "node_modules" | "dist" | "target") {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

/// FNV-1a: stamps outlive the compiler that wrote them, and the standard hasher promises nothing across versions.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_or_word_changes_the_fingerprint_and_a_result_does_not() {
        let folder = std::env::temp_dir().join(format!("fingerprint-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("dist")).unwrap();
        std::fs::write(folder.join("a"), "one").unwrap();
        let first = Fingerprint::of(&[&folder], &["word"]).unwrap();
        std::fs::write(folder.join("dist/out"), "result").unwrap();
        assert_eq!(Fingerprint::of(&[&folder], &["word"]).unwrap(), first);
        assert_ne!(Fingerprint::of(&[&folder], &["other"]).unwrap(), first);
        std::fs::write(folder.join("a"), "two").unwrap();
        assert_ne!(Fingerprint::of(&[&folder], &["word"]).unwrap(), first);
        let stamp = folder.join(".stamp");
        assert!(!first.is_at(&stamp));
        first.store(&stamp).unwrap();
        assert!(first.is_at(&stamp));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
