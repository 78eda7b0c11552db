//! What an object goes through before it is stored: defaults, allocation, validation, in upstream's order.
//!
//! Allocation runs before validation, so a bad cluster IP hides every other fault.
//! Source: kubernetes staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (create, Update).

mod families;
mod node_ports;
mod service;
#[cfg(test)]
mod tests;

use super::{IpPool, PortPool};
use crate::{
    api::{ApiError, Kind, Object, Value, field, json},
    cidr::Cidr,
    rng::Rng,
};
use alloc::{format, vec, vec::Vec};
use core::ops::RangeInclusive;
use service::Transaction;

/// What hands out cluster IPs and node ports and judges objects.
#[derive(Debug, Clone)]
pub struct Admission {
    /// One pool a family, that of the default family first.
    pools: Vec<IpPool>,
    ports: PortPool,
    rng: Rng,
    /// What every pod tolerates for a while.
    tolerations: Value,
    /// How often names have drawn, by a hash of the name: a Service made again draws anew, others are not shifted.
    draws: [u32; 64],
}

/// Whether a request is to have consequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// It is carried out.
    #[default]
    Real,
    /// `--dry-run=server`: the same answer, and nothing is kept.
    DryRun,
}

impl Admission {
    /// An admission with empty pools.
    pub fn new(service_cidrs: &[Cidr], node_ports: RangeInclusive<u16>, rng: Rng) -> Admission {
        let pools = service_cidrs.iter().map(|range| IpPool::new(*range)).collect();
        Admission { pools, ports: PortPool::new(node_ports), rng, tolerations: tolerations(), draws: [0; 64] }
    }

    /// The pools of cluster IPs, that of the default family first.
    pub fn pools(&self) -> &[IpPool] {
        &self.pools
    }

    /// The pool of node ports.
    pub fn node_ports(&self) -> &PortPool {
        &self.ports
    }

    /// Judges a new object, which has its name already.
    ///
    /// If it is then not stored after all (its name is taken), what it got has to be released.
    pub fn create(&mut self, mut object: Object, mode: Mode) -> Result<Object, ApiError> {
        object.set_defaults();
        if object.kind == Kind::Pod {
            admit_classes(&object)?;
            self.admit_pod(&mut object, None)?;
        }
        let mut transaction = Transaction::new(mode);
        let allocated = match object.kind {
            Kind::Service => self.allocate_create(&mut object, &mut transaction),
            _ => Ok(()),
        };
        let judged = allocated.and_then(|()| {
            object.prepare_for_create();
            object.validate(None)
        });
        self.finish(transaction, object, judged)
    }

    /// Judges a changed object against the stored one.
    pub fn update(&mut self, old: &Object, mut object: Object, mode: Mode) -> Result<Object, ApiError> {
        object.set_defaults();
        if object.kind == Kind::Pod {
            self.admit_pod(&mut object, Some(old))?;
        }
        let mut transaction = Transaction::new(mode);
        let allocated = match object.kind {
            Kind::Service => self.allocate_update(&mut object, old, &mut transaction),
            _ => Ok(()),
        };
        let judged = allocated.and_then(|()| {
            object.prepare_for_update(old);
            object.validate(Some(old))
        });
        self.finish(transaction, object, judged)
    }

    /// Gives every pod a priority, and tolerations for a node that is not ready or not reached.
    ///
    /// Source: kubernetes plugin/pkg/admission/priority/admission.go, defaulttolerationseconds/admission.go.
    fn admit_pod(&self, pod: &mut Object, old: Option<&Object>) -> Result<(), ApiError> {
        let priority = match pod.spec()["priorityClassName"].str() {
            "system-cluster-critical" => 2_000_000_000,
            "system-node-critical" => 2_000_001_000,
            _ => 0,
        };
        for (field, value, what) in [
            ("priority", Value::Int(priority), "the integer value of priority"),
            ("preemptionPolicy", Value::from("PreemptLowerPriority"), "the string value of PreemptionPolicy"),
        ] {
            let given = &pod.spec()[field];
            if let Some(old) = old {
                if given.is_null() {
                    let kept = old.spec()[field].clone();
                    pod.value.set(&["spec", field], kept);
                }
                continue;
            }
            if !given.is_null() && *given != value {
                let [given, value] = [json::emit(given), json::emit(&value)];
                let (given, value) = (given.trim_matches('"'), value.trim_matches('"'));
                let why = format!(
                    "{what} ({given}) must not be provided in pod spec; priority admission controller computed {value} \
                     from the given PriorityClass name"
                );
                return Err(ApiError::forbidden(&pod.key(), &why));
            }
            pod.value.set(&["spec", field], value);
        }
        // Nearly all pods have none of their own, and share these.
        if pod.spec()["tolerations"].is_empty() {
            pod.value.set(&["spec", "tolerations"], self.tolerations.clone());
            return Ok(());
        }
        for given in self.tolerations.items() {
            let bears = |own: &Value| {
                (own["key"].is_empty() || own["key"] == given["key"]) && matches!(own["effect"].str(), "" | "NoExecute")
            };
            if !pod.spec()["tolerations"].items().iter().any(bears) {
                pod.value.at_mut(&["spec", "tolerations"]).items_mut().push(given.clone());
            }
        }
        Ok(())
    }

    /// Takes back what an object holds, once it is deleted.
    pub fn release(&mut self, object: &Object) {
        if object.kind == Kind::Service {
            self.release_service(object);
        }
    }

    fn finish(
        &mut self,
        transaction: Transaction,
        mut object: Object,
        judged: Result<(), ApiError>,
    ) -> Result<Object, ApiError> {
        self.close(transaction, judged.is_ok());
        // Upstream brings this in order whenever the Service is read (storage.go, defaultOnReadService).
        if object.spec()["type"].str() == "ExternalName" {
            crate::api::service::normalize_cluster_ips(&mut object, None);
            object.value.remove(&["spec", "internalTrafficPolicy"]);
        }
        judged.map(|()| object)
    }

    /// A stream of chance for one draw of one object.
    fn stream(&mut self, what: &str, object: &Object) -> Rng {
        let mut bucket = self.rng.fork(what, object.namespace(), object.name());
        let count = &mut self.draws[bucket.below(64) as usize];
        *count = count.wrapping_add(1);
        let mut mixed = Rng::new(bucket.next_u64() ^ u64::from(*count));
        Rng::new(mixed.next_u64())
    }
}

/// A node that is not ready, or not reached, keeps its pods for five minutes.
fn tolerations() -> Value {
    let mut given = Vec::new();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let (effect, operator) = (field("effect", "NoExecute"), field("operator", "Exists"));
        given.push(Value::of(vec![effect, field("key", key), operator, field("tolerationSeconds", 300)]));
    }
    Value::from(given)
}

/// There are no classes of priority or of runtimes here, so a pod that names one is refused.
///
/// Source: kubernetes plugin/pkg/admission/priority/admission.go, plugin/pkg/admission/runtimeclass/admission.go.
fn admit_classes(pod: &Object) -> Result<(), ApiError> {
    let spec = pod.spec();
    let (priority, runtime) = (spec["priorityClassName"].str(), spec["runtimeClassName"].str());
    let why = if !matches!(priority, "" | "system-cluster-critical" | "system-node-critical") {
        format!("no PriorityClass with name {priority} was found")
    } else if !runtime.is_empty() {
        format!("pod rejected: RuntimeClass \"{runtime}\" not found")
    } else {
        return Ok(());
    };
    Err(ApiError::forbidden(&pod.key(), &why))
}
