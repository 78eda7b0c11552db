use super::*;
use alloc::vec::Vec;

fn plane() -> ControlPlane {
    ControlPlane::new(ControlConfig::default())
}

fn at(seconds: i64) -> Instant {
    Instant::from_secs(seconds)
}

fn pod(name: &str) -> Object {
    let mut pod = Object::new(Kind::Pod, "default", name);
    pod.value.set(&["spec", "containers"], alloc::vec![container()]);
    pod
}

fn container() -> Value {
    let mut container = Value::map();
    container.set(&["name"], "web");
    container.set(&["image"], "nginx");
    container
}

fn names(plane: &ControlPlane, kind: Kind) -> Vec<&str> {
    plane.store().list(kind, None).map(|object| object.name()).collect()
}

#[test]
fn a_new_cluster_has_its_namespaces_nodes_and_two_services() {
    let plane = plane();
    assert_eq!(names(&plane, Kind::Namespace), ["default", "kube-node-lease", "kube-public", "kube-system"]);
    assert_eq!(names(&plane, Kind::Node), ["node-1", "node-2"]);
    assert_eq!(names(&plane, Kind::Service), ["kubernetes", "kube-dns"]);
    let kubernetes = plane.store().find(Kind::Service, "default", "kubernetes").unwrap();
    assert_eq!(kubernetes.spec()["clusterIP"].str(), "10.96.0.1");
    let default = plane.store().find(Kind::Namespace, "", "default").unwrap();
    assert_eq!(default.label("kubernetes.io/metadata.name"), Some("default"));
}

#[test]
fn refusals_use_the_words_of_the_api_server() {
    let mut plane = plane();
    let lost = Object::new(Kind::Pod, "production", "web");
    assert_eq!(plane.create(at(0), lost).unwrap_err().message, r#"namespaces "production" not found"#);
    plane.create(at(0), pod("web")).unwrap();
    assert_eq!(plane.create(at(0), pod("web")).unwrap_err().message, r#"pods "web" already exists"#);
    let gone = Key::new(Kind::Deployment, "default", "x");
    let error = plane.delete(at(0), &gone, DeleteOptions::default()).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (404, r#"deployments.apps "x" not found"#));
}

#[test]
fn a_stale_resource_version_is_a_conflict() {
    let mut plane = plane();
    let read = plane.create(at(0), pod("web")).unwrap();
    let mut first = (*read).clone();
    first.value.set(&["metadata", "labels", "a"], "1");
    plane.replace(at(1), first).unwrap();
    let mut second = (*read).clone();
    second.value.set(&["metadata", "labels", "a"], "2");
    let error = plane.replace(at(2), second).unwrap_err();
    assert_eq!(error.code, 409);
    assert!(error.message.starts_with(r#"Operation cannot be fulfilled on pods "web": the object has been modified"#));
}

#[test]
fn a_write_that_changes_nothing_makes_no_revision() {
    let mut plane = plane();
    let read = plane.create(at(0), pod("web")).unwrap();
    let revision = plane.store().revision();
    plane.replace(at(1), (*read).clone()).unwrap();
    assert_eq!(plane.store().revision(), revision);
}

#[test]
fn pods_are_spread_over_the_nodes_and_one_that_fits_nowhere_waits() {
    let mut plane = plane();
    for name in ["a", "b", "c"] {
        plane.create(at(0), pod(name)).unwrap();
    }
    let mut picky = pod("picky");
    picky.value.set(&["spec", "nodeSelector", "disk"], "ssd");
    plane.create(at(0), picky).unwrap();
    plane.reconcile(at(0));
    let nodes: Vec<_> = plane.store().list(Kind::Pod, None).map(|pod| pod.spec()["nodeName"].str()).collect();
    assert_eq!(nodes, ["node-1", "node-2", "node-1", ""]);
    let words = &plane.events().of(&Key::new(Kind::Pod, "default", "picky")).next().unwrap().message;
    assert_eq!(words, "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.");

    let node = plane.store().find(Kind::Node, "", "node-2").unwrap();
    let mut node = (**node).clone();
    node.value.set(&["metadata", "labels", "disk"], "ssd");
    plane.replace(at(1), node).unwrap();
    plane.reconcile(at(1));
    let picky = plane.store().find(Kind::Pod, "default", "picky").unwrap();
    assert_eq!(picky.spec()["nodeName"].str(), "node-2");
}

#[test]
fn a_running_pod_ends_gracefully_and_an_unbound_one_at_once() {
    let mut plane = plane();
    plane.create(at(0), pod("web")).unwrap();
    let key = Key::new(Kind::Pod, "default", "web");
    plane.reconcile(at(0));
    let ending = plane.delete(at(5), &key, DeleteOptions::default()).unwrap();
    assert_eq!(ending.value["metadata"]["deletionTimestamp"].str(), "2026-01-01T00:00:35Z");
    assert_eq!(ending.value["metadata"]["deletionGracePeriodSeconds"].as_int(), Some(30));
    let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    plane.delete(at(6), &key, now).unwrap();
    assert!(plane.store().get(&key).is_none());

    plane.create(at(7), pod("web")).unwrap();
    plane.delete(at(7), &key, DeleteOptions::default()).unwrap();
    assert!(plane.store().get(&key).is_none());
}

#[test]
fn a_namespace_goes_after_everything_in_it() {
    let mut plane = plane();
    plane.create(at(0), Object::new(Kind::Namespace, "", "shop")).unwrap();
    let mut running = pod("web");
    running.value.set(&["metadata", "namespace"], "shop");
    plane.create(at(0), running).unwrap();
    plane.reconcile(at(0));
    plane.delete(at(1), &Key::new(Kind::Namespace, "", "shop"), DeleteOptions::default()).unwrap();
    plane.reconcile(at(1));
    let error = plane.create(at(1), Object::new(Kind::Pod, "shop", "late")).unwrap_err();
    assert!(error.message.ends_with("unable to create new content in namespace shop because it is being terminated"));
    let web = Key::new(Kind::Pod, "shop", "web");
    assert!(plane.store().get(&web).unwrap().is_terminating());
    plane.delete(at(2), &web, DeleteOptions { grace_period_seconds: Some(0), ..Default::default() }).unwrap();
    plane.reconcile(at(2));
    assert!(plane.store().find(Kind::Namespace, "", "shop").is_none());
}

#[test]
fn what_an_object_owns_goes_with_it_unless_it_is_orphaned() {
    for propagation in [Propagation::Background, Propagation::Orphan] {
        let mut plane = plane();
        let mut set = Object::new(Kind::ReplicaSet, "default", "rs");
        set.value.set(&["spec", "replicas"], 0);
        set.value.set(&["spec", "selector", "matchLabels", "app"], "web");
        set.value.set(&["spec", "template", "metadata", "labels", "app"], "web");
        set.value.set(&["spec", "template", "spec", "containers"], alloc::vec![container()]);
        let owner = plane.create(at(0), set).unwrap();
        let mut owned = pod("web");
        let mut reference = Value::map();
        reference.set(&["apiVersion"], "apps/v1");
        reference.set(&["kind"], "ReplicaSet");
        reference.set(&["name"], "rs");
        reference.set(&["uid"], owner.uid());
        owned.value.set(&["metadata", "ownerReferences"], alloc::vec![reference]);
        plane.create(at(0), owned).unwrap();
        let options = DeleteOptions { propagation, ..Default::default() };
        plane.delete(at(1), &owner.key(), options).unwrap();
        plane.reconcile(at(1));
        let left = plane.store().find(Kind::Pod, "default", "web").filter(|pod| !pod.is_terminating());
        assert_eq!(left.is_some(), propagation == Propagation::Orphan);
    }
}

#[test]
fn drawn_names_look_like_upstreams_and_repeat_with_the_seed() {
    let draw = || {
        let mut plane = plane();
        let mut object = pod("");
        object.value.remove(&["metadata", "name"]);
        object.value.set(&["metadata", "generateName"], "web-");
        plane.create(at(0), object).unwrap().name().to_owned()
    };
    let name = draw();
    let suffix = name.strip_prefix("web-").unwrap();
    assert_eq!(suffix.len(), 5);
    assert!(suffix.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b)));
    assert_eq!(draw(), name);
}

#[test]
fn required_node_affinity_chooses_the_node() {
    let mut plane = plane();
    let mut picky = pod("picky");
    let mut expression = Value::map();
    expression.set(&["key"], "kubernetes.io/hostname");
    expression.set(&["operator"], "In");
    expression.set(&["values"], alloc::vec!["node-2"]);
    let mut term = Value::map();
    term.set(&["matchExpressions"], alloc::vec![expression]);
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    picky.value.set(&["spec", "affinity", "nodeAffinity", required, "nodeSelectorTerms"], alloc::vec![term]);
    plane.create(at(0), picky).unwrap();
    let mut other = pod("other");
    other.value.set(&["spec", "schedulerName"], "mine");
    plane.create(at(0), other).unwrap();
    plane.reconcile(at(0));
    let node = |name: &str| plane.store().find(Kind::Pod, "default", name).unwrap().spec()["nodeName"].str();
    assert_eq!((node("picky"), node("other")), ("node-2", ""));
}

#[test]
fn the_pods_of_a_deleted_node_are_given_up_after_forty_seconds() {
    let mut plane = plane();
    let mut stray = pod("stray");
    stray.value.set(&["spec", "nodeName"], "never-was");
    plane.create(at(0), stray).unwrap();
    for name in ["a", "b"] {
        plane.create(at(0), pod(name)).unwrap();
    }
    plane.reconcile(at(0));
    plane.delete(at(10), &Key::new(Kind::Node, "", "node-1"), DeleteOptions::default()).unwrap();
    plane.reconcile(at(10));
    assert_eq!(plane.poll_at(), Some(at(50)));
    plane.reconcile(at(50));
    assert_eq!(names(&plane, Kind::Pod), ["b", "stray"]);
}
