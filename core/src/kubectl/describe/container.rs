//! What pods and templates say of themselves, as text.

use super::super::form::Filler;
use crate::api::Value;
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

/// `80/TCP (http), 53/UDP`; the field says whose number it is.
pub(in super::super) fn ports(ports: &Value, field: &str) -> String {
    let mut words = Vec::new();
    for port in ports.items() {
        let mut word = format!("{}/{}", port[field].as_int().unwrap_or(0), port["protocol"].str());
        if !port["name"].is_empty() {
            word.push_str(&format!(" ({})", port["name"].str()));
        }
        words.push(word);
    }
    words.join(", ")
}

/// Source: describe.go (DescribeProbe).
pub(in super::super) fn probe(probe: &Value, filler: &Filler) -> String {
    let forms = [
        ("exec", "exec [{exec.command|words}]"),
        ("httpGet", "http-get {httpGet.scheme|lower?http}://{httpGet.host}:{httpGet.port?0}{httpGet.path}"),
        ("tcpSocket", "tcp-socket {tcpSocket.host}:{tcpSocket.port?0}"),
        ("", "unknown"),
    ];
    if probe.is_null() {
        return String::new();
    }
    let form =
        forms.iter().find(|(field, _)| field.is_empty() || !probe[*field].is_null()).map_or("", |(_, form)| form);
    let times = "delay={initialDelaySeconds?0}s timeout={timeoutSeconds?0}s period={periodSeconds?0}s \
                 #success={successThreshold?0} #failure={failureThreshold?0}";
    filler.line(&format!("{form} {times}"), probe).unwrap_or_default()
}

/// The kind of a volume, the field beside its name; of an empty folder, what upstream says of it.
pub(in super::super) fn volume(volume: &Value) -> String {
    let mut kinds = volume.fields().map(|(name, _)| name);
    let kind = kinds.find(|name| *name != "name").unwrap_or("emptyDir");
    if kind != "emptyDir" {
        return format!("{kind} (not simulated)");
    }
    let folder = &volume[kind];
    let limit = folder["sizeLimit"].as_str().unwrap_or("<unset>");
    format!(
        "EmptyDir (a temporary directory that shares a pod's lifetime)\n    Medium:\t{}\n    SizeLimit:\t{limit}",
        folder["medium"].str()
    )
}

/// A line for each toleration.
pub(in super::super) fn tolerations(tolerations: &Value) -> String {
    let mut lines = Vec::new();
    for toleration in tolerations.items() {
        let mut line = toleration["key"].str().to_string();
        for (mark, field) in [('=', "value"), (':', "effect")] {
            if !toleration[field].is_empty() {
                line.push(mark);
                line.push_str(toleration[field].str());
            }
        }
        if toleration["operator"].str() == "Exists" && toleration["value"].is_empty() {
            line.push_str(" op=Exists");
        }
        if let Some(seconds) = toleration["tolerationSeconds"].as_int() {
            line.push_str(&format!(" for {seconds}s"));
        }
        lines.push(line);
    }
    lines.join("\n\t")
}
