//! The control plane: objects in, the objects that follow from them out.
//!
//! ```text
//! create / replace / delete -> admit -> Store (revision, change log) -> Queue -> controller -> Plan -> Store … until quiet
//! ```
//!
//! Every controller is a pure function of a key and the [`Store`]; this module does what their plans say.

pub mod admission;
mod bootstrap;
mod config;
mod controller;
mod deployment;
mod endpoint_slice;
mod endpoints;
mod event;
mod garbage;
mod ip_pool;
mod membership;
mod mirroring;
mod namespace;
mod plan;
mod port_pool;
mod port_set;
mod queue;
mod replica_set;
mod scheduler;
mod stateful_set;
pub mod store;
mod subsets;
pub mod timestamp;

pub use admission::{Admission, Mode};
pub use config::{Cidr, ControlConfig, NodeConfig, NotACidr};
pub use event::{Event, EventType, Events};
pub use ip_pool::{Bands, IpPool, NoAddress};
pub use port_pool::{NoPort, PortPool};
pub use store::{Change, Expired, Store};

use crate::{
    api::{ApiError, Key, Kind, Object, Value},
    rng::Rng,
    time::{Duration, Instant},
};
use alloc::{
    borrow::ToOwned,
    collections::BTreeMap,
    format,
    rc::Rc,
    string::{String, ToString},
};
use controller::Controller;
use plan::{Message, Op};
use queue::Queue;

/// Which Service an EndpointSlice belongs to.
const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

/// How much work one [`ControlPlane::reconcile`] does before it lets time pass: a guard against controllers that disagree.
const STEPS: u32 = 1_000_000;

/// The API server and the controllers of one cluster.
///
/// ```
/// use clusterip::{api::{Kind, Object}, control::{ControlConfig, ControlPlane}, time::Instant};
/// let mut plane = ControlPlane::new(ControlConfig::default());
/// plane.create(Instant::ZERO, Object::new(Kind::Namespace, "", "shop")).unwrap();
/// let again = plane.create(Instant::ZERO, Object::new(Kind::Namespace, "", "shop"));
/// assert_eq!(again.unwrap_err().message, r#"namespaces "shop" already exists"#);
/// ```
#[derive(Debug)]
pub struct ControlPlane {
    store: Store,
    events: Events,
    queue: Queue,
    rng: Rng,
    suffixes: BTreeMap<Key, Rng>,
    now: Instant,
    by: Option<Controller>,
    admission: Admission,
}

/// How to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeleteOptions {
    /// Seconds a pod gets to end, instead of its own `terminationGracePeriodSeconds`; 0 removes at once.
    pub grace_period_seconds: Option<u32>,
    /// What becomes of the objects this one owns.
    pub propagation: Propagation,
}

/// What becomes of the objects that a deleted one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Propagation {
    /// They are deleted too, afterwards.
    #[default]
    Background,
    /// They stay, without an owner (`--cascade=orphan`).
    Orphan,
}

impl ControlPlane {
    /// A control plane with the namespaces, Services and nodes that every cluster starts with.
    pub fn new(config: ControlConfig) -> ControlPlane {
        let mut plane = ControlPlane {
            store: Store::new(config.change_log),
            events: Events::new(config.event_log),
            queue: Queue::default(),
            admission: Admission::new(
                &config.service_cidrs,
                config.node_port_range.clone(),
                Rng::new(config.seed).fork("admission", "", ""),
            ),
            rng: Rng::new(config.seed),
            suffixes: BTreeMap::new(),
            now: Instant::ZERO,
            by: None,
        };
        bootstrap::start(&mut plane, &config);
        plane
    }

    /// Every object.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What happened.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// The pools of cluster IPs and node ports.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// The same, to add what happens outside the control plane (the kubelet's words).
    pub fn events_mut(&mut self) -> &mut Events {
        &mut self.events
    }

    /// Adds an object; a name is drawn if there is only `metadata.generateName`.
    pub fn create(&mut self, now: Instant, object: Object) -> Result<Rc<Object>, ApiError> {
        let mut object = self.admit(object, Mode::Real)?;
        let key = object.key();
        if self.store.get(&key).is_some() {
            self.admission.release(&object);
            return Err(ApiError::already_exists(&key));
        }
        self.stamp(now, &mut object);
        Ok(self.commit(object))
    }

    /// What [`ControlPlane::create`] would store or refuse (`--dry-run=server`).
    pub fn dry_run_create(&mut self, object: Object) -> Result<Object, ApiError> {
        let object = self.admit(object, Mode::DryRun)?;
        let key = object.key();
        if self.store.get(&key).is_some() { Err(ApiError::already_exists(&key)) } else { Ok(object) }
    }

    fn admit(&mut self, mut object: Object, mode: Mode) -> Result<Object, ApiError> {
        if object.kind.names().namespaced {
            if object.namespace().is_empty() {
                object.value.set(&["metadata", "namespace"], "default");
            }
            self.admit_namespace(&object.key())?;
        }
        if object.name().is_empty() {
            self.draw_name(&mut object);
        }
        self.admission.create(object, mode)
    }

    /// Writes an object that exists. Its status stays as it is, unless its kind has none of its own.
    ///
    /// With a `metadata.resourceVersion` the write is refused if the object has changed since.
    pub fn replace(&mut self, _now: Instant, mut object: Object) -> Result<Rc<Object>, ApiError> {
        let key = object.key();
        let Some(before) = self.store.get(&key).cloned() else {
            return Err(ApiError::not_found(key.kind, &key.name));
        };
        check_precondition(&key, &before, &object)?;
        keep_metadata(&before, &mut object);
        if before.status().is_null() {
            object.value.remove(&["status"]);
        } else {
            object.value.set(&["status"], before.status().clone());
        }
        let mut object = self.admission.update(&before, object, Mode::Real)?;
        if same_but_revision(&before, &object) {
            return Ok(before);
        }
        let generation = &before.value["metadata"]["generation"];
        if let Some(generation) = generation.as_int() {
            let bump = i64::from(before.spec() != object.spec() || is_slice_change(&before, &object));
            object.value.set(&["metadata", "generation"], generation + bump);
        }
        Ok(self.commit(object))
    }

    /// Writes the status of an object that exists, and nothing else.
    pub fn update_status(&mut self, _now: Instant, key: &Key, status: Value) -> Result<Rc<Object>, ApiError> {
        let Some(before) = self.store.get(key).cloned() else {
            return Err(ApiError::not_found(key.kind, &key.name));
        };
        if *before.status() == status {
            return Ok(before);
        }
        let mut object = (*before).clone();
        object.value.set(&["status"], status);
        Ok(self.commit(object))
    }

    /// Deletes an object, or begins to: a pod on a node ends gracefully, a namespace is emptied first.
    ///
    /// Answers with the object as it is after the call, or as it last was.
    pub fn delete(&mut self, now: Instant, key: &Key, options: DeleteOptions) -> Result<Rc<Object>, ApiError> {
        let Some(object) = self.store.get(key).cloned() else {
            return Err(ApiError::not_found(key.kind, &key.name));
        };
        if options.propagation == Propagation::Orphan {
            self.orphan(&object);
        }
        match key.kind {
            Kind::Pod => Ok(self.delete_pod(now, &object, options)),
            Kind::Namespace => self.delete_namespace(now, &object),
            _ => Ok(self.drop_object(&object)),
        }
    }

    /// Lets the controllers work until they are content, or time has to pass.
    pub fn reconcile(&mut self, now: Instant) {
        while self.reconcile_some(now, u64::MAX) {}
    }

    /// [`ControlPlane::reconcile`] in portions: true if there is more to do after at least `writes` writes.
    ///
    /// Who follows the change log between portions never falls behind it.
    pub fn reconcile_some(&mut self, now: Instant, writes: u64) -> bool {
        self.now = now;
        let enough = self.store.revision().saturating_add(writes);
        for _ in 0..STEPS {
            if self.store.revision() >= enough {
                return true;
            }
            let Some((controller, key)) = self.queue.poll(now) else { return false };
            let plan = controller.reconcile(&key, &self.store, now);
            if let Some(at) = plan.again_at {
                self.queue.push_at(at, controller, key.clone());
            }
            self.by = Some(controller);
            let outcome = self.apply(now, plan.ops);
            self.by = None;
            match outcome {
                Ok(()) => self.queue.succeeded(controller, &key),
                Err(_) => self.queue.push_failed(now, controller, key),
            }
        }
        false
    }

    /// When [`ControlPlane::reconcile`] has something to do next.
    pub fn poll_at(&self) -> Option<Instant> {
        if self.queue.is_ready() { Some(self.now) } else { self.queue.poll_at() }
    }

    fn apply(&mut self, now: Instant, ops: alloc::vec::Vec<Op>) -> Result<(), ApiError> {
        let mut created = String::new();
        for op in ops {
            match op {
                Op::Create(object) => created = self.create_drawn(now, object)?.name().to_owned(),
                Op::Replace(object) => drop(self.replace(now, object)?),
                Op::Status(key, status) => drop(self.update_status(now, &key, status)?),
                Op::Annotate(key, name, text) => self.annotate(&key, name, &text)?,
                Op::Delete(key) => ignore_missing(self.delete(now, &key, DeleteOptions::default()))?,
                Op::Remove(key) => {
                    if let Some(object) = self.store.get(&key).cloned() {
                        self.drop_object(&object);
                    }
                }
                Op::Event { object, kind, reason, source, message } => {
                    let message = match message {
                        Message::Text(text) => text,
                        Message::Created(text) => format!("{text}{created}"),
                    };
                    self.events.record(now, &object, kind, reason, source, message);
                }
            }
        }
        Ok(())
    }

    /// Writes one annotation without any other effect of a write.
    fn annotate(&mut self, key: &Key, name: &str, text: &str) -> Result<(), ApiError> {
        let Some(before) = self.store.get(key) else {
            return Err(ApiError::not_found(key.kind, &key.name));
        };
        let mut object = (**before).clone();
        object.value.set(&["metadata", "annotations", name], text);
        self.commit(object);
        Ok(())
    }

    /// Creates, and draws another name if the one drawn is taken.
    fn create_drawn(&mut self, now: Instant, object: Object) -> Result<Rc<Object>, ApiError> {
        if !object.name().is_empty() {
            return self.create(now, object);
        }
        loop {
            let mut named = object.clone();
            self.draw_name(&mut named);
            if self.store.get(&named.key()).is_none() {
                return self.create(now, named);
            }
        }
    }

    /// Five characters after `metadata.generateName`, from the stream of the object's controller: other objects'
    /// names do not depend on them (kubernetes staging/src/k8s.io/apiserver/pkg/storage/names/generate.go).
    fn draw_name(&mut self, object: &mut Object) {
        const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
        const LONGEST: usize = 63 - 5;
        let prefix = object.value["metadata"]["generateName"].str();
        if prefix.is_empty() {
            return;
        }
        let mut name = prefix.get(..LONGEST).unwrap_or(prefix).to_owned();
        let owner = object.controller().and_then(|(kind, owner, _)| {
            let kind = Kind::ALL.into_iter().find(|k| k.names().kind == kind)?;
            self.store.find(kind, object.namespace(), owner)
        });
        let mut stray;
        let stream = match owner {
            Some(owner) => {
                let since = owner.value["metadata"]["creationTimestamp"].str();
                let place = format!("{}/{since}", owner.namespace());
                let fresh = || self.rng.fork(owner.kind.names().kind, &place, owner.name());
                self.suffixes.entry(owner.key()).or_insert_with(fresh)
            }
            None => {
                stray =
                    self.rng.fork("generateName", object.namespace(), &format!("{prefix}{}", self.store.revision()));
                &mut stray
            }
        };
        for _ in 0..5 {
            name.push(char::from(LETTERS[stream.below(LETTERS.len() as u32) as usize]));
        }
        object.value.set(&["metadata", "name"], name);
    }

    /// Source: kubernetes staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.
    fn admit_namespace(&self, key: &Key) -> Result<(), ApiError> {
        let Some(namespace) = self.store.find(Kind::Namespace, "", &key.namespace) else {
            return Err(ApiError::not_found(Kind::Namespace, &key.namespace));
        };
        if namespace.is_terminating() {
            let why = "because it is being terminated";
            return Err(ApiError::forbidden(
                key,
                &format!("unable to create new content in namespace {} {why}", key.namespace),
            ));
        }
        Ok(())
    }

    /// The fields that only the server sets.
    fn stamp(&mut self, now: Instant, object: &mut Object) {
        let revision = (self.store.revision() + 1).to_string();
        let place = format!("{}/{}", object.namespace(), object.name());
        let mut draw = self.rng.fork(object.kind.names().kind, &place, &revision);
        object.value.set(&["metadata", "uid"], store::uid([draw.next_u64(), draw.next_u64()]));
        object.value.set(&["metadata", "creationTimestamp"], timestamp::emit(now));
        object.value.remove(&["metadata", "deletionTimestamp"]);
        object.value.remove(&["metadata", "deletionGracePeriodSeconds"]);
        match object.kind {
            Kind::Pod => {
                object.value.set(&["status"], Value::map());
                object.value.set(&["status", "phase"], "Pending");
            }
            Kind::Service => {
                object.value.set(&["status"], Value::map());
                object.value.set(&["status", "loadBalancer"], Value::map());
            }
            Kind::Node => {}
            _ => drop(object.value.remove(&["status"])),
        }
        if has_generation(object.kind) {
            object.value.set(&["metadata", "generation"], 1);
        }
        if object.kind == Kind::Namespace {
            let name = object.name().to_owned();
            object.value.set(&["metadata", "labels", "kubernetes.io/metadata.name"], name);
            object.value.set(&["spec", "finalizers"], alloc::vec!["kubernetes"]);
            object.value.set(&["status", "phase"], "Active");
        }
    }

    fn commit(&mut self, object: Object) -> Rc<Object> {
        let change = self.store.put(object);
        self.notify(&change);
        change.after.expect("a write leaves an object")
    }

    fn notify(&mut self, change: &Change) {
        for controller in Controller::ALL {
            controller.watch(change, &self.store, self.now, self.by, &mut self.queue);
        }
    }

    fn drop_object(&mut self, object: &Rc<Object>) -> Rc<Object> {
        let key = object.key();
        if let Some(change) = self.store.remove(&key) {
            self.suffixes.remove(&key);
            self.admission.release(object);
            self.notify(&change);
        }
        object.clone()
    }

    /// Source: kubernetes pkg/registry/core/pod/strategy.go (CheckGracefulDelete).
    fn delete_pod(&mut self, now: Instant, pod: &Rc<Object>, options: DeleteOptions) -> Rc<Object> {
        let own = pod.spec()["terminationGracePeriodSeconds"].as_int().unwrap_or(30);
        let mut grace = options.grace_period_seconds.map_or(own, i64::from).max(0);
        let is_over = matches!(pod.status()["phase"].str(), "Succeeded" | "Failed");
        if pod.spec()["nodeName"].str().is_empty() || is_over {
            grace = 0;
        }
        if grace == 0 {
            return self.drop_object(pod);
        }
        if pod.is_terminating() {
            let given = pod.value["metadata"]["deletionGracePeriodSeconds"].as_int().unwrap_or(0);
            if grace >= given {
                return pod.clone();
            }
        }
        let mut ending = (**pod).clone();
        let end = now + Duration::from_secs(grace.unsigned_abs());
        ending.value.set(&["metadata", "deletionTimestamp"], timestamp::emit(end));
        ending.value.set(&["metadata", "deletionGracePeriodSeconds"], grace);
        let generation = pod.value["metadata"]["generation"].as_int().unwrap_or(0);
        ending.value.set(&["metadata", "generation"], generation + 1);
        self.commit(ending)
    }

    /// Source: kubernetes staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go (immortal ones).
    fn delete_namespace(&mut self, now: Instant, namespace: &Rc<Object>) -> Result<Rc<Object>, ApiError> {
        if matches!(namespace.name(), "default" | "kube-system" | "kube-public") {
            return Err(ApiError::forbidden(&namespace.key(), "this namespace may not be deleted"));
        }
        if namespace.is_terminating() {
            return Ok(namespace.clone());
        }
        let mut ending = (**namespace).clone();
        ending.value.set(&["metadata", "deletionTimestamp"], timestamp::emit(now));
        ending.value.set(&["status", "phase"], "Terminating");
        Ok(self.commit(ending))
    }

    fn orphan(&mut self, owner: &Object) {
        let uid = owner.uid();
        let dependents: alloc::vec::Vec<_> = self.store.owned(uid).cloned().collect();
        for dependent in dependents {
            let mut free = (*dependent).clone();
            let owners = free.value.at_mut(&["metadata", "ownerReferences"]).items_mut();
            owners.retain(|reference| reference["uid"].str() != uid);
            if owners.is_empty() {
                free.value.remove(&["metadata", "ownerReferences"]);
            }
            self.commit(free);
        }
    }
}

/// How an object that `owner` controls names it.
fn owner_reference(owner: &Object) -> Value {
    let mut reference = Value::map();
    reference.set(&["apiVersion"], owner.value["apiVersion"].str());
    reference.set(&["kind"], owner.kind.names().kind);
    reference.set(&["name"], owner.name());
    reference.set(&["uid"], owner.uid());
    reference.set(&["controller"], true);
    reference.set(&["blockOwnerDeletion"], true);
    reference
}

fn ignore_missing(result: Result<Rc<Object>, ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if error.code != 404 => Err(error),
        _ => Ok(()),
    }
}

fn check_precondition(key: &Key, before: &Object, object: &Object) -> Result<(), ApiError> {
    let (had, given) = (before.resource_version(), object.resource_version());
    if given != 0 && given != had {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(ApiError::conflict(key, why));
    }
    if !object.uid().is_empty() && object.uid() != before.uid() {
        let why =
            format!("Precondition failed: UID in precondition: {}, UID in object meta: {}", object.uid(), before.uid());
        return Err(ApiError::conflict(key, &why));
    }
    Ok(())
}

/// The metadata that a write cannot change.
fn keep_metadata(before: &Object, object: &mut Object) {
    for field in [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "generateName",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        let value = &before.value["metadata"][field];
        if value.is_null() {
            object.value.remove(&["metadata", field]);
        } else {
            object.value.set(&["metadata", field], value.clone());
        }
    }
}

fn same_but_revision(before: &Object, object: &Object) -> bool {
    before.value == object.value
}

fn has_generation(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Pod | Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::EndpointSlice | Kind::NetworkPolicy
    )
}

/// Slices have no `spec`: their whole tree counts (kubernetes pkg/registry/discovery/endpointslice/strategy.go).
fn is_slice_change(before: &Object, after: &Object) -> bool {
    before.kind == Kind::EndpointSlice
        && (before.value["endpoints"] != after.value["endpoints"]
            || before.value["ports"] != after.value["ports"]
            || before.labels() != after.labels())
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
