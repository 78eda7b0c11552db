//! What two stacks cost, wired back to back in memory: a connection's life, a name, a page, and bytes per second.
//!
//! Goals (native): connect, one byte each way and close in 2 us of stack; at least 20 Gb/s at MTU 1500 with checksums;
//! an idle host in 1 KiB.

extern crate alloc;

use alloc::rc::Rc;
use clusterip::{
    host::{Command, Host, HostConfig, ProcessId, Protocol, Resolv, Server},
    rng::Rng,
    time::Instant,
};
use core::hint::black_box;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Two hosts and the wire between them, which costs no virtual time.
struct Pair {
    client: Host,
    server: Host,
    now: Instant,
    packets: u64,
}

impl Pair {
    fn new() -> Pair {
        let rng = Rng::new(1);
        let host = |name: &str, last: u8| {
            let mut config = HostConfig::new(name, [10, 0, 0, last].into(), rng.fork("Host", "", name));
            config.resolv =
                Rc::new(Resolv { nameservers: vec![[10, 0, 0, 2].into()], search: vec![], ndots: 1, options: vec![] });
            Host::new(config)
        };
        let mut server = host("server", 2);
        server.serve(80, Protocol::Tcp, Server::Http);
        server.serve(7, Protocol::Tcp, Server::Echo);
        Pair { client: host("client", 1), server, now: Instant::ZERO, packets: 0 }
    }

    /// Runs until a process of the client has ended; its output.
    fn run(&mut self, id: ProcessId) -> Vec<u8> {
        while self.client.exit_code(id).is_none() {
            if !self.exchange() {
                // Nothing flies: a timer is next.
                let timers = [self.client.poll_at(), self.server.poll_at()];
                self.now = timers.into_iter().flatten().min().expect("a process waits for something").max(self.now);
            }
        }
        while self.exchange() {}
        let output = self.client.take_stdout(id);
        self.client.reap(id);
        output
    }

    /// One turn of both hosts; whether a packet was carried.
    fn exchange(&mut self) -> bool {
        let before = self.packets;
        self.client.poll(self.now);
        while let Some(packet) = self.client.poll_packet() {
            self.packets += 1;
            self.server.handle_packet(self.now, &packet);
        }
        self.server.poll(self.now);
        while let Some(packet) = self.server.poll_packet() {
            self.packets += 1;
            self.client.handle_packet(self.now, &packet);
        }
        self.packets > before
    }

    fn start(&mut self, words: &[&str], input: &[u8]) -> ProcessId {
        let argv = words.iter().map(|word| word.to_string()).collect();
        let id = self.client.spawn(Command { argv, terminal: false });
        self.client.write_stdin(id, input);
        self.client.close_stdin(id);
        id
    }
}

fn connection(c: &mut Criterion) {
    let mut pair = Pair::new();
    c.bench_function("host/connect, a byte each way, close", |b| {
        b.iter(|| {
            let id = pair.start(&["nc", "10.0.0.2", "7"], b"x");
            assert_eq!(pair.run(id), b"x");
        });
    });
    let before = pair.packets;
    let id = pair.start(&["nc", "10.0.0.2", "7"], b"x");
    pair.run(id);
    println!("host/connect, a byte each way, close: {} packets", pair.packets - before);
    c.bench_function("host/curl by address", |b| {
        b.iter(|| {
            let id = pair.start(&["curl", "-s", "10.0.0.2"], b"");
            assert_eq!(pair.run(id), b"server\n");
        });
    });
    c.bench_function("host/curl by address, through a shell", |b| {
        b.iter(|| {
            let id = pair.client.spawn_line("curl -s 10.0.0.2");
            assert_eq!(pair.run(id), b"server\n");
        });
    });
}

fn goodput(c: &mut Criterion) {
    const BYTES: usize = 512 * 1024;
    let mut pair = Pair::new();
    let input = vec![b'x'; BYTES];
    let mut group = c.benchmark_group("host/goodput");
    group.throughput(Throughput::Bytes(2 * BYTES as u64));
    group.bench_function("there and back, MTU 1500, checksums", |b| {
        b.iter(|| {
            let id = pair.start(&["nc", "10.0.0.2", "7"], &input);
            assert_eq!(pair.run(id).len(), BYTES);
        });
    });
    group.finish();
}

fn idle(c: &mut Criterion) {
    let rng = Rng::new(1);
    const HOSTS: usize = 10_000;
    let before = resident();
    let hosts: Vec<Host> =
        (0..HOSTS).map(|_| Host::new(HostConfig::new("pod", [10, 0, 0, 1].into(), rng.clone()))).collect();
    println!("host/an idle one: {} bytes (goal: 1024)", (resident() - before) / HOSTS as u64);
    drop(hosts);
    c.bench_function("host/new", |b| {
        b.iter(|| black_box(Host::new(HostConfig::new("pod", [10, 0, 0, 1].into(), rng.clone()))));
    });
}

/// Bytes of memory in use, as the kernel counts pages; 0 where there is no /proc.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(core::time::Duration::from_millis(500))
        .measurement_time(core::time::Duration::from_secs(2));
    targets = connection, goodput, idle
}
criterion_main!(benches);
