//! Probes as packets and processes: slow ones, stuck ones, and those whose pod goes meanwhile.

use clusterip::cluster::Place;
use tests::lab::Lab;

fn pod(probe: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {{containers: [{{name: c, image: nginx, \
         readinessProbe: {{{probe}}}}}]}}}}"
    )
}

fn events(lab: &mut Lab) -> String {
    lab.cluster.kubectl("kubectl get events --no-headers").stdout
}

#[test]
fn a_probe_that_takes_longer_than_its_period_runs_one_at_a_time() {
    let mut lab = Lab::new();
    lab.create(&pod("httpGet: {host: 10.244.1.200, port: 80}, periodSeconds: 2, timeoutSeconds: 5"));
    lab.cluster.advance(clusterip::time::Duration::from_secs(60));
    lab.settle();
    assert!(events(&mut lab).contains("Readiness probe failed: "));
    assert!(lab.cluster.kubectl("kubectl delete pod web --force").exit_code == 0);
    lab.settle();
}

#[test]
fn an_exec_probe_has_its_time_and_no_more() {
    let mut lab = Lab::new();
    lab.create(&pod("exec: {command: [sleep, '1000']}, timeoutSeconds: 1, periodSeconds: 1"));
    lab.cluster.advance(clusterip::time::Duration::from_secs(30));
    assert!(events(&mut lab).contains("Readiness probe failed: command timed out"), "{}", events(&mut lab));
}

#[test]
fn a_pod_that_goes_while_its_probe_runs_leaves_nothing_to_wait_for() {
    let mut lab = Lab::new();
    let create = pod("exec: {command: [sleep, '5']}, timeoutSeconds: 10");
    lab.cluster.kubectl_with("kubectl apply -f -", &create);
    lab.cluster.advance(clusterip::time::Duration::from_secs(2));
    lab.cluster.kubectl("kubectl delete pod web --force");
    lab.settle();
}

#[test]
fn a_pod_on_its_nodes_network_leaves_no_server_and_no_process_behind() {
    let mut lab = Lab::new();
    lab.create(
        "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {nodeName: node-1, hostNetwork: true, containers: \
         [{name: c, image: nginx, ports: [{containerPort: 80}]}]}}",
    );
    let node = Place::Node("node-2".into());
    assert_eq!(lab.at(&node, "curl -s -o /dev/null -w '%{http_code}' http://172.30.0.11").stdout, "200");
    assert_eq!(lab.cluster.kubectl("kubectl delete pod web").exit_code, 0);
    lab.settle();
    assert_eq!(lab.at(&node, "curl -s http://172.30.0.11").exit_code, 7);
}

#[test]
fn a_container_killed_by_its_liveness_probe_drops_the_connections_it_had() {
    let mut lab = Lab::new();
    lab.create(
        "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {terminationGracePeriodSeconds: 0, containers: [{name: \
         c, image: redis, livenessProbe: {exec: {command: ['false']}, initialDelaySeconds: 20, failureThreshold: 1}}]}}",
    );
    let address = lab.cluster.kubectl("kubectl get pod web -o jsonpath={.status.podIP}").stdout;
    let node = Place::Node("node-2".into());
    let nc = lab.cluster.start(&node, &["nc", &address, "6379"], false).unwrap();
    let has_ended = |lab: &mut Lab, seconds| {
        lab.cluster.advance(clusterip::time::Duration::from_secs(seconds));
        lab.cluster.read(nc).1
    };
    assert!(!has_ended(&mut lab, 10));
    assert!(has_ended(&mut lab, 25), "{}", events(&mut lab));
    assert!(events(&mut lab).contains("failed liveness probe, will be restarted"), "{}", events(&mut lab));
}

#[test]
fn a_failed_probe_is_told_in_the_kubelets_words() {
    let mut lab = Lab::new();
    for (probe, words) in [
        ("httpGet: {path: /, port: 9999}", "Get \"http://IP:9999/\": dial tcp IP:9999: connect: connection refused"),
        ("tcpSocket: {port: 9999}", "dial tcp IP:9999: connect: connection refused"),
        ("httpGet: {path: /none, port: 80}", "HTTP probe failed with statuscode: 404"),
        (
            "httpGet: {path: /, port: 80, scheme: HTTPS}",
            "Get \"https://IP:80/\": http: server gave HTTP response to HTTPS client",
        ),
        (
            "httpGet: {host: nowhere.example, port: 80}",
            "Get \"http://nowhere.example:80/\": dial tcp: lookup nowhere.example: no such host",
        ),
    ] {
        lab.create(&pod(probe));
        let ip = lab.cluster.kubectl("kubectl get pod web -o jsonpath={.status.podIP}").stdout;
        let (events, words) = (events(&mut lab), words.replace("IP", &ip));
        assert!(events.contains(&format!("Readiness probe failed: {words}")), "{words}: {events}");
        lab.cluster.kubectl("kubectl delete pod web --force");
        lab.settle();
    }
    lab.create(&pod("httpGet: {path: /, port: web}"));
    let events = events(&mut lab);
    let words = "Readiness probe errored and resulted in unknown state: strconv.Atoi: parsing \"web\": invalid syntax";
    assert!(events.contains(words), "{events}");
}

#[test]
fn an_unknown_server_is_taken_to_speak_tls_where_its_probe_does() {
    let mut lab = Lab::new();
    lab.create(
        "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: metrics-server, ports: \
         [{name: https, containerPort: 10250}], readinessProbe: {httpGet: {port: https, scheme: HTTPS}}}]}}",
    );
    assert!(lab.cluster.kubectl("kubectl get pod web").stdout.contains("1/1"));
}

#[test]
fn readiness_is_asked_at_once_when_the_startup_probe_succeeds() {
    let mut lab = Lab::new();
    lab.create(
        "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: nginx, startupProbe: \
         {httpGet: {port: 80}, initialDelaySeconds: 7, periodSeconds: 15}, readinessProbe: {httpGet: {port: 80}, \
         periodSeconds: 60}}]}}",
    );
    assert!(lab.cluster.kubectl("kubectl get pod web").stdout.contains("1/1"));
    assert!(lab.cluster.now() < clusterip::time::Instant::from_secs(12), "{}", lab.cluster.now());
}
