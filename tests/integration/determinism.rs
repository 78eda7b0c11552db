//! One seed and the same inputs give the same cluster, to the byte.

use clusterip::{
    cluster::{Cluster, Config, Place, Request},
    net::LinkConfig,
    time::Duration,
};
use tests::lab::{CLIENT, HOTEL, Lab};

/// A scenario with something of everything: names, balancing, an unready pod, a lossy wire, a long silence.
fn scenario(seed: u64) -> Lab {
    let link = LinkConfig { latency: Duration::from_micros(200), loss_ppm: 10_000, ..LinkConfig::default() };
    let mut lab = Lab::with(Config { seed, link, ..Config::default() });
    lab.create(HOTEL);
    lab.create(CLIENT);
    let request = Request { times: 20, ..Request::new(Place::pod("default", "client"), "http://hotel-service") };
    lab.cluster.send(&request).unwrap();
    lab.exec("client", "nslookup hotel-service; ping -c 2 hotel-service");
    lab.cluster.advance(Duration::from_secs(3600));
    lab
}

#[test]
fn a_scenario_that_runs_twice_ends_the_same() {
    let (first, second) = (scenario(1), scenario(1));
    let recorders = first.cluster.recorder().since(0).zip(second.cluster.recorder().since(0));
    for ((number, one), (_, other)) in recorders {
        assert_eq!(format!("{one:?}"), format!("{other:?}"), "the first difference is entry {number}");
    }
    assert_eq!(first.cluster.digest(), second.cluster.digest());
}

#[test]
fn another_seed_is_another_cluster() {
    assert_ne!(scenario(1).cluster.digest(), scenario(2).cluster.digest());
}

#[test]
fn a_journal_is_the_cluster() {
    let lab = scenario(3);
    let again = Cluster::replay(lab.cluster.config().clone(), lab.cluster.journal().inputs()).unwrap();
    assert_eq!(again.digest(), lab.cluster.digest());
    assert_eq!(lab.cluster.fork().unwrap().digest(), lab.cluster.digest());
}
