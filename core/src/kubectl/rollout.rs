//! `kubectl rollout`: a Deployment's or StatefulSet's way from one revision to the next.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/rollout, pkg/polymorphichelpers.

use super::{Command, Failure, Session, args::Args, resource};
use crate::{
    api::{Kind, Object, Quoted, Value, patch},
    control::timestamp,
    time::Duration,
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
pub(super) const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

pub(super) const COMMANDS: [Command; 6] = [
    Command { name: "rollout status", flags: "watch|w? timeout= revision= filename=|f selector=|l", act: status },
    Command { name: "rollout restart", flags: "filename=|f selector=|l output=|o", act: restart },
    Command { name: "rollout undo", flags: "to-revision= dry-run? filename=|f selector=|l output=|o", act: undo },
    Command { name: "rollout history", flags: "revision= filename=|f selector=|l output=|o", act: history },
    Command { name: "rollout pause", flags: "filename=|f selector=|l output=|o", act: pause },
    Command { name: "rollout resume", flags: "filename=|f selector=|l output=|o", act: resume },
];

/// How often the status is looked at while it is waited for.
const GLANCE: Duration = Duration::from_millis(100);
/// How long a rollout is waited for at most: Deployments give up after 600 s by themselves.
const PATIENCE: Duration = Duration::from_secs(900);

fn status(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    for object in named(session, args, |object| {
        format!("no status viewer has been implemented for {}", object.kind.names().kind)
    })? {
        let limit = args.flag("timeout").and_then(seconds).map_or(PATIENCE, Duration::from_secs);
        let end = session.cluster.now() + if limit == Duration::ZERO { PATIENCE } else { limit };
        let mut last = String::new();
        loop {
            let object = session.named(object.kind, object.name())?;
            let (text, is_done) = progress(&object)?;
            if text != last {
                session.print(&text);
                last = text;
            }
            if is_done || args.flag("watch") == Some("false") {
                break;
            }
            if session.cluster.now() >= end {
                return Err(Failure::error("timed out waiting for the condition"));
            }
            session.cluster.advance(GLANCE);
        }
    }
    Ok(())
}

/// Source: pkg/polymorphichelpers/rollout_status.go.
fn progress(object: &Object) -> Result<(String, bool), Failure> {
    let (name, spec, status) = (object.name(), object.spec(), object.status());
    let count = |field: &str| status[field].as_int().unwrap_or(0);
    let wanted = spec["replicas"].as_int().unwrap_or(1);
    let generation = object.value["metadata"]["generation"].as_int().unwrap_or(0);
    if object.kind == Kind::StatefulSet {
        if spec["updateStrategy"]["type"].str() == "OnDelete" {
            return Err(Failure::error("rollout status is only available for RollingUpdate strategy type"));
        }
        let partition = spec["updateStrategy"]["rollingUpdate"]["partition"].as_int().unwrap_or(0);
        let waiting = if generation > count("observedGeneration") {
            "Waiting for statefulset spec update to be observed...\n".to_owned()
        } else if count("readyReplicas") < wanted {
            format!("Waiting for {} pods to be ready...\n", wanted - count("readyReplicas"))
        } else if count("updatedReplicas") < wanted - partition {
            format!(
                "Waiting for partitioned roll out to finish: {} out of {} new pods have been updated...\n",
                count("updatedReplicas"),
                wanted - partition
            )
        } else {
            return Ok((
                format!("partitioned roll out complete: {} new pods have been updated...\n", count("updatedReplicas")),
                true,
            ));
        };
        return Ok((waiting, false));
    }
    if generation > count("observedGeneration") {
        return Ok(("Waiting for deployment spec update to be observed...\n".to_owned(), false));
    }
    let conditions = status["conditions"].items();
    let progressing = conditions.iter().find(|condition| condition["type"].str() == "Progressing");
    if progressing.is_some_and(|condition| condition["reason"].str() == "ProgressDeadlineExceeded") {
        return Err(Failure::error(&format!("deployment \"{name}\" exceeded its progress deadline")));
    }
    let (updated, all, available) = (count("updatedReplicas"), count("replicas"), count("availableReplicas"));
    let what = if updated < wanted {
        format!("{updated} out of {wanted} new replicas have been updated...")
    } else if all > updated {
        format!("{} old replicas are pending termination...", all - updated)
    } else if available < updated {
        format!("{available} of {updated} updated replicas are available...")
    } else {
        return Ok((format!("deployment \"{name}\" successfully rolled out\n"), true));
    };
    Ok((format!("Waiting for deployment \"{name}\" rollout to finish: {what}\n"), false))
}

fn restart(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    for object in named(session, args, |object| unsupported(object, "restarting"))? {
        if object.spec()["paused"].as_bool() == Some(true) {
            let name = resource::name_of(&object);
            return Err(Failure::error(&format!("{name} can't restart paused deployment (run rollout resume first)")));
        }
        let now = timestamp::emit(session.cluster.now());
        let path = ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"];
        let mut changed = object.value.clone();
        changed.set(&path, now);
        change(session, args, &object, "restarted", changed)?;
    }
    Ok(())
}

fn undo(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    for object in named(session, args, |object| {
        format!("no rollbacker has been implemented for {}", Quoted(object.kind.names().kind))
    })? {
        if object.annotation(patch::LAST_APPLIED).is_some() {
            session.warn(&format!(
                "resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {} \
                 annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using \
                 'kubectl apply' with your previous configuration file instead.",
                object.kind.names().plural,
                object.name(),
                patch::LAST_APPLIED
            ));
        }
        if object.spec()["paused"].as_bool() == Some(true) {
            let text = format!(
                "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume deployment/{}' and try again",
                object.name()
            );
            return Err(Failure::error(&text));
        }
        let wanted: i64 = args.flag("to-revision").and_then(|n| n.parse().ok()).unwrap_or(0);
        let sets = revisions(session, &object);
        let current = match object.kind {
            Kind::Deployment => object.annotation(REVISION).and_then(|n| n.parse::<i64>().ok()).unwrap_or(0),
            _ => sets.last().map_or(0, |(number, _)| *number),
        };
        let found = match wanted {
            0 => sets.iter().rev().find(|(number, _)| *number != current),
            wanted => sets.iter().find(|(number, _)| *number == wanted),
        };
        let Some((_, set)) = found else {
            let text = match wanted {
                0 if object.kind == Kind::StatefulSet => "no last revision to roll back to".to_owned(),
                0 => format!("no rollout history found for deployment \"{}\"", object.name()),
                _ => format!("unable to find specified revision {wanted} in history"),
            };
            return Err(Failure::error(&text));
        };
        let template = template_of(set);
        if template == object.spec()["template"] {
            let current = format!(
                "{} skipped rollback (current template already matches revision {wanted})",
                resource::name_of(&object)
            );
            session.print_line(&current);
            continue;
        }
        let mut changed = object.value.clone();
        changed.set(&["spec", "template"], template);
        change(session, args, &object, "rolled back", changed)?;
    }
    Ok(())
}

fn history(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let wanted = match args.flag("revision") {
        Some(text) => text.parse::<i64>().map_err(|_| super::args::not_number("rollout history", "revision", text))?,
        None => 0,
    };
    for object in named(session, args, |object| {
        format!("no history viewer has been implemented for {}", Quoted(object.kind.names().kind))
    })? {
        if wanted > 0 {
            let sets = revisions(session, &object);
            let Some((_, set)) = sets.iter().find(|(number, _)| *number == wanted) else {
                return Err(Failure::error("unable to find the specified revision"));
            };
            if args.flag("output").is_some() {
                session.report(args, set, "")?;
                continue;
            }
            let page = session.template_page(match set.kind {
                Kind::ReplicaSet => &set.spec()["template"],
                _ => &set.value["data"]["spec"]["template"],
            });
            session.print_line(&format!(
                "{} with revision #{wanted}\n{}\n",
                resource::name_of(&object),
                page.trim_end()
            ));
            continue;
        }
        let mut rows = alloc::vec!["REVISION\tCHANGE-CAUSE".to_owned()];
        for (number, set) in revisions(session, &object) {
            rows.push(format!("{number}\t{}", set.annotation(CHANGE_CAUSE).unwrap_or("<none>")));
        }
        session.print_line(&format!("{} ", resource::name_of(&object)));
        session.print(&super::align::align(&rows.join("\n"), 0, 2));
        session.print("\n\n");
    }
    Ok(())
}

fn pause(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    hold(session, args, true)
}

fn resume(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    hold(session, args, false)
}

fn hold(session: &mut Session<'_>, args: &Args, is_paused: bool) -> Result<(), Failure> {
    let verb: fn(&Object) -> String =
        if is_paused { |object| unsupported(object, "pausing") } else { |object| unsupported(object, "resuming") };
    for object in named(session, args, verb)? {
        if object.kind != Kind::Deployment {
            return Err(Failure::error(&verb(&object)));
        }
        let done = if is_paused { "paused" } else { "resumed" };
        if object.spec()["paused"].as_bool().unwrap_or(false) == is_paused {
            let already = if is_paused { "is already paused" } else { "is not paused" };
            let resource = object.kind.names().resource();
            return Err(Failure::error(&format!("{resource} \"{}\" {already}", object.name())));
        }
        let mut changed = object.value.clone();
        if is_paused {
            changed.set(&["spec", "paused"], true);
        } else {
            changed.remove(&["spec", "paused"]);
        }
        change(session, args, &object, done, changed)?;
    }
    Ok(())
}

/// Writes a changed object and says what was done.
pub(super) fn change(
    session: &mut Session<'_>,
    args: &Args,
    object: &Rc<Object>,
    done: &str,
    changed: Value,
) -> Result<(), Failure> {
    let (written, _) = super::write::write(session, args, object, changed)?;
    session.report(args, &written, done)
}

/// The Deployments and StatefulSets that a command line names, all of a kind if it names none; why others will not do.
fn named(session: &mut Session<'_>, args: &Args, why: fn(&Object) -> String) -> Result<Vec<Rc<Object>>, Failure> {
    if args.words.is_empty() && args.flag("filename").is_none() {
        return Err(Failure::error("required resource not specified"));
    }
    let found = if let ([word], None) = (&args.words[..], args.flag("selector"))
        && !word.contains('/')
    {
        session.listed(resource::expect_kind(word)?, &resource::Filter::default(), false)
    } else {
        session.resolve(args, &args.words)?
    };
    match found.iter().find(|object| !matches!(object.kind, Kind::Deployment | Kind::StatefulSet)) {
        Some(other) => Err(Failure::error(&why(other))),
        None => Ok(found),
    }
}

fn unsupported(object: &Object, what: &str) -> String {
    format!("{} {} {what} is not supported", object.kind.names().resource(), Quoted(object.name()))
}

/// The template that a revision stands for.
fn template_of(set: &Object) -> Value {
    let mut template = match set.kind {
        Kind::ReplicaSet => set.spec()["template"].clone(),
        _ => set.value["data"]["spec"]["template"].clone(),
    };
    template.remove(&["$patch"]);
    template.remove(&["metadata", "labels", "pod-template-hash"]);
    template
}

/// A Deployment's ReplicaSets by revision, oldest first, or a StatefulSet's ControllerRevisions.
fn revisions(session: &Session<'_>, owner: &Object) -> Vec<(i64, Rc<Object>)> {
    let owned = session.cluster.control().store().owned(owner.uid());
    let mut sets: Vec<(i64, Rc<Object>)> = Vec::new();
    for set in owned {
        let number = match set.kind {
            Kind::ReplicaSet => set.annotation(REVISION).and_then(|n| n.parse().ok()),
            Kind::ControllerRevision => set.value["revision"].as_int(),
            _ => continue,
        };
        sets.push((number.unwrap_or(0), set.clone()));
    }
    crate::ordered::sort_by_key(&mut sets, |(number, _)| *number);
    sets
}

/// `90s`, `5m`, `1h`, or plain seconds.
pub(super) fn seconds(text: &str) -> Option<u64> {
    /// A hundred years: nobody waits longer.
    const LONGEST: u64 = 3_155_760_000;
    let mut total = 0;
    let mut number = String::new();
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            number.push(letter);
            continue;
        }
        let unit = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return None,
        };
        total += core::mem::take(&mut number).parse::<u64>().ok()?.min(LONGEST) * unit;
    }
    let rest = if number.is_empty() { 0 } else { number.parse::<u64>().ok()? };
    Some((total + rest.min(LONGEST)).min(LONGEST))
}
