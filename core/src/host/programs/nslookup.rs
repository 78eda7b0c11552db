//! `nslookup`: busybox' (which searches domains only for names without a dot), that of busybox 1.28 (which many
//! documents show), and bind's.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::super::images::Image;
use super::super::resolve;
use super::super::sys::Sys;
use super::records::bare;
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
                None => return sys.fail(format_args!("nslookup: invalid query type \"{kind}\"")),
            },
            Some(_) => {}
            None if argument.starts_with('-') => {}
            None if request.name.is_empty() => request.name = argument,
            None => request.server = Some(argument),
        }
    }
    if request.name.is_empty() {
        return sys.usage("nslookup [-type=QUERY_TYPE] HOST [DNS_SERVER]");
    }
    let Some(server) = server(sys, request.server).await else {
        return sys.fail(format_args!("nslookup: bad address '{}'", request.server.unwrap_or_default()));
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
    let mut kinds = match request.kind {
        Some(kind) => Vec::from([kind]),
        None => Vec::from([Type::A, Type::AAAA]),
    };
    let mut names = Vec::new();
    if let (None, Some(address)) = (request.kind, resolve::literal(request.name)) {
        kinds = Vec::from([Type::PTR]);
        names.push(resolve::reverse_name(address));
    } else if !request.name.contains('.') && request.kind != Some(Type::PTR) {
        for domain in &sys.resolv().search {
            names.push(format!("{}.{domain}", request.name));
        }
    }
    if names.is_empty() {
        names.push(request.name.to_string());
    }
    let mut code = 0;
    let mut said = false;
    for name in &names {
        let Ok(replies) = resolve::ask(sys, server, name, &kinds, 2).await else {
            sys.line(format_args!(";; connection timed out; no servers could be reached\n"));
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
                sys.line(format_args!("** server can't find {name}: {}", reply.rcode));
                code = 1;
            }
            sys.line(format_args!(""));
        }
    }
    code
}

/// The records of an answer, as busybox and bind print them.
fn answer(sys: &Sys, reply: &Message) {
    if !reply.flags.authoritative {
        sys.line(format_args!("Non-authoritative answer:"));
    }
    for record in &reply.answers {
        let (owner, content) = (bare(&record.name), record.data.to_string());
        let content = bare(&content);
        let is = match &record.data {
            Data::A(_) | Data::Aaaa(_) => {
                sys.line(format_args!("Name:\t{owner}\nAddress: {content}"));
                continue;
            }
            Data::Soa { server, mailbox, serial, refresh, retry, expire, minimum } => {
                let (server, mailbox) = (bare(server), bare(mailbox));
                sys.line(format_args!(
                    "{owner}\n\torigin = {server}\n\tmail addr = {mailbox}\n\tserial = {serial}\n\t\
                     refresh = {refresh}\n\tretry = {retry}\n\texpire = {expire}\n\tminimum = {minimum}"
                ));
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
    let mut prefix = format!("Server:    {}\nAddress 1: ", server.ip());
    let mut end = "\n\n";
    let mut addresses = Vec::from([server.ip()]);
    let mut failed = false;
    let mut number = 0;
    // The server first, then what it is asked for.
    while number < addresses.len() {
        let name = format!("{}.", resolve::reverse_name(addresses[number]));
        let replies = resolve::ask_any(sys, &name, &[Type::PTR]).await.unwrap_or_default();
        sys.print(format_args!("{prefix}{}{}{end}", addresses[number], pointer(&replies)));
        if number == 0 {
            match resolve::lookup(sys, request.name).await {
                Ok(found) => {
                    addresses.extend(found);
                    sys.line(format_args!("Name:      {}", request.name));
                }
                Err(_) => failed = true,
            }
        }
        number += 1;
        (prefix, end) = (format!("Address {number}: "), "\n");
    }
    if failed { sys.fail(format_args!("nslookup: can't resolve '{}'", request.name)) } else { 0 }
}

/// The name that a reverse lookup gave, behind a blank.
fn pointer(replies: &[Message]) -> String {
    for reply in replies {
        for record in &reply.answers {
            if let Data::Ptr(name) = &record.data {
                return format!(" {}", bare(name));
            }
        }
    }
    String::new()
}

/// bind's: one name of the search list after the other until one is there; A first, then AAAA of that name.
async fn bind(sys: &Sys, request: &Request<'_>, server: SocketAddr) -> i32 {
    let ip = server.ip();
    let (kind, names) = match (request.kind, resolve::literal(request.name)) {
        (None, Some(address)) => (Type::PTR, Vec::from([format!("{}.", resolve::reverse_name(address))])),
        (kind, _) => (kind.unwrap_or(Type::A), resolve::candidates(sys, request.name)),
    };
    let header = || sys.line(format_args!("Server:\t\t{ip}\nAddress:\t{ip}#53\n"));
    let mut failed = Rcode::ServFail;
    for name in &names {
        let Ok(mut replies) = resolve::ask(sys, server, name, &[kind], 1).await else {
            sys.line(format_args!(";; communications error to {ip}#53: timed out\n;; no servers could be reached\n"));
            return 1;
        };
        let Some(mut reply) = replies.pop() else { continue };
        if reply.rcode == Rcode::NxDomain {
            failed = Rcode::NxDomain;
            continue;
        }
        let reverse = kind == Type::PTR && request.kind.is_none();
        if !reverse {
            header();
        }
        if reply.rcode != Rcode::NoError {
            sys.line(format_args!("** server can't find {}: {}\n", request.name, reply.rcode));
            return 1;
        }
        if kind == Type::A
            && request.kind.is_none()
            && let Ok(more) = resolve::ask(sys, server, name, &[Type::AAAA], 1).await
        {
            for more in more {
                reply.answers.extend(more.answers);
            }
        }
        if reverse {
            for record in &reply.answers {
                if let Data::Ptr(target) = &record.data {
                    sys.line(format_args!("{}\tname = {target}", bare(&record.name)));
                }
            }
        } else if reply.answers.is_empty() {
            sys.line(format_args!("*** Can't find {}: No answer", request.name));
        } else {
            answer(sys, &reply);
        }
        sys.line(format_args!(""));
        return 0;
    }
    let mut name = request.name;
    if kind == Type::PTR {
        name = bare(&names[0]);
    } else {
        header();
    }
    sys.line(format_args!("** server can't find {name}: {failed}\n"));
    1
}
