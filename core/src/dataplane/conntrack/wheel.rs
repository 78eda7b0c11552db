//! A timer wheel: timers in buckets of coarser and coarser ticks, moved nearer as their time comes.
//!
//! Three rings of 64 buckets. Ring `n` turns once in 64^(n+1) ticks; an occupied bucket of an outer ring is
//! emptied into the inner ones when its time begins. Buckets are lists threaded through the timers' owners.

/// No timer, or the end of a list.
pub(super) const NONE: u32 = u32::MAX;

/// Where a timer hangs in its bucket's list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    next: u32,
    previous: u32,
}

impl Default for Link {
    fn default() -> Link {
        Link { next: NONE, previous: NONE }
    }
}

/// The bucket of a timer that is not set.
pub(super) const NO_BUCKET: u8 = u8::MAX;

/// Gives the wheel the link of timer `index`, and the number of its bucket, which the owner packs with bytes of its own.
pub(super) trait Links {
    fn link(&mut self, index: u32) -> (&mut Link, &mut u8);
}

#[derive(Debug)]
pub(super) struct Wheel {
    heads: [u32; 192],
    occupied: [u64; 3],
    /// What is left of the bucket that is being emptied.
    taken: u32,
    now: u32,
}

impl Wheel {
    /// The longest time ahead that a timer may be set: less than half of what 16 bits count.
    pub(super) const REACH: u32 = i16::MAX as u32 - 1;

    pub(super) fn new() -> Wheel {
        Wheel { heads: [NONE; 192], occupied: [0; 3], taken: NONE, now: 0 }
    }

    /// The tick up to which all timers have fired.
    pub(super) fn now(&self) -> u32 {
        self.now
    }

    /// Sets a timer that is not set, for a tick after now.
    pub(super) fn insert(&mut self, links: &mut impl Links, index: u32, at: u32) {
        let at = at.clamp(self.now + 1, self.now + Wheel::REACH);
        let ring = (0..3).find(|ring| (at >> (6 * ring)) - (self.now >> (6 * ring)) < 64).unwrap_or(2);
        let position = at >> (6 * ring) & 63;
        let bucket = ring * 64 + position;
        let head = self.heads[bucket as usize];
        let (link, place) = links.link(index);
        *link = Link { next: head, previous: NONE };
        *place = bucket as u8;
        if head != NONE {
            links.link(head).0.previous = index;
        }
        self.heads[bucket as usize] = index;
        self.occupied[ring as usize] |= 1 << position;
    }

    /// Stops a timer; nothing happens if it is not set.
    pub(super) fn remove(&mut self, links: &mut impl Links, index: u32) {
        let (link, place) = links.link(index);
        let (Link { next, previous }, bucket) = (core::mem::take(link), core::mem::replace(place, NO_BUCKET));
        if bucket == NO_BUCKET {
            return;
        }
        if next != NONE {
            links.link(next).0.previous = previous;
        }
        if previous != NONE {
            links.link(previous).0.next = next;
        } else {
            self.heads[usize::from(bucket)] = next;
            if next == NONE {
                self.occupied[usize::from(bucket / 64)] &= !(1 << (bucket % 64));
            }
        }
    }

    /// The tick at which something happens next: a timer fires, or moves to an inner ring.
    pub(super) fn next(&self) -> Option<u32> {
        self.next_bucket().map(|(tick, _)| tick)
    }

    fn next_bucket(&self) -> Option<(u32, u32)> {
        let mut best: Option<(u32, u32)> = None;
        // Outer rings first, so that at equal ticks they are emptied before the inner bucket fires.
        for ring in (0..3).rev() {
            let here = self.now >> (6 * ring);
            let ahead = self.occupied[ring as usize].rotate_right((here + 1) & 63);
            if ahead != 0 {
                let position = here + 1 + ahead.trailing_zeros();
                let tick = position << (6 * ring);
                if best.is_none_or(|(least, _)| tick < least) {
                    best = Some((tick, ring * 64 + (position & 63)));
                }
            }
        }
        best
    }

    /// Takes one timer that may be due at `tick`; the caller judges it by [`Wheel::now`], and sets it again if it is not.
    ///
    /// It is to be called until it returns `None`: then all timers up to `tick` have been taken.
    pub(super) fn take(&mut self, links: &mut impl Links, tick: u32) -> Option<u32> {
        if self.taken == NONE {
            let Some((at, bucket)) = self.next_bucket().filter(|&(at, _)| at <= tick) else {
                self.now = self.now.max(tick);
                return None;
            };
            self.now = at;
            self.taken = core::mem::replace(&mut self.heads[bucket as usize], NONE);
            self.occupied[bucket as usize / 64] &= !(1 << (bucket % 64));
        }
        let index = self.taken;
        let (link, place) = links.link(index);
        self.taken = core::mem::take(link).next;
        *place = NO_BUCKET;
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    struct Timers(Vec<(Link, u8)>);

    impl Links for Timers {
        fn link(&mut self, index: u32) -> (&mut Link, &mut u8) {
            let timer = &mut self.0[index as usize];
            (&mut timer.0, &mut timer.1)
        }
    }

    #[test]
    fn every_timer_fires_at_its_tick_in_whatever_order_it_was_set() {
        let mut rng = crate::rng::Rng::new(1);
        let due: Vec<u32> = (0..500).map(|_| 1 + rng.below(Wheel::REACH)).collect();
        let mut timers = Timers(due.iter().map(|_| (Link::default(), NO_BUCKET)).collect());
        let mut wheel = Wheel::new();
        for (index, &at) in due.iter().enumerate() {
            wheel.insert(&mut timers, index as u32, at);
        }
        for index in (0..500).step_by(7) {
            wheel.remove(&mut timers, index);
        }
        let mut fired = Vec::new();
        while let Some(next) = wheel.next() {
            while let Some(index) = wheel.take(&mut timers, next) {
                let at = due[index as usize];
                if at <= wheel.now() {
                    fired.push((wheel.now(), index));
                } else {
                    wheel.insert(&mut timers, index, at);
                }
            }
        }
        assert!(fired.iter().all(|&(tick, index)| tick == due[index as usize]));
        assert_eq!(fired.len(), 500 - 500_usize.div_ceil(7));
        assert!(fired.is_sorted_by_key(|&(tick, _)| tick));
    }

    #[test]
    fn a_jump_over_years_takes_every_timer_once() {
        let mut timers = Timers((0..3).map(|_| (Link::default(), NO_BUCKET)).collect());
        let mut wheel = Wheel::new();
        for (index, at) in [5, 700, 30_000].into_iter().enumerate() {
            wheel.insert(&mut timers, index as u32, at);
        }
        let mut taken = 0;
        while let Some(index) = wheel.take(&mut timers, 100_000_000) {
            let at = [5, 700, 30_000][index as usize];
            if at > wheel.now() {
                wheel.insert(&mut timers, index, at);
            } else {
                taken += 1;
            }
        }
        assert_eq!((taken, wheel.next()), (3, None));
    }
}
