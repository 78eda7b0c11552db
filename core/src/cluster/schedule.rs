//! The one queue of everything that will happen.

use crate::time::Instant;
use alloc::{collections::BinaryHeap, vec::Vec};
use core::cmp::Reverse;

/// Work to be done at an instant; equal instants keep the order in which they were asked for.
///
/// What is taken back leaves its place in the queue behind, which is passed over when its time comes.
#[derive(Debug)]
pub(super) struct Schedule<W> {
    queue: BinaryHeap<Reverse<Slot>>,
    /// The work itself, with the number of its entry: a place is used again, a number never.
    works: Vec<Option<(u64, W)>>,
    free: Vec<u32>,
    next: u64,
}

/// Where an entry stands, to take it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    at: Instant,
    number: u64,
    place: u32,
}

impl Slot {
    /// When its work is due.
    pub(super) fn at(self) -> Instant {
        self.at
    }
}

impl<W> Schedule<W> {
    pub(super) fn new() -> Schedule<W> {
        Schedule { queue: BinaryHeap::new(), works: Vec::new(), free: Vec::new(), next: 0 }
    }

    /// Asks for work at an instant.
    pub(super) fn at(&mut self, at: Instant, work: W) -> Slot {
        let place = self.free.pop().unwrap_or_else(|| {
            self.works.push(None);
            (self.works.len() - 1) as u32
        });
        let slot = Slot { at, number: self.next, place };
        self.next += 1;
        self.works[place as usize] = Some((slot.number, work));
        self.queue.push(Reverse(slot));
        slot
    }

    /// Takes an entry back; nothing happens if it is already done.
    pub(super) fn cancel(&mut self, slot: Slot) {
        if !self.is_waiting(slot) {
            return;
        }
        self.take(slot);
        let waiting = self.works.len() - self.free.len();
        if self.queue.len() > 2 * waiting + 64 {
            let works = &self.works;
            self.queue.retain(|Reverse(slot)| holds(works, *slot));
        }
    }

    /// When the next work is due.
    pub(super) fn poll_at(&self) -> Option<Instant> {
        self.queue.peek().map(|Reverse(slot)| slot.at)
    }

    /// The next work that is due by `now`.
    pub(super) fn poll(&mut self, now: Instant) -> Option<(Instant, W)> {
        let Reverse(slot) = *self.queue.peek()?;
        if slot.at > now {
            return None;
        }
        Some((slot.at, self.take(slot)?))
    }

    /// What is waiting, soonest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Instant, &W)> {
        let mut slots: Vec<Slot> = self.queue.iter().map(|Reverse(slot)| *slot).collect();
        crate::ordered::sort(&mut slots);
        slots.into_iter().filter_map(|slot| {
            let (number, work) = self.works[slot.place as usize].as_ref()?;
            (*number == slot.number).then_some((slot.at, work))
        })
    }

    fn is_waiting(&self, slot: Slot) -> bool {
        holds(&self.works, slot)
    }

    /// Takes the work of an entry that waits; the queue begins with one that does, or is empty, afterwards.
    fn take(&mut self, slot: Slot) -> Option<W> {
        let (_, work) = self.works[slot.place as usize].take()?;
        self.free.push(slot.place);
        while self.queue.peek().is_some_and(|Reverse(first)| !self.is_waiting(*first)) {
            self.queue.pop();
        }
        Some(work)
    }
}

fn holds<W>(works: &[Option<(u64, W)>], slot: Slot) -> bool {
    works[slot.place as usize].as_ref().is_some_and(|(number, _)| *number == slot.number)
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

    #[test]
    fn entries_that_are_moved_again_and_again_leave_nothing_behind() {
        let mut schedule = Schedule::new();
        let mut slot = schedule.at(Instant::from_secs(10), 0);
        for n in 1..10_000 {
            schedule.cancel(slot);
            slot = schedule.at(Instant::from_secs(10 + n), n);
        }
        assert!(schedule.queue.len() <= 66 && schedule.works.len() == 1, "{}", schedule.queue.len());
        assert_eq!(schedule.iter().count(), 1);
        assert_eq!(schedule.poll(Instant::from_secs(20_000)).map(|(_, work)| work), Some(9_999));
    }
}
