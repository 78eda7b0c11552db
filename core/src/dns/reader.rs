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
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ParseError> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()).ok_or(ParseError::Short)?;
        self.at += N;
        Ok(*taken)
    }

    pub(super) fn u16(&mut self) -> Result<u16, ParseError> {
        self.take().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, ParseError> {
        self.take().map(u32::from_be_bytes)
    }

    pub(super) fn name(&mut self) -> Result<String, ParseError> {
        name::parse(self.bytes, &mut self.at)
    }

    pub(super) fn record(&mut self) -> Result<Parsed, ParseError> {
        let name = self.name()?;
        let kind = Type(self.u16()?);
        let class = self.u16()?;
        let ttl = self.u32()?;
        let end = usize::from(self.u16()?) + self.at;
        let content = self.bytes.get(self.at..end).ok_or(ParseError::Short)?;
        if kind == Type::OPT {
            self.at = end;
            let [high, version, flags, _] = ttl.to_be_bytes();
            return Ok(Parsed::Opt(Edns { size: class, version, dnssec: flags & 0x80 != 0 }, high));
        }
        let data = self.data(kind, content)?;
        // Names in a content move the reader; what they leave over must be nothing.
        if self.at != end {
            return Err(ParseError::Record);
        }
        Ok(Parsed::Record(Record { name, ttl, data }))
    }

    fn data(&mut self, kind: Type, content: &'a [u8]) -> Result<Data, ParseError> {
        Ok(match kind {
            Type::A => Data::A(Ipv4Addr::from(self.take::<4>()?)),
            Type::AAAA => Data::Aaaa(Ipv6Addr::from(self.take::<16>()?)),
            Type::CNAME => Data::Cname(self.name()?),
            Type::NS => Data::Ns(self.name()?),
            Type::PTR => Data::Ptr(self.name()?),
            Type::SRV => {
                Data::Srv { priority: self.u16()?, weight: self.u16()?, port: self.u16()?, target: self.name()? }
            }
            Type::SOA => Data::Soa {
                server: self.name()?,
                mailbox: self.name()?,
                serial: self.u32()?,
                refresh: self.u32()?,
                retry: self.u32()?,
                expire: self.u32()?,
                minimum: self.u32()?,
            },
            Type::TXT => {
                self.at += content.len();
                Data::Txt(text(content)?)
            }
            _ => {
                self.at += content.len();
                Data::Other { kind, bytes: content.to_owned() }
            }
        })
    }
}

/// The character strings of a TXT record as one text.
fn text(mut content: &[u8]) -> Result<String, ParseError> {
    let mut text = String::new();
    while let Some((&length, rest)) = content.split_first() {
        let (chunk, rest) = rest.split_at_checked(usize::from(length)).ok_or(ParseError::Record)?;
        text.push_str(&String::from_utf8_lossy(chunk));
        content = rest;
    }
    Ok(text)
}
