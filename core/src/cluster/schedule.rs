#![allow(dead_code)]
//! The one queue of everything that will happen.

use crate::ordered::OrdMap;
use crate::time::Instant;

/// Work to be done at an instant; equal instants keep the order in which they were asked for.
#[derive(Debug)]
pub(super) struct Schedule<W> {
    queue: OrdMap<(Instant, u64), W>,
    next: u64,
}

/// Where an entry stands, to take it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(Instant, u64);

impl Slot {
    /// When its work is due.
    pub(super) fn at(self) -> Instant {
        self.0
    }
}

impl<W> Schedule<W> {
    pub(super) fn new() -> Schedule<W> {
        Schedule { queue: OrdMap::new(), next: 0 }
    }

    /// Asks for work at an instant.
    pub(super) fn at(&mut self, at: Instant, work: W) -> Slot {
        let slot = Slot(at, self.next);
        self.next += 1;
        self.queue.insert((slot.0, slot.1), work);
        slot
    }

    /// Takes an entry back; nothing happens if it is already done.
    pub(super) fn cancel(&mut self, slot: Slot) {
        self.queue.remove(&(slot.0, slot.1));
    }

    /// When the next work is due.
    pub(super) fn poll_at(&self) -> Option<Instant> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next work that is due by `now`.
    pub(super) fn poll(&mut self, now: Instant) -> Option<(Instant, W)> {
        let entry = self.queue.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let ((at, _), work) = entry.remove_entry();
        Some((at, work))
    }

    /// What is waiting, soonest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Instant, &W)> {
        self.queue.iter().map(|((at, _), work)| (*at, work))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_instants_keep_their_order_and_a_cancelled_entry_never_comes() {
        let mut schedule = Schedule::new();
        let at = Instant::from_micros(5);
        schedule.at(at, "first");
        let second = schedule.at(at, "second");
        schedule.at(at, "third");
        schedule.cancel(second);
        assert_eq!(schedule.poll(Instant::from_micros(4)), None);
        assert_eq!(schedule.poll(at), Some((at, "first")));
        assert_eq!(schedule.poll(at), Some((at, "third")));
        assert_eq!(schedule.poll_at(), None);
    }
}
