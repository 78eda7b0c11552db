use super::*;
use crate::control::{ControlConfig, ControlPlane, DeleteOptions, timestamp};

fn at(seconds: i64) -> Instant {
    Instant::from_secs(seconds)
}

fn set(replicas: i64) -> Object {
    let mut set = Object::new(Kind::StatefulSet, "default", "db");
    let value = &mut set.value;
    value.set(&["spec", "replicas"], replicas);
    value.set(&["spec", "serviceName"], "db");
    value.set(&["spec", "selector", "matchLabels", "app"], "db");
    value.set(&["spec", "template", "metadata", "labels", "app"], "db");
    let mut container = Value::map();
    container.set(&["name"], "db");
    container.set(&["image"], "redis");
    value.set(&["spec", "template", "spec", "containers"], Vec::from([container]));
    set
}

fn plane(replicas: i64) -> ControlPlane {
    let mut plane = ControlPlane::new(ControlConfig::default());
    plane.create(at(0), set(replicas)).unwrap();
    plane
}

fn names(plane: &ControlPlane) -> Vec<&str> {
    plane.store().list(Kind::Pod, None).map(|pod| pod.name()).collect()
}

fn make_ready(plane: &mut ControlPlane, name: &str, now: Instant) {
    let mut condition = Value::map();
    condition.set(&["type"], "Ready");
    condition.set(&["status"], "True");
    condition.set(&["lastTransitionTime"], timestamp::emit(now));
    let mut status = Value::map();
    status.set(&["phase"], "Running");
    status.set(&["conditions"], Vec::from([condition]));
    plane.update_status(now, &Key::new(Kind::Pod, "default", name), status).unwrap();
    plane.reconcile(now);
}

fn end(plane: &mut ControlPlane, name: &str, now: Instant) {
    let at_once = DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
    plane.delete(now, &Key::new(Kind::Pod, "default", name), at_once).unwrap();
    plane.reconcile(now);
}

#[test]
fn pods_come_one_after_the_other_with_their_names_as_hostnames() {
    let mut plane = plane(2);
    plane.reconcile(at(0));
    assert_eq!(names(&plane), ["db-0"]);
    make_ready(&mut plane, "db-0", at(1));
    assert_eq!(names(&plane), ["db-0", "db-1"]);
    let pod = plane.store().find(Kind::Pod, "default", "db-1").unwrap();
    assert_eq!((pod.spec()["hostname"].str(), pod.spec()["subdomain"].str()), ("db-1", "db"));
    assert_eq!(pod.label("apps.kubernetes.io/pod-index"), Some("1"));
    assert_eq!(pod.label("statefulset.kubernetes.io/pod-name"), Some("db-1"));
    let events = plane.events().of(&Key::new(Kind::StatefulSet, "default", "db")).collect::<Vec<_>>();
    assert_eq!(events[0].message, "create Pod db-0 in StatefulSet db successful");
}

#[test]
fn a_claims_template_is_a_volume_of_each_pod() {
    let mut plane = ControlPlane::new(ControlConfig::default());
    let mut set = set(1);
    let mut claim = Value::map();
    claim.set(&["metadata", "name"], "data");
    set.value.set(&["spec", "volumeClaimTemplates"], Vec::from([claim]));
    let mut mount = Value::map();
    mount.set(&["name"], "data");
    mount.set(&["mountPath"], "/data");
    let containers = set.value.at_mut(&["spec", "template", "spec", "containers"]).items_mut();
    containers[0].set(&["volumeMounts"], Vec::from([mount]));
    plane.create(at(0), set).unwrap();
    plane.reconcile(at(0));
    let pod = plane.store().find(Kind::Pod, "default", "db-0").expect("the mount finds its volume");
    let volume = &pod.spec()["volumes"][0];
    assert_eq!((volume["name"].str(), volume["persistentVolumeClaim"]["claimName"].str()), ("data", "data-db-0"));
}

#[test]
fn parallel_policy_makes_all_at_once() {
    let mut plane = ControlPlane::new(ControlConfig::default());
    let mut set = set(3);
    set.value.set(&["spec", "podManagementPolicy"], "Parallel");
    plane.create(at(0), set).unwrap();
    plane.reconcile(at(0));
    assert_eq!(names(&plane), ["db-0", "db-1", "db-2"]);
}

#[test]
fn scaling_down_ends_the_highest_number_first_and_waits_for_it() {
    let mut plane = plane(3);
    plane.reconcile(at(0));
    for name in ["db-0", "db-1", "db-2"] {
        make_ready(&mut plane, name, at(1));
    }
    let mut smaller = (**plane.store().find(Kind::StatefulSet, "default", "db").unwrap()).clone();
    smaller.value.set(&["spec", "replicas"], 1);
    plane.replace(at(2), smaller).unwrap();
    plane.reconcile(at(2));
    let is_ending =
        |plane: &ControlPlane, name: &str| plane.store().find(Kind::Pod, "default", name).unwrap().is_terminating();
    assert!(is_ending(&plane, "db-2") && !is_ending(&plane, "db-1"));
    end(&mut plane, "db-2", at(3));
    assert!(is_ending(&plane, "db-1"));
    end(&mut plane, "db-1", at(4));
    assert_eq!(names(&plane), ["db-0"]);
}

#[test]
fn a_deleted_pod_comes_back_under_its_name() {
    let mut plane = plane(1);
    plane.reconcile(at(0));
    make_ready(&mut plane, "db-0", at(1));
    let before = plane.store().find(Kind::Pod, "default", "db-0").unwrap().uid().to_string();
    end(&mut plane, "db-0", at(2));
    assert_eq!(names(&plane), ["db-0"]);
    assert_ne!(plane.store().find(Kind::Pod, "default", "db-0").unwrap().uid(), before);
}

#[test]
fn a_new_template_replaces_pods_from_the_highest_number_down() {
    let mut plane = plane(2);
    plane.reconcile(at(0));
    make_ready(&mut plane, "db-0", at(1));
    make_ready(&mut plane, "db-1", at(1));
    let mut newer = (**plane.store().find(Kind::StatefulSet, "default", "db").unwrap()).clone();
    newer.value.set(&["spec", "template", "metadata", "labels", "version"], "2");
    plane.replace(at(2), newer).unwrap();
    plane.reconcile(at(2));
    let ending: Vec<&str> =
        plane.store().list(Kind::Pod, None).filter(|p| p.is_terminating()).map(|p| p.name()).collect();
    assert_eq!(ending, ["db-1"]);
    end(&mut plane, "db-1", at(3));
    make_ready(&mut plane, "db-1", at(4));
    assert!(plane.store().find(Kind::Pod, "default", "db-0").unwrap().is_terminating());
    end(&mut plane, "db-0", at(5));
    make_ready(&mut plane, "db-0", at(6));
    let status = plane.store().find(Kind::StatefulSet, "default", "db").unwrap().status();
    assert_eq!(status["currentRevision"], status["updateRevision"]);
    assert_eq!(status["updatedReplicas"].as_int(), Some(2));
}

#[test]
fn below_the_partition_a_pod_comes_back_as_it_was() {
    let mut plane = plane(2);
    plane.reconcile(at(0));
    make_ready(&mut plane, "db-0", at(1));
    make_ready(&mut plane, "db-1", at(2));
    let mut changed = (**plane.store().find(Kind::StatefulSet, "default", "db").unwrap()).clone();
    changed.value.set(&["spec", "updateStrategy", "rollingUpdate", "partition"], 1);
    changed.value.at_mut(&["spec", "template", "spec", "containers"]).items_mut()[0].set(&["image"], "redis:8");
    plane.replace(at(3), changed).unwrap();
    plane.reconcile(at(3));
    for name in ["db-1", "db-0"] {
        end(&mut plane, name, at(4));
        make_ready(&mut plane, name, at(5));
    }
    let image = |plane: &ControlPlane, name: &str| {
        let pod = plane.store().find(Kind::Pod, "default", name).unwrap();
        (pod.spec()["containers"][0]["image"].str().to_string(), pod.label(REVISION_LABEL).unwrap().to_string())
    };
    let set = plane.store().find(Kind::StatefulSet, "default", "db").unwrap();
    let status = |field: &str| set.status()[field].str().to_string();
    assert_ne!(status("currentRevision"), status("updateRevision"));
    assert_eq!(image(&plane, "db-0"), ("redis".into(), status("currentRevision")));
    assert_eq!(image(&plane, "db-1"), ("redis:8".into(), status("updateRevision")));
}

#[test]
fn of_revisions_that_no_pod_is_of_as_many_are_kept_as_the_limit_says() {
    let mut plane = plane(0);
    plane.reconcile(at(0));
    for n in 1..6 {
        let mut changed = (**plane.store().find(Kind::StatefulSet, "default", "db").unwrap()).clone();
        changed.value.set(&["spec", "revisionHistoryLimit"], 2);
        changed.value.set(&["spec", "template", "metadata", "annotations", "n"], n.to_string());
        plane.replace(at(n), changed).unwrap();
        plane.reconcile(at(n));
    }
    let mut kept: Vec<i64> = Vec::new();
    for revision in plane.store().list(Kind::ControllerRevision, None) {
        kept.push(revision.value["revision"].as_int().unwrap());
    }
    kept.sort_unstable();
    assert_eq!(kept, [4, 5, 6]);
}
