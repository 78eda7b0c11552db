//! `kubectl apply`, `create -f`, `replace`.

use super::{
    Command, Failure, Session, args,
    args::Args,
    manifest::{Manifest, Problem, all},
    resource::Filter,
};
use crate::{
    api::{Key, Object, Quoted, json, patch, yaml},
    control::DeleteOptions,
};
use alloc::{format, rc::Rc, string::String, vec::Vec};

/// The commands that read files.
pub(super) static COMMANDS: [Command; 4] = [APPLY, CREATE, REPLACE, LAST];

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
    for mut manifest in manifests {
        if !filter.admits_labels(&manifest.value["metadata"]["labels"]) {
            continue;
        }
        let noted = session.output.findings.len();
        match session.apply_one(args, &mut manifest) {
            Ok((object, done)) => session.report(args, &object, done)?,
            Err(error) => {
                if session.output.findings.len() == noted {
                    let text = error.text();
                    session.note_field(&manifest, "metadata.name", "", text.strip_prefix("error: ").unwrap_or(text));
                }
                errors.push(error);
            }
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
    fn apply_one(&mut self, args: &Args, manifest: &mut Manifest) -> Result<(Rc<Object>, &'static str), Problem> {
        let key = manifest.key();
        // Whoever shares a tree copies what is written.
        let mut modified = core::mem::take(&mut manifest.value);
        let manifest = &*manifest;
        let source = &manifest.source;
        if key.name.is_empty() {
            let name = modified["metadata"]["generateName"].str();
            if !name.is_empty() {
                return Err(format!("error: from {name}: cannot use generate name with apply").into());
            }
            let at = place(&key);
            let text = format!("when retrieving current configuration of:\n{at}\nfrom server for: \"{source}\"");
            return Err(format!("error: error {text}: resource name may not be empty").into());
        }
        if modified["metadata"]["creationTimestamp"].is_null() {
            modified.remove(&["metadata", "creationTimestamp"]);
        }
        modified.remove(&["status"]);
        let text = patch::last_applied(&modified);
        modified.set(&["metadata", "annotations", patch::LAST_APPLIED], text);
        self.warn_of_kind(manifest.kind);
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
                place(&key)
            );
            Problem::of(&error, &doing)
        })
    }
}

/// How kubectl's errors name what they are about.
fn place(key: &Key) -> String {
    let names = key.kind.names();
    let version = format!("{}/{}", names.group, names.version);
    format!(
        "Resource: \"{version}, Resource={}\", GroupVersionKind: \"{version}, Kind={}\"\nName: \"{}\", Namespace: \"{}\"",
        names.plural, names.kind, key.name, key.namespace
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
