//! The order of a map's entries, which knows neither their keys nor their values.
//!
//! All that can be said without a type is here, compiled once: a map of its own type is left with a few lines.

use alloc::{vec, vec::Vec};
use core::{cell::Cell, cmp::Ordering};

/// Most entries of a run.
pub(super) const RUN: usize = 64;

/// How many places are remembered.
const GUESSES: usize = 4;

/// Where an entry is, or would be: the run, and the place in it.
pub(super) type At = (usize, usize);

/// The slots of a map's entries in the order of their keys, in sorted runs of at most [`RUN`].
///
/// A change moves few entries, and a lookup is two binary searches.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    /// None is empty.
    pub(super) runs: Vec<Vec<u32>>,
    len: usize,
    /// Slots whose entries have gone.
    free: Vec<u32>,
    /// What was found last, for it is often looked for again: each is a guess that costs one look.
    found: [Cell<(u32, u32)>; GUESSES],
    /// Which of them is the oldest.
    oldest: Cell<u8>,
    /// Where the last entry came in: the next one often comes right behind it.
    newest: At,
}

/// A stretch of an order that is gone through from both ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    front: At,
    /// One past the last entry.
    back: At,
}

impl Order {
    pub(super) const fn new() -> Order {
        let found = [const { Cell::new((0, 0)) }; GUESSES];
        Order { runs: Vec::new(), len: 0, free: Vec::new(), found, oldest: Cell::new(0), newest: (0, 0) }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The slot at a place that holds one.
    pub(super) fn slot(&self, (run, place): At) -> usize {
        self.runs[run][place] as usize
    }

    /// The place of the last entry.
    pub(super) fn last(&self) -> Option<At> {
        let run = self.runs.len().checked_sub(1)?;
        Some((run, self.runs[run].len() - 1))
    }

    /// The place of what `compare` calls equal, or the one it would have; `compare` says how a slot's key stands to the
    /// one looked for.
    pub(super) fn find(&self, compare: &dyn Fn(usize) -> Ordering) -> Result<At, At> {
        if self.runs.len() < 2 {
            return self.find_in(0, compare);
        }
        for found in &self.found {
            let (run, place) = found.get();
            let at = (run as usize, place as usize);
            let slot = self.runs.get(at.0).and_then(|entries| entries.get(at.1));
            if slot.is_some_and(|slot| compare(*slot as usize) == Ordering::Equal) {
                return Ok(at);
            }
        }
        if let Some(at) = self.behind_newest(compare) {
            return Err(at);
        }
        let runs = self.runs.partition_point(|run| compare(run[0] as usize) != Ordering::Greater);
        let at = self.find_in(runs.saturating_sub(1), compare)?;
        let oldest = self.oldest.get();
        self.oldest.set((oldest + 1) % GUESSES as u8);
        self.found[usize::from(oldest)].set((at.0 as u32, at.1 as u32));
        Ok(at)
    }

    /// The place behind the last entry that came, if what is looked for belongs there.
    fn behind_newest(&self, compare: &dyn Fn(usize) -> Ordering) -> Option<At> {
        let (run, place) = self.newest;
        let before = self.runs.get(run)?.get(place)?;
        let after = self.runs[run].get(place + 1).or_else(|| self.runs.get(run + 1)?.first());
        let is_here = compare(*before as usize) == Ordering::Less
            && after.is_none_or(|slot| compare(*slot as usize) == Ordering::Greater);
        is_here.then_some((run, place + 1))
    }

    fn find_in(&self, run: usize, compare: &dyn Fn(usize) -> Ordering) -> Result<At, At> {
        let Some(entries) = self.runs.get(run) else { return Err((0, 0)) };
        match entries.binary_search_by(|slot| compare(*slot as usize)) {
            Ok(place) => Ok((run, place)),
            Err(place) => Err((run, place)),
        }
    }

    /// Makes a place for one more entry, and returns its slot: a freed one, or one behind the last.
    pub(super) fn insert(&mut self, (run, place): At) -> usize {
        // Without freed slots, every slot is in use.
        let slot = self.free.pop().unwrap_or(u32::try_from(self.len).expect("a map has less than 2^32 entries"));
        self.len += 1;
        self.newest = (run, place);
        match self.runs.get_mut(run) {
            None => self.runs.push(vec![slot]),
            Some(entries) => {
                entries.insert(place, slot);
                if entries.len() > RUN {
                    // What grows at its end, as most things do, leaves full runs behind.
                    let half = if run + 1 == self.runs.len() && place == RUN { RUN } else { RUN / 2 };
                    let rest = self.runs[run].split_off(half);
                    self.runs.insert(run + 1, rest);
                    if place >= half {
                        self.newest = (run + 1, place - half);
                    }
                }
            }
        }
        slot as usize
    }

    /// Takes a place out, and returns its slot, which is free from now on.
    pub(super) fn remove(&mut self, (run, place): At) -> usize {
        self.len -= 1;
        let slot = self.runs[run].remove(place);
        if self.runs[run].is_empty() {
            self.runs.remove(run);
        } else if run + 1 < self.runs.len() && self.runs[run].len() + self.runs[run + 1].len() <= RUN / 2 {
            let mut rest = self.runs.remove(run + 1);
            self.runs[run].append(&mut rest);
        }
        self.free.push(slot);
        slot as usize
    }

    /// Keeps only the slots for which `keep` is true.
    pub(super) fn retain(&mut self, keep: &mut dyn FnMut(usize) -> bool) {
        for run in &mut self.runs {
            run.retain(|slot| {
                let is_kept = keep(*slot as usize);
                if !is_kept {
                    self.free.push(*slot);
                    self.len -= 1;
                }
                is_kept
            });
        }
        self.runs.retain(|run| !run.is_empty());
    }

    /// Everything.
    pub(super) fn whole(&self) -> Stretch {
        Stretch { front: (0, 0), back: (self.runs.len(), 0) }
    }

    /// From one place to before another.
    pub(super) fn stretch(&self, front: Option<At>, back: Option<At>) -> Stretch {
        let whole = self.whole();
        Stretch { front: front.unwrap_or(whole.front), back: back.unwrap_or(whole.back) }
    }

    /// The slots of a stretch, in order.
    pub(super) fn slots(&self, mut stretch: Stretch) -> Vec<usize> {
        let mut slots = Vec::with_capacity(stretch.len(self));
        while let Some(slot) = stretch.next(self) {
            slots.push(slot);
        }
        slots
    }
}

impl Stretch {
    /// The next slot from the front.
    pub(super) fn next(&mut self, order: &Order) -> Option<usize> {
        // A place behind a run's last entry is the first place of the next run.
        while self.front < self.back {
            let (run, place) = self.front;
            match order.runs[run].get(place) {
                Some(slot) => {
                    self.front.1 += 1;
                    return Some(*slot as usize);
                }
                None => self.front = (run + 1, 0),
            }
        }
        None
    }

    /// The next slot from the back.
    pub(super) fn next_back(&mut self, order: &Order) -> Option<usize> {
        while self.front < self.back {
            let (run, place) = self.back;
            if place > 0 {
                self.back.1 -= 1;
                // A front behind its run's last entry stands before nothing of that run.
                return (self.front <= self.back).then(|| order.slot(self.back));
            }
            self.back = (run - 1, order.runs[run - 1].len());
        }
        None
    }

    /// How many slots are left.
    pub(super) fn len(&self, order: &Order) -> usize {
        if self.front >= self.back {
            return 0;
        }
        let before_back: usize = order.runs[self.front.0..self.back.0].iter().map(Vec::len).sum();
        before_back + self.back.1 - self.front.1
    }
}
