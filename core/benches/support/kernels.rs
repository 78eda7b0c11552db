//! What is measured both natively and in wasm: the same functions, timed from outside. Each does so many turns after its
//! preparation, so that two calls tell what a turn costs.

#[path = "traffic.rs"]
#[allow(dead_code)]
mod traffic;

use clusterip::{
    api::Kind,
    cluster::{Cluster, Config, Limits, NodeConfig, Place},
    dataplane::{Mode, Verdict},
    id::LinkId,
    time::Duration,
};

use traffic::{CLIENTS, IPV4, NOW, open, packet, program, router};

/// Flows that take turns.
const FLOWS: u32 = 1000;

/// Translates a packet of each of a thousand established connections, `turns` times over.
pub(crate) fn packets(turns: u32) -> u32 {
    let mut router = router(Mode::Iptables, FLOWS);
    program(&mut router, IPV4, 100, 10);
    (0..FLOWS).for_each(|flow| open::<IPV4>(&mut router, flow, flow % 100, true));
    let originals: Vec<[u8; IPV4]> = (0..FLOWS).map(|flow| packet(flow, flow % 100, 0x10)).collect();
    let mut sent = 0;
    for _ in 0..turns {
        for original in &originals {
            let mut packet = *original;
            let verdict = router.handle_packet(NOW, &mut packet, CLIENTS, &mut ());
            sent += u32::from(verdict == Verdict::Link(LinkId(0)));
        }
    }
    sent
}

/// Sends so many mebibytes to another node's pod through a virtual IP, one connection for each.
pub(crate) fn mebibytes(count: u32) -> u32 {
    let mut cluster = cluster(
        "apiVersion: v1
kind: Service
metadata: {name: sink}
spec: {selector: {app: sink}, ports: [{port: 9000}]}
---
apiVersion: v1
kind: Pod
metadata: {name: sink, labels: {app: sink}}
spec: {nodeName: node-2, containers: [{name: c, image: nicolaka/netshoot, command: [sleep, infinity]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: source}
spec: {nodeName: node-1, containers: [{name: c, image: nicolaka/netshoot, command: [sleep, infinity]}]}
",
    );
    let (source, sink) = (Place::pod("default", "source"), Place::pod("default", "sink"));
    let service = cluster.object(Kind::Service, "default", "sink").expect("it was applied");
    let address = service.spec()["clusterIP"].str().to_string();
    let input = "x".repeat(1 << 20);
    let (idle, limit) = (Duration::from_millis(1), Duration::from_secs(600));
    let mut received = 0;
    for _ in 0..count {
        let server = cluster.start(&sink, &["nc", "-l", "-p", "9000"], false).expect("the pod runs");
        let client = cluster.start(&source, &["nc", &address, "9000"], false).expect("the pod runs");
        cluster.write(client, &input);
        cluster.close_stdin(client);
        let mut has_ended = false;
        while !has_ended {
            cluster.run_process(server, idle, limit);
            let (output, ended) = cluster.read(server);
            received += output.stdout.len();
            has_ended = ended;
        }
        cluster.run_process(client, limit, limit);
        cluster.read(client);
    }
    (received >> 20) as u32
}

/// Types `curl http://hotel` in a pod so many times: a name, a connection, a request, an answer.
pub(crate) fn curls(count: u32) -> u32 {
    let mut cluster = cluster(
        "apiVersion: v1
kind: Service
metadata: {name: hotel}
spec: {selector: {app: hotel}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hotel}
spec:
  replicas: 3
  selector: {matchLabels: {app: hotel}}
  template:
    metadata: {labels: {app: hotel}}
    spec: {containers: [{name: c, image: hotel, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: c, image: curlimages/curl, command: [sleep, infinity]}]}
",
    );
    let client = Place::pod("default", "client");
    let mut answered = 0;
    for _ in 0..count {
        let output = cluster.exec(&client, "curl -s http://hotel").expect("the client is there");
        answered += u32::from(output.exit_code == 0);
    }
    answered
}

/// Three nodes with these objects, at rest.
fn cluster(yaml: &str) -> Cluster {
    let limits = Limits { inputs: 0, ..Limits::default() };
    let config = Config { nodes: (1..=3).map(NodeConfig::numbered).collect(), limits, ..Config::default() };
    let mut cluster = Cluster::new(config).expect("a configuration that contradicts nothing");
    let output = cluster.apply(yaml);
    assert_eq!(output.exit_code, 0, "{}", output.stderr);
    assert!(cluster.settle().is_settled());
    cluster
}
