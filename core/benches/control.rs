//! What the control plane costs: applying many objects, one change among many, and a Service's life.
//!
//! Goals (native): 1,000 Services and 10,000 pods in well under a second; one pod's change in at most 100 us.

use core::hint::black_box;

use clusterip::{
    api::{Key, Kind, Object, Value},
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
    targets = benches
}
criterion_main!(control);
