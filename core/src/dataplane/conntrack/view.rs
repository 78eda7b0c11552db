//! Connections for display.

use super::Conntrack;
use super::arena::{ANSWERED, ASSURED};
use super::tcp::State;
use super::wheel::Wheel;
use crate::net::address::Address;
use crate::net::flow::Tuple;
use crate::time::Duration;

/// What `conntrack -L` shows of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<A> {
    pub(crate) original: Tuple<A>,
    pub(crate) reply: Tuple<A>,
    pub(crate) state: State,
    pub(crate) answered: bool,
    pub(crate) assured: bool,
    pub(crate) left: Duration,
}

impl<A: Address> Conntrack<A> {
    /// One connection for display.
    pub(crate) fn view(&self, index: u32, now: u32) -> View<A> {
        let connection = &self.connections[index];
        let [original, reply] = connection.slots.map(|at| self.slots.at(at as usize));
        let age = |seen: u16| u32::from((now as u16).wrapping_sub(seen));
        let least = age(original.seen).min(age(reply.seen));
        let last = if least <= Wheel::REACH { now - least.min(now) } else { 0 };
        let left = (last.max(connection.last) + self.timeout(index)).saturating_sub(now);
        View {
            original: original.key(),
            reply: reply.key(),
            state: connection.state,
            answered: connection.marks & ANSWERED != 0,
            assured: connection.marks & ASSURED != 0,
            left: Duration::from_micros(u64::from(left.saturating_sub(2)) << 18),
        }
    }
}
