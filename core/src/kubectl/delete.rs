//! `kubectl delete`.

use super::{
    Command, Failure, Session, args,
    args::Args,
    manifest::{Problem, all},
    resource::{Filter, NOTHING, full_type, targets},
    rollout::seconds,
};
use crate::{
    api::{Key, Object, Reason},
    control::{DeleteOptions, Propagation},
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

pub(super) static COMMANDS: [Command; 1] = [DELETE];

const DELETE: Command = Command {
    name: "delete",
    flags: "filename=|f all all-namespaces|A selector=|l field-selector= grace-period= force now wait? timeout= \
            cascade? ignore-not-found output=|o dry-run? recursive|R interactive|i",
    act: delete,
};

/// Stands for what kubectl was doing when it had found the objects by itself.
const LISTED: &str = "-";

/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/delete/delete.go.
fn delete(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let asked = match args.flag("grace-period") {
        Some(text) => Some(text.parse::<i64>().map_err(|_| args::not_number("delete", "grace-period", text))?),
        None => None,
    };
    let limit = match args.flag("timeout") {
        Some(text) => seconds(text).ok_or_else(|| args::not_duration("delete", "timeout", text))?,
        None => 0,
    };
    let propagation = match args.flag("cascade").unwrap_or("true") {
        "background" | "true" => Propagation::Background,
        "foreground" => Propagation::Foreground,
        "orphan" | "false" => Propagation::Orphan,
        other => {
            let text = "Must be \"background\", \"foreground\", or \"orphan\"";
            return Err(Failure::error(&format!("invalid cascade value ({other}). {text}")));
        }
    };
    check(args, asked)?;
    let (doomed, mut errors) = doomed(session, args)?;
    if doomed.is_empty() && args.flag("filename").is_none() {
        session.print_line("No resources found");
        return Ok(());
    }
    let grace = if args.is_set("now") {
        Some(1)
    } else if args.is_set("force") {
        Some(0)
    } else {
        None
    };
    let grace = asked.and_then(|seconds| u32::try_from(seconds).ok()).or(grace);
    if args.is_set("force") && grace == Some(0) {
        session.warn(
            "Immediate deletion does not wait for confirmation that the running resource has been terminated. The \
             resource may continue to run on the cluster indefinitely.",
        );
    }
    let options = DeleteOptions { grace_period_seconds: grace, propagation };
    let mut gone = Vec::new();
    if args.flag("namespace").is_some() && doomed.iter().any(|(key, _)| key.namespace.is_empty()) {
        session.warn("deleting cluster-scoped resources, not scoped to the provided namespace");
    }
    for (key, doing) in doomed {
        session.warn_of_kind(key.kind);
        if let Some(mode) = args.flag("dry-run").filter(|mode| *mode != "none") {
            let dry = if mode == "server" { " (server dry run)" } else { " (dry run)" };
            session.say_deleted(args, &key, args.is_set("force"), dry);
            continue;
        }
        match session.cluster.delete(&key, options) {
            Ok(object) => {
                session.say_deleted(args, &key, grace == Some(0), "");
                gone.push((key, object.uid().to_string()));
            }
            Err(error) if error.reason == Reason::NotFound && args.is_set("ignore-not-found") => {}
            // Its owner took it along.
            Err(error) if error.reason == Reason::NotFound && doing == LISTED => {
                session.say_deleted(args, &key, false, "")
            }
            Err(error) => errors.push(Problem::of(&error, if doing == LISTED { "" } else { &doing })),
        }
    }
    all(errors)?;
    if args.flag("wait") == Some("false") { Ok(()) } else { session.wait_until_gone(&gone, limit) }
}

/// What cannot be said together.
fn check(args: &Args, asked: Option<i64>) -> Result<(), Failure> {
    let complaint = match args.flag("output") {
        Some(mode) if mode != "name" && !mode.is_empty() => {
            format!("unexpected -o output mode: {mode}. We only support '-o name'")
        }
        _ if asked.is_some() && args.is_set("now") => {
            "--now and --grace-period cannot be specified together".to_string()
        }
        _ if asked.is_some_and(|seconds| seconds > 0) && args.is_set("force") => {
            "--force and --grace-period greater than 0 cannot be specified together".to_string()
        }
        _ if args.flag("filename").is_some() && !args.words.is_empty() => {
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
                .to_string()
        }
        _ => String::new(),
    };
    if complaint.is_empty() { Ok(()) } else { Err(Failure::error(&complaint)) }
}

/// What is to be deleted, each with what kubectl is doing then, and what is wrong with manifests that name nothing.
fn doomed(session: &mut Session<'_>, args: &Args) -> Result<(Vec<(Key, String)>, Vec<Problem>), Failure> {
    let mut doomed = Vec::new();
    if args.flag("filename").is_some() {
        let (manifests, problems) = session.manifests(args)?;
        doomed.extend(manifests.iter().map(|m| (m.key(), format!("deleting \"{}\"", m.source))));
        return Ok((doomed, problems));
    }
    let filter = Filter::of(args)?;
    if args.words.is_empty() {
        let is_chosen = !filter.is_empty() || args.is_set("all");
        let text = "at least one resource must be specified to use a selector";
        return Err(Failure::error(if is_chosen { text } else { NOTHING }));
    }
    let is_everywhere = args.is_set("all-namespaces");
    for target in targets(&args.words)? {
        match target.name {
            Some(_) if !filter.is_empty() || args.is_set("all") => {
                return Err(Failure::error("name cannot be provided when a selector is specified"));
            }
            Some(name) => doomed.push((Key::new(target.kind, &session.namespace, &name), String::new())),
            None if filter.is_empty() && !args.is_set("all") => {
                return Err(Failure::error("resource(s) were provided, but no name was specified"));
            }
            None => {
                session.warn_of_kind(target.kind);
                filter.judge(target.kind)?;
                let found = session.listed(target.kind, &filter, is_everywhere);
                doomed.extend(found.iter().map(|object| (object.key(), LISTED.to_string())));
            }
        }
    }
    Ok((doomed, Vec::new()))
}

impl Session<'_> {
    /// The line that tells of a deletion.
    pub(super) fn say_deleted(&mut self, args: &Args, key: &Key, is_forced: bool, dry: &str) {
        if args.flag("output") == Some("name") {
            self.print_line(&super::resource::full_name(key.kind, &key.name));
            return;
        }
        let force = if is_forced { " force" } else { "" };
        let place = if key.namespace.is_empty() { String::new() } else { format!(" from {} namespace", key.namespace) };
        self.print_line(&format!("{} \"{}\"{force} deleted{place}{dry}", full_type(key.kind), key.name));
    }

    /// `delete` returns when the objects are gone, at the latest after so many seconds, or if 0 when it has waited in vain.
    fn wait_until_gone(&mut self, gone: &[(Key, String)], limit: u64) -> Result<(), Failure> {
        /// kubectl waits a week; here nothing else happens meanwhile.
        const LONGEST: u64 = 120;
        let mut left = if limit > 0 { limit } else { LONGEST };
        for (key, uid) in gone {
            while let Some(object) = self.cluster.object(key.kind, &key.namespace, &key.name)
                && object.uid() == uid
            {
                if left == 0 {
                    return Err(not_gone(object));
                }
                left -= 1;
                self.cluster.advance(crate::time::Duration::from_secs(1));
            }
        }
        Ok(())
    }
}

/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/wait/delete.go.
fn not_gone(object: &Object) -> Failure {
    let kind = object.kind.names().plural;
    let failure = Failure::error(&format!("timed out waiting for the condition on {kind}/{}", object.name()));
    let mut names = Vec::new();
    for finalizer in object.value["metadata"]["finalizers"].items() {
        names.push(finalizer.str());
    }
    if names.is_empty() {
        return failure;
    }
    let names = names.join(", ");
    failure.explain(&format!("It goes once its finalizers are removed by whoever they stand for: {names}."))
}
