//! Going through a map.

use super::{At, OrdMap};
use alloc::vec::{IntoIter, Vec};
use core::iter::Flatten;

/// Entries in order, from both ends.
#[derive(Debug)]
pub struct Iter<'a, K, V> {
    runs: &'a [Vec<(K, V)>],
    front: At,
    /// One past the last entry.
    back: At,
}

impl<'a, K, V> Iter<'a, K, V> {
    pub(super) fn new(runs: &'a [Vec<(K, V)>], front: At, back: At) -> Iter<'a, K, V> {
        Iter { runs, front, back }
    }
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Iter { runs: self.runs, front: self.front, back: self.back }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<(&'a K, &'a V)> {
        // A place behind a run's last entry is the first place of the next run.
        while self.front < self.back {
            let (run, place) = self.front;
            match self.runs[run].get(place) {
                Some((key, value)) => {
                    self.front.1 += 1;
                    return Some((key, value));
                }
                None => self.front = (run + 1, 0),
            }
        }
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.count_left();
        (len, Some(len))
    }

    fn count(self) -> usize {
        self.count_left()
    }
}

impl<K, V> Iter<'_, K, V> {
    fn count_left(&self) -> usize {
        if self.front >= self.back {
            return 0;
        }
        let before_back: usize = self.runs[self.front.0..self.back.0].iter().map(Vec::len).sum();
        before_back + self.back.1 - self.front.1
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<'a, K, V> DoubleEndedIterator for Iter<'a, K, V> {
    fn next_back(&mut self) -> Option<(&'a K, &'a V)> {
        while self.front < self.back {
            let (run, place) = self.back;
            if place > 0 {
                self.back.1 -= 1;
                // A front behind its run's last entry stands before nothing of that run.
                if self.front > self.back {
                    return None;
                }
                let (key, value) = &self.runs[run][place - 1];
                return Some((key, value));
            }
            self.back = (run - 1, self.runs[run - 1].len());
        }
        None
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
    type IntoIter = Flatten<IntoIter<Vec<(K, V)>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.runs.into_iter().flatten()
    }
}
