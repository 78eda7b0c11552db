//! How costs grow with size: Services from 10 to 100,000, endpoints to a million, flows to four million.
//!
//! `cargo bench -p clusterip --bench scale` measures a packet of an established connection, a new connection and one
//! changed endpoint, each at every size, and draws the curves: `target/scale.svg`, or `benches/scale.svg` with
//! `-- --bless`, which the README shows. The work is the same at every size, so whatever grows is the memory's: a
//! lookup that finds its line in the cache, or does not. The floor, one lookup and nothing else, grows with it.

#![expect(clippy::disallowed_methods, reason = "measuring takes the machine's clock")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program of its own")]

#[path = "support/chart.rs"]
mod chart;
#[path = "support/floor.rs"]
#[allow(dead_code, reason = "nothing is batched here")]
mod floor;
#[path = "support/traffic.rs"]
#[allow(dead_code, reason = "nothing is IPv6 here")]
mod traffic;

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant as Clock};

use clusterip::dataplane::{Delta, Mode, Router};

use chart::{Chart, Curve};
use floor::Floor;
use traffic::{CLIENTS, IPV4, NOW, endpoint, open, packet, program, router, service};

/// Services, and endpoints of each.
const TABLES: [(u32, u32); 5] = [(10, 10), (100, 10), (1_000, 10), (10_000, 10), (100_000, 10)];
const FLOWS: [u32; 6] = [1_000, 10_000, 100_000, 500_000, 1_000_000, 4_000_000];
/// Of each size so many are measured, in chunks, of which the median counts.
const CHUNKS: u32 = 200;
const CHUNK: u32 = 500;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let mut flows = [Curve::new("established packet"), Curve::new("floor: one lookup, one rewrite")];
    for count in FLOWS {
        let (packet, floor) = established(count);
        println!("{count:>8} flows: {packet:7.1} ns an established packet, floor {floor:6.1} ns");
        flows[0].points.push((count, packet));
        flows[1].points.push((count, floor));
    }
    let mut tables = [Curve::new("new connection"), Curve::new("one endpoint changes")];
    for (services, endpoints) in TABLES {
        let (new, change) = (new_connection(services, endpoints), one_change(services, endpoints));
        println!(
            "{services:>8} Services of {endpoints} endpoints: {new:7.1} ns a new connection, {change:7.1} ns a change"
        );
        tables[0].points.push((services, new));
        tables[1].points.push((services, change));
    }
    let charts = [
        Chart { title: "nanoseconds by flows, 100 Services", curves: &flows },
        Chart { title: "nanoseconds by Services of 10 endpoints", curves: &tables },
    ];
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = match arguments.iter().any(|argument| argument == "--bless") {
        true => package.join("benches/scale.svg"),
        false => package.join("../target/scale.svg"),
    };
    let folder = path.parent().unwrap_or(package);
    match std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, chart::svg(&charts))) {
        Ok(()) => {
            println!("drawn in {}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// A packet of an established connection, and the floor on the same packets, in nanoseconds.
fn established(flows: u32) -> (f64, f64) {
    let mut router = router(Mode::Iptables, flows + flows / 4);
    program(&mut router, IPV4, 100, 10);
    (0..flows).for_each(|flow| open::<IPV4>(&mut router, flow, flow % 100, true));
    let mut floor = Floor::new((0..flows).map(|flow| packet(flow, flow % 100, 0x10)));
    let mut next = 0_u32;
    let (mut packets, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..CHUNKS {
        let mut chunk = || -> Vec<[u8; IPV4]> {
            let flow = |i: u32| (next + i).wrapping_mul(2_654_435_761) % flows;
            let chunk = (0..CHUNK).map(|i| packet(flow(i), flow(i) % 100, 0x10)).collect();
            next += CHUNK;
            chunk
        };
        let (mut work, mut other) = (chunk(), chunk());
        packets.push(time(|| {
            for packet in &mut work {
                let _ = black_box(router.handle_packet(NOW, packet, CLIENTS, &mut ()));
            }
        }));
        floors.push(time(|| other.iter_mut().for_each(|packet| floor.handle(packet))));
    }
    (median(packets), median(floors))
}

/// A new connection, in nanoseconds.
fn new_connection(services: u32, endpoints: u32) -> f64 {
    let flows = CHUNKS * CHUNK;
    let mut router = router(Mode::Iptables, flows * 2);
    program(&mut router, IPV4, services, endpoints);
    // The table of connections has its size before anything is measured.
    let later = NOW + clusterip::time::Duration::from_secs(1_000_000);
    (0..flows).for_each(|flow| open::<IPV4>(&mut router, flow, flow % services, false));
    router.handle_timeout(later, &mut ());
    let chunks = (0..CHUNKS).map(|chunk| {
        let flow = |i: u32| (chunk * CHUNK + i).wrapping_mul(2_654_435_761);
        let mut work: Vec<[u8; IPV4]> = (0..CHUNK).map(|i| packet(chunk * CHUNK + i, flow(i) % services, 2)).collect();
        time(|| {
            for packet in &mut work {
                let _ = black_box(router.handle_packet(later, packet, CLIENTS, &mut ()));
            }
        })
    });
    median(chunks.collect())
}

/// One endpoint that becomes unready, or ready, in nanoseconds.
fn one_change(services: u32, endpoints: u32) -> f64 {
    let mut router = router(Mode::Iptables, 1024);
    program(&mut router, IPV4, services, endpoints);
    let mut next = 0_u32;
    let chunks = (0..CHUNKS).map(|chunk| {
        let changes: Vec<Delta> = (0..CHUNK)
            .map(|_| {
                next += 1;
                let index = next.wrapping_mul(2_654_435_761) % services;
                let mut endpoint = endpoint(IPV4, index, next % endpoints);
                endpoint.ready = chunk % 2 == 1;
                Delta::Endpoint(service(IPV4, index).key(), endpoint)
            })
            .collect();
        time(|| changes.iter().for_each(|delta| apply(&mut router, delta)))
    });
    median(chunks.collect())
}

fn apply(router: &mut Router, delta: &Delta) {
    router.apply(NOW, delta, &mut ());
}

/// Nanoseconds for each of a chunk.
fn time(work: impl FnOnce()) -> f64 {
    let start = Clock::now();
    work();
    let taken: Duration = start.elapsed();
    taken.as_nanos() as f64 / f64::from(CHUNK)
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
