//! `nslookup`: busybox' (which searches domains only for names without a dot), that of busybox 1.28 (which many
//! documents show), and bind's.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::super::images::Image;
use super::super::resolve;
use super::super::sys::Sys;
use super::records::{bare, content, word};
use crate::dns::message::{Data, Message, Rcode, Type};

/// What was asked on the command line.
struct Request<'a> {
    name: &'a str,
    server: Option<&'a str>,
    kind: Option<Type>,
}

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let mut request = Request { name: "", server: None, kind: None };
    for argument in arguments {
        match argument.strip_prefix('-').and_then(|option| option.split_once('=')) {
            Some(("type" | "querytype" | "q" | "qt" | "query", kind)) => match Type::from_name(kind) {
                Some(kind) => request.kind = Some(kind),
                None => {
                    sys.complain(format_args!("nslookup: invalid query type \"{kind}\""));
                    return 1;
                }
            },
            Some(_) => {}
            None if argument.starts_with('-') => {}
            None if request.name.is_empty() => request.name = argument,
            None => request.server = Some(argument),
        }
    }
    if request.name.is_empty() {
        sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] HOST [DNS_SERVER]");
        return 1;
    }
    let Some(server) = server(sys, request.server).await else {
        sys.complain(format_args!("nslookup: bad address '{}'", request.server.unwrap_or("")));
        return 1;
    };
    let image = &sys.config().image;
    if Image::parse(image).has_bind_tools() {
        bind(sys, &request, server).await
    } else if image.contains("busybox:1.2") && !image.contains("busybox:1.29") {
        old_busybox(sys, &request, server).await
    } else {
        busybox(sys, &request, server).await
    }
}

/// Whom to ask: the server named, or the first of `/etc/resolv.conf`.
pub(super) async fn server(sys: &Sys, named: Option<&str>) -> Option<SocketAddr> {
    let address = match named {
        Some(name) => resolve::address(sys, name).await?,
        None => sys.resolv().nameservers.first().copied().unwrap_or(core::net::Ipv4Addr::LOCALHOST.into()),
    };
    Some(SocketAddr::new(address, 53))
}

async fn busybox(sys: &Sys, request: &Request<'_>, server: SocketAddr) -> i32 {
    let (kinds, names): (Vec<Type>, Vec<String>) = match (request.kind, resolve::literal(request.name)) {
        (None, Some(address)) => (Vec::from([Type::PTR]), Vec::from([resolve::reverse_name(address)])),
        (kind, _) => {
            let searches = !request.name.contains('.') && !sys.resolv().search.is_empty() && kind != Some(Type::PTR);
            let names = match searches {
                true => sys.resolv().search.iter().map(|domain| format!("{}.{domain}", request.name)).collect(),
                false => Vec::from([request.name.to_string()]),
            };
            (kind.map_or_else(|| Vec::from([Type::A, Type::AAAA]), |kind| Vec::from([kind])), names)
        }
    };
    let mut code = 0;
    let mut said = false;
    for name in &names {
        let mut asked = resolve::ask(sys, server, name, &kinds).await;
        if asked.is_err() {
            asked = resolve::ask(sys, server, name, &kinds).await;
        }
        let Ok(replies) = asked else {
            sys.line(";; connection timed out; no servers could be reached\n");
            return 1;
        };
        if !said {
            sys.line(format_args!("Server:\t\t{}\nAddress:\t{server}\n", server.ip()));
            said = true;
        }
        for reply in replies {
            if reply.rcode == Rcode::NoError {
                answer(sys, &reply);
            } else {
                sys.line(format_args!("** server can't find {name}: {}", word(reply.rcode)));
                code = 1;
            }
            sys.line("");
        }
    }
    code
}

/// The records of an answer, as busybox and bind print them.
fn answer(sys: &Sys, reply: &Message) {
    if !reply.flags.authoritative {
        sys.line("Non-authoritative answer:");
    }
    for record in &reply.answers {
        let (owner, content) = (bare(&record.name), content(&record.data));
        let content = bare(&content);
        let is = match &record.data {
            Data::A(_) | Data::Aaaa(_) => {
                sys.line(format_args!("Name:\t{owner}\nAddress: {content}"));
                continue;
            }
            Data::Soa { server, mailbox, serial, refresh, retry, expire, minimum } => {
                sys.line(format_args!("{owner}\n\torigin = {}\n\tmail addr = {}", bare(server), bare(mailbox)));
                sys.line(format_args!("\tserial = {serial}\n\trefresh = {refresh}\n\tretry = {retry}"));
                sys.line(format_args!("\texpire = {expire}\n\tminimum = {minimum}"));
                continue;
            }
            Data::Cname(_) => "canonical name",
            Data::Ptr(_) => "name",
            Data::Ns(_) => "nameserver",
            Data::Txt(_) => "text",
            Data::Srv { .. } => "service",
            Data::Other { .. } => continue,
        };
        sys.line(format_args!("{owner}\t{is} = {content}"));
    }
}

/// busybox up to 1.28: the C library's search, and a reverse lookup of each address it prints.
async fn old_busybox(sys: &Sys, request: &Request<'_>, server: SocketAddr) -> i32 {
    sys.line(format_args!("Server:    {}\nAddress 1: {}\n", server.ip(), described(sys, server.ip()).await));
    match resolve::lookup(sys, request.name).await {
        Ok(addresses) => {
            sys.line(format_args!("Name:      {}", request.name));
            for (index, address) in addresses.iter().enumerate() {
                sys.line(format_args!("Address {}: {}", index + 1, described(sys, *address).await));
            }
            0
        }
        Err(_) => {
            sys.complain(format_args!("nslookup: can't resolve '{}'", request.name));
            1
        }
    }
}

/// An address and the name its reverse lookup gives.
async fn described(sys: &Sys, address: IpAddr) -> String {
    let replies = resolve::ask_any(sys, &format!("{}.", resolve::reverse_name(address)), &[Type::PTR]).await;
    let name = replies.ok().and_then(|replies| {
        replies.iter().flat_map(|reply| &reply.answers).find_map(|record| match &record.data {
            Data::Ptr(name) => Some(bare(name).to_string()),
            _ => None,
        })
    });
    match name {
        Some(name) => format!("{address} {name}"),
        None => address.to_string(),
    }
}

/// bind's: one name of the search list after the other until one is there; A first, then AAAA of that name.
async fn bind(sys: &Sys, request: &Request<'_>, server: SocketAddr) -> i32 {
    let (kind, names) = match (request.kind, resolve::literal(request.name)) {
        (None, Some(address)) => (Type::PTR, Vec::from([format!("{}.", resolve::reverse_name(address))])),
        (kind, _) => (kind.unwrap_or(Type::A), resolve::candidates(sys, request.name)),
    };
    let mut failed = None;
    for name in &names {
        let Ok(replies) = resolve::ask(sys, server, name, &[kind]).await else {
            sys.line(format_args!(";; communications error to {}#53: timed out", server.ip()));
            sys.line(";; no servers could be reached\n");
            return 1;
        };
        let Some(reply) = replies.first() else { continue };
        if reply.rcode == Rcode::NxDomain {
            failed = Some(Rcode::NxDomain);
            continue;
        }
        let reverse = kind == Type::PTR && request.kind.is_none();
        if !reverse {
            sys.line(format_args!("Server:\t\t{}\nAddress:\t{}#53\n", server.ip(), server.ip()));
        }
        if reply.rcode != Rcode::NoError {
            sys.line(format_args!("** server can't find {}: {}\n", request.name, word(reply.rcode)));
            return 1;
        }
        let mut shown = reply.clone();
        if kind == Type::A
            && request.kind.is_none()
            && let Ok(more) = resolve::ask(sys, server, name, &[Type::AAAA]).await
        {
            shown.answers.extend(more.into_iter().flat_map(|reply| reply.answers));
        }
        if reverse {
            for record in &shown.answers {
                if let Data::Ptr(target) = &record.data {
                    sys.line(format_args!("{}\tname = {target}", bare(&record.name)));
                }
            }
        } else if shown.answers.is_empty() {
            sys.line(format_args!("*** Can't find {}: No answer", request.name));
        } else {
            answer(sys, &shown);
        }
        sys.line("");
        return 0;
    }
    if kind != Type::PTR {
        sys.line(format_args!("Server:\t\t{}\nAddress:\t{}#53\n", server.ip(), server.ip()));
    }
    let name = if kind == Type::PTR { bare(&names[0]) } else { request.name };
    sys.line(format_args!("** server can't find {name}: {}\n", word(failed.unwrap_or(Rcode::ServFail))));
    1
}
