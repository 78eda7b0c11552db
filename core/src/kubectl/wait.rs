//! `kubectl wait`: virtual time passes until a condition holds.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/wait.

use super::{
    Command, Failure, Session,
    args::Args,
    jsonpath::{Template, show},
    manifest::{Problem, all},
    resource::{Filter, full_name, targets},
    rollout::seconds,
};
use crate::{
    api::{Key, Object, Quoted},
    time::Duration,
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

pub(super) const COMMAND: Command = Command {
    name: "wait",
    flags: "for= timeout= all selector=|l field-selector= all-namespaces|A filename=|f output=|o local",
    act: wait,
};

/// How often is looked.
const GLANCE: Duration = Duration::from_millis(100);

enum Goal {
    Gone,
    There,
    Condition(String, String),
    Path(Template, Option<String>),
}

impl Goal {
    fn parse(text: &str) -> Result<Goal, Failure> {
        if text == "delete" || text == "create" {
            return Ok(if text == "delete" { Goal::Gone } else { Goal::There });
        }
        if let Some(condition) = text.strip_prefix("condition=") {
            let (name, value) = condition.split_once('=').unwrap_or((condition, "true"));
            return Ok(Goal::Condition(name.to_ascii_lowercase(), value.to_ascii_lowercase()));
        }
        if let Some(path) = text.strip_prefix("jsonpath=") {
            // Of `{.a}=b` and `.a=b` the last sign outside brackets parts path and value.
            let (path, value) =
                match path.rsplit_once('=').filter(|(path, _)| !path.contains('(') || path.ends_with('}')) {
                    Some((_, "")) => {
                        return Err(Failure::error(
                            "jsonpath wait has to have a value after equal sign, like \
                         --for=jsonpath='{.status.readyReplicas}'=3",
                        ));
                    }
                    Some((path, value)) => (path, Some(value.to_string())),
                    None => (path, None),
                };
            let template = Template::parse_relaxed(path.trim_matches('\'')).map_err(|error| Failure::error(&error))?;
            return Ok(Goal::Path(template, value));
        }
        let text = if text.is_empty() { "[]".to_string() } else { Quoted(text).to_string() };
        Err(Failure::error(&format!("unrecognized condition: {text}")))
    }

    fn is_met(&self, object: Option<&Object>) -> bool {
        let Some(object) = object else { return matches!(self, Goal::Gone) };
        match self {
            Goal::Gone => false,
            Goal::There => true,
            Goal::Condition(name, value) => {
                let conditions = object.status()["conditions"].items();
                let condition =
                    conditions.iter().find(|condition| condition["type"].str().to_ascii_lowercase() == *name);
                condition.is_some_and(|condition| condition["status"].str().to_ascii_lowercase() == *value)
            }
            Goal::Path(template, value) => {
                let found = template.find(&object.value);
                found.first().is_some_and(|found| value.as_ref().is_none_or(|value| show(found) == *value))
            }
        }
    }
}

fn wait(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let goal = Goal::parse(args.flag("for").unwrap_or(""))?;
    let limit = match args.flag("timeout") {
        Some(text) => seconds(text).ok_or_else(|| super::args::not_duration("wait", "timeout", text))?,
        None => 30,
    };
    let filter = Filter::of(args)?;
    let mut waited: Vec<Key> = Vec::new();
    for target in targets(&args.words)? {
        match target.name {
            Some(name) => {
                if !matches!(goal, Goal::Gone | Goal::There) {
                    session.named(target.kind, &name)?;
                }
                waited.push(Key::new(target.kind, &session.namespace, &name));
            }
            None if filter.is_empty() && !args.is_set("all") => {
                return Err(Failure::error("resource(s) were provided, but no name was specified"));
            }
            None => {
                let found = session.listed(target.kind, &filter, args.is_set("all-namespaces"));
                waited.extend(found.iter().map(|object| object.key()));
            }
        }
    }
    if waited.is_empty() && matches!(goal, Goal::Gone) {
        return Ok(());
    }
    if waited.is_empty() {
        return Err(Failure::error("no matching resources found"));
    }
    let end = session.cluster.now() + Duration::from_secs(limit);
    let mut errors = Vec::new();
    for key in waited {
        let is_met = |session: &Session<'_>| {
            goal.is_met(session.cluster.object(key.kind, &key.namespace, &key.name).map(|object| &**object))
        };
        if let (Goal::Path(template, Some(_)), Some(object)) =
            (&goal, session.cluster.object(key.kind, &key.namespace, &key.name))
            && template
                .find(&object.value)
                .first()
                .is_some_and(|found| !found.items().is_empty() || found.as_map().is_some())
        {
            errors.push("error: jsonpath leads to a nested object or list which is not supported".to_string().into());
            continue;
        }
        let was_there = session.cluster.object(key.kind, &key.namespace, &key.name).is_some();
        while !is_met(session) && session.cluster.now() < end {
            session.cluster.advance(GLANCE);
        }
        if is_met(session) {
            // What was gone before is not spoken of.
            if matches!(goal, Goal::Gone) && !was_there {
                continue;
            }
            session.print_line(&format!("{} condition met", full_name(key.kind, &key.name)));
        } else {
            let place = if matches!(goal, Goal::There) {
                String::new()
            } else {
                format!(" on {}/{}", key.kind.names().plural, key.name)
            };
            errors.push(Problem::from(format!("error: timed out waiting for the condition{place}")));
        }
    }
    all(errors)
}
