//! TCP's windows: whether a segment can belong to its connection, by its sequence numbers.
//!
//! A middlebox knows neither what has arrived nor what is buffered; it knows the highest sequence number that each
//! side has sent, and the highest that the other has offered to take. What lies beyond those was forged, or belongs
//! to another time. Linux net/netfilter/nf_conntrack_proto_tcp.c, `tcp_in_window`.

use alloc::vec::Vec;

use super::segment::{Segment, after, selective};
use super::side::{ACKNOWLEDGED, CLOSED, LIBERAL, PENDING, SCALES, SELECTIVE, Side};
use super::slots::Slot;
use super::tcp::{State, Step};
use crate::net::address::Address;
use crate::net::header::tcp_flags::{ACK, FIN, RST, SYN};

/// Of a connection that is about to end: a SYN was let through, and an acknowledgement may merely challenge it (RFC 5961).
const CHALLENGED: u8 = 64;
/// Both sides began at once.
const MUTUAL: u8 = 128;

/// Both sides of a connection, the opener first, and its latest segment: one cache line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Windows {
    sides: [Side; 2],
    last_end: u32,
    last_window: u16,
    last_kind: u8,
    last_reply: bool,
    /// Of an ignored SYN.
    last_scale: u8,
    last_marks: u8,
    fate: Fate,
}

/// What the latest segment that counted leaves of a connection's time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Fate {
    #[default]
    Lives,
    /// It was a reset.
    Reset,
    /// Both sides tried in vain to close it since: this router is out of step with them.
    Lost,
}

/// An acknowledgement that lags behind so far, or by a window, if that is larger, is a late one.
const LATE: u32 = 66_000;

/// Where a segment lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Within,
    /// It may pass, and proves nothing.
    Before,
    Outside,
}

impl Windows {
    /// Those of a connection that begins with this segment.
    pub(super) fn new(segment: &Segment<'_>) -> Windows {
        let window = u32::from(segment.window).max(1);
        let mut opener = Side { end: segment.end, most: segment.end, window, ..Side::default() };
        let mut other = Side::default();
        if segment.flags & SYN != 0 {
            opener.read_options(segment.options);
        } else {
            opener.most = segment.end.wrapping_add(window);
            (opener.marks, other.marks) = (SELECTIVE | LIBERAL, SELECTIVE | LIBERAL);
        }
        let mut windows = Windows { sides: [opener, other], last_kind: segment.kind(), ..Windows::default() };
        windows.judge_place(State::Established, segment, false);
        windows
    }

    /// Whether what was sent waits for its acknowledgement or for a window to open, or the connection is lost to this router.
    pub(super) fn waits(&self) -> bool {
        (self.sides[0].marks | self.sides[1].marks) & PENDING != 0 || self.last_window == 0 || self.is_lost()
    }

    /// Whether the latest segment was a reset.
    pub(super) fn was_reset(&self) -> bool {
        self.fate == Fate::Reset
    }

    /// Whether both sides tried in vain to close the connection since its latest segment that counted.
    pub(super) fn is_lost(&self) -> bool {
        self.fate == Fate::Lost
    }

    /// A segment that only acknowledges and carries, of an established connection: whether it lies within. If not, nothing
    /// comes of it.
    pub(super) fn passes(&mut self, segment: &Segment<'_>, reply: bool) -> bool {
        let within = self.judge_place(State::Established, segment, reply) == Place::Within;
        if within {
            self.note(ACK, reply);
        }
        within
    }

    /// As [`Windows::passes`], for a segment as nearly all are: it lies well within, and acknowledges nothing out of order.
    /// If not, nothing has happened, and it wants another look.
    #[inline(always)]
    fn passes_quickly(&mut self, tcp: &[u8], reply: bool) -> bool {
        let Some((header, rest)) = tcp.split_first_chunk::<20>() else { return false };
        let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let data = match (header[12] >> 4, rest) {
            (5, data) => data.len() as u32,
            // A timestamp.
            (8, [1, 1, 8, 10, rest @ ..]) => (rest.len() as u32).wrapping_sub(8),
            _ => return false,
        };
        let (ack, end) = (word(8), word(4).wrapping_add(data));
        let [first, second] = &mut self.sides;
        let (sender, receiver) = if reply { (second, first) } else { (first, second) };
        let oldest = sender.end.wrapping_sub(receiver.window);
        let outside = sender.most.wrapping_sub(end) | end.wrapping_sub(oldest);
        if (outside as i32) < 0 || receiver.end.wrapping_sub(ack) > LATE || sender.window.min(receiver.window) == 0 {
            return false;
        }
        let window = u16::from_be_bytes([header[14], header[15]]);
        sender.advance(receiver, end, Some(ack), (ack, ack), u32::from(window) << sender.scale);
        (self.last_end, self.last_window) = (end, window);
        self.note(ACK, reply);
        true
    }

    /// What a segment does to its connection, `step` being what it would do by its flags alone.
    pub(super) fn judge(
        &mut self,
        state: State,
        mut step: Step,
        segment: &Segment<'_>,
        reply: bool,
        marks: (bool, bool),
    ) -> Step {
        let (answered, assured) = marks;
        let kind = segment.kind();
        let (me, other) = (usize::from(reply), usize::from(!reply));
        // A reset may be the answer to a segment that was let through unjudged.
        let mut is_answer = kind == RST;
        match step {
            Step::To(State::SynSent2) => self.last_marks |= MUTUAL,
            // Who began too acknowledges as one who was asked.
            Step::To(State::SynRecv) if reply && kind == ACK && self.last_marks & MUTUAL != 0 => {
                step = Step::To(State::Established);
            }
            Step::To(State::TimeWait)
                if state == State::LastAck
                    && kind == ACK
                    && self.last_kind == SYN
                    && self.last_reply != reply
                    && self.last_marks & CHALLENGED != 0 =>
            {
                self.last_marks &= !CHALLENGED;
                return Step::Ignore;
            }
            Step::To(State::SynSent) if matches!(state, State::TimeWait | State::Close) => {
                let closed = (self.sides[0].marks | self.sides[1].marks) & CLOSED != 0;
                // Begin anew after a close, or when the opener itself had given up.
                if closed || self.last_reply == reply && self.last_kind == RST {
                    return step;
                }
                step = Step::Ignore;
            }
            // What is closing may be forgotten and used anew at any time; its numbers prove nothing.
            Step::To(State::Close) if kind == RST && (State::FinWait..=State::Close).contains(&state) => {
                self.note(kind, reply);
                return step;
            }
            // After a SYN that was let through unjudged, who knows which numbers count.
            Step::To(State::Close)
                if kind == RST && self.sides[other].marks & ACKNOWLEDGED != 0 && self.last_kind != SYN =>
            {
                let expected = self.sides[other].acked;
                let established = state == State::Established && assured;
                is_answer = false;
                if segment.seq != 0 || established {
                    if after(expected, segment.seq) {
                        return Step::Invalid;
                    }
                    let follows = self.last_kind == ACK && self.last_reply == reply && segment.seq == self.last_end;
                    // One that does not hit exactly may provoke a challenge; the connection lives on until that is answered.
                    if established && segment.seq != expected && !follows {
                        (step, is_answer) = (Step::To(state), true);
                    }
                }
            }
            _ => {}
        }
        if step == Step::Ignore {
            if !self.agree(segment, reply) {
                self.remember(state, segment, reply);
                return Step::Ignore;
            }
            step = Step::To(State::SynRecv);
        }
        let Step::To(next) = step else { return step };
        is_answer &= segment.ack == self.last_end
            && (answered && self.last_kind == SYN && self.last_reply != reply || !assured && self.last_kind == ACK);
        // Or it answers an acknowledgement that challenged the SYN.
        is_answer |= kind == RST
            && state == State::SynSent
            && (self.last_kind, self.last_reply) == (ACK, true)
            && segment.seq == self.sides[1].acked;
        if !is_answer {
            match self.judge_place(state, segment, reply) {
                Place::Within => {}
                Place::Before => return Step::Ignore,
                Place::Outside => {
                    if assured && kind & (FIN | RST) != 0 {
                        self.note_stray(kind, reply);
                    }
                    return Step::Invalid;
                }
            }
        }
        self.note(kind, reply);
        if state != next && next == State::FinWait {
            self.sides[me].marks |= CLOSED;
        }
        step
    }

    /// The two may be in step where this router is not: if a SYN that was let through is answered, their agreement counts.
    fn agree(&mut self, segment: &Segment<'_>, reply: bool) -> bool {
        let is_answer = segment.kind() == SYN | ACK
            && self.last_kind == SYN
            && self.last_reply != reply
            && segment.ack == self.last_end;
        if is_answer {
            let (me, other) = (usize::from(reply), usize::from(!reply));
            self.sides[other] = Side {
                end: self.last_end,
                most: self.last_end,
                window: u32::from(self.last_window).max(1),
                acked: 0,
                scale: self.last_scale,
                marks: self.last_marks & (SCALES | SELECTIVE),
            };
            self.sides[me] = Side { marks: self.sides[me].marks & LIBERAL, ..Side::default() };
        }
        is_answer
    }

    /// Keeps in mind a segment that is let through unjudged: what it asked for may be answered.
    fn remember(&mut self, state: State, segment: &Segment<'_>, reply: bool) {
        let kind = segment.kind();
        (self.last_kind, self.last_reply) = (kind, reply);
        (self.last_end, self.last_window) = (segment.end, segment.window);
        if kind == SYN && !reply {
            let mut seen = Side::default();
            seen.read_options(segment.options);
            (self.last_scale, self.last_marks) = (seen.scale, seen.marks);
            if state == State::LastAck {
                self.last_marks |= CHALLENGED;
            }
        }
        if state == State::SynSent && kind == ACK && reply {
            self.sides[usize::from(reply)].acked = segment.ack;
        }
    }

    fn note(&mut self, kind: u8, reply: bool) {
        (self.last_kind, self.last_reply) = (kind, reply);
        self.fate = if kind == RST { Fate::Reset } else { Fate::Lives };
    }

    /// An end outside of the window: if the other side's was outside too, both are in step, and this router is not.
    fn note_stray(&mut self, kind: u8, reply: bool) {
        if self.last_reply != reply && self.last_kind & (FIN | RST) != 0 {
            if self.fate == Fate::Lives && !self.waits() {
                self.fate = Fate::Lost;
            }
        } else {
            (self.last_kind, self.last_reply) = (kind, reply);
        }
    }

    /// Where the segment lies; if within, the windows move.
    #[inline(always)]
    fn judge_place(&mut self, state: State, segment: &Segment<'_>, reply: bool) -> Place {
        let [first, second] = &mut self.sides;
        let (sender, receiver) = if reply { (second, first) } else { (first, second) };
        let Segment { mut seq, mut ack, mut end, window, flags, options } = *segment;
        let mut sack = ack;
        if !options.is_empty() && receiver.marks & SELECTIVE != 0 {
            sack = selective(options, ack);
        }
        if sender.window == 0 {
            if flags & SYN != 0 {
                sender.begin(receiver, segment, reply);
                if flags & ACK == 0 {
                    return Place::Within;
                }
            } else {
                sender.end = end;
                sender.window = (u32::from(window) << sender.scale).max(1);
                sender.most = end.wrapping_add(sender.window);
                if receiver.window == 0 {
                    (receiver.end, receiver.most) = (sack, sack);
                } else if sack == receiver.end.wrapping_add(1) {
                    receiver.end = sack;
                }
            }
        } else if flags & SYN != 0 && after(end, sender.end) && matches!(state, State::SynSent | State::SynRecv) {
            sender.begin(receiver, segment, reply);
            if reply && flags & ACK == 0 {
                return Place::Within;
            }
        }
        if flags & ACK == 0 || flags & RST != 0 && ack == 0 {
            (ack, sack) = (receiver.end, receiver.end);
        }
        if flags & RST != 0 && seq == 0 && state == State::SynSent {
            (seq, end) = (sender.end, sender.end);
        }
        let late = receiver.window != 0 && !after(end, sender.end.wrapping_sub(receiver.window).wrapping_sub(1));
        let stale = !after(sack, receiver.end.wrapping_sub(sender.window.max(LATE)).wrapping_sub(1));
        let unsent = after(sack, receiver.end);
        let wrong = if after(seq, sender.most) {
            let excess = end.wrapping_sub(sender.most).wrapping_add(1);
            if receiver.window != 0 && !late && !stale && !unsent && excess <= receiver.window {
                // A little more than was allowed: its acknowledgement must not look like one of what was never sent.
                sender.end = end;
                sender.marks |= PENDING;
                Some(Place::Before)
            } else {
                Some(Place::Outside)
            }
        } else if unsent {
            Some(Place::Outside)
        } else {
            (late || stale).then_some(Place::Before)
        };
        if let Some(place) = wrong {
            return if sender.marks & LIBERAL != 0 { Place::Within } else { place };
        }
        if receiver.window != 0 && after(end, sender.most) {
            receiver.window = receiver.window.wrapping_add(end.wrapping_sub(sender.most));
        }
        let window = if flags & SYN != 0 { u32::from(window) } else { u32::from(window) << sender.scale };
        sender.advance(receiver, end, (flags & ACK != 0).then_some(ack), (ack, sack), window);
        if segment.kind() == ACK {
            (self.last_end, self.last_window) = (end, segment.window);
        }
        Place::Within
    }
}

/// Whether a plain segment of an established connection lies within its window. If not, nothing comes of it.
#[inline(never)]
pub(crate) fn is_within(windows: &mut [Windows], connection: u32, reply: bool, tcp: &[u8]) -> bool {
    windows[connection as usize].passes(&Segment::new(tcp), reply)
}

/// The same, of a segment of `slot` that asks for no long look; of any other nothing has come.
#[inline(never)]
pub(crate) fn is_well_within<A: Address>(windows: &mut Option<Vec<Windows>>, slot: &Slot<A>, tcp: &[u8]) -> bool {
    let windows = windows.as_mut().and_then(|windows| windows.get_mut(slot.connection() as usize));
    windows.is_some_and(|windows| windows.passes_quickly(tcp, slot.is_reply()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn what_passes_quickly_passes_after_a_long_look_too_and_leaves_the_same() {
        let mut rng = Rng::new(3);
        let mut quick = 0;
        for _ in 0..200_000 {
            let base = rng.next_u32();
            let near = |rng: &mut Rng| base.wrapping_add(rng.below(300));
            let side = |rng: &mut Rng| {
                let (end, most, acked) = (near(rng), near(rng).wrapping_add(100), near(rng));
                let window = [0, 1, 200, 70_000][rng.below(4) as usize];
                Side { end, most, window, acked, scale: rng.below(3) as u8, marks: rng.below(64) as u8 }
            };
            let before = Windows { sides: [side(&mut rng), side(&mut rng)], ..Windows::default() };
            let mut tcp = [0; 52];
            tcp[4..8].copy_from_slice(&near(&mut rng).to_be_bytes());
            tcp[8..12].copy_from_slice(&near(&mut rng).to_be_bytes());
            (tcp[12], tcp[13]) = ([0x50, 0x80, 0x60][rng.below(3) as usize], ACK);
            tcp[14..16].copy_from_slice(&[0, [0, 1, 200][rng.below(3) as usize]]);
            tcp[20..24].copy_from_slice(&[1, 1, [8, 5][rng.below(2) as usize], 10]);
            let tcp = &tcp[..[52, 40, 20][rng.below(3) as usize]];
            let (reply, mut windows) = (rng.below(2) == 1, before);
            if windows.passes_quickly(tcp, reply) {
                quick += 1;
                let mut judged = before;
                assert!(judged.passes(&Segment::new(tcp), reply), "{before:?} {tcp:?}");
                assert_eq!(windows, judged, "{before:?} {tcp:?}");
            } else {
                assert_eq!(windows, before);
            }
        }
        assert!(quick > 10_000, "{quick}");
    }
}
