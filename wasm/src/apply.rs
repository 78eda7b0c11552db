//! `kubectl apply`, with its results and refusals as values.

use clusterip::{
    api::{Kind, Value, yaml},
    cluster::{Cluster, Finding},
};
use wasm_bindgen::JsValue;

use crate::error;
use crate::tree::{object, to_js};

/// Applies a text: what became of each object, or an error that kubectl's words explain.
pub(crate) fn apply(cluster: &mut Cluster, text: &str, namespace: &str) -> Result<JsValue, JsValue> {
    let output = cluster.apply_in(namespace, text);
    let manifests = yaml::parse(text);
    let mut manifests: Vec<&Value> = manifests.iter().flatten().map(|manifest| &manifest.value).collect();
    let mut results = Vec::new();
    for line in output.stdout.lines() {
        // `deployment.apps/web created`
        let Some((object, outcome)) = line.split_once(' ') else { continue };
        let Some((word, name)) = object.split_once('/') else { continue };
        let is_meant = |manifest: &&Value| manifest["metadata"]["name"].str() == name && is_called(manifest, word);
        let Some(at) = manifests.iter().position(is_meant) else { continue };
        results.push(applied(manifests.remove(at), outcome, namespace));
    }
    let results = Value::from(results);
    if output.exit_code == 0 {
        return to_js(&results);
    }
    let findings: Vec<Value> = output.findings.iter().map(finding).collect();
    let hint = output.hint.map_or(Value::Null, |hint| hint.text.into());
    let data = object([("findings", findings.into()), ("hint", hint), ("applied", results)]);
    Err(error::error("ManifestError", output.stderr.trim_end(), &data))
}

fn is_called(manifest: &Value, word: &str) -> bool {
    let singular = word.split('.').next().unwrap_or(word);
    manifest["kind"].str().eq_ignore_ascii_case(singular)
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

fn finding(finding: &Finding) -> Value {
    let text = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    let number = |number: Option<usize>| number.map_or(Value::Null, |number| Value::Int(number as i64));
    object([
        ("message", finding.message.as_str().into()),
        ("file", if finding.file == "STDIN" { Value::Null } else { text(&finding.file) }),
        ("line", number(finding.line)),
        ("column", number(finding.column)),
        ("field", text(&finding.field)),
        ("reason", text(&finding.reason)),
        ("code", text(finding.code)),
        ("object", text(&finding.object)),
    ])
}
