//! Going through a map.

use super::{
    OrdMap,
    order::{Order, Stretch},
};
use alloc::{vec, vec::Vec};

/// Entries in order, from both ends.
#[derive(Debug)]
pub struct Iter<'a, K, V> {
    slots: &'a [Option<(K, V)>],
    order: &'a Order,
    stretch: Stretch,
}

/// Entries in order, taken out of their map.
#[derive(Debug)]
pub struct IntoIter<E> {
    /// Each is taken once.
    slots: Vec<Option<E>>,
    order: vec::IntoIter<usize>,
}

impl<'a, K, V> Iter<'a, K, V> {
    pub(super) fn new(map: &'a OrdMap<K, V>, stretch: Stretch) -> Iter<'a, K, V> {
        Iter { slots: &map.slots, order: &map.order, stretch }
    }

    fn entry(&self, slot: usize) -> Option<(&'a K, &'a V)> {
        self.slots[slot].as_ref().map(|(key, value)| (key, value))
    }
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Iter { slots: self.slots, order: self.order, stretch: self.stretch }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<(&'a K, &'a V)> {
        let slot = self.stretch.next(self.order)?;
        self.entry(slot)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.stretch.len(self.order);
        (len, Some(len))
    }

    fn count(self) -> usize {
        self.stretch.len(self.order)
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<'a, K, V> DoubleEndedIterator for Iter<'a, K, V> {
    fn next_back(&mut self) -> Option<(&'a K, &'a V)> {
        let slot = self.stretch.next_back(self.order)?;
        self.entry(slot)
    }
}

impl<E> IntoIter<E> {
    pub(super) fn new(slots: Vec<Option<E>>, order: &Order) -> IntoIter<E> {
        IntoIter { slots, order: order.slots(order.whole()).into_iter() }
    }
}

impl<E> Iterator for IntoIter<E> {
    type Item = E;

    fn next(&mut self) -> Option<E> {
        let slot = self.order.next()?;
        self.slots[slot].take()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.order.size_hint()
    }
}

impl<E> ExactSizeIterator for IntoIter<E> {}

impl<E> DoubleEndedIterator for IntoIter<E> {
    fn next_back(&mut self) -> Option<E> {
        let slot = self.order.next_back()?;
        self.slots[slot].take()
    }
}

impl<'a, K, V> IntoIterator for &'a OrdMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K, V> IntoIterator for OrdMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<(K, V)>;

    fn into_iter(self) -> IntoIter<(K, V)> {
        IntoIter::new(self.slots, &self.order)
    }
}
