//! One stable sort for everybody.
//!
//! The standard one is faster for millions of values and takes five kilobytes of code for every type; what is sorted
//! here is short.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// Sorts values, and leaves equal ones in their order.
///
/// ```
/// let mut words = ["c", "a", "b"];
/// clusterip::ordered::sort(&mut words);
/// assert_eq!(words, ["a", "b", "c"]);
/// ```
pub fn sort<T: Ord>(values: &mut [T]) {
    sort_by(values, T::cmp);
}

/// Sorts values by a key of each.
pub fn sort_by_key<T, K: Ord>(values: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(values, |a, b| key(a).cmp(&key(b)));
}

/// Sorts values by comparing two.
pub fn sort_by<T>(values: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let order = order(values.len(), &|a, b| compare(&values[a], &values[b]) == Ordering::Greater);
    arrange(order, &mut |a, b| values.swap(a, b));
}

/// The places of the values in their new order: merges of ever longer runs.
fn order(len: usize, is_greater: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut from: Vec<usize> = (0..len).collect();
    let mut to = from.clone();
    let mut width = 1;
    while width < len {
        for start in (0..len).step_by(2 * width) {
            let (middle, end) = ((start + width).min(len), (start + 2 * width).min(len));
            let (mut left, mut right) = (start, middle);
            for place in &mut to[start..end] {
                let takes_right = left == middle || (right < end && is_greater(from[left], from[right]));
                let taken = if takes_right { &mut right } else { &mut left };
                *place = from[*taken];
                *taken += 1;
            }
        }
        core::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    from
}

/// Brings each value to its place by following the cycles of the order.
fn arrange(mut order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        let mut place = start;
        while order[place] != start {
            let next = core::mem::replace(&mut order[place], place);
            swap(place, next);
            place = next;
        }
        order[place] = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn it_is_the_standard_stable_sort() {
        let mut rng = Rng::new(3);
        for len in 0..200_u32 {
            let mut values: Vec<(u32, u32)> = (0..len).map(|place| (rng.below(20), place)).collect();
            let mut expected = values.clone();
            expected.sort_by_key(|(key, _)| *key);
            sort_by_key(&mut values, |(key, _)| *key);
            assert_eq!(values, expected);
            expected.sort_by(|a, b| b.cmp(a));
            sort_by(&mut values, |a, b| b.cmp(a));
            assert_eq!(values, expected);
        }
    }
}
