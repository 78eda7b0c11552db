//! A sorted list of keys and values: small, ordered, and one piece of code for a pod's files and for redis' data.

use alloc::vec::Vec;

/// Values by key, in the keys' order.
#[derive(Debug, Clone, Default)]
pub(super) struct Table(Vec<(Vec<u8>, Vec<u8>)>);

impl Table {
    pub(super) fn value(&self, key: &[u8]) -> Option<&Vec<u8>> {
        self.place(key).ok().map(|index| &self.0[index].1)
    }

    /// The value of a key, empty if it is new.
    pub(super) fn entry(&mut self, key: &[u8]) -> &mut Vec<u8> {
        let index = self.place(key).unwrap_or_else(|index| {
            self.0.insert(index, (key.to_vec(), Vec::new()));
            index
        });
        &mut self.0[index].1
    }

    pub(super) fn insert(&mut self, key: &[u8], value: Vec<u8>) {
        *self.entry(key) = value;
    }

    /// Whether there was such a key.
    pub(super) fn remove(&mut self, key: &[u8]) -> bool {
        let place = self.place(key);
        place.is_ok_and(|index| {
            self.0.remove(index);
            true
        })
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.0.iter().map(|(key, _)| key)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn place(&self, key: &[u8]) -> Result<usize, usize> {
        self.0.binary_search_by(|(have, _)| have.as_slice().cmp(key))
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn keys_stay_sorted_and_values_are_found() {
        let mut table = Table::default();
        for key in ["b", "a", "c", "a"] {
            table.insert(key.as_bytes(), key.as_bytes().to_vec());
        }
        assert_eq!(table.keys().map(|key| key[0]).collect::<alloc::vec::Vec<_>>(), b"abc");
        assert!(table.remove(b"b") && !table.remove(b"b"));
        assert_eq!((table.value(b"a"), table.value(b"b"), table.len()), (Some(&b"a".to_vec()), None, 2));
    }
}
