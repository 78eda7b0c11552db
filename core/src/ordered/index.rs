//! Where things lie by their hashes, which knows neither the things nor their keys.

use alloc::{vec, vec::Vec};

/// A slot, and the hash of what lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    hash: u32,
    slot: u32,
}

/// A cell in which nothing lies.
const EMPTY: Cell = Cell { hash: 0, slot: u32::MAX };

/// Slots by hash: an open table, at most half full, in which each slot lies at its hash's place or a little behind it.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// None, or a power of two.
    cells: Vec<Cell>,
    len: usize,
}

impl Index {
    pub(super) const fn new() -> Index {
        Index { cells: Vec::new(), len: 0 }
    }

    /// The slot with that hash for which `is_it` is true.
    pub(super) fn find(&self, hash: u32, is_it: &dyn Fn(usize) -> bool) -> Option<usize> {
        let last = self.cells.len().checked_sub(1)?;
        let mut at = hash as usize & last;
        while self.cells[at] != EMPTY {
            let cell = self.cells[at];
            if cell.hash == hash && is_it(cell.slot as usize) {
                return Some(cell.slot as usize);
            }
            at = (at + 1) & last;
        }
        None
    }

    /// Adds a slot.
    pub(super) fn insert(&mut self, hash: u32, slot: usize) {
        self.len += 1;
        if 2 * self.len > self.cells.len() {
            let more = vec![EMPTY; (4 * self.len).next_power_of_two()];
            for cell in core::mem::replace(&mut self.cells, more) {
                self.put(cell);
            }
        }
        self.put(Cell { hash, slot: slot as u32 });
    }

    /// Takes a slot out.
    pub(super) fn remove(&mut self, hash: u32, slot: usize) {
        let last = self.cells.len() - 1;
        let mut gap = hash as usize & last;
        while self.cells[gap].slot != slot as u32 {
            gap = (gap + 1) & last;
        }
        self.len -= 1;
        // What lies behind the gap moves up, unless its place is between the two.
        let mut at = gap;
        loop {
            self.cells[gap] = EMPTY;
            let moved = loop {
                at = (at + 1) & last;
                let cell = self.cells[at];
                let way = |from: usize| at.wrapping_sub(from) & last;
                if cell == EMPTY {
                    return;
                }
                if way(cell.hash as usize & last) >= way(gap) {
                    break cell;
                }
            };
            self.cells[gap] = moved;
            gap = at;
        }
    }

    fn put(&mut self, cell: Cell) {
        if cell == EMPTY {
            return;
        }
        let last = self.cells.len() - 1;
        let mut at = cell.hash as usize & last;
        while self.cells[at] != EMPTY {
            at = (at + 1) & last;
        }
        self.cells[at] = cell;
    }
}
