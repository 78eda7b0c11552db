//! `kubectl logs` and `kubectl port-forward`.

use super::{Command, Failure, Session, args::Args, resource::targets};
use crate::{
    api::{Key, Kind, Object, Quoted, selector},
    cluster::{Hint, Place},
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};

pub(super) const COMMANDS: [Command; 2] = [
    Command {
        name: "logs",
        flags: "follow|f container=|c previous|p tail= since= selector=|l timestamps all-containers prefix \
                limit-bytes= since-time= all-pods ignore-errors max-log-requests=",
        act: logs,
    },
    Command { name: "port-forward", flags: "address= pod-running-timeout=", act: port_forward },
];

fn logs(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let pods = match (args.word(0), args.flag("selector")) {
        (Some(word), None) => {
            Vec::from([session.pod_of(word).map_err(|failure| elsewhere(failure, &session.namespace))?])
        }
        (None, Some(_)) => {
            let filter = super::resource::Filter::of(args)?;
            session.listed(Kind::Pod, &filter, false)
        }
        (Some(_), Some(_)) => {
            return Err(super::args::usage("logs", "only a selector (-l) or a POD name is allowed"));
        }
        (None, None) => {
            let text = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required \
                        argument for the logs command";
            return Err(Failure::error(&format!("{text}\nSee 'kubectl logs -h' for help and examples")));
        }
    };
    if pods.is_empty() {
        let namespace = session.namespace.clone();
        session.complain(&format!("No resources found in {namespace} namespace."));
    }
    for pod in pods {
        let containers = pod.spec()["containers"].items();
        let wanted = args.flag("container").or(args.word(1)).unwrap_or(containers[0]["name"].str()).to_owned();
        let name = pod.name();
        let Some(index) = containers.iter().position(|container| container["name"].str() == wanted) else {
            let text = format!("container {wanted} is not valid for pod {name}");
            return Err(Failure::error(&text));
        };
        let place = Place::pod(pod.namespace(), name);
        let Some(text) = session.cluster.container_output(&place, index) else {
            let reason = pod.status()["containerStatuses"][index]["state"]["waiting"]["reason"].str();
            let reason = if reason.is_empty() { "ContainerCreating" } else { reason };
            let text = format!("container \"{wanted}\" in pod \"{name}\" is waiting to start: {reason}");
            return Err(Failure::plain(format!("Error from server (BadRequest): {text}")));
        };
        session.print(&tail(&text, args.flag("tail")));
    }
    if session.output.stdout.is_empty() {
        session.output.hint = Some(Hint {
            code: "CIP902".to_owned(),
            text: "Of the servers of this lab nginx alone logs its requests; what a pod's own command prints is kept."
                .to_owned(),
            action: None,
        });
    }
    Ok(())
}

/// `logs` names the namespace in which nothing was found.
fn elsewhere(failure: Failure, namespace: &str) -> Failure {
    match failure.0.text.strip_prefix("Error from server (NotFound): ") {
        Some(what) => {
            Failure::error(&format!("error from server (NotFound): {what} in namespace {}", Quoted(namespace)))
        }
        None => failure,
    }
}

fn tail(text: &str, count: Option<&str>) -> String {
    let Some(count) = count.and_then(|count| count.parse::<usize>().ok()) else { return text.to_owned() };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines[lines.len().saturating_sub(count)..].concat()
}

impl Session<'_> {
    /// The pod that a word names: its own name, or the first pod of what `TYPE/NAME` selects.
    pub(super) fn pod_of(&self, word: &str) -> Result<Rc<Object>, Failure> {
        if !word.contains('/') {
            return Ok(self.named(Kind::Pod, word)?);
        }
        let target = &targets(&[word.to_owned()])?[0];
        let object = self.named(target.kind, target.name.as_deref().unwrap_or(""))?;
        if object.kind == Kind::Pod {
            return Ok(object);
        }
        let store = self.cluster.control().store();
        let mut pods = store.list(Kind::Pod, Some(object.namespace())).filter(|pod| match object.kind {
            Kind::Service => {
                selector::is_selecting(&object.spec()["selector"])
                    && selector::map_matches(&object.spec()["selector"], pod.labels())
            }
            Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet => {
                selector::label_selector_matches(&object.spec()["selector"], pod.labels())
            }
            _ => false,
        });
        let is_running = |pod: &&Rc<Object>| pod.status()["phase"].str() == "Running" && !pod.is_terminating();
        let first = pods.next().cloned();
        let running = first.iter().cloned().chain(pods.cloned()).find(|pod| is_running(&pod));
        running.or(first).ok_or_else(|| {
            let key: Key = object.key();
            Failure::error(&format!("no pods found for {}/{}", key.kind.names().singular, key.name))
        })
    }
}

/// A forwarded port would be a tunnel through the API server to one pod: no packet of it passes a Service.
fn port_forward(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let (Some(word), Some(ports)) = (args.word(0), args.word(1)) else {
        let text = "TYPE/NAME and list of ports are required for port-forward";
        return Err(Failure::error(&format!("{text}\nSee 'kubectl port-forward -h' for help and examples")));
    };
    let pod = session.pod_of(word)?;
    let failure =
        Failure::error(&format!("unable to forward {ports} to pod {}: tunnels are not simulated", pod.name()));
    let text = format!(
        "kubectl would pick one pod ({}) and tunnel to it through the API server: the Service's address, its rules and \
         its balancing are not used.",
        pod.name()
    );
    Err(failure.hinted("CIP504", text))
}
