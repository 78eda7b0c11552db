//! The last things that happened, to look at.

use crate::{
    control::Change,
    net::{Event, Place, Tap},
    time::Instant,
};
use alloc::collections::VecDeque;

/// A bounded ring of what happened, numbered from 0.
///
/// ```
/// use clusterip::{net::{Event, Place, Step, Tap}, id::NodeId, time::Instant, trace::Recorder};
/// let mut recorder = Recorder::new(2);
/// let event = Event { place: Place::Node(NodeId(0)), flow: None, step: Step::Received { bytes: 40 } };
/// (0..3).for_each(|_| recorder.event(Instant::ZERO, &event));
/// assert_eq!((recorder.lost(), recorder.end()), (1, 3));
/// assert_eq!(recorder.since(2).count(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Recorder {
    entries: VecDeque<Entry>,
    capacity: usize,
    lost: u64,
}

/// One thing that happened, and when.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// What.
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Happening {
    /// Something to a packet.
    Packet(Event),
    /// A write to the store.
    Change(Change),
}

impl Recorder {
    /// Remembers the last `capacity` entries; with 0 it only counts.
    pub fn new(capacity: usize) -> Recorder {
        Recorder { entries: VecDeque::new(), capacity, lost: 0 }
    }

    /// Notes a write to the store.
    pub fn change(&mut self, now: Instant, change: &Change) {
        self.push(Entry { at: now, what: Happening::Change(change.clone()) });
    }

    /// How many entries were forgotten: the number of the oldest one still known.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The number that the next entry will have: where a reader who has seen all goes on.
    pub fn end(&self) -> u64 {
        self.lost + self.entries.len() as u64
    }

    /// The entries from number `from` on, with their numbers; those that were forgotten are passed over.
    pub fn since(&self, from: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let skip = usize::try_from(from.saturating_sub(self.lost)).unwrap_or(usize::MAX).min(self.entries.len());
        (self.lost + skip as u64..).zip(self.entries.range(skip..))
    }

    /// Forgets everything; the numbers go on.
    pub fn clear(&mut self) {
        self.lost = self.end();
        self.entries.clear();
    }

    fn push(&mut self, entry: Entry) {
        if self.capacity == 0 {
            self.lost += 1;
            return;
        }
        if self.entries.len() == self.capacity {
            self.entries.pop_front();
            self.lost += 1;
        }
        self.entries.push_back(entry);
    }
}

impl Tap for Recorder {
    fn event(&mut self, now: Instant, event: &Event) {
        self.push(Entry { at: now, what: Happening::Packet(*event) });
    }

    fn frame(&mut self, _: Instant, _: Place, _: &[u8]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::{Kind, Object},
        control::{ControlConfig, ControlPlane},
        id::NodeId,
        net::Step,
    };
    use alloc::vec::Vec;

    #[test]
    fn a_reader_goes_on_where_it_stopped_and_sees_what_was_lost() {
        let mut recorder = Recorder::new(3);
        (0..5).for_each(|bytes| recorder.event(Instant::ZERO, &event(bytes)));
        assert_eq!(recorder.lost(), 2);
        let seen: Vec<(u64, u16)> = recorder.since(0).map(|(number, entry)| (number, bytes(entry))).collect();
        assert_eq!(seen, [(2, 2), (3, 3), (4, 4)]);
        let end = recorder.end();
        assert_eq!(recorder.since(end).count(), 0);
        recorder.event(Instant::ZERO, &event(9));
        assert_eq!(recorder.since(end).map(|(number, entry)| (number, bytes(entry))).collect::<Vec<_>>(), [(5, 9)]);
        recorder.clear();
        assert_eq!((recorder.end(), recorder.since(0).count()), (6, 0));
    }

    #[test]
    fn writes_to_the_store_stand_between_packets() {
        let mut recorder = Recorder::new(8);
        let mut plane = ControlPlane::new(ControlConfig::default());
        let before = plane.store().revision();
        plane.create(Instant::ZERO, Object::new(Kind::Namespace, "", "shop")).unwrap();
        recorder.event(Instant::ZERO, &event(1));
        plane.store().changes_since(before).unwrap().for_each(|change| recorder.change(Instant::ZERO, change));
        let kinds: Vec<bool> = recorder.since(0).map(|(_, entry)| matches!(entry.what, Happening::Change(_))).collect();
        assert_eq!(kinds[..2], [false, true]);
    }

    fn event(bytes: u16) -> Event {
        Event { place: Place::Node(NodeId(0)), flow: None, step: Step::Received { bytes } }
    }

    fn bytes(entry: &Entry) -> u16 {
        match entry.what {
            Happening::Packet(Event { step: Step::Received { bytes }, .. }) => bytes,
            _ => unreachable!("only such events were recorded"),
        }
    }
}
