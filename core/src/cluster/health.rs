//! `healthCheckNodePort`: where each node tells a load balancer whether it has an endpoint of a Service.
//!
//! Source: kubernetes pkg/proxy/healthcheck/service_health.go.

use super::Cluster;
use crate::{
    api::{Key, Kind, Object, Quoted, endpoint_slice::SERVICE_NAME_LABEL},
    control::Change,
    host::{Protocol, Server, server::Response},
};
use alloc::{format, rc::Rc, string::ToString, vec::Vec};

impl Cluster {
    /// Follows one change of a Service or of its endpoints.
    pub(super) fn follow_health(&mut self, change: &Change) {
        let name = match change.key.kind {
            Kind::Service => &*change.key.name,
            Kind::EndpointSlice => change.object().labels()[SERVICE_NAME_LABEL].str(),
            _ => return,
        };
        let service = Key::new(Kind::Service, &change.key.namespace, name);
        let now = self.control.store().get(&service).and_then(|service| health_port(service));
        if change.key.kind == Kind::Service
            && let Some(port) = change.before.as_deref().and_then(health_port).filter(|port| now != Some(*port))
        {
            for place in 0..self.nodes.len() {
                let host = self.nodes[place].host;
                if let Some(machine) = self.machines.machine_mut(host) {
                    machine.host.close(port, Protocol::Tcp);
                }
            }
        }
        let Some(port) = now else { return };
        for place in 0..self.nodes.len() {
            let count = self.local_endpoints(&service, &self.nodes[place].name);
            let host = self.nodes[place].host;
            let Some(machine) = self.machines.machine_mut(host) else { continue };
            let status = if count > 0 { 200 } else { 503 };
            let (namespace, name) = (Quoted(&service.namespace), Quoted(&service.name));
            let body = format!(
                "{{\n\t\"service\": {{\n\t\t\"namespace\": {namespace},\n\t\t\"name\": {name}\n\t}},\n\t\"localEndpoints\": \
                 {count},\n\t\"serviceProxyHealthy\": true\n}}"
            );
            let weight = ("X-Load-Balancing-Endpoint-Weight".to_string(), count.to_string());
            let answer = Server::Handler(Rc::new(move |_| {
                let mut response = Response::with(status, "application/json", &body);
                response.headers.push(weight.clone());
                response
            }));
            machine.host.serve(port, Protocol::Tcp, answer);
        }
    }

    /// How many ready endpoints of a Service are on a node.
    fn local_endpoints(&self, service: &Key, node: &str) -> usize {
        let slices =
            self.control.store().labelled(Kind::EndpointSlice, &service.namespace, SERVICE_NAME_LABEL, &service.name);
        let mut pods: Vec<&str> = Vec::new();
        for slice in slices {
            for endpoint in slice.value["endpoints"].items() {
                let is_ready = endpoint["conditions"]["ready"].as_bool() != Some(false);
                // A pod of two families has an endpoint in a slice of each.
                let who = endpoint["targetRef"]["name"].as_str().unwrap_or(endpoint["addresses"][0].str());
                if is_ready && endpoint["nodeName"].str() == node && !pods.contains(&who) {
                    pods.push(who);
                }
            }
        }
        pods.len()
    }
}

fn health_port(service: &Object) -> Option<u16> {
    service.spec()["healthCheckNodePort"].as_int().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0)
}
