//! Group `selectors`: what a selector takes, and which selectors are refused.

use super::{
    Case,
    tree::{Fail, check},
    world::{self, PodSpec},
};
use clusterip::{
    api::{ApiError, Kind, Object, Value, selector},
    cluster::Cluster,
};
use std::collections::BTreeSet;

/// One case: a selector, and labels that it takes or leaves.
pub(super) fn run(case: Case<'_>) -> Result<(), Fail> {
    case.only(&["form", "selector", "labels", "expect"])?;
    let expect = case.get("expect");
    expect.only("expect", &["valid", "errors", "message"])?;
    for labels in case.get("labels").items() {
        labels.only("labels", &["labels", "match"])?;
    }
    match case.get("form").text() {
        "service-selector" => service(case),
        "label-selector" => workload(case),
        "query-string" => query(case),
        other => Err(Fail::unknown("form", other)),
    }
}

/// One pod for each set of labels, named by its place in the list.
fn with_pods(case: Case<'_>) -> Result<Cluster, Fail> {
    let mut cluster = world::start(world::bare())?;
    for (at, item) in case.get("labels").items().iter().enumerate() {
        let pod = PodSpec {
            namespace: "default".into(),
            name: format!("p{at}"),
            labels: item["labels"].clone(),
            node: Some("node-1".into()),
            ready: true,
            ..PodSpec::default()
        };
        world::create_pod(&mut cluster, &pod)?;
    }
    world::settle(&mut cluster)?;
    Ok(cluster)
}

/// The pods that have to match.
fn wanted(case: Case<'_>) -> BTreeSet<String> {
    let items = case.get("labels").items().iter().enumerate();
    items.filter(|(_, item)| item["match"].truth() == Some(true)).map(|(at, _)| format!("p{at}")).collect()
}

fn service(case: Case<'_>) -> Result<(), Fail> {
    let mut cluster = with_pods(case)?;
    let mut object = Object::new(Kind::Service, "default", "web");
    object.value.set(&["spec", "selector"], case.get("selector").to_value());
    let mut port = Value::map();
    port.set(&["port"], 80);
    object.value.set(&["spec", "ports"], vec![port]);
    if !judge(case, cluster.create(object).map(drop))? {
        return Ok(());
    }
    world::settle(&mut cluster)?;
    let slices = cluster.list(Kind::EndpointSlice, Some("default"));
    let slices = slices.filter(|slice| slice.label("kubernetes.io/service-name") == Some("web"));
    let endpoints = slices.flat_map(|slice| slice.value["endpoints"].items());
    let got: BTreeSet<String> = endpoints.map(|e| e["targetRef"]["name"].str().to_string()).collect();
    check("pods", &wanted(case), &got)
}

fn workload(case: Case<'_>) -> Result<(), Fail> {
    let tree = case.get("selector").to_value();
    let mut object = Object::new(Kind::Deployment, "default", "web");
    object.value.set(&["spec", "selector"], tree.clone());
    let matching = case.get("labels").items().iter().find(|item| item["match"].truth() == Some(true));
    let labels = matching.map_or(Value::Null, |item| item["labels"].to_value());
    object.value.set(&["spec", "template", "metadata", "labels"], labels);
    let mut container = Value::map();
    container.set(&["name"], "main");
    container.set(&["image"], "registry.k8s.io/pause:3.10");
    object.value.set(&["spec", "template", "spec", "containers"], vec![container]);
    let mut cluster = world::start(world::bare())?;
    // A template that the selector does not take is refused too; without a match in the list there is none that fits.
    let answer = match cluster.create(object) {
        Err(mut error) => {
            error.causes.retain(|cause| cause.field != "spec.template.metadata.labels");
            if error.causes.is_empty() && matching.is_none() { Ok(()) } else { Err(error) }
        }
        Ok(_) => Ok(()),
    };
    if !judge(case, answer)? {
        return Ok(());
    }
    for item in case.get("labels").items() {
        let got = selector::label_selector_matches(&tree, &item["labels"].to_value());
        check(&format!("match of {}", item["labels"]), &item["match"].truth().unwrap_or(false), &got)?;
    }
    Ok(())
}

fn query(case: Case<'_>) -> Result<(), Fail> {
    let mut cluster = with_pods(case)?;
    let text = case.get("selector").text().replace('\'', r"'\''");
    let output = world::kubectl(&mut cluster, &format!("kubectl get pods -o name -l '{text}'"), "");
    let expect = case.get("expect");
    if expect["valid"].truth() == Some(false) {
        let message = expect["message"].text();
        let is_right = output.exit_code != 0 && output.stderr.contains(message);
        return if is_right { Ok(()) } else { Err(Fail::new(message, output.stderr)) };
    }
    if output.exit_code != 0 {
        return Err(Fail::new("a valid selector", output.stderr));
    }
    let got: BTreeSet<String> = output.stdout.lines().map(|line| line.trim_start_matches("pod/").to_string()).collect();
    check("pods", &wanted(case), &got)
}

/// Compares the API's answer with what the case expects; true if the selector is valid, as it should be.
fn judge(case: Case<'_>, answer: Result<(), ApiError>) -> Result<bool, Fail> {
    let expect = case.get("expect");
    match (expect["valid"].truth(), answer) {
        (Some(true), Ok(())) => Ok(true),
        (Some(true), Err(error)) => Err(Fail::new("a valid selector", error)),
        (Some(false), Ok(())) => Err(Fail::new("an invalid selector", "it was taken")),
        (Some(false), Err(error)) => {
            let mut wanted = Vec::new();
            for item in expect["errors"].items() {
                item.only("error", &["field", "reason", "message"])?;
                wanted.push(line(item["field"].text(), item["reason"].text(), item["message"].text()));
            }
            let has_messages = expect["errors"].items().iter().any(|item| item.has("message"));
            let mut got: Vec<String> = error
                .causes
                .iter()
                .map(|cause| {
                    let message = format!("{}: {}", cause.field, cause.message);
                    line(&cause.field, &format!("{:?}", cause.reason), if has_messages { &message } else { "" })
                })
                .collect();
            wanted.sort();
            got.sort();
            if expect.has("errors") {
                check("causes", &wanted, &got)?;
            }
            match expect["message"].text() {
                message if error.message.contains(message) => Ok(false),
                message => Err(Fail::new(message, error.message.clone())),
            }
        }
        (None, _) => Err(Fail::unknown("validity", &expect["valid"].to_string())),
    }
}

fn line(field: &str, reason: &str, message: &str) -> String {
    format!("{field} {reason} {message}")
}
