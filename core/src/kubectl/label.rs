//! `kubectl label` and `kubectl annotate`: two maps of an object, changed in one way.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/label/label.go, cmd/annotate/annotate.go.

use super::{Command, Failure, Session, args::Args, rollout::change};
use crate::api::{Object, Quoted, Value, names::label_value};
use alloc::{format, rc::Rc, string::String, vec::Vec};

const FLAGS: &str = "overwrite all filename=|f selector=|l field-selector= all-namespaces|A output=|o dry-run? list local resource-version=";

pub(super) const COMMANDS: [Command; 2] =
    [Command { name: "label", flags: FLAGS, act: label }, Command { name: "annotate", flags: FLAGS, act: annotate }];

/// What the two commands call things.
struct Words {
    field: &'static str,
    noun: &'static str,
    added: &'static str,
    removed: &'static str,
    both: &'static str,
    unchanged: &'static str,
}

fn label(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let words = Words {
        field: "labels",
        noun: "label",
        added: "labeled",
        removed: "unlabeled",
        both: "modified",
        unchanged: "not labeled",
    };
    edit(session, args, &words)
}

fn annotate(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let words = Words {
        field: "annotations",
        noun: "annotation",
        added: "annotated",
        removed: "annotated",
        both: "annotated",
        unchanged: "annotated",
    };
    edit(session, args, &words)
}

fn edit(session: &mut Session<'_>, args: &Args, words: &Words) -> Result<(), Failure> {
    // The names of objects end where the first change begins.
    let is_change = |word: &String| {
        word.contains('=')
            || (word.ends_with('-') && !word.contains('/'))
            || (word.ends_with('-') && word.contains('.'))
    };
    let first = args.words.iter().position(is_change).unwrap_or(args.words.len());
    let (target, changes) = args.words.split_at(first);
    if target.is_empty() && args.flag("filename").is_none() {
        return Err(Failure::error(super::resource::UNNAMED));
    }
    if args.is_set("local") {
        let text = "can only use local files by -f pod.yaml or --filename=pod.json when --local=true is set";
        return Err(if target.is_empty() { Failure::error("--local is not simulated") } else { Failure::error(text) });
    }
    if changes.is_empty() && !args.is_set("list") {
        return Err(Failure::error(&format!("at least one {} update is required", words.noun)));
    }
    let mut set: Vec<(&str, &str)> = Vec::new();
    let mut removed: Vec<&str> = Vec::new();
    for word in changes {
        match (word.split_once('='), word.strip_suffix('-')) {
            (Some((name, value)), _) => {
                let faults = if words.noun == "label" { label_value(value) } else { Vec::new() };
                if !faults.is_empty() {
                    let text = format!("invalid label value: {}: {}", Quoted(word), faults.join(";"));
                    return Err(Failure::error(&text));
                }
                set.push((name, value));
            }
            (None, Some(name)) => removed.push(name),
            (None, None) => {
                let text = format!("all resources must be specified before {} changes: {word}", words.noun);
                return Err(Failure::error(&text));
            }
        }
    }
    if set.iter().any(|(name, _)| removed.contains(name)) {
        return Err(Failure::error(&format!("can not both modify and remove a {} in the same command", words.noun)));
    }
    for object in session.resolve(args, target)? {
        edit_one(session, args, words, &object, &set, &removed)?;
    }
    Ok(())
}

fn edit_one(
    session: &mut Session<'_>,
    args: &Args,
    words: &Words,
    object: &Rc<Object>,
    set: &[(&str, &str)],
    removed: &[&str],
) -> Result<(), Failure> {
    let own = &object.value["metadata"][words.field];
    if args.is_set("list") && set.is_empty() && removed.is_empty() {
        return list(session, own);
    }
    for name in removed.iter().filter(|name| words.noun == "label" && own[**name].is_null()) {
        session.print_line(&format!("{} \"{name}\" not found.", words.noun));
    }
    let mut clashes: Vec<String> = Vec::new();
    for (name, value) in set {
        let old = &own[*name];
        if !old.is_null() && old.str() != *value && !args.is_set("overwrite") {
            clashes.push(format!("'{name}' already has a value ({})", old.str()));
        }
    }
    if words.noun == "annotation" && !clashes.is_empty() {
        let text = "--overwrite is false but found the following declared annotation(s)";
        return Err(Failure::error(&format!("{text}: {}", clashes.join("; "))));
    }
    for clash in &mut clashes {
        clash.push_str(", and --overwrite is false");
    }
    match &clashes[..] {
        [] => {}
        [one] => return Err(Failure::error(one)),
        all => return Err(Failure::error(&format!("[{}]", all.join(", ")))),
    }
    let added = set.iter().any(|(name, value)| own[*name].as_str() != Some(value));
    let taken = removed.iter().any(|name| !own[*name].is_null());
    let done = match (added, taken) {
        (true, true) => words.both,
        (true, false) => words.added,
        (false, true) => words.removed,
        (false, false) => words.unchanged,
    };
    let mut changed = object.value.clone();
    for (name, text) in set {
        changed.set(&["metadata", words.field, name], *text);
    }
    for name in removed {
        changed.remove(&["metadata", words.field, name]);
    }
    if let Some(version) = args.flag("resource-version") {
        changed.set(&["metadata", "resourceVersion"], version);
    }
    if args.is_set("list") {
        let (written, _) = super::write::write(session, args, object, changed)?;
        return list(session, &written.value["metadata"][words.field]);
    }
    change(session, args, object, done, changed)
}

fn list(session: &mut Session<'_>, map: &Value) -> Result<(), Failure> {
    for (name, value) in map.fields() {
        session.print_line(&format!("{name}={}", value.str()));
    }
    Ok(())
}
