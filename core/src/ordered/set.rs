//! Keys alone.

use super::OrdMap;
use core::{
    borrow::Borrow,
    fmt, iter,
    ops::{BitOr, BitXor, RangeBounds},
};

/// Values in order, each once.
///
/// ```
/// use clusterip::ordered::OrdSet;
/// let set: OrdSet<u8> = [3, 1, 3, 2].into_iter().collect();
/// assert_eq!(set.iter().copied().collect::<Vec<_>>(), [1, 2, 3]);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct OrdSet<T> {
    map: OrdMap<T, ()>,
}

impl<T> OrdSet<T> {
    /// An empty set.
    pub const fn new() -> OrdSet<T> {
        OrdSet { map: OrdMap::new() }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Takes all values out.
    pub fn clear(&mut self) {
        self.map.clear();
    }

    /// The values in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator + Clone {
        self.map.iter().map(|(value, ())| value)
    }

    /// The least value.
    pub fn first(&self) -> Option<&T> {
        self.map.first_key_value().map(|(value, ())| value)
    }

    /// The greatest value.
    pub fn last(&self) -> Option<&T> {
        self.map.last_key_value().map(|(value, ())| value)
    }

    /// Takes the least value out.
    pub fn pop_first(&mut self) -> Option<T> {
        self.map.pop_first().map(|(value, ())| value)
    }

    /// Keeps only the values for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.map.retain(|value, ()| keep(value));
    }
}

impl<T: Ord> OrdSet<T> {
    /// True if the value is in the set.
    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.map.contains_key(value)
    }

    /// Puts a value in; false if it was there.
    pub fn insert(&mut self, value: T) -> bool {
        self.map.insert(value, ()).is_none()
    }

    /// Takes a value out; false if it was not there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.map.remove(value).is_some()
    }

    /// The values in a range, in order.
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> impl DoubleEndedIterator<Item = &T> + Clone
    where
        T: Borrow<Q>,
    {
        self.map.range(range).map(|(value, ())| value)
    }

    /// The values of this set that are not in the other, in order.
    pub fn difference<'a>(&'a self, other: &'a OrdSet<T>) -> impl Iterator<Item = &'a T> + Clone {
        self.iter().filter(|value| !other.contains(value))
    }
}

impl<T: Ord + Clone> BitOr for &OrdSet<T> {
    type Output = OrdSet<T>;

    /// What is in either.
    fn bitor(self, other: &OrdSet<T>) -> OrdSet<T> {
        self.iter().chain(other.iter()).cloned().collect()
    }
}

impl<T: Ord + Clone> BitXor for &OrdSet<T> {
    type Output = OrdSet<T>;

    /// What is in one of them only.
    fn bitxor(self, other: &OrdSet<T>) -> OrdSet<T> {
        self.difference(other).chain(other.difference(self)).cloned().collect()
    }
}

impl<T> Default for OrdSet<T> {
    fn default() -> OrdSet<T> {
        OrdSet::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OrdSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<T: Ord> Extend<T> for OrdSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl<T: Ord> FromIterator<T> for OrdSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> OrdSet<T> {
        let mut set = OrdSet::new();
        set.extend(values);
        set
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for OrdSet<T> {
    fn from(values: [T; N]) -> OrdSet<T> {
        values.into_iter().collect()
    }
}

impl<'a, T> IntoIterator for &'a OrdSet<T> {
    type Item = &'a T;
    type IntoIter = iter::Map<super::Iter<'a, T, ()>, fn((&'a T, &'a ())) -> &'a T>;

    fn into_iter(self) -> Self::IntoIter {
        self.map.iter().map(|(value, ())| value)
    }
}

impl<T> IntoIterator for OrdSet<T> {
    type Item = T;
    type IntoIter = iter::Map<<OrdMap<T, ()> as IntoIterator>::IntoIter, fn((T, ())) -> T>;

    fn into_iter(self) -> Self::IntoIter {
        self.map.into_iter().map(|(value, ())| value)
    }
}
