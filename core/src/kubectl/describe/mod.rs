//! `kubectl describe`: an object, what belongs to it, and what happened to it.
//!
//! Source of the texts: kubernetes staging/src/k8s.io/kubectl/pkg/describe/describe.go.

mod network;
mod page;
mod pod;
mod workload;

use super::{Command, Failure, Session, args::Args, duration, resource};
use crate::{
    api::{Kind, Object},
    control::Event,
};
use alloc::{format, rc::Rc, string::String, vec::Vec};
use page::Page;

pub(super) const COMMAND: Command = Command {
    name: "describe",
    flags: "selector=|l all-namespaces|A filename=|f show-events? chunk-size=",
    act: describe,
};

fn describe(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    if args.words.is_empty() {
        return Err(Failure::error(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.",
        ));
    }
    let filter = resource::Filter::of(args)?;
    let mut found: Vec<Rc<Object>> = Vec::new();
    for target in resource::targets(&args.words)? {
        match &target.name {
            Some(name) => found.extend(session.named_or_prefixed(target.kind, name)?),
            None => found.extend(session.listed(target.kind, &filter, args.is_set("all-namespaces"))),
        }
    }
    if found.is_empty() {
        let namespace = format!("No resources found in {} namespace.", session.namespace);
        session.complain(&namespace);
        return Ok(());
    }
    let texts: Vec<String> = found.iter().map(|object| session.described(object)).collect();
    session.print(&texts.join("\n\n"));
    Ok(())
}

impl Session<'_> {
    /// The object of that name, or all whose names begin with it, as `describe` takes a name.
    fn named_or_prefixed(&self, kind: Kind, name: &str) -> Result<Vec<Rc<Object>>, Failure> {
        match self.named(kind, name) {
            Ok(object) => Ok(Vec::from([object])),
            Err(error) => {
                let all = self.listed(kind, &resource::Filter::default(), false);
                let near: Vec<_> = all.into_iter().filter(|object| object.name().starts_with(name)).collect();
                if near.is_empty() { Err(error.into()) } else { Ok(near) }
            }
        }
    }

    /// An object's whole description.
    fn described(&self, object: &Object) -> String {
        let mut page = Page::default();
        page.line(0, &format!("Name:\t{}", object.name()));
        if object.kind.names().namespaced {
            page.line(0, &format!("Namespace:\t{}", object.namespace()));
        }
        match object.kind {
            Kind::Service => self.service(&mut page, object),
            Kind::Endpoints => network::endpoints(&mut page, object),
            Kind::EndpointSlice => network::endpoint_slice(&mut page, object),
            Kind::NetworkPolicy => network::policy(&mut page, object),
            Kind::Pod => pod::describe(&mut page, object, self.cluster.now()),
            Kind::Deployment => self.deployment(&mut page, object),
            Kind::ReplicaSet | Kind::StatefulSet => self.replicas(&mut page, object),
            Kind::Node => self.node(&mut page, object),
            Kind::Namespace => workload::namespace(&mut page, object),
            Kind::Event => page.labels(0, "Labels", object.labels()),
        }
        if !matches!(object.kind, Kind::Namespace | Kind::NetworkPolicy) {
            self.happenings(&mut page, object);
        }
        page.finish()
    }

    fn happenings(&self, page: &mut Page, object: &Object) {
        let events: Vec<&Event> = self.cluster.control().events().of(&object.key()).collect();
        if events.is_empty() {
            page.line(0, "Events:\t<none>");
            return;
        }
        page.flush();
        page.line(0, "Events:");
        page.line(1, "Type\tReason\tAge\tFrom\tMessage");
        page.line(1, "----\t------\t----\t----\t-------");
        for event in events {
            let event = event.object().value;
            let age = |field: &str| duration::since(event[field].str(), self.cluster.now());
            let count = event["count"].as_int().unwrap_or(1);
            let age = match count {
                2.. => format!("{} (x{count} over {})", age("lastTimestamp"), age("firstTimestamp")),
                _ => age("firstTimestamp"),
            };
            let (kind, reason) = (event["type"].str(), event["reason"].str());
            let (source, message) = (event["source"]["component"].str(), event["message"].str());
            page.line(1, &format!("{kind}\t{reason}\t{age}\t{source}\t{message}"));
        }
    }
}
