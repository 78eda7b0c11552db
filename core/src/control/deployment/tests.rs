use super::*;
use crate::control::{ControlConfig, ControlPlane, DeleteOptions};
use crate::ordered::OrdSet;

fn at(seconds: i64) -> Instant {
    Instant::from_secs(seconds)
}

fn deployment(replicas: i64, image: &str) -> Object {
    let mut deployment = Object::new(Kind::Deployment, "default", "web");
    let value = &mut deployment.value;
    value.set(&["spec", "replicas"], replicas);
    value.set(&["spec", "progressDeadlineSeconds"], 600);
    value.set(&["spec", "revisionHistoryLimit"], 10);
    value.set(&["spec", "strategy", "type"], "RollingUpdate");
    value.set(&["spec", "strategy", "rollingUpdate", "maxSurge"], 1);
    value.set(&["spec", "strategy", "rollingUpdate", "maxUnavailable"], 0);
    value.set(&["spec", "selector", "matchLabels", "app"], "web");
    value.set(&["spec", "template", "metadata", "labels", "app"], "web");
    let mut container = Value::map();
    container.set(&["name"], "web");
    container.set(&["image"], image);
    value.set(&["spec", "template", "spec", "containers"], Vec::from([container]));
    deployment
}

/// Plays the kubelet: terminating pods go, the others become ready.
fn run_pods(plane: &mut ControlPlane, now: Instant) {
    let pods: Vec<Rc<Object>> = plane.store().list(Kind::Pod, None).cloned().collect();
    for pod in pods {
        if pod.is_terminating() {
            let at_once = DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
            plane.delete(now, &pod.key(), at_once).unwrap();
        } else if !super::super::membership::is_ready(&pod) {
            let mut condition = Value::map();
            condition.set(&["type"], "Ready");
            condition.set(&["status"], "True");
            condition.set(&["lastTransitionTime"], crate::control::timestamp::emit(now));
            let mut status = Value::map();
            status.set(&["phase"], "Running");
            status.set(&["conditions"], Vec::from([condition]));
            plane.update_status(now, &pod.key(), status).unwrap();
        }
    }
}

/// Lets controllers and kubelet alternate until nothing changes; gives the smallest and the largest number of ready pods.
fn settle(plane: &mut ControlPlane, now: Instant) -> (usize, usize) {
    let (mut least, mut most) = (usize::MAX, 0);
    for _ in 0..100 {
        let revision = plane.store().revision();
        plane.reconcile(now);
        let pods: Vec<_> = plane.store().list(Kind::Pod, None).filter(|pod| !pod.is_terminating()).collect();
        most = most.max(pods.len());
        least = least.min(pods.iter().filter(|pod| super::super::membership::is_ready(pod)).count());
        run_pods(plane, now);
        if plane.store().revision() == revision {
            return (least, most);
        }
    }
    panic!("the rollout does not end");
}

fn start(replicas: i64) -> ControlPlane {
    let mut plane = ControlPlane::new(ControlConfig::default());
    plane.create(at(0), deployment(replicas, "one")).unwrap();
    settle(&mut plane, at(0));
    plane
}

fn update(plane: &mut ControlPlane, now: Instant, change: impl FnOnce(&mut Value)) {
    let mut object = (**plane.store().find(Kind::Deployment, "default", "web").unwrap()).clone();
    change(&mut object.value);
    plane.replace(now, object).unwrap();
}

fn set_image(value: &mut Value, image: &str) {
    value.at_mut(&["spec", "template", "spec"]).field_mut("containers").items_mut()[0].set(&["image"], image);
}

fn sizes(plane: &ControlPlane) -> Vec<i64> {
    let mut sizes: Vec<i64> = plane.store().list(Kind::ReplicaSet, None).map(|set| replicas(set)).collect();
    sizes.sort();
    sizes
}

fn status(plane: &ControlPlane) -> &Value {
    plane.store().find(Kind::Deployment, "default", "web").unwrap().status()
}

fn reason<'a>(plane: &'a ControlPlane, kind: &str) -> &'a str {
    super::status::condition(status(plane), kind).map_or("", |c| c["reason"].str())
}

#[test]
fn a_deployment_makes_a_replica_set_makes_pods_with_upstreams_names() {
    let plane = start(3);
    let set = plane.store().list(Kind::ReplicaSet, None).next().unwrap();
    let hash = set.label(HASH_LABEL).unwrap();
    assert_eq!(set.name(), format!("web-{hash}"));
    assert!(hash.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b)));
    let names: OrdSet<&str> = plane.store().list(Kind::Pod, None).map(|pod| pod.name()).collect();
    assert_eq!(names.len(), 3);
    for name in names {
        let suffix = name.strip_prefix(set.name()).unwrap().strip_prefix('-').unwrap();
        assert_eq!(suffix.len(), 5);
    }
    let pod = plane.store().list(Kind::Pod, None).next().unwrap();
    assert_eq!(pod.label(HASH_LABEL), Some(hash));
    assert_eq!(pod.controller().unwrap().1, set.name());
}

#[test]
fn the_status_counts_and_the_conditions_use_upstreams_reasons() {
    let plane = start(3);
    for field in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
        assert_eq!(status(&plane)[field].as_int(), Some(3), "{field}");
    }
    assert!(status(&plane)["unavailableReplicas"].is_null());
    assert_eq!(reason(&plane, "Available"), "MinimumReplicasAvailable");
    assert_eq!(reason(&plane, "Progressing"), "NewReplicaSetAvailable");
    let key = Key::new(Kind::Deployment, "default", "web");
    let words = &plane.events().of(&key).next().unwrap().message;
    assert!(words.starts_with("Scaled up replica set web-") && words.ends_with(" from 0 to 3"), "{words}");
    assert_eq!(plane.poll_at(), None);
}

#[test]
fn a_rolling_update_stays_between_its_fences() {
    let mut plane = start(3);
    update(&mut plane, at(10), |value| set_image(value, "two"));
    let (least, most) = settle(&mut plane, at(10));
    assert_eq!((least, most), (3, 4));
    assert_eq!(sizes(&plane), [0, 3]);
    let deployment = plane.store().find(Kind::Deployment, "default", "web").unwrap();
    assert_eq!(deployment.annotation(REVISION), Some("2"));
}

#[test]
fn going_back_reuses_the_old_replica_set_under_a_new_revision() {
    let mut plane = start(2);
    let first = plane.store().list(Kind::ReplicaSet, None).next().unwrap().name().to_owned();
    update(&mut plane, at(10), |value| set_image(value, "two"));
    settle(&mut plane, at(10));
    update(&mut plane, at(20), |value| set_image(value, "one"));
    settle(&mut plane, at(20));
    let set = plane.store().find(Kind::ReplicaSet, "default", &first).unwrap();
    assert_eq!((replicas(set), set.annotation(REVISION), set.annotation(REVISION_HISTORY)), (2, Some("3"), Some("1")));
}

#[test]
fn scaling_changes_the_size_and_not_the_revision() {
    let mut plane = start(2);
    update(&mut plane, at(10), |value| value.set(&["spec", "replicas"], 5));
    settle(&mut plane, at(10));
    assert_eq!(sizes(&plane), [5]);
    update(&mut plane, at(20), |value| value.set(&["spec", "replicas"], 1));
    settle(&mut plane, at(20));
    assert_eq!(sizes(&plane), [1]);
    assert_eq!(plane.store().list(Kind::Pod, None).count(), 1);
}

#[test]
fn recreate_ends_every_old_pod_before_the_first_new_one() {
    let mut plane = start(3);
    update(&mut plane, at(10), |value| {
        value.remove(&["spec", "strategy", "rollingUpdate"]);
        value.set(&["spec", "strategy", "type"], "Recreate");
        set_image(value, "two");
    });
    plane.reconcile(at(10));
    assert!(plane.store().list(Kind::Pod, None).all(|pod| pod.is_terminating()));
    let (least, most) = settle(&mut plane, at(10));
    assert_eq!((least, most), (0, 3));
    assert_eq!(sizes(&plane), [0, 3]);
}

#[test]
fn a_paused_deployment_scales_but_does_not_roll_out() {
    let mut plane = start(2);
    update(&mut plane, at(10), |value| {
        value.set(&["spec", "paused"], true);
        set_image(value, "two");
        value.set(&["spec", "replicas"], 3);
    });
    settle(&mut plane, at(10));
    assert_eq!(sizes(&plane), [3]);
    assert_eq!(reason(&plane, "Progressing"), "DeploymentPaused");
    update(&mut plane, at(20), |value| drop(value.remove(&["spec", "paused"])));
    settle(&mut plane, at(20));
    assert_eq!(sizes(&plane), [0, 3]);
}

#[test]
fn a_complete_rollout_whose_pods_fail_later_waits_for_no_deadline() {
    let mut plane = start(2);
    let key = plane.store().list(Kind::Pod, None).next().unwrap().key();
    let mut failed = plane.store().get(&key).unwrap().status().clone();
    failed.remove(&["conditions"]);
    plane.update_status(at(10), &key, failed).unwrap();
    plane.reconcile(at(10));
    assert_eq!(status(&plane)["availableReplicas"].as_int(), Some(1));
    assert_eq!(reason(&plane, "Progressing"), "NewReplicaSetAvailable");
    assert_eq!(plane.poll_at(), None);
}

#[test]
fn a_rollout_that_gets_nowhere_misses_its_deadline() {
    let mut plane = ControlPlane::new(ControlConfig::default());
    plane.create(at(0), deployment(1, "one")).unwrap();
    plane.reconcile(at(0));
    let later = plane.poll_at().unwrap();
    assert_eq!(later, at(601));
    plane.reconcile(later);
    assert_eq!(reason(&plane, "Progressing"), "ProgressDeadlineExceeded");
    assert_eq!(plane.poll_at(), None);
}

#[test]
fn deleting_a_deployment_takes_its_pods_with_it() {
    let mut plane = start(2);
    plane.delete(at(5), &Key::new(Kind::Deployment, "default", "web"), DeleteOptions::default()).unwrap();
    settle(&mut plane, at(5));
    assert_eq!(plane.store().list(Kind::ReplicaSet, None).count(), 0);
    assert_eq!(plane.store().list(Kind::Pod, None).count(), 0);
}

#[test]
fn a_pod_that_loses_its_label_is_let_go_and_replaced_and_taken_back_when_it_matches_again() {
    let mut plane = start(2);
    let pod = plane.store().list(Kind::Pod, None).next().unwrap().clone();
    let mut debug = (*pod).clone();
    debug.value.set(&["metadata", "labels", "app"], "debug");
    plane.replace(at(5), debug).unwrap();
    settle(&mut plane, at(5));
    assert_eq!(plane.store().list(Kind::Pod, None).count(), 3);
    let free = plane.store().get(&pod.key()).unwrap();
    assert!(free.controller().is_none());

    let mut back = (**free).clone();
    back.value.set(&["metadata", "labels", "app"], "web");
    plane.replace(at(6), back).unwrap();
    settle(&mut plane, at(6));
    assert_eq!(plane.store().list(Kind::Pod, None).count(), 2);
}

#[test]
fn a_deleted_pod_is_replaced_under_another_name() {
    let mut plane = start(1);
    let name = plane.store().list(Kind::Pod, None).next().unwrap().name().to_owned();
    plane.delete(at(5), &Key::new(Kind::Pod, "default", &name), DeleteOptions::default()).unwrap();
    settle(&mut plane, at(5));
    let names: Vec<&str> = plane.store().list(Kind::Pod, None).map(|pod| pod.name()).collect();
    assert_eq!(names.len(), 1);
    assert_ne!(names[0], name);
}

#[test]
fn old_replica_sets_beyond_the_history_limit_are_deleted() {
    let mut plane = start(1);
    update(&mut plane, at(1), |value| value.set(&["spec", "revisionHistoryLimit"], 1));
    for (n, image) in ["two", "three", "four"].into_iter().enumerate() {
        update(&mut plane, at(10 + n as i64), |value| set_image(value, image));
        settle(&mut plane, at(10 + n as i64));
    }
    assert_eq!(sizes(&plane), [0, 1]);
}

#[test]
fn percentages_round_up_for_surge_and_down_for_unavailability() {
    let mut plane = ControlPlane::new(ControlConfig::default());
    let mut object = deployment(10, "one");
    object.value.set(&["spec", "strategy", "rollingUpdate", "maxSurge"], "25%");
    object.value.set(&["spec", "strategy", "rollingUpdate", "maxUnavailable"], "25%");
    plane.create(at(0), object).unwrap();
    settle(&mut plane, at(0));
    update(&mut plane, at(10), |value| set_image(value, "two"));
    let (least, most) = settle(&mut plane, at(10));
    assert!(least >= 8, "{least}");
    assert_eq!(most, 13);
}

#[test]
fn a_deployment_made_again_takes_in_the_replica_set_its_forerunner_left() {
    let mut plane = start(2);
    let pods: OrdSet<String> = plane.store().list(Kind::Pod, None).map(|pod| pod.uid().to_owned()).collect();
    let orphan = DeleteOptions { propagation: crate::control::Propagation::Orphan, ..Default::default() };
    plane.delete(at(5), &Key::new(Kind::Deployment, "default", "web"), orphan).unwrap();
    settle(&mut plane, at(5));
    plane.create(at(6), deployment(2, "one")).unwrap();
    settle(&mut plane, at(6));
    let now: OrdSet<String> = plane.store().list(Kind::Pod, None).map(|pod| pod.uid().to_owned()).collect();
    assert_eq!(now, pods);
    assert_eq!(sizes(&plane), [2]);
}
