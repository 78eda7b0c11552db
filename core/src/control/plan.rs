//! What a controller wants done, as a value.

use super::{DeleteOptions, event::EventType};
use crate::{
    api::{Key, Object, Value},
    time::Instant,
};
use alloc::{rc::Rc, string::String, vec::Vec};

/// The answer of one look at one object: the control plane does it, a controller only says it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Writes, in order.
    pub(super) ops: Vec<Op>,
    /// When to look again although nothing changed.
    pub(super) again_at: Option<Instant>,
}

/// One write.
#[derive(Debug)]
pub(super) enum Op {
    /// Makes an object; an empty name is drawn from `metadata.generateName`.
    Create(Object),
    /// Writes an object's tree as a user would, status apart.
    Replace(Object),
    /// Writes an object's tree as it is given, past admission: what only the server's own parts may do.
    Write(Object),
    /// Writes an object's status.
    Status(Key, Value),
    /// Writes one annotation, which is no change of what is wanted.
    Annotate(Key, &'static str, String),
    /// Deletes.
    Delete(Key, DeleteOptions),
    /// Says that something happened to an object; skipped if an op before it failed.
    Event { object: Rc<Object>, kind: EventType, reason: &'static str, source: &'static str, message: Message },
}

/// The words of an event.
#[derive(Debug)]
pub(super) enum Message {
    /// These words.
    Text(String),
    /// These words and the name of the object created last.
    Created(String),
}

impl Plan {
    pub(super) fn create(&mut self, object: Object) {
        self.ops.push(Op::Create(object));
    }

    pub(super) fn replace(&mut self, object: Object) {
        self.ops.push(Op::Replace(object));
    }

    pub(super) fn write(&mut self, object: Object) {
        self.ops.push(Op::Write(object));
    }

    /// Writes the status, unless it is as it was.
    pub(super) fn status(&mut self, object: &Object, status: Value) {
        if *object.status() != status {
            self.ops.push(Op::Status(object.key(), status));
        }
    }

    pub(super) fn annotate(&mut self, key: Key, name: &'static str, text: &str) {
        self.ops.push(Op::Annotate(key, name, text.into()));
    }

    /// Deletes with the grace that the object asks for; what it owns goes afterwards.
    pub(super) fn delete(&mut self, key: Key) {
        self.ops.push(Op::Delete(key, DeleteOptions::default()));
    }

    pub(super) fn event(
        &mut self,
        object: &Rc<Object>,
        kind: EventType,
        reason: &'static str,
        source: &'static str,
        message: Message,
    ) {
        self.ops.push(Op::Event { object: object.clone(), kind, reason, source, message });
    }

    pub(super) fn again_at(&mut self, at: Instant) {
        self.again_at = Some(self.again_at.map_or(at, |before| before.min(at)));
    }
}
