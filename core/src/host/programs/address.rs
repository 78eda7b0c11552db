//! What a pod knows of its own addresses: `hostname`, `ip`, `ifconfig`.

use alloc::format;
use alloc::string::String;
use core::net::IpAddr;

use super::super::sys::Sys;

/// `hostname [-i] [-f] [-d]`.
pub(super) fn hostname(sys: &Sys, arguments: &[String]) -> i32 {
    let config = sys.config();
    let mut text = String::new();
    match arguments.first().map_or("", String::as_str) {
        "-i" | "-I" => {
            for address in &config.addresses {
                text += &format!("{}{address}", if text.is_empty() { "" } else { " " });
            }
        }
        "-f" => text = config.full_name(),
        "-d" => text += config.domain(),
        _ => text += &config.hostname,
    }
    sys.line(format_args!("{text}"));
    0
}

/// `ip address` and `ip route`.
pub(super) fn ip(sys: &Sys, arguments: &[String]) -> i32 {
    let only = |flag: &str| arguments.iter().any(|word| word == flag);
    let config = sys.config();
    let word = arguments.iter().find(|word| !word.starts_with('-')).map_or("?", String::as_str);
    if "address".starts_with(word) {
        let mtu = sys.machine.stack.borrow().mtu();
        sys.line(format_args!(
            "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n    \
             link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n    \
             inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n    \
             inet6 ::1/128 scope host\n       valid_lft forever preferred_lft forever\n\
             2: eth0@if2: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu {mtu} qdisc noqueue"
        ));
        for address in &config.addresses {
            let (word, width, other) = if address.is_ipv4() { ("inet", 32, "-6") } else { ("inet6", 128, "-4") };
            if !only(other) {
                sys.line(format_args!(
                    "    {word} {address}/{width} scope global eth0\n       valid_lft forever preferred_lft forever"
                ));
            }
        }
    } else if "route".starts_with(word) {
        match config.addresses.iter().find(|address| address.is_ipv4() != only("-6")) {
            Some(IpAddr::V4(own)) => {
                sys.line(format_args!("default via 169.254.1.1 dev eth0\n169.254.1.1 dev eth0 scope link  src {own}"));
            }
            Some(IpAddr::V6(_)) => sys.line(format_args!("default via fe80::1 dev eth0  metric 1024")),
            None => {}
        }
    } else {
        return sys.usage("ip address|route");
    }
    0
}

/// `ifconfig`.
pub(super) fn ifconfig(sys: &Sys, _: &[String]) -> i32 {
    sys.line(format_args!("eth0      Link encap:Ethernet"));
    for own in &sys.config().addresses {
        match own.is_ipv4() {
            true => sys.line(format_args!("          inet addr:{own}  Bcast:0.0.0.0  Mask:255.255.255.255")),
            false => sys.line(format_args!("          inet6 addr: {own}/128 Scope:Global")),
        }
    }
    let mtu = sys.machine.stack.borrow().mtu();
    sys.line(format_args!(
        "          UP BROADCAST RUNNING MULTICAST  MTU:{mtu}  Metric:1\n\n\
         lo        Link encap:Local Loopback\n          inet addr:127.0.0.1  Mask:255.0.0.0\n          \
         UP LOOPBACK RUNNING  MTU:65536  Metric:1\n"
    ));
    0
}
