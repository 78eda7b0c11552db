//! An ordered map whose keys are found by their hashes.

use super::{HELD, OrdMap, index::Index};
use core::borrow::Borrow;

/// A key that has a hash: the same one in each form that it is looked for in.
pub trait Hashed {
    /// A number that tells most keys apart, on every platform the same.
    fn hash(&self) -> u32;
}

/// An [`OrdMap`] for many keys that are looked up often.
///
/// A binary search among ten thousand keys waits for memory a dozen times; here a table says at once where a key lies, or
/// that it does not.
#[derive(Debug)]
pub struct QuickMap<K, V> {
    map: OrdMap<K, V>,
    index: Index,
}

impl<K, V> QuickMap<K, V> {
    /// An empty map.
    pub const fn new() -> QuickMap<K, V> {
        QuickMap { map: OrdMap::new(), index: Index::new() }
    }

    /// The same as an ordered map, to go through it.
    pub fn ordered(&self) -> &OrdMap<K, V> {
        &self.map
    }
}

impl<K: Ord, V> QuickMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + Hashed + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// The key as the map holds it, and its value.
    pub fn get_key_value<Q: Ord + Hashed + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let slot = self.slot(key)?;
        self.map.slots[slot].as_ref().map(|(key, value)| (key, value))
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + Hashed + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let slot = self.slot(key)?;
        self.map.slots[slot].as_mut().map(|(_, value)| value)
    }

    /// Gives a key that has none a value.
    pub fn insert<Q: Ord + Hashed + ?Sized>(&mut self, key: K, value: V)
    where
        K: Borrow<Q>,
    {
        let hash = key.borrow().hash();
        match self.map.find(key.borrow()) {
            Ok(at) => self.map.entry_at_mut(at).1 = value,
            Err(at) => self.index.insert(hash, self.map.insert_at(at, key, value)),
        }
    }

    /// Takes a key and its value out.
    pub fn remove_entry<Q: Ord + Hashed + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let at = self.map.find(key).ok()?;
        self.index.remove(key.hash(), self.map.order.slot(at));
        Some(self.map.remove_at(at))
    }

    /// Where a key lies.
    fn slot<Q: Ord + Hashed + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.index.find(key.hash(), &|slot| self.map.slots[slot].as_ref().expect(HELD).0.borrow() == key)
    }
}

impl<K, V> Default for QuickMap<K, V> {
    fn default() -> QuickMap<K, V> {
        QuickMap::new()
    }
}

impl Hashed for str {
    fn hash(&self) -> u32 {
        hash_with(0, self)
    }
}

/// The hash of a text that follows another one.
pub fn hash_with(before: u32, text: &str) -> u32 {
    let mut hash = u64::from(before);
    let (words, tail) = text.as_bytes().as_chunks::<8>();
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    for word in words.iter().chain([&last]) {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The low bits of a product do not depend on the high ones of its factors.
        hash ^= hash >> 32;
    }
    hash as u32
}
