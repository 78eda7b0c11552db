//! `kubectl apply`, with its results and refusals as values.

use clusterip::{
    api::{Kind, Value, yaml},
    cluster::Cluster,
};
use wasm_bindgen::JsValue;

use crate::error;
use crate::tree::{object, to_js};

/// Applies a text: what became of each object, or an error that kubectl's words explain.
pub(crate) fn apply(cluster: &mut Cluster, text: &str, namespace: &str) -> Result<JsValue, JsValue> {
    let (mut manifests, mut broken) = (Vec::new(), Vec::new());
    for manifest in yaml::parse(text) {
        match manifest {
            Ok(manifest) => manifests.push(manifest),
            Err(error) => broken.push(unreadable(&error)),
        }
    }
    let output = cluster.kubectl_with(&format!("kubectl apply -n {namespace} -f -"), text);
    if output.exit_code != 0 {
        let findings = if broken.is_empty() { refused(&output.stderr, &manifests, text) } else { broken };
        let hint = output.hint.map_or(Value::Null, |hint| hint.text.into());
        let data = object([("findings", Value::from(findings)), ("hint", hint)]);
        return Err(error::error("ManifestError", output.stderr.trim_end(), &data));
    }
    let mut manifests = manifests.iter();
    let mut results = Vec::new();
    for line in output.stdout.lines() {
        let Some(outcome) = line.split(' ').nth(1) else { continue };
        let Some(manifest) = manifests.next() else { break };
        results.push(applied(&manifest.value, outcome, namespace));
    }
    to_js(&Value::from(results))
}

fn applied(manifest: &Value, outcome: &str, namespace: &str) -> Value {
    let kind = manifest["kind"].str();
    let own = manifest["metadata"]["namespace"].str();
    let is_namespaced =
        Kind::from_manifest(manifest["apiVersion"].str(), kind).is_none_or(|kind| kind.names().namespaced);
    object([
        ("kind", kind.into()),
        ("namespace", if is_namespaced { if own.is_empty() { namespace } else { own }.into() } else { Value::Null }),
        ("name", manifest["metadata"]["name"].str().into()),
        ("outcome", outcome.into()),
    ])
}

fn unreadable(error: &yaml::SyntaxError) -> Value {
    let (line, column) = place(error.position);
    object([("message", error.message.as_str().into()), ("line", line), ("column", column)])
}

/// The line and column of a place in the text, if it was found.
fn place(position: Option<yaml::Position>) -> (Value, Value) {
    let number = |number: usize| Value::Int(number as i64);
    position.map_or((Value::Null, Value::Null), |at| (number(at.line), number(at.column)))
}

/// The causes in kubectl's words, each with the place of its field: in the only manifest that has such a field, or in
/// the first.
fn refused(words: &str, manifests: &[yaml::Manifest], text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut about = None;
    for line in words.lines() {
        let mut cause = line.trim_start_matches("* ");
        if let Some((head, rest)) = line.split_once(" is invalid: ") {
            about = head.split('"').nth(1);
            cause = rest;
        }
        let Some((field, message)) = cause.split_once(": ") else { continue };
        let is_path = field.split(['.', '[', ']']).all(|part| part.chars().all(|c| c.is_ascii_alphanumeric()));
        if field.contains(' ') || !is_path {
            found.push(object([("message", line.into())]));
            continue;
        }
        let is_meant =
            |manifest: &&yaml::Manifest| about.is_none_or(|name| manifest.value["metadata"]["name"].str() == name);
        let position = manifests.iter().find(is_meant).and_then(|manifest| manifest.position(text, field));
        let (line, column) = place(position);
        found.push(object([("message", message.into()), ("field", field.into()), ("line", line), ("column", column)]));
    }
    found
}
