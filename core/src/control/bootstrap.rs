//! What is there before the first user: namespaces, nodes, and the Services `kubernetes` and `kube-dns`.
//!
//! The API server looks after some of it for ever: what a user deletes of that is there again a little later.

use super::{Change, ControlConfig, ControlPlane, NodeConfig, Store, controller::Controller, plan::Plan, queue::Queue};
use crate::{
    api::{Key, Kind, Object, Value},
    time::Instant,
};
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::net::IpAddr;

/// Where the API server listens.
const API_SERVER_PORT: i64 = 6443;

/// Makes the first objects, at time 0.
pub(super) fn start(plane: &mut ControlPlane, config: &ControlConfig) {
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        keep(plane, Object::new(Kind::Namespace, "", name));
    }
    for node in &config.nodes {
        add(plane, self::node(node));
    }
    if let Some(first) = config.service_cidrs.first() {
        keep(plane, kubernetes_service(first.nth(1)));
    }
    let server = config.api_server.or_else(|| config.nodes.first()?.addresses.first().copied());
    if let Some(server) = server {
        keep(plane, kubernetes_endpoints(server));
        keep(plane, kubernetes_slice(server));
    }
    if let Some(address) = config.dns_address {
        add(plane, dns_service(address));
    }
}

/// Whatever the API server keeps is looked at when it is next due, every so often from the start.
pub(super) fn watch(change: &Change, now: Instant, queue: &mut Queue) {
    let every = match (change.key.kind, &*change.key.namespace, &*change.key.name) {
        (Kind::Namespace, ..) => 60,
        (Kind::Service | Kind::Endpoints | Kind::EndpointSlice, "default", "kubernetes") => 10,
        _ => return,
    };
    let is_changed = change.after.as_ref().is_none_or(|_| change.before.is_some() && every == 10);
    if is_changed {
        let next = (now.total_micros() / 1_000_000 / every + 1) * every;
        queue.push_at(Instant::from_secs(next), Controller::Bootstrap, change.key.clone());
    }
}

/// What is gone is made again; the endpoints of the API server get back the addresses they had.
///
/// Source: kubernetes pkg/controlplane/controller/kubernetesservice/controller.go (UpdateKubernetesService),
/// pkg/controlplane/reconcilers/lease.go (doReconcile) and endpointsadapter.go (EnsureEndpointSliceFromEndpoints),
/// pkg/controlplane/controller/systemnamespaces/system_namespaces_controller.go (sync).
pub(super) fn reconcile(key: &Key, store: &Store, system: &[Object]) -> Plan {
    let mut plan = Plan::default();
    let Some(wanted) = system.iter().find(|object| object.key() == *key) else { return plan };
    let Some(present) = store.get(key) else {
        plan.create(wanted.clone());
        return plan;
    };
    let mut right = (**present).clone();
    for list in ["subsets", "endpoints"] {
        if !wanted.value[list].is_null() {
            right.value.set(&[list], wanted.value[list].clone());
        }
    }
    if right.value != present.value {
        plan.replace(right);
    }
    plan
}

/// Adds an object, and remembers that it has to be there.
fn keep(plane: &mut ControlPlane, object: Object) {
    plane.system.push(object.clone());
    add(plane, object);
}

fn add(plane: &mut ControlPlane, object: Object) {
    let key = object.key();
    if let Err(error) = plane.create(Instant::ZERO, object) {
        panic!("the configuration does not allow {key}: {error}");
    }
}

fn node(config: &NodeConfig) -> Object {
    let mut node = Object::new(Kind::Node, "", &config.name);
    let value = &mut node.value;
    for (name, label) in [
        ("kubernetes.io/hostname", config.name.as_str()),
        ("kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
        ("beta.kubernetes.io/os", "linux"),
        ("beta.kubernetes.io/arch", "amd64"),
    ] {
        value.set(&["metadata", "labels", name], label);
    }
    if let Some(zone) = &config.zone {
        value.set(&["metadata", "labels", "topology.kubernetes.io/zone"], zone.as_str());
    }
    for (name, label) in &config.labels {
        value.set(&["metadata", "labels", name], label.as_str());
    }
    let ranges: Vec<String> = config.pod_cidrs.iter().map(ToString::to_string).collect();
    if let Some(first) = ranges.first() {
        value.set(&["spec", "podCIDR"], first.as_str());
        value.set(&["spec", "podCIDRs"], ranges);
    }
    value.set(&["status"], node_status(config));
    node
}

fn node_status(config: &NodeConfig) -> Value {
    let mut status = Value::map();
    let mut addresses: Vec<Value> = config
        .addresses
        .iter()
        .map(|address| fields(&[("type", "InternalIP"), ("address", &address.to_string())]))
        .collect();
    addresses.push(fields(&[("type", "Hostname"), ("address", &config.name)]));
    status.set(&["addresses"], addresses);
    for list in ["capacity", "allocatable"] {
        let cpu =
            if config.cpu.is_multiple_of(1000) { format!("{}", config.cpu / 1000) } else { format!("{}m", config.cpu) };
        status.set(&[list, "cpu"], cpu);
        status.set(&[list, "memory"], "16Gi");
        status.set(&[list, "pods"], "110");
    }
    let ready = fields(&[
        ("type", "Ready"),
        ("status", "True"),
        ("reason", "KubeletReady"),
        ("message", "kubelet is posting ready status"),
        ("lastTransitionTime", &super::timestamp::emit(Instant::ZERO)),
    ]);
    status.set(&["conditions"], vec![ready]);
    let info = [
        ("architecture", "amd64"),
        ("containerRuntimeVersion", "containerd://2.2.1"),
        ("kernelVersion", "6.12.0"),
        ("kubeProxyVersion", ""),
        ("kubeletVersion", "v1.36.2"),
        ("operatingSystem", "linux"),
        ("osImage", "clusterip"),
    ];
    status.set(&["nodeInfo"], fields(&info));
    status
}

/// Source: kubernetes pkg/controlplane/controller/kubernetesservice/controller.go.
fn kubernetes_service(address: IpAddr) -> Object {
    let mut service = Object::new(Kind::Service, "default", "kubernetes");
    let value = &mut service.value;
    value.set(&["metadata", "labels"], fields(&[("component", "apiserver"), ("provider", "kubernetes")]));
    value.set(&["spec", "clusterIP"], address.to_string());
    value.set(&["spec", "type"], "ClusterIP");
    value.set(&["spec", "sessionAffinity"], "None");
    value.set(&["spec", "ipFamilyPolicy"], "SingleStack");
    value.set(&["spec", "ports"], vec![port("https", "TCP", 443, API_SERVER_PORT.into())]);
    service
}

/// Source: kubernetes pkg/controlplane/reconcilers/endpointsadapter.go: these Endpoints are never mirrored.
fn kubernetes_endpoints(server: IpAddr) -> Object {
    let mut endpoints = Object::new(Kind::Endpoints, "default", "kubernetes");
    endpoints.value.set(&["metadata", "labels", "endpointslice.kubernetes.io/skip-mirror"], "true");
    let mut subset = Value::map();
    subset.set(&["addresses"], vec![fields(&[("ip", &server.to_string())])]);
    let mut port = fields(&[("name", "https"), ("protocol", "TCP")]);
    port.set(&["port"], API_SERVER_PORT);
    subset.set(&["ports"], vec![port]);
    endpoints.value.set(&["subsets"], vec![subset]);
    endpoints
}

fn kubernetes_slice(server: IpAddr) -> Object {
    let mut slice = Object::new(Kind::EndpointSlice, "default", "kubernetes");
    let value = &mut slice.value;
    value.set(&["metadata", "labels", super::SERVICE_NAME_LABEL], "kubernetes");
    value.set(&["addressType"], if server.is_ipv4() { "IPv4" } else { "IPv6" });
    let mut endpoint = Value::map();
    endpoint.set(&["addresses"], vec![server.to_string()]);
    endpoint.set(&["conditions", "ready"], true);
    value.set(&["endpoints"], vec![endpoint]);
    let mut port = fields(&[("name", "https"), ("protocol", "TCP")]);
    port.set(&["port"], API_SERVER_PORT);
    value.set(&["ports"], vec![port]);
    slice
}

/// Source: kubernetes cmd/kubeadm/app/phases/addons/dns/manifests.go.
fn dns_service(address: IpAddr) -> Object {
    let mut service = Object::new(Kind::Service, "kube-system", "kube-dns");
    let value = &mut service.value;
    let labels =
        [("k8s-app", "kube-dns"), ("kubernetes.io/cluster-service", "true"), ("kubernetes.io/name", "CoreDNS")];
    value.set(&["metadata", "labels"], fields(&labels));
    value.set(&["metadata", "annotations", "prometheus.io/port"], "9153");
    value.set(&["metadata", "annotations", "prometheus.io/scrape"], "true");
    value.set(&["spec", "clusterIP"], address.to_string());
    value.set(&["spec", "selector", "k8s-app"], "kube-dns");
    let ports = [("dns", "UDP", 53), ("dns-tcp", "TCP", 53), ("metrics", "TCP", 9153)];
    let ports: Vec<Value> =
        ports.into_iter().map(|(name, protocol, number)| port(name, protocol, number, number.into())).collect();
    value.set(&["spec", "ports"], ports);
    service
}

fn port(name: &str, protocol: &str, number: i64, target: Value) -> Value {
    let mut port = fields(&[("name", name), ("protocol", protocol)]);
    port.set(&["port"], number);
    port.set(&["targetPort"], target);
    port
}

fn fields(pairs: &[(&str, &str)]) -> Value {
    let mut map = Value::map();
    for (name, value) in pairs {
        map.set(&[name], *value);
    }
    map
}
