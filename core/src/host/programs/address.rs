//! What a pod knows of its own addresses: `hostname`, `ip`, `ifconfig`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::super::sys::Sys;

/// `hostname [-i] [-f]`.
pub(super) fn hostname(sys: &Sys, arguments: &[String]) -> i32 {
    let config = sys.config();
    match arguments.first().map(String::as_str) {
        Some("-i" | "-I") => {
            let all: Vec<String> = config.addresses.iter().map(IpAddr::to_string).collect();
            sys.line(all.join(" "));
        }
        _ => sys.line(&config.hostname),
    }
    0
}

/// `ip address` and `ip route`.
pub(super) fn ip(sys: &Sys, arguments: &[String]) -> i32 {
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let only = |flag: &str| arguments.iter().any(|word| word == flag);
    let shown = |address: &&IpAddr| !(only("-4") && address.is_ipv6() || only("-6") && address.is_ipv4());
    let config = sys.config();
    let mtu = sys.machine.stack.borrow().mtu();
    match words.first() {
        Some(word) if "address".starts_with(word) => {
            sys.line("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000");
            sys.line("    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00");
            sys.line("    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever");
            sys.line("    inet6 ::1/128 scope host\n       valid_lft forever preferred_lft forever");
            sys.line(format_args!("2: eth0@if2: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu {mtu} qdisc noqueue"));
            for address in config.addresses.iter().filter(shown) {
                let (word, width) = if address.is_ipv4() { ("inet", 32) } else { ("inet6", 128) };
                sys.line(format_args!("    {word} {address}/{width} scope global eth0"));
                sys.line("       valid_lft forever preferred_lft forever");
            }
            0
        }
        Some(word) if "route".starts_with(word) => {
            match config.addresses.iter().find(|address| address.is_ipv4() != only("-6")) {
                Some(IpAddr::V4(own)) => {
                    sys.line("default via 169.254.1.1 dev eth0");
                    sys.line(format_args!("169.254.1.1 dev eth0 scope link  src {own}"));
                }
                Some(IpAddr::V6(_)) => sys.line("default via fe80::1 dev eth0  metric 1024"),
                None => {}
            }
            0
        }
        _ => {
            sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: ip address|route");
            1
        }
    }
}

/// `ifconfig`.
pub(super) fn ifconfig(sys: &Sys, _: &[String]) -> i32 {
    let mtu = sys.machine.stack.borrow().mtu();
    sys.line("eth0      Link encap:Ethernet");
    for address in &sys.config().addresses {
        match address {
            IpAddr::V4(own) => sys.line(format_args!("          inet addr:{own}  Bcast:0.0.0.0  Mask:255.255.255.255")),
            IpAddr::V6(own) => sys.line(format_args!("          inet6 addr: {own}/128 Scope:Global")),
        }
    }
    sys.line(format_args!("          UP BROADCAST RUNNING MULTICAST  MTU:{mtu}  Metric:1\n"));
    sys.line("lo        Link encap:Local Loopback\n          inet addr:127.0.0.1  Mask:255.0.0.0");
    sys.line("          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n");
    0
}
