//! Maps and sets in order of their keys, and a sort, made for small code.
//!
//! The interface is that part of `alloc::collections::BTreeMap`'s which is used here. Every pair of types compiles to a
//! sixth of what a B-tree takes, and the wasm module has dozens of them. Entries lie in sorted runs of at most
//! a fixed length, so that a change moves few of them and a lookup is two binary searches.

mod entry;
mod iter;
mod set;
mod sort;

pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use iter::Iter;
pub use set::OrdSet;
pub use sort::{sort, sort_by, sort_by_key};

use alloc::{vec, vec::Vec};
use core::{borrow::Borrow, fmt, mem, ops::Bound, ops::RangeBounds};

/// Most entries of a run.
const RUN: usize = 64;

/// Where an entry is, or would be: the run, and the place in it.
type At = (usize, usize);

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
    /// None is empty.
    runs: Vec<Vec<(K, V)>>,
    len: usize,
}

impl<K, V> OrdMap<K, V> {
    /// An empty map.
    pub const fn new() -> OrdMap<K, V> {
        OrdMap { runs: Vec::new(), len: 0 }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes all entries out.
    pub fn clear(&mut self) {
        *self = OrdMap::new();
    }

    /// The entries in order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(&self.runs, (0, 0), (self.runs.len(), 0))
    }

    /// The entries in order, with values that can be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        self.runs.iter_mut().flatten().map(|(key, value)| (&*key, value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// The values in order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// The values in order of their keys, to be changed.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.runs.iter_mut().flatten().map(|(_, value)| value)
    }

    /// The keys in order, without their values.
    pub fn into_keys(self) -> impl DoubleEndedIterator<Item = K> {
        self.into_iter().map(|(key, _)| key)
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
        (self.len > 0).then(|| self.remove_at((0, 0)))
    }

    /// Takes the entry with the greatest key out.
    pub fn pop_last(&mut self) -> Option<(K, V)> {
        let last = self.runs.len().checked_sub(1)?;
        Some(self.remove_at((last, self.runs[last].len() - 1)))
    }

    /// The entry with the least key, in its place.
    pub fn first_entry(&mut self) -> Option<OccupiedEntry<'_, K, V>> {
        (self.len > 0).then_some(OccupiedEntry { map: self, at: (0, 0) })
    }

    /// Keeps only the entries for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for run in &mut self.runs {
            run.retain_mut(|(key, value)| keep(key, value));
        }
        self.runs.retain(|run| !run.is_empty());
        self.len = self.runs.iter().map(Vec::len).sum();
    }

    fn insert_at(&mut self, (run, place): At, key: K, value: V) {
        self.len += 1;
        let Some(entries) = self.runs.get_mut(run) else {
            self.runs.push(vec![(key, value)]);
            return;
        };
        entries.insert(place, (key, value));
        if entries.len() > RUN {
            // What grows at its end, as most things do, leaves full runs behind.
            let half = if run + 1 == self.runs.len() && place == RUN { RUN } else { RUN / 2 };
            let rest = self.runs[run].split_off(half);
            self.runs.insert(run + 1, rest);
        }
    }

    fn remove_at(&mut self, (run, place): At) -> (K, V) {
        self.len -= 1;
        let entry = self.runs[run].remove(place);
        if self.runs[run].is_empty() {
            self.runs.remove(run);
        } else if run + 1 < self.runs.len() && self.runs[run].len() + self.runs[run + 1].len() <= RUN / 2 {
            let mut rest = self.runs.remove(run + 1);
            self.runs[run].append(&mut rest);
        }
        entry
    }
}

impl<K: Ord, V> OrdMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let (run, place) = self.find(key).ok()?;
        Some(&self.runs[run][place].1)
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (run, place) = self.find(key).ok()?;
        Some(&mut self.runs[run][place].1)
    }

    /// The key as the map holds it, and its value.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (run, place) = self.find(key).ok()?;
        let (key, value) = &self.runs[run][place];
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
            Ok((run, place)) => Some(mem::replace(&mut self.runs[run][place].1, value)),
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
            Bound::Unbounded => (0, 0),
            Bound::Included(key) => self.place(key, false),
            Bound::Excluded(key) => self.place(key, true),
        };
        let end = match range.end_bound() {
            Bound::Unbounded => (self.runs.len(), 0),
            Bound::Included(key) => self.place(key, true),
            Bound::Excluded(key) => self.place(key, false),
        };
        Iter::new(&self.runs, start, end)
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
        let run = self.runs.partition_point(|run| run[0].0.borrow() <= key).saturating_sub(1);
        let Some(entries) = self.runs.get(run) else { return Err((run, 0)) };
        match entries.binary_search_by(|(own, _)| own.borrow().cmp(key)) {
            Ok(place) => Ok((run, place)),
            Err(place) => Err((run, place)),
        }
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
        self.len == other.len && self.iter().eq(other.iter())
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
