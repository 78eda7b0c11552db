#![cfg(feature = "yaml")]

use super::*;
use crate::api::{field::Errors, yaml};
use alloc::{format, string::String, vec::Vec};

const TEMPLATE: &str = "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}";
const SELECTOR: &str = "selector: {matchLabels: {app: web}}";

fn workload(kind: Kind, spec: &str) -> Object {
    let mut object = Object::new(kind, "default", "web");
    object.value.set(&["spec"], yaml::parse_value(spec).unwrap());
    let mut workload = Object::decode(kind, object.value).unwrap();
    workload.set_defaults();
    workload
}

fn judge(new: &Object, old: Option<&Object>) -> Vec<String> {
    let mut errors = Errors::default();
    validate(&mut errors, new, old);
    errors.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
}

fn refusals(kind: Kind, spec: &str) -> Vec<String> {
    judge(&workload(kind, spec), None)
}

fn deployment(more: &str) -> Vec<String> {
    refusals(Kind::Deployment, &format!("{TEMPLATE}\n{SELECTOR}\n{more}"))
}

#[test]
fn each_workload_gets_upstreams_defaults() {
    let spec = workload(Kind::Deployment, &format!("{TEMPLATE}\n{SELECTOR}")).spec().clone();
    assert_eq!(spec["replicas"].as_int(), Some(1));
    assert_eq!(spec["strategy"]["rollingUpdate"]["maxSurge"].str(), "25%");
    assert_eq!(spec["revisionHistoryLimit"].as_int(), Some(10));
    assert_eq!(spec["progressDeadlineSeconds"].as_int(), Some(600));
    assert_eq!(spec["template"]["spec"]["restartPolicy"].str(), "Always");
    assert!(spec["template"]["spec"]["enableServiceLinks"].is_null(), "pods get that one, templates do not");
    let spec = workload(Kind::StatefulSet, &format!("{TEMPLATE}\n{SELECTOR}")).spec().clone();
    assert_eq!(spec["podManagementPolicy"].str(), "OrderedReady");
    assert_eq!(spec["updateStrategy"]["rollingUpdate"]["partition"].as_int(), Some(0));
    let spec = workload(Kind::Deployment, "replicas: 0\nstrategy: {type: Recreate}").spec().clone();
    assert_eq!(spec["replicas"].as_int(), Some(0));
    assert!(spec["strategy"]["rollingUpdate"].is_null());
}

#[test]
fn the_selector_has_to_select_the_template() {
    assert_eq!(deployment(""), [""; 0]);
    assert_eq!(
        refusals(Kind::Deployment, TEMPLATE),
        [
            "spec.selector: Required value",
            "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`",
        ]
    );
    assert_eq!(
        refusals(Kind::Deployment, &format!("{TEMPLATE}\nselector: {{matchLabels: {{app: api}}}}")),
        [
            "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`"
        ]
    );
    assert_eq!(
        refusals(Kind::Deployment, &format!("{TEMPLATE}\nselector: {{}}")),
        ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]
    );
    assert_eq!(
        refusals(Kind::StatefulSet, &format!("{TEMPLATE}\nselector: {{}}")),
        ["spec.selector: Invalid value: {}: empty selector is invalid for statefulset"]
    );
    assert_eq!(
        refusals(
            Kind::ReplicaSet,
            &format!("{TEMPLATE}\nselector: {{matchExpressions: [{{key: app, operator: In}}]}}")
        ),
        [
            "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
            "spec.selector: Invalid value: {\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"In\"}]}: invalid label selector",
        ]
    );
}

#[test]
fn a_rollout_has_to_be_able_to_move() {
    assert_eq!(
        deployment("strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}"),
        ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"0%\": may not be 0 when `maxSurge` is 0"]
    );
    assert_eq!(
        deployment("strategy: {rollingUpdate: {maxUnavailable: 101%, maxSurge: -1}}"),
        [
            "spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0",
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%",
        ]
    );
    assert_eq!(
        deployment("strategy: {type: Recreate, rollingUpdate: {}}"),
        ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]
    );
    assert_eq!(
        deployment("strategy: {type: Canary}"),
        [concat!(
            r#"spec.strategy: Unsupported value: {"Type":"Canary","RollingUpdate":null}: "#,
            r#"supported values: "Recreate", "RollingUpdate""#
        )]
    );
    assert_eq!(
        deployment("replicas: -1\nminReadySeconds: 600"),
        [
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
        ]
    );
}

#[test]
fn templates_are_judged_as_pods_that_always_restart() {
    let spec = format!(
        "{SELECTOR}\ntemplate: {{metadata: {{labels: {{app: web}}}}, spec: {{restartPolicy: Never, containers: []}}}}"
    );
    assert_eq!(
        refusals(Kind::Deployment, &spec),
        [
            "spec.template.spec.containers: Required value",
            "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"",
        ]
    );
}

#[test]
fn selectors_never_change_and_stateful_sets_hardly_do() {
    let spec = |extra: &str| format!("{TEMPLATE}\n{extra}");
    let old = workload(Kind::Deployment, &spec(SELECTOR));
    let new = workload(Kind::Deployment, &spec("selector: {matchExpressions: [{key: app, operator: Exists}]}"));
    assert_eq!(
        judge(&new, Some(&old)),
        [
            "spec.selector: Invalid value: {\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Exists\"}]}: field is immutable"
        ]
    );
    let old = workload(Kind::StatefulSet, &spec(&format!("{SELECTOR}\nserviceName: db")));
    let scaled = workload(Kind::StatefulSet, &spec(&format!("{SELECTOR}\nserviceName: db\nreplicas: 3")));
    assert_eq!(judge(&scaled, Some(&old)), [""; 0]);
    let moved = workload(Kind::StatefulSet, &spec(&format!("{SELECTOR}\nserviceName: other")));
    assert!(
        judge(&moved, Some(&old))[0].starts_with("spec: Forbidden: updates to statefulset spec for fields other than")
    );
}
