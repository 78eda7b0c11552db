//! `kubectl patch` and `kubectl edit`.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/patch/patch.go.

use super::{Command, Failure, Session, args::Args, resource::name_of, write};
use crate::{
    api::{
        ApiError, Object, Quoted, Value,
        field::{Errors, Path},
        patch, schema, yaml,
    },
    cluster::Hint,
};
use alloc::{borrow::ToOwned, format};

pub(super) const COMMANDS: [Command; 2] = [
    Command {
        name: "patch",
        flags: "patch=|p patch-file= type= dry-run? output=|o filename=|f local subresource= selector=|l",
        act: patch,
    },
    Command { name: "edit", flags: "filename=|f output=|o selector=|l save-config", act: edit },
];

fn patch(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let text = match (args.flag("patch"), args.flag("patch-file")) {
        (Some(_), Some(_)) => return Err(Failure::error("cannot specify --patch and --patch-file together")),
        (Some(text), None) => text.to_owned(),
        (None, Some(file)) => match session.context.files.get(file) {
            Some(text) => text.clone(),
            None => {
                let text = format!("unable to read patch file: open {file}: no such file or directory");
                return Err(Failure::error(&text));
            }
        },
        (None, None) => {
            return Err(Failure::error("must specify --patch or --patch-file containing the contents of the patch"));
        }
    };
    let kind = args.flag("type").unwrap_or("strategic").to_ascii_lowercase();
    if !matches!(&*kind, "json" | "merge" | "strategic") {
        let text = format!("--type must be one of [json merge strategic], not {}", Quoted(&kind));
        return Err(Failure::error(&text));
    }
    let change = yaml::parse_value(&text)
        .map_err(|error| Failure::error(&format!("unable to parse {}: {}", Quoted(&text), error.message)))?;
    if change.is_null() || change.as_str().is_some() {
        let text = format!("unable to parse {}: json: cannot unmarshal string into Go value", Quoted(&text));
        return Err(Failure::error(&text));
    }
    for object in session.resolve(args, &args.words)? {
        let value = match &*kind {
            "merge" => patch::merge(&object.value, &change),
            "strategic" => patch::strategic(object.kind, &object.value, &change),
            _ if change.as_map().is_some() => {
                return Err(Failure::plain(
                    "Error from server (BadRequest): error decoding patch: json: cannot unmarshal object into Go value \
                     of type []handlers.jsonPatchOp"
                        .to_owned(),
                ));
            }
            _ => patch::json(&object.value, &change).map_err(|error| {
                let text = "The request is invalid: the server rejected our request due to an error in our request";
                Failure::plain(text.to_owned()).explain(&format!("The patch does not fit the object: {error}."))
            })?,
        };
        // The server drops and names what it does not know.
        let mut value = value;
        for field in schema::unknown_fields(object.kind, &value) {
            session.warn(&format!("unknown field \"{field}\""));
        }
        schema::drop_unknown(object.kind, &mut value);
        check_identity(&object, &value)?;
        let (written, is_changed) = write::write(session, args, &object, value)?;
        session.report(args, &written, if is_changed { "patched" } else { "patched (no change)" })?;
    }
    Ok(())
}

/// A patch may not make another object of the one it is for.
///
/// Source: kubernetes staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go (checkName).
fn check_identity(object: &Object, value: &Value) -> Result<(), ApiError> {
    let [name, namespace, uid] = ["name", "namespace", "uid"].map(|field| value["metadata"][field].str());
    let had = object.name();
    if name.is_empty() {
        let why = format!("the name of the object ({had} based on URL) was undeterminable: name must be provided");
        return Err(ApiError::bad_request(why));
    }
    if name != had {
        let why = format!("the name of the object ({name}) does not match the name on the URL ({had})");
        return Err(ApiError::bad_request(why));
    }
    if namespace != object.namespace() && object.kind.names().namespaced {
        let why = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(ApiError::bad_request(why.to_owned()));
    }
    if !uid.is_empty() && uid != object.uid() {
        let mut errors = Errors::default();
        errors.invalid(&Path::root("metadata").child("uid"), uid, "field is immutable");
        return Err(ApiError::invalid(object.kind, had, errors.causes));
    }
    Ok(())
}

/// There is no terminal editor here: the object is put among the editor's files, and a command that writes it is
/// offered.
fn edit(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    for object in session.resolve(args, &args.words)? {
        let file = format!("{}-{}.yaml", object.kind.names().singular, object.name());
        session.context.files.insert(file.clone(), yaml::emit(&object.value));
        session.output.hint = Some(Hint {
            code: "CIP902".to_owned(),
            text: format!("{} is in the editor as {file}: change it there, then replace it.", name_of(&object)),
            action: Some(format!("kubectl replace -f {file}")),
        });
    }
    Ok(())
}
