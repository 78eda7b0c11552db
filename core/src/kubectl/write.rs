//! Writing objects for a command: what the server warns of, what `--dry-run` shows, what `--record` notes.

use super::{Command, Failure, Session, args::Args, rollout::CHANGE_CAUSE};
use crate::api::{ApiError, Kind, Object, Value};
use alloc::{format, rc::Rc, string::String};

impl Session<'_> {
    /// Creates an object and prints what the server warns of.
    pub(super) fn create(&mut self, object: Object) -> Result<Rc<Object>, ApiError> {
        let object = self.recorded(object);
        let created = self.cluster.create(object)?;
        self.warn_of(&created);
        Ok(created)
    }

    /// Writes an object and prints what the server warns of.
    pub(super) fn replace(&mut self, object: Object) -> Result<Rc<Object>, ApiError> {
        let object = self.recorded(object);
        let written = self.cluster.replace(object)?;
        self.warn_of(&written);
        Ok(written)
    }

    fn recorded(&self, mut object: Object) -> Object {
        if let Some(cause) = &self.cause {
            object.value.set(&["metadata", "annotations", CHANGE_CAUSE], cause.clone());
        }
        object
    }

    /// What `--dry-run` shows: the object as it is, or with `server` what the server would make of it or say to it.
    pub(super) fn rehearsed(&mut self, args: &Args, object: Object, exists: bool) -> Result<Rc<Object>, ApiError> {
        if args.flag("dry-run") != Some("server") {
            return Ok(Rc::new(object));
        }
        let control = self.cluster.control();
        let judged = if exists { control.dry_run_replace(object)? } else { control.dry_run_create(object)? };
        self.warn_of(&judged);
        Ok(Rc::new(judged))
    }

    /// The server judges what it stores, so after defaulting.
    fn warn_of(&mut self, object: &Object) {
        object.warnings().iter().for_each(|warning| self.warn_once(warning));
    }

    /// A kind that upstream calls deprecated is warned of once a command.
    pub(super) fn warn_of_kind(&mut self, kind: Kind) {
        if let Some(warning) = kind.deprecation() {
            self.warn_once(warning);
        }
    }

    fn warn_once(&mut self, warning: &str) {
        if !self.output.stderr.contains(warning) {
            self.warn(warning);
        }
    }
}

/// What a changed object should look like, written if it differs; true if it did.
pub(super) fn write(
    session: &mut Session<'_>,
    args: &Args,
    before: &Rc<Object>,
    value: Value,
) -> Result<(Rc<Object>, bool), Failure> {
    let is_changed = value != before.value;
    let object = Object::decode(before.kind, value)?;
    let is_dry = args.flag("dry-run").is_some_and(|mode| mode != "none");
    if !is_changed {
        return Ok((Rc::new(object), false));
    }
    if is_dry {
        return Ok((session.rehearsed(args, object, true)?, true));
    }
    let written = session.replace(object)?;
    let is_changed = written.resource_version() != before.resource_version();
    Ok((written, is_changed))
}

/// The command as `--record` notes it: words first, then flags.
///
/// Source: kubernetes staging/src/k8s.io/cli-runtime/pkg/genericclioptions/record_flags.go (parseCommandArguments).
pub(super) fn cause(command: &Command, args: &Args) -> String {
    let mut text = format!("kubectl {}", command.name);
    for word in &args.words {
        text += &format!(" {word}");
    }
    for (name, value) in &args.flags {
        text += &format!(" --{name}={value}");
    }
    text
}
