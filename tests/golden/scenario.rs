//! The scenario whose digest must be the same on every platform; the wasm tests compile this file too.

use clusterip::{
    api::{Kind, Object, yaml},
    cluster::{Cluster, Config, Place, Request},
    time::Duration,
};

/// The name of the scenario in `digests.txt`.
pub const NAME: &str = "hotel";

/// The digests as they were last blessed.
pub const BLESSED: &str = include_str!("digests.txt");

const MANIFEST: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: hotel-app}
spec:
  replicas: 3
  selector: {matchLabels: {app: hotel-app}}
  template:
    metadata: {labels: {app: hotel-app}}
    spec: {containers: [{name: app, image: hotel-app:1.0.0, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: hotel-service}
spec:
  selector: {app: hotel-app}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: client, image: curlimages/curl, command: [sleep, '3600']}]}
";

/// Names, requests, a refusal, a pod that goes away and comes back: a bit of everything, from one seed.
pub fn digest() -> String {
    let mut cluster = Cluster::new(Config { seed: 7, ..Config::default() }).expect("the default configuration");
    for manifest in yaml::parse(MANIFEST) {
        let value = manifest.expect("YAML").value;
        let kind = Kind::from_manifest(value["apiVersion"].str(), value["kind"].str()).expect("a known kind");
        cluster.create(Object { kind, value }).expect("a valid object");
    }
    assert!(cluster.settle().is_settled());
    let client = Place::pod("default", "client");
    let request = Request { times: 20, ..Request::new(client.clone(), "http://hotel-service") };
    let trips = cluster.send(&request).expect("the client runs");
    assert!(trips.iter().all(|trip| trip.status == Some(200)), "{trips:?}");
    cluster.exec(&client, "curl -sS http://nobody").expect("the client runs");
    let names: Vec<String> = cluster.list(Kind::Pod, Some("default")).map(|pod| pod.name().to_owned()).collect();
    for name in names.iter().filter(|name| name.starts_with("hotel-app-")) {
        cluster.set_ready("default", name, Some(false));
    }
    cluster.advance(Duration::from_secs(5));
    cluster.exec(&client, "curl -sS http://hotel-service").expect("the client runs");
    format!("{:016x}", cluster.digest())
}

/// The blessed digest of a scenario.
pub fn blessed(name: &str) -> Option<&'static str> {
    BLESSED.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))
}
