//! NetworkPolicies as the routers judge them: who may talk with each isolated pod.
//!
//! Source of the rules: kubernetes staging/src/k8s.io/api/networking/v1/types.go.

use crate::ordered::{OrdMap, OrdSet};
use crate::{
    api::{Key, Kind, Object, Value, selector::label_selector_matches},
    control::{Change, Store},
    dataplane::{Block, Delta, Peers, PodPolicy, PolicyRule, PortRange},
    net::{Cidr, Protocol},
};
use alloc::{rc::Rc, string::String, vec::Vec};
use core::net::IpAddr;

/// Turns changes of the store into each node's policies for its own pods.
///
/// The peers of a rule are found once for all the pods it is about. A changed pod costs a look at every rule, and a new
/// set of peers for those it is a peer of; a changed policy or namespace costs a look at everything.
#[derive(Debug, Default)]
pub struct Compiler {
    nodes: Vec<String>,
    policies: Vec<Policy>,
    pods: OrdMap<Rc<Key>, PodView>,
    judged: OrdMap<IpAddr, Option<Judged>>,
}

/// What was sent about an address, and to which node.
#[derive(Debug, Clone, PartialEq)]
struct Judged {
    place: usize,
    policy: Rc<PodPolicy>,
}

/// A pod that policies can see: it has an address of its own and has not ended.
#[derive(Debug, Clone)]
struct PodView {
    pod: Rc<Object>,
    namespace: Option<Rc<Object>>,
    addresses: Vec<IpAddr>,
    /// The places of the policies that are about it.
    policies: Vec<usize>,
}

/// A policy, and the peers of its rules in each direction it isolates.
#[derive(Debug)]
struct Policy {
    object: Rc<Object>,
    peers: [Option<Vec<Rc<Peers>>>; 2],
    /// Whether the pods it selects have to be judged again.
    is_fresh: bool,
}

/// The directions: the word for each, its list of rules, and what that calls the peers.
const DIRECTIONS: [[&str; 3]; 2] = [["Ingress", "ingress", "from"], ["Egress", "egress", "to"]];
const EGRESS: usize = 1;

impl Compiler {
    /// A compiler for the nodes of that name, in this order.
    pub fn new(nodes: impl IntoIterator<Item = String>) -> Compiler {
        Compiler { nodes: nodes.into_iter().collect(), ..Compiler::default() }
    }

    /// The deltas of each node that follow from these changes; `emit` gets the node's place in the list.
    ///
    /// Without any policy in the cluster this costs nothing.
    pub fn follow(&mut self, store: &Store, changes: &[Change], mut emit: impl FnMut(usize, Delta)) {
        let is_of = |change: &Change, kind| change.key.kind == kind;
        if self.policies.is_empty() && !changes.iter().any(|change| is_of(change, Kind::NetworkPolicy)) {
            return;
        }
        let mut touched: OrdSet<Rc<Key>> = OrdSet::new();
        let mut is_all = false;
        for change in changes.iter().filter(|change| concerns(change)) {
            if is_of(change, Kind::Pod) {
                touched.insert(change.key.clone());
            } else {
                is_all = true;
            }
        }
        if is_all {
            self.read(store, &mut touched);
        } else if touched.is_empty() {
            return;
        }
        let wanted = self.renew(store, &touched, is_all);
        for (&address, wanted) in wanted.iter() {
            let sent = self.judged.remove(&address).flatten();
            if sent == *wanted {
                // Nothing is news.
            } else if let Some(wanted) = wanted {
                if let Some(sent) = sent.filter(|sent| sent.place != wanted.place) {
                    emit(sent.place, Delta::Policy(address, None));
                }
                emit(wanted.place, Delta::Policy(address, Some(wanted.policy.clone())));
            } else if let Some(sent) = sent {
                emit(sent.place, Delta::Policy(address, None));
            }
            if wanted.is_some() {
                self.judged.insert(address, wanted.clone());
            }
        }
    }

    /// Takes in all policies; every pod is to be looked at.
    fn read(&mut self, store: &Store, touched: &mut OrdSet<Rc<Key>>) {
        self.policies.clear();
        for object in store.list(Kind::NetworkPolicy, None) {
            self.policies.push(Policy { object: object.clone(), peers: [None, None], is_fresh: false });
        }
        touched.extend(self.pods.keys().cloned());
        if !self.policies.is_empty() {
            for pod in store.list(Kind::Pod, None) {
                touched.insert(Rc::new(pod.key()));
            }
        }
    }

    /// Looks at these pods again and finds what is to be said of the addresses concerned, `None` for nothing.
    fn renew(&mut self, store: &Store, touched: &OrdSet<Rc<Key>>, is_all: bool) -> OrdMap<IpAddr, Option<Judged>> {
        let mut wanted = OrdMap::new();
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        for key in touched {
            let before = self.pods.remove(key);
            if let Some(before) = &before {
                for address in &before.addresses {
                    wanted.insert(*address, None);
                }
            }
            if let Some(view) = before.filter(|_| !is_all) {
                gone.push(view);
            }
            if let Some(view) = store.get(key).and_then(|pod| self.view(pod, store)) {
                self.pods.insert(key.clone(), view.clone());
                come.push(view);
            }
        }
        for policy in &mut self.policies {
            policy.follow(&gone, &come);
        }
        for (key, view) in &self.pods {
            if touched.contains(key) || view.policies.iter().any(|place| self.policies[*place].is_fresh) {
                let judged = self.judge(view);
                for address in &view.addresses {
                    wanted.insert(*address, judged.clone());
                }
            }
        }
        wanted
    }

    /// A pod as policies see it, if there are any and they can.
    fn view(&self, pod: &Rc<Object>, store: &Store) -> Option<PodView> {
        let has_ended = matches!(pod.status()["phase"].str(), "Succeeded" | "Failed");
        if self.policies.is_empty() || has_ended || pod.spec()["hostNetwork"].as_bool() == Some(true) {
            return None;
        }
        let mut addresses: Vec<IpAddr> = Vec::new();
        for item in pod.status()["podIPs"].items() {
            addresses.extend(item["ip"].str().parse::<IpAddr>());
        }
        let mut policies = Vec::new();
        for (place, policy) in self.policies.iter().enumerate() {
            if policy.selects(pod) {
                policies.push(place);
            }
        }
        let namespace = store.find(Kind::Namespace, "", pod.namespace()).cloned();
        (!addresses.is_empty()).then(|| PodView { pod: pod.clone(), namespace, addresses, policies })
    }

    /// What the policies come to for one pod; `None` if none is about it, or no node of ours has it.
    fn judge(&self, view: &PodView) -> Option<Judged> {
        let node = view.pod.spec()["nodeName"].str();
        let place = self.nodes.iter().position(|name| name == node)?;
        let mut both: [Option<Vec<PolicyRule>>; 2] = [None, None];
        for policy in view.policies.iter().map(|place| &self.policies[*place]) {
            for (direction, rules) in both.iter_mut().enumerate() {
                if let Some(peers) = &policy.peers[direction] {
                    let rules = rules.get_or_insert_with(Vec::new);
                    for (rule, peers) in policy.object.spec()[DIRECTIONS[direction][1]].items().iter().zip(peers) {
                        self.add_rule(rules, rule, direction, policy, peers, view);
                    }
                }
            }
        }
        let [ingress, egress] = both;
        let policy = PodPolicy { ingress, egress };
        (policy != PodPolicy::default()).then(|| Judged { place, policy: Rc::new(policy) })
    }

    fn add_rule(
        &self,
        rules: &mut Vec<PolicyRule>,
        rule: &Value,
        direction: usize,
        policy: &Policy,
        peers: &Rc<Peers>,
        subject: &PodView,
    ) {
        let list = rule[DIRECTIONS[direction][2]].items();
        let ports = rule["ports"].items();
        // A name means a port of the receiver: for egress, whatever each peer calls by it.
        let is_per_peer = direction == EGRESS;
        let own = if ports.is_empty() { None } else { Some(ranges(ports, &subject.pod, !is_per_peer, true)) };
        if !is_per_peer || own.as_ref().is_none_or(|own| !own.is_empty()) {
            let peers = if list.is_empty() { None } else { Some(peers.clone()) };
            rules.push(PolicyRule { peers, ports: own });
        }
        if is_per_peer && has_names(ports) {
            for peer in self.pods.values().filter(|view| are_peers(list, policy.object.namespace(), view)) {
                let own = ranges(ports, &peer.pod, true, false);
                if !own.is_empty() {
                    let peers = Rc::new(Peers::new(peer.addresses.clone(), Vec::new()));
                    rules.push(PolicyRule { peers: Some(peers), ports: Some(own) });
                }
            }
        }
    }
}

impl Policy {
    fn selects(&self, pod: &Object) -> bool {
        let selector = &self.object.spec()["podSelector"];
        self.object.namespace() == pod.namespace()
            && (selector.is_null() || label_selector_matches(selector, pod.labels()))
    }

    /// Takes pods out of the peers of every rule, and others in.
    fn follow(&mut self, gone: &[PodView], come: &[PodView]) {
        self.is_fresh = false;
        let (spec, namespace) = (self.object.spec(), self.object.namespace());
        for ([word, rules, peers], sets) in DIRECTIONS.into_iter().zip(&mut self.peers) {
            if !spec["policyTypes"].items().iter().any(|kind| kind.str() == word) {
                continue;
            }
            let sets = sets.get_or_insert_with(Vec::new);
            for (place, rule) in spec[rules].items().iter().enumerate() {
                let list = rule[peers].items();
                if place == sets.len() {
                    let mut blocks = Vec::new();
                    for peer in list {
                        blocks.extend(block(&peer["ipBlock"]));
                    }
                    sets.push(Rc::new(Peers::new(Vec::new(), blocks)));
                }
                if list.is_empty() && !has_names(rule["ports"].items()) {
                    // Everybody is a peer, and nobody is looked for.
                    continue;
                }
                let (without, with) = (peers_of(list, namespace, gone), peers_of(list, namespace, come));
                if !without.is_empty() || !with.is_empty() {
                    sets[place] = Rc::new(sets[place].changed(&without, &with));
                    self.is_fresh = true;
                }
            }
        }
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
        (Kind::Namespace, Some(before), Some(after)) => before.labels() != after.labels(),
        (kind, ..) => matches!(kind, Kind::NetworkPolicy | Kind::Namespace | Kind::Pod),
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

fn has_names(ports: &[Value]) -> bool {
    ports.iter().any(|port| port["port"].as_str().is_some())
}

/// The addresses of those of these pods that a list of peers means.
#[inline(never)]
fn peers_of(list: &[Value], namespace: &str, views: &[PodView]) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for view in views {
        if are_peers(list, namespace, view) {
            addresses.extend_from_slice(&view.addresses);
        }
    }
    addresses
}

/// Whether a list of peers means this pod; an empty one means every pod.
fn are_peers(list: &[Value], namespace: &str, view: &PodView) -> bool {
    list.is_empty() || list.iter().any(|peer| is_peer(peer, namespace, view))
}

fn is_peer(peer: &Value, namespace: &str, view: &PodView) -> bool {
    let (pods, namespaces) = (&peer["podSelector"], &peer["namespaceSelector"]);
    if pods.is_null() && namespaces.is_null() {
        return false;
    }
    let is_in = if namespaces.is_null() {
        view.pod.namespace() == namespace
    } else {
        view.namespace.as_ref().is_some_and(|namespace| label_selector_matches(namespaces, namespace.labels()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{control::ControlConfig, control::ControlPlane, rng::Rng, time::Instant};
    use alloc::{format, vec};

    fn labelled(kind: Kind, n: u64, app: u64) -> Object {
        let mut object = Object::new(kind, "default", &format!("o-{n}"));
        object.value.set(&["metadata", "labels", "app"], format!("{app}"));
        object
    }

    fn selector(app: u64) -> Value {
        let mut selector = Value::map();
        selector.set(&["podSelector", "matchLabels", "app"], format!("{app}"));
        selector
    }

    fn policy(n: u64, rng: &mut Rng) -> Object {
        let mut policy = labelled(Kind::NetworkPolicy, n, 0);
        policy.value.set(&["spec"], selector(rng.below(3).into()));
        policy.value.set(&["spec", "policyTypes"], vec!["Ingress", "Egress"]);
        let mut port = Value::map();
        port.set(&["port"], if rng.below(2) == 0 { Value::from("web") } else { Value::from(80) });
        for (rules, list) in [("ingress", "from"), ("egress", "to")] {
            let mut rule = Value::map();
            if rng.below(3) > 0 {
                rule.set(&[list], vec![selector(rng.below(3).into())]);
            }
            if rng.below(2) == 0 {
                rule.set(&["ports"], vec![port.clone()]);
            }
            policy.value.set(&["spec", rules], vec![rule]);
        }
        policy
    }

    fn pod(n: u64, rng: &mut Rng) -> Object {
        let mut pod = labelled(Kind::Pod, n, rng.below(3).into());
        let (mut container, mut port) = (Value::map(), Value::map());
        port.set(&["name"], "web");
        port.set(&["containerPort"], i64::from(rng.below(3)) + 8080);
        container.set(&["name"], "web");
        container.set(&["image"], "nginx");
        container.set(&["ports"], vec![port]);
        pod.value.set(&["spec", "containers"], vec![container]);
        pod
    }

    /// Some change of a few pods and policies.
    fn change(plane: &mut ControlPlane, rng: &mut Rng) {
        let n = u64::from(rng.below(5));
        let key = |kind| Key::new(kind, "default", &format!("o-{n}"));
        match rng.below(8) {
            0 => drop(plane.delete(Instant::ZERO, &key(Kind::NetworkPolicy), Default::default())),
            1 => drop(plane.create(Instant::ZERO, policy(n, rng))),
            2 => drop(plane.delete(Instant::ZERO, &key(Kind::Pod), Default::default())),
            3 | 4 => drop(plane.create(Instant::ZERO, pod(n, rng))),
            _ => {
                let (mut status, mut address) = (Value::map(), Value::map());
                address.set(&["ip"], format!("10.0.{}.{n}", rng.below(3)));
                status.set(&["phase"], if rng.below(4) == 0 { "Failed" } else { "Running" });
                status.set(&["podIPs"], vec![address]);
                drop(plane.update_status(Instant::ZERO, &key(Kind::Pod), status));
            }
        }
        plane.reconcile(Instant::ZERO);
    }

    #[test]
    fn change_by_change_the_policies_are_those_that_a_look_at_everything_finds() {
        let mut plane = ControlPlane::new(ControlConfig::default());
        let nodes = || ["node-1".into(), "node-2".into()];
        let mut compiler = Compiler::new(nodes());
        let mut sent: [OrdMap<IpAddr, Rc<PodPolicy>>; 2] = Default::default();
        let mut rng = Rng::new(7);
        let mut most = 0;
        for step in 0..600 {
            let since = plane.store().revision();
            change(&mut plane, &mut rng);
            let changes: Vec<Change> = plane.store().changes_since(since).unwrap().cloned().collect();
            compiler.follow(plane.store(), &changes, |place, delta| match delta {
                Delta::Policy(address, Some(policy)) => drop(sent[place].insert(address, policy)),
                Delta::Policy(address, None) => assert!(sent[place].remove(&address).is_some(), "step {step}"),
                other => panic!("a policy's compiler sends {other:?}"),
            });
            let mut fresh = Compiler::new(nodes());
            let everything: Vec<Change> = plane.store().changes_since(0).unwrap().cloned().collect();
            let mut wanted: [OrdMap<IpAddr, Rc<PodPolicy>>; 2] = Default::default();
            fresh.follow(plane.store(), &everything, |place, delta| {
                let Delta::Policy(address, Some(policy)) = delta else { panic!("{delta:?}") };
                wanted[place].insert(address, policy);
            });
            assert_eq!(sent, wanted, "step {step}");
            most = most.max(sent.iter().map(OrdMap::len).sum());
        }
        assert!(most > 2, "policies were about something: {most}");
    }
}
