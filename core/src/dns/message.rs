//! DNS messages (RFC 1035, EDNS from RFC 6891): the wire format of the server and of every client in a pod.
//!
//! The codec is our own: questions keep the letters they came in, answers need nine record types, and the smallest
//! maintained no_std crate costs 39 KiB of compressed wasm, a quarter of what the whole product may weigh.

pub use super::code::{Rcode, Type};
use super::{
    name::{self, Places},
    reader::{Parsed, Reader},
};
use alloc::{string::String, vec::Vec};
use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

/// A whole message.
///
/// ```
/// use clusterip::dns::{Message, Type};
/// let query = Message::query(7, "web.shop.svc.cluster.local", Type::A);
/// let parsed = Message::parse(&query.emit(512)).unwrap();
/// assert_eq!(parsed.question().unwrap().name, "web.shop.svc.cluster.local.");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Chosen by the client, repeated by the server.
    pub id: u16,
    /// The header's flags.
    pub flags: Flags,
    /// What kind of query: 0 is the standard one.
    pub opcode: u8,
    /// How it went.
    pub rcode: Rcode,
    /// What is asked; one, in practice.
    pub questions: Vec<Question>,
    /// What was asked for.
    pub answers: Vec<Record>,
    /// For negative answers, the SOA.
    pub authority: Vec<Record>,
    /// What the client will want next.
    pub additional: Vec<Record>,
    /// The sender speaks EDNS and takes datagrams of this many bytes.
    pub edns: Option<Edns>,
}

/// The header's flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// QR: this is an answer.
    pub response: bool,
    /// AA: the server owns the zone.
    pub authoritative: bool,
    /// TC: records were left out; ask again over TCP.
    pub truncated: bool,
    /// RD: the client wants the server to ask on.
    pub recursion_desired: bool,
    /// RA: the server asks on.
    pub recursion_available: bool,
    /// CD: the client takes records that nobody checked.
    pub checking_disabled: bool,
}

impl Flags {
    /// The flags among a header's bits.
    pub(super) fn from_bits(bits: u16) -> Flags {
        Flags {
            response: bits & 0x8000 != 0,
            authoritative: bits & 0x0400 != 0,
            truncated: bits & 0x0200 != 0,
            recursion_desired: bits & 0x0100 != 0,
            recursion_available: bits & 0x0080 != 0,
            checking_disabled: bits & 0x0010 != 0,
        }
    }
}

/// What an OPT record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edns {
    /// Largest datagram the sender takes, in bytes.
    pub size: u16,
    /// The EDNS version, 0.
    pub version: u8,
    /// The DNSSEC OK bit.
    pub dnssec: bool,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The name, with its final dot and in the client's letters.
    pub name: String,
    /// The record type wanted.
    pub kind: Type,
    /// The class: 1 is the Internet.
    pub class: u16,
}

/// A resource record of the Internet class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose record, with the final dot.
    pub name: String,
    /// Seconds it may be kept.
    pub ttl: u32,
    /// Its type and content.
    pub data: Data,
}

/// The content of a record. Names end in a dot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Cname(String),
    Ns(String),
    Ptr(String),
    Txt(String),
    Srv { priority: u16, weight: u16, port: u16, target: String },
    Soa { server: String, mailbox: String, serial: u32, refresh: u32, retry: u32, expire: u32, minimum: u32 },
    Other { kind: Type, bytes: Vec<u8> },
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It ends too early.
    #[error("short message")]
    Short,
    /// A name is too long, or points forward.
    #[error("bad name")]
    Name,
    /// A record's content does not fit its type.
    #[error("bad record")]
    Record,
}

/// The Internet class.
pub(super) const INTERNET: u16 = 1;

impl Message {
    /// A standard query that asks the server to ask on.
    pub fn query(id: u16, name: &str, kind: Type) -> Message {
        Message {
            id,
            flags: Flags { recursion_desired: true, ..Flags::default() },
            questions: [Question { name: name::absolute(name), kind, class: INTERNET }].into(),
            ..Message::default()
        }
    }

    /// The first question.
    pub fn question(&self) -> Option<&Question> {
        self.questions.first()
    }

    /// Reads a message. Bytes behind its last record are ignored.
    pub fn parse(bytes: &[u8]) -> Result<Message, ParseError> {
        let mut reader = Reader { bytes, at: 0, error: None };
        let mut message = Message { id: reader.u16(), ..Message::default() };
        let bits = reader.u16();
        message.opcode = (bits >> 11) as u8 & 0xf;
        message.flags = Flags::from_bits(bits);
        let mut rcode = bits & 0xf;
        let counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()];
        for (section, count) in counts.into_iter().enumerate() {
            for _ in 0..count {
                if let Some(error) = reader.error {
                    return Err(error);
                }
                let records = match section {
                    0 => {
                        let (name, kind, class) = (reader.name(), Type(reader.u16()), reader.u16());
                        message.questions.push(Question { name, kind, class });
                        continue;
                    }
                    1 => &mut message.answers,
                    2 => &mut message.authority,
                    _ => &mut message.additional,
                };
                match reader.record() {
                    Parsed::Record(record) => records.push(record),
                    Parsed::Opt(edns, high) => {
                        message.edns = Some(edns);
                        rcode |= u16::from(high) << 4;
                    }
                }
            }
        }
        message.rcode = Rcode::from_number(rcode);
        match reader.error {
            Some(error) => Err(error),
            None => Ok(message),
        }
    }

    /// The bytes, at most `limit` of them (512 at the least).
    ///
    /// As CoreDNS does (miekg/dns `Msg.Truncate`): names are compressed only if the message would not fit otherwise,
    /// and if it still does not, the first record that does not fit and all behind it are left out and TC is set.
    pub fn emit(&self, limit: u16) -> Vec<u8> {
        let limit = usize::from(limit.max(512));
        let plain = self.emit_within(usize::from(u16::MAX), None);
        match plain {
            Some(bytes) if bytes.len() <= limit => bytes,
            _ => self.emit_within(limit, Some(Places::default())).unwrap_or_default(),
        }
    }

    /// Nothing if records had to be left out and names were not compressed.
    fn emit_within(&self, limit: usize, mut places: Option<Places>) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(&self.id.to_be_bytes());
        out.extend_from_slice(&[0; 10]);
        for question in &self.questions {
            name::emit(&mut out, &question.name, places.as_mut());
            out.extend_from_slice(&question.kind.0.to_be_bytes());
            out.extend_from_slice(&question.class.to_be_bytes());
        }
        // The OPT record is never the one left out: its 11 bytes are kept free.
        let limit = limit - self.edns.map_or(0, |_| OPT_LENGTH);
        let mut counts = [self.questions.len() as u16, 0, 0, 0];
        let mut truncated = self.flags.truncated;
        'sections: for (section, records) in [&self.answers, &self.authority, &self.additional].into_iter().enumerate()
        {
            for record in records {
                let before = out.len();
                record.emit(&mut out, places.as_mut());
                if out.len() > limit {
                    places.as_mut()?.truncate(before);
                    out.truncate(before);
                    truncated = true;
                    break 'sections;
                }
                counts[section + 1] += 1;
            }
        }
        if let Some(edns) = self.edns {
            emit_opt(&mut out, edns, self.rcode);
            counts[3] += 1;
        }
        out[2..4].copy_from_slice(&self.bits(truncated).to_be_bytes());
        for (at, count) in counts.into_iter().enumerate() {
            out[4 + 2 * at..6 + 2 * at].copy_from_slice(&count.to_be_bytes());
        }
        Some(out)
    }

    fn bits(&self, truncated: bool) -> u16 {
        let bit = |on: bool, at: u16| u16::from(on) << at;
        bit(self.flags.response, 15)
            | u16::from(self.opcode & 0xf) << 11
            | bit(self.flags.authoritative, 10)
            | bit(truncated, 9)
            | bit(self.flags.recursion_desired, 8)
            | bit(self.flags.recursion_available, 7)
            | bit(self.flags.checking_disabled, 4)
            | self.rcode.number() & 0xf
    }
}

/// Length of an OPT record without options.
const OPT_LENGTH: usize = 11;

fn emit_opt(out: &mut Vec<u8>, edns: Edns, rcode: Rcode) {
    out.push(0);
    out.extend_from_slice(&Type::OPT.0.to_be_bytes());
    out.extend_from_slice(&edns.size.to_be_bytes());
    out.extend_from_slice(&[(rcode.number() >> 4) as u8, edns.version, u8::from(edns.dnssec) << 7, 0]);
    out.extend_from_slice(&[0, 0]);
}

impl Data {
    /// The record type.
    pub fn kind(&self) -> Type {
        match self {
            Data::A(_) => Type::A,
            Data::Aaaa(_) => Type::AAAA,
            Data::Cname(_) => Type::CNAME,
            Data::Ns(_) => Type::NS,
            Data::Ptr(_) => Type::PTR,
            Data::Txt(_) => Type::TXT,
            Data::Srv { .. } => Type::SRV,
            Data::Soa { .. } => Type::SOA,
            Data::Other { kind, .. } => *kind,
        }
    }

    fn emit(&self, out: &mut Vec<u8>, places: Option<&mut Places>) {
        match self {
            Data::A(address) => out.extend_from_slice(&address.octets()),
            Data::Aaaa(address) => out.extend_from_slice(&address.octets()),
            Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) => name::emit(out, name, places),
            Data::Txt(text) => {
                for chunk in text.as_bytes().chunks(255) {
                    out.push(chunk.len() as u8);
                    out.extend_from_slice(chunk);
                }
                if text.is_empty() {
                    out.push(0);
                }
            }
            Data::Srv { priority, weight, port, target } => {
                for number in [priority, weight, port] {
                    out.extend_from_slice(&number.to_be_bytes());
                }
                // RFC 2782: the target is never compressed.
                name::emit(out, target, None);
            }
            Data::Soa { server, mailbox, serial, refresh, retry, expire, minimum } => {
                let mut places = places;
                name::emit(out, server, places.as_deref_mut());
                name::emit(out, mailbox, places);
                for number in [serial, refresh, retry, expire, minimum] {
                    out.extend_from_slice(&number.to_be_bytes());
                }
            }
            Data::Other { bytes, .. } => out.extend_from_slice(bytes),
        }
    }
}

impl fmt::Display for Data {
    /// As zone files and `dig` write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Data::A(address) => write!(f, "{address}"),
            Data::Aaaa(address) => write!(f, "{address}"),
            Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) => f.write_str(name),
            Data::Txt(text) => write!(f, "\"{text}\""),
            Data::Srv { priority, weight, port, target } => write!(f, "{priority} {weight} {port} {target}"),
            Data::Soa { server, mailbox, serial, refresh, retry, expire, minimum } => {
                write!(f, "{server} {mailbox} {serial} {refresh} {retry} {expire} {minimum}")
            }
            Data::Other { bytes, .. } => {
                write!(f, "\\# {}", bytes.len())?;
                for byte in bytes {
                    write!(f, " {byte:02x}")?;
                }
                Ok(())
            }
        }
    }
}

impl Record {
    fn emit(&self, out: &mut Vec<u8>, mut places: Option<&mut Places>) {
        name::emit(out, &self.name, places.as_deref_mut());
        out.extend_from_slice(&self.data.kind().0.to_be_bytes());
        out.extend_from_slice(&INTERNET.to_be_bytes());
        out.extend_from_slice(&self.ttl.to_be_bytes());
        let length_at = out.len();
        out.extend_from_slice(&[0, 0]);
        self.data.emit(out, places);
        let length = (out.len() - length_at - 2) as u16;
        out[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
