//! The few files of a pod: those the kubelet writes, and what its programs have written since.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::pipe::Pipe;
use super::super::resolve;
use super::super::sys::Sys;

/// The contents of a file.
pub(in super::super) fn contents(sys: &Sys, path: &str) -> Option<Vec<u8>> {
    if let Some(bytes) = sys.machine.files.borrow().value(path.as_bytes()) {
        return Some(bytes.clone());
    }
    let text = match path {
        "/etc/resolv.conf" => resolv_conf(sys),
        "/etc/hosts" => resolve::hosts_file(sys),
        "/etc/hostname" => format!("{}\n", sys.config().hostname),
        "/dev/null" => String::new(),
        _ => return None,
    };
    Some(text.into_bytes())
}

/// Files one after the other as a stream, or the program's own input if there are none; `Err` is the file that is missing.
pub(super) fn input<'a>(sys: &Sys, paths: &[&'a str]) -> Result<Pipe, &'a str> {
    if paths.is_empty() {
        return Ok(sys.stdin.clone());
    }
    let pipe = Pipe::closed();
    for path in paths {
        pipe.write(&contents(sys, path).ok_or(*path)?);
    }
    Ok(pipe)
}

/// As the kubelet writes it (pkg/kubelet/network/dns/dns.go).
fn resolv_conf(sys: &Sys) -> String {
    let resolv = sys.resolv();
    let mut text = String::new();
    if !resolv.search.is_empty() {
        text += &format!("search {}\n", resolv.search.join(" "));
    }
    for server in &resolv.nameservers {
        text += &format!("nameserver {server}\n");
    }
    let mut options = resolv.options.clone();
    if resolv.ndots > 0 {
        options.insert(0, format!("ndots:{}", resolv.ndots));
    }
    if !options.is_empty() {
        text += &format!("options {}\n", options.join(" "));
    }
    text
}

/// `cat [FILE...]`.
pub(super) async fn cat(sys: &Sys, arguments: &[String]) -> i32 {
    let mut code = 0;
    let own = ["-".to_string()];
    for path in if arguments.is_empty() { &own[..] } else { arguments } {
        if path == "-" {
            loop {
                let bytes = sys.read().await;
                if bytes.is_empty() {
                    break;
                }
                sys.stdout.write(&bytes);
            }
        } else if !path.starts_with('-') {
            match contents(sys, path) {
                Some(bytes) => sys.stdout.write(&bytes),
                None => code = sys.fail(format_args!("cat: can't open '{path}': No such file or directory")),
            }
        }
    }
    code
}
