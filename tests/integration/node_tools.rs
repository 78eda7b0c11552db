//! What the tools of a node show: the rules and the connections that its packets use.

use clusterip::{
    api::Kind,
    cluster::{Config, Place},
    dataplane::{Mode, Scheduler},
    time::Duration,
};
use tests::lab::{CLIENT, HOTEL, Lab};

fn hotel(proxy: Mode) -> Lab {
    let mut lab = Lab::with(Config { proxy, ..Config::default() });
    lab.create(HOTEL);
    lab.create(CLIENT);
    lab
}

/// The node that the client is on.
fn node(lab: &Lab) -> Place {
    let client = lab.cluster.object(Kind::Pod, "default", "client").unwrap();
    Place::Node(client.spec()["nodeName"].str().into())
}

fn address(lab: &Lab) -> String {
    let service = lab.cluster.object(Kind::Service, "default", "hotel-service").unwrap();
    service.spec()["clusterIP"].str().into()
}

#[test]
fn a_connection_is_listed_by_the_node_of_its_client_with_both_sides_of_the_translation() {
    let mut lab = hotel(Mode::Iptables);
    let (node, address) = (node(&lab), address(&lab));
    let before = lab.at(&node, "conntrack -L -p tcp --dport 80");
    assert_eq!((&*before.stdout, before.exit_code), ("", 0));
    let answer = lab.exec("client", "curl -s http://hotel-service");
    // Its last packets are still on their way.
    lab.cluster.advance(Duration::from_secs(1));
    let pod = answer.stdout.split_whitespace().next().expect("a pod's name").to_owned();
    let backend = lab.cluster.list(Kind::Pod, Some("default")).find(|object| pod.starts_with(object.name())).unwrap();
    let backend = backend.status()["podIP"].str().to_owned();

    let listed = lab.at(&node, &format!("conntrack -L -p tcp -d {address}"));
    let line = listed.stdout.trim_end();
    assert_eq!(line.lines().count(), 1, "{line}");
    for word in ["tcp ", "TIME_WAIT", &format!("dst={address} "), &format!("src={backend} "), "[ASSURED]"] {
        assert!(line.contains(word), "{word} in {line}");
    }
    assert_eq!(listed.stderr, "conntrack v1.4.8 (conntrack-tools): 1 flow entries have been shown.\n");
    assert_eq!(lab.at(&node, "conntrack -L -d 192.0.2.1").stdout, "");
}

#[test]
fn every_mode_shows_its_own_rules_and_no_others() {
    let commands = ["iptables-save -t nat | grep -c hotel-service", "nft list ruleset | grep -c hotel-service"];
    for (mode, rules) in [
        (Mode::Iptables, [true, false, false]),
        (Mode::Nftables, [false, true, false]),
        (Mode::Ipvs(Scheduler::RoundRobin), [false, false, true]),
    ] {
        let mut lab = hotel(mode);
        let (node, address) = (node(&lab), address(&lab));
        let servers = format!("ipvsadm -Ln | grep -c {address}:80");
        for (command, has_rules) in commands.into_iter().chain([&*servers]).zip(rules) {
            let count: u32 = lab.at(&node, command).stdout.trim().parse().unwrap();
            assert_eq!(count > 0, has_rules, "{mode:?}: {command}: {count}");
        }
    }
}

#[test]
fn the_rules_name_the_range_of_all_pods() {
    let mut lab = hotel(Mode::Iptables);
    let node = node(&lab);
    let rules = lab.at(&node, "iptables-save | grep 'hotel-service cluster IP' | grep MARK-MASQ").stdout;
    assert!(rules.contains("! -s 10.244.0.0/16 "), "{rules}");
}

#[test]
fn what_a_tool_cannot_do_here_it_says() {
    let mut lab = hotel(Mode::Iptables);
    let node = node(&lab);
    for (line, said) in [
        ("iptables -t nat -L", "iptables: not simulated; iptables-save -t nat shows the rules\n"),
        ("conntrack -D", "conntrack: not simulated but for: conntrack -L, with -p, -s, -d, --sport, --dport\n"),
        (
            "nft list table ip kube-proxy",
            "Error: No such file or directory\nlist table ip kube-proxy\n              ^^^^^^^^^^\n",
        ),
    ] {
        let output = lab.at(&node, line);
        assert_eq!((&*output.stderr, output.exit_code), (said, 1), "{line}");
    }
}

#[test]
fn only_images_that_have_the_tools_have_them_and_a_pod_has_no_rules_of_its_own() {
    let mut lab = hotel(Mode::Iptables);
    lab.cluster.kubectl("kubectl run box --image=busybox --command -- sleep infinity");
    lab.settle();
    assert_eq!(lab.exec("box", "iptables-save").stderr, "sh: iptables-save: not found\n");
    let output = lab.exec("client", "iptables-save");
    assert_eq!((&*output.stdout, &*output.stderr, output.exit_code), ("", "", 0));
}
