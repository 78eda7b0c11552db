//! The node ports: which are taken, and which is handed out next.
//!
//! Source: kubernetes pkg/registry/core/service/portallocator/allocator.go.

use crate::rng::Rng;
use alloc::{string::String, vec, vec::Vec};
use core::{fmt, ops::RangeInclusive};

/// A range of ports with a lower band for those people ask for, as addresses have.
#[derive(Debug, Clone)]
pub struct PortPool {
    first: u16,
    size: u32,
    lower: u32,
    words: Vec<u64>,
    used: u32,
}

/// Why a port is not to be had, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPort {
    /// Every port is in use.
    Full,
    /// That port is in use.
    Allocated,
    /// That port is not one of the range, which is named.
    OutOfRange(String),
}

impl fmt::Display for NoPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoPort::Full => f.write_str("range is full"),
            NoPort::Allocated => f.write_str("provided port is already allocated"),
            NoPort::OutOfRange(range) => {
                write!(f, "provided port is not in the valid range. The range of valid ports is {range}")
            }
        }
    }
}

impl core::error::Error for NoPort {}

impl PortPool {
    /// A pool with every port free.
    pub fn new(range: RangeInclusive<u16>) -> PortPool {
        let first = *range.start();
        let size = (u32::from(*range.end()) + 1).saturating_sub(first.into());
        let lower = if size <= 16 { 0 } else { (size / 32).clamp(16, 128) };
        PortPool { first, size, lower, words: vec![0; size.div_ceil(64) as usize], used: 0 }
    }

    /// How many ports are in use.
    pub fn used(&self) -> u32 {
        self.used
    }

    /// True if that port is in use.
    pub fn is_allocated(&self, port: i64) -> bool {
        self.offset(port).is_some_and(|offset| self.is_used(offset))
    }

    /// Takes the port that is asked for.
    pub fn allocate(&mut self, port: i64) -> Result<(), NoPort> {
        let Some(offset) = self.offset(port) else {
            let last = u32::from(self.first) + self.size - 1;
            return Err(NoPort::OutOfRange(alloc::format!("{}-{last}", self.first)));
        };
        if self.is_used(offset) {
            return Err(NoPort::Allocated);
        }
        self.take(offset);
        Ok(())
    }

    /// Takes a free port: from a random place of the upper band on, and if that is full, of the lower one.
    pub fn allocate_next(&mut self, rng: &mut Rng) -> Result<u16, NoPort> {
        for (from, to) in [(self.lower, self.size), (0, self.lower)] {
            let start = from + rng.below(to - from);
            if let Some(offset) = (start..to).chain(from..start).find(|offset| !self.is_used(*offset)) {
                self.take(offset);
                return Ok(self.first + offset as u16);
            }
        }
        Err(NoPort::Full)
    }

    /// Gives a port back; one that is not in use is left alone.
    pub fn release(&mut self, port: i64) {
        if let Some(offset) = self.offset(port).filter(|offset| self.is_used(*offset)) {
            self.words[offset as usize / 64] &= !(1 << (offset % 64));
            self.used -= 1;
        }
    }

    fn take(&mut self, offset: u32) {
        self.words[offset as usize / 64] |= 1 << (offset % 64);
        self.used += 1;
    }

    fn is_used(&self, offset: u32) -> bool {
        self.words[offset as usize / 64] & (1 << (offset % 64)) != 0
    }

    fn offset(&self, port: i64) -> Option<u32> {
        let offset = u32::try_from(port.checked_sub(self.first.into())?).ok()?;
        (offset < self.size).then_some(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_usual_range_keeps_eighty_six_ports_for_those_who_ask() {
        let mut pool = PortPool::new(30_000..=32_767);
        let mut rng = Rng::new(5);
        for _ in 0..2768 - 86 {
            assert!(pool.allocate_next(&mut rng).unwrap() >= 30_086);
        }
        assert!(pool.allocate_next(&mut rng).unwrap() < 30_086);
    }

    #[test]
    fn a_port_is_refused_twice_and_outside_the_range() {
        let mut pool = PortPool::new(30_000..=32_767);
        assert_eq!(pool.allocate(30_080), Ok(()));
        assert_eq!(pool.allocate(30_080), Err(NoPort::Allocated));
        assert_eq!(
            pool.allocate(80).unwrap_err().to_string(),
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        );
        assert!(pool.allocate(70_000).is_err() && pool.allocate(-1).is_err() && pool.allocate(i64::MIN).is_err());
        pool.release(30_080);
        pool.release(1);
        assert_eq!(pool.used(), 0);
    }

    #[test]
    fn a_range_of_one_port_is_soon_full() {
        let mut pool = PortPool::new(30_000..=30_000);
        assert_eq!(pool.allocate_next(&mut Rng::new(1)), Ok(30_000));
        assert_eq!(pool.allocate_next(&mut Rng::new(1)), Err(NoPort::Full));
    }
}
