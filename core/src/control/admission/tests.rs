#![cfg(feature = "yaml")]

use super::*;
use crate::api::{Value, yaml};
use alloc::{
    format,
    string::{String, ToString},
    vec,
};

fn admission(ranges: &[&str]) -> Admission {
    let ranges: Vec<Cidr> = ranges.iter().map(|range| range.parse().unwrap()).collect();
    Admission::new(&ranges, 30_000..=32_767, Rng::new(1))
}

fn service(name: &str, spec: &str) -> Object {
    let mut object = Object::new(Kind::Service, "default", name);
    object.value.set(&["spec", "selector", "app"], "x");
    let mut port = Value::map();
    port.set(&["port"], 80);
    object.value.set(&["spec", "ports"], vec![port]);
    for (field, value) in yaml::parse_value(&format!("{{{spec}}}")).unwrap().fields() {
        object.value.set(&["spec", field], value.clone());
    }
    Object::decode(Kind::Service, object.value).unwrap()
}

fn create(admission: &mut Admission, spec: &str) -> Result<Object, String> {
    admission.create(service("web", spec), Mode::Real).map_err(|error| error.kubectl("creating \"STDIN\""))
}

fn ips(object: &Object) -> Vec<&str> {
    object.spec()["clusterIPs"].items().iter().map(Value::str).collect()
}

fn families(object: &Object) -> (String, String) {
    let families: Vec<&str> = object.spec()["ipFamilies"].items().iter().map(Value::str).collect();
    (object.spec()["ipFamilyPolicy"].str().to_string(), families.join(","))
}

const DUAL: &[&str] = &["10.96.0.0/16", "fd00:10:96::/108"];

#[test]
fn families_follow_policy_addresses_and_cluster() {
    for (ranges, spec, policy, expected) in [
        (&DUAL[..1], "", "SingleStack", "IPv4"),
        (&DUAL[..1], "ipFamilyPolicy: PreferDualStack", "PreferDualStack", "IPv4"),
        (&DUAL[1..], "", "SingleStack", "IPv6"),
        (DUAL, "", "SingleStack", "IPv4"),
        (DUAL, "ipFamilies: [IPv6]", "SingleStack", "IPv6"),
        (DUAL, "ipFamilyPolicy: PreferDualStack", "PreferDualStack", "IPv4,IPv6"),
        (DUAL, "ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6]", "RequireDualStack", "IPv6,IPv4"),
        (DUAL, "clusterIP: 'fd00:10:96::9'", "SingleStack", "IPv6"),
        (DUAL, "clusterIP: None", "SingleStack", "IPv4"),
        (DUAL, "clusterIP: None, selector: null", "RequireDualStack", "IPv4,IPv6"),
        (&DUAL[..1], "clusterIP: None, selector: null", "RequireDualStack", "IPv4,IPv6"),
        (&DUAL[..1], "clusterIP: None, selector: null, ipFamilyPolicy: SingleStack", "SingleStack", "IPv4"),
        (&DUAL[..1], "clusterIP: None, selector: null, ipFamilies: [IPv6]", "RequireDualStack", "IPv6,IPv4"),
    ] {
        let object = create(&mut admission(ranges), spec).unwrap();
        assert_eq!(families(&object), (policy.to_string(), expected.to_string()), "{spec}");
        if !spec.contains("None") {
            assert_eq!(ips(&object).len(), object.spec()["ipFamilies"].items().len(), "{spec}");
            assert_eq!(object.spec()["clusterIP"].str(), ips(&object)[0]);
        }
    }
}

#[test]
fn what_the_cluster_does_not_have_is_refused() {
    for (ranges, spec, expected) in [
        (
            &DUAL[..1],
            "ipFamilyPolicy: RequireDualStack",
            r#"spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services"#,
        ),
        (
            &DUAL[..1],
            "ipFamilies: [IPv6]",
            r#"spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster"#,
        ),
        (
            &DUAL[..1],
            "clusterIP: 'fd00::1'",
            r#"spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster"#,
        ),
        (
            DUAL,
            "ipFamilyPolicy: SingleStack, ipFamilies: [IPv4, IPv6]",
            "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when \
             multiple IP families are specified",
        ),
        (
            DUAL,
            "clusterIP: 10.97.0.1",
            r#"spec.clusterIPs: Invalid value: ["10.97.0.1"]: failed to allocate IP 10.97.0.1: the provided network does not match the current range"#,
        ),
        (
            DUAL,
            "clusterIP: 10.96.0.0",
            r#"spec.clusterIPs: Invalid value: ["10.96.0.0"]: failed to allocate IP 10.96.0.0: the provided network does not match the current range"#,
        ),
    ] {
        let error = create(&mut admission(ranges), spec).unwrap_err();
        assert_eq!(error, format!("The Service \"web\" is invalid: {expected}"), "{spec}");
    }
}

#[test]
fn a_bad_address_hides_every_other_fault() {
    let error =
        create(&mut admission(DUAL), "clusterIP: 10.96.0.300, sessionAffinity: X, ports: [{port: 0}]").unwrap_err();
    assert!(
        error.starts_with(r#"The Service "web" is invalid: spec.clusterIPs[0]: Invalid value: "10.96.0.300": must be"#)
    );
    assert!(!error.contains('*'));
}

#[test]
fn a_refused_service_gives_everything_back() {
    let mut admission = admission(DUAL);
    let spec = "type: LoadBalancer, externalTrafficPolicy: Local, ipFamilyPolicy: RequireDualStack, sessionAffinity: X";
    create(&mut admission, spec).unwrap_err();
    assert_eq!(admission.pools.iter().map(IpPool::used).sum::<u64>(), 0);
    assert_eq!(admission.ports.used(), 0);
    create(
        &mut admission,
        "type: NodePort, clusterIP: 10.96.0.9, ports: [{name: a, port: 80}, {name: b, port: 81, nodePort: 80}]",
    )
    .unwrap_err();
    assert_eq!((admission.pools[0].used(), admission.ports.used()), (0, 0));
}

#[test]
fn deleting_a_service_gives_everything_back() {
    let mut admission = admission(DUAL);
    let spec = "type: LoadBalancer, externalTrafficPolicy: Local, ipFamilyPolicy: RequireDualStack";
    let object = create(&mut admission, spec).unwrap();
    assert_eq!((admission.pools[0].used(), admission.pools[1].used(), admission.ports.used()), (1, 1, 2));
    admission.release(&object);
    assert_eq!((admission.pools[0].used(), admission.pools[1].used(), admission.ports.used()), (0, 0, 0));
}

#[test]
fn ten_thousand_rounds_leave_no_growth() {
    let mut admission = admission(&["10.96.0.0/12"]);
    for n in 0..10_000 {
        let object = admission.create(service(&format!("s{n}"), "type: NodePort"), Mode::Real).unwrap();
        admission.release(&object);
    }
    assert_eq!((admission.pools[0].used(), admission.ports.used()), (0, 0));
}

#[test]
fn node_ports_are_refused_in_upstreams_words_and_shared_by_equal_ports() {
    let mut admission = admission(DUAL);
    let both = "type: NodePort, ports: [{name: a, port: 53}, {name: b, port: 53, protocol: UDP}]";
    let object = create(&mut admission, both).unwrap();
    assert_eq!(object.spec()["ports"][0]["nodePort"], object.spec()["ports"][1]["nodePort"]);
    assert_eq!(admission.ports.used(), 1);
    create(&mut admission, "type: NodePort, ports: [{port: 80, nodePort: 30000}]").unwrap();
    assert_eq!(
        create(&mut admission, "type: NodePort, ports: [{port: 80, nodePort: 30000}]").unwrap_err(),
        r#"The Service "web" is invalid: spec.ports[0].nodePort: Invalid value: 30000: provided port is already allocated"#
    );
    assert_eq!(
        create(&mut admission, "type: NodePort, ports: [{port: 80, nodePort: 80}]").unwrap_err(),
        "The Service \"web\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid \
         range. The range of valid ports is 30000-32767"
    );
    let object = create(&mut admission, "type: LoadBalancer, allocateLoadBalancerNodePorts: false").unwrap();
    assert!(object.spec()["ports"][0]["nodePort"].is_null());
}

#[test]
fn changing_type_or_families_takes_and_gives_addresses() {
    let mut admission = admission(DUAL);
    let single = create(&mut admission, "type: NodePort").unwrap();
    let dual = admission
        .update(&single, service("web", "type: NodePort, ipFamilyPolicy: PreferDualStack"), Mode::Real)
        .unwrap();
    assert_eq!((ips(&dual).len(), ips(&dual)[0]), (2, ips(&single)[0]));
    assert_eq!(dual.spec()["ports"][0]["nodePort"], single.spec()["ports"][0]["nodePort"]);
    let again = admission.update(&dual, service("web", "ipFamilyPolicy: SingleStack"), Mode::Real).unwrap();
    assert_eq!(ips(&again), ips(&single));
    assert_eq!((admission.pools[1].used(), admission.ports.used()), (0, 0));
    let name = service("web", "type: ExternalName, externalName: a.b, ports: null, selector: null");
    let external = admission.update(&again, name, Mode::Real).unwrap();
    assert!(external.spec()["clusterIP"].is_null() && external.spec()["ipFamilies"].is_null());
    assert_eq!(admission.pools[0].used(), 0);
    let back = admission.update(&external, service("web", ""), Mode::Real).unwrap();
    assert_eq!(ips(&back).len(), 1);
}

#[test]
fn a_name_that_no_address_can_point_to_fails_at_allocation() {
    let mut admission = admission(DUAL);
    let mut nameless = service("web", "clusterIP: 10.96.0.9");
    nameless.value.remove(&["metadata", "name"]);
    let error = admission.create(nameless, Mode::Real).unwrap_err();
    assert_eq!(
        error.causes[0].message,
        "Invalid value: [\"10.96.0.9\"]: failed to allocate IP 10.96.0.9: IPAddress.networking.k8s.io \"10.96.0.9\" is \
         invalid: spec.parentRef.name: Required value"
    );
    assert_eq!(admission.pools[0].used(), 0);
}

#[test]
fn a_dry_run_takes_nothing() {
    let mut admission = admission(DUAL);
    for spec in ["clusterIP: 10.96.0.9", "type: NodePort", "type: LoadBalancer, externalTrafficPolicy: Local"] {
        let object = admission.create(service("web", spec), Mode::DryRun).unwrap();
        assert!(!object.spec()["clusterIP"].is_null());
    }
    assert_eq!((admission.pools[0].used(), admission.ports.used()), (0, 0));
}

#[test]
fn a_service_made_again_draws_anew_and_one_name_does_not_shift_another() {
    let draw = |first: &[&str]| {
        let mut admission = admission(&["10.96.0.0/12"]);
        for name in first {
            admission.create(service(name, ""), Mode::Real).unwrap();
        }
        admission.create(service("web", ""), Mode::Real).unwrap().spec()["clusterIP"].clone()
    };
    assert_eq!(draw(&[]), draw(&["other"]));
    let mut admission = admission(&["10.96.0.0/12"]);
    let mut seen = Vec::new();
    for _ in 0..5 {
        let object = admission.create(service("web", ""), Mode::Real).unwrap();
        admission.release(&object);
        seen.push(object.spec()["clusterIP"].str().to_string());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

/// What a Service may hold, drawn from a handful that are often refused.
fn drawn(draw: &mut Rng) -> String {
    let mut pick = |items: &[&str]| items[draw.below(items.len() as u32) as usize].to_string();
    let parts = [
        pick(&["", "type: NodePort", "type: LoadBalancer", "type: ExternalName, externalName: a.b", "type: Odd"]),
        pick(&["", "", "clusterIP: 10.96.0.9", "clusterIP: None", "clusterIP: 'fd00:10:96::9'"]),
        pick(&[
            "",
            "ipFamilyPolicy: SingleStack",
            "ipFamilyPolicy: PreferDualStack",
            "ipFamilyPolicy: RequireDualStack",
        ]),
        pick(&["", "", "ipFamilies: [IPv4]", "ipFamilies: [IPv6, IPv4]"]),
        pick(&["", "", "externalTrafficPolicy: Local", "sessionAffinity: Odd"]),
        pick(&[
            "",
            "ports: [{port: 80, nodePort: 30001}]",
            "ports: [{name: a, port: 53}, {name: b, port: 53, protocol: UDP}]",
            "ports: [{name: a, port: 1, nodePort: 30001}, {name: b, port: 2}]",
        ]),
        pick(&["", "", "healthCheckNodePort: 30002", "allocateLoadBalancerNodePorts: false"]),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

#[test]
fn pools_hold_exactly_what_services_hold_whatever_happens() {
    for seed in 0..8 {
        let mut draw = Rng::new(seed);
        let mut admission = admission(&["10.96.0.0/24", "fd00:10:96::/112"]);
        let mut stored: Vec<Object> = Vec::new();
        for step in 0..400 {
            let name = ["a", "b", "c", "d", "e"][draw.below(5) as usize];
            let at = stored.iter().position(|object| object.name() == name);
            let wanted = service(name, &drawn(&mut draw));
            match at {
                Some(at) if draw.chance(300_000) => admission.release(&stored.swap_remove(at)),
                Some(at) => {
                    if let Ok(object) = admission.update(&stored[at], wanted, Mode::Real) {
                        stored[at] = object;
                    }
                }
                None => stored.extend(admission.create(wanted, Mode::Real)),
            }
            let mut ports: Vec<i64> = Vec::new();
            let mut addresses: Vec<&str> = Vec::new();
            for object in &stored {
                if object.spec()["type"].str() == "ExternalName" {
                    continue; // It may name an address, which it does not get.
                }
                addresses.extend(ips(object).iter().filter(|address| **address != "None"));
                if !matches!(object.spec()["type"].str(), "NodePort" | "LoadBalancer") {
                    continue; // An ExternalName Service may name a node port, which it does not get.
                }
                let own = object.spec()["ports"].items().iter().map(|port| &port["nodePort"]);
                let mut own: Vec<i64> = own.filter_map(Value::as_int).collect();
                own.extend(object.spec()["healthCheckNodePort"].as_int());
                own.sort();
                own.dedup();
                ports.extend(own);
            }
            let (used, count) = (admission.pools.iter().map(IpPool::used).sum::<u64>(), addresses.len() as u64);
            assert_eq!(used, count, "addresses, seed {seed}, step {step}");
            assert_eq!(admission.ports.used() as usize, ports.len(), "ports, seed {seed}, step {step}");
            addresses.sort();
            addresses.dedup();
            assert_eq!(addresses.len() as u64, count, "an address is held twice, seed {seed}, step {step}");
        }
    }
}

#[test]
fn a_pod_is_stored_with_its_priority_and_with_patience_for_its_node() {
    let mut admission = Admission::new(&[], 30_000..=32_767, Rng::new(0));
    let mut pod = Object::new(Kind::Pod, "default", "web");
    let mut container = Value::map();
    container.set(&["name"], "web");
    container.set(&["image"], "nginx");
    pod.value.set(&["spec", "containers"], vec![container]);
    let stored = admission.create(pod.clone(), Mode::Real).unwrap();
    assert_eq!(stored.spec()["priority"].as_int(), Some(0));
    assert_eq!(stored.spec()["preemptionPolicy"].str(), "PreemptLowerPriority");
    let tolerated = |pod: &Object| -> Vec<(String, Option<i64>)> {
        let all = pod.spec()["tolerations"].items().iter();
        all.map(|own| (own["key"].str().into(), own["tolerationSeconds"].as_int())).collect()
    };
    let (not_ready, unreachable) = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable");
    assert_eq!(tolerated(&stored), [(not_ready.into(), Some(300)), (unreachable.into(), Some(300))]);
    let mut again = pod.clone();
    again.value.set(&["metadata", "uid"], stored.uid());
    assert_eq!(admission.update(&stored, again, Mode::Real).unwrap().spec(), stored.spec());
    let mut own = Value::map();
    own.set(&["key"], unreachable);
    own.set(&["operator"], "Exists");
    pod.value.set(&["spec", "tolerations"], vec![own]);
    let stored = admission.create(pod.clone(), Mode::Real).unwrap();
    assert_eq!(tolerated(&stored), [(unreachable.into(), None), (not_ready.into(), Some(300))]);
    pod.value.set(&["spec", "priority"], 5);
    assert_eq!(
        admission.create(pod, Mode::Real).unwrap_err().message,
        "pods \"web\" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority \
         admission controller computed 0 from the given PriorityClass name"
    );
}
