//! The records of connections: found by number, and kept in order of age as long as they may be dropped early.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

use super::tcp::State;
use super::wheel::{Link, Links, NONE};

/// What is known of a connection beside its two slots.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) slots: [u32; 2],
    pub(super) timer: Link,
    /// Neighbours in age, among those that may be dropped early; `older` also chains free records.
    pub(super) older: u32,
    pub(super) younger: u32,
    /// The tick of the latest packet that is not only noted in a slot.
    pub(super) last: u32,
    /// The service of the table that chose the backend.
    pub(super) entry: u32,
    pub(super) state: State,
    /// `ANSWERED` and `ASSURED`.
    pub(super) marks: u8,
    /// UDP: when it began, to tell a stream; low bits of its tick.
    pub(super) began: u8,
    /// Where `timer` hangs.
    pub(super) bucket: u8,
}

/// Seen in both directions.
pub(super) const ANSWERED: u8 = 1;
/// Answered and settled: it is kept when the table is full.
pub(super) const ASSURED: u8 = 2;

/// All records. A number is used again when its connection is gone.
#[derive(Debug)]
pub(super) struct Arena {
    records: Vec<Connection>,
    free: u32,
    count: u32,
    oldest: u32,
    youngest: u32,
}

impl Arena {
    pub(super) fn new() -> Arena {
        Arena { records: Vec::new(), free: NONE, count: 0, oldest: NONE, youngest: NONE }
    }

    /// How many connections there are.
    pub(super) fn len(&self) -> u32 {
        self.count
    }

    /// The number that the next connection will have.
    pub(super) fn vacant(&self) -> u32 {
        if self.free == NONE { self.records.len() as u32 } else { self.free }
    }

    /// Adds a connection, the youngest of all, as number [`Arena::vacant`].
    pub(super) fn add(&mut self, connection: Connection) {
        let index = self.vacant();
        match self.records.get_mut(index as usize) {
            Some(place) => {
                self.free = place.older;
                *place = connection;
            }
            None => self.records.push(connection),
        }
        self.count += 1;
        let youngest = core::mem::replace(&mut self.youngest, index);
        (self[index].older, self[index].younger) = (youngest, NONE);
        match youngest {
            NONE => self.oldest = index,
            youngest => self[youngest].younger = index,
        }
    }

    /// Forgets a connection that is not in the order of age any more.
    pub(super) fn release(&mut self, index: u32) {
        let free = core::mem::replace(&mut self.free, index);
        (self[index].older, self[index].slots) = (free, [NONE; 2]);
        self.count -= 1;
    }

    /// Takes a connection out of the order of age: it may not be dropped early any more.
    pub(super) fn delist(&mut self, index: u32) {
        let Connection { older, younger, .. } = self[index];
        match older {
            NONE => self.oldest = younger,
            older => self[older].younger = younger,
        }
        match younger {
            NONE => self.youngest = older,
            younger => self[younger].older = older,
        }
    }

    /// The oldest connection that may be dropped early.
    pub(super) fn oldest(&self) -> Option<u32> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    /// Notes that one of a connection's slots lies elsewhere now.
    pub(super) fn moved(&mut self, index: u32, reply: bool, at: u32) {
        self[index].slots[usize::from(reply)] = at;
    }

    /// All connections with their numbers.
    pub(super) fn live(&self) -> impl Iterator<Item = (u32, &Connection)> {
        (0..).zip(&self.records).filter(|(_, connection)| connection.slots[0] != NONE)
    }

    /// Bytes of heap.
    pub(super) fn bytes(&self) -> usize {
        self.records.capacity() * size_of::<Connection>()
    }
}

impl Index<u32> for Arena {
    type Output = Connection;

    fn index(&self, index: u32) -> &Connection {
        &self.records[index as usize]
    }
}

impl IndexMut<u32> for Arena {
    fn index_mut(&mut self, index: u32) -> &mut Connection {
        &mut self.records[index as usize]
    }
}

impl Links for Arena {
    fn link(&mut self, index: u32) -> (&mut Link, &mut u8) {
        let connection = &mut self[index];
        (&mut connection.timer, &mut connection.bucket)
    }
}
