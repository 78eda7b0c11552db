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
    if output.exit_code != 0 {
        let findings: Vec<Value> = output.findings.iter().map(finding).collect();
        let hint = output.hint.map_or(Value::Null, |hint| hint.text.into());
        let data = object([("findings", findings.into()), ("hint", hint)]);
        return Err(error::error("ManifestError", output.stderr.trim_end(), &data));
    }
    let manifests = yaml::parse(text);
    let mut manifests = manifests.iter().flatten();
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
    ])
}
