//! Instructions for each packet, counted by callgrind: they do not depend on the machine's mood.
//!
//! `cargo bench -p clusterip --bench instructions` runs itself under valgrind and compares with `instructions.txt`. With
//! the compiler and target of that baseline a rise of more than 3 % fails; with others it is reported. `-- --bless`
//! writes the baseline anew.

#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program of its own")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

use clusterip::dataplane::{Delta, Endpoint, Hop, Ingress, Route, Router, RouterConfig, ServicePort, Verdict};
use clusterip::id::{HostId, LinkId};
use clusterip::net::Protocol;
use clusterip::net::rewrite::fill_checksums;
use clusterip::time::Instant;

const POD: Ingress = Ingress::Port(HostId(1));

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, rounds] = &arguments[..]
        && let Ok(rounds) = rounds.parse()
    {
        work(mode, rounds);
        return ExitCode::SUCCESS;
    }
    match measure(arguments.iter().any(|argument| argument == "--bless")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

/// Counts, prints, and compares.
fn measure(bless: bool) -> Result<(), String> {
    let compiler = Command::new("rustc").arg("-vV").output().map_err(|error| format!("rustc: {error}"))?;
    let compiler = String::from_utf8_lossy(&compiler.stdout);
    let line = |name: &str| compiler.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("unknown").to_owned();
    let compiler = format!("compiler{} for{}", line("release:"), line("host:"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt");
    let baseline = fs::read_to_string(&path).unwrap_or_default();
    let is_same = baseline.lines().next() == Some(&compiler);
    let mut written = format!("{compiler}\n");
    let mut risen = Vec::new();
    for (name, without, goal) in [("established", "copy", "goal 130, "), ("new", "build", "")] {
        let cost = cost(name)?.saturating_sub(cost(without)?);
        let before = baseline.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        println!("{name:<12} {cost:>6} instructions a packet, {goal}baseline {before:?} ({compiler})");
        if is_same && before.is_some_and(|before| cost * 100 > before * 103) {
            risen.push(name);
        }
        written += &format!("{name} {cost}\n");
    }
    if bless {
        return fs::write(&path, written).map_err(|error| format!("{}: {error}", path.display()));
    }
    if risen.is_empty() { Ok(()) } else { Err(format!("more than 3 % above the baseline: {}", risen.join(", "))) }
}

/// Instructions for one more packet: what 100 rounds of 1000 packets cost beyond one round.
fn cost(mode: &str) -> Result<u64, String> {
    let count = |rounds: &str| {
        let itself = std::env::current_exe().map_err(|error| error.to_string())?;
        let arguments = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        let output = Command::new("valgrind").args(arguments).arg(itself).args([mode, rounds]).output();
        let output = output.map_err(|error| format!("valgrind: {error}; on Debian: apt-get install valgrind"))?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let collected = text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse::<u64>().ok());
        collected.ok_or(text)
    };
    Ok((count("101")? - count("1")?) / 100_000)
}

/// `rounds` times a thousand packets.
fn work(mode: &str, rounds: u32) {
    let now = Instant::from_secs(1000);
    let mut router = router(now);
    let open = |router: &mut Router, flow: u32| {
        let mut syn = packet(flow, 2);
        assert_eq!(router.handle_packet(now, &mut syn, POD, &mut ()), Verdict::Link(LinkId(0)));
        syn
    };
    match mode {
        "new" => (0..rounds * 1000).for_each(|flow| {
            black_box(open(&mut router, flow));
        }),
        "build" => (0..rounds * 1000).for_each(|flow| {
            black_box(packet(flow, 2));
        }),
        mode => {
            let mut packets = Vec::new();
            for flow in 0..1000 {
                let mut answer = open(&mut router, flow);
                answer[12..20].rotate_left(4);
                answer[20..24].rotate_left(2);
                answer[33] = 0x12;
                fill_checksums(&mut answer);
                let _ = router.handle_packet(now, &mut answer, Ingress::Link(LinkId(0)), &mut ());
                let _ = router.handle_packet(now, &mut packet(flow, 0x10), POD, &mut ());
                packets.push(packet(flow, 0x10));
            }
            let mut work = packets.clone();
            for _ in 0..rounds {
                black_box(&mut work).copy_from_slice(&packets);
                if mode == "established" {
                    for packet in &mut work {
                        let _ = black_box(router.handle_packet(now, packet, POD, &mut ()));
                    }
                }
            }
        }
    }
}

fn router(now: Instant) -> Router {
    let mut config = RouterConfig::new("172.30.0.11".parse().unwrap());
    config.pod_cidrs = vec!["10.0.0.0/8".parse().unwrap()];
    let mut router = Router::new(config);
    let mut apply = |delta| router.apply(now, &delta, &mut ());
    apply(Delta::Route(Route::new("10.1.0.0/16".parse().unwrap(), Hop::Port(HostId(1)))));
    apply(Delta::Route(Route::new("10.128.0.0/9".parse().unwrap(), Hop::Link(LinkId(0)))));
    let web = ServicePort::new("default/web", Protocol::Tcp, "10.96.0.1".parse().unwrap(), 80);
    for last in 1..=10 {
        apply(Delta::Endpoint(web.key(), Endpoint::new(([10, 128, 0, last], 8080).into())));
    }
    apply(Delta::Service(web));
    router
}

fn packet(flow: u32, flags: u8) -> [u8; 64] {
    let mut packet = [0; 64];
    packet[..12].copy_from_slice(&[0x45, 0, 0, 64, 0, 0, 0x40, 0, 64, 6, 0, 0]);
    packet[12..16].copy_from_slice(&(0x0a01_0000 + (flow >> 14 & 0xffff)).to_be_bytes());
    packet[16..20].copy_from_slice(&[10, 96, 0, 1]);
    packet[20..22].copy_from_slice(&((flow & 0x3fff) as u16 + 2000).to_be_bytes());
    packet[22..24].copy_from_slice(&80_u16.to_be_bytes());
    (packet[32], packet[33]) = (0x50, flags);
    fill_checksums(&mut packet);
    packet
}
