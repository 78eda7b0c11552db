use super::*;
use crate::api::Kind;
use alloc::string::String;

fn cluster() -> Cluster {
    let mut cluster = Cluster::new(Config::default()).unwrap();
    assert!(cluster.settle().is_settled());
    cluster
}

#[test]
fn a_new_cluster_comes_to_rest_with_its_dns_ready() {
    let cluster = cluster();
    let pods: Vec<_> = cluster.list(Kind::Pod, Some("kube-system")).collect();
    assert_eq!(pods.len(), 2);
    for pod in pods {
        assert_eq!(pod.status()["phase"].str(), "Running", "{:?}", pod.status());
    }
    let slices: Vec<_> = cluster.list(Kind::EndpointSlice, Some("kube-system")).collect();
    let ready = slices.iter().flat_map(|slice| slice.value["endpoints"].items());
    assert_eq!(ready.filter(|endpoint| endpoint["conditions"]["ready"].as_bool() == Some(true)).count(), 2);
}

#[test]
fn a_replayed_journal_ends_in_the_same_digest() {
    let mut first = cluster();
    first.set_ready("kube-system", "nobody", Some(true));
    first.exec(&Place::Node("node-1".into()), "echo hello").unwrap();
    first.advance(crate::time::Duration::from_secs(30));
    let second = first.fork().unwrap();
    assert_eq!(first.digest(), second.digest());
    assert_eq!(first.now(), second.now());
}

#[test]
fn a_process_that_reads_gets_what_is_typed() {
    let mut cluster = cluster();
    let place = Place::Node(String::from("node-1"));
    let missing = cluster.start(&Place::pod("default", "nobody"), &["true"], false);
    assert!(matches!(missing, Err(StartError::NoPod { .. })));
    let process = cluster.start(&place, &["echo", "hello"], false).unwrap();
    cluster.run_process(process, crate::time::Duration::from_secs(1), crate::time::Duration::from_secs(10));
    let (output, has_ended) = cluster.read(process);
    assert_eq!((output.stdout.as_str(), has_ended), ("hello\n", true));
}
