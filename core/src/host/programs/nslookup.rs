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
#[derive(Clone, Copy)]
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
    let bind = Image::parse(image).has_bind_tools();
    if !bind && image.contains("busybox:1.2") && !image.contains("busybox:1.29") {
        return old_busybox(sys, &request, server).await;
    }
    let (kinds, names) = questions(sys, &request, bind);
    let mut answers = Answers { sys, request, server, bind, said: false };
    let (mut code, mut failed) = (0, Rcode::ServFail);
    for name in &names {
        let Ok(mut replies) = resolve::ask(sys, server, name, &kinds, if bind { 1 } else { 2 }).await else {
            let ip = server.ip();
            match bind {
                true => sys.line(format_args!(
                    ";; communications error to {ip}#53: timed out\n;; no servers could be reached\n"
                )),
                false => sys.line(format_args!(";; connection timed out; no servers could be reached\n")),
            }
            return 1;
        };
        // bind asks for A, and for AAAA only of a name that is there.
        if bind
            && request.kind.is_none()
            && kinds[0] == Type::A
            && let [reply] = &mut replies[..]
            && reply.rcode == Rcode::NoError
            && let Ok(more) = resolve::ask(sys, server, name, &[Type::AAAA], 1).await
        {
            for more in more {
                reply.answers.extend(more.answers);
            }
        }
        for reply in replies {
            if bind && reply.rcode == Rcode::NxDomain {
                failed = reply.rcode;
                continue;
            }
            code = code.max(answers.show(name, &reply));
            if bind {
                return code;
            }
        }
    }
    if bind {
        let mut name = request.name;
        if kinds[0] == Type::PTR {
            name = bare(&names[0]);
        } else {
            answers.header();
        }
        sys.line(format_args!("** server can't find {name}: {failed}\n"));
        code = 1;
    }
    code
}

/// The types to ask for and the names to ask of. busybox takes the search list only for names without a dot, and all of it;
/// bind takes one name of it after the other until one is there.
fn questions(sys: &Sys, request: &Request<'_>, bind: bool) -> (Vec<Type>, Vec<String>) {
    let kinds = match request.kind {
        Some(kind) => Vec::from([kind]),
        None if bind => Vec::from([Type::A]),
        None => Vec::from([Type::A, Type::AAAA]),
    };
    if let (None, Some(address)) = (request.kind, resolve::literal(request.name)) {
        let end = if bind { "." } else { "" };
        return (Vec::from([Type::PTR]), Vec::from([resolve::reverse_name(address) + end]));
    }
    if bind {
        return (kinds, resolve::candidates(sys, request.name));
    }
    let mut names = Vec::new();
    if !request.name.contains('.') && request.kind != Some(Type::PTR) {
        for domain in &sys.resolv().search {
            names.push(format!("{}.{domain}", request.name));
        }
    }
    if names.is_empty() {
        names.push(request.name.to_string());
    }
    (kinds, names)
}

/// Whom to ask: the server named, or the first of `/etc/resolv.conf`.
pub(super) async fn server(sys: &Sys, named: Option<&str>) -> Option<SocketAddr> {
    let address = match named {
        Some(name) => resolve::address(sys, name).await?,
        None => sys.resolv().nameservers.first().copied().unwrap_or(core::net::Ipv4Addr::LOCALHOST.into()),
    };
    Some(SocketAddr::new(address, 53))
}

/// Who asked for what and whom, to print what came back.
struct Answers<'a> {
    sys: &'a Sys,
    request: Request<'a>,
    server: SocketAddr,
    bind: bool,
    /// Whether the server was named already.
    said: bool,
}

impl Answers<'_> {
    fn header(&mut self) {
        if self.said {
            return;
        }
        self.said = true;
        let ip = self.server.ip();
        match self.bind {
            true => self.sys.line(format_args!("Server:\t\t{ip}\nAddress:\t{ip}#53\n")),
            false => self.sys.line(format_args!("Server:\t\t{ip}\nAddress:\t{}\n", self.server)),
        }
    }

    /// Prints a reply and gives the exit code that it means.
    fn show(&mut self, name: &str, reply: &Message) -> i32 {
        let (sys, asked) = (self.sys, self.request.name);
        let reverse = self.bind && self.request.kind.is_none() && resolve::literal(asked).is_some();
        if !reverse {
            self.header();
        }
        let failed = reply.rcode != Rcode::NoError;
        if failed {
            let name = if self.bind { asked } else { name };
            sys.line(format_args!("** server can't find {name}: {}", reply.rcode));
        } else if reverse {
            for record in &reply.answers {
                if let Data::Ptr(target) = &record.data {
                    sys.line(format_args!("{}\tname = {target}", bare(&record.name)));
                }
            }
        } else if self.bind && reply.answers.is_empty() {
            sys.line(format_args!("*** Can't find {asked}: No answer"));
        } else {
            answer(sys, reply);
        }
        sys.line(format_args!(""));
        i32::from(failed)
    }
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
