//! The programs of a pod, one a file, each readable from top to bottom like a script.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;

use super::sys::Sys;

/// Runs a program to its exit code. Boxed, because a shell runs programs and may be one of them.
pub(super) fn run(sys: Sys, argv: Vec<String>) -> Pin<Box<dyn Future<Output = i32>>> {
    Box::pin(async move {
        let Some((name, arguments)) = argv.split_first() else { return 0 };
        match name.rsplit('/').next().unwrap_or(name) {
            "true" => 0,
            "false" => 1,
            "echo" => {
                sys.line(&arguments.join(" "));
                0
            }
            _ => {
                sys.complain(&format!("sh: {name}: not found"));
                127
            }
        }
    })
}
