//! The programs of a pod, one a file, each readable from top to bottom like a script.

mod address;
mod curl;
mod dig;
mod duplex;
mod environment;
pub(super) mod files;
mod host;
mod nc;
mod nslookup;
mod options;
mod ping;
mod redis_cli;
mod reply;
mod small;
mod sockets;
mod telnet;
mod text;
mod traceroute;
mod wget;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::{Future, pending};
use core::pin::Pin;

use super::images::{Image, base_name};
use super::shell;
use super::sys::Sys;

/// Every program there is.
const ALL: [&str; 51] = [
    "apk",
    "apt",
    "apt-get",
    "timeout",
    "traceroute",
    "watch",
    "yum",
    "[",
    "ash",
    "bash",
    "cat",
    "curl",
    "cut",
    "date",
    "dig",
    "echo",
    "env",
    "false",
    "grep",
    "egrep",
    "head",
    "host",
    "hostname",
    "ifconfig",
    "ip",
    "nc",
    "ncat",
    "netcat",
    "netstat",
    "nslookup",
    "ping",
    "ping6",
    "printenv",
    "printf",
    "pwd",
    "redis-cli",
    "seq",
    "sh",
    "sleep",
    "sort",
    "ss",
    "tail",
    "telnet",
    "test",
    "tr",
    "true",
    "uniq",
    "wc",
    "wget",
    "which",
    "whoami",
];

/// Whether a container of this image has a program of that name or path.
pub fn exists(image: &str, program: &str) -> bool {
    let name = base_name(program);
    ALL.contains(&name) && (image.is_empty() || Image::parse(image).has(name))
}

/// Runs a program to its exit code; 127 if there is none of that name. Boxed, because a shell runs programs and is one.
pub(super) fn run(sys: Sys, argv: Vec<String>) -> Pin<Box<dyn Future<Output = i32>>> {
    Box::pin(async move {
        let Some((name, arguments)) = argv.split_first() else { return 0 };
        if !exists(&sys.config().image, name) {
            sys.complain(format_args!("sh: {name}: not found"));
            return 127;
        }
        match at_once(&sys, base_name(name), arguments) {
            Some(code) => code,
            None => waiting(&sys, base_name(name), arguments).await,
        }
    })
}

/// The programs that wait for something: each in a box of its own size.
fn waiting<'a>(sys: &'a Sys, name: &'a str, arguments: &'a [String]) -> Pin<Box<dyn Future<Output = i32> + 'a>> {
    match name {
        "sh" | "ash" | "bash" => Box::pin(shell::run(sys, arguments)),
        "curl" => Box::pin(curl::run(sys, arguments)),
        "wget" => Box::pin(wget::run(sys, arguments)),
        "telnet" => Box::pin(telnet::run(sys, arguments)),
        "nc" | "ncat" | "netcat" => Box::pin(nc::run(sys, arguments)),
        "nslookup" => Box::pin(nslookup::run(sys, arguments)),
        "dig" => Box::pin(dig::run(sys, arguments)),
        "host" => Box::pin(host::run(sys, arguments)),
        "ping" | "ping6" => Box::pin(ping::run(sys, arguments)),
        "traceroute" => Box::pin(traceroute::run(sys, arguments)),
        "redis-cli" => Box::pin(redis_cli::run(sys, arguments)),
        "cat" => Box::pin(files::cat(sys, arguments)),
        "grep" | "egrep" => Box::pin(text::grep(sys, arguments)),
        "head" => Box::pin(text::head(sys, arguments)),
        "tail" if arguments.iter().any(|word| matches!(word.as_str(), "-f" | "-F")) => Box::pin(pending()),
        "sleep" => Box::pin(small::sleep(sys, arguments)),
        "timeout" => Box::pin(small::timeout(sys, arguments)),
        "watch" => Box::pin(small::watch(sys, arguments)),
        filter => Box::pin(text::filter(sys, filter, arguments)),
    }
}

/// The programs that are done as soon as they have begun.
fn at_once(sys: &Sys, name: &str, arguments: &[String]) -> Option<i32> {
    Some(match name {
        "env" => environment::env(sys),
        "printenv" => environment::printenv(sys, arguments),
        "hostname" => address::hostname(sys, arguments),
        "ip" => address::ip(sys, arguments),
        "ifconfig" => address::ifconfig(sys),
        "ss" => sockets::ss(sys, arguments),
        "netstat" => sockets::netstat(sys, arguments),
        "echo" => small::echo(sys, arguments),
        "printf" => small::printf(sys, arguments),
        "seq" => small::seq(sys, arguments),
        "date" => small::date(sys, arguments),
        "apk" | "apt" | "apt-get" | "yum" => small::packages(sys, name),
        "test" | "[" => i32::from(!shell::test(arguments)),
        "which" => which(sys, arguments),
        "pwd" => {
            sys.line(sys.variable("PWD").as_deref().unwrap_or("/"));
            0
        }
        "whoami" => {
            sys.line("root");
            0
        }
        "true" => 0,
        "false" => 1,
        _ => return None,
    })
}

/// `which NAME...`.
fn which(sys: &Sys, names: &[String]) -> i32 {
    let missing = names.iter().filter(|name| {
        let there = exists(&sys.config().image, name);
        if there {
            sys.line(format_args!("/usr/bin/{name}"));
        }
        !there
    });
    i32::from(missing.count() > 0)
}
