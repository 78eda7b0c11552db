//! An ordered map whose keys are found by their hashes.

use super::OrdMap;
use alloc::{vec, vec::Vec};
use core::{borrow::Borrow, cell::Cell};

/// A key that has a hash: the same one in each form that it is looked for in.
pub trait Hashed {
    /// A number that tells most keys apart, on every platform the same.
    fn hash(&self) -> u32;
}

/// An [`OrdMap`] for many keys that are looked up often.
///
/// A binary search among ten thousand keys waits for memory a dozen times. Here a table of guesses says where a key was
/// seen last; a wrong guess costs one look, and is corrected.
#[derive(Debug)]
pub struct QuickMap<K, V> {
    map: OrdMap<K, V>,
    /// Slots of the map by hash, in pairs: none, or a power of two.
    guesses: Vec<Cell<u32>>,
}

/// A guess that there is nothing.
const NONE: u32 = u32::MAX;

impl<K, V> QuickMap<K, V> {
    /// An empty map.
    pub const fn new() -> QuickMap<K, V> {
        QuickMap { map: OrdMap::new(), guesses: Vec::new() }
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
        let hash = key.borrow().hash() as usize;
        let slot = match self.map.find(key.borrow()) {
            Ok(at) => {
                let slot = self.map.order.slot(at);
                self.map.slots[slot] = Some((key, value));
                slot
            }
            Err(at) => self.map.insert_at(at, key, value),
        };
        if self.guesses.len() < 2 * self.map.slots.len() {
            self.guesses = vec![Cell::new(NONE); (4 * self.map.slots.len()).next_power_of_two().max(64)];
            for (slot, entry) in self.map.slots.iter().enumerate() {
                if let Some((key, _)) = entry {
                    self.guess(key.borrow().hash() as usize, slot);
                }
            }
        } else {
            self.guess(hash, slot);
        }
    }

    /// Takes a key and its value out.
    pub fn remove_entry<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        self.map.remove_entry(key)
    }

    /// Where a key lies.
    fn slot<Q: Ord + Hashed + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        // Nothing was ever put in without a table.
        let last = self.guesses.len().checked_sub(1)?;
        let hash = key.hash() as usize;
        for guess in [&self.guesses[hash & last], &self.guesses[(hash & last) ^ 1]] {
            let slot = guess.get() as usize;
            if let Some(Some((known, _))) = self.map.slots.get(slot)
                && known.borrow() == key
            {
                return Some(slot);
            }
        }
        let slot = self.map.order.slot(self.map.find(key).ok()?);
        self.guess(hash, slot);
        Some(slot)
    }

    /// Remembers where a key lies, and where the one lay that was remembered there.
    fn guess(&self, hash: usize, slot: usize) {
        let at = hash & (self.guesses.len() - 1);
        let before = self.guesses[at].replace(slot as u32);
        if before != NONE {
            self.guesses[at ^ 1].set(before);
        }
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
