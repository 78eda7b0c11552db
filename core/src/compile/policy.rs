//! NetworkPolicies as the routers judge them: who may talk with each isolated pod.
//!
//! Source of the rules: kubernetes staging/src/k8s.io/api/networking/v1/types.go.

use crate::ordered::OrdMap;
use crate::{
    api::{Kind, Object, Value, selector::label_selector_matches},
    control::{Change, Store},
    dataplane::{Block, Delta, Peers, PodPolicy, PolicyRule, PortRange},
    net::{Cidr, Protocol},
};
use alloc::{rc::Rc, string::String, vec::Vec};
use core::net::IpAddr;

/// Turns changes of the store into each node's policies for its own pods.
#[derive(Debug, Default)]
pub struct Compiler {
    nodes: Vec<String>,
    judged: OrdMap<IpAddr, (usize, Rc<PodPolicy>)>,
}

/// A pod that policies can see: it has an address of its own and has not ended.
struct PodView<'a> {
    pod: &'a Object,
    namespace: Option<&'a Object>,
    addresses: Vec<IpAddr>,
}

/// The two directions, with their field names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ingress,
    Egress,
}

impl Compiler {
    /// A compiler for the nodes of that name, in this order.
    pub fn new(nodes: impl IntoIterator<Item = String>) -> Compiler {
        Compiler { nodes: nodes.into_iter().collect(), judged: OrdMap::new() }
    }

    /// The deltas of each node that follow from these changes; `emit` gets the node's place in the list.
    ///
    /// Without any policy in the cluster this costs nothing; with one, every pod is looked at again.
    pub fn follow(&mut self, store: &Store, changes: &[Change], mut emit: impl FnMut(usize, Delta)) {
        let concerns = |kind| matches!(kind, Kind::NetworkPolicy | Kind::Namespace | Kind::Pod);
        let is_unused = self.judged.is_empty() && store.list(Kind::NetworkPolicy, None).next().is_none();
        if is_unused || !changes.iter().any(|change| concerns(change.key.kind)) {
            return;
        }
        let after = self.judge(store);
        for (address, (place, _)) in &self.judged {
            if after.get(address).is_none_or(|(other, _)| other != place) {
                emit(*place, Delta::Policy(*address, None));
            }
        }
        for (address, (place, policy)) in &after {
            if self.judged.get(address) != Some(&(*place, policy.clone())) {
                emit(*place, Delta::Policy(*address, Some(policy.clone())));
            }
        }
        self.judged = after;
    }

    fn judge(&self, store: &Store) -> OrdMap<IpAddr, (usize, Rc<PodPolicy>)> {
        let pods = views(store);
        let mut judged = OrdMap::new();
        for view in &pods {
            let node = view.pod.spec()["nodeName"].str();
            let Some(place) = self.nodes.iter().position(|name| name == node) else { continue };
            let policies = store.list(Kind::NetworkPolicy, Some(view.pod.namespace()));
            let policies: Vec<&Object> = policies
                .map(|policy| &**policy)
                .filter(|policy| label_selector_matches(selector(&policy.spec()["podSelector"]), view.pod.labels()))
                .collect();
            let policy = PodPolicy {
                ingress: isolation(&policies, Direction::Ingress, view, &pods),
                egress: isolation(&policies, Direction::Egress, view, &pods),
            };
            if policy == PodPolicy::default() {
                continue;
            }
            let policy = Rc::new(policy);
            for &address in &view.addresses {
                judged.insert(address, (place, policy.clone()));
            }
        }
        judged
    }
}

/// An absent selector of a policy selects everything, as an empty one does.
fn selector(value: &Value) -> &Value {
    const EVERYTHING: &Value = &Value::Map(crate::api::Map::EMPTY);
    if value.is_null() { EVERYTHING } else { value }
}

fn views(store: &Store) -> Vec<PodView<'_>> {
    let is_seen = |pod: &&Rc<Object>| {
        pod.spec()["hostNetwork"].as_bool() != Some(true)
            && !matches!(pod.status()["phase"].str(), "Succeeded" | "Failed")
    };
    let view = |pod: &'_ Rc<Object>| {
        let addresses = pod.status()["podIPs"].items().iter();
        addresses.filter_map(|item| item["ip"].str().parse().ok()).collect::<Vec<IpAddr>>()
    };
    let pods = store.list(Kind::Pod, None).filter(is_seen);
    pods.map(|pod| PodView {
        pod,
        namespace: store.find(Kind::Namespace, "", pod.namespace()).map(|namespace| &**namespace),
        addresses: view(pod),
    })
    .filter(|view| !view.addresses.is_empty())
    .collect()
}

/// What is allowed in one direction; `None` if no policy isolates the pod there.
fn isolation(
    policies: &[&Object],
    direction: Direction,
    subject: &PodView<'_>,
    pods: &[PodView<'_>],
) -> Option<Vec<PolicyRule>> {
    let (word, field) = match direction {
        Direction::Ingress => ("Ingress", "ingress"),
        Direction::Egress => ("Egress", "egress"),
    };
    let is_isolating = |policy: &&&Object| policy.spec()["policyTypes"].items().iter().any(|kind| kind.str() == word);
    let mut isolating = policies.iter().filter(is_isolating).peekable();
    isolating.peek()?;
    let mut rules = Vec::new();
    for policy in isolating {
        for rule in policy.spec()[field].items() {
            add_rule(&mut rules, rule, direction, policy.namespace(), subject, pods);
        }
    }
    Some(rules)
}

fn add_rule(
    rules: &mut Vec<PolicyRule>,
    rule: &Value,
    direction: Direction,
    namespace: &str,
    subject: &PodView<'_>,
    pods: &[PodView<'_>],
) {
    let list = rule[if direction == Direction::Ingress { "from" } else { "to" }].items();
    let blocks: Vec<Block> = list.iter().filter_map(|peer| block(&peer["ipBlock"])).collect();
    let peers: Vec<&PodView<'_>> = (pods.iter())
        .filter(|view| list.is_empty() || list.iter().any(|peer| is_peer(peer, namespace, view)))
        .collect();
    let everyone = list.is_empty();
    let ports = rule["ports"].items();
    if ports.is_empty() {
        rules.push(PolicyRule { peers: (!everyone).then(|| all(&peers, blocks)), ports: None });
        return;
    }
    let named = |port: &&Value| port["port"].as_str().is_some();
    // A name means a port of the receiver: for egress, whatever each peer calls by it.
    let is_per_peer = direction == Direction::Egress;
    let ranges: Rc<[PortRange]> = match direction {
        Direction::Ingress => ports.iter().filter_map(|port| range(port, subject.pod)).collect(),
        Direction::Egress => {
            ports.iter().filter(|port| !named(port)).filter_map(|port| range(port, subject.pod)).collect()
        }
    };
    if !ranges.is_empty() || !is_per_peer {
        let peers = (!everyone).then(|| all(&peers, blocks));
        rules.push(PolicyRule { peers, ports: Some(ranges) });
    }
    if is_per_peer {
        for peer in peers {
            let own: Rc<[PortRange]> = ports.iter().filter(named).filter_map(|port| range(port, peer.pod)).collect();
            if !own.is_empty() {
                rules.push(PolicyRule { peers: Some(all(&[peer], Vec::new())), ports: Some(own) });
            }
        }
    }
}

fn all(pods: &[&PodView<'_>], blocks: Vec<Block>) -> Rc<Peers> {
    Rc::new(Peers::new(pods.iter().flat_map(|view| view.addresses.iter().copied()).collect(), blocks))
}

fn is_peer(peer: &Value, namespace: &str, view: &PodView<'_>) -> bool {
    let (pods, namespaces) = (&peer["podSelector"], &peer["namespaceSelector"]);
    if pods.is_null() && namespaces.is_null() {
        return false;
    }
    let is_in = if namespaces.is_null() {
        view.pod.namespace() == namespace
    } else {
        view.namespace.is_some_and(|namespace| label_selector_matches(namespaces, namespace.labels()))
    };
    is_in && (pods.is_null() || label_selector_matches(pods, view.pod.labels()))
}

fn block(value: &Value) -> Option<Block> {
    let cidr: Cidr = value["cidr"].as_str()?.parse().ok()?;
    let except = value["except"].items().iter().filter_map(|range| range.str().parse().ok()).collect();
    Some(Block { cidr, except })
}

fn range(port: &Value, receiver: &Object) -> Option<PortRange> {
    let word = port["protocol"].as_str().unwrap_or("TCP");
    let protocol = match word {
        "TCP" => Protocol::Tcp,
        "UDP" => Protocol::Udp,
        "SCTP" => Protocol::Sctp,
        _ => return None,
    };
    let number = |value: &Value| value.as_int().and_then(|n| u16::try_from(n).ok());
    let (from, to) = match &port["port"] {
        Value::Null => (0, u16::MAX),
        Value::String(name) => {
            let own = named_port(receiver, name, word)?;
            (own, own)
        }
        first => {
            let first = number(first)?;
            (first, number(&port["endPort"]).unwrap_or(first))
        }
    };
    Some(PortRange { protocol, from, to })
}

fn named_port(pod: &Object, name: &str, protocol: &str) -> Option<u16> {
    let containers = pod.spec()["containers"].items().iter();
    let mut ports = containers.flat_map(|container| container["ports"].items());
    let port =
        ports.find(|port| port["name"].str() == name && port["protocol"].as_str().unwrap_or("TCP") == protocol)?;
    port["containerPort"].as_int().and_then(|n| u16::try_from(n).ok())
}
