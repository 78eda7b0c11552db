//! `kubectl get`.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/get/get.go.

use super::{
    Command, Failure, Session,
    args::Args,
    jsonpath::Template,
    manifest::all,
    print::{Format, Table, table},
    resource::{Filter, Target, full_type, targets},
};
use crate::{
    api::{Kind, Object, Value},
    cluster::{Hint, Output},
    time::Duration,
};
use alloc::{borrow::ToOwned, format, rc::Rc, string::String, vec::Vec};
use core::cmp::Ordering;

pub(super) const COMMAND: Command = Command {
    name: "get",
    flags: "output=|o all-namespaces|A selector=|l field-selector= show-labels label-columns=|L no-headers sort-by= \
            watch|w watch-only ignore-not-found filename=|f show-kind chunk-size= raw= recursive|R",
    act: get,
};

fn get(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let format = Format::of(args)?;
    let mut words = args.words.clone();
    if args.flag("filename").is_some() {
        let (manifests, problems) = session.manifests(args)?;
        all(problems)?;
        words = manifests.iter().map(|m| format!("{}/{}", full_type(m.kind), m.name())).collect();
    }
    if words.is_empty() {
        let text = "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of \
                    supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" \
                    for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for \
                    help and examples";
        return Err(Failure::plain(text.to_owned()));
    }
    let targets = targets(&words)?;
    let filter = Filter::of(args)?;
    let is_everywhere = args.is_set("all-namespaces");
    check(&targets, &filter, is_everywhere)?;
    let (mut groups, errors) = find(session, args, &targets, &filter);
    if let Some(path) = args.flag("sort-by") {
        let template = Template::parse_relaxed(path).map_err(|error| Failure::error(&error))?;
        for (_, objects) in &mut groups {
            sort(&template, path, objects)?;
        }
    }
    let style = Table {
        is_wide: matches!(format, Format::Table(true)),
        has_namespace: is_everywhere,
        has_kind: args.is_set("show-kind") || groups.iter().any(|(kind, _)| *kind != groups[0].0),
        has_labels: args.is_set("show-labels"),
        label_columns: args.list("label-columns").into_iter().map(ToOwned::to_owned).collect(),
        without_headers: args.is_set("no-headers"),
    };
    if let Format::Table(_) = format {
        if !args.is_set("watch-only") {
            session.print_groups(&style, &groups);
        }
        let is_silent = session.output.stdout.is_empty() && errors.is_empty();
        let is_watch = args.is_set("watch") || args.is_set("watch-only");
        if is_silent && !is_watch && !args.is_set("ignore-not-found") {
            let is_local = !is_everywhere && targets.iter().all(|target| target.kind.names().namespaced);
            let namespace = session.namespace.clone();
            session.complain(&if is_local {
                format!("No resources found in {namespace} namespace.")
            } else {
                "No resources found".to_owned()
            });
        }
    } else {
        let objects: Vec<Rc<Object>> = groups.iter().flat_map(|(_, objects)| objects).cloned().collect();
        let is_one = targets.len() == 1 && targets[0].name.is_some();
        if !objects.is_empty() || !is_one {
            session.print_as(&format, &objects, is_one, !style.without_headers)?;
        }
    }
    if !errors.is_empty() {
        return Err(Failure::plain(errors.join("\n")));
    }
    if args.is_set("watch") || args.is_set("watch-only") {
        let listed = if args.is_set("watch-only") { Vec::new() } else { groups.swap_remove(0).1 };
        session.watch(&targets[0], &filter, is_everywhere, style, &listed);
    }
    Ok(())
}

/// The objects that are asked for, those of a kind together, and what is said of names that are not there.
fn find(
    session: &mut Session<'_>,
    args: &Args,
    targets: &[Target],
    filter: &Filter,
) -> (Vec<(Kind, Vec<Rc<Object>>)>, Vec<String>) {
    let mut groups: Vec<(Kind, Vec<Rc<Object>>)> = Vec::new();
    let mut errors = Vec::new();
    for target in targets {
        if let Some(warning) = target.kind.deprecation()
            && !groups.iter().any(|(kind, _)| *kind == target.kind)
        {
            session.warn(warning);
        }
        let found = match &target.name {
            None => session.listed(target.kind, filter, args.is_set("all-namespaces")),
            Some(name) => match session.named(target.kind, name) {
                Ok(object) => alloc::vec![object],
                Err(_) if args.is_set("ignore-not-found") => Vec::new(),
                Err(error) => {
                    let text = error.kubectl("");
                    if !errors.contains(&text) {
                        errors.push(text);
                    }
                    continue;
                }
            },
        };
        match groups.last_mut() {
            Some((kind, objects)) if *kind == target.kind => objects.extend(found),
            _ => groups.push((target.kind, found)),
        }
    }
    (groups, errors)
}

fn check(targets: &[Target], filter: &Filter, is_everywhere: bool) -> Result<(), Failure> {
    let has_name = targets.iter().any(|target| target.name.is_some());
    if has_name && !filter.is_empty() {
        return Err(Failure::error("name cannot be provided when a selector is specified"));
    }
    if has_name && is_everywhere {
        return Err(Failure::error("a resource cannot be retrieved by name across all namespaces"));
    }
    targets.iter().try_for_each(|target| filter.judge(target.kind))
}

/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/get/sorter.go.
fn sort(template: &Template, path: &str, objects: &mut [Rc<Object>]) -> Result<(), Failure> {
    if !objects.is_empty() && objects.iter().all(|object| template.find(&object.value).is_empty()) {
        let text = format!("couldn't find any field with path \"{}\" in the list of objects", braced(path));
        return Err(Failure::error(&text));
    }
    crate::ordered::sort_by(objects, |a, b| compare(template.find(&a.value).first(), template.find(&b.value).first()));
    Ok(())
}

fn braced(path: &str) -> String {
    let inner = path.trim_start_matches('{').trim_end_matches('}');
    if inner.starts_with('.') { format!("{{{inner}}}") } else { format!("{{.{inner}}}") }
}

fn compare(a: Option<&&Value>, b: Option<&&Value>) -> Ordering {
    match (a, b) {
        (Some(Value::Int(a)), Some(Value::Int(b))) => a.cmp(b),
        (Some(a), Some(b)) => super::jsonpath::show(a).cmp(&super::jsonpath::show(b)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

impl Session<'_> {
    /// One table a kind, an empty line between.
    fn print_groups(&mut self, style: &Table, groups: &[(Kind, Vec<Rc<Object>>)]) {
        for (kind, objects) in groups.iter().filter(|(_, objects)| !objects.is_empty()) {
            if !self.output.stdout.is_empty() && !style.without_headers {
                self.print("\n");
            }
            let text = style.text(*kind, objects, self.cluster.now());
            self.print_line(&table(&text));
        }
    }

    /// `-w`: each change, in order, until half a minute has passed; what was listed before decides the columns' widths.
    fn watch(
        &mut self,
        target: &Target,
        filter: &Filter,
        is_everywhere: bool,
        mut style: Table,
        listed: &[Rc<Object>],
    ) {
        const LIMIT: u32 = 30;
        let mut rows = String::new();
        if !listed.is_empty() {
            rows = style.text(target.kind, listed, self.cluster.now());
            style.without_headers = true;
        }
        let mut revision = self.cluster.control().store().revision();
        for _ in 0..LIMIT {
            self.cluster.advance(Duration::from_secs(1));
            let store = self.cluster.control().store();
            let mut changed: Vec<Rc<Object>> = Vec::new();
            for change in store.changes_since(revision).into_iter().flatten() {
                let key = &change.key;
                let is_here = is_everywhere || !key.kind.names().namespaced || key.namespace == self.namespace;
                let is_named = target.name.as_ref().is_none_or(|name| *name == key.name);
                if key.kind == target.kind && is_here && is_named && filter.admits(change.object()) {
                    changed.push(change.object().clone());
                }
            }
            revision = store.revision();
            for object in changed {
                let text = style.text(target.kind, core::slice::from_ref(&object), self.cluster.now());
                let count = text.lines().count();
                rows.push_str(if rows.is_empty() { "" } else { "\n" });
                rows.push_str(&text);
                let aligned = table(&rows);
                let lines: Vec<&str> = aligned.lines().collect();
                self.print_line(&lines[lines.len() - count..].join("\n"));
                style.without_headers = true;
            }
        }
        self.output.exit_code = Output::TIME_LIMIT;
        self.output.hint = Some(Hint {
            code: String::new(),
            text: format!("The watch was ended after {LIMIT} virtual seconds."),
            action: None,
        });
    }
}
