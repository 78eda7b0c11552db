//! What must hold whatever the order of events.

use super::*;
use crate::ordered::OrdSet;
use alloc::{vec, vec::Vec};

const LABELS: [&str; 3] = ["web", "api", "db"];

fn now() -> Instant {
    Instant::from_secs(100)
}

fn config() -> ControlConfig {
    let mut config = ControlConfig::default();
    config.nodes[0].zone = Some("a".to_owned());
    config.service_cidrs.push("fd00:10:96::/108".parse().unwrap());
    config
}

fn service(draw: &mut Rng) -> Object {
    let mut service = Object::new(Kind::Service, "default", &format!("s{}", draw.below(4)));
    let value = &mut service.value;
    value.set(&["spec", "selector", "app"], LABELS[draw.below(3) as usize]);
    value.set(&["spec", "clusterIP"], "None");
    if draw.chance(300_000) {
        value.set(&["spec", "ipFamilyPolicy"], "RequireDualStack");
    }
    value.set(&["spec", "publishNotReadyAddresses"], draw.chance(300_000));
    if draw.chance(300_000) {
        value.set(&["spec", "trafficDistribution"], "PreferClose");
    }
    let mut port = Value::map();
    port.set(&["port"], 80);
    port.set(&["protocol"], "TCP");
    port.set(&["targetPort"], if draw.chance(500_000) { Value::from("http") } else { Value::Int(8080) });
    value.set(&["spec", "ports"], vec![port]);
    service
}

fn pod(draw: &mut Rng) -> Object {
    let n = draw.below(130);
    let mut pod = Object::new(Kind::Pod, "default", &format!("p{n}"));
    let value = &mut pod.value;
    value.set(&["metadata", "labels", "app"], LABELS[draw.below(3) as usize]);
    value.set(&["spec", "nodeName"], ["node-1", "node-2"][draw.below(2) as usize]);
    let mut named = Value::map();
    named.set(&["name"], "http");
    named.set(&["containerPort"], [8080, 9090][draw.below(2) as usize]);
    let mut container = Value::map();
    container.set(&["name"], "web");
    container.set(&["image"], "nginx");
    container.set(&["ports"], vec![named]);
    value.set(&["spec", "containers"], vec![container]);
    pod
}

fn status(draw: &mut Rng, name: &str) -> Value {
    let n = &name[1..];
    let address = |text: String| {
        let mut address = Value::map();
        address.set(&["ip"], text);
        address
    };
    let mut ready = Value::map();
    ready.set(&["type"], "Ready");
    ready.set(&["status"], if draw.chance(700_000) { "True" } else { "False" });
    let mut status = Value::map();
    status.set(&["phase"], "Running");
    status.set(&["podIPs"], vec![address(format!("10.1.0.{n}")), address(format!("fd00::{n}"))]);
    status.set(&["conditions"], vec![ready]);
    status
}

/// One random write, as a user or a kubelet may make it; refusals are fine.
fn step(plane: &mut ControlPlane, draw: &mut Rng) {
    let existing = |plane: &ControlPlane, kind, draw: &mut Rng| {
        let keys: Vec<Key> = plane.store().list(kind, Some("default")).map(|object| object.key()).collect();
        keys.get(draw.below(keys.len() as u32) as usize).filter(|key| key.name != "kubernetes").cloned()
    };
    match draw.below(10) {
        0 => drop(plane.create(now(), service(draw))),
        1 => drop(plane.replace(now(), service(draw))),
        2 if draw.chance(300_000) => {
            if let Some(key) = existing(plane, Kind::Service, draw) {
                drop(plane.delete(now(), &key, DeleteOptions::default()));
            }
        }
        2..=5 => {
            let pod = pod(draw);
            let key = pod.key();
            if plane.create(now(), pod).is_ok() {
                let status = status(draw, &key.name);
                plane.update_status(now(), &key, status).unwrap();
            }
        }
        6..=8 => {
            if let Some(key) = existing(plane, Kind::Pod, draw) {
                let status = status(draw, &key.name);
                plane.update_status(now(), &key, status).unwrap();
            }
        }
        _ => {
            if let Some(key) = existing(plane, Kind::Pod, draw) {
                let grace_period_seconds = draw.chance(500_000).then_some(0);
                drop(plane.delete(now(), &key, DeleteOptions { grace_period_seconds, ..Default::default() }));
            }
        }
    }
}

/// Every endpoint of every managed slice, without the names that chance gave.
fn endpoints(plane: &ControlPlane) -> OrdSet<String> {
    let mut lines = OrdSet::new();
    for slice in plane.store().list(Kind::EndpointSlice, Some("default")) {
        let head = format!("{:?} {:?}", slice.labels(), slice.value["ports"]);
        for endpoint in slice.value["endpoints"].items() {
            let mut endpoint = endpoint.clone();
            endpoint.remove(&["targetRef", "uid"]);
            assert!(lines.insert(format!("{head} {endpoint:?}")), "an endpoint is there twice");
        }
    }
    for endpoints in plane.store().list(Kind::Endpoints, Some("default")) {
        for subset in endpoints.value["subsets"].items() {
            for (field, addresses) in subset.fields().filter(|(name, _)| *name != "ports") {
                for address in addresses.items() {
                    let ip = address["ip"].str();
                    lines.insert(format!("{} {field} {ip} {:?}", endpoints.key(), subset["ports"]));
                }
            }
        }
    }
    lines
}

#[test]
fn endpoints_kept_up_step_by_step_equal_those_made_from_scratch() {
    for seed in 0..20 {
        let mut draw = Rng::new(seed);
        let mut plane = ControlPlane::new(config());
        for _ in 0..250 {
            step(&mut plane, &mut draw);
            if draw.chance(300_000) {
                plane.reconcile(now());
            }
        }
        plane.reconcile(now());

        let mut fresh = ControlPlane::new(config());
        for kind in [Kind::Pod, Kind::Service] {
            for object in plane.store().list(kind, Some("default")).filter(|object| object.name() != "kubernetes") {
                let mut copy = (**object).clone();
                for field in ["uid", "resourceVersion"] {
                    copy.value.remove(&["metadata", field]);
                }
                fresh.create(now(), copy).unwrap();
                if kind == Kind::Pod {
                    fresh.update_status(now(), &object.key(), object.status().clone()).unwrap();
                    if object.is_terminating() {
                        fresh.delete(now(), &object.key(), DeleteOptions::default()).unwrap();
                    }
                }
            }
        }
        fresh.reconcile(now());
        assert_eq!(endpoints(&plane), endpoints(&fresh), "seed {seed}");
    }
}

#[test]
fn no_slice_ever_holds_more_than_a_hundred_endpoints_and_few_are_wasted() {
    for seed in 0..4 {
        let mut draw = Rng::new(seed);
        let mut plane = ControlPlane::new(config());
        for _ in 0..400 {
            step(&mut plane, &mut draw);
            plane.reconcile(now());
            for slice in plane.store().list(Kind::EndpointSlice, Some("default")) {
                assert!(slice.value["endpoints"].items().len() <= 100);
            }
        }
    }
}

#[test]
fn the_same_calls_make_the_same_store() {
    let run = |seed| {
        let mut draw = Rng::new(seed);
        let mut plane = ControlPlane::new(config());
        for _ in 0..300 {
            step(&mut plane, &mut draw);
            plane.reconcile(now());
        }
        Kind::ALL
            .into_iter()
            .flat_map(|kind| plane.store().list(kind, None).cloned().collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    for seed in 0..5 {
        assert_eq!(run(seed), run(seed));
    }
}

#[test]
fn ten_thousand_services_made_and_deleted_leave_nothing_behind() {
    let mut plane = ControlPlane::new(config());
    let cycle = |plane: &mut ControlPlane| {
        let mut service = service(&mut Rng::new(1));
        service.value.set(&["metadata", "name"], "short-lived");
        plane.create(now(), service).unwrap();
        plane.reconcile(now());
        plane.delete(now(), &Key::new(Kind::Service, "default", "short-lived"), DeleteOptions::default()).unwrap();
        plane.reconcile(now());
    };
    for _ in 0..1000 {
        cycle(&mut plane);
    }
    let size = |plane: &ControlPlane| {
        let changes = plane.store().changes_since(plane.store().revision()).map(Iterator::count);
        (
            plane.store().len(),
            plane.store().footprint(),
            plane.queue.len(),
            plane.naming.len(),
            plane.events.len(),
            changes.ok(),
        )
    };
    let before = size(&plane);
    for _ in 0..9000 {
        cycle(&mut plane);
    }
    assert_eq!(size(&plane), before);
}

#[test]
fn the_random_writes_reach_every_kind_of_service() {
    let mut draw = Rng::new(7);
    let mut plane = ControlPlane::new(config());
    let mut seen = OrdSet::new();
    for n in 0..400 {
        if n < 8 {
            drop(plane.create(now(), service(&mut draw)));
        } else {
            step(&mut plane, &mut draw);
        }
        plane.reconcile(now());
        for slice in plane.store().list(Kind::EndpointSlice, Some("default")) {
            let endpoints = slice.value["endpoints"].items();
            let hinted = endpoints.iter().any(|endpoint| !endpoint["hints"].is_null());
            seen.insert((slice.value["addressType"].str().to_owned(), endpoints.is_empty(), hinted));
        }
    }
    for family in ["IPv4", "IPv6"] {
        for (empty, hinted) in [(true, false), (false, false), (false, true)] {
            assert!(seen.contains(&(family.to_owned(), empty, hinted)), "{family} {empty} {hinted}");
        }
    }
}
