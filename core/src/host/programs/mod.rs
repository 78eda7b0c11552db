//! The programs of a pod, one a file, each readable from top to bottom like a script.

mod address;
mod curl;
mod dig;
mod duplex;
mod environment;
pub(super) mod files;
mod host;
mod kernel;
mod nc;
mod nslookup;
mod options;
mod ping;
mod records;
mod redis_cli;
mod reply;
mod small;
mod sockets;
mod tcpdump;
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

/// A program: done as soon as it has begun, or waiting for something in a box of its own size.
pub(super) enum Program {
    AtOnce(fn(&Sys, &[String]) -> i32),
    Waiting(for<'a> fn(&'a Sys, &'a [String]) -> Pin<Box<dyn Future<Output = i32> + 'a>>),
}

use Program::{AtOnce, Waiting};

/// Every program there is.
pub(super) const PROGRAMS: [(&str, Program); 63] = [
    ("[", AtOnce(shell::test)),
    ("apk", AtOnce(small::packages)),
    ("apt", AtOnce(small::packages)),
    ("apt-get", AtOnce(small::packages)),
    ("ash", Waiting(|sys, words| Box::pin(shell::run(sys, words)))),
    ("bash", Waiting(|sys, words| Box::pin(shell::run(sys, words)))),
    ("cat", Waiting(|sys, words| Box::pin(files::cat(sys, words)))),
    ("conntrack", Waiting(|sys, words| Box::pin(kernel::conntrack(sys, words)))),
    ("curl", Waiting(|sys, words| Box::pin(curl::run(sys, words)))),
    ("cut", Waiting(|sys, words| text::filter(sys, "cut", words))),
    ("date", AtOnce(small::date)),
    ("dig", Waiting(|sys, words| Box::pin(dig::run(sys, words)))),
    ("echo", AtOnce(small::echo)),
    ("egrep", Waiting(|sys, words| text::filter(sys, "grep", words))),
    ("env", AtOnce(environment::env)),
    ("false", AtOnce(|_, _| 1)),
    ("grep", Waiting(|sys, words| text::filter(sys, "grep", words))),
    ("head", Waiting(|sys, words| text::filter(sys, "head", words))),
    ("host", Waiting(|sys, words| Box::pin(host::run(sys, words)))),
    ("hostname", AtOnce(address::hostname)),
    ("httpd", Waiting(|_, _| Box::pin(pending()))),
    ("httpd-foreground", Waiting(|_, _| Box::pin(pending()))),
    ("ifconfig", AtOnce(address::ifconfig)),
    ("ip", AtOnce(address::ip)),
    ("ip6tables", AtOnce(kernel::iptables)),
    ("ip6tables-save", Waiting(|sys, words| Box::pin(kernel::iptables_save(sys, words, true)))),
    ("iptables", AtOnce(kernel::iptables)),
    ("iptables-save", Waiting(|sys, words| Box::pin(kernel::iptables_save(sys, words, false)))),
    ("ipvsadm", Waiting(|sys, words| Box::pin(kernel::ipvsadm(sys, words)))),
    ("nc", Waiting(|sys, words| Box::pin(nc::run(sys, words)))),
    ("ncat", Waiting(|sys, words| Box::pin(nc::run(sys, words)))),
    ("netcat", Waiting(|sys, words| Box::pin(nc::run(sys, words)))),
    ("netstat", AtOnce(sockets::netstat)),
    ("nft", Waiting(|sys, words| Box::pin(kernel::nft(sys, words)))),
    // An image's own server listens from its container's start; as a command it only never ends.
    ("nginx", Waiting(|_, _| Box::pin(pending()))),
    ("nslookup", Waiting(|sys, words| Box::pin(nslookup::run(sys, words)))),
    ("ping", Waiting(|sys, words| Box::pin(ping::run(sys, words)))),
    ("ping6", Waiting(|sys, words| Box::pin(ping::run(sys, words)))),
    ("printenv", AtOnce(environment::printenv)),
    ("printf", AtOnce(small::printf)),
    ("pwd", AtOnce(small::pwd)),
    ("redis-cli", Waiting(|sys, words| Box::pin(redis_cli::run(sys, words)))),
    ("redis-server", Waiting(|_, _| Box::pin(pending()))),
    ("seq", AtOnce(small::seq)),
    ("sh", Waiting(|sys, words| Box::pin(shell::run(sys, words)))),
    ("sleep", Waiting(|sys, words| Box::pin(small::sleep(sys, words)))),
    ("sort", Waiting(|sys, words| text::filter(sys, "sort", words))),
    ("ss", AtOnce(sockets::ss)),
    ("tail", Waiting(|sys, words| text::filter(sys, "tail", words))),
    ("tcpdump", Waiting(|sys, words| Box::pin(tcpdump::run(sys, words)))),
    ("telnet", Waiting(|sys, words| Box::pin(telnet::run(sys, words)))),
    ("test", AtOnce(shell::test)),
    ("timeout", Waiting(|sys, words| Box::pin(small::timeout(sys, words)))),
    ("tr", Waiting(|sys, words| text::filter(sys, "tr", words))),
    ("traceroute", Waiting(|sys, words| Box::pin(traceroute::run(sys, words)))),
    ("true", AtOnce(|_, _| 0)),
    ("uniq", Waiting(|sys, words| text::filter(sys, "uniq", words))),
    ("watch", Waiting(|sys, words| Box::pin(small::watch(sys, words)))),
    ("wc", Waiting(|sys, words| text::filter(sys, "wc", words))),
    ("wget", Waiting(|sys, words| Box::pin(wget::run(sys, words)))),
    ("which", AtOnce(which)),
    ("whoami", AtOnce(small::whoami)),
    ("yum", AtOnce(small::packages)),
];

/// Whether a container of this image has a program of that name or path.
pub fn exists(image: &str, program: &str) -> bool {
    find(image, program).is_some()
}

/// Programs called by this path are there whatever the image: what `kubectl debug` brings in an ephemeral container.
const DEBUG: &str = "/debug/";

fn find(image: &str, program: &str) -> Option<&'static Program> {
    let name = base_name(program);
    let is_there = image.is_empty() || program.starts_with(DEBUG) || Image::parse(image).has(name);
    PROGRAMS.iter().find(|(known, _)| is_there && *known == name).map(|(_, program)| program)
}

/// Programs that every image has, and that do not exist here.
const ABSENT: &str = "awk basename chmod chown cp dd df dirname du expr find free id kill less ln ls md5sum mkdir more mount mv \
    nohup ps realpath rm rmdir route sed sha256sum stat stty su tee top touch tty uname uptime vi xargs yes";

/// How many programs may run each other: a shell in a shell costs stack.
const DEPTH_MAX: u32 = 52;

/// Runs a program to its exit code; 127 if there is none of that name. Boxed, because a shell runs programs and is one.
pub(super) fn run(mut sys: Sys, argv: Vec<String>) -> Pin<Box<dyn Future<Output = i32>>> {
    sys.depth += 1;
    Box::pin(async move {
        if sys.depth > DEPTH_MAX {
            return sys.fail(format_args!("sh: nested too deep"));
        }
        let Some((name, arguments)) = argv.split_first() else { return 0 };
        match find(&sys.config().image, name) {
            Some(AtOnce(program)) => program(&sys, arguments),
            Some(Waiting(program)) => program(&sys, arguments).await,
            None if ABSENT.split(' ').any(|absent| absent == name) => {
                sys.complain(format_args!("sh: {name} is not simulated"));
                127
            }
            None => {
                sys.complain(format_args!("sh: {name}: not found"));
                127
            }
        }
    })
}

/// `which NAME...`.
fn which(sys: &Sys, names: &[String]) -> i32 {
    let mut code = 0;
    for name in names {
        match exists(&sys.config().image, name) {
            true => sys.line(format_args!("/usr/bin/{name}")),
            false => code = 1,
        }
    }
    code
}
