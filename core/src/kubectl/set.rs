//! `kubectl set`: a Service's selector, a workload's images, variables and resources.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/set.

use super::{Command, Failure, Session, args::Args, rollout::change};
use crate::api::{Kind, Map, Object, Quoted, Value, quantity::Quantity, selector::Selector};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};

pub(super) const COMMANDS: [Command; 4] = [
    Command { name: "set selector", flags: "all filename=|f resource-version= dry-run? output=|o", act: selector },
    Command { name: "set image", flags: "all filename=|f selector=|l dry-run? output=|o", act: image },
    Command {
        name: "set env",
        flags: "all filename=|f selector=|l containers=|c env=|e dry-run? output=|o list overwrite?",
        act: env,
    },
    Command {
        name: "set resources",
        flags: "all filename=|f selector=|l containers=|c limits= requests= dry-run? output=|o",
        act: resources,
    },
];

fn selector(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let Some((terms, target)) = args.words.split_last() else {
        return Err(Failure::error("one selector is required"));
    };
    if let Err(why) = terms.parse::<Selector>() {
        return Err(Failure::error(&format!("couldn't parse the selector string {}: {why}", Quoted(terms))));
    }
    let found = session.resolve(args, target)?;
    let mut wanted = Map::default();
    for term in terms.split(',') {
        match term.split_once('=') {
            Some((name, value)) => drop(wanted.insert(name, value)),
            None => return Err(Failure::error(&format!("invalid selector: {}", Quoted(terms)))),
        }
    }
    for object in found {
        if object.kind != Kind::Service {
            return Err(Failure::error("setting a selector is only supported for Services"));
        }
        let mut changed = object.value.clone();
        changed.set(&["spec", "selector"], wanted.clone());
        if let Some(version) = args.flag("resource-version") {
            changed.set(&["metadata", "resourceVersion"], version);
        }
        change(session, args, &object, "selector updated", changed)?;
    }
    Ok(())
}

fn image(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let (pairs, target) = parted(&args.words, |word| word.contains('='));
    let found = session.resolve(args, &target)?;
    if pairs.is_empty() {
        return Err(Failure::error("at least one image update is required"));
    }
    for object in found {
        let mut changed = object.value.clone();
        for pair in &pairs {
            let (name, image) = pair.split_once('=').expect("chosen by their sign");
            let mut is_found = false;
            for container in containers(&mut changed, &object)? {
                if name == "*" || container["name"].str() == name {
                    container.set(&["image"], image);
                    is_found = true;
                }
            }
            if !is_found {
                return Err(Failure::error(&format!("unable to find container named \"{name}\"")));
            }
        }
        patch(session, args, &object, "image", changed)?;
    }
    Ok(())
}

fn env(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let is_change = |word: &str| word.find('=').is_some_and(|at| at > 0) || word.ends_with('-');
    let (mut variables, target) = parted(&args.words, is_change);
    if target.is_empty() && args.flag("filename").is_none() {
        return Err(Failure::error(super::resource::UNNAMED));
    }
    for given in args.all("env") {
        variables.push(given.to_owned());
    }
    for object in session.resolve(args, &target)? {
        let names = object.kind.names();
        let mut changed = object.value.clone();
        let mut said = Vec::new();
        let mut is_found = false;
        for container in containers(&mut changed, &object)? {
            let own = container["name"].str().to_owned();
            if args.flag("containers").is_some_and(|only| only != "*" && only != own) {
                continue;
            }
            is_found = true;
            let list = container.field_mut("env").items_mut();
            for variable in &variables {
                let (name, value) = variable.split_once('=').unwrap_or((variable.trim_end_matches('-'), ""));
                let at = list.iter().position(|entry| entry["name"].str() == name);
                if !variable.contains('=') {
                    list.retain(|entry| entry["name"].str() != name);
                    continue;
                }
                let mut entry = Value::map();
                entry.set(&["name"], name);
                entry.set(&["value"], value);
                match at {
                    Some(at) if args.flag("overwrite") == Some("false") => {
                        let (place, old) = (format!("{}/{}", names.plural, object.name()), list[at]["value"].str());
                        return Err(Failure::error(&format!(
                            "{place} '{name}' already has a value ({old}), and --overwrite is false"
                        )));
                    }
                    Some(at) => list[at] = entry,
                    None => list.push(entry),
                }
            }
            said.push(format!("# {} {}, container {own}", names.kind, object.name()));
            for entry in &*list {
                let (name, path) = (entry["name"].str(), entry["valueFrom"]["fieldRef"]["fieldPath"].str());
                said.push(if path.is_empty() {
                    format!("{name}={}", entry["value"].str())
                } else {
                    format!("# {name} from field path {path}")
                });
            }
            if container["env"].is_empty() {
                container.remove(&["env"]);
            }
        }
        if let Some(only) = args.flag("containers").filter(|_| !is_found) {
            let place = format!("{}/{}", names.kind, object.name());
            session.warn(&format!("{place} does not have any containers matching {}", Quoted(only)));
        } else if args.is_set("list") {
            said.iter().for_each(|line| session.print_line(line));
        } else {
            patch(session, args, &object, "env", changed)?;
        }
    }
    Ok(())
}

fn resources(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let found = session.resolve(args, &args.words)?;
    let mut amounts: Vec<(&str, &str, &str)> = Vec::new();
    for field in ["limits", "requests"] {
        for pair in args.list(field) {
            let Some((name, amount)) = pair.split_once('=') else {
                let text = format!("Invalid argument syntax {pair}, expected <resource>=<value>");
                return Err(Failure::error(&text));
            };
            Quantity::parse(amount).map_err(Failure::error)?;
            amounts.push((field, name, amount));
        }
    }
    if amounts.is_empty() {
        let text = "you must specify an update to requests or limits (in the form of --requests/--limits)";
        return Err(Failure::error(text));
    }
    for object in found {
        let mut changed = object.value.clone();
        let mut is_found = false;
        let only = args.flag("containers").unwrap_or("*");
        for container in containers(&mut changed, &object)? {
            if only == "*" || container["name"].str() == only {
                is_found = true;
                for (field, name, amount) in &amounts {
                    container.set(&["resources", field, name], *amount);
                }
            }
        }
        if !is_found {
            return Err(Failure::error(&format!("unable to find container named {only}")));
        }
        patch(session, args, &object, "resource requirements", changed)?;
    }
    Ok(())
}

/// The containers of an object's pods.
fn containers<'a>(value: &'a mut Value, object: &Object) -> Result<&'a mut Vec<Value>, Failure> {
    let names = object.kind.names();
    let path: &[&str] = match object.kind {
        Kind::Pod => &["spec"],
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet => &["spec", "template", "spec"],
        _ => {
            let text = "the object is not a pod or does not have a pod template";
            let place = format!("{}/{}", names.plural, object.name());
            return Err(Failure::error(&format!("{place} {text}: *v1.{}", names.kind)));
        }
    };
    Ok(value.at_mut(path).field_mut("containers").items_mut())
}

/// Writes a changed object and says so; nothing is said of what stays as it is.
fn patch(
    session: &mut Session<'_>,
    args: &Args,
    object: &Rc<Object>,
    what: &str,
    changed: Value,
) -> Result<(), Failure> {
    if changed == object.value {
        return Ok(());
    }
    let failed = |failure: Failure| {
        let text = failure.0.text.strip_prefix("The ").and_then(|text| text.split_once(' '));
        let Some((_, why)) = text else { return failure };
        let kind =
            super::resource::full_type(object.kind).replacen(object.kind.names().singular, object.kind.names().kind, 1);
        Failure::error(&format!("failed to patch {what} update to pod template: {kind} {why}"))
    };
    change(session, args, object, &format!("{what} updated"), changed).map_err(failed)
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
