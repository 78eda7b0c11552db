//! Flags of kubectl that are not simulated: asked for, they are refused with the reason, and never passed over.

use super::{Failure, args::Args};
use alloc::format;

/// The commands (`*` for all), the flag, with `=false` if only that is meant, and what it would need.
pub(super) const REFUSED: &[(&str, &str, &str)] = &[
    ("*", "as", "there are no users and no permissions"),
    ("*", "server", "there is no other cluster"),
    ("apply", "overwrite=false", "what others have changed is always written over"),
    ("apply,diff", "prune", "delete by name what is in the files no longer"),
    ("create", "edit", "edit the file, and create it then"),
    ("delete", "interactive", "nobody is asked here"),
    ("get", "raw", "there is no HTTP API server behind this command line"),
    ("events", "watch", "use kubectl get events --watch"),
    ("logs", "timestamps", UNDATED),
    ("logs", "since-time", UNDATED),
    ("logs", "all-pods", "name the pods by --selector"),
    ("patch,wait", "local", "there is the cluster to ask"),
    ("edit", "save-config", "kubectl apply keeps what it applies"),
    ("scale", "timeout", "use kubectl rollout status"),
];

/// Why logs are not chosen by time.
pub(super) const UNDATED: &str = "when a line was printed is not kept";

/// The refusal of a flag.
pub(super) fn refusal(flag: &str, why: &str) -> Failure {
    Failure::error(&format!("--{flag} is not simulated: {why}")).explain(super::info::SAYS_SO)
}

/// Source of the sentences on contexts: k8s.io/client-go/tools/clientcmd/validation.go and client_config.go.
pub(super) fn judge(command: &str, args: &Args) -> Result<(), Failure> {
    for (flag, before, behind) in [
        ("context", "context", " does not exist"),
        ("cluster", "no server found for cluster", ""),
        ("user", "auth info", " does not exist"),
    ] {
        if let Some(name) = args.flag(flag).filter(|name| !matches!(*name, "" | "clusterip")) {
            return Err(Failure::error(&format!("{before} \"{name}\"{behind}")));
        }
    }
    if let Some(file) = args.flag("kubeconfig").filter(|file| !file.is_empty()) {
        return Err(Failure::error(&format!("stat {file}: no such file or directory")));
    }
    for (commands, flag, why) in REFUSED {
        let (flag, is_meant) = match flag.strip_suffix("=false") {
            Some(flag) => (flag, args.flag(flag) == Some("false")),
            None => (*flag, args.is_set(flag)),
        };
        if is_meant && (*commands == "*" || commands.split(',').any(|name| name == command)) {
            return Err(refusal(flag, why));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{COMMANDS, args};
    use super::*;
    use alloc::vec::Vec;

    /// The text of every file of commands, in the order of `COMMANDS`.
    const FILES: [&[&str]; 13] = [
        &[include_str!("apply.rs")],
        &[include_str!("delete.rs")],
        &[
            include_str!("describe/mod.rs"),
            include_str!("diff.rs"),
            include_str!("explain.rs"),
            include_str!("wait.rs"),
        ],
        &[include_str!("logs.rs")],
        &[include_str!("patch.rs")],
        &[include_str!("generate.rs")],
        &[include_str!("get.rs")],
        &[include_str!("info.rs")],
        &[include_str!("label.rs")],
        &[include_str!("rollout.rs")],
        &[include_str!("run.rs")],
        &[include_str!("scale.rs")],
        &[include_str!("set.rs")],
    ];

    /// What all commands share.
    const SHARED: [&str; 7] = [
        include_str!("mod.rs"),
        include_str!("flags.rs"),
        include_str!("generate.rs"),
        include_str!("manifest.rs"),
        include_str!("print.rs"),
        include_str!("resource.rs"),
        include_str!("write.rs"),
    ];

    /// Flags that change nothing here, each with the reason.
    const IDLE: &[(&str, &str)] = &[
        ("address", "port-forward is refused"),
        ("cascade", "what --force takes away at once has nobody to wait for"),
        ("chunk-size", "lists come in one piece"),
        ("containers", "top is refused"),
        ("field-manager", "fields have no managers"),
        ("flatten", "no file is named in the configuration"),
        ("follow", "time stands still while a log is read"),
        ("force", "--rm waits until the pod is gone"),
        ("force-conflicts", "fields have no managers"),
        ("grace-period", "--force and --rm wait until the object is gone"),
        ("ignore-errors", "nobody follows"),
        ("insecure-skip-tls-verify", "there is no TLS"),
        ("max-log-requests", "nobody follows"),
        ("minify", "there is one context"),
        ("pod-running-timeout", "the longest wait is a minute, whatever is asked for"),
        ("raw", "the configuration holds no secrets"),
        ("recursive", "there are no folders"),
        ("request-timeout", "requests take no time"),
        ("show-managed-fields", "fields have no managers"),
        ("sort-by", "top is refused"),
        ("timeout", "--force and --rm wait until the object is gone"),
        ("v", "there is no HTTP to log"),
        ("wait", "--force and --rm wait until the object is gone"),
    ];

    fn is_read(flag: &str, text: &str) -> bool {
        ["flag", "is_set", "all", "list", "require", "number", "asked"].iter().any(|how| {
            text.match_indices(&format!("\"{flag}\"")).any(|(at, _)| {
                let before = text[..at].trim_end();
                let before = before.strip_suffix("args,").unwrap_or(before).trim_end();
                before.strip_suffix('(').is_some_and(|before| before.ends_with(how))
                    // One of a list that is gone through.
                    || before.ends_with(['(', ',', '[']) && text[..at].rsplit(';').next().unwrap().contains("for ")
            })
        })
    }

    #[test]
    fn every_flag_is_read_or_refused_or_has_a_reason_to_change_nothing() {
        let mut lost = Vec::new();
        for (commands, files) in COMMANDS.iter().zip(FILES) {
            for command in *commands {
                for flag in args::names(command.flags) {
                    let is_refused = REFUSED.iter().any(|(_, name, _)| name.trim_end_matches("=false") == flag);
                    let texts = files.iter().chain(&SHARED);
                    let has_effect = is_refused || texts.into_iter().any(|text| is_read(flag, text));
                    if !has_effect && !IDLE.iter().any(|(idle, _)| *idle == flag) {
                        lost.push(format!("{} --{flag}", command.name));
                    }
                }
            }
        }
        for flag in args::names(args::GLOBAL) {
            let is_refused = REFUSED.iter().any(|(_, name, _)| *name == flag);
            let is_read = SHARED.iter().any(|text| is_read(flag, text));
            if !is_refused && !is_read && !IDLE.iter().any(|(idle, _)| *idle == flag) {
                lost.push(format!("--{flag}"));
            }
        }
        assert_eq!(lost, Vec::<alloc::string::String>::new());
    }
}
