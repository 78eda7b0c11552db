//! The few files of a pod: those the kubelet writes, and what its programs have written since.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::resolve;
use super::super::sys::Sys;

/// The contents of a file.
pub(in super::super) fn contents(sys: &Sys, path: &str) -> Option<Vec<u8>> {
    if let Some(bytes) = sys.machine.files.borrow().value(path.as_bytes()) {
        return Some(bytes.clone());
    }
    let text = match path {
        "/etc/resolv.conf" => resolv_conf(sys),
        "/etc/hosts" => {
            let mut text = "# Kubernetes-managed hosts file.\n".to_string();
            resolve::hosts_file(sys).iter().for_each(|(address, names)| text += &format!("{address}\t{names}\n"));
            text
        }
        "/etc/hostname" => format!("{}\n", sys.config().hostname),
        "/dev/null" => String::new(),
        _ => return None,
    };
    Some(text.into_bytes())
}

/// As the kubelet writes it (pkg/kubelet/network/dns/dns.go).
fn resolv_conf(sys: &Sys) -> String {
    let resolv = sys.resolv();
    let mut text = String::new();
    if !resolv.search.is_empty() {
        text += &format!("search {}\n", resolv.search.join(" "));
    }
    resolv.nameservers.iter().for_each(|server| text += &format!("nameserver {server}\n"));
    let ndots = (resolv.ndots > 0).then(|| format!(" ndots:{}", resolv.ndots));
    let options: String = ndots.into_iter().chain(resolv.options.iter().map(|option| format!(" {option}"))).collect();
    if !options.is_empty() {
        text += &format!("options{options}\n");
    }
    text
}

/// `cat [FILE...]`.
pub(super) async fn cat(sys: &Sys, arguments: &[String]) -> i32 {
    if arguments.is_empty() {
        loop {
            let bytes = sys.read().await;
            if bytes.is_empty() {
                return 0;
            }
            sys.stdout.write(&bytes);
        }
    }
    let mut code = 0;
    for path in arguments.iter().filter(|word| *word == "-" || !word.starts_with('-')) {
        if path == "-" {
            sys.stdout.write(&sys.read_to_end().await);
            continue;
        }
        match contents(sys, path) {
            Some(bytes) => sys.stdout.write(&bytes),
            None => {
                sys.complain(format_args!("cat: can't open '{path}': No such file or directory"));
                code = 1;
            }
        }
    }
    code
}
