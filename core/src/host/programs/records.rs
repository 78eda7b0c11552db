//! DNS records and codes as the tools print them.

use alloc::format;
use alloc::string::{String, ToString};

use crate::dns::message::{Data, Rcode};

/// A record's content as a zone file has it.
pub(super) fn content(data: &Data) -> String {
    match data {
        Data::A(address) => address.to_string(),
        Data::Aaaa(address) => address.to_string(),
        Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) => name.clone(),
        Data::Txt(text) => format!("\"{text}\""),
        Data::Srv { priority, weight, port, target } => format!("{priority} {weight} {port} {target}"),
        Data::Soa { server, mailbox, serial, refresh, retry, expire, minimum } => {
            format!("{server} {mailbox} {serial} {refresh} {retry} {expire} {minimum}")
        }
        Data::Other { bytes, .. } => format!("\\# {}", bytes.len()),
    }
}

/// A name, or a record's content that ends in one, without its final dot.
pub(super) fn bare(text: &str) -> &str {
    if text == "." { text } else { text.strip_suffix('.').unwrap_or(text) }
}

/// The word for a response code.
pub(super) fn word(rcode: Rcode) -> &'static str {
    match rcode {
        Rcode::NoError => "NOERROR",
        Rcode::FormErr => "FORMERR",
        Rcode::ServFail => "SERVFAIL",
        Rcode::NxDomain => "NXDOMAIN",
        Rcode::NotImp => "NOTIMP",
        Rcode::Refused => "REFUSED",
        Rcode::BadVers => "BADVERS",
        Rcode::Other(_) => "UNKNOWN",
    }
}
