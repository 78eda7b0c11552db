//! Results as plain values, with the names that `js/engine.ts` gives them.

use clusterip::{
    api::Value,
    cluster::{Output, Trip},
    control::Store,
};

use crate::tree::{object, text};

/// A command's output.
pub(crate) fn output(output: &Output) -> Value {
    let hint = match &output.hint {
        Some(hint) => object([
            ("code", hint.code.as_str().into()),
            ("text", hint.text.as_str().into()),
            ("action", text(hint.action.as_deref())),
        ]),
        None => Value::Null,
    };
    object([
        ("stdout", output.stdout.as_str().into()),
        ("stderr", output.stderr.as_str().into()),
        ("exitCode", output.exit_code.into()),
        ("hint", hint),
    ])
}

/// What a process has printed; the exit code is there only once it has ended.
pub(crate) fn process(output: &Output, has_ended: bool) -> Value {
    object([
        ("stdout", output.stdout.as_str().into()),
        ("stderr", output.stderr.as_str().into()),
        ("exitCode", if has_ended { output.exit_code.into() } else { Value::Null }),
    ])
}

/// What became of a request.
pub(crate) fn trip(trip: &Trip) -> Value {
    let pod = trip.pod.as_ref().map(ToString::to_string);
    object([
        ("outcome", trip.outcome.word().into()),
        ("status", trip.status.map_or(Value::Null, Value::from)),
        ("body", trip.text.as_str().into()),
        ("backend", text(pod.as_deref())),
        ("frames", Value::from(vec![number(trip.frames.0), number(trip.frames.1)])),
        ("rtt", number(trip.took.total_micros())),
    ])
}

/// The changes after a revision; all objects, if the log no longer goes back so far.
pub(crate) fn changes(store: &Store, since: u64) -> Value {
    let entry = |revision: u64, kind: &str, object_tree: &Value| {
        object([("revision", number(revision)), ("type", kind.into()), ("object", object_tree.clone())])
    };
    let mut entries = Vec::new();
    let Ok(changes) = store.changes_since(since) else {
        for kind in clusterip::api::Kind::ALL {
            for object in store.list(kind, None) {
                entries.push(entry(object.resource_version(), "ADDED", &object.value));
            }
        }
        return Value::from(entries);
    };
    for change in changes {
        let kind = match (&change.before, &change.after) {
            (None, _) => "ADDED",
            (Some(_), Some(_)) => "MODIFIED",
            (Some(_), None) => "DELETED",
        };
        if let Some(object) = change.after.as_ref().or(change.before.as_ref()) {
            entries.push(entry(change.revision, kind, &object.value));
        }
    }
    Value::from(entries)
}

pub(crate) fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
