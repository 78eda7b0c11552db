//! What a NetworkPolicy allows, in `describe`'s words.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeNetworkPolicySpec).

use super::super::{columns::format_selector, formats::joined};
use crate::api::Value;
use alloc::string::{String, ToString};

/// One direction's words: type, field of rules, of peers, a peer's word, what it is restricted by.
const DIRECTIONS: [[&str; 5]; 2] =
    [["Ingress", "ingress", "from", "From", "source"], ["Egress", "egress", "to", "To", "destination"]];

/// The lines about both directions.
pub(in crate::kubectl) fn rules(spec: &Value) -> String {
    let mut page = String::new();
    for [kind, field, peers, word, restricted] in DIRECTIONS {
        if spec["policyTypes"].items().iter().all(|own| own.str() != kind) {
            line(&mut page, &["  Not affecting ", field, " traffic"]);
            continue;
        }
        line(&mut page, &["  Allowing ", field, " traffic:"]);
        let rules = spec[field].items();
        if rules.is_empty() {
            line(&mut page, &["    <none> (Selected pods are isolated for ", field, " connectivity)"]);
        }
        for (at, rule) in rules.iter().enumerate() {
            if rule["ports"].is_empty() {
                line(&mut page, &["    To Port: <any> (traffic allowed to all ports)"]);
            }
            for port in rule["ports"].items() {
                let last = &port["endPort"];
                let range = if last.is_null() { "" } else { " Range" };
                let last = last.as_int().map_or(String::new(), |last| ["-", &last.to_string()].concat());
                let first = super::super::print::plain(&port["port"]);
                line(&mut page, &["    To Port", range, ": ", &first, &last, "/", port["protocol"].str()]);
            }
            if rule[peers].is_empty() {
                line(&mut page, &["    ", word, ": <any> (traffic not restricted by ", restricted, ")"]);
            }
            for peer in rule[peers].items() {
                line(&mut page, &["    ", word, ":"]);
                for (field, word) in [("namespaceSelector", "NamespaceSelector"), ("podSelector", "PodSelector")] {
                    if !peer[field].is_null() {
                        let selector = format_selector(&peer[field]);
                        let shown = if selector.is_empty() { "<none>" } else { &selector };
                        line(&mut page, &["      ", word, ": ", shown]);
                    }
                }
                let block = &peer["ipBlock"];
                if !block.is_null() {
                    line(&mut page, &["      IPBlock:\n        CIDR: ", block["cidr"].str()]);
                    line(&mut page, &["        Except: ", &joined(&block["except"], ", ")]);
                }
            }
            if at + 1 < rules.len() {
                line(&mut page, &["    ----------"]);
            }
        }
    }
    page.pop();
    page
}

fn line(page: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| page.push_str(part));
    page.push('\n');
}
