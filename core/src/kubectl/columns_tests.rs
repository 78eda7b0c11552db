//! Rows as upstream's own tests expect them.
//!
//! Source of the facts: kubernetes pkg/printers/internalversion/printers_test.go.

use super::*;
use crate::{
    api::{Kind, Object, json},
    time::Instant,
};

fn object(kind: Kind, text: &str) -> Object {
    let mut object = Object::new(kind, "default", "test");
    for (name, field) in json::parse(text).unwrap().fields() {
        object.value.set(&[name], field.clone());
    }
    object.value.set(&["metadata", "creationTimestamp"], "2026-01-01T00:00:00Z");
    object
}

fn row(kind: Kind, text: &str) -> String {
    let filler = Filler { now: Instant::from_secs(90), is_wide: false };
    let mut cells = Vec::new();
    for column in of(kind).split('\n') {
        cells.extend(filler.line(column.split_once(' ').unwrap().1, &object(kind, text).value));
    }
    cells.join(" | ")
}

#[test]
fn a_pod_says_what_its_containers_say() {
    let cases = [
        (
            r#"{"spec":{"containers":[{},{}]},"status":{"phase":"podPhase","containerStatuses":[
            {"ready":true,"restartCount":6,"state":{"running":{}}},{"restartCount":3}]}}"#,
            "1/2 | podPhase | 9",
        ),
        (
            r#"{"spec":{"containers":[{},{}]},"status":{"phase":"podPhase","containerStatuses":[
            {"state":{"waiting":{"reason":"ContainerWaitingReason"}},"restartCount":3},
            {"state":{"waiting":{"reason":"OtherReason"}},"restartCount":3}]}}"#,
            "0/2 | ContainerWaitingReason | 6",
        ),
        (
            r#"{"spec":{"containers":[{}]},"status":{"phase":"Failed","containerStatuses":[
            {"state":{"terminated":{"exitCode":2}}}]}}"#,
            "0/1 | ExitCode:2 | 0",
        ),
        (
            r#"{"spec":{"containers":[{}]},"status":{"phase":"Succeeded","containerStatuses":[
            {"state":{"terminated":{"reason":"Completed","exitCode":0}}}]}}"#,
            "0/1 | Completed | 0",
        ),
        (
            r#"{"spec":{"containers":[{},{}]},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],
            "containerStatuses":[{"ready":true,"state":{"running":{}}},
            {"state":{"terminated":{"reason":"Completed","exitCode":0}}}]}}"#,
            "1/2 | Running | 0",
        ),
        (
            r#"{"spec":{"containers":[{},{}]},"status":{"phase":"Running","containerStatuses":[
            {"ready":true,"state":{"running":{}}},
            {"state":{"terminated":{"reason":"Completed","exitCode":0}}}]}}"#,
            "1/2 | NotReady | 0",
        ),
        (
            r#"{"spec":{"containers":[{}]},"status":{"phase":"Running","containerStatuses":[{"ready":true,
            "restartCount":3,"state":{"running":{}},"lastState":{"terminated":{
            "finishedAt":"2026-01-01T00:01:20Z"}}}]}}"#,
            "1/1 | Running | 3 (10s ago)",
        ),
    ];
    for (text, expected) in cases {
        let start = format!("test | {expected} | 90s | ");
        assert!(row(Kind::Pod, text).starts_with(&start), "{}", row(Kind::Pod, text));
    }
    let mut ending = object(Kind::Pod, r#"{"spec":{"containers":[{}]},"status":{"phase":"Running"}}"#);
    ending.value.set(&["metadata", "deletionTimestamp"], "2026-01-01T00:01:00Z");
    assert_eq!(pod_state(&ending.value), "Terminating");
}

#[test]
fn a_service_says_where_it_is_reached() {
    let cases = [
        (
            r#"{"spec":{"type":"ClusterIP","clusterIPs":["10.9.8.7"],"ports":[{"protocol":"UDP","port":2233}]}}"#,
            "ClusterIP | 10.9.8.7 | <none> | 2233/UDP",
        ),
        (
            r#"{"spec":{"type":"NodePort","clusterIPs":["10.9.8.7"],
            "ports":[{"protocol":"UDP","port":8888,"nodePort":9999}]}}"#,
            "NodePort | 10.9.8.7 | <none> | 8888:9999/UDP",
        ),
        (
            r#"{"spec":{"type":"LoadBalancer","clusterIPs":["10.9.8.7"],"externalIPs":["80.11.12.10"]},
            "status":{"loadBalancer":{"ingress":[{"ip":"2.3.4.5"}]}}}"#,
            "LoadBalancer | 10.9.8.7 | 2.3.4.5,80.11.12.10 | <none>",
        ),
        (
            r#"{"spec":{"type":"LoadBalancer","clusterIPs":["10.9.8.7"]},
            "status":{"loadBalancer":{"ingress":[{"hostname":"a-long-name.example.com"}]}}}"#,
            "LoadBalancer | 10.9.8.7 | a-long-name.e... | <none>",
        ),
        (
            r#"{"spec":{"type":"ExternalName","externalName":"my.database.example.com"}}"#,
            "ExternalName | <none> | my.database.example.com | <none>",
        ),
    ];
    for (text, expected) in cases {
        let cells = row(Kind::Service, text);
        assert_eq!(cells, format!("test | {expected} | 90s | <none>"));
    }
}

#[test]
fn lists_are_cut_after_three() {
    let slice = r#"{"addressType":"IPv4","ports":[{"port":80},{"name":"x"},{},{"port":1}],
        "endpoints":[{"addresses":["10.1.2.3","10.1.2.4"]},{"addresses":["10.1.2.5"]},{"addresses":["10.1.2.6"]}]}"#;
    let expected = "test | IPv4 | 80,x,* + 1 more... | 10.1.2.3,10.1.2.4,10.1.2.5 + 1 more... | 90s";
    assert_eq!(row(Kind::EndpointSlice, slice), expected);
    let endpoints =
        r#"{"subsets":[{"addresses":[{"ip":"1.2.3.4"},{"ip":"fd00::1"}],"ports":[{"port":80},{"port":81}]}]}"#;
    let expected = "test | 1.2.3.4:80,[fd00::1]:80,1.2.3.4:81 + 1 more... | 90s";
    assert_eq!(row(Kind::Endpoints, endpoints), expected);
}

#[test]
fn selectors_are_sorted_by_key() {
    let text = r#"{"matchLabels":{"b":"2"},"matchExpressions":[{"key":"a","operator":"NotIn","values":["y","x"]},
        {"key":"c","operator":"DoesNotExist"},{"key":"d","operator":"Exists"}]}"#;
    assert_eq!(format_selector(&json::parse(text).unwrap()), "a notin (x,y),b=2,!c,d");
}
