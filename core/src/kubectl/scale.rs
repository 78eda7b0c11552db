//! `kubectl scale`.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/scale/scale.go.

use super::{Command, Failure, Session, args::Args, rollout::change};
use crate::api::Kind;
use alloc::{format, string::ToString};

pub(super) const COMMAND: Command = Command {
    name: "scale",
    flags: "replicas= current-replicas= all filename=|f selector=|l output=|o dry-run? timeout= resource-version=",
    act: scale,
};

fn scale(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    args.require("replicas")?;
    if let Some(text) = args.flag("replicas").filter(|text| text.parse::<i64>().is_err()) {
        return Err(super::args::not_number("scale", "replicas", text));
    }
    let Some(wanted) = args.flag("replicas").and_then(|n| n.parse::<i64>().ok()).filter(|n| *n >= 0) else {
        return Err(Failure::error(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    };
    let found = session.resolve(args, &args.words)?;
    if found.is_empty() {
        return Err(Failure::error("no objects passed to scale"));
    }
    let expected = args.flag("current-replicas").and_then(|n| n.parse::<i64>().ok()).filter(|n| *n >= 0);
    for object in found {
        if !matches!(object.kind, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet) {
            return Err(Failure::plain(
                "Error from server (NotFound): the server could not find the requested resource".into(),
            ));
        }
        let current = object.spec()["replicas"].as_int().unwrap_or(1);
        if let Some(expected) = expected.filter(|expected| *expected != current) {
            return Err(Failure::error(&format!("Expected replicas to be {expected}, was {current}")));
        }
        let version = object.resource_version();
        if let Some(expected) = args.flag("resource-version").filter(|expected| **expected != version.to_string()) {
            return Err(Failure::error(&format!("Expected resource version to be {expected}, was {version}")));
        }
        let mut changed = object.value.clone();
        changed.set(&["spec", "replicas"], wanted);
        change(session, args, &object, "scaled", changed)?;
    }
    Ok(())
}
