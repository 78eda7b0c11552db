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
mod deletion;
mod deployment;
mod endpoint_slice;
mod endpoints;
mod event;
mod facts;
mod garbage;
mod ip_pool;
mod membership;
mod metadata;
mod mirroring;
mod namespace;
mod naming;
mod plan;
mod pod_garbage;
mod port_pool;
mod port_set;
mod queue;
mod replica_set;
mod scheduler;
mod stateful_set;
pub mod store;
mod subsets;
mod terms;

pub use crate::time::timestamp;
pub use admission::{Admission, Mode};
pub use config::{ControlConfig, NodeConfig};
pub use deletion::{DeleteOptions, Propagation};
pub use event::{Event, EventType, Events};
pub use ip_pool::{Bands, IpPool, NoAddress};
pub use port_pool::{NoPort, PortPool};
pub use store::{Change, Expired, Found, Store};

use crate::{
    api::{ApiError, Key, Kind, Object, Reason, Value, endpoint_slice::SERVICE_NAME_LABEL, schema},
    rng::Rng,
    time::Instant,
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};
use controller::Controller;
use metadata::owner_reference;
use naming::Naming;
use plan::{Message, Op};
use queue::Queue;

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
    naming: Naming,
    now: Instant,
    by: Option<Controller>,
    admission: Admission,
    /// What every cluster has, and gets again.
    system: Vec<Object>,
}

impl ControlPlane {
    /// A control plane with the namespaces, Services and nodes that every cluster starts with.
    pub fn new(config: ControlConfig) -> ControlPlane {
        let mut plane = ControlPlane {
            store: Store::new(config.change_log, config.max_pods),
            events: Events::new(config.event_log),
            queue: Queue::default(),
            admission: Admission::new(
                &config.service_cidrs,
                config.node_port_range.clone(),
                Rng::new(config.seed).fork("admission", "", ""),
            ),
            naming: Naming::new(Rng::new(config.seed)),
            now: Instant::ZERO,
            by: None,
            system: Vec::new(),
        };
        bootstrap::start(&mut plane, &config);
        plane
    }

    /// Every object.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the controllers and others said they did.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// The same, to add what others do: the kubelet, say.
    pub fn events_mut(&mut self) -> &mut Events {
        &mut self.events
    }

    /// The pools of cluster IPs and node ports.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Adds an object; a name is drawn if there is only `metadata.generateName`.
    pub fn create(&mut self, now: Instant, object: Object) -> Result<Rc<Object>, ApiError> {
        self.now = now;
        let mut object = self.admit(object, Mode::Real)?;
        let key = object.key();
        if self.store.get(&key).is_some() {
            self.admission.release(&object);
            return Err(ApiError::already_exists(&key));
        }
        self.admit_pod(&key)?;
        let uid = self.naming.uid(&self.store, &object);
        metadata::stamp(&mut object, now, uid);
        Ok(self.commit(object))
    }

    /// What [`ControlPlane::create`] would store or refuse (`--dry-run=server`); an object without a name stays so.
    pub fn dry_run_create(&self, mut object: Object) -> Result<Object, ApiError> {
        self.decode(&mut object)?;
        let key = object.key();
        if key.kind.names().namespaced {
            self.admit_namespace(&key)?;
        }
        let mut object = self.admission.clone().create(object, Mode::DryRun)?;
        if self.store.get(&key).is_some() {
            return Err(ApiError::already_exists(&key));
        }
        let uid = self.naming.uid(&self.store, &object);
        metadata::stamp(&mut object, self.now, uid);
        Ok(object)
    }

    /// What [`ControlPlane::replace`] would store or refuse.
    pub fn dry_run_replace(&self, mut object: Object) -> Result<Object, ApiError> {
        let key = object.key();
        let Some(before) = self.store.get(&key) else {
            return if is_made_by_put(&key) {
                self.dry_run_create(object)
            } else {
                Err(ApiError::not_found(key.kind, &key.name))
            };
        };
        self.decode(&mut object)?;
        metadata::check_precondition(&key, before, &object)?;
        metadata::keep(before, &mut object);
        self.admission.clone().update(before, object, Mode::DryRun)
    }

    /// What comes from outside may hold anything; what controllers write is of the right types.
    fn decode(&self, object: &mut Object) -> Result<(), ApiError> {
        if self.by.is_some() { Ok(()) } else { schema::decode(object.kind, &mut object.value) }
    }

    fn admit(&mut self, mut object: Object, mode: Mode) -> Result<Object, ApiError> {
        self.decode(&mut object)?;
        if object.kind.names().namespaced {
            if object.namespace().is_empty() {
                object.value.set(&["metadata", "namespace"], "default");
            }
            self.admit_namespace(&object.key())?;
        }
        self.naming.name(&self.store, &mut object);
        if self.is_trusted(object.kind) { Ok(object) } else { self.admission.create(object, mode) }
    }

    /// True for what our own controllers make of objects that were judged: endpoints are right by construction.
    fn is_trusted(&self, kind: Kind) -> bool {
        self.by.is_some() && matches!(kind, Kind::EndpointSlice | Kind::Endpoints)
    }

    /// Writes an object that exists. Its status stays as it is, unless its kind has none of its own.
    ///
    /// With a `metadata.resourceVersion` the write is refused if the object has changed since.
    pub fn replace(&mut self, now: Instant, mut object: Object) -> Result<Rc<Object>, ApiError> {
        self.now = now;
        let key = object.key();
        let Some(before) = self.store.get(&key).cloned() else {
            if is_made_by_put(&key) && self.by.is_none() {
                return self.create(now, object);
            }
            return Err(ApiError::not_found(key.kind, &key.name));
        };
        self.decode(&mut object)?;
        metadata::check_precondition(&key, &before, &object)?;
        metadata::keep(&before, &mut object);
        if !self.is_trusted(key.kind) {
            object = self.admission.update(&before, object, Mode::Real)?;
        }
        if before.value == object.value {
            return Ok(before);
        }
        metadata::raise_generation(&before, &mut object);
        Ok(self.commit_or_remove(object))
    }

    /// Writes the status of an object that exists, and nothing else.
    pub fn update_status(&mut self, now: Instant, key: &Key, status: Value) -> Result<Rc<Object>, ApiError> {
        self.now = now;
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
            let plan = controller.reconcile(&key, &self.store, &self.system, now);
            if let Some(at) = plan.again_at {
                self.queue.push_at(at, controller, key.clone());
            }
            self.by = Some(controller);
            let outcome = self.apply(now, plan.ops);
            self.by = None;
            match outcome {
                Ok(()) => self.queue.succeeded(controller, &key),
                // Whatever is refused in a namespace that is going is not asked for again.
                Err(error) if error.reason == Reason::Forbidden => self.queue.succeeded(controller, &key),
                Err(_) => self.queue.push_failed(now, controller, key),
            }
        }
        false
    }

    /// When [`ControlPlane::reconcile`] has something to do next.
    pub fn poll_at(&self) -> Option<Instant> {
        if self.queue.is_ready() { Some(self.now) } else { self.queue.poll_at() }
    }

    /// Carries out a plan. Once something may not be made, no more is made, but the rest is done.
    fn apply(&mut self, now: Instant, ops: Vec<Op>) -> Result<(), ApiError> {
        let mut created = String::new();
        let mut refusal: Option<ApiError> = None;
        let mut is_told = false;
        for op in ops {
            match op {
                Op::Create(_) if refusal.is_some() => {}
                Op::Create(object) => match self.create(now, object) {
                    Ok(object) => object.name().clone_into(&mut created),
                    Err(error) if error.reason == Reason::Forbidden => refusal = Some(error),
                    Err(error) => return Err(error),
                },
                Op::Replace(object) => drop(self.replace(now, object)?),
                Op::Status(key, status) => drop(self.update_status(now, &key, status)?),
                Op::Annotate(key, name, text) => self.annotate(&key, name, &text)?,
                Op::Write(object) => drop(self.commit_or_remove(object)),
                Op::Delete(key, options) => match self.delete(now, &key, options) {
                    Err(error) if error.reason != Reason::NotFound => return Err(error),
                    _ => {}
                },
                Op::Event { object, kind, reason, source, message } => match (message, &refusal) {
                    (Message::Created(_), Some(_)) if is_told || self.is_going(object.namespace()) => {}
                    (Message::Created(_), Some(error)) => {
                        is_told = true;
                        let why = format!("Error creating: {error}");
                        self.events.record(now, &object, EventType::Warning, "FailedCreate", source, why);
                    }
                    (Message::Created(text), None) => {
                        self.events.record(now, &object, kind, reason, source, text + &created);
                    }
                    (Message::Text(text), _) => self.events.record(now, &object, kind, reason, source, text),
                },
            }
        }
        refusal.map_or(Ok(()), Err)
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

    /// Source: kubernetes staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.
    fn admit_namespace(&self, key: &Key) -> Result<(), ApiError> {
        if self.store.find(Kind::Namespace, "", &key.namespace).is_none() {
            return Err(ApiError::not_found(Kind::Namespace, &key.namespace));
        }
        if self.is_going(&key.namespace) {
            let why = "because it is being terminated";
            return Err(ApiError::forbidden(
                key,
                &format!("unable to create new content in namespace {} {why}", key.namespace),
            ));
        }
        Ok(())
    }

    /// Whether a namespace is being deleted.
    fn is_going(&self, namespace: &str) -> bool {
        self.store.find(Kind::Namespace, "", namespace).is_some_and(|namespace| namespace.is_terminating())
    }

    /// A typing mistake in `replicas` must not fill the memory.
    ///
    /// Source: kubernetes staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go (CheckRequest).
    fn admit_pod(&self, key: &Key) -> Result<(), ApiError> {
        let (used, limit) = self.store.pod_quota();
        if key.kind != Kind::Pod || used < limit {
            return Ok(());
        }
        let why = format!("exceeded quota: cluster, requested: pods=1, used: pods={used}, limited: pods={limit}");
        Err(ApiError::forbidden(key, &why))
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
}

/// Of a few kinds a PUT also creates (each strategy's AllowCreateOnUpdate).
fn is_made_by_put(key: &Key) -> bool {
    matches!(key.kind, Kind::Service | Kind::Endpoints) && !key.name.is_empty()
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
