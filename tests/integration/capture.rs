//! What crosses the wires is what the real tshark reads.

use clusterip::{cluster::Place, trace::capture::Format};
use std::{fs, process::Command};
use tests::lab::{CLIENT, HOTEL, Lab};

/// Runs tshark on a capture and gives the lines it prints.
fn tshark(capture: &[u8], arguments: &[&str]) -> Vec<String> {
    let file = tempfile::NamedTempFile::with_suffix(".pcapng").unwrap();
    fs::write(file.path(), capture).unwrap();
    let tshark = demo::tools::tshark().unwrap_or_else(|error| panic!("{error}"));
    let mut command = Command::new(tshark);
    command.arg("-r").arg(file.path()).args(arguments);
    for protocol in ["ip", "tcp", "udp"] {
        command.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn captured() -> Vec<u8> {
    let mut lab = Lab::new();
    lab.create(HOTEL);
    lab.create(CLIENT);
    lab.cluster.set_capture(1 << 22, None);
    for _ in 0..10 {
        assert_eq!(lab.exec("client", "curl -s http://hotel-service").exit_code, 0);
    }
    lab.exec("client", "curl -s http://hotel-service:81 -m 1; ping -c 1 hotel-service -W 1; curl -s http://nobody");
    lab.at(&Place::Outside(String::new()), "curl -s -m 1 http://10.96.0.1");
    let capture = lab.cluster.capture().unwrap();
    assert_eq!(capture.lost(), 0);
    capture.emit(Format::Pcapng, |place| format!("{place:?}"))
}

#[test]
fn no_packet_is_malformed_and_no_checksum_is_bad() {
    let capture = captured();
    let all = tshark(&capture, &[]);
    assert!(all.len() > 200, "only {} packets were seen", all.len());
    let bad = "_ws.malformed || ip.checksum.status == \"Bad\" || tcp.checksum.status == \"Bad\" || udp.checksum.status == \"Bad\" \
               || icmp.checksum.status == \"Bad\"";
    assert_eq!(tshark(&capture, &["-Y", bad]), Vec::<String>::new());
}

#[test]
fn both_sides_of_the_translation_are_seen() {
    let capture = captured();
    let syn = "tcp.flags.syn == 1 && tcp.flags.ack == 0";
    let targets = tshark(&capture, &["-Y", syn, "-T", "fields", "-e", "ip.dst", "-e", "tcp.dstport"]);
    assert!(targets.iter().any(|target| target.starts_with("10.96.") && target.ends_with("\t80")), "{targets:?}");
    assert!(targets.iter().any(|target| target.starts_with("10.244.") && target.ends_with("\t8080")), "{targets:?}");
}
