//! The packet path against its goals, beside the floor of the same run: parse, one lookup, one rewrite, nothing else.
//!
//! `cargo bench -p clusterip --bench dataplane`; the last lines are a table with the goals. Wall time is noisy:
//! trust ratios to the floor, which runs on the same packets.

#![expect(clippy::disallowed_methods, reason = "measuring takes the machine's clock")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program of its own")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant as Clock};

use clusterip::dataplane::{
    BatchPacket, Delta, Endpoint, Hop, Ingress, Mode, Route, Router, RouterConfig, ServicePort, Verdict,
};
use clusterip::id::{HostId, LinkId};
use clusterip::net::Protocol;
use clusterip::net::rewrite::fill_checksums;
use clusterip::net::{Event, Tap};
use clusterip::time::Instant;

const NOW: Instant = Instant::from_micros_const(1_000_000_000);
const CLIENTS: Ingress = Ingress::Port(HostId(1));
const BACKENDS: Ingress = Ingress::Link(LinkId(0));

fn main() {
    let mut report = Report::default();
    for (flows, single, batched) in [(1_000, 10.0, 8.0), (100_000, 28.0, 14.0), (1_000_000, 55.0, 22.0)] {
        established(&mut report, flows, single, batched);
    }
    taps(&mut report);
    new_flows(&mut report);
    programming(&mut report, Mode::Iptables, 5.0, 1.0);
    programming(&mut report, Mode::Maglev(1009), 60.0, 20.0);
    memory(&mut report);
    report.print();
}

/// Cluster IP and port number of a Service.
fn service(index: u32) -> ServicePort {
    let address = Ipv4Addr::from_bits(0x0a60_0000 + index + 1);
    ServicePort::new(format!("default/s{index}"), Protocol::Tcp, address.into(), 80)
}

fn endpoint(service: u32, index: u32) -> Endpoint {
    let address = Ipv4Addr::from_bits(0x0a80_0000 + (service * 100 + index) % 0x7f_ffff);
    Endpoint::new(SocketAddr::new(address.into(), 8080))
}

fn router(mode: Mode, connections: u32) -> Router {
    let mut config = RouterConfig::new("172.30.0.11".parse().unwrap());
    config.mode = mode;
    config.max_connections = connections;
    config.pod_cidrs = vec!["10.0.0.0/8".parse().unwrap()];
    config.seed = 7;
    let mut router = Router::new(config);
    for (to, hop) in [("10.1.0.0/16", Hop::Port(HostId(1))), ("10.128.0.0/9", Hop::Link(LinkId(0)))] {
        router.apply(NOW, &Delta::Route(Route::new(to.parse().unwrap(), hop)), &mut ());
    }
    router
}

fn program(router: &mut Router, services: u32, endpoints: u32) {
    for index in 0..services {
        let port = service(index);
        let all = (0..endpoints).map(|i| endpoint(index, i)).collect();
        router.apply(NOW, &Delta::Endpoints(port.key(), all), &mut ());
        router.apply(NOW, &Delta::Service(port), &mut ());
    }
}

/// A TCP packet of flow `flow` to Service `service`; 10.1.0.0/16 has the clients.
fn packet(flow: u32, service: u32, flags: u8) -> [u8; 64] {
    let mut packet = [0; 64];
    packet[..12].copy_from_slice(&[0x45, 0, 0, 64, 0, 0, 0x40, 0, 64, 6, 0, 0]);
    packet[12..16].copy_from_slice(&(0x0a01_0000 + (flow >> 14 & 0xffff)).to_be_bytes());
    packet[16..20].copy_from_slice(&(0x0a60_0000 + service + 1).to_be_bytes());
    packet[20..22].copy_from_slice(&((flow & 0x3fff) as u16 + 2000).to_be_bytes());
    packet[22..24].copy_from_slice(&80_u16.to_be_bytes());
    (packet[32], packet[33]) = (0x50, flags);
    fill_checksums(&mut packet);
    packet
}

/// The answer to a packet that left, with other flags.
fn answer(sent: &[u8; 64], flags: u8) -> [u8; 64] {
    let mut packet = *sent;
    packet[12..20].rotate_left(4);
    packet[20..24].rotate_left(2);
    packet[8] = 64;
    packet[33] = flags;
    fill_checksums(&mut packet);
    packet
}

/// Opens `flows` connections to `services` Services, and gives a packet of each, in an order that is not that of opening.
fn open(router: &mut Router, flows: u32, services: u32) -> Vec<[u8; 64]> {
    for flow in 0..flows {
        let mut syn = packet(flow, flow % services, 2);
        assert_eq!(router.handle_packet(NOW, &mut syn, CLIENTS, &mut ()), Verdict::Link(LinkId(0)));
        let _ = router.handle_packet(NOW, &mut answer(&syn, 0x12), BACKENDS, &mut ());
        let mut ack = packet(flow, flow % services, 0x10);
        let _ = router.handle_packet(NOW, &mut ack, CLIENTS, &mut ());
    }
    assert_eq!(router.connection_count(), flows);
    let mut all: Vec<[u8; 64]> = (0..flows).map(|flow| packet(flow, flow % services, 0x10)).collect();
    let mut state = 0x1234_5678_u64;
    for i in (1..all.len()).rev() {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        all.swap(i, (state >> 33) as usize % (i + 1));
    }
    all
}

fn established(report: &mut Report, flows: u32, goal_single: f64, goal_batched: f64) {
    let mut router = router(Mode::Iptables, flows.next_power_of_two().max(flows * 3 / 2));
    program(&mut router, 100, 10);
    let originals = open(&mut router, flows, 100);
    let mut floor = Floor::new(&originals);
    let mut work = originals.clone();
    let rounds = (4_000_000 / flows).clamp(2, 2000);
    let (mut single, mut batched, mut floors, mut floors_batched) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        work.copy_from_slice(&originals);
        floors.push(time(flows, || work.iter_mut().for_each(|packet| floor.handle(packet))));
        work.copy_from_slice(&originals);
        floors_batched.push(time(flows, || work.chunks_mut(32).for_each(|packets| floor.handle_batch(packets))));
        work.copy_from_slice(&originals);
        single.push(time(flows, || {
            for packet in &mut work {
                let _ = black_box(router.handle_packet(NOW, packet, CLIENTS, &mut ()));
            }
        }));
        work.copy_from_slice(&originals);
        let mut batch: Vec<BatchPacket> = work.iter_mut().map(|p| BatchPacket::new(p, CLIENTS)).collect();
        batched.push(time(flows, || {
            for chunk in batch.chunks_mut(32) {
                router.handle_batch(NOW, chunk, &mut ());
            }
        }));
        assert_eq!(batch[0].verdict, Verdict::Link(LinkId(0)));
    }
    let (floor, floor_batched) = (median(floors), median(floors_batched));
    report.row(format!("established, {flows} flows, one at a time"), median(single), goal_single, "ns", Some(floor));
    report.row(
        format!("established, {flows} flows, batches of 32"),
        median(batched),
        goal_batched,
        "ns",
        Some(floor_batched),
    );
}

/// A tap that keeps nothing costs nothing; one that counts shows what looking costs.
fn taps(report: &mut Report) {
    struct Count(u64);
    impl Tap for Count {
        fn event(&mut self, _: Instant, _: &Event) {
            self.0 += 1;
        }
    }
    let mut router = router(Mode::Iptables, 4096);
    program(&mut router, 100, 10);
    let originals = open(&mut router, 1000, 100);
    let mut work = originals.clone();
    let (mut none, mut count) = (Vec::new(), Vec::new());
    for _ in 0..1000 {
        work.copy_from_slice(&originals);
        none.push(time(1000, || {
            for packet in &mut work {
                let _ = black_box(router.handle_packet(NOW, packet, CLIENTS, &mut ()));
            }
        }));
        work.copy_from_slice(&originals);
        let mut tap = Count(0);
        count.push(time(1000, || {
            for packet in &mut work {
                let _ = black_box(router.handle_packet(NOW, packet, CLIENTS, &mut tap));
            }
        }));
        assert_eq!(black_box(tap.0), 4000);
    }
    report.row("tap: none".into(), median(none), 10.0, "ns", None);
    report.row("tap: one that counts events".into(), median(count), f64::NAN, "ns", None);
}

fn new_flows(report: &mut Report) {
    const FLOWS: u32 = 100_000;
    let later = NOW + clusterip::time::Duration::from_secs(1_000_000);
    for (batched, goal) in [(false, 250.0), (true, 120.0)] {
        let mut samples = Vec::new();
        for _ in 0..3 {
            let mut router = router(Mode::Iptables, 1 << 18);
            program(&mut router, 10_000, 100);
            // Earlier connections made the table as large as it will be, and are forgotten.
            open(&mut router, FLOWS + 20_000, 10_000);
            router.handle_timeout(later, &mut ());
            assert_eq!(router.connection_count(), 0);
            let services = |flow: u32| flow.wrapping_mul(2_654_435_761) % 10_000;
            let mut work: Vec<_> = (0..FLOWS).map(|f| packet(f + 200_000, services(f), 2)).collect();
            if batched {
                let mut batch: Vec<_> = work.iter_mut().map(|p| BatchPacket::new(p, CLIENTS)).collect();
                samples.push(time(FLOWS, || {
                    for chunk in batch.chunks_mut(32) {
                        router.handle_batch(later, chunk, &mut ());
                    }
                }));
            } else {
                samples.push(time(FLOWS, || {
                    for packet in &mut work {
                        let _ = black_box(router.handle_packet(later, packet, CLIENTS, &mut ()));
                    }
                }));
            }
        }
        let how = if batched { "batches of 32" } else { "one at a time" };
        report.row(format!("new flow, 10000 Services x 100 endpoints, {how}"), median(samples), goal, "ns", None);
    }
}

fn programming(report: &mut Report, mode: Mode, goal_program: f64, goal_change: f64) {
    const SERVICES: u32 = 10_000;
    let mut program_samples = Vec::new();
    let mut change_samples = Vec::new();
    let deltas: Vec<Delta> = (0..SERVICES)
        .flat_map(|index| {
            let port = service(index);
            let all = (0..10).map(|i| endpoint(index, i)).collect();
            [Delta::Endpoints(port.key(), all), Delta::Service(port)]
        })
        .collect();
    for _ in 0..5 {
        let mut router = router(mode, 1 << 16);
        program_samples.push(time(1, || deltas.iter().for_each(|delta| router.apply(NOW, delta, &mut ()))) / 1e6);
        let changes: Vec<Delta> = (0..SERVICES)
            .map(|i| {
                let index = i.wrapping_mul(7919) % SERVICES;
                let mut endpoint = endpoint(index, i % 10);
                endpoint.ready = false;
                Delta::Endpoint(service(index).key(), endpoint)
            })
            .collect();
        let mut syns: Vec<_> = (0..SERVICES).map(|i| packet(i, i.wrapping_mul(7919) % SERVICES, 2)).collect();
        // Maglev tables are made when first needed: the cost of a change is that of the next connection too.
        let lazy = matches!(mode, Mode::Maglev(_));
        change_samples.push(
            time(SERVICES, || {
                for (change, syn) in changes.iter().zip(&mut syns) {
                    router.apply(NOW, change, &mut ());
                    if lazy {
                        let _ = black_box(router.handle_packet(NOW, syn, CLIENTS, &mut ()));
                    }
                }
            }) / 1e3,
        );
    }
    report.row(
        format!("program 10000 Services x 10 endpoints, {mode:?}"),
        median(program_samples),
        goal_program,
        "ms",
        None,
    );
    report.row(format!("one endpoint changes, {mode:?}"), median(change_samples), goal_change, "us", None);
}

fn memory(report: &mut Report) {
    let mut router = router(Mode::Iptables, 1_000_000);
    program(&mut router, 100, 10);
    open(&mut router, 1_000_000, 100);
    report.row("memory of a connection".into(), router.connection_bytes() as f64 / 1e6, 128.0, "B", None);
    let table = |services, endpoints| {
        let mut router = self::router(Mode::Iptables, 1024);
        program(&mut router, services, endpoints);
        router.table_bytes() as f64
    };
    let (few, many) = (table(10_000, 0), table(10_000, 100));
    report.row("memory of a Service".into(), few / 1e4, 128.0, "B", None);
    report.row("memory of an endpoint".into(), (many - few) / 1e6, 16.0, "B", None);
}

/// Nanoseconds for each of `count`.
fn time(count: u32, work: impl FnOnce()) -> f64 {
    let start = Clock::now();
    work();
    let taken: Duration = start.elapsed();
    taken.as_nanos() as f64 / f64::from(count)
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// What the hardware allows: a table of 32-byte entries, half full.
struct Floor {
    entries: Vec<[u32; 8]>,
    mask: usize,
}

impl Floor {
    fn new(packets: &[[u8; 64]]) -> Floor {
        let size = (packets.len() * 2).next_power_of_two();
        let mut floor = Floor { entries: vec![[0; 8]; size], mask: size - 1 };
        for packet in packets {
            let [src, dst, ports] = Floor::key(packet);
            let mut at = floor.home(src, dst, ports);
            while floor.entries[at][0] != 0 {
                at = (at + 1) & floor.mask;
            }
            floor.entries[at] = [src, dst, ports, 6, src, dst.rotate_left(7), ports ^ 0x1010, 1];
        }
        floor
    }

    fn key(packet: &[u8; 64]) -> [u32; 3] {
        let word = |at: usize| u32::from_ne_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]]);
        [word(12), word(16), word(20)]
    }

    fn home(&self, src: u32, dst: u32, ports: u32) -> usize {
        let x = (u64::from(src) | u64::from(dst) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ x >> 32 ^ u64::from(ports)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        (x >> 32) as usize & self.mask
    }

    #[inline(always)]
    fn handle(&mut self, packet: &mut [u8; 64]) {
        if packet[0] != 0x45 || packet[9] != 6 {
            return;
        }
        let [src, dst, ports] = Floor::key(packet);
        self.finish(packet, [src, dst, ports], self.home(src, dst, ports));
    }

    /// Hash all, touch all, then work.
    fn handle_batch(&mut self, packets: &mut [[u8; 64]]) {
        let mut keys = [([0; 3], 0); 32];
        let mut touched = 0;
        for (packet, key) in packets.iter().zip(&mut keys) {
            if packet[0] == 0x45 && packet[9] == 6 {
                let [src, dst, ports] = Floor::key(packet);
                *key = ([src, dst, ports], self.home(src, dst, ports));
                touched ^= self.entries[key.1][3];
            }
        }
        black_box(touched);
        for (packet, (key, home)) in packets.iter_mut().zip(&keys) {
            self.finish(packet, *key, *home);
        }
    }

    #[inline(always)]
    fn finish(&mut self, packet: &mut [u8; 64], [src, dst, ports]: [u32; 3], mut at: usize) {
        let entry = loop {
            let entry = &self.entries[at];
            if entry[0] == src && entry[1] == dst && entry[2] == ports {
                break entry;
            }
            if entry[0] == 0 {
                return;
            }
            at = (at + 1) & self.mask;
        };
        let addresses = u64::from(!src) + u64::from(!dst) + u64::from(entry[4]) + u64::from(entry[5]);
        packet[12..16].copy_from_slice(&entry[4].to_ne_bytes());
        packet[16..20].copy_from_slice(&entry[5].to_ne_bytes());
        packet[20..24].copy_from_slice(&entry[6].to_ne_bytes());
        let mut mend = |at: usize, change: u64| {
            let sum = change + u64::from(!u16::from_ne_bytes([packet[at], packet[at + 1]]));
            let sum = (sum & 0xffff_ffff) + (sum >> 32);
            let sum = (sum & 0xffff) + (sum >> 16);
            let sum = (sum & 0xffff) + (sum >> 16);
            packet[at..at + 2].copy_from_slice(&(!(sum as u16)).to_ne_bytes());
        };
        mend(10, addresses);
        mend(36, addresses + u64::from(!ports) + u64::from(entry[6]));
    }
}

/// The table at the end.
#[derive(Default)]
struct Report(BTreeMap<usize, String>);

impl Report {
    fn row(&mut self, name: String, value: f64, goal: f64, unit: &str, floor: Option<f64>) {
        let verdict = if goal.is_nan() {
            String::new()
        } else {
            format!("goal {goal:>6} {}", if value <= goal { "met" } else { "MISSED" })
        };
        let floor = floor.map_or(String::new(), |floor| format!("floor {floor:6.1}, ratio {:.2}", value / floor));
        let line = format!("{name:<58} {value:>9.2} {unit:<2}  {verdict:<18} {floor}");
        println!("{line}");
        self.0.insert(self.0.len(), line);
    }

    fn print(&self) {
        println!("\nThe packet path, medians:");
        self.0.values().for_each(|line| println!("{line}"));
    }
}
