//! `kubectl patch` and `kubectl edit`.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/patch/patch.go.

use super::{Command, Failure, Session, args::Args, resource::name_of, write};
use crate::{
    api::{
        ApiError, Kind, Object, Quoted, Value,
        field::{Errors, Path},
        ip, json, names, patch, schema, yaml,
    },
    cluster::Hint,
};
use alloc::{
    borrow::ToOwned,
    format,
    rc::Rc,
    string::{String, ToString},
};

pub(super) const COMMANDS: [Command; 2] = [
    Command {
        name: "patch",
        flags: "patch=|p patch-file= type= dry-run? output=|o filename=|f local subresource= selector=|l",
        act: patch,
    },
    Command { name: "edit", flags: "filename=|f output=|o selector=|l save-config", act: edit },
];

fn patch(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let text = given(session, args)?;
    let kind = args.flag("type").unwrap_or("strategic").to_ascii_lowercase();
    if !matches!(&*kind, "json" | "merge" | "strategic") {
        let text = format!("--type must be one of [json merge strategic], not {}", Quoted(&kind));
        return Err(Failure::error(&text));
    }
    if text.is_empty() {
        return Err(Failure::error(NO_PATCH));
    }
    // What begins like JSON goes to the server as it is, anything else is turned into JSON.
    let change = if text.trim_start().starts_with('{') {
        json::parse(&text).map_err(|error| refused(&kind, &not_json(&text, error.at)))
    } else {
        yaml::parse_value(&text)
            .map_err(|error| Failure::error(&format!("unable to parse {}: {}", Quoted(&text), error.message)))
    };
    let found = session.resolve(args, &args.words)?;
    let mut change = change?;
    if let Some(failure) = misfit(&kind, &change) {
        return Err(failure);
    }
    if change.is_null() {
        change = Value::map();
    }
    for object in found {
        patch_one(session, args, &kind, &change, &object)?;
    }
    Ok(())
}

const NO_PATCH: &str = "must specify --patch or --patch-file containing the contents of the patch";

/// The patch's text, from the command line or a file.
fn given(session: &Session<'_>, args: &Args) -> Result<String, Failure> {
    match (args.flag("patch"), args.flag("patch-file")) {
        (Some(_), Some(_)) => Err(Failure::error("cannot specify --patch and --patch-file together")),
        (Some(text), None) => Ok(text.to_owned()),
        (None, Some(file)) => match session.context.files.get(file) {
            Some(text) => Ok(text.clone()),
            None => Err(Failure::error(&format!("unable to read patch file: open {file}: no such file or directory"))),
        },
        (None, None) => Err(Failure::error(NO_PATCH)),
    }
}

/// Patches an object, and says so.
fn patch_one(
    session: &mut Session<'_>,
    args: &Args,
    kind: &str,
    change: &Value,
    object: &Rc<Object>,
) -> Result<(), Failure> {
    if kind == "strategic"
        && let Some((item, key)) = patch::keyless(object.kind, change)
    {
        let item = super::print::plain(item);
        let why = format!("Error from server: map: {item} does not contain declared merge key: {key}");
        return Err(Failure::plain(why));
    }
    let mut value = match kind {
        "merge" => patch::merge(&object.value, change),
        "strategic" => patch::strategic(object.kind, &object.value, change),
        _ => patch::json(&object.value, change).map_err(|error| {
            let text = "The request is invalid: the server rejected our request due to an error in our request";
            Failure::plain(text.to_owned()).explain(&format!("The patch does not fit the object: {error}."))
        })?,
    };
    // The server drops and names what it does not know.
    for field in schema::unknown_fields(object.kind, &value) {
        session.warn(&format!("unknown field \"{field}\""));
    }
    schema::drop_unknown(object.kind, &mut value);
    check_identity(object, &value)?;
    let (written, is_changed) = if args.flag("subresource") == Some("status") {
        let status = service_status(object, &value)?;
        let written = session.cluster.update_status(&object.key(), status)?;
        let is_changed = written.resource_version() != object.resource_version();
        (written, is_changed)
    } else {
        write::write(session, args, object, value).map_err(|failure| match ill_typed(&failure.0.text) {
            Some(why) if kind == "strategic" => {
                let change = Quoted(&super::print::plain(change)).to_string();
                Failure::plain(format!("The request is invalid: patch: Invalid value: {change}: {why}"))
            }
            _ => failure,
        })?
    };
    session.report(args, &written, if is_changed { "patched" } else { "patched (no change)" })
}

/// What the server says of a patch that it cannot read.
///
/// Source: kubernetes staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go.
fn refused(kind: &str, why: &str) -> Failure {
    let doing = if kind == "strategic" { "" } else { "error decoding patch: " };
    Failure::plain(format!("Error from server (BadRequest): {doing}{why}"))
}

/// A patch is a map, a JSON patch a list.
fn misfit(kind: &str, change: &Value) -> Option<Failure> {
    let (found, is_right) = match change {
        Value::Map(_) => ("object", kind != "json"),
        Value::List(_) => ("array", kind == "json"),
        Value::Null if kind == "merge" => {
            return Some(Failure::plain("Error from server (BadRequest): Invalid JSON Patch".to_owned()));
        }
        Value::Null => return None,
        Value::String(_) => ("string", false),
        Value::Bool(_) => ("bool", false),
        _ => ("number", false),
    };
    let wanted = if kind == "json" { "[]handlers.jsonPatchOp" } else { "map[string]interface {}" };
    let why = format!("json: cannot unmarshal {found} into Go value of type {wanted}");
    (!is_right).then(|| refused(kind, &why))
}

/// What Go's converter says where its JSON library says `cannot unmarshal … into Go struct field … of type …`.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/runtime/converter.go (fromUnstructured).
fn ill_typed(text: &str) -> Option<String> {
    let (found, place) = text.split_once("json: cannot unmarshal ")?.1.split_once(" into Go struct field ")?;
    let wanted = place.split_once(" of type ")?.1.trim_end();
    let found = match found {
        "number" => "int64",
        "object" => "map",
        "array" => "slice",
        other => other,
    };
    Some(match wanted {
        list if list.starts_with("[]") => format!("cannot restore slice from {found}"),
        map if map.starts_with("map[") => format!("cannot restore map from {found}"),
        kind if kind.contains('.') => format!("cannot restore struct from: {found}"),
        "string" if found == "int64" => "cannot convert int64 to string".to_owned(),
        kind => format!("unrecognized type: {kind}"),
    })
}

/// Why a text is not JSON, in the words of Go's library.
fn not_json(text: &str, at: usize) -> String {
    let Some(found) = text.get(at..).and_then(|rest| rest.chars().next()) else {
        return "unexpected end of JSON input".to_owned();
    };
    let place = match text[..at].trim_end().chars().next_back() {
        Some('{' | ',') => "looking for beginning of object key string",
        Some(':' | '[') => "looking for beginning of value",
        _ => "after object key:value pair",
    };
    format!("invalid character '{found}' {place}")
}

/// What a patch makes of a status; a Service's is judged.
///
/// Source: kubernetes pkg/apis/core/validation/validation.go (ValidateLoadBalancerStatus).
fn service_status(object: &Object, value: &Value) -> Result<Value, ApiError> {
    let mut status = value["status"].clone();
    if object.kind != Kind::Service {
        return Ok(status);
    }
    let mut errors = Errors::default();
    let path = Path::root("status");
    let path = path.child("loadBalancer");
    let path = path.child("ingress");
    let ingress = status.at_mut(&["loadBalancer", "ingress"]).items_mut();
    if !ingress.is_empty() && object.spec()["type"].str() != "LoadBalancer" {
        errors.forbidden(&path, "may only be used when `spec.type` is 'LoadBalancer'");
        return Err(ApiError::invalid(object.kind, object.name(), errors.causes));
    }
    for (at, point) in ingress.iter_mut().enumerate() {
        let path = path.index(at);
        let (address, host) = (point["ip"].str().to_owned(), point["hostname"].str().to_owned());
        if !address.is_empty() {
            ip::validate(&mut errors, &path.child("ip"), &address);
            if point["ipMode"].is_null() {
                point.set(&["ipMode"], "VIP");
            }
            let mode = point["ipMode"].str();
            if !matches!(mode, "Proxy" | "VIP") {
                errors.not_supported(&path.child("ipMode"), mode, &["Proxy", "VIP"]);
            }
        }
        if ip::parse(&host).is_some() {
            errors.invalid(&path.child("hostname"), &host, "must be a DNS name, not an IP address");
        } else if !host.is_empty() {
            errors.invalid_each(&path.child("hostname"), &host, names::dns_subdomain(&host));
        }
    }
    if ingress.is_empty() {
        status.remove(&["loadBalancer", "ingress"]);
    }
    if errors.is_empty() { Ok(status) } else { Err(ApiError::invalid(object.kind, object.name(), errors.causes)) }
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
