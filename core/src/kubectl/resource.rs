//! Which objects a command line names: `svc web`, `svc,ep`, `deploy/web pod/x`, `all`.

use super::{Failure, Session, args::Args};
use crate::api::{ApiError, Kind, Object, Quoted, Value, names, selector::Selector};
use alloc::{
    format,
    rc::Rc,
    string::{String, ToString},
    vec::Vec,
};

/// A kind, and the names asked for; no name is all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) kind: Kind,
    pub(super) name: Option<String>,
}

/// What commands say that are told of nothing to work on.
pub(super) const NOTHING: &str = "You must provide one or more resources by argument or filename.\nExample resource \
    specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";
/// The same, of some commands.
pub(super) const UNNAMED: &str = "one or more resources must be specified as <resource> <name> or <resource>/<name>";

/// What a resource type's word stands for: any of its names, with or without group and version.
pub(super) fn kind(word: &str) -> Option<Kind> {
    let (name, group) = word.split_once('.').unwrap_or((word, ""));
    Kind::ALL.into_iter().find(|kind| {
        let names = kind.names();
        let is_name = [names.plural, names.singular].iter().any(|own| own.eq_ignore_ascii_case(name));
        let version = format!("{}.{}", names.version, names.group);
        (is_name || names.short.contains(&name)) && (group.is_empty() || group == names.group || group == version)
    })
}

/// Types that a real cluster has and this one has not.
const ABSENT: &str = " configmaps configmap cm secrets secret serviceaccounts serviceaccount sa ingresses ingress ing \
    jobs job cronjobs cronjob cj daemonsets daemonset ds persistentvolumes persistentvolume pv \
    persistentvolumeclaims persistentvolumeclaim pvc storageclasses storageclass sc roles rolebindings \
    clusterroles clusterrolebindings horizontalpodautoscalers horizontalpodautoscaler hpa leases lease \
    replicationcontrollers replicationcontroller rc resourcequotas quota limitranges limits poddisruptionbudgets pdb \
    customresourcedefinitions crd crds ingressclasses servicecidrs ipaddresses priorityclasses apiservices runtimeclasses \
    validatingwebhookconfigurations mutatingwebhookconfigurations csidrivers podtemplates controllerrevisions ";

/// Whether a real cluster has such a type, by any of its names.
pub(super) fn is_absent(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["", "s", "es"].iter().any(|end| ABSENT.contains(&format!(" {word}{end} ")))
}

/// A resource type's word, or kubectl's error about it.
pub(super) fn expect_kind(word: &str) -> Result<Kind, Failure> {
    kind(word).ok_or_else(|| {
        let name = word.split('.').next().unwrap_or(word);
        let failure = Failure::error(&format!("the server doesn't have a resource type \"{name}\""));
        if is_absent(word) {
            return failure.explain(&format!("A real cluster has {word}; this one does not simulate them."));
        }
        failure
    })
}

const ALL: [Kind; 5] = [Kind::Pod, Kind::Service, Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet];

/// The targets that words name.
///
/// Source: kubernetes staging/src/k8s.io/cli-runtime/pkg/resource/builder.go (ResourceTypeOrNameArgs).
pub(super) fn targets(words: &[String]) -> Result<Vec<Target>, Failure> {
    let found = parse_targets(words)?;
    for name in found.iter().filter_map(|target| target.name.as_deref()) {
        let complaints = names::path_segment(name);
        if !complaints.is_empty() {
            return Err(Failure::error(&format!("invalid resource name \"{name}\": [{}]", complaints.join(" "))));
        }
    }
    Ok(found)
}

fn parse_targets(words: &[String]) -> Result<Vec<Target>, Failure> {
    let has_slash = words.iter().any(|word| word.contains('/'));
    if has_slash {
        if words.iter().any(|word| !word.contains('/')) {
            return Err(Failure::error(
                "there is no need to specify a resource type as a separate argument when passing arguments in \
                 resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource \
                 resource/<resource_name>'",
            ));
        }
        let mut found = Vec::new();
        for word in words {
            let (types, name) = word.split_once('/').unwrap_or((word, ""));
            if name.contains('/') {
                return Err(Failure::error("arguments in resource/name form may not have more than one slash"));
            }
            if types.is_empty() || name.is_empty() {
                return Err(Failure::error("arguments in resource/name form must have a single resource and name"));
            }
            found.push(Target { kind: expect_kind(types)?, name: Some(name.to_string()) });
        }
        return Ok(found);
    }
    let Some((types, names)) = words.split_first() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for word in types.split(',') {
        let kinds = if word == "all" { ALL.to_vec() } else { alloc::vec![expect_kind(word)?] };
        for kind in kinds {
            if names.is_empty() {
                found.push(Target { kind, name: None });
            }
            found.extend(names.iter().map(|name| Target { kind, name: Some(name.clone()) }));
        }
    }
    Ok(found)
}

/// `-l` and `--field-selector`.
#[derive(Debug, Default)]
pub(super) struct Filter {
    labels: Option<Selector>,
    fields: Vec<(String, bool, String)>,
    /// The texts of both flags, and why the first cannot be read.
    texts: [String; 2],
    error: Option<String>,
}

impl Filter {
    /// Reads the two flags.
    pub(super) fn of(args: &Args) -> Result<Filter, Failure> {
        let mut filter = Filter::default();
        if let Some(text) = args.flag("selector") {
            filter.texts[0] = text.to_string();
            match text.parse::<Selector>() {
                Ok(selector) => filter.labels = Some(selector),
                Err(error) => filter.error = Some(error.to_string()),
            }
        }
        filter.texts[1] = args.flag("field-selector").unwrap_or("").to_string();
        for term in args.flag("field-selector").unwrap_or("").split(',').filter(|term| !term.is_empty()) {
            let (name, is_equal, value) = if let Some((name, value)) = term.split_once("!=") {
                (name, false, value)
            } else if let Some((name, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
                (name, true, value)
            } else {
                let text = format!("invalid field selector {}: can't understand '{term}'", Quoted(term));
                return Err(Failure::error(&text));
            };
            filter.fields.push((name.to_string(), is_equal, value.to_string()));
        }
        Ok(filter)
    }

    /// True if nothing is filtered.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.iter().all(String::is_empty)
    }

    /// What the server answers to a filter that it cannot use for a kind.
    ///
    /// Source: kubernetes staging/src/k8s.io/cli-runtime/pkg/resource/selector.go (EnhanceListError).
    pub(super) fn judge(&self, kind: Kind) -> Result<(), Failure> {
        let unknown = self.fields.iter().find(|(name, _, _)| !is_selectable(kind, name));
        let why = match (&self.error, unknown) {
            (Some(error), _) => error.clone(),
            (None, Some((name, _, _))) if has_own_fields(kind) => format!("field label not supported: {name}"),
            (None, Some((name, _, _))) => {
                let name = Quoted(name);
                format!("{name} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
            }
            (None, None) => return Ok(()),
        };
        let names = kind.names();
        let resource = format!("{}/{}, Resource={}", names.group, names.version, names.plural);
        let [resource, labels, fields] = [&resource, &self.texts[0], &self.texts[1]].map(|text| Quoted(text));
        Err(Failure::plain(format!(
            "Error from server (BadRequest): Unable to find {resource} that match label selector {labels}, field \
             selector {fields}: {why}"
        )))
    }

    /// True if the labels pass; fields are not looked at.
    pub(super) fn admits_labels(&self, labels: &Value) -> bool {
        self.error.is_none() && self.labels.as_ref().is_none_or(|selector| selector.matches(labels))
    }

    /// True if labels and fields pass.
    pub(super) fn admits(&self, object: &Object) -> bool {
        self.admits_labels(object.labels())
            && self.fields.iter().all(|(path, is_equal, wanted)| {
                let value = path.split('.').fold(&object.value, |value, name| &value[name]);
                (super::jsonpath::show(value) == *wanted || value.is_null() && wanted.is_empty()) == *is_equal
            })
    }
}

/// Kinds whose fields the server knows by a list of their own.
fn has_own_fields(kind: Kind) -> bool {
    matches!(kind, Kind::Pod | Kind::Node | Kind::Namespace | Kind::Service | Kind::Event)
}

/// Source: kubernetes pkg/apis/core/v1/conversion.go (AddFieldLabelConversions…).
fn is_selectable(kind: Kind, field: &str) -> bool {
    let own: &[&str] = match kind {
        Kind::Pod => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::Namespace => &["status.phase"],
        Kind::Service => &["spec.clusterIP", "spec.type"],
        Kind::Event => return field.starts_with("involvedObject.") || matches!(field, "reason" | "type" | "source"),
        Kind::ReplicaSet => &["status.replicas"],
        _ => &[],
    };
    matches!(field, "metadata.name" | "metadata.namespace") || own.contains(&field)
}

impl Session<'_> {
    /// The object that a target with a name names.
    pub(super) fn named(&self, kind: Kind, name: &str) -> Result<Rc<Object>, ApiError> {
        if kind == Kind::Event {
            let found = self.events().into_iter().find(|event| event.name() == name);
            return found.ok_or_else(|| ApiError::not_found(kind, name));
        }
        if let Some(object) = self.cluster.object(kind, &self.namespace, name) {
            return Ok(object.clone());
        }
        // Source: kubernetes staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go (Info.Get).
        let is_nowhere = kind.names().namespaced && self.cluster.object(Kind::Namespace, "", &self.namespace).is_none();
        Err(if is_nowhere {
            ApiError::not_found(Kind::Namespace, &self.namespace)
        } else {
            ApiError::not_found(kind, name)
        })
    }

    /// The objects of a kind in the session's namespace, or in all, that a filter admits.
    pub(super) fn listed(&self, kind: Kind, filter: &Filter, is_everywhere: bool) -> Vec<Rc<Object>> {
        let namespace = (kind.names().namespaced && !is_everywhere).then_some(&*self.namespace);
        if kind == Kind::Event {
            let mut events = self.events();
            events.retain(|event| namespace.is_none_or(|here| event.namespace() == here) && filter.admits(event));
            return events;
        }
        let mut found = Vec::new();
        for object in self.cluster.list(kind, namespace) {
            if filter.admits(object) {
                found.push(object.clone());
            }
        }
        found
    }

    /// The events as objects.
    fn events(&self) -> Vec<Rc<Object>> {
        let mut events: Vec<Rc<Object>> = Vec::new();
        for event in self.cluster.control().events().iter() {
            events.push(Rc::new(event.object()));
        }
        crate::ordered::sort_by(&mut events, |a, b| (a.namespace(), a.name()).cmp(&(b.namespace(), b.name())));
        events
    }

    /// Every object that a command line names, by name or by filter; what is missing is an error.
    pub(super) fn resolve(&mut self, args: &Args, words: &[String]) -> Result<Vec<Rc<Object>>, Failure> {
        let filter = Filter::of(args)?;
        let mut found = Vec::new();
        if words.is_empty() && args.flag("filename").is_none() {
            return Err(Failure::error(NOTHING));
        }
        if args.flag("filename").is_some() {
            let (manifests, problems) = self.manifests(args)?;
            super::manifest::all(problems)?;
            for manifest in manifests {
                let key = manifest.key();
                let object = self.cluster.object(key.kind, &key.namespace, &key.name).cloned();
                found.push(object.ok_or_else(|| ApiError::not_found(key.kind, &key.name))?);
            }
        }
        for target in &targets(words)? {
            self.warn_of_kind(target.kind);
            match &target.name {
                Some(_) if !filter.is_empty() => {
                    return Err(Failure::error("name cannot be provided when a selector is specified"));
                }
                Some(name) => found.push(self.named(target.kind, name)?),
                None if filter.is_empty() && !args.is_set("all") => {
                    return Err(Failure::error("resource(s) were provided, but no name was specified"));
                }
                None => {
                    filter.judge(target.kind)?;
                    found.extend(self.listed(target.kind, &filter, args.is_set("all-namespaces")));
                }
            }
        }
        Ok(found)
    }
}

/// `service/web`, `deployment.apps/web`: how kubectl names an object.
pub(super) fn name_of(object: &Object) -> String {
    full_name(object.kind, object.name())
}

/// The same of a key.
pub(super) fn full_name(kind: Kind, name: &str) -> String {
    format!("{}/{name}", full_type(kind))
}

/// `service`, `deployment.apps`.
pub(super) fn full_type(kind: Kind) -> String {
    let names = kind.names();
    if names.group.is_empty() { names.singular.to_string() } else { format!("{}.{}", names.singular, names.group) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Vec<(Kind, Option<String>)>, String> {
        let words = super::super::args::split(line);
        let found = targets(&words).map_err(|failure| failure.0.text)?;
        Ok(found.into_iter().map(|target| (target.kind, target.name)).collect())
    }

    #[test]
    fn types_are_named_in_every_way_kubectl_knows() {
        for word in ["deploy", "Deployment", "deployments", "deployments.apps", "deployment.v1.apps"] {
            assert_eq!(kind(word), Some(Kind::Deployment), "{word}");
        }
        assert_eq!(kind("services.v1."), Some(Kind::Service));
        assert_eq!(kind("services.v1"), None);
        assert_eq!(kind("SVC"), None);
        assert_eq!(kind("services.apps"), None);
    }

    #[test]
    fn names_may_follow_types_or_slashes() {
        let web = || Some("web".to_string());
        assert_eq!(of("svc,ep web").unwrap(), [(Kind::Service, web()), (Kind::Endpoints, web())]);
        assert_eq!(of("svc/web po/web").unwrap(), [(Kind::Service, web()), (Kind::Pod, web())]);
        assert_eq!(of("no").unwrap(), [(Kind::Node, None)]);
        assert!(of("svc svc/web").unwrap_err().contains("there is no need to specify a resource type"));
        assert_eq!(of("foo").unwrap_err(), "error: the server doesn't have a resource type \"foo\"");
    }
}
