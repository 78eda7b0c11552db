//! Whole packets, for Wireshark and tshark.

use crate::{
    net::{Event, Place, Tap},
    time::Instant,
};
use alloc::{collections::VecDeque, string::String, vec::Vec};

/// A bounded ring of packets, from one place or from all.
///
/// ```
/// use clusterip::{net::{Place, Tap}, id::NodeId, time::Instant, trace::{Capture, Format}};
/// let mut capture = Capture::new(1 << 20, None);
/// capture.frame(Instant::ZERO, Place::Node(NodeId(0)), &[0x45, 0]);
/// let file = capture.emit(Format::Pcapng, |place| format!("{place:?}"));
/// assert_eq!(file[..4], [0x0a, 0x0d, 0x0d, 0x0a]);
/// ```
#[derive(Debug, Clone)]
pub struct Capture {
    held: VecDeque<Held>,
    /// The packets one behind the other, each in one piece; at the limit it begins again from the front.
    bytes: Vec<u8>,
    /// Where the next packet is written. What lies behind is older than what lies before.
    next: usize,
    limit: usize,
    only: Option<Place>,
    lost: u64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    at: Instant,
    place: Place,
    start: usize,
    end: usize,
}

/// One packet, as it was at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When it was there.
    pub at: Instant,
    /// Where.
    pub place: Place,
    /// The whole IP packet.
    pub packet: &'a [u8],
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// libpcap's classic format, which knows of no places.
    Pcap,
    /// pcapng, in which every place is an interface.
    Pcapng,
}

/// Packets begin with the IP header (tcpdump.org linktypes, LINKTYPE_RAW).
const LINK_TYPE: u16 = 101;
/// Longest packet that a capture claims to hold.
const SNAP_LENGTH: u32 = 65_535;

impl Capture {
    /// Holds at most `limit` bytes of packets, of one place only if given; older ones make room.
    pub fn new(limit: usize, only: Option<Place>) -> Capture {
        Capture { held: VecDeque::new(), bytes: Vec::new(), next: 0, limit, only, lost: 0 }
    }

    /// How many packets were forgotten.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The packets, oldest first.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        self.held.iter().map(|&Held { at, place, start, end }| Frame { at, place, packet: &self.bytes[start..end] })
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Capture::new(self.limit, self.only);
    }

    /// A file with all of them; `name` gives the names of interfaces.
    pub fn emit(&self, format: Format, name: impl Fn(Place) -> String) -> Vec<u8> {
        match format {
            Format::Pcap => pcap(self.frames()),
            Format::Pcapng => pcapng(self.frames(), name),
        }
    }
}

impl Tap for Capture {
    fn event(&mut self, _: Instant, _: &Event) {}

    fn frame(&mut self, now: Instant, place: Place, packet: &[u8]) {
        if self.only.is_some_and(|only| only != place) {
            return;
        }
        if packet.len() > self.limit {
            self.lost += 1;
            return;
        }
        if self.next + packet.len() > self.limit {
            self.forget(usize::MAX);
            self.next = 0;
        }
        let (start, end) = (self.next, self.next + packet.len());
        self.forget(end);
        if end > self.bytes.len() {
            if end > self.bytes.capacity() {
                let more = (2 * end).min(self.limit);
                self.bytes.reserve_exact(more - self.bytes.len());
            }
            self.bytes.resize(end, 0);
        }
        self.bytes[start..end].copy_from_slice(packet);
        self.held.push_back(Held { at: now, place, start, end });
        self.next = end;
    }
}

impl Capture {
    /// Forgets what lies between the place of the next packet and `end`.
    fn forget(&mut self, end: usize) {
        let next = self.next;
        while self.held.pop_front_if(|oldest| (next..end).contains(&oldest.start)).is_some() {
            self.lost += 1;
        }
    }
}

/// A classic capture file, little-endian, with microseconds.
pub fn pcap<'a>(frames: impl Iterator<Item = Frame<'a>>) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(0xa1b2_c3d4_u32.to_le_bytes());
    out.extend([2, 0, 4, 0]);
    out.extend([0; 8]);
    out.extend(SNAP_LENGTH.to_le_bytes());
    out.extend(u32::from(LINK_TYPE).to_le_bytes());
    for frame in frames {
        let micros = frame.at.total_micros().max(0);
        let length = frame.packet.len() as u32;
        for number in [(micros / 1_000_000) as u32, (micros % 1_000_000) as u32, length, length] {
            out.extend(number.to_le_bytes());
        }
        out.extend(frame.packet);
    }
    out
}

/// A pcapng file, little-endian (IETF draft-ietf-opsawg-pcapng): one section, an interface for each place in the order
/// they are first seen, one enhanced packet block for each packet.
pub fn pcapng<'a>(frames: impl Iterator<Item = Frame<'a>>, name: impl Fn(Place) -> String) -> Vec<u8> {
    let mut out = Vec::new();
    block(&mut out, 0x0a0d_0d0a, |body| {
        body.extend(0x1a2b_3c4d_u32.to_le_bytes());
        body.extend([1, 0, 0, 0]);
        // The section's length is not said.
        body.extend([0xff; 8]);
    });
    let mut places: Vec<Place> = Vec::new();
    for frame in frames {
        let known = places.iter().position(|place| *place == frame.place);
        let interface = known.unwrap_or_else(|| {
            block(&mut out, 1, |body| {
                body.extend(LINK_TYPE.to_le_bytes());
                body.extend([0, 0]);
                body.extend(SNAP_LENGTH.to_le_bytes());
                option(body, 2, name(frame.place).as_bytes());
                // Times are in microseconds.
                option(body, 9, &[6]);
                option(body, 0, &[]);
            });
            places.push(frame.place);
            places.len() - 1
        });
        block(&mut out, 6, |body| {
            let micros = frame.at.total_micros().max(0).unsigned_abs();
            let length = frame.packet.len() as u32;
            for number in [interface as u32, (micros >> 32) as u32, micros as u32, length, length] {
                body.extend(number.to_le_bytes());
            }
            body.extend(frame.packet);
            pad(body);
        });
    }
    out
}

fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend(kind.to_le_bytes());
    out.extend([0; 4]);
    body(out);
    let length = (out.len() - start + 4) as u32;
    out[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
    out.extend(length.to_le_bytes());
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    out.extend(code.to_le_bytes());
    out.extend((value.len() as u16).to_le_bytes());
    out.extend(value);
    pad(out);
}

/// To a multiple of four; every block begins at one.
fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{HostId, LinkId};
    use alloc::{format, vec};

    const HERE: Place = Place::Host(HostId(3));
    const THERE: Place = Place::Link(LinkId(1));

    #[test]
    fn a_classic_file_holds_headers_and_packets() {
        let mut capture = Capture::new(100, None);
        capture.frame(Instant::from_micros(2_000_005), HERE, &[0x45, 1, 2]);
        let file = capture.emit(Format::Pcap, |_| String::new());
        assert_eq!(file.len(), 24 + 16 + 3);
        assert_eq!(file[20..24], [101, 0, 0, 0]);
        assert_eq!(file[24..40], [2, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0]);
    }

    #[test]
    fn every_block_of_a_pcapng_file_says_its_length_twice_and_every_place_is_one_interface() {
        let mut capture = Capture::new(100, None);
        for place in [HERE, THERE, HERE] {
            capture.frame(Instant::from_micros(1_i64 << 33), place, &[0x45, 1, 2, 3, 4]);
        }
        let file = capture.emit(Format::Pcapng, |place| format!("{place:?}"));
        let mut kinds = Vec::new();
        let mut rest = file.as_slice();
        while !rest.is_empty() {
            let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
            let length = word(4) as usize;
            assert_eq!(length % 4, 0);
            assert_eq!(word(length - 4) as usize, length);
            kinds.push(word(0));
            if word(0) == 6 {
                assert_eq!((word(12), word(16)), (2, 0), "time in two halves");
            }
            rest = &rest[length..];
        }
        assert_eq!(kinds, [0x0a0d_0d0a, 1, 6, 1, 6, 6]);
    }

    #[test]
    fn older_packets_make_room_and_are_counted() {
        let mut capture = Capture::new(10, Some(HERE));
        capture.frame(Instant::ZERO, THERE, &[9; 4]);
        for n in 0..3 {
            capture.frame(Instant::ZERO, HERE, &[n; 4]);
        }
        capture.frame(Instant::ZERO, HERE, &[9; 11]);
        let held: Vec<u8> = capture.frames().map(|frame| frame.packet[0]).collect();
        assert_eq!((held, capture.lost()), (vec![1, 2], 2));
    }
}
