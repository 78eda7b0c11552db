//! The packet path against its goals, beside the floor of the same run: parse, one lookup, one rewrite, nothing else.
//!
//! `cargo bench -p clusterip --bench dataplane`; the last lines are a table with the goals. Wall time is noisy:
//! trust ratios to the floor, which runs on the same packets, in turn with the router.
//!
//! A million flows lie in more memory than the processor's TLB reaches in pages of 4 KiB. What that costs is seen with
//! `GLIBC_TUNABLES=glibc.malloc.hugetlb=1`, where the system gives 2 MiB pages to those who ask for them.

#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program of its own")]

#[path = "support/floor.rs"]
mod floor;
#[path = "support/report.rs"]
mod report;
#[path = "support/traffic.rs"]
mod traffic;

use std::hint::black_box;
use std::time::Duration;

use clusterip::dataplane::{BatchPacket, Delta, Mode, Router, Verdict};
use clusterip::id::LinkId;
use clusterip::net::{Event, Tap};
use clusterip::time::Instant;

use floor::Floor;
use report::{Report, time};
use traffic::{CLIENTS, IPV4, IPV6, NOW, config, endpoint, open, packet, program, routed, router, service};

const NONE: f64 = f64::NAN;

fn main() {
    let mut report = Report::new();
    for (flows, single, batched) in
        [(1_000, (10.0, 1.8), (8.0, 1.4)), (100_000, (28.0, 1.2), (14.0, 1.2)), (1_000_000, (55.0, 1.2), (22.0, 1.0))]
    {
        established(&mut report, flows, single, batched);
    }
    established_ipv6(&mut report);
    tracked(&mut report);
    taps(&mut report);
    new_flows(&mut report);
    for (mode, program, change) in [(Mode::Iptables, 5.0, 1.0), (Mode::Maglev(1009), 60.0, 20.0)] {
        programming(&mut report, mode, program, change);
    }
    memory(&mut report);
    report.print("The packet path");
}

/// Packets of established connections, a thousand at a time, restored before each use.
struct Flows<const BYTES: usize> {
    originals: Vec<[u8; BYTES]>,
    work: Vec<[u8; BYTES]>,
    next: usize,
}

impl<const BYTES: usize> Flows<BYTES> {
    fn open(router: &mut Router, flows: u32) -> Flows<BYTES> {
        program(router, BYTES, 100, 10);
        (0..flows).for_each(|flow| open::<BYTES>(router, flow, flow % 100, true));
        assert_eq!(router.connection_count(), flows);
        let originals = shuffled(flows).into_iter().map(|flow| packet(flow, flow % 100, 0x10)).collect();
        Flows { originals, work: vec![[0; BYTES]; 1000], next: 0 }
    }

    /// The next thousand, new.
    fn turn(&mut self) {
        self.next = (self.next + 1000) % self.originals.len();
        self.restore();
    }

    fn restore(&mut self) {
        self.work.copy_from_slice(&self.originals[self.next..self.next + 1000]);
    }

    fn single(&mut self, router: &mut Router, tap: &mut impl Tap) -> Duration {
        self.restore();
        time(|| {
            for packet in &mut self.work {
                let _ = black_box(router.handle_packet(NOW, packet, CLIENTS, tap));
            }
        })
    }

    fn batched(&mut self, router: &mut Router) -> Duration {
        self.restore();
        let mut batch: Vec<BatchPacket> = self.work.iter_mut().map(|p| BatchPacket::new(p, CLIENTS)).collect();
        let taken = time(|| batch.chunks_mut(32).for_each(|packets| router.handle_batch(NOW, packets, &mut ())));
        assert!(batch.iter().all(|packet| packet.verdict == Verdict::Link(LinkId(0))));
        taken
    }
}

fn established(report: &mut Report, flows: u32, single: (f64, f64), batched: (f64, f64)) {
    let mut router = router(Mode::Iptables, flows * 3 / 2);
    let mut traffic = Flows::<IPV4>::open(&mut router, flows);
    let mut floor = Floor::new(traffic.originals.iter().copied());
    let name = |how| format!("established, {flows} flows, {how}");
    report.compare(&name("one at a time"), 1000, (single.0, "ns"), single.1, || {
        traffic.turn();
        let floor = time(|| traffic.work.iter_mut().for_each(|packet| floor.handle(packet)));
        traffic.turn();
        (floor, traffic.single(&mut router, &mut ()))
    });
    report.compare(&name("batches of 32"), 1000, (batched.0, "ns"), batched.1, || {
        traffic.turn();
        let floor = time(|| traffic.work.chunks_mut(32).for_each(|packets| floor.handle_batch(packets)));
        traffic.turn();
        (floor, traffic.batched(&mut router))
    });
}

/// What it costs to judge segments by their numbers too, as a cluster's routers do.
fn tracked(report: &mut Report) {
    let mut config = config(Mode::Iptables, 4096);
    config.track_windows = true;
    let mut router = routed(config);
    let mut traffic = Flows::<IPV4>::open(&mut router, 1000);
    report.measure("established, 1000 flows, windows tracked", 1000, (NONE, "ns"), || {
        traffic.single(&mut router, &mut ())
    });
}

/// There is no goal for IPv6 but to be no surprise: twice the bytes to compare and to sum.
fn established_ipv6(report: &mut Report) {
    let mut router = router(Mode::Iptables, 4096);
    let mut traffic = Flows::<IPV6>::open(&mut router, 1000);
    report.measure("established, 1000 IPv6 flows, one at a time", 1000, (NONE, "ns"), || {
        traffic.single(&mut router, &mut ())
    });
    report.measure("established, 1000 IPv6 flows, batches of 32", 1000, (NONE, "ns"), || traffic.batched(&mut router));
}

/// The tap `()` costs nothing: its figure is that of established packets. One that counts shows what looking costs.
fn taps(report: &mut Report) {
    struct Count(u64);
    impl Tap for Count {
        fn event(&mut self, _: Instant, _: &Event) {
            self.0 += 1;
        }
    }
    let mut router = router(Mode::Iptables, 4096);
    let mut traffic = Flows::<IPV4>::open(&mut router, 1000);
    report.measure("the tap `()`, 1000 flows", 1000, (10.0, "ns"), || traffic.single(&mut router, &mut ()));
    report.measure("a tap that counts events", 1000, (NONE, "ns"), || traffic.single(&mut router, &mut Count(0)));
}

fn new_flows(report: &mut Report) {
    const FLOWS: u32 = 100_000;
    let mut router = router(Mode::Iptables, 1 << 18);
    program(&mut router, IPV4, 10_000, 100);
    let mut now = NOW;
    // The connections of a round make the table as large as it will be; those of the round before are forgotten.
    for (how, batched, goal) in [("one at a time", false, 250.0), ("batches of 32", true, 120.0)] {
        let name = format!("new flow, 10000 Services x 100 endpoints, {how}");
        let mut next = FLOWS;
        report.measure(&name, 1000, (goal, "ns"), || {
            if next == FLOWS {
                now += clusterip::time::Duration::from_secs(1_000_000);
                router.handle_timeout(now, &mut ());
                assert_eq!(router.connection_count(), 0);
                next = 0;
            }
            let services = |flow: u32| flow.wrapping_mul(2_654_435_761) % 10_000;
            let mut work: Vec<_> = (next..next + 1000).map(|f| packet::<IPV4>(f, services(f), 2)).collect();
            next += 1000;
            if !batched {
                return time(|| {
                    for packet in &mut work {
                        let _ = black_box(router.handle_packet(now, packet, CLIENTS, &mut ()));
                    }
                });
            }
            let mut batch: Vec<_> = work.iter_mut().map(|p| BatchPacket::new(p, CLIENTS)).collect();
            time(|| batch.chunks_mut(32).for_each(|packets| router.handle_batch(now, packets, &mut ())))
        });
    }
}

fn programming(report: &mut Report, mode: Mode, goal_program: f64, goal_change: f64) {
    const SERVICES: u32 = 10_000;
    let deltas: Vec<Delta> = traffic::deltas(IPV4, SERVICES, 10).collect();
    let name = format!("program 10000 Services x 10 endpoints, {mode:?}");
    report.measure(&name, 1, (goal_program, "ms"), || {
        let mut router = router(mode, 1 << 16);
        time(|| deltas.iter().for_each(|delta| router.apply(NOW, delta, &mut ())))
    });
    let mut router = router(mode, 1 << 20);
    deltas.iter().for_each(|delta| router.apply(NOW, delta, &mut ()));
    let changes: Vec<(Delta, u32)> = (0..2 * SERVICES)
        .map(|i| {
            let index = i.wrapping_mul(7919) % SERVICES;
            let mut endpoint = endpoint(IPV4, index, i % 10);
            endpoint.ready = i >= SERVICES;
            (Delta::Endpoint(service(IPV4, index).key(), endpoint), index)
        })
        .collect();
    // Maglev tables are made when first needed: the cost of a change is that of the next connection too.
    let lazy = matches!(mode, Mode::Maglev(_));
    let (mut next, mut flow) = (0, 0);
    report.measure(&format!("one endpoint changes, {mode:?}"), 1000, (goal_change, "us"), || {
        next = (next + 1000) % changes.len();
        let changes = &changes[next..next + 1000];
        let mut syns: Vec<[u8; IPV4]> = (flow..).zip(changes).map(|(flow, change)| packet(flow, change.1, 2)).collect();
        flow += 1000;
        time(|| {
            for ((change, _), syn) in changes.iter().zip(&mut syns) {
                router.apply(NOW, change, &mut ());
                if lazy {
                    let _ = black_box(router.handle_packet(NOW, syn, CLIENTS, &mut ()));
                }
            }
        })
    });
}

fn memory(report: &mut Report) {
    let mut router = router(Mode::Iptables, 1_000_000);
    program(&mut router, IPV4, 100, 10);
    (0..1_000_000).for_each(|flow| open::<IPV4>(&mut router, flow, flow % 100, false));
    report.row("memory of a connection", router.connection_bytes() as f64 / 1e6, (128.0, "B"), None);
    let table = |services, endpoints| {
        let mut router = traffic::router(Mode::Iptables, 1024);
        program(&mut router, IPV4, services, endpoints);
        router.table_bytes() as f64
    };
    let (few, many) = (table(10_000, 0), table(10_000, 100));
    report.row("memory of a Service", few / 1e4, (128.0, "B"), None);
    report.row("memory of an endpoint", (many - few) / 1e6, (16.0, "B"), None);
}

/// Numbers below `count`, each once, in an order that is not theirs.
fn shuffled(count: u32) -> Vec<u32> {
    let mut all: Vec<u32> = (0..count).collect();
    let mut state = 0x1234_5678_u64;
    for i in (1..all.len()).rev() {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        all.swap(i, (state >> 33) as usize % (i + 1));
    }
    all
}
