//! `kubectl set`: a Service's selector, a workload's images and variables.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/set.

use super::{Command, Failure, Session, args::Args, rollout::change};
use crate::api::{Kind, Map, Quoted, Value};
use alloc::{format, string::String, vec::Vec};

pub(super) const COMMANDS: [Command; 3] = [
    Command { name: "set selector", flags: "all filename=|f resource-version= dry-run? output=|o", act: selector },
    Command { name: "set image", flags: "all filename=|f selector=|l dry-run? output=|o", act: image },
    Command {
        name: "set env",
        flags: "all filename=|f selector=|l containers=|c env=|e dry-run? output=|o list",
        act: env,
    },
];

fn selector(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let Some((terms, target)) = args.words.split_last() else {
        return Err(Failure::error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    };
    let mut wanted = Map::default();
    for term in terms.split(',') {
        match term.split_once('=') {
            Some((name, value)) => drop(wanted.insert(name, value)),
            None => return Err(Failure::error(&format!("invalid selector: {}", Quoted(terms)))),
        }
    }
    for object in session.resolve(args, target)? {
        if object.kind != Kind::Service {
            let kind = object.kind.names().kind;
            return Err(Failure::error(&format!("selector is only supported for Services, not for {kind}")));
        }
        let mut changed = object.value.clone();
        changed.set(&["spec", "selector"], wanted.clone());
        change(session, args, &object, "selector updated", changed)?;
    }
    Ok(())
}

fn image(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let (pairs, target) = parted(&args.words, |word| word.contains('='));
    if pairs.is_empty() {
        return Err(Failure::error("at least one image update is required"));
    }
    for object in session.resolve(args, &target)? {
        let path: &[&str] = if object.kind == Kind::Pod { &["spec"] } else { &["spec", "template", "spec"] };
        let mut changed = object.value.clone();
        for pair in &pairs {
            let (name, image) = pair.split_once('=').expect("chosen by their sign");
            let mut is_found = false;
            for container in changed.at_mut(path).field_mut("containers").items_mut() {
                if name == "*" || container["name"].str() == name {
                    container.set(&["image"], image);
                    is_found = true;
                }
            }
            if !is_found {
                return Err(Failure::error(&format!("unable to find container named \"{name}\"")));
            }
        }
        // Nothing is said of what stays as it is.
        if changed != object.value {
            change(session, args, &object, "image updated", changed)?;
        }
    }
    Ok(())
}

fn env(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let (variables, target) = parted(&args.words, |word| word.contains('=') || word.ends_with('-'));
    for object in session.resolve(args, &target)? {
        let path: &[&str] = if object.kind == Kind::Pod { &["spec"] } else { &["spec", "template", "spec"] };
        let mut changed = object.value.clone();
        for container in changed.at_mut(path).field_mut("containers").items_mut() {
            let list = container.field_mut("env").items_mut();
            for variable in &variables {
                let name = variable.split('=').next().unwrap_or("").trim_end_matches('-');
                list.retain(|entry| entry["name"].str() != name);
                if let Some((_, value)) = variable.split_once('=') {
                    let mut entry = Value::map();
                    entry.set(&["name"], name);
                    entry.set(&["value"], value);
                    list.push(entry);
                }
            }
            if container["env"].is_empty() {
                container.remove(&["env"]);
            }
        }
        change(session, args, &object, "env updated", changed)?;
    }
    Ok(())
}

/// The words that are changes, and those that name objects.
fn parted(words: &[String], is_change: fn(&str) -> bool) -> (Vec<String>, Vec<String>) {
    let (mut changes, mut target) = (Vec::new(), Vec::new());
    for word in words {
        let list = if is_change(word) { &mut changes } else { &mut target };
        list.push(word.clone());
    }
    (changes, target)
}
