//! Objects in and out, as the API server takes and gives them.

use super::{Cluster, Input, Place, kubelet::PodPin};
use crate::{
    api::{ApiError, Key, Kind, Object, Value},
    control::{DeleteOptions, Found},
    net::Cidr,
};
use alloc::{rc::Rc, string::ToString};

impl Cluster {
    /// Adds an object, as `kubectl create` does.
    pub fn create(&mut self, object: Object) -> Result<Rc<Object>, ApiError> {
        self.input(Input::Create { object: object.clone() }, |cluster| cluster.control.create(cluster.now, object))
    }

    /// Writes an object that exists, as `kubectl replace` does.
    pub fn replace(&mut self, object: Object) -> Result<Rc<Object>, ApiError> {
        self.input(Input::Replace { object: object.clone() }, |cluster| cluster.control.replace(cluster.now, object))
    }

    /// Deletes an object, or begins to.
    pub fn delete(&mut self, key: &Key, options: DeleteOptions) -> Result<Rc<Object>, ApiError> {
        self.input(Input::Delete { key: key.clone(), options }, |cluster| {
            cluster.control.delete(cluster.now, key, options)
        })
    }

    /// Writes an object's status, as a controller outside the cluster would: a load balancer's address, say.
    pub fn update_status(&mut self, key: &Key, status: Value) -> Result<Rc<Object>, ApiError> {
        self.input(Input::UpdateStatus { key: key.clone(), status: status.clone() }, |cluster| {
            cluster.control.update_status(cluster.now, key, status)
        })
    }

    /// An object.
    pub fn object(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Rc<Object>> {
        self.control.store().find(kind, namespace, name)
    }

    /// The objects of a kind, in one namespace or in all, by name.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> Found<'_> {
        self.control.store().list(kind, namespace)
    }

    /// Fixes facts about a pod: its address, its readiness, what it listens on. It may be said before the pod exists.
    pub fn pin(&mut self, pin: PodPin) {
        self.input(Input::Pin { pin: pin.clone() }, |cluster| cluster.kubelet_pin(pin));
    }

    /// What is fixed about a pod.
    pub fn pinned(&self, namespace: &str, name: &str) -> PodPin {
        self.kubelet_pinned(namespace, name)
    }

    /// Makes a pod ready or not, whatever its probes say; `None` gives it back to its probes.
    pub fn set_ready(&mut self, namespace: &str, name: &str, ready: Option<bool>) {
        let pin = PodPin { ready, ..self.kubelet_pinned(namespace, name) };
        self.pin(pin);
    }

    /// Gives a machine outside the cluster a static route, or takes it away.
    ///
    /// False if there is no such machine.
    pub fn set_route(&mut self, outside: &str, range: Cidr, via: Option<core::net::IpAddr>) -> bool {
        let input = Input::SetRoute { outside: outside.to_string(), range, via };
        self.input(input, |cluster| cluster.change_route(&Place::Outside(outside.to_string()), range, via))
    }
}
