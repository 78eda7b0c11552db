//! What a node's kernel does with packets: `iptables-save`, `nft list`, `ipvsadm -Ln`, `conntrack -L`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::kernel::KernelTable;
use super::super::sys::Sys;
use super::options::Options;

/// `iptables-save [-t nat]` and `ip6tables-save`.
pub(super) async fn iptables_save(sys: &Sys, arguments: &[String], ipv6: bool) -> i32 {
    let options = Options::read(arguments, "t:,table *").unwrap_or_default();
    let table = options.value('t').unwrap_or("nat");
    if table != "nat" {
        return sys.fail(format_args!(
            "iptables-save: table {table} is not simulated; iptables-save -t nat has the Services"
        ));
    }
    show(sys, KernelTable::Nat { ipv6 }).await
}

/// `iptables`, which prints in a form of its own.
pub(super) fn iptables(sys: &Sys, _: &[String]) -> i32 {
    sys.fail(format_args!("iptables: not simulated; iptables-save -t nat shows the rules"))
}

/// `nft list ruleset` and `nft list table ip|ip6 kube-proxy`.
pub(super) async fn nft(sys: &Sys, arguments: &[String]) -> i32 {
    let options = Options::read(arguments, "*").unwrap_or_default();
    match options.words[..] {
        ["list", "ruleset"] => {
            show(sys, KernelTable::Nftables { ipv6: false }).await;
            show(sys, KernelTable::Nftables { ipv6: true }).await
        }
        ["list", "table", family @ ("ip" | "ip6"), name] => {
            let text = match name {
                "kube-proxy" => sys.machine.questions.ask(KernelTable::Nftables { ipv6: family == "ip6" }).await,
                _ => String::new(),
            };
            if text.is_empty() {
                let (place, marks) = (" ".repeat(12 + family.len()), "^".repeat(name.len()));
                return sys.fail(format_args!(
                    "Error: No such file or directory\nlist table {family} {name}\n{place}{marks}"
                ));
            }
            sys.print(format_args!("{text}"));
            0
        }
        _ => sys.fail(format_args!("nft: not simulated but for: nft list ruleset, nft list table ip kube-proxy")),
    }
}

/// `ipvsadm -Ln`.
pub(super) async fn ipvsadm(sys: &Sys, arguments: &[String]) -> i32 {
    let options = Options::read(arguments, "L,list l n,numeric").unwrap_or_default();
    if !(options.has('L') || options.has('l')) || !options.has('n') {
        return sys.fail(format_args!("ipvsadm: not simulated but for: ipvsadm -Ln"));
    }
    let text = sys.machine.questions.ask(KernelTable::Ipvs).await;
    if text.is_empty() {
        sys.complain(format_args!(
            "Can't initialize ipvs: Protocol not available\n\
             Are you sure that IP Virtual Server is built in the kernel or as module?"
        ));
        return 255;
    }
    sys.print(format_args!("{text}"));
    0
}

/// What `conntrack -L` finds connections by, each with the word of a line that it compares: the original direction's.
const FILTERS: [(char, &str); 4] = [('s', "src"), ('d', "dst"), ('S', "sport"), ('D', "dport")];

/// `conntrack -L [-p PROTOCOL] [-s SOURCE] [-d DESTINATION] [--sport N] [--dport N]`.
pub(super) async fn conntrack(sys: &Sys, arguments: &[String]) -> i32 {
    const KNOWN: &str = "L,dump p:,proto s:,src,orig-src d:,dst,orig-dst S:,sport,orig-port-src D:,dport,orig-port-dst \
        n f:,family o:,output";
    let options = match Options::read(arguments, KNOWN) {
        Ok(options) if options.has('L') => options,
        _ => {
            return sys.fail(format_args!(
                "conntrack: not simulated but for: conntrack -L, with -p, -s, -d, --sport, --dport"
            ));
        }
    };
    let mut wanted = Vec::new();
    for (letter, word) in FILTERS {
        wanted.extend(options.value(letter).map(|value| (word, format!("{word}={value}"))));
    }
    let text = sys.machine.questions.ask(KernelTable::Conntrack).await;
    let mut count = 0;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let mut is_wanted = options.value('p').is_none_or(|protocol| words.next() == Some(protocol));
        for (key, word) in &wanted {
            let first = line.split(' ').find(|word| word.split('=').next() == Some(key));
            is_wanted &= first == Some(word.as_str());
        }
        if is_wanted {
            count += 1;
            sys.line(format_args!("{line}"));
        }
    }
    sys.complain(format_args!("conntrack v1.4.8 (conntrack-tools): {count} flow entries have been shown."));
    0
}

async fn show(sys: &Sys, table: KernelTable) -> i32 {
    let text = sys.machine.questions.ask(table).await;
    sys.print(format_args!("{text}"));
    0
}
