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
fn what_the_api_server_keeps_is_there_again_a_little_later() {
    let mut plane = plane();
    let kubernetes = |kind| Key::new(kind, "default", "kubernetes");
    let (service, endpoints) = (kubernetes(Kind::Service), kubernetes(Kind::Endpoints));
    let slice = kubernetes(Kind::EndpointSlice);
    let before = plane.store().get(&slice).unwrap().value["endpoints"].clone();
    plane.delete(at(3), &service, DeleteOptions::default()).unwrap();
    plane.delete(at(3), &slice, DeleteOptions::default()).unwrap();
    let leases = Key::new(Kind::Namespace, "", "kube-node-lease");
    plane.delete(at(3), &leases, DeleteOptions::default()).unwrap();
    plane.reconcile(at(9));
    let is_there = |plane: &ControlPlane, key| plane.store().get(key).is_some();
    assert!([&service, &endpoints, &slice, &leases].iter().all(|key| !is_there(&plane, key)));
    plane.reconcile(at(10));
    assert_eq!(plane.store().get(&service).unwrap().spec()["clusterIP"].str(), "10.96.0.1");
    assert_eq!(plane.store().get(&slice).unwrap().value["endpoints"], before);
    assert!(is_there(&plane, &endpoints) && !is_there(&plane, &leases));
    plane.reconcile(at(60));
    assert!(is_there(&plane, &leases));
}

#[test]
fn nobody_leads_the_api_servers_clients_astray_for_long() {
    let mut plane = plane();
    let mut wrong = (**plane.store().find(Kind::Endpoints, "default", "kubernetes").unwrap()).clone();
    let right = wrong.value["subsets"].clone();
    wrong.value.remove(&["subsets"]);
    plane.replace(at(12), wrong).unwrap();
    plane.reconcile(at(20));
    let present = plane.store().find(Kind::Endpoints, "default", "kubernetes").unwrap();
    assert_eq!(present.value["subsets"], right);
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

fn with_finalizer(mut object: Object) -> Object {
    object.value.set(&["metadata", "finalizers"], alloc::vec!["example.com/hold"]);
    object
}

fn service(name: &str) -> Object {
    let mut service = Object::new(Kind::Service, "default", name);
    let mut port = Value::map();
    port.set(&["port"], 80);
    service.value.set(&["spec", "ports"], alloc::vec![port]);
    service
}

fn deletion(plane: &ControlPlane, key: &Key) -> Option<bool> {
    plane.store().get(key).map(|object| object.is_terminating())
}

#[test]
fn what_has_finalizers_goes_when_the_last_one_is_taken_off() {
    let mut plane = plane();
    let key = plane.create(at(0), with_finalizer(service("web"))).unwrap().key();
    let held = plane.delete(at(5), &key, DeleteOptions::default()).unwrap();
    assert_eq!(held.value["metadata"]["deletionTimestamp"].str(), timestamp::emit(at(5)));
    assert_eq!(held.value["metadata"]["deletionGracePeriodSeconds"].as_int(), Some(0));
    let again = plane.delete(at(9), &key, DeleteOptions::default()).unwrap();
    assert_eq!(again.value, held.value);
    let mut more = (*held).clone();
    more.value.set(&["metadata", "finalizers"], alloc::vec!["example.com/hold", "a.b/c"]);
    assert_eq!(
        plane.replace(at(9), more).unwrap_err().message,
        "Service \"web\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is \
         being deleted, found new finalizers []string{\"a.b/c\"}"
    );
    let mut free = (*held).clone();
    free.value.remove(&["metadata", "finalizers"]);
    plane.replace(at(9), free).unwrap();
    assert_eq!(deletion(&plane, &key), None);
}

#[test]
fn a_namespace_waits_for_what_in_it_has_finalizers_and_for_its_own() {
    let mut plane = plane();
    let shop = plane.create(at(0), with_finalizer(Object::new(Kind::Namespace, "", "shop"))).unwrap().key();
    let mut web = with_finalizer(service("web"));
    web.value.set(&["metadata", "namespace"], "shop");
    let web = plane.create(at(0), web).unwrap().key();
    plane.delete(at(1), &shop, DeleteOptions::default()).unwrap();
    plane.reconcile(at(1));
    assert_eq!((deletion(&plane, &web), deletion(&plane, &shop)), (Some(true), Some(true)));
    for (key, left) in [(web, Some(true)), (shop.clone(), None)] {
        let mut free = (**plane.store().get(&key).unwrap()).clone();
        free.value.remove(&["metadata", "finalizers"]);
        plane.replace(at(2), free).unwrap();
        plane.reconcile(at(2));
        assert_eq!(deletion(&plane, &shop), left);
    }
}

#[test]
fn in_the_foreground_an_owner_goes_after_what_it_owns_as_far_as_that_blocks_it() {
    let mut plane = plane();
    let owner = plane.create(at(0), service("owner")).unwrap();
    let mut keys = Vec::new();
    for (name, blocks) in [("blocks", true), ("does-not", false)] {
        let mut owned = with_finalizer(service(name));
        let mut reference = owner_reference(&owner);
        reference.set(&["blockOwnerDeletion"], blocks);
        owned.value.set(&["metadata", "ownerReferences"], alloc::vec![reference]);
        keys.push(plane.create(at(0), owned).unwrap().key());
    }
    let options = DeleteOptions { propagation: Propagation::Foreground, ..Default::default() };
    let waiting = plane.delete(at(1), &owner.key(), options).unwrap();
    assert!(waiting.is_terminating() && waiting.is_held_by("foregroundDeletion"));
    plane.reconcile(at(1));
    let all =
        |plane: &ControlPlane| [deletion(plane, &owner.key()), deletion(plane, &keys[0]), deletion(plane, &keys[1])];
    assert_eq!(all(&plane), [Some(true), Some(true), Some(true)]);
    let mut free = (**plane.store().get(&keys[0]).unwrap()).clone();
    free.value.remove(&["metadata", "finalizers"]);
    plane.replace(at(2), free).unwrap();
    plane.reconcile(at(2));
    assert_eq!(all(&plane), [None, None, Some(true)]);
}

#[test]
fn of_several_owners_the_last_one_takes_the_object_along() {
    let mut plane = plane();
    let owners = ["a", "b"].map(|name| plane.create(at(0), service(name)).unwrap());
    let mut owned = service("owned");
    let references = owners.each_ref().map(|owner| {
        let mut reference = owner_reference(owner);
        reference.remove(&["controller"]);
        reference
    });
    owned.value.set(&["metadata", "ownerReferences"], Vec::from(references));
    let key = plane.create(at(0), owned).unwrap().key();
    plane.delete(at(1), &owners[0].key(), DeleteOptions::default()).unwrap();
    plane.reconcile(at(1));
    let left = plane.store().get(&key).unwrap().value["metadata"]["ownerReferences"].items().to_vec();
    assert_eq!(left.iter().map(|owner| owner["name"].str()).collect::<Vec<_>>(), ["b"]);
    plane.delete(at(2), &owners[1].key(), DeleteOptions::default()).unwrap();
    plane.reconcile(at(2));
    assert!(plane.store().get(&key).is_none());
}
