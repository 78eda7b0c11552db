//! What a connection's segments showed of one of its two sides.

use super::segment::{Segment, after, each_option};

/// One side of a connection, as its segments showed it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Side {
    /// The end of what it sent.
    pub(super) end: u32,
    /// The end of what it may send: what the other side acknowledged, and its window.
    pub(super) most: u32,
    /// The largest window it offered; 0 as long as it sent nothing.
    pub(super) window: u32,
    /// The highest acknowledgement it sent, if `ACKNOWLEDGED`.
    pub(super) acked: u32,
    pub(super) scale: u8,
    pub(super) marks: u8,
}

/// It asked for windows to be scaled.
pub(super) const SCALES: u8 = 1;
/// It takes selective acknowledgements.
pub(super) const SELECTIVE: u8 = 2;
/// The beginning of the connection was not seen: nothing it sends is out of window.
pub(super) const LIBERAL: u8 = 4;
/// It closed the connection.
pub(super) const CLOSED: u8 = 8;
/// It sent an acknowledgement.
pub(super) const ACKNOWLEDGED: u8 = 16;
/// What it sent was not acknowledged yet.
pub(super) const PENDING: u8 = 32;

impl Side {
    /// It sent as far as `end`, acknowledged `ack` and selectively `sack`, and offers a window.
    #[inline(always)]
    pub(super) fn advance(
        &mut self,
        other: &mut Side,
        end: u32,
        told: Option<u32>,
        (ack, sack): (u32, u32),
        window: u32,
    ) {
        self.window = self.window.max(window.wrapping_add(sack.wrapping_sub(ack)));
        if after(end, self.end) {
            self.end = end;
            self.marks |= PENDING;
        }
        if let Some(ack) = told {
            if self.marks & ACKNOWLEDGED == 0 || after(ack, self.acked) {
                self.acked = ack;
            }
            self.marks |= ACKNOWLEDGED;
        }
        let offered = sack.wrapping_add(window);
        if !after(other.most, offered) {
            other.most = if window == 0 { offered.wrapping_add(1) } else { offered };
        }
        if ack == other.end {
            other.marks &= !PENDING;
        }
    }

    /// It begins with this SYN.
    pub(super) fn begin(&mut self, other: &mut Side, segment: &Segment<'_>, reply: bool) {
        (self.end, self.most) = (segment.end, segment.end);
        self.window = u32::from(segment.window).max(1);
        self.read_options(segment.options);
        // Both sides must ask for it, or neither scales (RFC 7323).
        if reply && self.marks & other.marks & SCALES == 0 {
            (self.scale, other.scale) = (0, 0);
        }
    }

    pub(super) fn read_options(&mut self, options: &[u8]) {
        if options.is_empty() {
            return;
        }
        (self.scale, self.marks) = (0, self.marks & LIBERAL);
        each_option(options, |kind, value| match (kind, value) {
            (3, [scale]) => {
                self.scale = (*scale).min(14);
                self.marks |= SCALES;
            }
            (4, []) => self.marks |= SELECTIVE,
            _ => {}
        });
    }
}
