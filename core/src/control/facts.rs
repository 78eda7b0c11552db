//! What controllers ask of a pod again and again, found out once for each write.

use super::membership;
use crate::api::{Kind, Object, Value, field};
use alloc::{borrow::ToOwned, rc::Rc, string::String, vec, vec::Vec};

/// What a pod's status comes to. Other kinds have none of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Its phase is one from which nothing follows.
    pub(super) is_over: bool,
    /// It is on its way out.
    pub(super) is_terminating: bool,
    /// Its `Ready` condition is true.
    pub(super) is_ready: bool,
    /// Where it is reached; none without an address.
    pub(super) spot: Option<Rc<Spot>>,
}

/// How a pod is named among endpoints: the same trees in every slice and in Endpoints, so that they are compared at a glance.
#[derive(Debug)]
pub(super) struct Spot {
    /// The node it is on.
    pub(super) node: String,
    /// True if it has a hostname of its own, which a Service may put into DNS.
    pub(super) is_named: bool,
    /// True if the first address, as written, is IPv6.
    pub(super) begins_with_ipv6: bool,
    /// Its addresses of each family, IPv4 first, as a slice lists them: an empty list or more.
    pub(super) listed: [Value; 2],
    /// The first address of each family as Endpoints list it, null if there is none.
    pub(super) address: [Value; 2],
    /// The `targetRef`.
    pub(super) reference: Value,
}

impl Facts {
    /// The facts of an object, beside those of what it was before.
    pub(super) fn of(object: &Object, before: Option<(&Object, &Facts)>) -> Facts {
        if object.kind != Kind::Pod {
            return Facts::default();
        }
        let same_spot = before.filter(|(before, _)| {
            let (old, new) = (before.status(), object.status());
            (old == new || (old["podIPs"] == new["podIPs"] && old["podIP"] == new["podIP"]))
                && before.spec() == object.spec()
        });
        Facts {
            is_over: matches!(object.status()["phase"].str(), "Succeeded" | "Failed"),
            is_terminating: object.is_terminating(),
            is_ready: membership::is_ready(object),
            spot: match same_spot {
                Some((_, facts)) => facts.spot.clone(),
                None => Spot::of(object),
            },
        }
    }

    /// True if a tally does not tell it from the other.
    pub(super) fn counts_as(&self, other: &Facts) -> bool {
        let seen = |facts: &Facts| (facts.is_over, facts.is_terminating, facts.is_ready);
        seen(self) == seen(other)
    }

    /// Neither over nor on its way out: it counts as a replica.
    pub(super) fn is_active(&self) -> bool {
        !self.is_over && !self.is_terminating
    }
}

impl Spot {
    fn of(pod: &Object) -> Option<Rc<Spot>> {
        let addresses = membership::addresses(pod);
        let begins_with_ipv6 = addresses.first()?.contains(':');
        let node = pod.spec()["nodeName"].str();
        let metadata = &pod.value["metadata"];
        let copy = |name: &'static str| field(name, metadata[name].clone());
        let reference = Value::of(vec![field("kind", "Pod"), copy("name"), copy("namespace"), copy("uid")]);
        let mut spot = Spot {
            node: node.to_owned(),
            is_named: !pod.spec()["hostname"].is_empty(),
            begins_with_ipv6,
            listed: [const { Value::Null }; 2],
            address: [const { Value::Null }; 2],
            reference: reference.clone(),
        };
        for (place, is_ipv6) in [false, true].into_iter().enumerate() {
            let found = membership::addresses_of_family(&addresses, is_ipv6);
            if let Some(first) = found.first() {
                let (ip, node) = (field("ip", first.as_str()), field("nodeName", node));
                spot.address[place] = Value::of(vec![ip, node, field("targetRef", reference.clone())]);
            }
            spot.listed[place] = Value::from(found);
        }
        Some(Rc::new(spot))
    }
}

/// The pods of one controller that carry the same labels, counted.
#[derive(Debug)]
pub(super) struct Tally {
    /// Their labels.
    pub(super) labels: Value,
    /// All of them.
    pub(super) total: usize,
    /// Those that count as replicas.
    pub(super) active: usize,
    /// Those of them that are ready.
    pub(super) ready: usize,
    /// Those on their way out and not over.
    pub(super) terminating: usize,
}

impl Tally {
    pub(super) fn new(labels: Value) -> Tally {
        Tally { labels, total: 0, active: 0, ready: 0, terminating: 0 }
    }

    /// Counts a pod in, or out again.
    pub(super) fn count(&mut self, facts: &Facts, is_in: bool) {
        let is_active = facts.is_active();
        for (count, is_counted) in [
            (&mut self.total, true),
            (&mut self.active, is_active),
            (&mut self.ready, is_active && facts.is_ready),
            (&mut self.terminating, !is_active && !facts.is_over),
        ] {
            match is_in {
                true => *count += usize::from(is_counted),
                false => *count -= usize::from(is_counted),
            }
        }
    }
}

/// The controllers' pods, counted: what a ReplicaSet of thousands reads instead of its pods.
#[derive(Debug, Default)]
pub(super) struct Tallies(crate::ordered::OrdMap<String, Vec<Tally>>);

impl Tallies {
    /// The tallies of a ReplicaSet, one for each set of labels.
    pub(super) fn of(&self, controller: &str) -> &[Tally] {
        self.0.get(controller).map_or(&[], |tallies| tallies)
    }

    /// Counts a pod in, or out again, if a ReplicaSet controls it.
    pub(super) fn count(&mut self, pod: &Object, facts: &Facts, is_in: bool) {
        let Some(("ReplicaSet", _, uid)) = pod.controller() else { return };
        if !self.0.contains_key(uid) {
            self.0.insert(uid.to_owned(), Vec::new());
        }
        let Some(tallies) = self.0.get_mut(uid) else { return };
        let known = tallies.iter().position(|tally| tally.labels == *pod.labels());
        let at = known.unwrap_or(tallies.len());
        if known.is_none() {
            tallies.push(Tally::new(pod.labels().clone()));
        }
        tallies[at].count(facts, is_in);
        if tallies[at].total == 0 {
            tallies.remove(at);
            if tallies.is_empty() {
                self.0.remove(uid);
            }
        }
    }
}
