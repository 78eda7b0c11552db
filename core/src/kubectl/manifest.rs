//! `-f`: the objects that files hold.
//!
//! Source: kubernetes staging/src/k8s.io/cli-runtime/pkg/resource (builder.go, visitor.go, mapper.go).

use super::{Failure, Session, args::Args, resource::is_absent};
use crate::{
    api::{ApiError, Key, Kind, Object, Reason, Value, schema, yaml},
    cluster::Hint,
};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// One object as a file gives it.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) kind: Kind,
    pub(super) value: Value,
    /// Where it stands there.
    pub(super) origin: yaml::Origin,
    /// The file's name, or `STDIN`.
    pub(super) source: String,
}

impl Manifest {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.value["metadata"]["name"].str()
    }

    /// Its key.
    pub(super) fn key(&self) -> Key {
        Key::new(self.kind, self.value["metadata"]["namespace"].str(), self.name())
    }

    /// The object as the server reads it.
    pub(super) fn decode(&self) -> Result<Object, ApiError> {
        Object::decode(self.kind, self.value.clone())
    }
}

const STOP: &str = "if you choose to ignore these errors, turn validation off with --validate=false";

impl Session<'_> {
    /// The objects of all files that `-f` names, and what was wrong with the others.
    pub(super) fn manifests(&mut self, args: &Args) -> Result<(Vec<Manifest>, Vec<Problem>), Failure> {
        let (mut found, mut errors) = (Vec::new(), Vec::new());
        let is_lenient = matches!(args.flag("validate"), Some("false" | "ignore" | "warn"));
        let paths = args.list("filename");
        for path in paths {
            for (source, text) in self.files(path)? {
                if super::pasted::has_no_indentation(&text) {
                    self.output.hint = super::pasted::manifest(&text);
                }
                if let Err(error) = self.read(&source, &text, args.flag("namespace"), &mut found, &mut errors) {
                    self.output.hint = super::pasted::manifest(&text).or(self.output.hint.take());
                    errors.push(error.into());
                }
            }
        }
        if is_lenient {
            for manifest in &mut found {
                self.drop_unknown(manifest, args.flag("validate") == Some("warn"));
            }
        }
        Ok((found, errors))
    }

    /// `--validate=ignore`: the server drops the fields it does not know, and with `warn` says so.
    fn drop_unknown(&mut self, manifest: &mut Manifest, is_loud: bool) {
        let unknown = schema::unknown_fields(manifest.kind, &manifest.value);
        if unknown.is_empty() {
            return;
        }
        schema::drop_unknown(manifest.kind, &mut manifest.value);
        for field in unknown.iter().filter(|_| is_loud) {
            self.warn(&format!("unknown field \"{field}\""));
        }
    }

    /// The files of a path: `-`, a name, a folder.
    fn files(&self, path: &str) -> Result<Vec<(String, String)>, Failure> {
        if path == "-" {
            return Ok(alloc::vec![("STDIN".to_owned(), self.context.stdin.clone())]);
        }
        if path.starts_with("http://") || path.starts_with("https://") {
            let failure = Failure::error(&format!("unable to read URL \"{path}\": no route to the internet"));
            return Err(failure.explain("Nothing outside this page is reachable; put the manifest in the editor."));
        }
        let path = path.strip_prefix("./").unwrap_or(path);
        if let Some(text) = self.context.files.get(path) {
            return Ok(alloc::vec![(path.to_owned(), text.clone())]);
        }
        let folder = if matches!(path, "." | "") { String::new() } else { format!("{}/", path.trim_end_matches('/')) };
        let is_manifest = |name: &str| [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
        let is_in = |name: &str| name.strip_prefix(&*folder).is_some_and(|rest| !rest.contains('/'));
        let mut inside = Vec::new();
        for (name, text) in &self.context.files {
            if is_in(name) && is_manifest(name) {
                inside.push((name.clone(), text.clone()));
            }
        }
        if !inside.is_empty() {
            return Ok(inside);
        }
        if folder.is_empty() {
            let text = format!("error reading [{path}]: recognized file extensions are [.json .yaml .yml]");
            return Err(Failure::error(&text));
        }
        Err(Failure::error(&format!("the path \"{path}\" does not exist")))
    }

    /// Reads one file; an error ends it, but those about a single object do not.
    fn read(
        &mut self,
        source: &str,
        text: &str,
        namespace: Option<&str>,
        found: &mut Vec<Manifest>,
        errors: &mut Vec<Problem>,
    ) -> Result<(), String> {
        for manifest in yaml::parse(text) {
            let manifest = manifest.map_err(|error| {
                self.note_unreadable(source, error.position, &error.message);
                format!("error: error parsing {source}: error converting YAML to JSON: {}", error.message)
            })?;
            let (mut value, origin) = (manifest.value, manifest.origin);
            if let [twice, ..] = &manifest.duplicates[..] {
                let text = format!("{twice} stands here twice: of the two the last counts, as on a real cluster.");
                self.output.hint = Some(Hint { code: "CIP001".to_owned(), text, action: None });
            }
            if value.as_map().is_none() {
                return Err(format!(
                    "error: error validating \"{source}\": error validating data: invalid object to validate; {STOP}"
                ));
            }
            if let Some(unset) = unset(&value) {
                self.note_unreadable(source, origin.position(text, "kind"), &unset);
                return Err(format!("error: error validating \"{source}\": error validating data: {unset}; {STOP}"));
            }
            if let Some(why) = schema::metadata_complaint(&value) {
                self.note_unreadable(source, origin.position(text, "metadata"), &why);
                errors.push(Problem::from(format!("error: unable to decode \"{source}\": {why}")));
                continue;
            }
            let (version, kind) = (value["apiVersion"].str(), value["kind"].str());
            let Some(kind) = Kind::from_manifest(version, kind) else {
                let why = format!("no matches for kind \"{kind}\" in version \"{version}\"");
                self.note_unreadable(source, origin.position(text, "kind"), &why);
                errors.push(self.unknown_kind(source, &value, &why));
                continue;
            };
            if value["metadata"].as_map().is_none() {
                value.set(&["metadata"], Value::map());
            }
            if kind.names().namespaced {
                let own = value["metadata"]["namespace"].str().to_owned();
                if own.is_empty() {
                    value.set(&["metadata", "namespace"], self.namespace.as_str());
                } else if let Some(wanted) = namespace.filter(|wanted| *wanted != own) {
                    let why = format!(
                        "the namespace from the provided object \"{own}\" does not match the namespace \"{wanted}\". \
                         You must pass '--namespace={own}' to perform this operation."
                    );
                    self.note_unreadable(source, origin.position(text, "metadata.namespace"), &why);
                    errors.push(Problem::from(format!("error: {why}")));
                    continue;
                }
            } else {
                value.remove(&["metadata", "namespace"]);
            }
            found.push(Manifest { kind, value, origin, source: source.to_owned() });
        }
        Ok(())
    }

    /// Why there is no object of that kind.
    fn unknown_kind(&mut self, source: &str, value: &Value, why: &str) -> Problem {
        let (version, kind) = (value["apiVersion"].str(), value["kind"].str());
        // The names of kinds are looked up as those of resources are, but objects are not read so.
        let mut known = Kind::ALL.into_iter().map(Kind::names);
        if let Some(known) = known.find(|k| k.singular == kind && k.is_api_version(version)) {
            return Problem::from(format!(
                "Error from server (BadRequest): error when creating \"{source}\": {kind} in version \"{}\" cannot be \
                 handled as a {}: no kind \"{kind}\" is registered for version \"{version}\" in scheme \
                 \"pkg/api/legacyscheme/scheme.go:30\"",
                known.version, known.kind
            ));
        }
        let meta = &value["metadata"];
        let code = self.explain_kind(kind, version);
        if let Some(finding) = self.output.findings.last_mut() {
            finding.code = code;
            finding.object = format!("{kind}/{}", meta["name"].str());
        }
        Problem::from(format!(
            "error: resource mapping not found for name: \"{}\" namespace: \"{}\" from \"{source}\": {why}\n\
             ensure CRDs are installed first",
            meta["name"].str(),
            meta["namespace"].str()
        ))
    }

    /// Says below the error about a kind what is wrong with it: `CIP902` if a real cluster may well know it.
    fn explain_kind(&mut self, kind: &str, version: &str) -> &'static str {
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let is_added = ["gateway.", "snapshot."].iter().any(|start| group.starts_with(start));
        let is_own = !group.contains('.') || group.ends_with(".k8s.io") && !is_added;
        if !is_own || is_absent(kind) && !version.contains("beta") {
            super::unsimulated::add(&mut self.output.hint, kind);
            return "CIP902";
        }
        let known = Kind::ALL.into_iter().map(Kind::names).find(|names| names.kind.eq_ignore_ascii_case(kind));
        let text = match known {
            Some(names) => {
                let slash = if names.group.is_empty() { "" } else { "/" };
                format!("Kubernetes has kind: {} in apiVersion: {}{slash}{}.", names.kind, names.group, names.version)
            }
            None => format!("Kubernetes 1.36 has no {kind} in {version}: it is gone, or mistyped."),
        };
        self.output.hint = Some(Hint { code: "CIP002".to_owned(), text, action: None });
        "CIP002"
    }
}

/// What an object does not say about what it is, if anything.
fn unset(value: &Value) -> Option<String> {
    let mut unset = Vec::new();
    for (field, text) in [("apiVersion", "apiVersion not set"), ("kind", "kind not set")] {
        match &value[field] {
            Value::String(word) if !word.is_empty() => {}
            Value::Null | Value::String(_) => unset.push(text.to_owned()),
            _ => unset.push(format!("{field} isn't string type")),
        }
    }
    match &unset[..] {
        [] => None,
        [one] => Some(one.clone()),
        all => Some(format!("[{}]", all.join(", "))),
    }
}

/// One of perhaps several errors of a command.
#[derive(Debug)]
pub(super) struct Problem {
    /// As kubectl prints it if it is the only one.
    alone: String,
    /// As kubectl prints it among others.
    among: String,
}

impl Problem {
    /// A refusal by the server, at what kubectl was doing, or empty.
    pub(super) fn of(error: &ApiError, doing: &str) -> Problem {
        let alone = error.kubectl(doing);
        let among = match error.reason {
            Reason::Invalid if doing.is_empty() => format!("Error from server (Invalid): {}", error.message),
            Reason::Invalid => format!("Error from server (Invalid): error when {doing}: {}", error.message),
            _ => alone.clone(),
        };
        Problem { alone, among }
    }
}

impl Problem {
    /// As kubectl prints it if it is the only one.
    pub(super) fn text(&self) -> &str {
        &self.alone
    }
}

impl From<String> for Problem {
    fn from(alone: String) -> Problem {
        let among = alone.strip_prefix("error: ").unwrap_or(&alone).to_owned();
        Problem { alone, among }
    }
}

/// All errors of one command, a line each.
///
/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go (checkErr, MultipleErrors).
pub(super) fn all(mut problems: Vec<Problem>) -> Result<(), Failure> {
    match problems.len() {
        0 => Ok(()),
        1 => Err(Failure::plain(problems.remove(0).alone)),
        _ => {
            let lines: Vec<&str> = problems.iter().map(|problem| problem.among.trim_end_matches('\n')).collect();
            Err(Failure::plain(lines.join("\n")))
        }
    }
}
