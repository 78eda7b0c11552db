#![cfg(feature = "yaml")]

use super::*;
use crate::api::{Kind, field::Errors, yaml};
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

/// A Service with that spec (YAML), with defaults and its addresses in line.
fn service(spec: &str) -> Object {
    let mut object = Object::new(Kind::Service, "default", "web");
    object.value.set(&["spec"], yaml::parse_value(spec).unwrap());
    let mut service = Object::decode(Kind::Service, object.value).unwrap();
    service.set_defaults();
    normalize_cluster_ips(&mut service, None);
    service
}

fn refusals(spec: &str) -> Vec<String> {
    lines(|errors| validate(errors, &service(spec)))
}

fn lines(check: impl FnOnce(&mut Errors)) -> Vec<String> {
    let mut errors = Errors::default();
    check(&mut errors);
    errors.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
}

const PORTS: &str = "ports: [{port: 80}]\nselector: {app: web}\n";

fn with(more: &str) -> Vec<String> {
    refusals(&format!("{PORTS}{more}"))
}

#[test]
fn a_plain_service_gets_upstreams_defaults() {
    let service = service("ports: [{port: 80}, {port: 53, name: dns, protocol: UDP, targetPort: dns}]");
    let spec = service.spec();
    assert_eq!(spec["type"].str(), "ClusterIP");
    assert_eq!(spec["sessionAffinity"].str(), "None");
    assert_eq!(spec["internalTrafficPolicy"].str(), "Cluster");
    assert_eq!(spec["ports"][0]["targetPort"].as_int(), Some(80));
    assert_eq!(spec["ports"][0]["protocol"].str(), "TCP");
    assert_eq!(spec["ports"][1]["targetPort"].str(), "dns");
    assert!(spec["externalTrafficPolicy"].is_null());
}

#[test]
fn types_and_affinity_have_defaults_of_their_own() {
    let spec = service("type: LoadBalancer\nports: [{port: 80}]\nsessionAffinity: ClientIP").spec().clone();
    assert_eq!(spec["allocateLoadBalancerNodePorts"].as_bool(), Some(true));
    assert_eq!(spec["externalTrafficPolicy"].str(), "Cluster");
    assert_eq!(spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"].as_int(), Some(10_800));
    let spec = service("type: ExternalName\nexternalName: db.example.com").spec().clone();
    assert!(spec["internalTrafficPolicy"].is_null());
    assert_eq!(spec["sessionAffinity"].str(), "None");
    let spec = service("ports: [{port: 80}]\nsessionAffinityConfig: {clientIP: {timeoutSeconds: 5}}").spec().clone();
    assert!(spec["sessionAffinityConfig"].is_null());
}

#[test]
fn ports_are_judged_one_by_one_and_together() {
    assert_eq!(with(""), [""; 0]);
    assert_eq!(refusals("selector: {a: b}"), ["spec.ports: Required value"]);
    assert_eq!(
        refusals("ports: [{port: 70000}]"),
        [
            "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
            "spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ]
    );
    assert_eq!(
        refusals("ports: [{targetPort: 8080}]"),
        ["spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"]
    );
    assert_eq!(
        refusals("ports: [{port: 80}, {port: 80}]"),
        [
            "spec.ports[0].name: Required value",
            "spec.ports[1].name: Required value",
            r#"spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}"#,
        ]
    );
    assert_eq!(
        refusals("ports: [{port: 80, name: a}, {port: 81, name: a}]"),
        [r#"spec.ports[1].name: Duplicate value: "a""#]
    );
    assert_eq!(refusals("ports: [{port: 53, name: a}, {port: 53, name: b, protocol: UDP}]"), [""; 0]);
    assert_eq!(
        refusals("ports: [{port: 80, protocol: FOO}]"),
        [r#"spec.ports[0].protocol: Unsupported value: "FOO": supported values: "SCTP", "TCP", "UDP""#]
    );
    assert_eq!(
        refusals("ports: [{port: 80, protocol: tcp}]"),
        [r#"spec.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP""#]
    );
    assert_eq!(
        refusals("ports: [{port: 80, targetPort: this-name-is-too-long}]"),
        [r#"spec.ports[0].targetPort: Invalid value: "this-name-is-too-long": must be no more than 15 characters"#]
    );
}

#[test]
fn node_ports_belong_to_some_types_and_to_one_port_each() {
    assert_eq!(
        refusals("ports: [{port: 80, nodePort: 30080}]"),
        ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]
    );
    let two = "type: NodePort\nports: [{name: a, port: 80, nodePort: 30080}, {name: b, port: 81, nodePort: 30080}]";
    assert_eq!(refusals(two), ["spec.ports[1].nodePort: Duplicate value: 30080"]);
    let protocols = "type: NodePort\nports: [{name: a, port: 53, nodePort: 30053}, {name: b, port: 53, nodePort: 30053, protocol: UDP}]";
    assert_eq!(refusals(protocols), [""; 0]);
}

#[test]
fn each_type_allows_what_it_can() {
    for kind in ["NodePort", "LoadBalancer"] {
        assert_eq!(
            with(&format!("type: {kind}\nclusterIP: None")),
            [format!(r#"spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for {kind} services"#)]
        );
    }
    assert_eq!(refusals("type: ExternalName"), ["spec.externalName: Required value"]);
    assert_eq!(refusals("type: ExternalName\nexternalName: db.example.com."), [""; 0]);
    assert!(
        refusals("type: ExternalName\nexternalName: a_b")[0].starts_with("spec.externalName: Invalid value: \"a_b\"")
    );
    assert_eq!(
        refusals(
            "type: ExternalName\nexternalName: a\nclusterIP: 10.96.0.9\nipFamilyPolicy: SingleStack\nipFamilies: [IPv4]"
        ),
        [
            "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
            "spec.ipFamilies: Forbidden: may not be set for ExternalName services",
            "spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services",
        ]
    );
    assert_eq!(
        with("type: Clusterip"),
        [
            r#"spec.type: Unsupported value: "Clusterip": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort""#
        ]
    );
}

#[test]
fn affinity_has_bounds_and_no_config_without_it() {
    for seconds in [0, 86_401, -1] {
        let spec =
            format!("sessionAffinity: ClientIP\nsessionAffinityConfig: {{clientIP: {{timeoutSeconds: {seconds}}}}}");
        assert_eq!(
            with(&spec),
            [format!(
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: {seconds}: must be greater than 0 \
                 and less than 86400"
            )]
        );
    }
    assert_eq!(with("sessionAffinity: ClientIP\nsessionAffinityConfig: {clientIP: {timeoutSeconds: 86400}}"), [""; 0]);
    assert_eq!(with("sessionAffinity: ClientIP\nsessionAffinityConfig: {clientIP: {}}"), [""; 0]);
    assert_eq!(
        with("sessionAffinity: x"),
        [r#"spec.sessionAffinity: Unsupported value: "x": supported values: "ClientIP", "None""#]
    );
}

#[test]
fn traffic_policies_are_judged_by_type() {
    assert_eq!(
        with("externalTrafficPolicy: Local"),
        [r#"spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services"#]
    );
    assert_eq!(with("externalTrafficPolicy: Local\nexternalIPs: [192.0.2.1]"), [""; 0]);
    assert_eq!(
        with("internalTrafficPolicy: local"),
        [r#"spec.internalTrafficPolicy: Unsupported value: "local": supported values: "Cluster", "Local""#]
    );
    assert_eq!(
        with("trafficDistribution: Near"),
        [concat!(
            r#"spec.trafficDistribution: Unsupported value: "Near": "#,
            r#"supported values: "PreferClose", "PreferSameZone", "PreferSameNode""#
        )]
    );
    assert_eq!(
        with("healthCheckNodePort: 30001"),
        [concat!(
            "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and ",
            "`externalTrafficPolicy` is 'Local'"
        )]
    );
    assert_eq!(
        with("allocateLoadBalancerNodePorts: false"),
        ["spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'"]
    );
    assert_eq!(
        with("loadBalancerClass: x"),
        ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"]
    );
    assert_eq!(
        with("loadBalancerSourceRanges: [10.0.0.0/8]"),
        ["spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"]
    );
}

#[test]
fn cluster_ips_and_families_have_to_fit_together() {
    assert_eq!(
        with("clusterIP: 10.96.0.5\nclusterIPs: [10.96.0.6]"),
        [r#"spec.clusterIPs: Invalid value: ["10.96.0.6"]: first value must match `clusterIP`"#]
    );
    assert_eq!(
        with("clusterIPs: [10.96.0.6]"),
        [r#"spec.clusterIPs: Invalid value: ["10.96.0.6"]: must be empty when `clusterIP` is not specified"#]
    );
    assert_eq!(
        with("clusterIP: None\nclusterIPs: [None, 10.96.0.6]"),
        [r#"spec.clusterIPs: Invalid value: ["None","10.96.0.6"]: 'None' must be the first and only value"#]
    );
    assert_eq!(
        with("clusterIP: 10.96.0.5\nclusterIPs: [10.96.0.5, 10.96.0.6]"),
        [concat!(
            r#"spec.clusterIPs: Invalid value: ["10.96.0.5","10.96.0.6"]: "#,
            "may specify no more than one IP for each IP family"
        )]
    );
    assert_eq!(with("ipFamilies: [IPv4, IPv4]"), [r#"spec.ipFamilies[1]: Duplicate value: "IPv4""#]);
    assert_eq!(
        with("ipFamilies: [ipv4]"),
        [r#"spec.ipFamilies[0]: Unsupported value: "ipv4": supported values: "IPv4", "IPv6""#]
    );
    assert_eq!(
        with("ipFamilies: [IPv6]\nclusterIP: 10.96.0.5"),
        [r#"spec.clusterIPs[0]: Invalid value: "10.96.0.5": expected an IPv6 value as indicated by `ipFamilies[0]`"#]
    );
    assert_eq!(
        with("clusterIP: none")[0].split(": must").next().unwrap(),
        r#"spec.clusterIPs[0]: Invalid value: "none""#
    );
}

#[test]
fn a_change_may_not_move_the_address_or_the_families() {
    let mut old = service(&format!("{PORTS}clusterIP: 10.96.0.5\nipFamilies: [IPv4]\nipFamilyPolicy: SingleStack"));
    old.value.set(&["metadata", "resourceVersion"], "1");
    let change = |spec: &str| {
        let new = service(&format!("{PORTS}ipFamilyPolicy: SingleStack\n{spec}"));
        lines(|errors| validate_update(errors, &new, &old))
    };
    assert_eq!(change("clusterIP: 10.96.0.5\nipFamilies: [IPv4]"), [""; 0]);
    assert_eq!(
        change("clusterIP: 10.96.0.6\nipFamilies: [IPv4]"),
        [r#"spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set"#]
    );
    assert_eq!(
        change("clusterIP: None\nipFamilies: [IPv4]"),
        [r#"spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set"#]
    );
    assert_eq!(
        change("clusterIP: fd00::1\nipFamilies: [IPv6]"),
        [
            r#"spec.clusterIPs[0]: Invalid value: ["fd00::1"]: may not change once set"#,
            r#"spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set"#,
        ]
    );
}

#[test]
fn what_the_server_gave_is_kept_where_the_manifest_is_silent() {
    let old = service(
        "type: NodePort\nclusterIP: 10.96.0.5\nports: [{name: a, port: 80, nodePort: 30080}, {name: b, port: 81, nodePort: 30081}]",
    );
    let mut new = service("type: NodePort\nports: [{name: b, port: 81}, {name: a, port: 80, nodePort: 30081}]");
    new.value.remove(&["spec", "clusterIPs"]);
    keep_allocated(&mut new, &old);
    assert_eq!(new.spec()["clusterIP"].str(), "10.96.0.5");
    assert_eq!(new.spec()["clusterIPs"], Value::from(vec!["10.96.0.5"]));
    assert!(new.spec()["ports"][0]["nodePort"].is_null(), "30081 is used by the other port already");
    assert_eq!(new.spec()["ports"][1]["nodePort"].as_int(), Some(30_081));
}

#[test]
fn fields_of_another_type_go_if_they_merely_repeat() {
    let old = service("type: LoadBalancer\nports: [{port: 80, nodePort: 30080}]\nloadBalancerClass: a.b/c");
    let mut new = service(
        "type: ClusterIP\nports: [{port: 80, nodePort: 30080}]\nexternalTrafficPolicy: Cluster\nallocateLoadBalancerNodePorts: true\nloadBalancerClass: a.b/c",
    );
    drop_fields_of_other_types(&mut new, &old);
    for field in ["externalTrafficPolicy", "allocateLoadBalancerNodePorts", "loadBalancerClass"] {
        assert!(new.spec()[field].is_null(), "{field}");
    }
    assert!(new.spec()["ports"][0]["nodePort"].is_null());
    let mut other = service("type: ClusterIP\nports: [{port: 80, nodePort: 30099}]");
    drop_fields_of_other_types(&mut other, &old);
    assert_eq!(other.spec()["ports"][0]["nodePort"].as_int(), Some(30_099));
}

#[test]
fn the_server_warns_of_what_it_will_not_use() {
    let words = |spec: &str| warnings(&service(spec)).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        words("ports: [{port: 80}]\nclusterIP: None\nsessionAffinity: ClientIP"),
        ["spec.SessionAffinity is ignored for headless services"]
    );
    assert_eq!(
        words("ports: [{port: 80}]\nexternalName: x"),
        ["spec.externalName is ignored when spec.type is not \"ExternalName\""]
    );
    assert_eq!(
        words("ports: [{port: 80}]\ntrafficDistribution: PreferClose"),
        ["spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\""]
    );
}
