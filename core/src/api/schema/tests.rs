#![cfg(feature = "yaml")]

use super::*;
use crate::api::{Object, yaml};

fn decoded(kind: Kind, text: &str) -> Result<Object, String> {
    Object::decode(kind, yaml::parse_value(text).unwrap()).map_err(|error| error.message.clone())
}

fn why(kind: Kind, text: &str) -> String {
    let error = decoded(kind, text).unwrap_err();
    error.split_once(": ").unwrap().1.into()
}

#[test]
fn a_wrong_type_is_told_in_gos_words() {
    for (text, expected) in [
        ("{spec: {ports: [{port: '80'}]}}", "string into Go struct field ServicePort.spec.ports.port of type int32"),
        (
            "{spec: {ports: [{port: 80.5}]}}",
            "number 80.5 into Go struct field ServicePort.spec.ports.port of type int32",
        ),
        (
            "{spec: {ports: [{port: 99999999999}]}}",
            "number 99999999999 into Go struct field ServicePort.spec.ports.port of type int32",
        ),
        ("{spec: {ports: {port: 80}}}", "object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort"),
        ("{spec: {ports: [80]}}", "number into Go struct field ServiceSpec.spec.ports of type v1.ServicePort"),
        ("{spec: {selector: {app: 1}}}", "number into Go struct field ServiceSpec.spec.selector of type string"),
        ("{spec: {selector: [app]}}", "array into Go struct field ServiceSpec.spec.selector of type map[string]string"),
        ("{metadata: {labels: {on: yes}}}", "bool into Go struct field ObjectMeta.metadata.labels of type string"),
        ("{spec: web}", "string into Go struct field Service.spec of type v1.ServiceSpec"),
        ("{spec: {type: 1}}", "number into Go struct field ServiceSpec.spec.type of type v1.ServiceType"),
        (
            "{spec: {ipFamilyPolicy: 1}}",
            "number into Go struct field ServiceSpec.spec.ipFamilyPolicy of type v1.IPFamilyPolicy",
        ),
        ("{spec: {clusterIPs: 10.0.0.1}}", "string into Go struct field ServiceSpec.spec.clusterIPs of type []string"),
        ("{spec: {clusterIPs: [1]}}", "number into Go struct field ServiceSpec.spec.clusterIPs of type string"),
        (
            "{spec: {publishNotReadyAddresses: 'true'}}",
            "string into Go struct field ServiceSpec.spec.publishNotReadyAddresses of type bool",
        ),
        (
            "{spec: {ports: [{targetPort: true}]}}",
            "bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
        ),
    ] {
        assert_eq!(why(Kind::Service, text), alloc::format!("json: cannot unmarshal {expected}"), "{text}");
    }
}

#[test]
fn unknown_fields_are_told_together_and_case_matters() {
    assert_eq!(
        decoded(Kind::Service, "{spec: {ports: [{prot: 80}, {port: 1}], Selector: {}}, extra: 1}").unwrap_err(),
        "Service in version \"v1\" cannot be handled as a Service: strict decoding error: unknown field \"extra\", \
         unknown field \"spec.Selector\", unknown field \"spec.ports[0].prot\""
    );
    let value = yaml::parse_value("{spec: {clusterIp: None}}").unwrap();
    assert_eq!(unknown_fields(Kind::Service, &value), ["spec.clusterIp"]);
    let template = "{spec: {template: {spec: {containers: [{image: a, port: 1}]}}}}";
    assert_eq!(
        why(Kind::Deployment, template),
        "strict decoding error: unknown field \"spec.template.spec.containers[0].port\""
    );
}

#[test]
fn a_wrong_type_hides_unknown_fields() {
    assert!(why(Kind::Service, "{spec: {foo: 1, ports: [{port: x}]}}").starts_with("json: cannot unmarshal string"));
}

#[test]
fn what_omitempty_leaves_out_is_gone() {
    let text = "{metadata: {name: a, labels: null}, spec: {ports: [], type: '', ipFamilyPolicy: '', sessionAffinityConfig: {}}}";
    let spec = decoded(Kind::Service, text).unwrap().value;
    assert_eq!(
        crate::api::json::emit(&spec),
        r#"{"metadata":{"name":"a"},"spec":{"ipFamilyPolicy":"","sessionAffinityConfig":{}}}"#
    );
}

#[test]
fn amounts_may_be_written_as_numbers() {
    let text = "{spec: {containers: [{resources: {limits: {cpu: 2, memory: 1Gi}}}]}}";
    let pod = decoded(Kind::Pod, text).unwrap();
    assert_eq!(pod.spec()["containers"][0]["resources"]["limits"]["cpu"].str(), "2");
}

#[test]
fn amounts_that_are_none_are_refused() {
    let limit = |amount: &str| {
        decoded(Kind::Pod, &alloc::format!("{{spec: {{containers: [{{resources: {{limits: {{cpu: {amount}}}}}}}]}}}}"))
    };
    for amount in ["1", "100m", "1.5", ".5", "1e3", "1E", "2Gi", "-1"] {
        assert!(limit(amount).is_ok(), "{amount}");
    }
    assert!(
        limit("abc").unwrap_err().ends_with(
            "Pod: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    );
    assert!(limit("1 Gi").is_err());
    assert!(limit("1mm").unwrap_err().ends_with("unable to parse quantity's suffix"));
}
