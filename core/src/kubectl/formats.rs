//! The formats that holes of forms name: a value of the tree as text.

use super::{columns, describe, duration::since, form::Filler};
use crate::{api::Value, control::timestamp, time::Instant};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

/// Annotations longer than this are shortened, or put on a line of their own.
const MAX_ANNOTATION: usize = 140;

/// Every format by its name.
pub(super) static FORMATS: &[(&str, fn(&Value, &Filler) -> String)] = &[
    ("access", |is_read_only, _| if is_read_only.as_bool() == Some(true) { "ro" } else { "rw" }.to_owned()),
    ("addresses", |list, _| columns::slice_addresses(list)),
    ("age", |time, filler| since(time.str(), filler.now)),
    ("annotations", |annotations, _| annotation_lines(annotations)),
    ("controller", |owners, _| controller(owners)),
    ("date", |time, _| date(time.str())),
    ("event age", event_age),
    ("external ip", |node, _| columns::node_address(node, "ExternalIP")),
    ("fields", |map, _| field_lines(map)),
    ("gates", |pod, _| columns::gates(pod)),
    ("host ports", |ports, _| describe::container_ports(ports, "hostPort")),
    ("ingress", |list, _| describe::ingress(list)),
    ("internal ip", |node, _| columns::node_address(node, "InternalIP")),
    ("labels", |labels, _| pairs(labels, "\n\t")),
    ("lower", |text, _| text.str().to_ascii_lowercase()),
    ("lines", |words, _| joined(words, "\n").replace('\n', "\n      ")),
    ("node state", |node, _| columns::node_state(node)),
    ("pairs", |labels, _| pairs(labels, ",")),
    ("plain date", |time, _| time.str().replace('T', " ").replace('Z', " +0000 UTC")),
    ("policy", |spec, _| describe::rules(spec)),
    ("plural", |list, _| if list.items().len() > 1 { "s" } else { "" }.to_owned()),
    ("pod ready", |pod, _| columns::pod_ready(pod)),
    ("pod state", |pod, _| columns::pod_state(pod)),
    ("container ports", |ports, _| describe::container_ports(ports, "containerPort")),
    ("ports", |ports, _| columns::service_ports(ports)),
    ("probe", describe::probe),
    ("reached at", |service, filler| columns::external_ip(service, filler.is_wide)),
    ("restarts", columns::restarts),
    ("roles", |labels, _| columns::roles(labels)),
    ("selector", |selector, _| columns::format_selector(selector)),
    ("slice ports", |ports, _| columns::slice_ports(ports)),
    ("spaced", |list, _| joined(list, ", ")),
    ("subsets", |subsets, _| columns::endpoints(subsets)),
    ("tolerations", |tolerations, _| describe::tolerations(tolerations)),
    ("true", |value, _| if value.as_bool() == Some(true) { "True" } else { "False" }.to_owned()),
    ("words", |list, _| joined(list, " ")),
    ("volume", |volume, _| describe::volume(volume)),
];

/// The texts of a list.
pub(super) fn joined(list: &Value, between: &str) -> String {
    let words: Vec<&str> = list.items().iter().map(Value::str).collect();
    words.join(between)
}

/// `a=1,b=2`.
pub(super) fn pairs(labels: &Value, between: &str) -> String {
    let mut text = String::new();
    for (name, value) in labels.fields() {
        let between = if text.is_empty() { "" } else { between };
        text.push_str(&format!("{between}{name}={}", value.str()));
    }
    text
}

/// A line for each field.
fn field_lines(map: &Value) -> String {
    let mut text = String::new();
    for (name, value) in map.fields() {
        let between = if text.is_empty() { "" } else { "\n      " };
        text.push_str(&format!("{between}{name}:\t{}", value.str()));
    }
    text
}

/// A line for each annotation but kubectl's own note.
fn annotation_lines(annotations: &Value) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (name, value) in annotations.fields() {
        if name == "kubectl.kubernetes.io/last-applied-configuration" {
            continue;
        }
        let value = value.str().trim_end_matches('\n');
        if name.len() + value.len() + 2 <= MAX_ANNOTATION && !value.contains('\n') {
            lines.push(format!("{name}: {value}"));
            continue;
        }
        lines.push(format!("{name}:"));
        for line in value.split('\n') {
            lines.push(match line.char_indices().nth(MAX_ANNOTATION - 2) {
                Some((end, _)) => format!("  {}...", &line[..end]),
                None => format!("  {line}"),
            });
        }
    }
    lines.join("\n\t")
}

/// How long ago, and for how long if it was said again.
fn event_age(event: &Value, filler: &Filler) -> String {
    let first = since(event["firstTimestamp"].str(), filler.now);
    match event["count"].as_int().unwrap_or(1) {
        count @ 2.. => format!("{} (x{count} over {first})", since(event["lastTimestamp"].str(), filler.now)),
        _ => first,
    }
}

/// `ReplicaSet/web-5d9c7b`, if an object has a controller.
fn controller(owners: &Value) -> String {
    let owner = owners.items().iter().find(|owner| owner["controller"].as_bool() == Some(true));
    owner.map_or_else(String::new, |owner| format!("{}/{}", owner["kind"].str(), owner["name"].str()))
}

/// An RFC 3339 timestamp as Go's RFC1123Z: `Thu, 01 Jan 2026 00:00:00 +0000`.
fn date(text: &str) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (Some(at), Some(month)) = (timestamp::parse(text), text.get(5..7).and_then(|m| m.parse::<usize>().ok())) else {
        return "<unknown>".to_string();
    };
    // Time zero of a cluster, the first second of 2026, is a Thursday.
    let zero = timestamp::parse(&timestamp::emit(Instant::ZERO)).unwrap_or(Instant::ZERO);
    let day = (at.total_micros() - zero.total_micros()).div_euclid(86_400_000_000).rem_euclid(7);
    let month = MONTHS[(month.max(1) - 1).min(11)];
    format!("{}, {} {month} {} {} +0000", DAYS[day as usize], &text[8..10], &text[..4], &text[11..19])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_with_its_day_of_the_week() {
        assert_eq!(date("2026-01-01T00:00:00Z"), "Thu, 01 Jan 2026 00:00:00 +0000");
        assert_eq!(date("2026-03-01T10:02:03Z"), "Sun, 01 Mar 2026 10:02:03 +0000");
        assert_eq!(date(""), "<unknown>");
    }
}
