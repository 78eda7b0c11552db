//! Maps and sets in order of their keys, and a sort, made for small code.
//!
//! The interface is that part of `alloc::collections::BTreeMap`'s which is used here. The wasm module has dozens of
//! pairs of types, and a B-tree would be compiled for each: here the order is apart from what is ordered, so that
//! nearly all code is shared.

mod entry;
mod index;
mod iter;
mod order;
mod quick;
mod set;
mod sort;

pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use iter::{IntoIter, Iter};
pub use quick::{Hashed, QuickMap, hash_with};
pub use set::OrdSet;
pub use sort::{sort, sort_by, sort_by_key};

use alloc::vec::Vec;
use core::{borrow::Borrow, fmt, mem, ops::Bound, ops::RangeBounds};

use order::{At, Order};

/// What an order says of a slot.
const HELD: &str = "a slot in order holds an entry";

/// Values by key, in order of the keys.
///
/// ```
/// use clusterip::ordered::OrdMap;
/// let mut replicas = OrdMap::new();
/// replicas.insert("web", 3);
/// replicas.insert("api", 2);
/// assert_eq!(replicas.keys().copied().collect::<Vec<_>>(), ["api", "web"]);
/// assert_eq!(replicas.get("web"), Some(&3));
/// ```
#[derive(Clone)]
pub struct OrdMap<K, V> {
    /// The entries as they came; what has gone leaves a slot for another.
    slots: Vec<Option<(K, V)>>,
    order: Order,
}

impl<K, V> OrdMap<K, V> {
    /// An empty map.
    pub const fn new() -> OrdMap<K, V> {
        OrdMap { slots: Vec::new(), order: Order::new() }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True if there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes all entries out.
    pub fn clear(&mut self) {
        *self = OrdMap::new();
    }

    /// The entries in order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(self, self.order.whole())
    }

    /// The entries in order, with values that can be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        let entries = self.slots.iter_mut().map(|slot| slot.as_mut().map(|(key, value)| (&*key, value))).collect();
        IntoIter::new(entries, &self.order)
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// The values in order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// The values in order of their keys, without these.
    pub fn into_values(self) -> impl DoubleEndedIterator<Item = V> {
        self.into_iter().map(|(_, value)| value)
    }

    /// The entry with the least key.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// The entry with the greatest key.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }

    /// Takes the entry with the least key out.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.is_empty()).then(|| self.remove_at((0, 0)))
    }

    /// Takes the entry with the greatest key out.
    pub fn pop_last(&mut self) -> Option<(K, V)> {
        let last = self.order.last()?;
        Some(self.remove_at(last))
    }

    /// The entry with the least key, in its place.
    pub fn first_entry(&mut self) -> Option<OccupiedEntry<'_, K, V>> {
        (!self.is_empty()).then_some(OccupiedEntry { map: self, at: (0, 0) })
    }

    /// Keeps only the entries for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let slots = &mut self.slots;
        self.order.retain(&mut |slot| {
            let (key, value) = slots[slot].as_mut().expect(HELD);
            let is_kept = keep(key, value);
            if !is_kept {
                slots[slot] = None;
            }
            is_kept
        });
    }

    fn entry_at(&self, at: At) -> &(K, V) {
        self.slots[self.order.slot(at)].as_ref().expect(HELD)
    }

    fn entry_at_mut(&mut self, at: At) -> &mut (K, V) {
        self.slots[self.order.slot(at)].as_mut().expect(HELD)
    }

    /// The slot that the entry got.
    fn insert_at(&mut self, at: At, key: K, value: V) -> usize {
        let slot = self.order.insert(at);
        let entry = Some((key, value));
        if slot == self.slots.len() {
            self.slots.push(entry);
        } else {
            self.slots[slot] = entry;
        }
        slot
    }

    fn remove_at(&mut self, at: At) -> (K, V) {
        let slot = self.order.remove(at);
        self.slots[slot].take().expect(HELD)
    }
}

impl<K: Ord, V> OrdMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        Some(&self.entry_at(self.find(key).ok()?).1)
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(&mut self.entry_at_mut(at).1)
    }

    /// The key as the map holds it, and its value.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (key, value) = self.entry_at(self.find(key).ok()?);
        Some((key, value))
    }

    /// True if the key has a value.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Gives a key a value, and returns the one it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => Some(mem::replace(&mut self.entry_at_mut(at).1, value)),
            Err(at) => {
                self.insert_at(at, key, value);
                None
            }
        }
    }

    /// Takes a key and its value out, and returns the value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Takes a key and its value out.
    pub fn remove_entry<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(self.remove_at(at))
    }

    /// The place of a key, whether it has a value or not.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        match self.find(&key) {
            Ok(at) => Entry::Occupied(OccupiedEntry { map: self, at }),
            Err(at) => Entry::Vacant(VacantEntry { map: self, at, key }),
        }
    }

    /// The entries whose keys are in a range, in order.
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let start = match range.start_bound() {
            Bound::Unbounded => None,
            Bound::Included(key) => Some(self.place(key, false)),
            Bound::Excluded(key) => Some(self.place(key, true)),
        };
        let end = match range.end_bound() {
            Bound::Unbounded => None,
            Bound::Included(key) => Some(self.place(key, true)),
            Bound::Excluded(key) => Some(self.place(key, false)),
        };
        Iter::new(self, self.order.stretch(start, end))
    }

    /// The place of the first entry whose key is not less than `key`, or is greater.
    fn place<Q: Ord + ?Sized>(&self, key: &Q, is_behind: bool) -> At
    where
        K: Borrow<Q>,
    {
        match self.find(key) {
            Ok((run, place)) => (run, place + usize::from(is_behind)),
            Err(at) => at,
        }
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<At, At>
    where
        K: Borrow<Q>,
    {
        self.order.find(&|slot| self.slots[slot].as_ref().expect(HELD).0.borrow().cmp(key))
    }
}

impl<K, V> Default for OrdMap<K, V> {
    fn default() -> OrdMap<K, V> {
        OrdMap::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for OrdMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for OrdMap<K, V> {
    fn eq(&self, other: &OrdMap<K, V>) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for OrdMap<K, V> {}

impl<K: Ord, V> Extend<(K, V)> for OrdMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for OrdMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> OrdMap<K, V> {
        let mut map = OrdMap::new();
        map.extend(entries);
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for OrdMap<K, V> {
    fn from(entries: [(K, V); N]) -> OrdMap<K, V> {
        entries.into_iter().collect()
    }
}

impl<K: Ord + Borrow<Q>, Q: Ord + ?Sized, V> core::ops::Index<&Q> for OrdMap<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("the key has a value")
    }
}

#[cfg(test)]
mod tests;
