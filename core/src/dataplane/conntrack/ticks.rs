//! Time as connection tracking counts it.

use super::super::timeouts::Timeouts;
use super::tcp::State;
use super::wheel::Wheel;
use crate::time::{Duration, Instant};

/// The tick of an instant: a quarter of a second, nearly (2^18 microseconds).
#[inline(always)]
pub(crate) fn tick(now: Instant) -> u32 {
    (now.total_micros() >> 18).min(i64::from(LAST)) as u32
}

/// After 35 years no connection expires any more.
const LAST: u32 = u32::MAX - Wheel::REACH - 1;

/// When a tick begins.
pub(super) fn instant(tick: u32) -> Instant {
    Instant::from_micros(i64::from(tick) << 18)
}

/// So many ticks that at least `duration` has passed: both ends may lie anywhere in theirs.
pub(super) fn ticks(duration: Duration) -> u32 {
    (duration.total_micros() >> 18).min(1 << 30) as u32 + 2
}

/// How long a connection in each state is remembered after its latest packet.
pub(super) fn by_state(timeouts: &Timeouts) -> [u32; 15] {
    let mut by_state = [0; 15];
    for (state, timeout) in [
        (State::SynSent, timeouts.tcp_syn_sent),
        (State::SynSent2, timeouts.tcp_syn_sent),
        (State::SynRecv, timeouts.tcp_syn_recv),
        (State::Established, timeouts.tcp_established),
        (State::FinWait, timeouts.tcp_fin_wait),
        (State::CloseWait, timeouts.tcp_close_wait),
        (State::LastAck, timeouts.tcp_last_ack),
        (State::TimeWait, timeouts.tcp_time_wait),
        (State::Close, timeouts.tcp_close),
        (State::Datagrams, timeouts.udp),
        (State::Stream, timeouts.udp_stream),
        (State::Setup, timeouts.sctp_setup),
        (State::Associated, timeouts.sctp_established),
        (State::Query, timeouts.icmp),
        (State::Generic, timeouts.generic),
    ] {
        by_state[state as usize] = ticks(timeout);
    }
    by_state
}
