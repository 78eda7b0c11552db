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
        let is_unused = self.judged.is_empty() && store.list(Kind::NetworkPolicy, None).next().is_none();
        if is_unused || !changes.iter().any(concerns) {
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
            let mut policies: Vec<&Object> = Vec::new();
            for policy in store.list(Kind::NetworkPolicy, Some(view.pod.namespace())) {
                if label_selector_matches(selector(&policy.spec()["podSelector"]), view.pod.labels()) {
                    policies.push(policy);
                }
            }
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

/// Whether a change can be seen by a policy: of a pod most are not, as they are about its conditions.
fn concerns(change: &Change) -> bool {
    match (change.key.kind, &change.before, &change.after) {
        (Kind::Pod, Some(before), Some(after)) => {
            before.labels() != after.labels()
                || before.spec() != after.spec()
                || ["podIPs", "phase"].iter().any(|field| before.status()[*field] != after.status()[*field])
        }
        (kind, ..) => matches!(kind, Kind::NetworkPolicy | Kind::Namespace | Kind::Pod),
    }
}

/// An absent selector of a policy selects everything, as an empty one does.
fn selector(value: &Value) -> &Value {
    const EVERYTHING: &Value = &Value::Map(crate::api::Map::EMPTY);
    if value.is_null() { EVERYTHING } else { value }
}

fn views(store: &Store) -> Vec<PodView<'_>> {
    let mut views = Vec::new();
    for pod in store.list(Kind::Pod, None) {
        let has_ended = matches!(pod.status()["phase"].str(), "Succeeded" | "Failed");
        if has_ended || pod.spec()["hostNetwork"].as_bool() == Some(true) {
            continue;
        }
        let mut addresses: Vec<IpAddr> = Vec::new();
        for item in pod.status()["podIPs"].items() {
            addresses.extend(item["ip"].str().parse::<IpAddr>());
        }
        if !addresses.is_empty() {
            let namespace = store.find(Kind::Namespace, "", pod.namespace()).map(|namespace| &**namespace);
            views.push(PodView { pod, namespace, addresses });
        }
    }
    views
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
    let mut is_isolated = false;
    let mut rules = Vec::new();
    for policy in policies {
        if !policy.spec()["policyTypes"].items().iter().any(|kind| kind.str() == word) {
            continue;
        }
        is_isolated = true;
        for rule in policy.spec()[field].items() {
            add_rule(&mut rules, rule, direction, policy.namespace(), subject, pods);
        }
    }
    is_isolated.then_some(rules)
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
    let mut blocks = Vec::new();
    for peer in list {
        blocks.extend(block(&peer["ipBlock"]));
    }
    let mut peers: Vec<&PodView<'_>> = Vec::new();
    for view in pods {
        if list.is_empty() || list.iter().any(|peer| is_peer(peer, namespace, view)) {
            peers.push(view);
        }
    }
    let ports = rule["ports"].items();
    // A name means a port of the receiver: for egress, whatever each peer calls by it.
    let is_per_peer = direction == Direction::Egress;
    let own = if ports.is_empty() { None } else { Some(ranges(ports, subject.pod, !is_per_peer, true)) };
    if !is_per_peer || own.as_ref().is_none_or(|own| !own.is_empty()) {
        let peers = if list.is_empty() { None } else { Some(all(&peers, blocks)) };
        rules.push(PolicyRule { peers, ports: own });
    }
    if is_per_peer {
        for peer in peers {
            let own = ranges(ports, peer.pod, true, false);
            if !own.is_empty() {
                rules.push(PolicyRule { peers: Some(all(&[peer], Vec::new())), ports: Some(own) });
            }
        }
    }
}

/// The ranges of those ports that are given by name, by number, or both.
fn ranges(ports: &[Value], receiver: &Object, with_names: bool, with_numbers: bool) -> Rc<[PortRange]> {
    let mut ranges = Vec::new();
    for port in ports {
        let is_wanted = if port["port"].as_str().is_some() { with_names } else { with_numbers };
        if is_wanted {
            ranges.extend(range(port, receiver));
        }
    }
    ranges.into()
}

fn all(pods: &[&PodView<'_>], blocks: Vec<Block>) -> Rc<Peers> {
    let mut addresses = Vec::new();
    for view in pods {
        addresses.extend_from_slice(&view.addresses);
    }
    Rc::new(Peers::new(addresses, blocks))
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
    let mut except: Vec<Cidr> = Vec::new();
    for range in value["except"].items() {
        except.extend(range.str().parse::<Cidr>());
    }
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
    for container in pod.spec()["containers"].items() {
        for port in container["ports"].items() {
            if port["name"].str() == name && port["protocol"].as_str().unwrap_or("TCP") == protocol {
                return port["containerPort"].as_int().and_then(|n| u16::try_from(n).ok());
            }
        }
    }
    None
}
