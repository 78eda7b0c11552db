//! Commands about the cluster as a whole, and those that a lab without CPUs and containers must refuse.

use super::{Command, Failure, Session, args::Args};
use crate::api::{Key, Kind};
use alloc::{borrow::ToOwned, format, vec::Vec};

pub(super) const COMMANDS: [Command; 6] = [
    Command { name: "version", flags: "client output=|o", act: version },
    Command { name: "cluster-info", flags: "", act: cluster_info },
    Command { name: "api-resources", flags: "namespaced= api-group= output=|o no-headers", act: api_resources },
    Command { name: "config set-context", flags: "current", act: set_context },
    Command { name: "config current-context", flags: "", act: current_context },
    Command { name: "config view", flags: "minify output=|o flatten raw", act: view },
];

/// Commands of kubectl that are not simulated, and what they would need.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("top", "no CPU or memory is modelled"),
    ("cp", "pods have no file system of their own"),
    ("attach", "use kubectl exec, or kubectl run with -it"),
    ("diff", "there is no diff program; kubectl apply --dry-run=client says what would change"),
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
    ("plugin", "there are no plugins"),
    ("completion", "the terminal completes by itself"),
];

/// The refusal of a command that is not simulated.
pub(super) fn refusal(word: &str) -> Option<Failure> {
    let (_, why) = REFUSED.iter().find(|(name, _)| *name == word)?;
    Some(
        Failure::error(&format!("kubectl {word} is not simulated: {why}"))
            .explain("A real cluster has this command; this one says so instead of pretending."),
    )
}

fn version(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    session.print_line("Client Version: v1.36.2");
    session.print_line("Kustomize Version: v5.7.1");
    if !args.is_set("client") {
        session.print_line("Server Version: v1.36.2");
    }
    Ok(())
}

fn cluster_info(session: &mut Session<'_>, _: &Args) -> Result<(), Failure> {
    let node = session.cluster.config().nodes[0].addresses[0];
    session.print_line(&format!("Kubernetes control plane is running at https://{node}:6443"));
    if session.cluster.control().store().get(&Key::new(Kind::Service, "kube-system", "kube-dns")).is_some() {
        let path = "api/v1/namespaces/kube-system/services/kube-dns:dns/proxy";
        session.print_line(&format!("CoreDNS is running at https://{node}:6443/{path}"));
    }
    session.print_line("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    Ok(())
}

fn api_resources(session: &mut Session<'_>, _: &Args) -> Result<(), Failure> {
    let mut rows: Vec<_> = alloc::vec!["NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND".to_owned()];
    let mut kinds = Kind::ALL;
    crate::ordered::sort_by_key(&mut kinds, |kind| (kind.names().group, kind.names().plural));
    for names in kinds.iter().map(|kind| kind.names()) {
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
    session.print(&super::print::table(&rows.join("\n")));
    session.print("\n");
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
