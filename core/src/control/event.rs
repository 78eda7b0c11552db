//! What the cluster says it did: upstream's Event objects, in a bounded ring.

use super::timestamp;
use crate::ordered::{Hashed, QuickMap};
use crate::{
    api::{Key, Kind, Object, Value},
    time::Instant,
};
use alloc::{
    collections::VecDeque,
    format,
    rc::Rc,
    string::{String, ToString},
};

/// Whether an event is news or a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum EventType {
    Normal,
    Warning,
}

/// One event; repeats of the same words about the same object only raise `count`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number, which gives its name; events are numbered in the order of their first appearance.
    pub number: u64,
    /// What it is about.
    pub regarding: Rc<Key>,
    /// The uid of what it is about.
    pub uid: String,
    /// Normal or Warning.
    pub kind: EventType,
    /// One word: `Scheduled`.
    pub reason: &'static str,
    /// Who says so: `default-scheduler`.
    pub source: &'static str,
    /// A sentence.
    pub message: String,
    /// When it was first said.
    pub first: Instant,
    /// When it was last said.
    pub last: Instant,
    /// How often it was said.
    pub count: u32,
}

/// The last events of the cluster, found by what they are about.
#[derive(Debug)]
pub struct Events {
    by_object: QuickMap<Rc<Key>, Told>,
    order: VecDeque<(Rc<Key>, u64)>,
    capacity: usize,
    next: u64,
}

/// The events about one object, oldest first.
#[derive(Debug, Default)]
struct Told {
    events: VecDeque<Event>,
    /// A hash of each event's words: a ReplicaSet says thousands of them.
    hashes: VecDeque<u32>,
}

impl Events {
    pub(super) fn new(capacity: usize) -> Events {
        Events { by_object: QuickMap::new(), order: VecDeque::new(), capacity: capacity.max(1), next: 0 }
    }

    /// Notes that something happened to an object.
    pub fn record(
        &mut self,
        now: Instant,
        object: &Object,
        kind: EventType,
        reason: &'static str,
        source: &'static str,
        message: String,
    ) {
        let regarding = object.key();
        let regarding = match self.by_object.get_key_value::<Key>(&regarding) {
            Some((key, _)) => key.clone(),
            None => {
                let regarding = Rc::new(regarding);
                self.by_object.insert::<Key>(regarding.clone(), Told::default());
                regarding
            }
        };
        let Some(told) = self.by_object.get_mut::<Key>(&regarding) else { return };
        let hash = message.as_str().hash();
        for at in 0..told.hashes.len() {
            if told.hashes[at] != hash {
                continue;
            }
            let e = &mut told.events[at];
            if e.reason == reason && e.kind == kind && e.uid == object.uid() && e.message == message {
                e.count += 1;
                e.last = now;
                return;
            }
        }
        let number = self.next;
        self.next += 1;
        let uid = object.uid().to_string();
        let event = Event {
            number,
            regarding: regarding.clone(),
            uid,
            kind,
            reason,
            source,
            message,
            first: now,
            last: now,
            count: 1,
        };
        told.events.push_back(event);
        told.hashes.push_back(hash);
        self.order.push_back((regarding, number));
        if self.order.len() > self.capacity {
            self.forget_oldest();
        }
    }

    /// The events about one object, oldest first.
    pub fn of(&self, key: &Key) -> impl DoubleEndedIterator<Item = &Event> {
        self.by_object.get::<Key>(key).into_iter().flat_map(|told| &told.events)
    }

    /// All events, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        self.order.iter().filter_map(|(key, number)| self.of(key).find(|event| event.number == *number))
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True if there is no event.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn forget_oldest(&mut self) {
        let Some((key, number)) = self.order.pop_front() else { return };
        if let Some(told) = self.by_object.get_mut::<Key>(&key) {
            let front = told.events.pop_front();
            debug_assert_eq!(front.map(|event| event.number), Some(number), "events are numbered in order");
            told.hashes.pop_front();
            if told.events.is_empty() {
                self.by_object.remove_entry::<Key>(&key);
            }
        }
    }
}

impl Event {
    /// The event as an API object, for `kubectl get events`.
    pub fn object(&self) -> Object {
        let namespace = if self.regarding.namespace.is_empty() { "default" } else { &self.regarding.namespace };
        let mut object = Object::new(Kind::Event, namespace, &format!("{}.{:016x}", self.regarding.name, self.number));
        let names = self.regarding.kind.names();
        let value = &mut object.value;
        value.set(&["metadata", "creationTimestamp"], timestamp::emit(self.first));
        value.set(&["involvedObject", "kind"], names.kind);
        value.set(&["involvedObject", "namespace"], self.regarding.namespace.as_str());
        value.set(&["involvedObject", "name"], self.regarding.name.as_str());
        value.set(&["involvedObject", "uid"], self.uid.as_str());
        value.set(&["reason"], self.reason);
        value.set(&["message"], self.message.as_str());
        value.set(&["type"], if self.kind == EventType::Normal { "Normal" } else { "Warning" });
        value.set(&["source", "component"], self.source);
        value.set(&["firstTimestamp"], timestamp::emit(self.first));
        value.set(&["lastTimestamp"], timestamp::emit(self.last));
        value.set(&["count"], Value::Int(self.count.into()));
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn said(events: &mut Events, at: i64, name: &str, message: &str) {
        let pod = Object::new(Kind::Pod, "default", name);
        let now = Instant::from_secs(at);
        events.record(now, &pod, EventType::Normal, "Pulled", "kubelet", message.to_string());
    }

    #[test]
    fn a_repeated_event_is_counted_not_kept_twice() {
        let mut events = Events::new(4);
        said(&mut events, 1, "a", "x");
        said(&mut events, 2, "b", "x");
        said(&mut events, 3, "a", "x");
        let seen: Vec<_> = events.iter().map(|e| (e.regarding.name.as_str(), e.count, e.last.secs())).collect();
        assert_eq!(seen, [("a", 2, 3), ("b", 1, 2)]);
    }

    #[test]
    fn the_ring_forgets_the_oldest() {
        let mut events = Events::new(2);
        for (at, name) in ["a", "b", "c"].into_iter().enumerate() {
            said(&mut events, at as i64, name, "x");
        }
        let seen: Vec<_> = events.iter().map(|e| e.regarding.name.as_str()).collect();
        assert_eq!(seen, ["b", "c"]);
        assert_eq!(events.of(&Key::new(Kind::Pod, "default", "a")).count(), 0);
    }
}
