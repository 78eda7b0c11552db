//! The documents the project comes from, command by command as their readers type them.

use clusterip::cluster::{Output, Place};
use clusterip::time::Duration;
use tests::lab::Lab;

fn run(lab: &mut Lab, line: &str) -> Output {
    let output = lab.cluster.kubectl(line);
    lab.cluster.settle();
    output
}

fn succeed(lab: &mut Lab, line: &str) -> String {
    let output = run(lab, line);
    assert_eq!(output.exit_code, 0, "{line}: {}", output.stderr);
    output.stdout
}

const HOTEL_DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: hotel-app\nspec:\n  replicas: 3\n  \
    selector:\n    matchLabels:\n      app: hotel-app\n  template:\n    metadata:\n      labels:\n        app: hotel-app\n    \
    spec:\n      containers:\n      - name: app\n        image: hotel-app:1.0.0\n        ports:\n        - containerPort: 8080\n";
const HOTEL_SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: hotel-service\nspec:\n  selector:\n    \
    app: hotel-app\n  ports:\n  - port: 80\n    targetPort: 8080\n";

#[test]
fn room_service_from_deployment_to_curl() {
    let mut lab = Lab::new();
    lab.cluster.set_file("deployment.yaml", Some(HOTEL_DEPLOYMENT));
    lab.cluster.set_file("service.yaml", Some(HOTEL_SERVICE));
    assert_eq!(succeed(&mut lab, "kubectl apply -f deployment.yaml"), "deployment.apps/hotel-app created\n");
    assert_eq!(succeed(&mut lab, "kubectl apply -f service.yaml"), "service/hotel-service created\n");
    assert_eq!(succeed(&mut lab, "kubectl apply -f service.yaml"), "service/hotel-service unchanged\n");
    lab.cluster.advance(Duration::from_secs(30));
    let table = succeed(&mut lab, "kubectl get service hotel-service");
    let (header, row) = table.split_once('\n').unwrap();
    let words: Vec<&str> = header.split_whitespace().collect();
    assert_eq!(words, ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]);
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!((cells[0], cells[1], cells[3], cells[4]), ("hotel-service", "ClusterIP", "<none>", "80/TCP"), "{row}");
    let test = "kubectl run test --image=curlimages/curl --rm -it --restart=Never -- curl http://hotel-service";
    let answer = succeed(&mut lab, test);
    assert!(answer.contains("hotel-app-"), "{answer}");
}

#[test]
fn room_service_with_its_indentation_lost_is_an_error_with_help() {
    let mut lab = Lab::new();
    lab.cluster
        .set_file("service.yaml", Some(&HOTEL_SERVICE.lines().map(str::trim_start).collect::<Vec<_>>().join("\n")));
    let output = run(&mut lab, "kubectl apply -f service.yaml");
    assert_eq!(output.exit_code, 1);
    assert!(!output.stderr.is_empty() && output.hint.is_some(), "{output:?}");
}

#[test]
fn an_affinity_of_three_hours_is_kept_and_forgotten() {
    let mut lab = Lab::new();
    lab.create(HOTEL_DEPLOYMENT);
    let sticky = "  sessionAffinity: ClientIP\n  sessionAffinityConfig:\n    clientIP:\n      timeoutSeconds: 10800\n";
    lab.create(&format!("{HOTEL_SERVICE}{sticky}"));
    succeed(&mut lab, "kubectl run client --image=curlimages/curl --command -- sleep infinity");
    let request = clusterip::cluster::Request {
        times: 20,
        ..clusterip::cluster::Request::new(Place::pod("default", "client"), "http://hotel-service")
    };
    let pods = |lab: &mut Lab| {
        let trips = lab.cluster.send(&request).unwrap();
        trips.into_iter().map(|trip| trip.pod.unwrap().to_string()).collect::<std::collections::BTreeSet<_>>()
    };
    let first = pods(&mut lab);
    assert_eq!(first.len(), 1);
    lab.cluster.advance(Duration::from_secs(10_000));
    assert_eq!(pods(&mut lab), first, "each call starts the three hours anew");
    let free = (0..12).any(|_| {
        lab.cluster.advance(Duration::from_secs(10_801));
        pods(&mut lab) != first
    });
    assert!(free, "after three hours of silence the choice is free");
}

#[test]
fn a_backend_by_name_address_and_environment() {
    let mut lab = Lab::new();
    lab.create(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: backend-service\nspec:\n  type: ClusterIP\n  selector:\n    \
         app: backend\n  ports:\n  - port: 80\n    targetPort: 8080\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: b1\n  \
         labels: {app: backend}\nspec:\n  containers: [{name: b, image: 'backend:2.1', ports: [{containerPort: 8080}]}]\n",
    );
    succeed(&mut lab, "kubectl run client --image=curlimages/curl --command -- sleep infinity");
    let address = succeed(&mut lab, "kubectl get service backend-service -o jsonpath={.spec.clusterIP}");
    for target in ["backend-service", &address, "backend-service.default.svc.cluster.local"] {
        assert_eq!(lab.exec("client", &format!("curl -s {target}")).stdout, "b1\n", "{target}");
    }
    let variables = "echo $BACKEND_SERVICE_SERVICE_HOST:$BACKEND_SERVICE_SERVICE_PORT";
    assert_eq!(lab.exec("client", variables).stdout, format!("{address}:80\n"));
}

#[test]
fn redis_by_telnet_and_its_name_by_its_address() {
    let mut lab = Lab::new();
    let slip = run(&mut lab, "kubectl create deployment redis \u{2013}image=redis");
    assert_ne!(slip.exit_code, 0);
    let hint = slip.hint.expect("a dash from a book is explained");
    assert_eq!(
        (hint.code.as_str(), hint.action.as_deref()),
        ("CIP007", Some("kubectl create deployment redis --image=redis"))
    );
    succeed(&mut lab, &hint.action.unwrap());
    lab.create(
        "apiVersion: v1\nkind: Service\nmetadata:\n  labels:\n    app: redis\n  name: redis\nspec:\n  ports:\n  - port: 6379\n    \
         protocol: TCP\n    targetPort: 6379\n  selector:\n    app: redis\n",
    );
    succeed(&mut lab, "kubectl run busybox --restart Never --image=busybox -- sleep 3600");
    let place = Place::pod("default", "busybox");
    let telnet = lab.cluster.start(&place, &["telnet", "redis", "6379"], true).unwrap();
    lab.cluster.run_process(telnet, Duration::from_secs(1), Duration::from_secs(5));
    lab.cluster.write(telnet, "PING\r\n");
    lab.cluster.run_process(telnet, Duration::from_secs(1), Duration::from_secs(5));
    let (output, has_ended) = lab.cluster.read(telnet);
    assert!(
        !has_ended && output.stdout.contains("Connected to redis") && output.stdout.contains("+PONG"),
        "{output:?}"
    );
    let address = succeed(&mut lab, "kubectl get service redis -o jsonpath={.spec.clusterIP}");
    let reverse = lab.exec("busybox", &format!("nslookup {address}"));
    assert!(
        reverse.stdout.contains("10.96.0.10") && reverse.stdout.contains("redis.default.svc.cluster.local"),
        "{reverse:?}"
    );
    assert!(lab.exec("busybox", "telnet redis.default 6379 < /dev/null").stdout.contains("Connected to redis.default"));
}

#[test]
fn three_tiers_and_a_bare_pod_that_nothing_brings_back() {
    let mut lab = Lab::new();
    lab.create(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: back-end\nspec:\n  selector:\n    app: myapp\n    tier: back-end\n  \
         ports:\n    - port: 80\n      targetPort: 80\n      protocol: TCP\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  \
         name: myapp-backend-pod\n  labels:\n    app: myapp\n    tier: back-end\nspec:\n  containers:\n    - name: nginx-container\n      \
         image: nginx\n      ports:\n        - containerPort: 80\n",
    );
    succeed(&mut lab, "kubectl run front --image=curlimages/curl --command -- sleep infinity");
    let page = lab.exec("front", "curl -s http://back-end:80");
    assert!(page.stdout.contains("Welcome to nginx!"), "{page:?}");
    let gone = succeed(&mut lab, "kubectl delete pod myapp-backend-pod");
    assert_eq!(gone, "pod \"myapp-backend-pod\" deleted from default namespace\n");
    lab.cluster.advance(Duration::from_secs(60));
    assert_eq!(lab.exec("front", "curl -s http://back-end:80").exit_code, 7);
}
