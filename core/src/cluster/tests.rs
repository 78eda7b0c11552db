use super::*;
use crate::api::{Kind, Object};
use crate::time::Duration;
use alloc::{borrow::ToOwned, string::String};

fn cluster() -> Cluster {
    let mut cluster = Cluster::new(Config::default()).unwrap();
    assert!(cluster.settle().is_settled());
    cluster
}

#[test]
fn a_new_cluster_comes_to_rest_with_its_dns_ready() {
    let cluster = cluster();
    let pods: Vec<_> = cluster.list(Kind::Pod, Some("kube-system")).collect();
    assert_eq!(pods.len(), 2);
    for pod in pods {
        assert_eq!(pod.status()["phase"].str(), "Running", "{:?}", pod.status());
    }
    let slices: Vec<_> = cluster.list(Kind::EndpointSlice, Some("kube-system")).collect();
    let ready = slices.iter().flat_map(|slice| slice.value["endpoints"].items());
    assert_eq!(ready.filter(|endpoint| endpoint["conditions"]["ready"].as_bool() == Some(true)).count(), 2);
}

#[test]
fn a_replayed_journal_ends_in_the_same_digest() {
    let mut first = cluster();
    first.set_ready("kube-system", "nobody", Some(true));
    first.exec(&Place::Node("node-1".into()), "echo hello").unwrap();
    first.advance(crate::time::Duration::from_secs(30));
    let second = first.fork().unwrap();
    assert_eq!(first.digest(), second.digest());
    assert_eq!(first.now(), second.now());
}

#[test]
fn a_process_that_reads_gets_what_is_typed() {
    let mut cluster = cluster();
    let place = Place::Node(String::from("node-1"));
    let missing = cluster.start(&Place::pod("default", "nobody"), &["true"], false);
    assert!(matches!(missing, Err(StartError::NoPod { .. })));
    let process = cluster.start(&place, &["echo", "hello"], false).unwrap();
    cluster.run_process(process, crate::time::Duration::from_secs(1), crate::time::Duration::from_secs(10));
    let (output, has_ended) = cluster.read(process);
    assert_eq!((output.stdout.as_str(), has_ended), ("hello\n", true));
}

fn pod(name: &str, image: &str, label: &str) -> crate::api::Object {
    use crate::api::Value;
    let mut pod = crate::api::Object::new(Kind::Pod, "default", name);
    pod.value.set(&["metadata", "labels", "app"], label);
    let mut container = Value::map();
    container.set(&["name"], "main");
    container.set(&["image"], image);
    let mut port = Value::map();
    port.set(&["containerPort"], 8080);
    container.set(&["ports"], alloc::vec![port]);
    pod.value.set(&["spec", "containers"], alloc::vec![container]);
    pod
}

fn service(name: &str, label: &str) -> crate::api::Object {
    use crate::api::Value;
    let mut service = crate::api::Object::new(Kind::Service, "default", name);
    service.value.set(&["spec", "selector", "app"], label);
    let mut port = Value::map();
    port.set(&["port"], 80);
    port.set(&["targetPort"], 8080);
    service.value.set(&["spec", "ports"], alloc::vec![port]);
    service
}

#[test]
fn a_pod_answers_another_at_its_own_address_on_another_node() {
    let mut cluster = cluster();
    cluster.create(pod("a", "app:1", "web")).unwrap();
    cluster.create(pod("b", "app:1", "web")).unwrap();
    cluster.settle();
    let address = String::from(cluster.object(Kind::Pod, "default", "b").unwrap().status()["podIP"].str());
    let output = cluster.exec(&Place::pod("default", "a"), &alloc::format!("curl -s http://{address}:8080/")).unwrap();
    assert_eq!(output.stdout, "b\n", "{output:?}");
}

#[test]
fn a_service_answers_by_name_through_its_virtual_address() {
    let mut cluster = cluster();
    cluster.create(pod("a", "app:1", "client")).unwrap();
    cluster.create(pod("b", "app:1", "web")).unwrap();
    cluster.create(service("hotel-service", "web")).unwrap();
    cluster.settle();
    let output = cluster.exec(&Place::pod("default", "a"), "curl -s http://hotel-service").unwrap();
    assert_eq!(output.stdout, "b\n", "{output:?}");
    let trips = cluster.send(&Request::new(Place::pod("default", "a"), "http://hotel-service.default")).unwrap();
    assert_eq!(trips[0].outcome, Outcome::Connected);
    assert_eq!(trips[0].pod, Some(Place::pod("default", "b")));
}

#[test]
fn every_packet_at_a_router_is_a_passage_with_its_words_and_both_flows() {
    let mut cluster = cluster();
    cluster.create(pod("a", "app:1", "client")).unwrap();
    cluster.create(service("hotel-service", "web")).unwrap();
    cluster.settle();
    cluster.exec(&Place::pod("default", "a"), "curl -s http://hotel-service").unwrap();
    cluster.create(pod("b", "app:1", "web")).unwrap();
    cluster.settle();
    cluster.exec(&Place::pod("default", "a"), "curl -s http://hotel-service").unwrap();
    let words: Vec<_> = cluster.passages().since(0).map(|(_, passage)| passage.info()).collect();
    for word in
        ["A? hotel-service.default.svc.cluster.local.", "port unreachable", "SYN", "SYN-ACK", "GET / HTTP/1.1", "FIN"]
    {
        assert!(words.iter().any(|info| info == word), "{word} is not among {words:?}");
    }
    let translated =
        |info: &str| cluster.passages().since(0).any(|(_, p)| p.info() == info && p.before.dst != p.after.dst);
    assert!(translated("SYN") && translated("GET / HTTP/1.1"));
}

#[test]
fn tcpdump_on_a_node_sees_both_sides_of_the_translation() {
    let mut cluster = cluster();
    cluster.create(pod("a", "app:1", "client")).unwrap();
    cluster.create(pod("b", "app:1", "web")).unwrap();
    cluster.create(service("hotel-service", "web")).unwrap();
    cluster.settle();
    let node = String::from(cluster.object(Kind::Pod, "default", "a").unwrap().spec()["nodeName"].str());
    let service = cluster.object(Kind::Service, "default", "hotel-service").unwrap().spec()["clusterIP"].str();
    let service = alloc::format!(" > {service}.80: Flags [S]");
    let pod = cluster.object(Kind::Pod, "default", "b").unwrap().status()["podIP"].str();
    let pod = alloc::format!(" > {pod}.8080: Flags [S]");
    let dump = cluster.start(&Place::Node(node), &["tcpdump", "-ni", "any", "tcp", "-c", "4"], false).unwrap();
    cluster.advance(Duration::from_millis(1));
    cluster.exec(&Place::pod("default", "a"), "curl -s http://hotel-service").unwrap();
    cluster.advance(Duration::from_secs(1));
    let (output, has_ended) = cluster.read(dump);
    assert!(has_ended && output.stdout.contains(&service) && output.stdout.contains(&pod), "{output:?}");
}

#[test]
fn a_request_leaves_from_a_pod_whose_image_has_no_client() {
    let mut cluster = cluster();
    cluster.create(pod("a", "redis", "store")).unwrap();
    cluster.create(pod("b", "app:1", "web")).unwrap();
    cluster.create(service("hotel-service", "web")).unwrap();
    cluster.settle();
    let from = Place::pod("default", "a");
    assert_eq!(cluster.exec(&from, "curl -s http://hotel-service").unwrap().exit_code, 127);
    let trips = cluster.send(&Request::new(from, "http://hotel-service")).unwrap();
    assert_eq!((trips[0].outcome, trips[0].status), (Outcome::Connected, Some(200)));
}

#[test]
fn a_range_without_room_for_the_first_service_is_refused() {
    for (range, is_refused) in [("10.0.0.0/31", true), ("10.0.0.0/32", true), ("10.0.0.0/30", false)] {
        let config = Config { service_cidrs: alloc::vec![range.parse().unwrap()], dns: None, ..Config::default() };
        assert_eq!(Cluster::new(config).is_err(), is_refused, "{range}");
    }
}

#[test]
fn nginx_logs_its_requests() {
    let mut cluster = cluster();
    cluster.create(pod("web", "nginx", "web")).unwrap();
    cluster.create(pod("client", "app:1", "client")).unwrap();
    cluster.settle();
    let to = cluster.object(Kind::Pod, "default", "web").unwrap().status()["podIP"].str().to_owned();
    let from = cluster.object(Kind::Pod, "default", "client").unwrap().status()["podIP"].str().to_owned();
    cluster.exec(&Place::pod("default", "client"), &alloc::format!("curl -s http://{to}/nope")).unwrap();
    let logs = cluster.kubectl("kubectl logs web").stdout;
    assert!(logs.starts_with(&alloc::format!("{from} - - [01/Jan/2026:00:00:")), "{logs}");
    assert!(logs.contains(" +0000] \"GET /nope HTTP/1.1\" 404 153 \"-\" \"curl/"), "{logs}");
}

/// A cluster of that many Services with two pods each, at rest.
fn services(count: u32) -> Cluster {
    use crate::api::{Object, Value, field};
    let mut cluster = cluster();
    for n in 0..count {
        let mut service = Object::new(Kind::Service, "default", &alloc::format!("web-{n}"));
        service.value.set(&["spec", "selector", "app"], alloc::format!("web-{n}"));
        service.value.set(&["spec", "ports"], alloc::vec![Value::of(alloc::vec![field("port", 80)])]);
        cluster.create(service).unwrap();
        for replica in ["a", "b"] {
            let name = alloc::format!("web-{n}-{replica}");
            cluster.create(pod(&name, "app", &alloc::format!("web-{n}"))).unwrap();
        }
    }
    assert!(cluster.settle().is_settled());
    cluster
}

#[test]
fn what_a_deleted_pod_leads_to_does_not_grow_with_the_cluster() {
    let at_once = crate::control::DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
    let work = [2, 40].map(|count| {
        let mut cluster = services(count);
        let (writes, seen) = (cluster.control().store().revision(), cluster.recorder().end());
        cluster.delete(&crate::api::Key::new(Kind::Pod, "default", "web-1-a"), at_once).unwrap();
        assert!(cluster.settle().is_settled());
        (cluster.control().store().revision() - writes, cluster.recorder().end() - seen)
    });
    assert_eq!(work[0], work[1]);
    assert_eq!(work[0].0, 3, "the pod, its slice and its Endpoints");
}

#[test]
fn a_pod_that_does_nothing_waits_for_nothing() {
    let waiting = [2, 40].map(|count| services(count).schedule.iter().count());
    assert_eq!(waiting[0], waiting[1]);
}

#[test]
fn a_pod_that_is_replaced_stays_on_its_node() {
    let mut cluster = cluster();
    cluster.create(pod("web", "nginx", "web")).unwrap();
    cluster.settle();
    let node = cluster.object(Kind::Pod, "default", "web").unwrap().spec()["nodeName"].str().to_owned();
    let written = cluster.replace(pod("web", "nginx", "other")).unwrap();
    assert_eq!(written.spec()["nodeName"].str(), node);
    let mut moved = pod("web", "nginx", "web");
    moved.value.set(&["spec", "nodeName"], "elsewhere");
    assert!(cluster.replace(moved).unwrap_err().message.contains("pod updates may not change fields"));
}

#[test]
fn a_maglev_table_of_no_prime_size_is_refused() {
    use crate::dataplane::Mode;
    for (size, is_right) in
        [(0, false), (1, false), (2, true), (9, false), (251, true), (65_537, true), (70_000, false)]
    {
        let made = Cluster::new(Config { proxy: Mode::Maglev(size), ..Config::default() });
        assert_eq!(made.is_ok(), is_right, "{size}");
    }
}

#[test]
fn a_cluster_grows_old_without_harm() {
    let mut cluster = cluster();
    cluster.create(pod("web", "nginx", "web")).unwrap();
    cluster.settle();
    cluster.advance(Duration::from_secs(36 * 366 * 86_400));
    cluster.create(pod("other", "nginx", "web")).unwrap();
    assert!(cluster.settle().is_settled());
}

#[test]
fn a_node_that_a_manifest_made_takes_no_pod() {
    let mut cluster = cluster();
    cluster.create(Object::new(Kind::Node, "", "node-3")).unwrap();
    for n in 0..6 {
        cluster.create(pod(&alloc::format!("web-{n}"), "nginx", "web")).unwrap();
    }
    cluster.settle();
    let pods = cluster.control().store().list(Kind::Pod, None);
    assert!(pods.into_iter().all(|pod| pod.spec()["nodeName"].str() != "node-3"));
}
