//! Redirections: where a command's streams come from and go to.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::pipe::Pipe;
use super::super::programs::files;
use super::super::sys::Sys;
use super::Shell;
use super::tree::{Fd, Redirect};

/// A file that a command writes.
pub(super) struct Output {
    pipe: Pipe,
    path: String,
    append: bool,
}

/// Writes what a command printed to the files that were meant to get it.
pub(super) fn store(outputs: Vec<Output>, sys: &Sys) {
    let mut files = sys.machine.files.borrow_mut();
    for output in outputs {
        let file = files.entry(output.path.as_bytes());
        if !output.append {
            file.clear();
        }
        file.extend_from_slice(&output.pipe.take());
    }
}

/// The streams a command has, and the files to store when it ends; `None` if one cannot be read, which has been said.
pub(super) async fn redirected(shell: &Shell, sys: &Sys, redirects: &[Redirect]) -> Option<(Sys, Vec<Output>)> {
    let mut inner = sys.clone();
    let mut outputs = Vec::new();
    for redirect in redirects {
        match redirect {
            Redirect::Same { fd: Fd::Err, as_fd: Fd::Out } => inner.stderr = inner.stdout.clone(),
            Redirect::Same { fd: Fd::Out, as_fd: Fd::Err } => inner.stdout = inner.stderr.clone(),
            Redirect::Same { .. } => {}
            Redirect::Out { fd, to, append } => {
                let path = shell.text(sys, to).await;
                let pipe = match path.as_str() {
                    "/dev/null" => Pipe::sink(),
                    "/dev/stdout" => inner.stdout.clone(),
                    "/dev/stderr" => inner.stderr.clone(),
                    _ => Pipe::default(),
                };
                // A command that prints into a file prints to nobody.
                inner.terminal &= *fd == Fd::Err;
                if *fd != Fd::Err {
                    inner.stdout = pipe.clone();
                }
                if *fd != Fd::Out {
                    inner.stderr = pipe.clone();
                }
                if !path.starts_with("/dev/") {
                    outputs.push(Output { pipe, path, append: *append });
                }
            }
            Redirect::In(from) => {
                let path = shell.text(sys, from).await;
                let Some(bytes) = files::contents(sys, &path) else {
                    sys.complain(format_args!("sh: can't open {path}: no such file"));
                    shell.last.set(1);
                    return None;
                };
                inner.stdin = Pipe::closed();
                inner.stdin.write(&bytes);
                inner.terminal = false;
            }
        }
    }
    Some((inner, outputs))
}
