//! What a whole cluster costs: starting it, applying a thousand Services, deleting one pod, one `curl`, many bytes.
//!
//! The goal (native) stands in each name. Two results that are a ratio stand side by side: a request beside 10,000 idle
//! pods at most 5% above one beside ten, bytes through the virtual IP at least 0.97 times those sent straight to the pod.

use clusterip::{
    api::{Key, Kind},
    cluster::{Cluster, Config, Limits, NodeConfig, Place},
    control::DeleteOptions,
    time::Duration,
};
use core::{cell::RefCell, fmt::Write, hint::black_box};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn config() -> Config {
    Config { nodes: (1..=3).map(NodeConfig::numbered).collect(), ..Config::default() }
}

fn manifests(services: usize, pods: usize) -> String {
    let mut text = String::new();
    for n in 0..services {
        write!(
            text,
            "apiVersion: v1\nkind: Service\nmetadata: {{name: svc-{n}}}\nspec:\n  selector: {{app: app-{n}}}\n  \
             ports: [{{port: 80, targetPort: 8080}}]\n---\n"
        )
        .expect("a String takes everything");
        for replica in 0..pods {
            write!(
                text,
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: pod-{n}-{replica}, labels: {{app: app-{n}}}}}\nspec:\n  \
                 containers: [{{name: c, image: app, ports: [{{containerPort: 8080}}]}}]\n---\n"
            )
            .expect("a String takes everything");
        }
    }
    text
}

/// Wide enough ranges for ten thousand pods.
fn wide() -> Cluster {
    let mut config = config();
    for (number, node) in config.nodes.iter_mut().enumerate() {
        node.pod_cidrs = vec![format!("10.{}.0.0/16", 128 + number).parse().expect("a range")];
    }
    Cluster::new(config).expect("a configuration that contradicts nothing")
}

fn settled(services: usize, pods: usize) -> Cluster {
    let mut cluster = wide();
    let output = cluster.apply(&manifests(services, pods));
    assert_eq!(output.exit_code, 0, "{}", output.stderr);
    assert!(cluster.settle().is_settled());
    cluster
}

fn control(c: &mut Criterion) {
    let mut group = c.benchmark_group("cluster");
    group.sample_size(10);
    group.bench_function("start three nodes to rest (1 ms)", |b| {
        b.iter_with_large_drop(|| {
            let mut cluster = Cluster::new(config()).expect("a configuration that contradicts nothing");
            black_box(cluster.settle());
            cluster
        });
    });
    group.bench_function("apply 1,000 Services and 10,000 pods (1 s)", |b| {
        b.iter_with_large_drop(|| settled(1000, 10));
    });
    for replicas in [1000, 4000] {
        group.bench_function(format!("scale a Deployment to {replicas} pods, and to rest"), |b| {
            b.iter_batched(
                || {
                    let mut cluster = wide();
                    cluster.kubectl("kubectl create deployment web --image=nginx");
                    cluster.settle();
                    cluster
                },
                |mut cluster| {
                    cluster.kubectl(&format!("kubectl scale deployment web --replicas={replicas}"));
                    assert!(cluster.settle().is_settled());
                    cluster
                },
                BatchSize::PerIteration,
            );
        });
    }
    // Each needs a pod that was made again first, which takes longer than its deletion.
    group.measurement_time(core::time::Duration::from_millis(200));
    group.bench_function("delete one pod of 10,000 (100 us)", |b| {
        let cluster = RefCell::new(settled(1000, 10));
        let key = Key::new(Kind::Pod, "default", "pod-7-0");
        let again = cluster.borrow().object(Kind::Pod, "default", "pod-7-0").expect("it was applied").as_ref().clone();
        let at_once = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        b.iter_batched(
            || {
                let mut cluster = cluster.borrow_mut();
                if cluster.object(Kind::Pod, "default", "pod-7-0").is_none() {
                    let mut pod = again.clone();
                    pod.value.remove(&["metadata", "resourceVersion"]);
                    pod.value.remove(&["metadata", "uid"]);
                    cluster.create(pod).expect("it was valid before");
                    cluster.settle();
                }
            },
            |()| cluster.borrow_mut().delete(&key, at_once).expect("it is there"),
            BatchSize::PerIteration,
        );
    });
    group.measurement_time(MEASURED);
    let before = resident();
    let mut cluster = settled(1, 3);
    const CYCLES: u64 = 10_000;
    let service = cluster.object(Kind::Service, "default", "svc-0").expect("it was applied").as_ref().clone();
    let cycle = |cluster: &mut Cluster, n: u64| {
        let mut service = service.clone();
        for path in [
            &["metadata", "resourceVersion"][..],
            &["metadata", "uid"],
            &["spec", "clusterIP"],
            &["spec", "clusterIPs"],
        ] {
            service.value.remove(path);
        }
        service.value.set(&["metadata", "name"], format!("again-{}", n % 7));
        let key = cluster.create(service).expect("it was valid before").key();
        cluster.delete(&key, DeleteOptions::default()).expect("it is there");
    };
    // The rings of what is remembered, the journal among them, are full after that.
    (0..4 * CYCLES).for_each(|n| cycle(&mut cluster, n));
    let full = resident();
    (0..CYCLES).for_each(|n| cycle(&mut cluster, n));
    let (first, second) = (full.saturating_sub(before) >> 10, resident().saturating_sub(full) >> 10);
    println!("cluster/40,000 create/delete cycles of a Service: {first} KiB, 10,000 more: {second} KiB (goal: flat)");
    group.bench_function("a Service is created and deleted", |b| {
        let mut n = 0;
        b.iter(|| {
            n += 1;
            cycle(&mut cluster, n);
        });
    });
    group.finish();
}

/// A cluster of one Service and a client, beside a thousand Services and ten thousand pods or alone.
fn with_client(services: usize, pods: usize) -> (Cluster, Place) {
    let mut cluster = settled(services, pods);
    cluster.kubectl("kubectl run client --image=curlimages/curl --command -- sleep infinity");
    assert!(cluster.settle().is_settled());
    (cluster, Place::pod("default", "client"))
}

fn requests(c: &mut Criterion) {
    let mut group = c.benchmark_group("cluster");
    for (name, services) in [("alone (15 us)", 1), ("beside 10,000 idle pods (the same)", 1000)] {
        let (mut cluster, client) = with_client(services, 10);
        group.bench_function(format!("curl http://svc, {name}"), |b| {
            b.iter(|| black_box(cluster.exec(&client, "curl -s http://svc-0").expect("the client is there")));
        });
    }
    group.finish();
}

fn goodput(c: &mut Criterion) {
    const BYTES: usize = 1 << 20;
    let yaml = "apiVersion: v1
kind: Service
metadata: {name: sink}
spec:
  selector: {app: sink}
  ports: [{port: 9000}]
---
apiVersion: v1
kind: Pod
metadata: {name: sink, labels: {app: sink}}
spec:
  nodeName: node-2
  containers: [{name: c, image: nicolaka/netshoot, command: [sleep, infinity]}]
---
apiVersion: v1
kind: Pod
metadata: {name: source}
spec:
  nodeName: node-1
  containers: [{name: c, image: nicolaka/netshoot, command: [sleep, infinity]}]
";
    let mut cluster = Cluster::new(Config { limits: Limits { inputs: 0, ..Limits::default() }, ..config() })
        .expect("a configuration that contradicts nothing");
    let output = cluster.apply(yaml);
    assert_eq!(output.exit_code, 0, "{}", output.stderr);
    assert!(cluster.settle().is_settled());
    let (source, sink) = (Place::pod("default", "source"), Place::pod("default", "sink"));
    let service = cluster.object(Kind::Service, "default", "sink").expect("it was applied");
    let virtual_ip = service.spec()["clusterIP"].str().to_string();
    let pod_ip =
        cluster.object(Kind::Pod, "default", "sink").expect("it was applied").status()["podIP"].str().to_string();
    let input = "x".repeat(BYTES);
    let (idle, limit) = (Duration::from_millis(1), Duration::from_secs(600));
    let mut group = c.benchmark_group("cluster/goodput, one connection, MTU 1500, checksums");
    group.throughput(Throughput::Bytes(BYTES as u64));
    for (name, address) in
        [("straight to the pod", pod_ip), ("through the virtual IP (2.5 GB/s, 0.97 of straight)", virtual_ip)]
    {
        group.bench_function(name, |b| {
            b.iter(|| {
                let server = cluster.start(&sink, &["nc", "-l", "-p", "9000"], false).expect("the pod runs");
                let client = cluster.start(&source, &["nc", &address, "9000"], false).expect("the pod runs");
                cluster.write(client, &input);
                cluster.close_stdin(client);
                let mut received = 0;
                loop {
                    cluster.run_process(server, idle, limit);
                    let (output, has_ended) = cluster.read(server);
                    received += output.stdout.len();
                    if has_ended {
                        break;
                    }
                }
                assert_eq!(received, BYTES);
                cluster.run_process(client, limit, limit);
                cluster.read(client)
            });
        });
    }
    group.finish();
}

/// Bytes of memory in use, as the kernel counts pages; 0 where there is no /proc.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// How long a row is measured; its median stands still by then.
const MEASURED: core::time::Duration = core::time::Duration::from_secs(2);

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(MEASURED / 4).measurement_time(MEASURED).sample_size(50);
    targets = control, requests, goodput
}
criterion_main!(benches);
