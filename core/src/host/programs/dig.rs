//! `dig`: `[@SERVER] NAME [TYPE] [-x ADDRESS] [-t TYPE] [+short] [+search] [+tcp] [+noall +answer]`.

use alloc::string::{String, ToString};
use alloc::{vec, vec::Vec};
use core::net::SocketAddr;

use super::super::resolve;
use super::super::stream::NetError;
use super::super::sys::Sys;
use super::nslookup::server;
use crate::dns::message::{Message, Rcode, Record, Type};

#[derive(Default)]
struct Options {
    name: String,
    kind: Option<Type>,
    server: Option<String>,
    short: bool,
    search: bool,
    tcp: bool,
    answer_only: bool,
}

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let mut options = Options::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if let Some(name) = argument.strip_prefix('@') {
            options.server = Some(name.to_string());
        } else if let Some(option) = argument.strip_prefix('+') {
            match option {
                "short" => options.short = true,
                "search" => options.search = true,
                "tcp" | "vc" => options.tcp = true,
                "noall" => options.answer_only = true,
                _ => {}
            }
        } else if argument == "-x" {
            let address = arguments.next().and_then(|text| resolve::literal(text));
            let Some(address) = address else { return sys.fail(format_args!("dig: -x needs an address")) };
            options.name = resolve::reverse_name(address);
            options.kind = Some(Type::PTR);
        } else if argument == "-t" {
            options.kind = arguments.next().and_then(|text| Type::from_name(text));
        } else if let Some(kind) = Type::from_name(argument).filter(|_| !options.name.is_empty()) {
            options.kind = Some(kind);
        } else if !argument.starts_with('-') {
            options.name = argument.clone();
        }
    }
    if options.name.is_empty() {
        options.name = ".".to_string();
        options.kind = options.kind.or(Some(Type::NS));
    }
    let Some(server) = server(sys, options.server.as_deref()).await else {
        let name = options.server.unwrap_or_default();
        sys.complain(format_args!("dig: couldn't get address for '{name}': not found"));
        return 10;
    };
    let kind = options.kind.unwrap_or(Type::A);
    let names = match options.search {
        true => resolve::candidates(sys, &options.name),
        false => Vec::from([options.name.clone()]),
    };
    let mut last = None;
    for name in names {
        let start = sys.now();
        let asked = if options.tcp {
            let query = Message::query(sys.draw(), &name, kind).emit(u16::MAX);
            resolve::ask_stream(sys, server, &query).await.map(|reply| vec![reply])
        } else {
            resolve::ask(sys, server, &name, &[kind], 3).await
        };
        let reply = match asked.map(|mut replies| replies.pop()) {
            Ok(Some(reply)) => reply,
            failed => {
                let why = match failed {
                    Err(NetError::Refused) => "connection refused",
                    Err(NetError::HostUnreachable) => "host unreachable",
                    Err(NetError::NetworkUnreachable) => "network unreachable",
                    _ => "timed out",
                };
                let ip = server.ip();
                sys.line(format_args!(";; communications error to {ip}#53: {why}\n;; no servers could be reached"));
                return 9;
            }
        };
        let found = reply.rcode == Rcode::NoError && !reply.answers.is_empty();
        last = Some((reply, sys.millis_since(start)));
        if found {
            break;
        }
    }
    if let Some((reply, millis)) = last {
        if options.short {
            for record in &reply.answers {
                sys.line(format_args!("{}", record.data));
            }
        } else if options.answer_only {
            rows(sys, &reply.answers);
        } else {
            print(sys, &options, server, &reply, millis);
        }
    }
    0
}

fn print(sys: &Sys, options: &Options, server: SocketAddr, reply: &Message, millis: u64) {
    sys.print(format_args!("\n; <<>> DiG 9.20.10 <<>> {}", options.name));
    if let Some(kind) = options.kind {
        sys.print(format_args!(" {kind}"));
    }
    sys.print(format_args!(
        "\n;; global options: +cmd\n;; Got answer:\n\
         ;; ->>HEADER<<- opcode: QUERY, status: {}, id: {}\n;; flags: qr",
        reply.rcode, reply.id
    ));
    let flags = &reply.flags;
    for (is_set, name) in [
        (flags.authoritative, "aa"),
        (flags.truncated, "tc"),
        (flags.recursion_desired, "rd"),
        (flags.recursion_available, "ra"),
        (flags.checking_disabled, "cd"),
    ] {
        if is_set {
            sys.print(format_args!(" {name}"));
        }
    }
    let sections = [("ANSWER", &reply.answers), ("AUTHORITY", &reply.authority), ("ADDITIONAL", &reply.additional)];
    sys.print(format_args!("; QUERY: {}", reply.questions.len()));
    for (title, records) in sections {
        sys.print(format_args!(", {title}: {}", records.len()));
    }
    sys.line(format_args!("\n\n;; QUESTION SECTION:"));
    for question in &reply.questions {
        sys.line(format_args!(";{}\t\tIN\t{}", question.name, question.kind));
    }
    for (title, records) in sections {
        if !records.is_empty() {
            sys.line(format_args!("\n;; {title} SECTION:"));
            rows(sys, records);
        }
    }
    let way = if options.tcp { "TCP" } else { "UDP" };
    let (ip, size) = (server.ip(), reply.emit(u16::MAX).len());
    sys.line(format_args!(
        "\n;; Query time: {millis} msec\n;; SERVER: {ip}#53({ip}) ({way})\n;; MSG SIZE  rcvd: {size}\n"
    ));
}

fn rows(sys: &Sys, records: &[Record]) {
    for record in records {
        sys.line(format_args!("{}\t{}\tIN\t{}\t{}", record.name, record.ttl, record.data.kind(), record.data));
    }
}
