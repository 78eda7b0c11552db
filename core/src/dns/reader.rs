//! Reading a message's bytes, piece by piece.

use super::{
    code::Type,
    message::{Data, Edns, ParseError, Record},
    name,
};
use alloc::{borrow::ToOwned, string::String};
use core::net::{Ipv4Addr, Ipv6Addr};

/// One record as read: OPT is no record of any name.
pub(super) enum Parsed {
    Record(Record),
    /// With the high bits of the response code.
    Opt(Edns, u8),
}

/// A place in a message.
///
/// Reading never stops: what is not there is nought or empty, and the first mistake is kept to be seen at the end.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) error: Option<ParseError>,
}

impl<'a> Reader<'a> {
    fn fail(&mut self, error: ParseError) {
        self.error.get_or_insert(error);
    }

    /// So many bytes, or none of them.
    fn take(&mut self, count: usize) -> &'a [u8] {
        let taken = self.bytes.get(self.at..self.at + count);
        if taken.is_none() {
            self.fail(ParseError::Short);
        }
        self.at += count;
        taken.unwrap_or_default()
    }

    pub(super) fn u16(&mut self) -> u16 {
        self.take(2).first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes))
    }

    fn u32(&mut self) -> u32 {
        self.take(4).first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }

    pub(super) fn name(&mut self) -> String {
        name::parse(self.bytes, &mut self.at).unwrap_or_else(|error| {
            self.fail(error);
            String::new()
        })
    }

    pub(super) fn record(&mut self) -> Parsed {
        let name = self.name();
        let kind = Type(self.u16());
        let class = self.u16();
        let ttl = self.u32();
        let length = usize::from(self.u16());
        let start = self.at;
        let content = self.take(length);
        if kind == Type::OPT {
            let [high, version, flags, _] = ttl.to_be_bytes();
            return Parsed::Opt(Edns { size: class, version, dnssec: flags & 0x80 != 0 }, high);
        }
        let end = self.at;
        self.at = start;
        let data = self.data(kind, content);
        // Names in a content move the reader; what they leave over must be nothing.
        if self.at != end {
            self.fail(ParseError::Record);
        }
        Parsed::Record(Record { name, ttl, data })
    }

    fn data(&mut self, kind: Type, content: &'a [u8]) -> Data {
        match kind {
            Type::A => Data::A(Ipv4Addr::from(self.u32())),
            Type::AAAA => Data::Aaaa(Ipv6Addr::from(self.take(16).first_chunk().copied().unwrap_or([0; 16]))),
            Type::CNAME => Data::Cname(self.name()),
            Type::NS => Data::Ns(self.name()),
            Type::PTR => Data::Ptr(self.name()),
            Type::SRV => Data::Srv { priority: self.u16(), weight: self.u16(), port: self.u16(), target: self.name() },
            Type::SOA => Data::Soa {
                server: self.name(),
                mailbox: self.name(),
                serial: self.u32(),
                refresh: self.u32(),
                retry: self.u32(),
                expire: self.u32(),
                minimum: self.u32(),
            },
            Type::TXT => {
                self.at += content.len();
                Data::Txt(self.text(content))
            }
            _ => {
                self.at += content.len();
                Data::Other { kind, bytes: content.to_owned() }
            }
        }
    }

    /// The character strings of a TXT record as one text.
    fn text(&mut self, mut content: &[u8]) -> String {
        let mut text = String::new();
        while let Some((&length, rest)) = content.split_first() {
            let Some((chunk, rest)) = rest.split_at_checked(usize::from(length)) else {
                self.fail(ParseError::Record);
                break;
            };
            text.push_str(&String::from_utf8_lossy(chunk));
            content = rest;
        }
        text
    }
}
