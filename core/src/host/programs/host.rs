//! `host NAME [SERVER]`.

use alloc::format;
use alloc::string::String;

use super::super::resolve;
use super::super::sys::Sys;
use super::nslookup::server;
use super::records::{bare, content, word};
use crate::dns::message::{Data, Rcode, Type};

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let mut plain = alloc::vec::Vec::new();
    let mut kind = None;
    let mut words = arguments.iter();
    while let Some(argument) = words.next() {
        match argument.as_str() {
            "-t" => kind = words.next().and_then(|name| Type::from_name(name)),
            option if option.starts_with('-') => {}
            word => plain.push(word),
        }
    }
    let Some(name) = plain.first().copied() else {
        sys.complain("Usage: host [-t type] name [server]");
        return 1;
    };
    let Some(server) = server(sys, plain.get(1).copied()).await else {
        sys.complain(format_args!("host: couldn't get address for '{}': not found", plain[1]));
        return 1;
    };
    if let Some(address) = resolve::literal(name) {
        let reverse = resolve::reverse_name(address);
        return one(sys, server, &format!("{reverse}."), &[Type::PTR], &reverse).await.unwrap_or(1);
    }
    let single = kind.map(|kind| [kind]);
    let kinds = single.as_ref().map_or(&[Type::A, Type::AAAA][..], |kind| &kind[..]);
    for candidate in resolve::candidates(sys, name) {
        if let Some(code) = one(sys, server, &candidate, kinds, "").await {
            return code;
        }
    }
    sys.line(format_args!("Host {name} not found: 3(NXDOMAIN)"));
    1
}

/// Asks for one full name; `None` if there is no such name and another one may be tried (`shown` is empty).
async fn one(sys: &Sys, server: core::net::SocketAddr, name: &str, kinds: &[Type], shown: &str) -> Option<i32> {
    let Ok(replies) = resolve::ask(sys, server, name, kinds).await else {
        let ip = server.ip();
        sys.line(format_args!(";; communications error to {ip}#53: timed out\n;; no servers could be reached"));
        return Some(1);
    };
    let first = replies.first()?;
    if first.rcode == Rcode::NxDomain && shown.is_empty() {
        return None;
    }
    if first.rcode != Rcode::NoError {
        sys.line(format_args!(
            "Host {shown} not found: {}({})",
            if first.rcode == Rcode::NxDomain { 3 } else { 2 },
            word(first.rcode)
        ));
        return Some(1);
    }
    let mut printed = false;
    for record in replies.iter().flat_map(|reply| &reply.answers) {
        let owner = bare(&record.name);
        printed = true;
        let is = match &record.data {
            Data::A(_) => "has address",
            Data::Aaaa(_) => "has IPv6 address",
            Data::Cname(_) => "is an alias for",
            Data::Ptr(_) => "domain name pointer",
            Data::Srv { .. } => "has SRV record",
            Data::Txt(_) => "descriptive text",
            Data::Ns(_) => "name server",
            Data::Soa { .. } => "has SOA record",
            Data::Other { .. } => continue,
        };
        sys.line(format_args!("{owner} {is} {}", content(&record.data)));
    }
    if !printed {
        sys.line(format_args!("{} has no {} record", bare(name), kinds[0]));
    }
    Some(0)
}
