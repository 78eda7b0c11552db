//! Every object of the cluster, with revisions, a bounded log of changes, and the few indexes that controllers need.

use super::facts::{Facts, Tallies, Tally};
use super::terms;
use crate::api::{Key, Kind, Object};
use crate::ordered::{Iter, OrdMap, QuickMap};
use alloc::{
    borrow::ToOwned,
    collections::VecDeque,
    format,
    rc::Rc,
    string::{String, ToString},
    vec::Vec,
};
use core::ops::Bound;

/// The cluster's objects by key, as etcd keeps them.
///
/// It looks only: every change goes through [`super::ControlPlane`], which admits it first.
///
/// ```
/// use clusterip::{api::Kind, control::{ControlConfig, ControlPlane}};
/// let plane = ControlPlane::new(ControlConfig::default());
/// let service = plane.store().find(Kind::Service, "default", "kubernetes").unwrap();
/// assert!(service.resource_version() > 0);
/// ```
#[derive(Debug)]
pub struct Store {
    /// Where each object lies.
    places: QuickMap<Rc<Key>, usize>,
    objects: Vec<Option<Held>>,
    /// The places where nothing lies any more.
    free: Vec<usize>,
    /// Objects by what they are found by: an index leads to the object itself, whatever has been written since.
    terms: QuickMap<String, OrdMap<Rc<Key>, usize>>,
    /// How many objects of each kind there are.
    counts: [usize; Kind::ALL.len()],
    /// The same of each namespace.
    namespaces: OrdMap<String, [usize; Kind::ALL.len()]>,
    /// How many pods there may be.
    max_pods: usize,
    tallies: Tallies,
    log: VecDeque<Change>,
    log_weight: usize,
    log_capacity: usize,
    revision: u64,
}

/// An object, and what it comes to.
#[derive(Debug)]
struct Held {
    object: Rc<Object>,
    facts: Facts,
}

/// One write: what a watch would show.
#[derive(Debug, Clone)]
pub struct Change {
    /// The revision this write made.
    pub revision: u64,
    /// What was written.
    pub key: Rc<Key>,
    /// The object as it was, `None` if this created it.
    pub before: Option<Rc<Object>>,
    /// The object as it is, `None` if this deleted it.
    pub after: Option<Rc<Object>>,
    /// What both come to, if this is a pod.
    pub(super) facts: [Facts; 2],
}

impl Change {
    /// The newest form of the object that there was.
    pub fn object(&self) -> &Rc<Object> {
        self.after.as_ref().or(self.before.as_ref()).expect("a change has an object on one side")
    }

    /// How much of the log's capacity this takes: what it holds alive is one, and more for many endpoints.
    fn weight(&self) -> usize {
        let endpoints = |object: &Rc<Object>| object.value["endpoints"].items().len();
        1 + self.before.as_ref().map_or(0, endpoints) / 8
    }
}

/// The log no longer holds every change since the revision asked for: list again (410 Gone upstream).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// The oldest revision from which changes are still known.
    pub oldest: u64,
}

impl core::fmt::Display for Expired {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "too old resource version: the oldest known is {}", self.oldest)
    }
}

impl core::error::Error for Expired {}

/// The objects that were asked for, in order of their keys.
///
/// One type for every question, so that what is done with the answers is compiled once.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    objects: &'a [Option<Held>],
    places: Option<Iter<'a, Rc<Key>, usize>>,
}

impl<'a> Iterator for Found<'a> {
    type Item = &'a Rc<Object>;

    fn next(&mut self) -> Option<&'a Rc<Object>> {
        self.next_with_facts().map(|(object, _)| object)
    }
}

impl<'a> Found<'a> {
    /// The next object, and what it comes to.
    pub(super) fn next_with_facts(&mut self) -> Option<(&'a Rc<Object>, &'a Facts)> {
        let (_, place) = self.places.as_mut()?.next()?;
        let held = self.objects[*place].as_ref().expect("something lies where a key leads");
        Some((&held.object, &held.facts))
    }
}

impl Store {
    /// An empty store whose log remembers the last `log_capacity` changes.
    pub(super) fn new(log_capacity: usize, max_pods: usize) -> Store {
        Store {
            places: QuickMap::new(),
            objects: Vec::new(),
            free: Vec::new(),
            terms: QuickMap::new(),
            counts: [0; Kind::ALL.len()],
            namespaces: OrdMap::new(),
            max_pods,
            tallies: Tallies::default(),
            log: VecDeque::new(),
            log_weight: 0,
            log_capacity: log_capacity.max(1),
            revision: 0,
        }
    }

    /// The object with that key.
    pub fn get(&self, key: &Key) -> Option<&Rc<Object>> {
        // Most kinds that are asked for on the way have no object at all.
        if !self.has(key.kind) {
            return None;
        }
        self.objects[*self.places.get::<Key>(key)?].as_ref().map(|held| &held.object)
    }

    /// True if there is any object of that kind.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.counts[kind as usize] > 0
    }

    /// The object of that kind, namespace and name.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Rc<Object>> {
        self.get(&Key::new(kind, namespace, name))
    }

    /// The objects of a kind by namespace and name; of one namespace, or of all if `None`.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> Found<'_> {
        let namespace = namespace.filter(|_| kind.names().namespaced);
        let counts = namespace.map_or(Some(&self.counts), |namespace| self.namespaces.get(namespace));
        if counts.is_none_or(|counts| counts[kind as usize] == 0) {
            return Found { objects: &self.objects, places: None };
        }
        // No namespace holds these characters: the ends lie behind every name, and behind every namespace.
        let (from, to) = match namespace {
            Some(namespace) => (namespace.to_owned(), format!("{namespace}\0")),
            None => (String::new(), char::MAX.to_string()),
        };
        let key = |namespace| Key { kind, namespace, name: String::new() };
        let range = (Bound::Included(&key(from)), Bound::Excluded(&key(to)));
        Found { objects: &self.objects, places: Some(self.places.ordered().range::<Key>(range)) }
    }

    /// The pods or EndpointSlices of a namespace that carry a label (only a slice's `kubernetes.io/service-name` is indexed).
    pub fn labelled(&self, kind: Kind, namespace: &str, label: &str, value: &str) -> Found<'_> {
        self.term(&terms::by_label(kind, namespace, label, value))
    }

    /// How many objects [`Store::labelled`] would give.
    pub(super) fn count_labelled(&self, kind: Kind, namespace: &str, label: &str, value: &str) -> usize {
        self.terms.get(terms::by_label(kind, namespace, label, value).as_str()).map_or(0, OrdMap::len)
    }

    /// The ReplicaSets of a namespace that no controller owns.
    pub(super) fn stray_sets(&self, namespace: &str) -> Found<'_> {
        self.term(&terms::by_stray(namespace))
    }

    /// The Services of a namespace that select pods which carry `label` with `value`, if that is the selector's first pair.
    pub(super) fn selecting(&self, namespace: &str, label: &str, value: &str) -> Found<'_> {
        self.term(&terms::by_selector(namespace, label, value))
    }

    /// The objects that name this uid among their owners.
    pub fn owned(&self, uid: &str) -> Found<'_> {
        self.term(&terms::by_owner(uid))
    }

    /// The pods that a ReplicaSet of this uid controls, counted by their labels; none unless these are all it owns.
    pub(super) fn tallies(&self, uid: &str) -> Option<&[Tally]> {
        let tallies = self.tallies.of(uid);
        let total: usize = tallies.iter().map(|tally| tally.total).sum();
        (self.terms.get(terms::by_owner(uid).as_str()).map_or(0, OrdMap::len) == total).then_some(tallies)
    }

    /// The pods bound to a node.
    pub fn on_node(&self, node: &str) -> Found<'_> {
        self.term(&terms::by_node(node))
    }

    /// How many pods are bound to a node.
    pub fn count_on_node(&self, node: &str) -> usize {
        self.terms.get(terms::by_node(node).as_str()).map_or(0, OrdMap::len)
    }

    /// How many pods of one controller are bound to a node.
    pub(super) fn count_siblings(&self, controller: &str, node: &str) -> usize {
        self.terms.get(terms::by_sibling(controller, node).as_str()).map_or(0, OrdMap::len)
    }

    /// The revision of the last change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The changes after `revision`, oldest first.
    pub fn changes_since(&self, revision: u64) -> Result<impl Iterator<Item = &Change>, Expired> {
        let oldest = self.revision - self.log.len() as u64;
        if revision < oldest {
            return Err(Expired { oldest });
        }
        let skip = usize::try_from(revision - oldest).unwrap_or(usize::MAX).min(self.log.len());
        Ok(self.log.range(skip..))
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.places.ordered().len()
    }

    /// How many pods there are, and how many there may be.
    pub fn pod_quota(&self) -> (usize, usize) {
        (self.counts[Kind::Pod as usize], self.max_pods)
    }

    /// True if there is no object.
    pub fn is_empty(&self) -> bool {
        self.places.ordered().is_empty()
    }

    /// How much is remembered besides the objects: index entries, and changes by their weight.
    #[cfg(test)]
    pub(super) fn footprint(&self) -> (usize, usize) {
        (self.terms.ordered().values().map(OrdMap::len).sum(), self.log_weight)
    }

    /// Writes an object under a new revision.
    pub(super) fn put(&mut self, mut object: Object) -> Change {
        self.revision += 1;
        object.value.set(&["metadata", "resourceVersion"], self.revision.to_string());
        let object = Rc::new(object);
        let key = object.key();
        let (key, place) = match self.places.get_key_value::<Key>(&key) {
            Some((key, place)) => (key.clone(), *place),
            None => self.place(Rc::new(key)),
        };
        let before = self.objects[place].take();
        let facts = Facts::of(&object, before.as_ref().map(|held| (&*held.object, &held.facts)));
        let is_found_as_before = before.as_ref().is_some_and(|before| terms::are_same(&before.object, &object));
        if !is_found_as_before {
            if let Some(before) = &before {
                self.unindex(&key, &before.object);
            }
            for term in terms::of(&object) {
                match self.terms.get_mut(term.as_str()) {
                    Some(keys) => drop(keys.insert(key.clone(), place)),
                    None => self.terms.insert::<str>(term, OrdMap::from([(key.clone(), place)])),
                }
            }
        }
        if key.kind == Kind::Pod && !before.as_ref().is_some_and(|b| is_found_as_before && b.facts.counts_as(&facts)) {
            if let Some(before) = &before {
                self.tallies.count(&before.object, &before.facts, false);
            }
            self.tallies.count(&object, &facts, true);
        }
        self.objects[place] = Some(Held { object: object.clone(), facts: facts.clone() });
        self.record(key, before, Some(Held { object, facts }))
    }

    /// Takes an object out under a new revision.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Change> {
        let (key, place) = self.places.remove_entry::<Key>(key)?;
        let before = self.objects[place].take()?;
        self.free.push(place);
        self.revision += 1;
        self.unindex(&key, &before.object);
        if key.kind == Kind::Pod {
            self.tallies.count(&before.object, &before.facts, false);
        }
        Some(self.record(key, Some(before), None))
    }

    fn record(&mut self, key: Rc<Key>, before: Option<Held>, after: Option<Held>) -> Change {
        if before.is_none() || after.is_none() {
            self.count(&key, after.is_some());
        }
        let part = |held: Option<Held>| held.map_or((None, Facts::default()), |held| (Some(held.object), held.facts));
        let ((before, old), (after, new)) = (part(before), part(after));
        let change = Change { revision: self.revision, key, before, after, facts: [old, new] };
        self.log_weight += change.weight();
        self.log.push_back(change.clone());
        while self.log_weight > self.log_capacity && self.log.len() > 1 {
            let oldest = self.log.pop_front().expect("there is more than one");
            self.log_weight -= oldest.weight();
        }
        change
    }

    /// Counts an object that came, or went.
    fn count(&mut self, key: &Key, is_in: bool) {
        let kind = key.kind as usize;
        if !self.namespaces.contains_key(key.namespace.as_str()) {
            self.namespaces.insert(key.namespace.clone(), [0; Kind::ALL.len()]);
        }
        let Some(own) = self.namespaces.get_mut(key.namespace.as_str()) else { return };
        for count in [&mut self.counts[kind], &mut own[kind]] {
            if is_in { *count += 1 } else { *count -= 1 }
        }
        if own.iter().all(|count| *count == 0) {
            self.namespaces.remove(key.namespace.as_str());
        }
    }

    fn term(&self, term: &str) -> Found<'_> {
        Found { objects: &self.objects, places: self.terms.get(term).map(OrdMap::iter) }
    }

    /// Gives a new key a place.
    fn place(&mut self, key: Rc<Key>) -> (Rc<Key>, usize) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.objects.push(None);
            self.objects.len() - 1
        });
        self.places.insert::<Key>(key.clone(), place);
        (key, place)
    }

    fn unindex(&mut self, key: &Key, object: &Object) {
        for term in terms::of(object) {
            if let Some(keys) = self.terms.get_mut(term.as_str()) {
                keys.remove(key);
                if keys.is_empty() {
                    self.terms.remove_entry(term.as_str());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, app: &str) -> Object {
        let mut pod = Object::new(Kind::Pod, "default", name);
        pod.value.set(&["metadata", "labels", "app"], app);
        pod
    }

    fn names<'a>(objects: impl Iterator<Item = &'a Rc<Object>>) -> Vec<&'a str> {
        objects.map(|object| object.name()).collect()
    }

    #[test]
    fn every_write_has_its_own_revision_and_is_seen_in_order() {
        let mut store = Store::new(8, usize::MAX);
        store.put(pod("a", "web"));
        store.put(pod("b", "web"));
        store.put(pod("a", "api"));
        store.remove(&Key::new(Kind::Pod, "default", "b"));
        let seen: Vec<_> = store
            .changes_since(1)
            .unwrap()
            .map(|c| (c.revision, c.key.name.as_str(), c.before.is_some(), c.after.is_some()))
            .collect();
        assert_eq!(seen, [(2, "b", false, true), (3, "a", true, true), (4, "b", true, false)]);
        assert_eq!(store.changes_since(4).unwrap().count(), 0);
    }

    #[test]
    fn a_watch_from_before_the_log_is_told_to_list_again() {
        let mut store = Store::new(2, usize::MAX);
        for name in ["a", "b", "c"] {
            store.put(pod(name, "web"));
        }
        assert_eq!(store.changes_since(0).err(), Some(Expired { oldest: 1 }));
        assert_eq!(store.changes_since(1).unwrap().count(), 2);
    }

    #[test]
    fn the_label_index_follows_every_change() {
        let mut store = Store::new(8, usize::MAX);
        store.put(pod("b", "web"));
        store.put(pod("a", "web"));
        assert_eq!(names(store.labelled(Kind::Pod, "default", "app", "web")), ["a", "b"]);
        store.put(pod("a", "api"));
        assert_eq!(names(store.labelled(Kind::Pod, "default", "app", "web")), ["b"]);
        store.remove(&Key::new(Kind::Pod, "default", "b"));
        assert_eq!(store.labelled(Kind::Pod, "default", "app", "web").count(), 0);
        assert!(!store.terms.ordered().keys().any(|term| term.ends_with("web")));
    }

    #[test]
    fn a_list_stays_within_its_kind_and_namespace() {
        let mut store = Store::new(8, usize::MAX);
        store.put(pod("a", "web"));
        store.put(Object::new(Kind::Pod, "other", "b"));
        store.put(Object::new(Kind::Service, "default", "c"));
        assert_eq!(names(store.list(Kind::Pod, Some("default"))), ["a"]);
        assert_eq!(names(store.list(Kind::Pod, None)), ["a", "b"]);
        assert_eq!(names(store.list(Kind::Service, None)), ["c"]);
    }
}
