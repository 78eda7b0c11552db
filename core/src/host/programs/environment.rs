//! `env` and `printenv`.

use alloc::string::String;

use super::super::sys::{Sys, set};

/// `env`: everything, one a line. Running a program with a changed environment is the shell's `NAME=value program`.
pub(super) fn env(sys: &Sys, _: &[String]) -> i32 {
    let mut all = sys.environment();
    if sys.variable("HOSTNAME").is_none() {
        all.insert(0, ("HOSTNAME".into(), sys.config().hostname.clone()));
    }
    for (key, value) in sys.variables.borrow().iter() {
        set(&mut all, key, value.clone());
    }
    for (key, value) in all {
        sys.line(format_args!("{key}={value}"));
    }
    0
}

/// `printenv [NAME...]`: values; 1 if a name is not set.
pub(super) fn printenv(sys: &Sys, arguments: &[String]) -> i32 {
    if arguments.is_empty() {
        return env(sys, arguments);
    }
    let mut code = 0;
    for name in arguments {
        match sys.variable(name) {
            Some(value) => sys.line(format_args!("{value}")),
            None => code = 1,
        }
    }
    code
}
