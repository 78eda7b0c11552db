//! `kubectl apply`, `create -f`, `replace`, `delete`.

use super::{
    Command, Failure, Session, args,
    args::Args,
    manifest::{Manifest, Problem, all},
    resource::{Filter, NOTHING, full_type, targets},
};
use crate::{
    api::{Key, Object, Quoted, Reason, json, patch, yaml},
    control::{DeleteOptions, Propagation},
};
use alloc::{
    format,
    rc::Rc,
    string::{String, ToString},
    vec::Vec,
};

/// The commands that read files.
pub(super) static COMMANDS: [Command; 5] = [APPLY, CREATE, REPLACE, DELETE, LAST];

const LAST: Command = Command { name: "apply view-last-applied", flags: "filename=|f selector=|l all", act: view_last };

const APPLY: Command = Command {
    name: "apply",
    flags: "filename=|f dry-run? output=|o selector=|l server-side force overwrite? prune recursive|R wait timeout= \
            all grace-period= cascade? force-conflicts kustomize=|k",
    act: apply,
};

const CREATE: Command = Command {
    name: "create",
    flags: "filename=|f dry-run? output=|o save-config edit recursive|R selector=|l",
    act: create,
};

const REPLACE: Command = Command {
    name: "replace",
    flags: "filename=|f dry-run? output=|o force save-config recursive|R grace-period= cascade? wait timeout=",
    act: replace,
};

const DELETE: Command = Command {
    name: "delete",
    flags: "filename=|f all all-namespaces|A selector=|l field-selector= grace-period= force now wait? timeout= \
            cascade? ignore-not-found output=|o dry-run? recursive|R interactive|i",
    act: delete,
};

/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go.
fn apply(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    if !args.words.is_empty() {
        return Err(args::usage("apply", &format!("Unexpected args: [{}]", args.words.join(" "))));
    }
    if args.flag("filename").is_none() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    if args.is_set("server-side") {
        let failure = Failure::error("server-side apply is not simulated");
        return Err(failure.explain("Fields have no managers here; apply without --server-side."));
    }
    let filter = Filter::of(args)?;
    let (manifests, mut errors) = session.manifests(args)?;
    if manifests.is_empty() && errors.is_empty() {
        return Err(Failure::error("no objects passed to apply"));
    }
    for manifest in manifests {
        if !filter.admits_labels(&manifest.value["metadata"]["labels"]) {
            continue;
        }
        match session.apply_one(args, &manifest) {
            Ok((object, done)) => session.report(args, &object, done)?,
            Err(error) => errors.push(error),
        }
    }
    all(errors)
}

/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/apply/apply_view_last_applied.go.
fn view_last(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let mut texts = Vec::new();
    for object in session.resolve(args, &args.words)? {
        let Some(text) = object.annotation(patch::LAST_APPLIED) else {
            return Err(Failure::error("no last-applied-configuration annotation found on resource"));
        };
        texts.push(yaml::emit(&json::parse(text).unwrap_or_default()));
    }
    session.print(&texts.concat());
    Ok(())
}

impl Session<'_> {
    fn apply_one(&mut self, args: &Args, manifest: &Manifest) -> Result<(Rc<Object>, &'static str), Problem> {
        let source = &manifest.source;
        if manifest.name().is_empty() {
            if !manifest.value["metadata"]["generateName"].str().is_empty() {
                let name = manifest.value["metadata"]["generateName"].str();
                return Err(format!("error: from {name}: cannot use generate name with apply").into());
            }
            let at = place(manifest);
            let text = format!("when retrieving current configuration of:\n{at}\nfrom server for: \"{source}\"");
            return Err(format!("error: error {text}: resource name may not be empty").into());
        }
        let mut modified = manifest.value.clone();
        if modified["metadata"]["creationTimestamp"].is_null() {
            modified.remove(&["metadata", "creationTimestamp"]);
        }
        modified.remove(&["status"]);
        let text = patch::last_applied(&modified);
        modified.set(&["metadata", "annotations", patch::LAST_APPLIED], text);
        self.warn_of_kind(manifest.kind);
        let key = manifest.key();
        let is_dry = args.flag("dry-run").is_some_and(|mode| mode != "none");
        let Some(current) = self.cluster.object(key.kind, &key.namespace, &key.name).cloned() else {
            let doing = format!("creating \"{source}\"");
            let created = Object::decode(manifest.kind, modified)
                .and_then(|object| if is_dry { self.rehearsed(args, object, false) } else { self.create(object) });
            let object = created.map_err(|error| {
                self.note(manifest, &error);
                Problem::of(&error, &doing)
            })?;
            return Ok((object, "created"));
        };
        let original = current.annotation(patch::LAST_APPLIED);
        if original.is_none() {
            self.warn(&format!(
                "resource {}/{} is missing the {} annotation which is required by kubectl apply. kubectl apply should \
                 only be used on resources created declaratively by either kubectl create --save-config or kubectl \
                 apply. The missing annotation will be patched automatically.",
                key.kind.names().plural,
                key.name,
                patch::LAST_APPLIED
            ));
        }
        let original = original.and_then(|text| json::parse(text).ok()).unwrap_or_default();
        let value = patch::three_way(manifest.kind, &original, &modified, &current.value);
        if value == current.value {
            return Ok((current, "unchanged"));
        }
        if current.is_terminating() {
            self.warn(&format!("Detected changes to resource {} which is currently being deleted.", key.name));
        }
        let change = patch::diff(&current.value, &value);
        let result = Object::decode(manifest.kind, value).and_then(|object| {
            let written = if is_dry { self.rehearsed(args, object, true) } else { self.replace(object) };
            Ok((written?, "configured"))
        });
        result.map_err(|error| {
            self.note(manifest, &error);
            // The server names the patch, and kubectl does not say what it was doing.
            if let Some(at) = error.message.find("strict decoding error: ") {
                let (shown, why) = (super::print::plain(&change), &error.message[at..]);
                let shown = Quoted(&shown);
                return Problem::from(format!("The request is invalid: patch: Invalid value: {shown}: {why}"));
            }
            let change = json::emit(&change);
            let doing = format!(
                "applying patch:\n{change}\nto:\n{}\nfor: \"{source}\": error when patching \"{source}\"",
                place(manifest)
            );
            Problem::of(&error, &doing)
        })
    }
}

/// How kubectl's errors name what they are about.
fn place(manifest: &Manifest) -> String {
    let names = manifest.kind.names();
    let version = format!("{}/{}", names.group, names.version);
    format!(
        "Resource: \"{version}, Resource={}\", GroupVersionKind: \"{version}, Kind={}\"\nName: \"{}\", Namespace: \"{}\"",
        names.plural,
        names.kind,
        manifest.name(),
        manifest.value["metadata"]["namespace"].str()
    )
}

/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/create/create.go.
fn create(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    if let [group, word, ..] = &args.words[..]
        && matches!(&**group, "service" | "svc")
    {
        return Err(args::usage("create service", &format!("unknown command {}", Quoted(word))));
    }
    if !args.words.is_empty() {
        let failure = args::usage("create", &format!("Unexpected args: [{}]", args.words.join(" ")));
        return Err(failure.explain("Here: create deployment, service, namespace, or -f FILE."));
    }
    if args.flag("filename").is_none() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let (manifests, mut errors) = session.manifests(args)?;
    if manifests.is_empty() && errors.is_empty() {
        return Err(Failure::error("no objects passed to create"));
    }
    for manifest in manifests {
        let doing = format!("creating \"{}\"", manifest.source);
        session.warn_of_kind(manifest.kind);
        let mut value = manifest.value.clone();
        if args.is_set("save-config") {
            let text = patch::last_applied(&value);
            value.set(&["metadata", "annotations", patch::LAST_APPLIED], text);
        }
        let is_dry = args.flag("dry-run").is_some_and(|mode| mode != "none");
        let created = Object::decode(manifest.kind, value)
            .and_then(|object| if is_dry { session.rehearsed(args, object, false) } else { session.create(object) });
        match created {
            Ok(object) => session.report(args, &object, "created")?,
            Err(error) => {
                session.note(&manifest, &error);
                errors.push(Problem::of(&error, &doing));
            }
        }
    }
    all(errors)
}

/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/replace/replace.go.
fn replace(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    if args.flag("filename").is_none() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let (manifests, mut errors) = session.manifests(args)?;
    for manifest in manifests {
        let doing = format!("replacing \"{}\"", manifest.source);
        session.warn_of_kind(manifest.kind);
        let key = manifest.key();
        if key.name.is_empty() {
            errors.push(Problem::from(format!("error: error when {doing}: resource name may not be empty")));
            continue;
        }
        let is_dry = args.flag("dry-run").is_some_and(|mode| mode != "none");
        let replaced = manifest.decode().and_then(|object| {
            if is_dry {
                session.rehearsed(args, object, true)
            } else if args.is_set("force") {
                let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
                session.cluster.delete(&key, options)?;
                session.say_deleted(args, &key, false, "");
                session.create(object)
            } else {
                session.replace(object)
            }
        });
        match replaced {
            Ok(object) => session.report(args, &object, "replaced")?,
            Err(error) => {
                session.note(&manifest, &error);
                errors.push(Problem::of(&error, &doing));
            }
        }
    }
    all(errors)
}

/// Stands for what kubectl was doing when it had found the objects by itself.
const LISTED: &str = "-";

/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/delete/delete.go.
fn delete(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let mut errors = Vec::new();
    let mut doomed: Vec<(Key, String)> = Vec::new();
    let asked = match args.flag("grace-period") {
        Some(text) => Some(text.parse::<i64>().map_err(|_| args::not_number("delete", "grace-period", text))?),
        None => None,
    };
    if let Some(text) = args.flag("timeout").filter(|text| super::rollout::seconds(text).is_none()) {
        return Err(args::not_duration("delete", "timeout", text));
    }
    let propagation = match args.flag("cascade").unwrap_or("true") {
        "background" | "true" | "foreground" => Propagation::Background,
        "orphan" | "false" => Propagation::Orphan,
        other => {
            let text = "Must be \"background\", \"foreground\", or \"orphan\"";
            return Err(Failure::error(&format!("invalid cascade value ({other}). {text}")));
        }
    };
    let complaint = match args.flag("output") {
        Some(mode) if mode != "name" && !mode.is_empty() => {
            format!("unexpected -o output mode: {mode}. We only support '-o name'")
        }
        _ if asked.is_some() && args.is_set("now") => {
            "--now and --grace-period cannot be specified together".to_string()
        }
        _ if asked.is_some_and(|seconds| seconds > 0) && args.is_set("force") => {
            "--force and --grace-period greater than 0 cannot be specified together".to_string()
        }
        _ if args.flag("filename").is_some() && !args.words.is_empty() => {
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
                .to_string()
        }
        _ => String::new(),
    };
    if !complaint.is_empty() {
        return Err(Failure::error(&complaint));
    }
    if args.flag("filename").is_some() {
        let (manifests, problems) = session.manifests(args)?;
        errors = problems;
        doomed.extend(manifests.iter().map(|m| (m.key(), format!("deleting \"{}\"", m.source))));
    } else {
        let filter = Filter::of(args)?;
        if args.words.is_empty() {
            let is_chosen = !filter.is_empty() || args.is_set("all");
            let text = "at least one resource must be specified to use a selector";
            return Err(Failure::error(if is_chosen { text } else { NOTHING }));
        }
        let is_everywhere = args.is_set("all-namespaces");
        for target in targets(&args.words)? {
            match target.name {
                Some(_) if !filter.is_empty() || args.is_set("all") => {
                    return Err(Failure::error("name cannot be provided when a selector is specified"));
                }
                Some(name) => doomed.push((Key::new(target.kind, &session.namespace, &name), String::new())),
                None if filter.is_empty() && !args.is_set("all") => {
                    return Err(Failure::error("resource(s) were provided, but no name was specified"));
                }
                None => {
                    session.warn_of_kind(target.kind);
                    filter.judge(target.kind)?;
                    let found = session.listed(target.kind, &filter, is_everywhere);
                    doomed.extend(found.iter().map(|object| (object.key(), LISTED.to_string())));
                }
            }
        }
        if doomed.is_empty() {
            session.print_line("No resources found");
            return Ok(());
        }
    }
    let grace = if args.is_set("now") {
        Some(1)
    } else if args.is_set("force") {
        Some(0)
    } else {
        None
    };
    let grace = asked.and_then(|seconds| u32::try_from(seconds).ok()).or(grace);
    if args.is_set("force") && grace == Some(0) {
        session.warn(
            "Immediate deletion does not wait for confirmation that the running resource has been terminated. The \
             resource may continue to run on the cluster indefinitely.",
        );
    }
    let options = DeleteOptions { grace_period_seconds: grace, propagation };
    let mut gone = Vec::new();
    if args.flag("namespace").is_some() && doomed.iter().any(|(key, _)| key.namespace.is_empty()) {
        session.warn("deleting cluster-scoped resources, not scoped to the provided namespace");
    }
    for (key, doing) in doomed {
        session.warn_of_kind(key.kind);
        if let Some(mode) = args.flag("dry-run").filter(|mode| *mode != "none") {
            let dry = if mode == "server" { " (server dry run)" } else { " (dry run)" };
            session.say_deleted(args, &key, args.is_set("force"), dry);
            continue;
        }
        match session.cluster.delete(&key, options) {
            Ok(object) => {
                session.say_deleted(args, &key, grace == Some(0), "");
                gone.push((key, object.uid().to_string()));
            }
            Err(error) if error.reason == Reason::NotFound && args.is_set("ignore-not-found") => {}
            // Its owner took it along.
            Err(error) if error.reason == Reason::NotFound && doing == LISTED => {
                session.say_deleted(args, &key, false, "")
            }
            Err(error) => errors.push(Problem::of(&error, if doing == LISTED { "" } else { &doing })),
        }
    }
    if args.flag("wait") != Some("false") {
        session.wait_until_gone(&gone);
    }
    all(errors)
}

impl Session<'_> {
    fn say_deleted(&mut self, args: &Args, key: &Key, is_forced: bool, dry: &str) {
        if args.flag("output") == Some("name") {
            self.print_line(&super::resource::full_name(key.kind, &key.name));
            return;
        }
        let force = if is_forced { " force" } else { "" };
        let place = if key.namespace.is_empty() { String::new() } else { format!(" from {} namespace", key.namespace) };
        self.print_line(&format!("{} \"{}\"{force} deleted{place}{dry}", full_type(key.kind), key.name));
    }

    /// `delete` returns when the objects are gone.
    fn wait_until_gone(&mut self, gone: &[(Key, String)]) {
        const LIMIT: u32 = 120;
        let is_there = |session: &Session<'_>| {
            gone.iter().any(|(key, uid)| {
                session.cluster.object(key.kind, &key.namespace, &key.name).is_some_and(|object| object.uid() == uid)
            })
        };
        for _ in 0..LIMIT {
            if !is_there(self) {
                break;
            }
            self.cluster.advance(crate::time::Duration::from_secs(1));
        }
    }
}
