#![cfg(feature = "yaml")]

use super::*;
use crate::api::{Kind, field::Errors, yaml};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

fn pod(spec: &str) -> Object {
    let mut object = Object::new(Kind::Pod, "default", "web");
    object.value.set(&["spec"], yaml::parse_value(spec).unwrap());
    let mut pod = Object::decode(Kind::Pod, object.value).unwrap();
    pod.set_defaults();
    pod
}

fn lines(check: impl FnOnce(&mut Errors)) -> Vec<String> {
    let mut errors = Errors::default();
    check(&mut errors);
    errors.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
}

fn refusals(spec: &str) -> Vec<String> {
    lines(|errors| validate(errors, &pod(spec)))
}

fn container(more: &str) -> Vec<String> {
    refusals(&format!("containers: [{{name: c, image: i, {more}}}]"))
}

#[test]
fn a_pod_gets_upstreams_defaults() {
    let pod = pod(
        "containers: [{name: c, image: nginx, ports: [{containerPort: 80}], readinessProbe: {httpGet: {port: 80}}}]",
    );
    let spec = pod.spec();
    assert_eq!(spec["restartPolicy"].str(), "Always");
    assert_eq!(spec["dnsPolicy"].str(), "ClusterFirst");
    assert_eq!(spec["enableServiceLinks"].as_bool(), Some(true));
    assert_eq!(spec["terminationGracePeriodSeconds"].as_int(), Some(30));
    assert_eq!(spec["schedulerName"].str(), "default-scheduler");
    let container = &spec["containers"][0];
    assert_eq!(container["imagePullPolicy"].str(), "Always");
    assert_eq!(container["ports"][0]["protocol"].str(), "TCP");
    assert_eq!(container["readinessProbe"]["httpGet"]["path"].str(), "/");
    assert_eq!(container["readinessProbe"]["periodSeconds"].as_int(), Some(10));
    assert!(container["livenessProbe"].is_null());
    assert_eq!(pod.status()["phase"].str(), "Pending");
}

#[test]
fn only_the_latest_image_is_always_pulled() {
    for (image, always) in [
        ("nginx", true),
        ("nginx:latest", true),
        ("nginx:1.27", false),
        ("host:5000/nginx", true),
        ("host:5000/nginx:1", false),
        ("nginx@sha256:0123", false),
    ] {
        assert_eq!(pulls_always(image), always, "{image}");
    }
}

#[test]
fn containers_need_names_and_images() {
    assert_eq!(refusals("{}"), ["spec.containers: Required value"]);
    assert_eq!(
        refusals("containers: [{}]"),
        ["spec.containers[0].name: Required value", "spec.containers[0].image: Required value"]
    );
    assert_eq!(
        refusals("containers: [{name: a, image: i}, {name: a, image: i}]"),
        [r#"spec.containers[1].name: Duplicate value: "a""#]
    );
    assert_eq!(
        refusals("containers: [{name: a, image: ' i'}]"),
        [r#"spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace"#]
    );
    assert!(
        refusals("containers: [{name: A, image: i}]")[0].starts_with(r#"spec.containers[0].name: Invalid value: "A""#)
    );
    assert_eq!(
        refusals(
            "containers: [{name: a, image: i}]\ninitContainers: [{name: a, image: i, livenessProbe: {exec: {command: [x]}}}]"
        ),
        [
            r#"spec.initContainers[0].name: Duplicate value: "a""#,
            "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
        ]
    );
}

#[test]
fn container_ports_are_judged() {
    assert_eq!(container("ports: [{}]"), ["spec.containers[0].ports[0].containerPort: Required value"]);
    assert_eq!(
        container("ports: [{containerPort: 70000}]"),
        ["spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"]
    );
    assert_eq!(
        container("ports: [{containerPort: 1, name: a}, {containerPort: 2, name: a}]"),
        [r#"spec.containers[0].ports[1].name: Duplicate value: "a""#]
    );
    assert_eq!(
        container("ports: [{containerPort: 80, name: '80'}]"),
        [r#"spec.containers[0].ports[0].name: Invalid value: "80": must contain at least one letter (a-z)"#]
    );
    assert_eq!(
        container("ports: [{containerPort: 1, hostPort: 9}, {containerPort: 2, hostPort: 9}]"),
        [r#"spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//9""#]
    );
    assert_eq!(
        container("ports: [{containerPort: 1, protocol: HTTP}]"),
        [r#"spec.containers[0].ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP""#]
    );
}

#[test]
fn probes_have_one_handler() {
    assert_eq!(
        container("readinessProbe: {}"),
        ["spec.containers[0].readinessProbe: Required value: must specify a handler type"]
    );
    assert_eq!(
        container("livenessProbe: {exec: {command: [x]}, tcpSocket: {port: 1}, successThreshold: 2}"),
        [
            "spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
            "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
        ]
    );
    assert_eq!(
        container("readinessProbe: {tcpSocket: {port: 0}, periodSeconds: -1}"),
        [
            "spec.containers[0].readinessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive",
            "spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
        ]
    );
}

#[test]
fn policies_and_names_of_a_pod_are_judged() {
    assert_eq!(
        refusals("containers: [{name: c, image: i}]\nrestartPolicy: always\ndnsPolicy: X\nsubdomain: a.b"),
        [
            r#"spec.restartPolicy: Unsupported value: "always": supported values: "Always", "OnFailure", "Never""#,
            r#"spec.dnsPolicy: Unsupported value: "X": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None""#,
            r#"spec.subdomain: Invalid value: "a.b": must not contain dots"#,
        ]
    );
    assert_eq!(
        refusals("containers: [{name: c, image: i}]\ndnsPolicy: None"),
        ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]
    );
}

#[test]
fn of_a_running_pod_only_images_change() {
    let old = pod("containers: [{name: c, image: a}]");
    let change = |spec: &str| lines(|errors| validate_update(errors, &pod(spec), &old));
    assert_eq!(change("containers: [{name: c, image: 'b:1'}]").len(), 1, "the pull policy is another one");
    assert_eq!(change("containers: [{name: c, image: 'b:latest'}]"), [""; 0]);
    assert_eq!(
        change("containers: [{name: c, image: 'b:latest'}]\nnodeName: node-1").len(),
        1,
        "only a binding does that"
    );
    assert_eq!(
        change("containers: [{name: c, image: a}, {name: d, image: a}]"),
        ["spec.containers: Forbidden: pod updates may not add or remove containers"]
    );
    let error = change("containers: [{name: c, image: a}]\nhostname: x")[0].to_string();
    assert!(
        error.starts_with("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`")
    );
}

#[test]
fn mounts_name_volumes_that_are_there() {
    assert_eq!(
        container("volumeMounts: [{name: data, mountPath: /d}, {name: data, mountPath: /d}]"),
        [
            r#"spec.containers[0].volumeMounts[0].name: Not found: "data""#,
            r#"spec.containers[0].volumeMounts[1].name: Not found: "data""#,
            r#"spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/d": must be unique"#,
        ]
    );
    let pod =
        pod("containers: [{name: c, image: i, volumeMounts: [{name: data, mountPath: /d}]}]\nvolumes: [{name: data}]");
    assert_eq!(lines(|errors| validate(errors, &pod)), [""; 0]);
    assert!(!pod.spec()["volumes"][0]["emptyDir"].is_null());
}

#[test]
fn ports_said_twice_are_warned_of() {
    let pod = pod(
        "containers: [{name: a, image: i, ports: [{containerPort: 80, name: http}]}, {name: b, image: i, ports: [{containerPort: 80, name: http}]}]",
    );
    assert_eq!(
        pod.warnings(),
        [
            "spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]",
            "spec.containers[1].ports[0]: duplicate port name \"http\" with spec.containers[0].ports[0], services and \
             probes that select ports by name will use spec.containers[0].ports[0]",
        ]
    );
}

#[test]
fn tolerations_and_finalizers_are_judged() {
    assert_eq!(
        refusals(
            "containers: [{name: c, image: i}]\ntolerations: [{operator: Exists, value: x}, {key: a, effect: Never}, {}]"
        ),
        [
            "spec.tolerations[0].operator: Invalid value: \"x\": value must be empty when `operator` is 'Exists'",
            "spec.tolerations[1].effect: Unsupported value: \"Never\": supported values: \"NoSchedule\", \
             \"PreferNoSchedule\", \"NoExecute\"",
            "spec.tolerations[2].operator: Invalid value: \"\": operator must be Exists when `key` is empty, which means \
             \"match all values and all keys\"",
        ]
    );
    let mut pod = pod("containers: [{name: c, image: i}]");
    pod.value.set(&["metadata", "finalizers"], alloc::vec!["mine", "a.b/c", "orphan"]);
    assert_eq!(
        lines(|errors| validate(errors, &pod)),
        [
            "metadata.finalizers[0]: Invalid value: \"mine\": name is neither a standard finalizer name nor is it fully qualified"
        ]
    );
}
