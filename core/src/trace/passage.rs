//! What one router did to one packet, told as one entry: the row of a table, the step of a picture.

use crate::{
    id::NodeId,
    net::{Event, Flow, Place, Protocol, Reason, Step, Tap},
    time::Instant,
};
use alloc::{
    collections::VecDeque,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::net::{Ipv4Addr, Ipv6Addr};

/// Bytes of a packet's payload that are kept, to say in a word what it is.
const KEPT: usize = 192;

/// A bounded ring of passages, numbered from 0.
#[derive(Debug, Clone)]
pub struct Passages {
    ring: VecDeque<Passage>,
    capacity: usize,
    lost: u64,
    /// The last packet that was seen whole, in case its event comes after it.
    seen: Option<(Place, Head)>,
    /// The payload of the last passage that was forgotten, to be written over.
    spare: Vec<u8>,
}

/// One packet's way through one router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// When.
    pub at: Instant,
    /// Whose router.
    pub node: NodeId,
    /// The flow with which the packet came in.
    pub before: Flow,
    /// The flow with which it left, or would have if a policy had not denied it; equal to `before` if nothing was
    /// translated.
    pub after: Flow,
    /// What became of it.
    pub outcome: Outcome,
    /// Length of the whole IP packet.
    pub bytes: u16,
    head: Head,
}

/// What became of a packet at a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It went on to that place.
    Sent(Place),
    /// It ended here in silence.
    Dropped(Reason),
    /// It ended here, and its sender was told.
    Refused(Reason),
    /// It ended here, for a reason that the router did not give.
    Ended,
}

/// The beginning of a packet behind its IP header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Head {
    protocol: u8,
    /// TCP's flags; type and code of ICMP.
    marks: u16,
    /// Ports, to know the packet again.
    ports: (u16, u16),
    payload: Vec<u8>,
    /// Length of the whole payload.
    length: usize,
}

impl Passages {
    /// Remembers the last `capacity` passages; with 0 none.
    pub fn new(capacity: usize) -> Passages {
        Passages { ring: VecDeque::new(), capacity, lost: 0, seen: None, spare: Vec::new() }
    }

    /// How many were forgotten: the number of the oldest one still known.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The number that the next one will have.
    pub fn end(&self) -> u64 {
        self.lost + self.ring.len() as u64
    }

    /// The passages from number `from` on, with their numbers.
    pub fn since(&self, from: u64) -> impl Iterator<Item = (u64, &Passage)> {
        let skip = usize::try_from(from.saturating_sub(self.lost)).unwrap_or(usize::MAX).min(self.ring.len());
        (self.lost + skip as u64..).zip(self.ring.range(skip..))
    }

    fn open(&mut self, now: Instant, node: NodeId, flow: Flow, bytes: u16) {
        if self.capacity == 0 {
            self.lost += 1;
            return;
        }
        if self.ring.len() == self.capacity
            && let Some(oldest) = self.ring.pop_front()
        {
            self.spare = oldest.head.payload;
            self.lost += 1;
        }
        let seen = self.seen.take_if(|(place, head)| *place == Place::Node(node) && head.is_of(&flow));
        let head = seen.map(|(_, head)| head).unwrap_or_default();
        self.ring.push_back(Passage { at: now, node, before: flow, after: flow, outcome: Outcome::Ended, bytes, head });
    }

    /// The passage that is under way at a node, if one is.
    fn current(&mut self, node: NodeId) -> Option<&mut Passage> {
        self.ring.back_mut().filter(|passage| passage.node == node && passage.outcome == Outcome::Ended)
    }
}

impl Tap for Passages {
    fn event(&mut self, now: Instant, event: &Event) {
        let Place::Node(node) = event.place else { return };
        let outcome = match event.step {
            Step::Received { bytes } => {
                if let Some(flow) = event.flow {
                    self.open(now, node, flow, bytes);
                }
                return;
            }
            Step::Rewritten { to } => {
                if let Some(passage) = self.current(node) {
                    passage.after = to;
                }
                return;
            }
            Step::Judged { allowed: false } => {
                // A policy looks at a packet as it would have left, and it is never written down so.
                if let (Some(flow), Some(passage)) = (event.flow, self.current(node)) {
                    passage.after = flow;
                }
                return;
            }
            Step::Sent { to } => Outcome::Sent(to),
            Step::Dropped { reason } => Outcome::Dropped(reason),
            Step::Refused { reason } => Outcome::Refused(reason),
            _ => return,
        };
        if self.current(node).is_none()
            && let (Some(flow), Outcome::Sent(_)) = (event.flow, outcome)
        {
            // The router's own packet was never received.
            self.open(now, node, flow, 0);
        }
        if let Some(passage) = self.current(node) {
            passage.outcome = outcome;
        }
    }

    fn frame(&mut self, _: Instant, place: Place, packet: &[u8]) {
        let Place::Node(node) = place else { return };
        if self.capacity == 0 {
            return;
        }
        let Some(head) = Head::parse(packet, &mut self.spare) else { return };
        let last = self.ring.back_mut().filter(|last| last.node == node && last.head == Head::default());
        if let Some(passage) = last.filter(|last| head.is_of(&last.before)) {
            passage.head = head;
            passage.bytes = packet.len() as u16;
            return;
        }
        self.seen = Some((place, head));
    }
}

impl Passage {
    /// What a person would call the packet: `SYN`, `GET / HTTP/1.1`, `A? hotel-service.default.svc.cluster.local.`.
    pub fn info(&self) -> String {
        let head = &self.head;
        match self.before.protocol {
            Protocol::Tcp => head.tcp(),
            Protocol::Udp if self.before.dst_port == 53 || self.before.src_port == 53 => {
                dns(&head.payload).unwrap_or_else(|| format!("{} bytes", head.length))
            }
            Protocol::Udp => head.text().unwrap_or_else(|| format!("{} bytes", head.length)),
            Protocol::Icmp => head.icmp().into(),
            other => other.to_string(),
        }
    }
}

impl Head {
    /// Reads a packet; what it keeps of the payload is written over `spare`.
    fn parse(packet: &[u8], spare: &mut Vec<u8>) -> Option<Head> {
        let (protocol, rest) = match packet.first()? >> 4 {
            4 => {
                let end = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
                (*packet.get(9)?, packet.get(usize::from(packet[0] & 15) * 4..end.min(packet.len()))?)
            }
            6 => (*packet.get(6)?, packet.get(40..)?),
            _ => return None,
        };
        let word = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
        let (marks, ports, start) = match protocol {
            6 => (u16::from(*rest.get(13)?), (word(0)?, word(2)?), usize::from(*rest.get(12)? >> 4) * 4),
            17 => (0, (word(0)?, word(2)?), 8),
            1 | 58 => (word(0)?, (0, 0), 8),
            _ => (0, (0, 0), 0),
        };
        let payload = rest.get(start..).unwrap_or_default();
        let mut kept = core::mem::take(spare);
        kept.clear();
        kept.extend_from_slice(&payload[..payload.len().min(KEPT)]);
        Some(Head { protocol, marks, ports, payload: kept, length: payload.len() })
    }

    fn is_of(&self, flow: &Flow) -> bool {
        let has_ports = matches!(flow.protocol, Protocol::Tcp | Protocol::Udp);
        Protocol::from_number(self.protocol) == flow.protocol
            && (!has_ports || self.ports == (flow.src_port, flow.dst_port))
    }

    fn tcp(&self) -> String {
        const FLAGS: [(u16, &str); 4] = [(0x04, "RST"), (0x02, "SYN"), (0x01, "FIN"), (0x10, "ACK")];
        let flag = FLAGS.iter().find(|(bit, _)| self.marks & bit != 0).map_or("", |(_, name)| name);
        match flag {
            "SYN" if self.marks & 0x10 != 0 => "SYN-ACK".into(),
            "ACK" if self.length > 0 => self.text().unwrap_or_else(|| format!("{} bytes", self.length)),
            flag => flag.into(),
        }
    }

    /// The first line of a payload that is text.
    fn text(&self) -> Option<String> {
        let line = self.payload.split(|byte| *byte == b'\r' || *byte == b'\n').next()?;
        let text = core::str::from_utf8(line).ok()?;
        (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.into())
    }

    /// RFC 792 and RFC 4443.
    fn icmp(&self) -> &'static str {
        match (self.protocol, self.marks >> 8, self.marks & 0xff) {
            (1, 8, _) | (58, 128, _) => "echo request",
            (1, 0, _) | (58, 129, _) => "echo reply",
            (1, 3, 3) | (58, 1, 4) => "port unreachable",
            (1, 3, 4) | (58, 2, _) => "packet too big",
            (1, 3, _) | (58, 1, _) => "destination unreachable",
            (1, 11, _) | (58, 3, _) => "time exceeded",
            _ => "ICMP",
        }
    }
}

/// A DNS message in a few words (RFC 1035, section 4): the question, or the first address or the failure.
fn dns(message: &[u8]) -> Option<String> {
    let flags = u16::from_be_bytes([*message.get(2)?, *message.get(3)?]);
    let mut at = 12;
    let mut name = String::new();
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        name.push_str(core::str::from_utf8(message.get(at..at + length)?).ok()?);
        name.push('.');
        at += length;
    }
    let kind = match u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]) {
        1 => "A",
        5 => "CNAME",
        12 => "PTR",
        28 => "AAAA",
        33 => "SRV",
        _ => "other",
    };
    if flags & 0x8000 == 0 {
        return Some(format!("{kind}? {name}"));
    }
    let failure = match flags & 15 {
        0 => None,
        2 => Some("SERVFAIL"),
        3 => Some("NXDOMAIN"),
        5 => Some("REFUSED"),
        _ => Some("failure"),
    };
    if let Some(failure) = failure {
        return Some(format!("{failure} {name}"));
    }
    if message.get(6..8)? == [0, 0] {
        return Some(format!("no {kind} {name}"));
    }
    Some(match address(message, at + 4) {
        Some(address) => format!("{kind} {address}"),
        None => format!("{kind} {name}"),
    })
}

/// The address in the first answer, whose name is compressed.
fn address(message: &[u8], at: usize) -> Option<String> {
    let name = match *message.get(at)? {
        first if first & 0xc0 == 0xc0 => 2,
        _ => message.get(at..)?.iter().position(|byte| *byte == 0)? + 1,
    };
    let data = message.get(at + name + 10..)?;
    match u16::from_be_bytes([*message.get(at + name)?, *message.get(at + name + 1)?]) {
        1 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(data.get(..4)?).ok()?).to_string()),
        28 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(data.get(..16)?).ok()?).to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::HostId;

    const NODE: Place = Place::Node(NodeId(0));

    #[test]
    fn a_packet_that_was_translated_and_sent_on_is_one_passage() {
        let mut passages = Passages::new(8);
        let (before, after) =
            (flow("10.244.1.4", 40_000, "10.96.0.57", 80), flow("10.244.1.4", 40_000, "10.244.2.2", 8080));
        passages.event(Instant::ZERO, &event(before, Step::Received { bytes: 40 }));
        passages.frame(Instant::ZERO, NODE, &syn());
        passages.event(Instant::ZERO, &event(before, Step::Rewritten { to: after }));
        passages.event(Instant::ZERO, &event(after, Step::Sent { to: Place::Host(HostId(3)) }));
        let all: Vec<_> = passages.since(0).collect();
        assert_eq!(all.len(), 1);
        let (number, passage) = all[0];
        assert_eq!((number, passage.before, passage.after), (0, before, after));
        assert_eq!(passage.outcome, Outcome::Sent(Place::Host(HostId(3))));
        assert_eq!(passage.info(), "SYN");
    }

    #[test]
    fn a_packet_that_a_policy_denied_shows_the_pod_that_it_was_for() {
        let mut passages = Passages::new(8);
        let (before, after) =
            (flow("10.244.1.4", 40_000, "10.96.0.57", 80), flow("10.244.1.4", 40_000, "10.244.2.2", 8080));
        passages.event(Instant::ZERO, &event(before, Step::Received { bytes: 40 }));
        passages.event(Instant::ZERO, &event(after, Step::Judged { allowed: false }));
        passages.event(Instant::ZERO, &event(before, Step::Dropped { reason: Reason::Policy }));
        let (_, passage) = passages.since(0).next().unwrap();
        assert_eq!((passage.before, passage.after), (before, after));
        assert_eq!(passage.outcome, Outcome::Dropped(Reason::Policy));
    }

    #[test]
    fn a_packet_seen_before_its_event_is_known_again() {
        let mut passages = Passages::new(8);
        passages.frame(Instant::ZERO, NODE, &syn());
        passages.event(Instant::ZERO, &event(flow("10.244.1.4", 1, "10.96.0.57", 80), Step::Received { bytes: 40 }));
        passages
            .event(Instant::ZERO, &event(flow("10.244.1.4", 40_000, "10.96.0.57", 80), Step::Received { bytes: 40 }));
        let infos: Vec<String> = passages.since(0).map(|(_, passage)| passage.info()).collect();
        assert_eq!(infos, ["", "SYN"]);
    }

    #[test]
    fn the_ring_forgets_the_oldest_and_its_numbers_go_on() {
        let mut passages = Passages::new(2);
        for port in 0..5 {
            passages.event(Instant::ZERO, &event(flow("10.0.0.1", port, "10.0.0.2", 80), Step::Received { bytes: 40 }));
        }
        assert_eq!((passages.lost(), passages.end()), (3, 5));
        assert_eq!(passages.since(0).map(|(number, _)| number).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn dns_messages_are_named_by_question_and_by_answer() {
        let mut message = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0].to_vec();
        message.extend(b"\x05redis\x07default\x00\x00\x01\x00\x01");
        assert_eq!(dns(&message).unwrap(), "A? redis.default.");
        message[2] = 0x84;
        assert_eq!(dns(&message).unwrap(), "no A redis.default.");
        message[7] = 1;
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 96, 0, 9]);
        assert_eq!(dns(&message).unwrap(), "A 10.96.0.9");
        message[3] = 3;
        assert_eq!(dns(&message).unwrap(), "NXDOMAIN redis.default.");
        assert_eq!(dns(&message[..20]), None);
    }

    fn event(flow: Flow, step: Step) -> Event {
        Event { place: NODE, flow: Some(flow), step }
    }

    fn flow(src: &str, src_port: u16, dst: &str, dst_port: u16) -> Flow {
        Flow { protocol: Protocol::Tcp, src: src.parse().unwrap(), src_port, dst: dst.parse().unwrap(), dst_port }
    }

    /// An IPv4 TCP segment with only SYN set, from port 40000 to port 80.
    fn syn() -> Vec<u8> {
        let mut packet = [0; 40].to_vec();
        packet[0] = 0x45;
        packet[3] = 40;
        packet[9] = 6;
        packet[20..24].copy_from_slice(&[0x9c, 0x40, 0, 80]);
        packet[32] = 0x50;
        packet[33] = 2;
        packet
    }
}
