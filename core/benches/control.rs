//! What the control plane costs: applying many objects, one change among many, and a Service's life.
//!
//! Goals (native): 1,000 Services and 10,000 pods in well under a second; one pod's change in at most 100 us.

use core::hint::black_box;

use clusterip::{
    api::{Key, Kind, Object, Value},
    compile::policy::Compiler,
    control::{ControlConfig, ControlPlane, DeleteOptions},
    time::Instant,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const SERVICES: usize = 1000;
const PODS_EACH: usize = 10;

fn service(n: usize) -> Object {
    let mut service = Object::new(Kind::Service, "default", &format!("svc-{n}"));
    service.value.set(&["spec", "selector", "app"], format!("app-{n}"));
    let mut port = Value::map();
    port.set(&["port"], 80);
    port.set(&["targetPort"], 8080);
    port.set(&["protocol"], "TCP");
    service.value.set(&["spec", "ports"], vec![port]);
    service
}

fn pod(n: usize, replica: usize) -> Object {
    let mut pod = Object::new(Kind::Pod, "default", &format!("pod-{n}-{replica}"));
    pod.value.set(&["metadata", "labels", "app"], format!("app-{n}"));
    let mut container = Value::map();
    container.set(&["name"], "web");
    container.set(&["image"], "nginx");
    pod.value.set(&["spec", "containers"], vec![container]);
    pod
}

fn ready_status(ip: &str, truth: &str) -> Value {
    let mut status = Value::map();
    let mut condition = Value::map();
    condition.set(&["type"], "Ready");
    condition.set(&["status"], truth);
    let mut address = Value::map();
    address.set(&["ip"], ip);
    status.set(&["phase"], "Running");
    status.set(&["podIP"], ip);
    status.set(&["podIPs"], vec![address]);
    status.set(&["conditions"], vec![condition]);
    status
}

/// A cluster in which every pod is bound, running and an endpoint of its Service.
fn settled() -> ControlPlane {
    let now = Instant::ZERO;
    let mut plane = ControlPlane::new(ControlConfig::default());
    for n in 0..SERVICES {
        plane.create(now, service(n)).expect("a valid Service");
        for replica in 0..PODS_EACH {
            plane.create(now, pod(n, replica)).expect("a valid pod");
        }
    }
    plane.reconcile(now);
    for n in 0..SERVICES {
        for replica in 0..PODS_EACH {
            let key = Key::new(Kind::Pod, "default", &format!("pod-{n}-{replica}"));
            let ip = format!("10.244.{}.{}", n / 25, n % 25 * PODS_EACH + replica + 1);
            plane.update_status(now, &key, ready_status(&ip, "True")).expect("the pod exists");
        }
    }
    plane.reconcile(now);
    plane
}

const POLICIES: usize = 20;
const APPS: usize = 50;

/// A policy: the pods of one application take connections from those of the next one, and make some to all.
fn policy(n: usize) -> Object {
    let mut policy = Object::new(Kind::NetworkPolicy, "default", &format!("policy-{n}"));
    let selects = |app: usize| {
        let mut selector = Value::map();
        selector.set(&["matchLabels", "app"], format!("app-{app}"));
        selector
    };
    let value = &mut policy.value;
    value.set(&["spec", "podSelector"], selects(n));
    value.set(&["spec", "policyTypes"], vec!["Ingress", "Egress"]);
    for (rules, list, selector) in [("ingress", "from", selects(n + 1)), ("egress", "to", Value::map())] {
        let (mut peer, mut rule) = (Value::map(), Value::map());
        peer.set(&["podSelector"], selector);
        rule.set(&[list], vec![peer]);
        value.set(&["spec", rules], vec![rule]);
    }
    policy
}

/// A cluster of policies and the pods they are about.
fn policed() -> ControlPlane {
    let mut plane = ControlPlane::new(ControlConfig::default());
    for n in 0..APPS {
        for replica in 0..PODS_EACH {
            let pod = plane.create(Instant::ZERO, pod(n, replica)).expect("a valid pod");
            let ip = format!("10.244.1.{}", (n * PODS_EACH + replica) % 250 + 1);
            let ip = if n * PODS_EACH + replica < 250 { ip } else { ip.replace(".1.", ".2.") };
            plane.update_status(Instant::ZERO, &pod.key(), ready_status(&ip, "True")).expect("the pod exists");
        }
    }
    plane.reconcile(Instant::ZERO);
    for n in 0..POLICIES {
        plane.create(Instant::ZERO, policy(n)).expect("a valid policy");
    }
    plane
}

fn policy_benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("policy");
    group.sample_size(10);
    let mut plane = policed();
    let changes = |plane: &ControlPlane, since: u64| -> Vec<_> {
        plane.store().changes_since(since).expect("a long log").cloned().collect()
    };
    let mut compiler = Compiler::new(["node-1".into(), "node-2".into()]);
    let last = plane.store().revision() - 1;
    let policy = changes(&plane, last);
    group.bench_function("20 policies over 500 pods are read", |b| {
        b.iter(|| {
            let mut compiler = Compiler::new(["node-1".into(), "node-2".into()]);
            compiler.follow(plane.store(), &policy, |_, delta| drop(black_box(delta)));
        });
    });
    compiler.follow(plane.store(), &policy, |_, delta| drop(black_box(delta)));
    let key = Key::new(Kind::Pod, "default", "pod-7-7");
    let mut is_second = false;
    group.bench_function("one pod of 500 changes its address", |b| {
        b.iter(|| {
            let before = plane.store().revision();
            is_second = !is_second;
            let ip = if is_second { "10.244.3.1" } else { "10.244.3.2" };
            plane.update_status(Instant::ZERO, &key, ready_status(ip, "True")).expect("the pod exists");
            let changes = changes(&plane, before);
            compiler.follow(plane.store(), &changes, |_, delta| drop(black_box(delta)));
        });
    });
    group.finish();
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("control");
    group.sample_size(10);
    group.bench_function("apply 1,000 services and 10,000 pods", |b| b.iter(|| black_box(settled())));

    let mut plane = settled();
    let key = Key::new(Kind::Pod, "default", "pod-500-5");
    let mut truth = false;
    group.bench_function("one pod of 10,000 changes its readiness", |b| {
        b.iter(|| {
            truth = !truth;
            let status = ready_status("10.244.20.6", if truth { "True" } else { "False" });
            plane.update_status(Instant::ZERO, &key, status).expect("the pod exists");
            plane.reconcile(Instant::ZERO);
        });
    });

    let at_once = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    group.bench_function("one pod of 10,000 is deleted and comes back", |b| {
        b.iter(|| {
            plane.delete(Instant::ZERO, &key, at_once).expect("the pod exists");
            plane.reconcile(Instant::ZERO);
            plane.create(Instant::ZERO, pod(500, 5)).expect("a valid pod");
            plane.update_status(Instant::ZERO, &key, ready_status("10.244.20.6", "True")).expect("the pod exists");
            plane.reconcile(Instant::ZERO);
        });
    });

    group.bench_function("a service is created and deleted", |b| {
        b.iter(|| {
            let service = plane.create(Instant::ZERO, service(SERVICES)).expect("a valid Service");
            plane.reconcile(Instant::ZERO);
            plane.delete(Instant::ZERO, &service.key(), DeleteOptions::default()).expect("the Service exists");
            plane.reconcile(Instant::ZERO);
        });
    });

    group.bench_function("a new cluster with two nodes", |b| {
        b.iter_batched(ControlConfig::default, ControlPlane::new, BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group! {
    name = control;
    config = Criterion::default()
        .warm_up_time(core::time::Duration::from_millis(500))
        .measurement_time(core::time::Duration::from_secs(2));
    targets = benches, policy_benches
}
criterion_main!(control);
