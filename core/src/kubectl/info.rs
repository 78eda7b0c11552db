//! Commands about the cluster as a whole, and those that a lab without CPUs and containers must refuse.

use super::{Command, Failure, Session, args::Args, resource::Filter};
use crate::api::{Key, Kind, json, yaml};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

pub(super) const COMMANDS: [Command; 8] = [
    Command { name: "top", flags: "all-namespaces|A containers selector=|l sort-by= no-headers", act: top },
    Command { name: "events", flags: "all-namespaces|A for= types= no-headers watch|w", act: events },
    Command { name: "version", flags: "client output=|o", act: version },
    Command { name: "cluster-info", flags: "", act: cluster_info },
    Command { name: "api-resources", flags: "namespaced= api-group= output=|o no-headers", act: api_resources },
    Command { name: "config set-context", flags: "current", act: set_context },
    Command { name: "config current-context", flags: "", act: current_context },
    Command { name: "config view", flags: "minify output=|o flatten raw", act: view },
];

/// Commands of kubectl that are not simulated, and what they would need.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("cp", "pods have no file system of their own"),
    ("attach", "use kubectl exec, or kubectl run with -it"),
    ("debug", "there are no ephemeral containers; use kubectl run or exec"),
    ("auth", "there are no users and no permissions"),
    ("certificate", "there are no certificates"),
    ("cordon", "nodes always take pods"),
    ("uncordon", "nodes always take pods"),
    ("drain", "nodes always take pods"),
    ("taint", "nodes always take pods"),
    ("autoscale", "no CPU or memory is modelled"),
    ("proxy", "there is no HTTP API server behind this command line"),
    ("kustomize", "run it where your files are, and apply what it prints"),
    ("create configmap", "no pod reads it"),
    ("create secret", "no pod reads it"),
    ("create job", "use kubectl run"),
    ("create cronjob", "use kubectl run"),
    ("create ingress", "use a Service"),
    ("create role", "there are no users and no permissions"),
    ("create rolebinding", "there are no users and no permissions"),
    ("create clusterrole", "there are no users and no permissions"),
    ("create clusterrolebinding", "there are no users and no permissions"),
    ("create serviceaccount", "there are no users and no permissions"),
    ("create quota", "no CPU or memory is modelled"),
    ("cluster-info dump", "ask kubectl get for the objects, and kubectl logs for what pods print"),
    ("plugin", "there are no plugins"),
    ("completion", "the terminal completes by itself"),
];

/// The hint beside every refusal.
pub(super) const SAYS_SO: &str = "A real cluster has this command; this one says so instead of pretending.";

/// The refusal of a command that is not simulated.
pub(super) fn refusal(word: &str) -> Option<Failure> {
    let (_, why) = REFUSED.iter().find(|(name, _)| *name == word)?;
    Some(Failure::error(&format!("kubectl {word} is not simulated: {why}")).explain(SAYS_SO))
}

/// What a cluster without a metrics server says.
fn top(_: &mut Session<'_>, _: &Args) -> Result<(), Failure> {
    Err(Failure::error("Metrics API not available").explain("No CPU or memory is modelled here."))
}

/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/events.
fn events(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let is_everywhere = args.is_set("all-namespaces");
    let mut found = session.listed(Kind::Event, &Filter::default(), is_everywhere);
    if let Some(word) = args.flag("for") {
        let Some((kind, name)) = word.split_once('/') else {
            return Err(Failure::error("--for must be in resource/name form"));
        };
        let kind = super::resource::expect_kind(kind)?.names().kind;
        found.retain(|event| {
            let object = &event.value["involvedObject"];
            object["kind"].str() == kind && object["name"].str() == name
        });
    }
    if let Some(types) = args.flag("types") {
        let is_wanted = |kind: &str| types.split(',').any(|wanted| wanted.eq_ignore_ascii_case(kind));
        found.retain(|event| is_wanted(event.value["type"].str()));
    }
    if found.is_empty() {
        let place = if is_everywhere { String::new() } else { format!(" in {} namespace", session.namespace) };
        session.complain(&format!("No events found{place}."));
        return Ok(());
    }
    crate::ordered::sort_by_key(&mut found, |event| event.value["lastTimestamp"].str().to_owned());
    let filler = super::form::Filler { now: session.cluster.now(), is_wide: false };
    let mut rows = Vec::new();
    if !args.is_set("no-headers") {
        rows.push("LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE".to_owned());
    }
    for event in &found {
        let many = event.value["count"].as_int().is_some_and(|count| count > 1);
        let form = if many {
            "{lastTimestamp|age} (x{count} over {firstTimestamp|age})\t{type}\t{reason}\t{involvedObject.kind}/{involvedObject.name}\t{message}"
        } else {
            "{firstTimestamp|age}\t{type}\t{reason}\t{involvedObject.kind}/{involvedObject.name}\t{message}"
        };
        rows.push(filler.line(form, &event.value).unwrap_or_default());
    }
    if is_everywhere {
        for (at, row) in rows.iter_mut().rev().enumerate() {
            let place = found.len().checked_sub(at + 1).map_or("NAMESPACE", |at| found[at].namespace());
            row.insert_str(0, &format!("{place}\t"));
        }
    }
    session.print_line(&super::print::table(&rows.join("\n")));
    Ok(())
}

/// What `version -o json` tells; of a build there is nothing to tell.
const VERSIONS: &str = r#"{"clientVersion":{"gitVersion":"v1.36.2","major":"1","minor":"36","platform":"linux/amd64"},
"kustomizeVersion":"v5.7.1",
"serverVersion":{"gitVersion":"v1.36.2","major":"1","minor":"36","platform":"linux/amd64"}}"#;

fn version(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let mut versions = json::parse(VERSIONS).unwrap_or_default();
    if args.is_set("client") {
        versions.remove(&["serverVersion"]);
    }
    let mut text = match args.flag("output") {
        None | Some("") => "Client Version: v1.36.2\nKustomize Version: v5.7.1".to_owned(),
        Some("json") => json::emit_pretty(&versions),
        Some("yaml") => yaml::emit(&versions),
        Some(_) => return Err(Failure::error("--output must be 'yaml' or 'json'")),
    };
    if args.flag("output").is_none_or(str::is_empty) && !args.is_set("client") {
        text.push_str("\nServer Version: v1.36.2");
    }
    session.print_line(text.trim_end());
    Ok(())
}

fn cluster_info(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    if let Some(refusal) = args.word(0).and_then(|word| refusal(&format!("cluster-info {word}"))) {
        return Err(refusal);
    }
    let node = session.cluster.config().nodes[0].addresses[0];
    session.print_line(&format!("Kubernetes control plane is running at https://{node}:6443"));
    if session.cluster.control().store().get(&Key::new(Kind::Service, "kube-system", "kube-dns")).is_some() {
        let path = "api/v1/namespaces/kube-system/services/kube-dns:dns/proxy";
        session.print_line(&format!("CoreDNS is running at https://{node}:6443/{path}"));
    }
    session.print_line("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    Ok(())
}

fn api_resources(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    if !args.words.is_empty() {
        return Err(super::args::usage("api-resources", &format!("unexpected arguments: [{}]", args.words.join(" "))));
    }
    let is_named = args.flag("output") == Some("name");
    let mut rows: Vec<String> = Vec::new();
    if !is_named && !args.is_set("no-headers") {
        rows.push("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND".to_owned());
    }
    let mut kinds = Kind::ALL;
    crate::ordered::sort_by_key(&mut kinds, |kind| (kind.names().group, kind.names().plural));
    for names in kinds.iter().map(|kind| kind.names()) {
        let is_other = args.flag("api-group").is_some_and(|group| group != names.group);
        if is_other || args.flag("namespaced").is_some_and(|flag| (flag != "false") != names.namespaced) {
            continue;
        }
        if is_named {
            session.print_line(&names.resource());
            continue;
        }
        let version = if names.group.is_empty() {
            names.version.to_owned()
        } else {
            format!("{}/{}", names.group, names.version)
        };
        rows.push(format!(
            "{}\t{}\t{version}\t{}\t{}",
            names.plural,
            names.short.join(","),
            names.namespaced,
            names.kind
        ));
    }
    if !rows.is_empty() {
        session.print_line(&super::print::table(&rows.join("\n")));
    }
    Ok(())
}

fn set_context(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    if !args.is_set("current") && args.words.is_empty() {
        return Err(Failure::error("you must specify a non-empty context name or --current"));
    }
    if let Some(namespace) = args.flag("namespace") {
        session.context.namespace = namespace.to_owned();
    }
    session.print_line("Context \"clusterip\" modified.");
    Ok(())
}

fn current_context(session: &mut Session<'_>, _: &Args) -> Result<(), Failure> {
    session.print_line("clusterip");
    Ok(())
}

fn view(session: &mut Session<'_>, _: &Args) -> Result<(), Failure> {
    let node = session.cluster.config().nodes[0].addresses[0];
    let namespace = session.context.namespace.clone();
    session.print(&format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    server: https://{node}:6443\n  name: clusterip\ncontexts:\n- context:\n    \
         cluster: clusterip\n    namespace: {namespace}\n    user: clusterip\n  name: clusterip\ncurrent-context: clusterip\n\
         kind: Config\nusers:\n- name: clusterip\n  user: {{}}\n"
    ));
    Ok(())
}
