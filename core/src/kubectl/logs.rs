//! `kubectl logs` and `kubectl port-forward`.

use super::{Command, Failure, Session, args::Args, resource::targets};
use crate::{
    api::{Kind, Object, Quoted, selector},
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
    for flag in ["tail", "limit-bytes"] {
        if let Some(text) = args.flag(flag).filter(|text| text.parse::<i64>().is_err()) {
            return Err(super::args::not_number("logs", flag, text));
        }
    }
    if let Some(text) = args.flag("since") {
        let Some(seconds) = super::rollout::seconds(text) else {
            return Err(super::args::not_duration("logs", "since", text));
        };
        // Nothing is older than the cluster.
        if seconds > 0 && i64::try_from(seconds).is_ok_and(|seconds| seconds < session.cluster.now().secs()) {
            return Err(super::flags::refusal("since", super::flags::UNDATED));
        }
    }
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
        let wanted = args.flag("container").or(args.word(1));
        let first = container_of(session, &pod, wanted, args.is_set("all-containers"))?;
        // Nobody has it yet, and the server has nothing to give.
        if pod.spec()["nodeName"].is_empty() {
            continue;
        }
        let (mains, inits) = (pod.spec()["containers"].items(), pod.spec()["initContainers"].items());
        let order = match args.is_set("all-containers") {
            true => (mains.len()..mains.len() + inits.len()).chain(0..mains.len()),
            false => (first..first + 1).chain(0..0),
        };
        for index in order {
            let text = log(session, args, &pod, index)?;
            session.print(&text);
        }
    }
    if session.output.stdout.is_empty() {
        session.output.hint = Some(Hint {
            code: "CIP902".to_owned(),
            text: "Of the servers of this lab nginx alone logs its requests; what a pod's own command prints is in its log."
                .to_owned(),
            action: None,
        });
    }
    Ok(())
}

/// What a container has printed, as far as it is asked for; the pod's init containers are counted behind the others.
fn log(session: &Session<'_>, args: &Args, pod: &Object, index: usize) -> Result<String, Failure> {
    let (mains, inits) = (pod.spec()["containers"].items(), pod.spec()["initContainers"].items());
    let container = mains.get(index).unwrap_or_else(|| &inits[index - mains.len()])["name"].str();
    let (name, place) = (pod.name(), Place::pod(pod.namespace(), pod.name()));
    let is_previous = args.is_set("previous");
    let Some(text) = session.cluster.container_output(&place, index, is_previous) else {
        let why = if is_previous {
            format!("previous terminated container \"{container}\" in pod \"{name}\" not found")
        } else {
            let reason = match pod.status()["containerStatuses"][index]["state"]["waiting"]["reason"].str() {
                "" if inits.is_empty() => "ContainerCreating",
                "" => "PodInitializing",
                reason => reason,
            };
            format!("container \"{container}\" in pod \"{name}\" is waiting to start: {reason}")
        };
        return Err(Failure::plain(format!("Error from server (BadRequest): {why}")));
    };
    // By labels one asks for many pods, and gets the last of each.
    let mut text = tail(&text, args.flag("tail").or(args.flag("selector").map(|_| "10")));
    if args.is_set("prefix") {
        text = prefixed(&text, &format!("[pod/{name}/{container}] "));
    }
    if let Some(limit) = args.flag("limit-bytes").and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0) {
        text.truncate(text.floor_char_boundary(limit));
    }
    Ok(text)
}

/// Which of a pod's containers is meant; of several, kubectl says which it takes.
///
/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/util/podcmd/podcmd.go.
pub(super) fn container_of(
    session: &mut Session<'_>,
    pod: &Object,
    wanted: Option<&str>,
    is_all: bool,
) -> Result<usize, Failure> {
    let mut names = Vec::new();
    for container in pod.spec()["containers"].items() {
        names.push(container["name"].str());
    }
    let mut all = names.join(", ");
    for container in pod.spec()["initContainers"].items() {
        names.push(container["name"].str());
        all = format!("{all}, {} (init)", container["name"].str());
    }
    match wanted {
        Some(wanted) => names.iter().position(|name| *name == wanted).ok_or_else(|| {
            Failure::error(&format!("container {wanted} is not valid for pod {} out of: {all}", pod.name()))
        }),
        None => {
            if all.contains(", ") && !is_all {
                session.complain(&format!("Defaulted container \"{}\" out of: {all}", names[0]));
            }
            Ok(0)
        }
    }
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

fn prefixed(text: &str, prefix: &str) -> String {
    let mut all = String::new();
    for line in text.split_inclusive('\n') {
        all.push_str(prefix);
        all.push_str(line);
    }
    all
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
        // kubectl would wait for one to come, and give up.
        running.or(first).ok_or_else(|| Failure::error("timed out waiting for the condition"))
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
