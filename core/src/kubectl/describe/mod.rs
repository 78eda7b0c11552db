//! `kubectl describe`: an object, what belongs to it, and what happened to it.
//!
//! Source of the texts: kubernetes staging/src/k8s.io/kubectl/pkg/describe/describe.go.

mod container;
mod forms;
mod policy;

pub(super) use policy::rules;

pub(super) use container::{ports as container_ports, probe, tolerations, volume};
pub(super) use forms::included;

use super::{Command, Failure, Session, align::align, args::Args, columns, form::Filler, resource, rollout::REVISION};
use crate::api::{ApiError, Kind, Object, Value, endpoint_slice::SERVICE_NAME_LABEL};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};

pub(super) const COMMAND: Command = Command {
    name: "describe",
    flags: "selector=|l all-namespaces|A filename=|f show-events? chunk-size=",
    act: describe,
};

fn describe(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let is_file = args.flag("filename").is_some();
    if args.words.is_empty() && !is_file {
        return Err(Failure::error(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.",
        ));
    }
    let filter = resource::Filter::of(args)?;
    let mut found: Vec<Rc<Object>> = if is_file { session.resolve(args, &[])? } else { Vec::new() };
    let mut errors = Vec::new();
    for target in resource::targets(&args.words)? {
        session.warn_of_kind(target.kind);
        match &target.name {
            Some(name) => match session.named_or_prefixed(target.kind, name) {
                Ok(objects) => found.extend(objects),
                Err(error) => errors.push(super::manifest::Problem::of(&error, "")),
            },
            None => found.extend(session.listed(target.kind, &filter, args.is_set("all-namespaces"))),
        }
    }
    if found.is_empty() && !errors.is_empty() {
        return super::manifest::all(errors);
    }
    if found.is_empty() {
        let namespace = format!("No resources found in {} namespace.", session.namespace);
        session.complain(&namespace);
        return Ok(());
    }
    if found.iter().any(|object| object.kind == Kind::ControllerRevision) {
        let text = "kubectl describe of a controllerrevision is not simulated: look at it with kubectl get -o yaml";
        return Err(Failure::error(text).explain(super::info::SAYS_SO));
    }
    // Events are shown of one object that was named or found, not of several, nor of those that a name's beginning found.
    let has_events = match args.flag("show-events") {
        Some(flag) => flag != "false",
        None => found.len() == 1 && errors.is_empty() && args.word(1).is_none_or(|name| name == found[0].name()),
    };
    let mut texts = Vec::new();
    for object in &found {
        texts.push(session.described(object, has_events));
    }
    session.print(&texts.join("\n\n"));
    super::manifest::all(errors)
}

impl Session<'_> {
    /// The object of that name, or all whose names begin with it, as `describe` takes a name.
    fn named_or_prefixed(&self, kind: Kind, name: &str) -> Result<Vec<Rc<Object>>, ApiError> {
        match self.named(kind, name) {
            Ok(object) => Ok(Vec::from([object])),
            Err(error) => {
                let mut near = self.listed(kind, &resource::Filter::default(), false);
                near.retain(|object| object.name().starts_with(name));
                if near.is_empty() { Err(error) } else { Ok(near) }
            }
        }
    }

    /// An object's whole description.
    fn described(&self, object: &Object, has_events: bool) -> String {
        let filler = Filler { now: self.cluster.now(), is_wide: true };
        let tree = self.tree(object);
        let mut page = filler.page(forms::NAME, &tree);
        page.push_str(&filler.page(forms::of(object.kind), &tree));
        if !has_events || matches!(object.kind, Kind::Namespace | Kind::NetworkPolicy) {
            return align(&page, 0, 2);
        }
        if tree["events"].is_empty() {
            page.push_str("Events:\t<none>\n");
            return align(&page, 0, 2);
        }
        // The columns of the events are as wide as the events need.
        align(&page, 0, 2) + &align(&filler.page(forms::EVENTS, &tree), 0, 2)
    }

    /// The page of a pod template, as the history of a rollout shows it: columns are not aligned.
    pub(super) fn template_page(&self, template: &Value) -> String {
        Filler { now: self.cluster.now(), is_wide: true }.page(forms::TEMPLATE, template)
    }

    /// An object's tree with what its page says besides.
    fn tree(&self, object: &Object) -> Value {
        let store = self.cluster.control().store();
        let mut tree = object.value.clone();
        let mut events = Vec::new();
        for event in self.cluster.control().events().of(&object.key()) {
            events.push(event.object().value);
        }
        tree.set(&["events"], Value::from(events));
        match object.kind {
            Kind::Service => {
                let (namespace, name) = (object.namespace(), object.name());
                let slices = store.labelled(Kind::EndpointSlice, namespace, SERVICE_NAME_LABEL, name);
                let slices: Vec<&Rc<Object>> = slices.collect();
                for port in tree.at_mut(&["spec", "ports"]).items_mut() {
                    let backends = backends(&slices, port["name"].str());
                    port.set(&["backends"], backends);
                }
            }
            Kind::Pod => {
                let has_ended = matches!(object.status()["phase"].str(), "Failed" | "Succeeded");
                tree.set(&["ending"], object.is_terminating() && !has_ended);
                for (list, statuses) in
                    [("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")]
                {
                    if !object.spec()[list].is_empty() {
                        add_statuses(tree.at_mut(&["spec", list]), &object.status()[statuses]);
                    }
                }
            }
            Kind::Deployment => {
                let revision = object.annotation(REVISION);
                let (mut new, mut old) = (Vec::new(), Vec::new());
                for set in store.owned(object.uid()).filter(|owned| owned.kind == Kind::ReplicaSet) {
                    // Source: describe.go (printReplicaSetsByLabels).
                    let (name, made, wanted) = (set.name(), &set.status()["replicas"], &set.spec()["replicas"]);
                    let (made, wanted) = (made.as_int().unwrap_or(0), wanted.as_int().unwrap_or(0));
                    let list = if set.annotation(REVISION) == revision { &mut new } else { &mut old };
                    list.push(format!("{name} ({made}/{wanted} replicas created)"));
                }
                tree.set(&["hasReplicaSets"], !new.is_empty() || !old.is_empty());
                tree.set(&["newReplicaSet"], new.join(", "));
                tree.set(&["oldReplicaSets"], old.join(", "));
            }
            Kind::ReplicaSet | Kind::StatefulSet => {
                for phase in ["Running", "Pending", "Succeeded", "Failed"] {
                    let pods = store.owned(object.uid()).filter(|owned| owned.kind == Kind::Pod);
                    let count = pods.filter(|pod| pod.status()["phase"].str() == phase).count();
                    tree.set(&["pods", phase], count as i64);
                }
            }
            Kind::Node => {
                let mut pods = Vec::new();
                for pod in store.on_node(object.name()) {
                    if !matches!(pod.status()["phase"].str(), "Succeeded" | "Failed") {
                        pods.push(pod.value.clone());
                    }
                }
                tree.set(&["count"], pods.len() as i64);
                tree.set(&["pods"], Value::from(pods));
            }
            _ => {}
        }
        tree
    }
}

/// Gives each container its status, and the states that its page shows.
fn add_statuses(containers: &mut Value, statuses: &Value) {
    for container in containers.items_mut() {
        let Some(status) = statuses.items().iter().find(|status| status["name"] == container["name"]) else { continue };
        let mut states = Vec::new();
        for (title, field) in [("State", "state"), ("Last State", "lastState")] {
            let mut state = status[field].clone();
            if field == "lastState" && state["terminated"].is_null() {
                continue;
            }
            let waits = state["running"].is_null() && state["terminated"].is_null();
            state.set(&["title"], title);
            state.set(&["waits"], waits);
            states.push(state);
        }
        container.set(&["status"], status.clone());
        container.set(&["states"], Value::from(states));
    }
}

/// Source: describe.go (formatEndpointSlices): three ready ones, and how many more.
fn backends(slices: &[&Rc<Object>], port_name: &str) -> String {
    let mut ready = Vec::new();
    for slice in slices {
        let (ports, endpoints) = (&slice.value["ports"], slice.value["endpoints"].items());
        let ports = if ports.is_empty() { &[Value::Null] } else { ports.items() };
        for port in ports.iter().filter(|port| port.is_null() || port["name"].str() == port_name) {
            for endpoint in endpoints.iter().filter(|end| end["conditions"]["ready"].as_bool() != Some(false)) {
                let address = endpoint["addresses"][0].str();
                let place =
                    if port.is_null() { address.to_owned() } else { columns::host_port(address, &port["port"]) };
                ready.push(place);
            }
        }
    }
    if slices.is_empty() { "<none>".to_owned() } else { columns::three(&ready) }
}

/// Source: describe.go (buildIngressString).
pub(super) fn ingress(list: &Value) -> String {
    let mut words = Vec::new();
    for point in list.items() {
        let address = if point["ip"].is_empty() { point["hostname"].str() } else { point["ip"].str() };
        words.push(match point["ipMode"].as_str() {
            Some(mode) => format!("{address} ({mode})"),
            None => address.to_owned(),
        });
    }
    words.join(", ")
}
