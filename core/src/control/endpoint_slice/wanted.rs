//! The endpoints that a Service should have, compared with those it has before any is written.

use super::membership::{self, Member};
use crate::api::{Object, Value, field};
use crate::ordered::OrdMap;
use alloc::{vec, vec::Vec};

/// The endpoints wanted for one set of ports.
#[derive(Debug)]
pub(super) struct Desired<'a> {
    /// The ports, sorted.
    pub(super) ports: Vec<Value>,
    /// The endpoints by the name of their pod.
    pub(super) endpoints: OrdMap<&'a str, Wanted<'a>>,
}

/// A pod as an endpoint of a Service.
///
/// Source: kubernetes staging/src/k8s.io/endpointslice/utils.go (podToEndpoint).
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    member: Member<'a>,
    addresses: &'a Value,
    ready: bool,
    serving: bool,
    terminating: bool,
    zone: &'a str,
    hostname: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// The endpoint; none if the pod has no address of this family.
    pub(super) fn new(
        member: Member<'a>,
        node: Option<&'a Object>,
        service: &Object,
        family: &str,
    ) -> Option<Wanted<'a>> {
        let addresses = &member.spot.listed[usize::from(family == "IPv6")];
        let (serving, terminating) = (member.facts.is_ready, member.facts.is_terminating);
        let publish_all = service.spec()["publishNotReadyAddresses"].as_bool() == Some(true);
        (!addresses.is_empty()).then(|| Wanted {
            member,
            addresses,
            ready: publish_all || (serving && !terminating),
            serving,
            terminating,
            zone: node.and_then(|node| node.label("topology.kubernetes.io/zone")).unwrap_or_default(),
            hostname: membership::hostname(&member, service),
        })
    }

    /// True if that endpoint stands for this one, whatever its conditions: same pod, addresses and hostname.
    ///
    /// Source: kubernetes staging/src/k8s.io/endpointslice/util/endpointset.go (hashEndpoint).
    pub(super) fn is_identical(&self, endpoint: &Value) -> bool {
        let (target, reference) = (&endpoint["targetRef"], &self.member.spot.reference);
        let is_same_pod = target == reference
            || (target["name"] == reference["name"] && target["namespace"] == reference["namespace"]);
        is_same_pod && endpoint["hostname"].as_str() == self.hostname && endpoint["addresses"] == *self.addresses
    }

    /// True if an identical endpoint says everything else as this one does; hints are not this file's business.
    ///
    /// Source: kubernetes staging/src/k8s.io/endpointslice/util/controller_utils.go (EndpointsEqualBeyondHash).
    pub(super) fn is_current(&self, endpoint: &Value) -> bool {
        let conditions = &endpoint["conditions"];
        conditions["ready"].as_bool() == Some(self.ready)
            && conditions["serving"].as_bool() == Some(self.serving)
            && conditions["terminating"].as_bool() == Some(self.terminating)
            && endpoint["nodeName"].str() == self.member.spot.node
            && endpoint["zone"].str() == self.zone
            && endpoint["targetRef"]["uid"] == self.member.spot.reference["uid"]
    }

    /// The endpoint as a slice holds it.
    pub(super) fn emit(&self) -> Value {
        let conditions =
            vec![field("ready", self.ready), field("serving", self.serving), field("terminating", self.terminating)];
        let mut fields = vec![field("addresses", self.addresses.clone()), field("conditions", Value::of(conditions))];
        fields.extend(self.hostname.map(|hostname| field("hostname", hostname)));
        if !self.member.spot.node.is_empty() {
            fields.push(field("nodeName", self.member.spot.node.as_str()));
        }
        fields.push(field("targetRef", self.member.spot.reference.clone()));
        if !self.zone.is_empty() {
            fields.push(field("zone", self.zone));
        }
        Value::of(fields)
    }
}
