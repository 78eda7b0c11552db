//! `host NAME [SERVER]`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::resolve;
use super::super::sys::Sys;
use super::nslookup::server;
use super::options::Options;
use super::records::bare;
use crate::dns::message::{Data, Rcode, Type};

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let options = Options::read(arguments, "t: *").unwrap_or_default();
    let Some(name) = options.words.first() else {
        return sys.fail(format_args!("Usage: host [-t type] name [server]"));
    };
    let Some(server) = server(sys, options.words.get(1).copied()).await else {
        return sys.fail(format_args!("host: couldn't get address for '{}': not found", options.words[1]));
    };
    let mut kinds = Vec::from([Type::A, Type::AAAA]);
    if let Some(kind) = options.value('t').and_then(Type::from_name) {
        kinds = Vec::from([kind]);
    }
    let mut names = resolve::candidates(sys, name);
    let reverse = resolve::literal(name).map(resolve::reverse_name);
    if let Some(reverse) = &reverse {
        (names, kinds) = (Vec::from([format!("{reverse}.")]), Vec::from([Type::PTR]));
    }
    for candidate in names {
        let Ok(replies) = resolve::ask(sys, server, &candidate, &kinds, 1).await else {
            let ip = server.ip();
            sys.line(format_args!(";; communications error to {ip}#53: timed out\n;; no servers could be reached"));
            return 1;
        };
        let shown = reverse.as_deref().unwrap_or_default();
        match replies.first().map(|reply| reply.rcode) {
            Some(Rcode::NoError) => {}
            None | Some(Rcode::NxDomain) if shown.is_empty() => continue,
            Some(rcode) => {
                let number = if rcode == Rcode::NxDomain { 3 } else { 2 };
                sys.line(format_args!("Host {shown} not found: {number}({rcode})"));
                return 1;
            }
            None => return 1,
        }
        let mut printed = false;
        for reply in &replies {
            for record in &reply.answers {
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
                sys.line(format_args!("{} {is} {}", bare(&record.name), record.data));
            }
        }
        if !printed {
            sys.line(format_args!("{} has no {} record", bare(&candidate), kinds[0]));
        }
        return 0;
    }
    sys.line(format_args!("Host {name} not found: 3(NXDOMAIN)"));
    1
}
