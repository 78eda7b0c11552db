//! The store's objects as the DNS server sees them (coredns plugin/kubernetes/object/*.go): one change of one object
//! costs what that object holds.

use crate::{
    api::{Key, Kind, Object, Value, endpoint_slice::SERVICE_NAME_LABEL},
    control::{Change, Store},
    dns::zone::{Endpoint, PodMode, Port, Service, Slice, Target, Zone, ZoneConfig},
};
use alloc::{string::String, vec::Vec};
use core::net::IpAddr;

/// The zone of a whole store.
///
/// ```
/// use clusterip::{compile, control::{ControlConfig, ControlPlane}, dns::{self, Message, Type, ZoneConfig}};
/// let plane = ControlPlane::new(ControlConfig::default());
/// let zone = compile::dns::zone(plane.store(), ZoneConfig::default());
/// let query = Message::query(1, "kubernetes.default.svc.cluster.local.", Type::A);
/// assert_eq!(dns::answer::respond(&zone, &query).answers[0].data.to_string(), "10.96.0.1");
/// ```
pub fn zone(store: &Store, config: ZoneConfig) -> Zone {
    let mut zone = Zone::new(config);
    for kind in [Kind::Namespace, Kind::Service, Kind::EndpointSlice, Kind::Pod] {
        for object in store.list(kind, None) {
            set(&mut zone, &object.key(), Some(object));
        }
    }
    zone.set_serial(serial(store.revision()));
    zone
}

/// Brings a zone up to date with one change.
pub fn apply(zone: &mut Zone, change: &Change) {
    set(zone, &change.key, change.after.as_deref());
    zone.set_serial(serial(change.revision));
}

/// A serial is 32 bits wide and may wrap (RFC 1982). Upstream's is the time in seconds of the last change.
fn serial(revision: u64) -> u32 {
    revision as u32
}

fn set(zone: &mut Zone, key: &Key, object: Option<&Object>) {
    match key.kind {
        Kind::Namespace => zone.set_namespace(&key.name, object.is_some()),
        Kind::Service => zone.set_service(&key.namespace, &key.name, object.map(service)),
        Kind::EndpointSlice => zone.set_slice(&key.namespace, &key.name, object.map(slice)),
        // Upstream watches pods in no other mode.
        Kind::Pod if zone.config().pods == PodMode::Verified => {
            zone.set_pod(&key.namespace, &key.name, object.and_then(pod_address));
        }
        _ => {}
    }
}

fn service(object: &Object) -> Service {
    let spec = object.spec();
    let target = if spec["type"].str() == "ExternalName" {
        Target::Name(spec["externalName"].str().into())
    } else if spec["clusterIP"].str() == "None" {
        Target::Endpoints
    } else {
        let mut addresses: Vec<IpAddr> = Vec::new();
        for text in spec["clusterIPs"].items() {
            addresses.extend(address(text));
        }
        if addresses.is_empty() {
            addresses.extend(address(&spec["clusterIP"]));
        }
        Target::Addresses(addresses)
    };
    Service { target, ports: ports(&spec["ports"]) }
}

/// Only ready endpoints are known; one that does not say so is.
fn slice(object: &Object) -> Slice {
    let mut endpoints = Vec::new();
    for endpoint in object.value["endpoints"].items() {
        if endpoint["conditions"]["ready"].as_bool() == Some(false) {
            continue;
        }
        for text in endpoint["addresses"].items() {
            if let Some(address) = address(text) {
                endpoints.push(Endpoint { address, hostname: endpoint["hostname"].as_str().map(String::from) });
            }
        }
    }
    Slice {
        service: object.label(SERVICE_NAME_LABEL).unwrap_or("").into(),
        ports: ports(&object.value["ports"]),
        endpoints,
    }
}

/// The primary address of a pod that is not being deleted.
fn pod_address(object: &Object) -> Option<IpAddr> {
    if object.is_terminating() { None } else { address(&object.status()["podIP"]) }
}

fn ports(ports: &Value) -> Vec<Port> {
    let mut list = Vec::new();
    for port in ports.items() {
        list.push(Port {
            name: port["name"].str().into(),
            protocol: port["protocol"].as_str().unwrap_or("TCP").into(),
            port: port["port"].as_int().and_then(|number| u16::try_from(number).ok()),
        });
    }
    list
}

fn address(text: &Value) -> Option<IpAddr> {
    text.str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        control::{ControlConfig, ControlPlane},
        dns::{Message, Rcode, Type, answer::respond},
        time::Instant,
    };
    use alloc::{
        string::{String, ToString},
        vec,
    };

    #[test]
    fn a_zone_that_followed_every_change_equals_one_compiled_from_the_whole() {
        let config = ZoneConfig { pods: PodMode::Verified, ..ZoneConfig::default() };
        let mut plane = ControlPlane::new(ControlConfig::default());
        let mut zone = zone(plane.store(), config.clone());
        let seen = plane.store().revision();
        let now = Instant::ZERO;
        plane.create(now, Object::new(Kind::Namespace, "", "shop")).unwrap();
        plane.create(now, service_object("web", "10.96.5.5")).unwrap();
        plane.create(now, slice_object(true)).unwrap();
        plane.reconcile(now);
        assert_eq!(names(&zone, "web.shop.svc.cluster.local."), Err(Rcode::NxDomain));

        let changes: Vec<Change> = plane.store().changes_since(seen).unwrap().cloned().collect();
        let seen = plane.store().revision();
        changes.iter().for_each(|change| apply(&mut zone, change));
        assert_eq!(names(&zone, "web.shop.svc.cluster.local."), Ok(vec!["10.96.5.5".to_string()]));
        assert_eq!(names(&zone, "a.web.shop.svc.cluster.local."), Ok(vec!["10.1.1.1".to_string()]));
        assert_eq!(zone, super::zone(plane.store(), config.clone()));

        plane.delete(now, &Key::new(Kind::EndpointSlice, "shop", "web-1"), Default::default()).unwrap();
        plane.delete(now, &Key::new(Kind::Service, "shop", "web"), Default::default()).unwrap();
        plane.reconcile(now);
        plane.store().changes_since(seen).unwrap().for_each(|change| apply(&mut zone, change));
        assert_eq!(names(&zone, "web.shop.svc.cluster.local."), Err(Rcode::NxDomain));
        assert_eq!(zone, super::zone(plane.store(), config));
    }

    #[test]
    fn an_endpoint_that_is_not_ready_has_no_name_and_one_that_does_not_say_has() {
        assert_eq!(slice(&slice_object(false)).endpoints, vec![]);
        let mut silent = slice_object(true);
        silent.value.items_at("endpoints")[0].remove(&["conditions"]);
        assert_eq!(slice(&silent).endpoints.len(), 1);
    }

    impl Value {
        fn items_at(&mut self, field: &str) -> &mut Vec<Value> {
            self.field_mut(field).items_mut()
        }
    }

    fn names(zone: &Zone, name: &str) -> Result<Vec<String>, Rcode> {
        let reply = respond(zone, &Message::query(1, name, Type::A));
        match reply.rcode {
            Rcode::NoError => Ok(reply.answers.iter().map(|record| record.data.to_string()).collect()),
            rcode => Err(rcode),
        }
    }

    fn service_object(name: &str, cluster_ip: &str) -> Object {
        let mut object = Object::new(Kind::Service, "shop", name);
        object.value.set(&["spec", "clusterIP"], cluster_ip);
        let mut port = Value::map();
        port.set(&["port"], 80);
        object.value.set(&["spec", "ports"], vec![port]);
        object
    }

    fn slice_object(ready: bool) -> Object {
        let mut object = Object::new(Kind::EndpointSlice, "shop", "web-1");
        object.value.set(&["metadata", "labels", SERVICE_NAME_LABEL], "web");
        object.value.set(&["addressType"], "IPv4");
        let mut endpoint = Value::map();
        endpoint.set(&["addresses"], vec!["10.1.1.1"]);
        endpoint.set(&["hostname"], "a");
        endpoint.set(&["conditions", "ready"], ready);
        object.value.set(&["endpoints"], vec![endpoint]);
        object
    }
}
