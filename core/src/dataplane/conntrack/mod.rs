//! The memory of connections: which packets belong together, and how they are translated.
//!
//! As Linux' nf_conntrack: a connection has two tuples, the packets as its opener sends them and the answers
//! as they come back, and each is looked up by itself. What an established packet needs lies in its direction's
//! slot ([`slots`]); the rest, state, timers and age, lies aside and is touched only when a state changes.
//! The table is bounded. When it is full, the oldest connection without an answer makes room.

mod arena;
mod kinds;
mod segment;
mod side;
pub(crate) mod slots;
mod tcp;
mod ticks;
mod view;
mod wheel;
mod window;

pub(crate) use kinds::{first_state, is_plain};
pub use tcp::State;
pub(crate) use ticks::tick;
pub(crate) use window::{is_well_within, is_within};

use alloc::vec::Vec;

use self::arena::{ANSWERED, ASSURED, Arena, Connection};
use self::segment::Segment;
use self::slots::{Slot, Slots, Vacancy};
use self::tcp::Step;
use self::ticks::{by_state, instant, ticks};
use self::wheel::{Link, NONE, Wheel};
use self::window::Windows;
use super::timeouts::Timeouts;
use crate::net::address::Address;
use crate::net::flow::Tuple;
use crate::net::header::{Header, Kind, tcp_flags};
use crate::rng::Rng;
use crate::time::{Duration, Instant};

/// No entry of the table serves this connection.
pub(crate) const NO_ENTRY: u32 = u32::MAX;

/// A connection that ended, or changed between busy and idle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed<A> {
    /// Packets as the opener sent them.
    pub(crate) original: Tuple<A>,
    /// Answers as they came.
    pub(crate) reply: Tuple<A>,
    pub(crate) entry: u32,
    /// Whether it counted as an established connection.
    pub(crate) was_active: bool,
}

/// What a packet means for the connection it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It passes.
    Pass,
    /// It passes, and with it the connection became established, or ceased to be.
    Became {
        /// Established now.
        active: bool,
    },
    /// It passes, and its connection is over: it was refused, or given up before it was answered.
    Last,
    /// It begins a new connection in place of the old one.
    Renew,
    /// It does not fit.
    Invalid,
}

/// All connections of one address family.
pub(crate) struct Conntrack<A: Address> {
    pub(crate) slots: Slots<A>,
    connections: Arena,
    wheel: Wheel,
    limit: u32,
    timeouts: [u32; 15],
    unacknowledged: u32,
    udp: u32,
    /// Until when no timer is due.
    quiet: u32,
    /// By the connection's number, if windows are tracked.
    pub(crate) windows: Option<Vec<Windows>>,
}

impl<A: Address> Conntrack<A> {
    pub(crate) fn new(limit: u32, timeouts: &Timeouts, track_windows: bool, rng: &mut Rng) -> Conntrack<A> {
        Conntrack {
            slots: Slots::new(rng),
            connections: Arena::new(),
            wheel: Wheel::new(),
            limit: limit.clamp(1, (1 << 24) - 1),
            timeouts: by_state(timeouts),
            unacknowledged: ticks(timeouts.tcp_unacknowledged),
            udp: 0,
            quiet: 1,
            windows: track_windows.then(Vec::new),
        }
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> u32 {
        self.connections.len()
    }

    /// How many of them are UDP.
    pub(crate) fn udp_len(&self) -> u32 {
        self.udp
    }

    /// Whether a timer is due at `now`.
    #[inline(always)]
    pub(crate) fn is_due(&self, now: u32) -> bool {
        now > self.wheel.now()
    }

    /// Whether nothing needs to be looked at but a packet's own slot.
    #[inline(always)]
    pub(crate) fn is_quiet(&self, now: u32) -> bool {
        now < self.quiet
    }

    /// When a timer wants attention.
    pub(crate) fn poll_at(&self) -> Option<Instant> {
        self.wheel.next().map(instant)
    }

    /// Whether another connection fits.
    pub(crate) fn is_full(&self) -> bool {
        self.connections.len() >= self.limit
    }

    /// The entry of the table that chose the connection's backend.
    pub(crate) fn entry(&self, connection: u32) -> u32 {
        self.connections[connection].entry
    }

    /// The tuple of the connection's answers as they come.
    pub(crate) fn reply_of(&self, connection: u32) -> Tuple<A> {
        self.slots.at(self.connections[connection].slots[1] as usize).key()
    }

    /// Opens a connection: packets of `original` leave as `reply` reversed, and answers come as `reply`.
    ///
    /// Neither tuple may be known yet, and the table must not be full. `places` are those of the two tuples, as far as
    /// they are known.
    #[expect(clippy::too_many_arguments)]
    pub(crate) fn open(
        &mut self,
        original: Tuple<A>,
        reply: Tuple<A>,
        header: &Header<A>,
        packet: &[u8],
        entry: u32,
        now: u32,
        places: [Option<Vacancy>; 2],
    ) -> u32 {
        debug_assert!(!self.is_full());
        if self.slots.is_tight() {
            let connections = &mut self.connections;
            self.slots.grow(self.limit, |slot, at| connections.moved(slot.connection(), slot.is_reply(), at));
        }
        let index = self.connections.vacant();
        let state = first_state(header).unwrap_or(State::Generic);
        let seen = now as u16;
        let connection = Connection {
            slots: [
                self.slots.insert(Slot::new(original, reply.reversed(), index, false, seen), places[0]),
                self.slots.insert(Slot::new(reply, original.reversed(), index, true, seen), places[1]),
            ],
            timer: Link::default(),
            older: NONE,
            younger: NONE,
            last: now,
            entry,
            state,
            marks: 0,
            began: now as u8,
            bucket: wheel::NO_BUCKET,
        };
        self.connections.add(connection);
        self.udp += u32::from(original.protocol == 17);
        if let Some(windows) = &mut self.windows {
            let place = index as usize;
            windows.resize_with(windows.len().max(place + 1), Windows::default);
            windows[place] = Windows::new(&Segment::new(&packet[header.transport..header.length]));
        }
        self.set_timer(index, now, now);
        index
    }

    /// Sets a connection's timer for when it may be over, if nothing is heard after the tick `last`.
    fn set_timer(&mut self, index: u32, last: u32, now: u32) {
        let mut at = last.saturating_add(self.timeout(index));
        if self.windows.is_some() {
            // What waits for an acknowledgement is seen only when one looks.
            at = at.min(now.saturating_add(self.unacknowledged));
        }
        self.wheel.insert(&mut self.connections, index, at);
    }

    /// How long a connection is remembered after its latest packet.
    fn timeout(&self, index: u32) -> u32 {
        let connection = &self.connections[index];
        let usual = self.timeouts[connection.state as usize];
        if connection.state > State::Close {
            return usual;
        }
        let windows = self.windows.as_ref().map(|windows| &windows[index as usize]);
        if windows.is_some_and(Windows::was_reset) {
            return self.timeouts[State::Close as usize];
        }
        let is_unheard = connection.state == State::Established && connection.marks & ANSWERED == 0;
        if is_unheard || windows.is_some_and(Windows::waits) { usual.min(self.unacknowledged) } else { usual }
    }

    /// Judges a packet of a known connection, and moves its state.
    pub(crate) fn progress(&mut self, at: usize, header: &Header<A>, packet: &[u8], now: u32) -> Progress {
        let slot = self.slots.at(at);
        let (index, reply) = (slot.connection(), slot.is_reply());
        let connection = &mut self.connections[index];
        let before = connection.state;
        let after = match before {
            State::Datagrams | State::Stream => {
                let streaming = (now as u8).wrapping_sub(connection.began) >= ticks(Duration::from_secs(2)) as u8;
                // Linux nf_conntrack_proto_udp.c: answered, and still talking after two seconds.
                if before == State::Stream || connection.marks & ANSWERED != 0 && streaming {
                    State::Stream
                } else {
                    before
                }
            }
            State::Setup | State::Associated => match header.flags {
                10 | 11 => State::Associated,   // COOKIE ECHO, COOKIE ACK
                6 | 7 | 8 | 14 => State::Setup, // ABORT, SHUTDOWN and its answers
                _ => before,
            },
            State::Query | State::Generic => before,
            tcp => {
                let mut step = tcp::step(tcp, header.flags, reply);
                let mut is_lost = false;
                if let Some(windows) = &mut self.windows {
                    let segment = Segment::new(&packet[header.transport..header.length]);
                    let marks = (connection.marks & ANSWERED != 0, connection.marks & ASSURED != 0);
                    let windows = &mut windows[index as usize];
                    is_lost = !windows.is_lost();
                    step = windows.judge(tcp, step, &segment, reply, marks);
                    is_lost &= windows.is_lost();
                }
                match step {
                    Step::Ignore => {
                        connection.marks |= if reply { ANSWERED } else { 0 };
                        return Progress::Pass;
                    }
                    Step::Invalid => {
                        if is_lost && tcp == State::Established {
                            // What is left of its time counts from here.
                            connection.last = now;
                            self.wheel.remove(&mut self.connections, index);
                            self.set_timer(index, now, now);
                        }
                        return Progress::Invalid;
                    }
                    Step::To(State::SynSent) if matches!(tcp, State::TimeWait | State::Close) => {
                        return Progress::Renew;
                    }
                    // A SYN that is sent again does not keep its connection alive.
                    Step::To(State::SynSent) if tcp == State::SynSent && connection.marks & ANSWERED == 0 => {
                        return Progress::Pass;
                    }
                    Step::To(next) => next,
                }
            }
        };
        let is_reset = header.kind == Kind::Tcp && header.flags & tcp_flags::RST != 0;
        if is_reset && connection.marks & ANSWERED == 0 {
            return Progress::Last;
        }
        connection.last = now;
        connection.state = after;
        self.slots.at_mut(at).seen = now as u16;
        let settled = matches!(after, State::Established | State::Associated | State::Stream);
        if settled && connection.marks == ANSWERED {
            connection.marks |= ASSURED;
            self.connections.delist(index);
        }
        self.connections[index].marks |= if reply { ANSWERED } else { 0 };
        if before != after || settled || is_reset {
            self.settle(index, settled, before != after || is_reset, now);
        }
        let active = |state| matches!(state, State::Established | State::Associated);
        if active(before) == active(after) { Progress::Pass } else { Progress::Became { active: active(after) } }
    }

    /// Renews the timer after a change of state, and lets settled connections take the short way.
    fn settle(&mut self, index: u32, settled: bool, changed: bool, now: u32) {
        let connection = &self.connections[index];
        let fast = settled && connection.marks & ASSURED != 0 && connection.state != State::Associated;
        for at in connection.slots {
            self.slots.set_fast(at as usize, fast);
        }
        if changed {
            self.wheel.remove(&mut self.connections, index);
            self.set_timer(index, now, now);
        }
    }

    /// Whether the connection counts as established, for balancing by load.
    pub(crate) fn is_active(&self, connection: u32) -> bool {
        matches!(self.connections[connection].state, State::Established | State::Associated)
    }

    /// Forgets a connection.
    pub(crate) fn close(&mut self, index: u32) -> Closed<A> {
        let connection = &self.connections[index];
        let ([original, reply], entry, assured) = (connection.slots, connection.entry, connection.marks & ASSURED != 0);
        let closed = Closed {
            original: self.slots.at(original as usize).key(),
            reply: self.slots.at(reply as usize).key(),
            entry,
            was_active: self.is_active(index),
        };
        if !assured {
            self.connections.delist(index);
        }
        self.wheel.remove(&mut self.connections, index);
        for direction in 0..2 {
            // Removing the first may have moved the second.
            let at = self.connections[index].slots[direction];
            let connections = &mut self.connections;
            self.slots.remove(at, |slot, at| connections.moved(slot.connection(), slot.is_reply(), at));
        }
        self.connections.release(index);
        self.udp -= u32::from(closed.original.protocol == 17);
        closed
    }

    /// The oldest connection that may make room for another: one that was never fully answered.
    pub(crate) fn evictable(&self) -> Option<u32> {
        self.connections.oldest()
    }

    /// Takes one connection whose time is over at `now`; to be called until there is none.
    pub(crate) fn expire(&mut self, now: u32) -> Option<Closed<A>> {
        while let Some(index) = self.wheel.take(&mut self.connections, now) {
            let here = self.wheel.now();
            let connection = &mut self.connections[index];
            for at in connection.slots {
                let seen = &mut self.slots.at_mut(at as usize).seen;
                let age = (here as u16).wrapping_sub(*seen);
                if u32::from(age) <= Wheel::REACH {
                    connection.last = connection.last.max(here - u32::from(age).min(here));
                } else {
                    // Known already; keep it out of reach until the next look.
                    *seen = (here as u16).wrapping_sub(Wheel::REACH as u16 + 1);
                }
            }
            let last = connection.last;
            if last.saturating_add(self.timeout(index)) <= here {
                return Some(self.close(index));
            }
            self.set_timer(index, last, here);
        }
        self.quiet = self.wheel.now().saturating_add(1);
        None
    }

    /// Connections whose original and reply tuples satisfy `stale`.
    pub(crate) fn matching(&self, mut stale: impl FnMut(&Tuple<A>, &Tuple<A>) -> bool) -> Vec<u32> {
        let wanted = self.connections.live().filter(|(_, c)| {
            stale(&self.slots.at(c.slots[0] as usize).key(), &self.slots.at(c.slots[1] as usize).key())
        });
        wanted.map(|(index, _)| index).collect()
    }

    /// Forgets the next hops that connections remember.
    pub(crate) fn forget_hops(&mut self) {
        self.slots.forget_hops();
    }

    /// Bytes of heap, for measuring.
    pub(crate) fn bytes(&self) -> usize {
        let windows = self.windows.as_ref().map_or(0, |windows| windows.capacity() * size_of::<Windows>());
        self.slots.bytes() + self.connections.bytes() + windows
    }
}
