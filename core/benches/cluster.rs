//! What a whole cluster costs: starting it, applying a thousand Services, deleting one pod, one `curl`.
//!
//! Goals (native): start of three nodes <= 1 ms; 1,000 Services and 10,000 pods from YAML to rest <= 1 s; one pod deleted at
//! that size <= 100 us; one `curl http://svc` <= 15 us.

use clusterip::{
    api::{Key, Kind},
    cluster::{Cluster, Config, NodeConfig, Place},
    control::DeleteOptions,
};
use core::{cell::RefCell, fmt::Write, hint::black_box};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

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
fn settled(services: usize, pods: usize) -> Cluster {
    let mut config = config();
    for (number, node) in config.nodes.iter_mut().enumerate() {
        node.pod_cidrs = vec![format!("10.{}.0.0/16", 128 + number).parse().expect("a range")];
    }
    let mut cluster = Cluster::new(config).expect("a configuration that contradicts nothing");
    let output = cluster.apply(&manifests(services, pods));
    assert_eq!(output.exit_code, 0, "{}", output.stderr);
    assert!(cluster.settle().is_settled());
    cluster
}

fn cluster(c: &mut Criterion) {
    let mut group = c.benchmark_group("cluster");
    group.sample_size(10);
    group.bench_function("start three nodes to rest", |b| {
        b.iter(|| {
            let mut cluster = Cluster::new(config()).expect("a configuration that contradicts nothing");
            black_box(cluster.settle());
            cluster
        });
    });
    group.bench_function("apply 1,000 Services and 10,000 pods", |b| b.iter(|| settled(1000, 10)));
    group.bench_function("delete one pod of 10,000", |b| {
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
    let mut small = settled(1, 3);
    small.kubectl("kubectl run client --image=curlimages/curl --command -- sleep infinity");
    small.settle();
    let client = Place::pod("default", "client");
    group.bench_function("curl http://svc", |b| {
        b.iter(|| black_box(small.exec(&client, "curl -s http://svc-0").expect("the client is there")));
    });
    group.finish();
}

criterion_group!(benches, cluster);
criterion_main!(benches);
