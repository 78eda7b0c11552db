//! The names and uids that the server draws.

use super::store::Store;
use crate::ordered::OrdMap;
use crate::{
    api::{Key, Kind, Object},
    rng::Rng,
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};

/// Streams of chance for names: one for each object that makes others, so that its children's names depend on no one else.
#[derive(Debug)]
pub(super) struct Naming {
    rng: Rng,
    streams: OrdMap<Key, Rng>,
}

impl Naming {
    pub(super) fn new(rng: Rng) -> Naming {
        Naming { rng, streams: OrdMap::new() }
    }

    /// Names an object that has none: five characters after its `metadata.generateName`, not taken yet.
    ///
    /// Source: kubernetes staging/src/k8s.io/apiserver/pkg/storage/names/generate.go.
    pub(super) fn name(&mut self, store: &Store, object: &mut Object) {
        const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
        const LONGEST: usize = 63 - 5;
        let prefix = object.value["metadata"]["generateName"].str();
        if !object.name().is_empty() || prefix.is_empty() {
            return;
        }
        let prefix = prefix.get(..LONGEST).unwrap_or(prefix).to_owned();
        let mut stray;
        let stream = match controller_of(store, object) {
            Some(owner) => {
                let since = owner.value["metadata"]["creationTimestamp"].str();
                let place = format!("{}/{since}", owner.namespace());
                let fresh = || self.rng.fork(owner.kind.names().kind, &place, owner.name());
                self.streams.entry(owner.key()).or_insert_with(fresh)
            }
            None => {
                let name = format!("{prefix}{}", store.revision());
                stray = self.rng.fork("generateName", object.namespace(), &name);
                &mut stray
            }
        };
        loop {
            let mut name = prefix.clone();
            for _ in 0..5 {
                name.push(char::from(LETTERS[stream.below(LETTERS.len() as u32) as usize]));
            }
            object.value.set(&["metadata", "name"], name);
            if store.get(&object.key()).is_none() {
                return;
            }
        }
    }

    /// A uid for an object that is about to be written: a UUID of version 4, never given twice.
    pub(super) fn uid(&self, store: &Store, object: &Object) -> String {
        let place = format!("{}/{}", object.namespace(), object.name());
        let mut draw = self.rng.fork(object.kind.names().kind, &place, &(store.revision() + 1).to_string());
        uuid(draw.next_u64(), draw.next_u64())
    }

    /// Forgets the stream of an object that is gone.
    pub(super) fn forget(&mut self, key: &Key) {
        self.streams.remove(key);
    }

    /// How many streams are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.streams.len()
    }
}

fn controller_of<'a>(store: &'a Store, object: &Object) -> Option<&'a Object> {
    let (kind, name, _) = object.controller()?;
    let kind = Kind::ALL.into_iter().find(|k| k.names().kind == kind)?;
    store.find(kind, object.namespace(), name).map(|owner| &**owner)
}

fn uuid(high: u64, low: u64) -> String {
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_a_version_4_uuid() {
        assert_eq!(uuid(0, 0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u64::MAX, u64::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
