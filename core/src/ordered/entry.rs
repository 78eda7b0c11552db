//! A key's place in a map.

use super::{HELD, OrdMap, order::At};

/// A place that holds a value or not.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Entry<'a, K, V> {
    Occupied(OccupiedEntry<'a, K, V>),
    Vacant(VacantEntry<'a, K, V>),
}

/// A place that holds a value.
#[derive(Debug)]
pub struct OccupiedEntry<'a, K, V> {
    pub(super) map: &'a mut OrdMap<K, V>,
    pub(super) at: At,
}

/// A place that holds none.
#[derive(Debug)]
pub struct VacantEntry<'a, K, V> {
    pub(super) map: &'a mut OrdMap<K, V>,
    pub(super) at: At,
    pub(super) key: K,
}

impl<'a, K: Ord, V> Entry<'a, K, V> {
    /// The value, which is the default one if there was none.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// The value, which is this one if there was none.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// The value, which is made now if there was none.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(make()),
        }
    }
}

impl<'a, K, V> OccupiedEntry<'a, K, V> {
    /// The key.
    pub fn key(&self) -> &K {
        &self.map.entry_at(self.at).0
    }

    /// The value.
    pub fn get(&self) -> &V {
        &self.map.entry_at(self.at).1
    }

    /// The value, to be changed.
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.map.entry_at_mut(self.at).1
    }

    /// The value, for as long as the map lives.
    pub fn into_mut(self) -> &'a mut V {
        &mut self.map.entry_at_mut(self.at).1
    }

    /// Puts another value in its place, and returns the old one.
    pub fn insert(&mut self, value: V) -> V {
        core::mem::replace(self.get_mut(), value)
    }

    /// Takes the entry out.
    pub fn remove_entry(self) -> (K, V) {
        self.map.remove_at(self.at)
    }

    /// Takes the entry out, and returns its value.
    pub fn remove(self) -> V {
        self.remove_entry().1
    }
}

impl<'a, K: Ord, V> VacantEntry<'a, K, V> {
    /// Fills the place.
    pub fn insert(self, value: V) -> &'a mut V {
        let slot = self.map.insert_at(self.at, self.key, value);
        &mut self.map.slots[slot].as_mut().expect(HELD).1
    }
}
