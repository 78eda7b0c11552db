//! A TCP segment, as far as its sequence numbers go.

use crate::net::header::tcp_flags::{ACK, FIN, RST, SYN};

/// What a segment says of sequence numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) seq: u32,
    pub(super) ack: u32,
    /// One past its last byte; SYN and FIN count as one each.
    pub(super) end: u32,
    pub(super) window: u16,
    pub(super) flags: u8,
    pub(super) options: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Reads a TCP segment: header and payload. Zeros, if it is shorter than its header.
    #[inline]
    pub(super) fn new(tcp: &'a [u8]) -> Segment<'a> {
        let Some((header, rest)) = tcp.split_first_chunk::<20>() else {
            return Segment { seq: 0, ack: 0, end: 0, window: 0, flags: 0, options: &[] };
        };
        let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (seq, flags) = (word(4), header[13]);
        let options = rest.get(..(usize::from(header[12] >> 4) * 4).saturating_sub(20)).unwrap_or(&[]);
        let data = (rest.len() - options.len()) as u32;
        Segment {
            seq,
            ack: word(8),
            end: seq.wrapping_add(data + u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0)),
            window: u16::from_be_bytes([header[14], header[15]]),
            flags,
            options,
        }
    }

    /// What it is above all: of a reset RST alone, of a SYN whether it acknowledges.
    pub(super) fn kind(&self) -> u8 {
        if self.flags & RST != 0 {
            RST
        } else if self.flags & SYN != 0 {
            self.flags & (SYN | ACK)
        } else if self.flags & FIN != 0 {
            FIN
        } else {
            self.flags & ACK
        }
    }
}

/// Whether the sequence number `a` comes after `b`.
#[inline(always)]
pub(super) fn after(a: u32, b: u32) -> bool {
    (b.wrapping_sub(a) as i32) < 0
}

/// The end of the highest block that a segment acknowledges out of order, or `ack`.
#[inline(never)]
pub(super) fn selective(options: &[u8], ack: u32) -> u32 {
    let mut highest = ack;
    each_option(options, |kind, value| {
        if kind == 5 && value.len() % 8 == 0 {
            for block in value.chunks_exact(8) {
                let end = u32::from_be_bytes([block[4], block[5], block[6], block[7]]);
                if after(end, highest) {
                    highest = end;
                }
            }
        }
    });
    highest
}

/// Shows every option with its value, as far as they can be read.
pub(super) fn each_option(mut options: &[u8], mut see: impl FnMut(u8, &[u8])) {
    while let [kind, rest @ ..] = options {
        options = match (kind, rest) {
            (0, _) => return,
            (1, rest) => rest,
            (_, [length, ..]) if (2..=rest.len() + 1).contains(&usize::from(*length)) => {
                let (value, next) = rest[1..].split_at(usize::from(*length) - 2);
                see(*kind, value);
                next
            }
            _ => return,
        };
    }
}
