//! Results as plain values, with the names that `js/engine.ts` gives them.

use clusterip::{
    api::Value,
    cluster::{Output, Trip},
    control::Store,
};

use crate::tree::object;

/// A command's output.
pub(crate) fn output(output: &Output) -> Value {
    let hint = output.hint.as_ref().map_or(Value::Null, |hint| {
        object([
            ("code", hint.code.as_str().into()),
            ("text", hint.text.as_str().into()),
            ("action", hint.action.as_deref().map_or(Value::Null, Value::from)),
        ])
    });
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
    let text = |text: Option<String>| text.map_or(Value::Null, Value::from);
    object([
        ("outcome", trip.outcome.word().into()),
        ("status", trip.status.map_or(Value::Null, Value::from)),
        ("body", trip.text.as_str().into()),
        ("backend", text(trip.pod.as_ref().map(ToString::to_string))),
        ("frames", Value::from(vec![number(trip.frames.0), number(trip.frames.1)])),
        ("rtt", number(trip.took.total_micros())),
    ])
}

/// The changes after a revision; all objects, if the log no longer goes back so far.
pub(crate) fn changes(store: &Store, since: u64) -> Value {
    let entry = |revision: u64, kind: &str, object_tree: &Value| {
        object([("revision", number(revision)), ("type", kind.into()), ("object", object_tree.clone())])
    };
    let Ok(changes) = store.changes_since(since) else {
        let kinds = clusterip::api::Kind::ALL.into_iter();
        let all = kinds.flat_map(|kind| store.list(kind, None));
        return Value::List(all.map(|o| entry(o.resource_version(), "ADDED", &o.value)).collect());
    };
    let entries = changes.filter_map(|change| {
        let kind = match (&change.before, &change.after) {
            (None, _) => "ADDED",
            (Some(_), Some(_)) => "MODIFIED",
            (Some(_), None) => "DELETED",
        };
        let object = change.after.as_ref().or(change.before.as_ref())?;
        Some(entry(change.revision, kind, &object.value))
    });
    Value::List(entries.collect())
}

pub(crate) fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
