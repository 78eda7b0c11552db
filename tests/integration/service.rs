//! A Service as a client meets it: by name, by address, with and without backends, from inside and outside.

use clusterip::{
    api::Kind,
    cluster::{Config, Outcome, Place, Request},
    time::Duration,
};
use std::collections::BTreeSet;
use tests::lab::{CLIENT, HOTEL, Lab};

fn hotel() -> Lab {
    let mut lab = Lab::new();
    lab.create(HOTEL);
    lab.create(CLIENT);
    lab
}

#[test]
fn every_form_of_the_name_leads_to_a_pod() {
    let mut lab = hotel();
    for name in [
        "hotel-service",
        "hotel-service.default",
        "hotel-service.default.svc",
        "hotel-service.default.svc.cluster.local",
    ] {
        let output = lab.exec("client", &format!("curl -s http://{name}"));
        assert!(output.stdout.starts_with("hotel-app-"), "{name}: {output:?}");
    }
}

#[test]
fn sixty_calls_reach_all_three_pods_and_the_address_never_moves() {
    let mut lab = hotel();
    let address =
        |lab: &Lab| lab.cluster.object(Kind::Service, "default", "hotel-service").unwrap().spec()["clusterIP"].clone();
    let before = address(&lab);
    let request = Request { times: 60, ..Request::new(Place::pod("default", "client"), "http://hotel-service") };
    let trips = lab.cluster.send(&request).unwrap();
    let backends: BTreeSet<_> = trips.iter().map(|trip| trip.pod.clone().expect("a pod answered")).collect();
    assert_eq!(backends.len(), 3);
    assert!(trips.iter().all(|trip| trip.outcome == Outcome::Connected && trip.status == Some(200)));
    assert_eq!(address(&lab), before);
}

#[test]
fn a_service_without_ready_pods_is_refused_at_once() {
    let mut lab = hotel();
    let pods: Vec<String> = (lab.cluster.list(Kind::Pod, Some("default")))
        .map(|pod| pod.name().to_owned())
        .filter(|name| name.starts_with("hotel-app"))
        .collect();
    for pod in pods {
        lab.cluster.set_ready("default", &pod, Some(false));
    }
    lab.settle();
    let output = lab.exec("client", "curl -s -S http://hotel-service");
    assert_eq!(output.exit_code, 7, "{output:?}");
    let trip =
        lab.cluster.send(&Request::new(Place::pod("default", "client"), "http://hotel-service")).unwrap().remove(0);
    assert_eq!(trip.outcome, Outcome::Refused);
    assert!(trip.took.total_millis() < 100, "a refusal is no timeout: {}", trip.took);
}

#[test]
fn a_name_that_nobody_has_does_not_resolve() {
    let mut lab = hotel();
    let output = lab.exec("client", "curl http://motel-service");
    assert_eq!(
        (output.exit_code, output.stderr.contains("Could not resolve host: motel-service")),
        (6, true),
        "{output:?}"
    );
}

#[test]
fn outside_the_cluster_nobody_answers() {
    let mut lab = hotel();
    let service = lab.cluster.object(Kind::Service, "default", "hotel-service").unwrap();
    let address = service.spec()["clusterIP"].str().to_owned();
    let output = lab.at(&Place::Outside(String::new()), &format!("curl -s -S -m 5 http://{address}"));
    assert_eq!(output.exit_code, 28, "{output:?}");
}

#[test]
fn a_deleted_pod_is_replaced_and_its_address_is_gone() {
    let mut lab = hotel();
    let pod =
        lab.cluster.list(Kind::Pod, Some("default")).find(|pod| pod.name().starts_with("hotel-app")).unwrap().clone();
    let address = pod.status()["podIP"].str().to_owned();
    lab.cluster.delete(&pod.key(), Default::default()).unwrap();
    lab.settle();
    assert!(lab.cluster.object(Kind::Pod, "default", pod.name()).is_none());
    let output = lab.exec("client", &format!("curl -s -m 3 http://{address}:8080"));
    assert_eq!(output.exit_code, 28, "{output:?}");
    assert_eq!(lab.exec("client", "curl -s http://hotel-service").exit_code, 0);
}

#[test]
fn requests_that_share_a_connection_share_its_backend() {
    let mut lab = hotel();
    let request = Request { times: 12, ..Request::new(Place::pod("default", "client"), "http://hotel-service") };
    let kept = Request { keep_alive: true, every: Duration::from_secs(2), ..request.clone() };
    let started = lab.cluster.now();
    let trips = lab.cluster.send(&kept).unwrap();
    assert_eq!(trips.len(), 12);
    assert!(trips.iter().all(|trip| trip.status == Some(200) && trip.backend == trips[0].backend), "{trips:?}");
    assert!(trips.iter().all(|trip| trip.text == trips[0].text && trip.frames.0 < trip.frames.1));
    let took = lab.cluster.now() - started;
    assert!(took >= Duration::from_secs(22) && took < Duration::from_secs(23), "{took}");
    let backends: BTreeSet<_> = lab.cluster.send(&request).unwrap().iter().map(|trip| trip.backend).collect();
    assert_eq!(backends.len(), 3, "each connection is balanced by itself");
}

#[test]
fn requests_on_one_connection_that_nobody_takes_are_refused_one_by_one() {
    let mut lab = hotel();
    let request = Request::new(Place::pod("default", "client"), "http://hotel-service:81");
    let trips = lab.cluster.send(&Request { times: 3, keep_alive: true, ..request.clone() }).unwrap();
    let plain = lab.cluster.send(&request).unwrap();
    assert_eq!(trips.len(), 3);
    assert!(trips.iter().all(|trip| trip.outcome == plain[0].outcome && trip.status == plain[0].status), "{trips:?}");
}

#[test]
fn what_a_container_sets_itself_goes_before_what_its_runtime_gives_it() {
    let mut lab = Lab::new();
    let run = "kubectl run web --image=busybox --env=HOME=/srv --env=HOTEL=grand --command -- sleep infinity";
    assert_eq!(lab.cluster.kubectl(run).exit_code, 0);
    lab.settle();
    let env = lab.exec("web", "env").stdout;
    let values = |name: &str| env.lines().filter_map(|line| line.strip_prefix(name)).collect::<Vec<_>>();
    assert_eq!((values("HOME="), values("HOTEL="), values("HOSTNAME=")), (vec!["/srv"], vec!["grand"], vec!["web"]));
}

#[test]
fn a_pods_hosts_file_is_what_the_kubelet_writes() {
    let mut lab = hotel();
    lab.create(
        "{apiVersion: v1, kind: Pod, metadata: {name: guest}, spec: {subdomain: wing, hostAliases: [{ip: 10.96.0.10, \
         hostnames: [api, api.example]}], containers: [{name: c, image: busybox, command: [sleep, infinity]}]}}",
    );
    let address = lab.exec("guest", "hostname -i").stdout;
    assert_eq!(
        lab.exec("guest", "cat /etc/hosts").stdout,
        format!(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
             fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n\
             {}\tguest.wing.default.svc.cluster.local\tguest\n\n\
             # Entries added by HostAliases.\n10.96.0.10\tapi\tapi.example\n",
            address.trim()
        )
    );
    assert_eq!(lab.exec("guest", "hostname -f").stdout, "guest.wing.default.svc.cluster.local\n");
    assert_eq!(lab.exec("guest", "nc -zvw1 api.example 53").exit_code, 0);
}

#[test]
fn a_target_says_its_protocol() {
    let mut lab = hotel();
    lab.create(
        "{apiVersion: v1, kind: Pod, metadata: {name: mute, labels: {app: mute}}, spec: {containers: [{name: c, image: \
         busybox, command: [nc, -u, -l, -p, '9000']}]}}",
    );
    for (service, selected) in [("mute", "mute"), ("empty", "nobody")] {
        lab.create(&format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: {service}}}, spec: {{selector: {{app: {selected}}}, ports: \
             [{{port: 9000, protocol: UDP}}]}}}}"
        ));
    }
    let mut outcome = |to: &str| {
        let request = Request::new(Place::pod("default", "client"), to);
        lab.cluster.send(&request).map(|trips| trips[0].outcome).map_err(|error| error.to_string())
    };
    assert_eq!(outcome("hotel-service"), Ok(Outcome::Connected));
    assert_eq!(outcome("tcp://hotel-service:80"), Ok(Outcome::Connected));
    assert_eq!(outcome("udp://kube-dns.kube-system:53"), Ok(Outcome::Connected));
    assert_eq!(outcome("icmp://172.30.0.11"), Ok(Outcome::Connected));
    assert_eq!(outcome("icmp://10.244.1.200"), Ok(Outcome::Timeout));
    assert_eq!(outcome("udp://nobody:53"), Ok(Outcome::Unresolved));
    assert_eq!(outcome("udp://nobody:9000"), Ok(Outcome::Unresolved));
    // Nobody answers a datagram: all that is known is that nobody has said no.
    assert_eq!(outcome("udp://mute:9000"), Ok(Outcome::Timeout));
    assert_eq!(outcome("udp://empty:9000"), Ok(Outcome::Refused));
    assert_eq!(outcome("udp://hotel-service:53"), Ok(Outcome::Timeout));
    for none in ["gopher://hotel-service", "", "http://hotel-service/'; echo"] {
        assert!(outcome(none).unwrap_err().contains("say http://NAME"), "{none}");
    }
}

#[test]
fn a_cluster_of_other_service_ranges_has_addresses_of_their_families_throughout() {
    for (ranges, dns) in [("fd00:96::/112", "fd00:96::a"), ("10.100.0.0/24,fd00:96::/112", "10.100.0.10")] {
        let ranges: Vec<_> = ranges.split(',').map(|range| range.parse().unwrap()).collect();
        let mut lab = Lab::with(Config::with_service_cidrs(ranges.clone()));
        lab.create(HOTEL);
        lab.create(CLIENT);
        assert!(lab.exec("client", "cat /etc/resolv.conf").stdout.contains(&format!("nameserver {dns}\n")));
        let addresses = lab.exec("client", "hostname -i").stdout;
        assert_eq!(addresses.split_whitespace().count(), ranges.len());
        assert!(lab.exec("client", "curl -s http://hotel-service").stdout.starts_with("hotel-app-"));
    }
}

#[test]
fn a_trip_names_its_own_backend_beside_other_traffic() {
    let mut lab = hotel();
    lab.create(
        "{apiVersion: v1, kind: Pod, metadata: {name: other, labels: {app: other}}, spec: {containers: [{name: c, image: \
         web, ports: [{containerPort: 80}], readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}}]}}\n---\n\
         {apiVersion: v1, kind: Service, metadata: {name: other}, spec: {selector: {app: other}, ports: [{port: 80}]}}",
    );
    let noise = ["sh", "-c", "while true; do curl -s http://other; sleep 0.01; done"];
    lab.cluster.start(&Place::pod("default", "other"), &noise, false).unwrap();
    let client = Place::pod("default", "client");
    let trips =
        lab.cluster.send(&Request { times: 30, ..Request::new(client.clone(), "http://hotel-service") }).unwrap();
    for trip in trips {
        assert_eq!(trip.pod.map(|pod| pod.to_string()), Some(format!("pod/{}", trip.text.trim())));
    }
    let silent = Request { timeout: Duration::from_secs(2), ..Request::new(client, "http://10.244.1.200") };
    let trip = lab.cluster.send(&silent).unwrap().remove(0);
    assert_eq!((trip.outcome, trip.backend), (Outcome::Timeout, None));
}

#[test]
fn every_fault_of_a_manifest_is_found_at_its_place() {
    let mut lab = Lab::new();
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
                template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers: [{name: c, image: i}]\n---\n\
                apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n  - port: 70000\n  - port: 80\n    \
                protocol: FOO\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: other\nspec:\n  selectorr: {}\n---\n\
                apiVersion: v1\nkind: Service\nmetadata:\n  name: third\nspec:\n  ports:\n  - port: \"80\"\n---\nkind: [\n";
    let output = lab.cluster.apply_in("default", text);
    assert_eq!(output.exit_code, 1);
    let found: Vec<_> = output.findings.iter().map(|f| (f.field.as_str(), f.line, f.reason.as_str())).collect();
    assert!(found.contains(&("spec.ports[0].port", Some(17), "Invalid")), "{found:?}");
    assert!(found.contains(&("spec.ports[1].protocol", Some(19), "NotSupported")), "{found:?}");
    assert!(found.contains(&("spec.selectorr", Some(26), "BadRequest")), "{found:?}");
    assert!(found.contains(&("spec.ports[0].port", Some(34), "BadRequest")), "{found:?}");
    assert!(found.iter().any(|(field, line, _)| field.is_empty() && *line >= Some(36)), "{found:?}");
    assert!(output.findings.iter().all(|finding| finding.file == "STDIN" && !finding.message.is_empty()));
}

#[test]
fn a_value_of_the_wrong_type_is_found_by_its_index_or_key() {
    let mut lab = Lab::new();
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: a\n    image: a\n    env:\n    \
                - {name: A, value: a}\n  - name: b\n    image: b\n    env:\n    - {name: B, value: b}\n    - name: PORT\n      \
                value: 8080\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector:\n    app: web\n    \
                version: 1.5\n  ports: [{port: 80}]\n";
    let output = lab.cluster.apply_in("default", text);
    let found: Vec<_> = output.findings.iter().map(|f| (f.object.as_str(), f.field.as_str(), f.line)).collect();
    assert_eq!(
        found,
        [("Pod/web", "spec.containers[1].env[1].value", Some(15)), ("Service/web", "spec.selector[version]", Some(24))]
    );
}

#[test]
fn every_refusal_has_a_finding_and_the_hint_says_what_to_write() {
    let mut lab = Lab::new();
    let mut told = |text: &str| {
        let output = lab.cluster.apply_in("default", text);
        let codes: Vec<_> = output.findings.into_iter().map(|f| (f.line, f.code)).collect();
        (codes, output.hint.map_or(String::new(), |hint| hint.text))
    };
    let (codes, _) = told("apiVersion: v1\nkind: Service\nmetadata: {labels: {a: b}}\nspec: {ports: [{port: 80}]}\n");
    assert_eq!(codes, [(Some(3), "")]);
    let wrong = "CIP002";
    let (codes, hint) = told("apiVersion: v1\nkind: Deployment\nmetadata: {name: web}\n");
    assert_eq!((codes, &*hint), ([(Some(2), wrong)].into(), "Kubernetes has kind: Deployment in apiVersion: apps/v1."));
    let (codes, hint) = told(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\n\
         metadata: {name: a}\n---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n",
    );
    let absent = "CIP902";
    assert_eq!(codes, [(Some(2), absent), (Some(6), absent), (Some(10), absent)]);
    assert_eq!(hint, "Not simulated, so that it has no effect here: Secret, ServiceMonitor, Service.");
    let (codes, hint) = told("apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: a}\n");
    assert_eq!(codes, [(Some(2), wrong)]);
    assert_eq!(hint, "Kubernetes 1.36 has no Ingress in networking.k8s.io/v1beta1: it is gone, or mistyped.");
    let (_, hint) = told("apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}-web\n");
    assert!(hint.starts_with("This is a template"), "{hint}");
    let (codes, hint) = told(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  type: ClusterIP\n  type: NodePort\n  ports: [{port: 80}]\n",
    );
    assert_eq!((codes.len(), hint.starts_with("spec.type stands here twice")), (0, true), "{hint}");
}

#[test]
fn a_namespace_is_given_to_objects_that_name_none_and_to_no_other() {
    let mut lab = Lab::new();
    lab.create("{apiVersion: v1, kind: Namespace, metadata: {name: staging}}");
    let service = |name: &str| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 80}}]}}\n")
    };
    let text = format!("{}---\n{}", service("here"), service("there, namespace: staging"));
    assert_eq!(lab.cluster.apply_in("default", &text).stdout, "service/here created\nservice/there created\n");
    assert_eq!(lab.cluster.apply_in("staging", &service("here")).exit_code, 0);
    assert!(lab.cluster.object(Kind::Service, "staging", "there").is_some());
    assert!(lab.cluster.object(Kind::Service, "staging", "here").is_some());
}

#[test]
fn a_health_check_port_says_whether_the_node_has_an_endpoint() {
    let mut lab = Lab::new();
    lab.create(
        "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, externalTrafficPolicy: Local, \
         healthCheckNodePort: 30500, selector: {app: web}, ports: [{port: 80}]}}\n---\n{apiVersion: v1, kind: Pod, \
         metadata: {name: web, labels: {app: web}}, spec: {nodeName: node-1, containers: [{name: c, image: nginx}]}}",
    );
    let outside = Place::Outside(String::new());
    let ask = "curl -s -w ' %{http_code}' http://172.30.0.";
    let with = "{\n\t\"service\": {\n\t\t\"namespace\": \"default\",\n\t\t\"name\": \"web\"\n\t},\n\t\"localEndpoints\": 1,\n\t\
                \"serviceProxyHealthy\": true\n} 200";
    assert_eq!(lab.at(&outside, &format!("{ask}11:30500/healthz")).stdout, with);
    let without = with.replace(": 1,", ": 0,").replace(" 200", " 503");
    assert_eq!(lab.at(&outside, &format!("{ask}12:30500/healthz")).stdout, without);
    lab.cluster.kubectl("kubectl delete pod web");
    lab.settle();
    assert_eq!(lab.at(&outside, &format!("{ask}11:30500/healthz")).stdout, without);
    lab.cluster.kubectl("kubectl delete service web");
    lab.settle();
    assert_eq!(lab.at(&outside, &format!("{ask}11:30500/healthz")).exit_code, 7);
}

/// The outcome of one request from node-2 and how long it took, in milliseconds.
fn sent(lab: &mut Lab, to: &str, timeout: u64) -> Result<(Outcome, u64), String> {
    let timeout = Duration::from_millis(timeout);
    let request = Request { timeout, ..Request::new(Place::Node("node-2".into()), to) };
    let trips = lab.cluster.send(&request).map_err(|error| error.to_string())?;
    Ok((trips[0].outcome, trips[0].took.total_millis()))
}

#[test]
fn a_timeout_is_kept_to_the_millisecond() {
    let mut lab = Lab::new();
    for to in ["http://10.244.1.200", "tcp://10.244.1.200:80"] {
        assert_eq!(sent(&mut lab, to, 250), Ok((Outcome::Timeout, 250)), "{to}");
    }
}

#[test]
fn requests_start_at_their_interval_whatever_each_takes() {
    for (keep_alive, every, took) in [(false, 1_000, 6_000), (false, 5_000, 12_000), (true, 5_000, 12_000)] {
        let mut lab = Lab::new();
        let start = lab.cluster.now();
        let request = Request {
            times: 3,
            timeout: Duration::from_secs(2),
            every: Duration::from_millis(every),
            keep_alive,
            ..Request::new(Place::Node("node-2".into()), "http://10.244.1.200")
        };
        assert_eq!(lab.cluster.send(&request).unwrap().len(), 3);
        assert_eq!((lab.cluster.now() - start).total_millis(), took, "{keep_alive} {every}");
    }
}

#[test]
fn requests_over_one_connection_may_be_hours_apart() {
    let mut lab = Lab::new();
    lab.create("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: nginx}]}}");
    let address = lab.cluster.kubectl("kubectl get pod web -o jsonpath={.status.podIP}").stdout;
    let start = lab.cluster.now();
    let request = Request {
        times: 3,
        every: Duration::from_secs(7200),
        keep_alive: true,
        ..Request::new(Place::Node("node-2".into()), &format!("http://{address}"))
    };
    let trips = lab.cluster.send(&request).unwrap();
    assert!(trips.len() == 3 && trips.iter().all(|trip| trip.outcome == Outcome::Connected), "{trips:?}");
    assert_eq!((lab.cluster.now() - start).total_millis() / 1000, 14_400);
}

#[test]
fn a_target_that_is_none_is_a_mistake_and_no_refusal() {
    let mut lab = Lab::new();
    for to in
        ["http://x:99999", "http://", "http://x:0", "tcp://x", "tcp://x:abc", "tcp://[fd00::1]", "icmp://-i", "icmp://"]
    {
        assert!(sent(&mut lab, to, 100).unwrap_err().contains("is no target"), "{to}");
    }
    for to in ["http://[fd00::1]/a:b?c", "tcp://[fd00::1]:80", "x:80", "icmp://fd00::1"] {
        assert!(sent(&mut lab, to, 100).is_ok(), "{to}");
    }
}

#[test]
fn the_page_shows_the_laptops_own_address() {
    let page = include_str!("../../demo/web/src/world.ts");
    let address = Config::default().outside[0].addresses[0];
    assert!(page.contains(&format!("name: 'laptop', ip: '{address}'")), "{address}");
}
