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
use core::future::Future;
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
        match base_name(name) {
            "sh" | "ash" | "bash" => shell::run(&sys, arguments).await,
            "curl" => curl::run(&sys, arguments).await,
            "wget" => wget::run(&sys, arguments).await,
            "telnet" => telnet::run(&sys, arguments).await,
            "nc" | "ncat" | "netcat" => nc::run(&sys, arguments).await,
            "nslookup" => nslookup::run(&sys, arguments).await,
            "dig" => dig::run(&sys, arguments).await,
            "host" => host::run(&sys, arguments).await,
            "ping" | "ping6" => ping::run(&sys, arguments).await,
            "redis-cli" => redis_cli::run(&sys, arguments).await,
            "env" => environment::env(&sys),
            "printenv" => environment::printenv(&sys, arguments),
            "cat" => files::cat(&sys, arguments).await,
            "hostname" => address::hostname(&sys, arguments),
            "ip" => address::ip(&sys, arguments),
            "ifconfig" => address::ifconfig(&sys),
            "ss" => sockets::ss(&sys, arguments),
            "netstat" => sockets::netstat(&sys, arguments),
            "grep" | "egrep" => text::grep(&sys, arguments).await,
            "head" => text::head(&sys, arguments).await,
            "tail" if arguments.iter().any(|word| matches!(word.as_str(), "-f" | "-F")) => {
                core::future::pending().await
            }
            filter @ ("wc" | "sort" | "uniq" | "tail" | "tr" | "cut") => text::filter(&sys, filter, arguments).await,
            "echo" => small::echo(&sys, arguments),
            "printf" => small::printf(&sys, arguments),
            "sleep" => small::sleep(&sys, arguments).await,
            "seq" => small::seq(&sys, arguments),
            "date" => small::date(&sys, arguments),
            "test" | "[" => i32::from(!shell::test(arguments)),
            "pwd" => {
                sys.line(&sys.variable("PWD").unwrap_or_else(|| "/".into()));
                0
            }
            "whoami" => {
                sys.line("root");
                0
            }
            "timeout" => small::timeout(&sys, arguments).await,
            "watch" => small::watch(&sys, arguments).await,
            "traceroute" => traceroute::run(&sys, arguments).await,
            "apk" | "apt" | "apt-get" | "yum" => small::packages(&sys, name),
            "which" => which(&sys, arguments),
            "false" => 1,
            _ => 0,
        }
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
