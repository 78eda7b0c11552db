use crate::{
    api::{Key, Kind, Object, Value},
    control::{ControlConfig, ControlPlane, DeleteOptions, NodeConfig},
    time::Instant,
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

fn plane() -> ControlPlane {
    let mut config = ControlConfig::default();
    config.nodes.push(NodeConfig::new("node-3", "192.168.0.13".parse().unwrap(), "10.244.3.0/24".parse().unwrap()));
    config.nodes[0].zone = Some("a".to_owned());
    config.nodes[1].zone = Some("b".to_owned());
    config.nodes[2].zone = Some("c".to_owned());
    ControlPlane::new(config)
}

fn now() -> Instant {
    Instant::from_secs(60)
}

fn service(set: impl FnOnce(&mut Value)) -> Object {
    let mut service = Object::new(Kind::Service, "default", "web");
    service.value.set(&["spec", "selector", "app"], "web");
    service.value.set(&["spec", "clusterIP"], "10.96.7.7");
    service.value.set(&["spec", "ports"], Vec::from([port("", 80, Value::Int(8080))]));
    set(&mut service.value);
    service
}

fn port(name: &str, number: i64, target: Value) -> Value {
    let mut port = Value::map();
    if !name.is_empty() {
        port.set(&["name"], name);
    }
    port.set(&["port"], number);
    port.set(&["targetPort"], target);
    port.set(&["protocol"], "TCP");
    port
}

fn pod(name: &str, ip: &str, node: &str) -> Object {
    let mut pod = Object::new(Kind::Pod, "default", name);
    let value = &mut pod.value;
    value.set(&["metadata", "labels", "app"], "web");
    value.set(&["spec", "nodeName"], node);
    value.set(&["spec", "containers"], Vec::from([container()]));
    value.set(&["status", "phase"], "Running");
    let mut entry = Value::map();
    entry.set(&["ip"], ip);
    value.set(&["status", "podIPs"], Vec::from([entry]));
    value.set(&["status", "conditions"], Vec::from([ready("True")]));
    pod
}

fn container() -> Value {
    let mut container = Value::map();
    container.set(&["name"], "web");
    container.set(&["image"], "nginx");
    container
}

fn ready(status: &str) -> Value {
    let mut condition = Value::map();
    condition.set(&["type"], "Ready");
    condition.set(&["status"], status);
    condition
}

/// Adds a pod with its status, as the kubelet would write it.
fn add(plane: &mut ControlPlane, pod: Object) {
    let (key, status) = (pod.key(), pod.status().clone());
    plane.create(now(), pod).unwrap();
    plane.update_status(now(), &key, status).unwrap();
}

fn set_ready(plane: &mut ControlPlane, name: &str, truth: &str) {
    let key = Key::new(Kind::Pod, "default", name);
    let mut status = plane.store().get(&key).unwrap().status().clone();
    status.set(&["conditions"], Vec::from([ready(truth)]));
    plane.update_status(now(), &key, status).unwrap();
}

fn slices(plane: &ControlPlane) -> Vec<&Object> {
    plane.store().labelled(Kind::EndpointSlice, "default", "kubernetes.io/service-name", "web").map(|s| &**s).collect()
}

/// `address ready/serving/terminating` of each endpoint, sorted.
fn endpoints(plane: &ControlPlane) -> Vec<String> {
    let mut lines: Vec<String> = slices(plane)
        .iter()
        .flat_map(|slice| slice.value["endpoints"].items())
        .map(|endpoint| {
            let is = |name: &str| u8::from(endpoint["conditions"][name].as_bool().unwrap());
            format!("{} {}/{}/{}", endpoint["addresses"][0].str(), is("ready"), is("serving"), is("terminating"))
        })
        .collect();
    lines.sort();
    lines
}

fn sizes(plane: &ControlPlane) -> Vec<usize> {
    let mut sizes: Vec<usize> = slices(plane).iter().map(|slice| slice.value["endpoints"].items().len()).collect();
    sizes.sort();
    sizes
}

#[test]
fn ready_pods_become_ready_endpoints_with_node_and_zone() {
    let mut plane = plane();
    plane.create(now(), service(|_| {})).unwrap();
    add(&mut plane, pod("a", "10.1.0.1", "node-1"));
    plane.reconcile(now());
    let slices = slices(&plane);
    assert_eq!(slices.len(), 1);
    let slice = &slices[0].value;
    assert_eq!(slice["ports"][0]["port"].as_int(), Some(8080));
    assert_eq!(slice["ports"][0]["name"].as_str(), Some(""));
    let endpoint = &slice["endpoints"][0];
    assert_eq!((endpoint["nodeName"].str(), endpoint["zone"].str()), ("node-1", "a"));
    assert_eq!(endpoint["targetRef"]["name"].str(), "a");
    assert!(slices[0].name().starts_with("web-"));
    assert_eq!(endpoints(&plane), ["10.1.0.1 1/1/0"]);
}

#[test]
fn conditions_follow_readiness_and_deletion() {
    let mut plane = plane();
    plane.create(now(), service(|_| {})).unwrap();
    add(&mut plane, pod("a", "10.1.0.1", "node-1"));
    add(&mut plane, pod("b", "10.1.0.2", "node-1"));
    plane.reconcile(now());
    set_ready(&mut plane, "a", "False");
    plane.delete(now(), &Key::new(Kind::Pod, "default", "b"), DeleteOptions::default()).unwrap();
    plane.reconcile(now());
    assert_eq!(endpoints(&plane), ["10.1.0.1 0/0/0", "10.1.0.2 0/1/1"]);
    let ep = plane.store().find(Kind::Endpoints, "default", "web").unwrap();
    assert_eq!(ep.value["subsets"].items().len(), 1);
    assert_eq!(ep.value["subsets"][0]["notReadyAddresses"][0]["ip"].str(), "10.1.0.1");
    assert!(ep.value["subsets"][0]["addresses"].is_null());
}

#[test]
fn publishing_all_addresses_makes_every_endpoint_ready_and_keeps_serving_true_to_the_pod() {
    let mut plane = plane();
    plane.create(now(), service(|v| v.set(&["spec", "publishNotReadyAddresses"], true))).unwrap();
    add(&mut plane, pod("a", "10.1.0.1", "node-1"));
    set_ready(&mut plane, "a", "False");
    plane.reconcile(now());
    assert_eq!(endpoints(&plane), ["10.1.0.1 1/0/0"]);
}

#[test]
fn a_service_without_pods_has_one_empty_slice_per_family() {
    let mut config = ControlConfig::default();
    config.service_cidrs.push("fd00:10:96::/108".parse().unwrap());
    let mut plane = ControlPlane::new(config);
    let dual = || service(|v| v.set(&["spec", "ipFamilyPolicy"], "PreferDualStack"));
    plane.create(now(), dual()).unwrap();
    plane.reconcile(now());
    let mut families: Vec<_> = slices(&plane).iter().map(|s| s.value["addressType"].str()).collect();
    families.sort();
    assert_eq!(families, ["IPv4", "IPv6"]);
    assert_eq!(sizes(&plane), [0, 0]);
    let revision = plane.store().revision();
    plane.replace(now(), dual()).unwrap();
    plane.reconcile(now());
    assert_eq!(plane.store().revision(), revision);
}

#[test]
fn a_named_port_with_two_numbers_makes_two_slices() {
    let mut plane = plane();
    plane.create(now(), service(|v| v.set(&["spec", "ports"], Vec::from([port("w", 80, "http".into())])))).unwrap();
    for (name, ip, number) in [("a", "10.1.0.1", 8080), ("b", "10.1.0.2", 9090), ("c", "10.1.0.3", 8080)] {
        let mut pod = pod(name, ip, "node-1");
        let mut container = container();
        let mut named = Value::map();
        named.set(&["name"], "http");
        named.set(&["containerPort"], number);
        container.set(&["ports"], Vec::from([named]));
        pod.value.set(&["spec", "containers"], Vec::from([container]));
        add(&mut plane, pod);
    }
    plane.reconcile(now());
    assert_eq!(sizes(&plane), [1, 2]);
    let subsets = plane.store().find(Kind::Endpoints, "default", "web").unwrap().value["subsets"].items().len();
    assert_eq!(subsets, 2);
}

#[test]
fn a_hundred_and_one_endpoints_need_two_slices_and_the_gap_is_filled_again() {
    let mut plane = plane();
    plane.create(now(), service(|_| {})).unwrap();
    for n in 0..101 {
        add(&mut plane, pod(&format!("p{n:03}"), &format!("10.2.0.{n}"), "node-1"));
    }
    plane.reconcile(now());
    assert_eq!(sizes(&plane), [1, 100]);
    let gone = DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
    plane.delete(now(), &Key::new(Kind::Pod, "default", "p000"), gone).unwrap();
    add(&mut plane, pod("new", "10.2.1.1", "node-1"));
    plane.reconcile(now());
    assert_eq!(sizes(&plane), [1, 100]);
}

#[test]
fn a_slice_someone_else_deletes_comes_back_after_a_second() {
    let mut plane = plane();
    plane.create(now(), service(|_| {})).unwrap();
    add(&mut plane, pod("a", "10.1.0.1", "node-1"));
    plane.reconcile(now());
    let key = slices(&plane)[0].key();
    plane.delete(now(), &key, DeleteOptions::default()).unwrap();
    plane.reconcile(now());
    assert!(slices(&plane).is_empty());
    let later = plane.poll_at().unwrap();
    assert_eq!(later.secs(), 61);
    plane.reconcile(later);
    assert_eq!(endpoints(&plane), ["10.1.0.1 1/1/0"]);
}

#[test]
fn preferring_the_same_node_hints_zone_and_node_of_ready_endpoints_only() {
    let mut plane = plane();
    plane.create(now(), service(|v| v.set(&["spec", "trafficDistribution"], "PreferSameNode"))).unwrap();
    add(&mut plane, pod("a", "10.1.0.1", "node-1"));
    add(&mut plane, pod("b", "10.1.0.2", "node-2"));
    set_ready(&mut plane, "b", "False");
    plane.reconcile(now());
    let hints: Vec<(String, String)> = slices(&plane)[0].value["endpoints"]
        .items()
        .iter()
        .map(|e| {
            (e["hints"]["forZones"][0]["name"].str().to_string(), e["hints"]["forNodes"][0]["name"].str().to_string())
        })
        .collect();
    assert_eq!(hints, [("a".to_owned(), "node-1".to_owned()), (String::new(), String::new())]);

    plane.replace(now(), service(|_| {})).unwrap();
    plane.reconcile(now());
    assert!(slices(&plane)[0].value["endpoints"].items().iter().all(|e| e["hints"].is_null()));
}

#[test]
fn topology_mode_auto_gives_each_zone_its_share() {
    let mut plane = plane();
    let auto = |v: &mut Value| v.set(&["metadata", "annotations", "service.kubernetes.io/topology-mode"], "Auto");
    plane.create(now(), service(auto)).unwrap();
    for (name, ip, node) in [
        ("a", "10.1.0.1", "node-1"),
        ("b", "10.1.0.2", "node-1"),
        ("c", "10.1.0.3", "node-1"),
        ("d", "10.1.0.4", "node-2"),
        ("e", "10.1.0.5", "node-2"),
        ("f", "10.1.0.6", "node-3"),
    ] {
        add(&mut plane, pod(name, ip, node));
    }
    plane.reconcile(now());
    let mut zones: Vec<_> =
        slices(&plane)[0].value["endpoints"].items().iter().map(|e| e["hints"]["forZones"][0]["name"].str()).collect();
    zones.sort();
    assert_eq!(zones, ["a", "a", "b", "b", "c", "c"]);
    let events = plane.events().of(&Key::new(Kind::Service, "default", "web")).collect::<Vec<_>>();
    assert_eq!(events[0].message, "Topology Aware Hints has been enabled, addressType: IPv4");
}

#[test]
fn topology_mode_auto_with_too_few_endpoints_gives_no_hints_and_says_why() {
    let mut plane = plane();
    let auto = |v: &mut Value| v.set(&["metadata", "annotations", "service.kubernetes.io/topology-mode"], "Auto");
    plane.create(now(), service(auto)).unwrap();
    add(&mut plane, pod("a", "10.1.0.1", "node-1"));
    plane.reconcile(now());
    assert!(slices(&plane)[0].value["endpoints"][0]["hints"].is_null());
    let events = plane.events().of(&Key::new(Kind::Service, "default", "web")).collect::<Vec<_>>();
    let words = "Insufficient number of endpoints (1 endpoints, 3 zones), addressType: IPv4";
    assert_eq!(events[0].message, words);
}

#[test]
fn a_pod_that_is_over_leaves_only_when_its_readiness_or_deletion_says_so_too() {
    let mut plane = plane();
    plane.create(now(), service(|_| {})).unwrap();
    add(&mut plane, pod("a", "10.1.0.1", "node-1"));
    plane.reconcile(now());
    let key = Key::new(Kind::Pod, "default", "a");
    let mut status = plane.store().get(&key).unwrap().status().clone();
    status.set(&["phase"], "Succeeded");
    plane.update_status(now(), &key, status).unwrap();
    plane.reconcile(now());
    assert_eq!(endpoints(&plane).len(), 1);
    set_ready(&mut plane, "a", "False");
    plane.reconcile(now());
    assert!(endpoints(&plane).is_empty());
}

#[test]
fn labels_of_the_service_are_copied_and_kept_current() {
    let mut plane = plane();
    plane.create(now(), service(|v| v.set(&["metadata", "labels", "team"], "a"))).unwrap();
    add(&mut plane, pod("a", "10.1.0.1", "node-1"));
    plane.reconcile(now());
    assert_eq!(slices(&plane)[0].label("team"), Some("a"));
    plane.replace(now(), service(|v| v.set(&["metadata", "labels", "team"], "b"))).unwrap();
    plane.reconcile(now());
    assert_eq!(slices(&plane)[0].label("team"), Some("b"));
}

#[test]
fn endpoints_written_by_hand_are_mirrored_and_removed_with_the_service() {
    let mut plane = plane();
    plane.create(now(), service(|v| drop(v.remove(&["spec", "selector"])))).unwrap();
    let mut manual = Object::new(Kind::Endpoints, "default", "web");
    let mut subset = Value::map();
    for (field, ip) in [("addresses", "192.0.2.1"), ("notReadyAddresses", "192.0.2.2")] {
        let mut address = Value::map();
        address.set(&["ip"], ip);
        subset.set(&[field], Vec::from([address]));
    }
    let mut port = Value::map();
    port.set(&["port"], 9376);
    subset.set(&["ports"], Vec::from([port]));
    manual.value.set(&["subsets"], Vec::from([subset]));
    plane.create(now(), manual).unwrap();
    plane.reconcile(now());
    let mirrored = slices(&plane);
    assert_eq!(mirrored.len(), 1);
    assert_eq!(
        mirrored[0].label("endpointslice.kubernetes.io/managed-by"),
        Some("endpointslicemirroring-controller.k8s.io")
    );
    let conditions: Vec<_> =
        mirrored[0].value["endpoints"].items().iter().map(|e| e["conditions"]["ready"].as_bool()).collect();
    assert_eq!(conditions, [Some(true), Some(false)]);

    plane.delete(now(), &Key::new(Kind::Service, "default", "web"), DeleteOptions::default()).unwrap();
    plane.reconcile(now());
    assert!(slices(&plane).is_empty());
    assert!(plane.store().find(Kind::Endpoints, "default", "web").is_none());
}
