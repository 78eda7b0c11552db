//! What the tests of hosts share: a few of them on one wire, and a DNS server among them.

use crate::ordered::OrdMap;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::*;
use crate::dns::message::{Data, Message, Rcode, Record, Type};
use crate::rng::Rng;

/// Hosts on one wire with latency and, if wanted, loss: `client` 10.0.0.1, `server` 10.0.0.2, `dns` 10.0.0.3.
pub(super) struct Lan {
    pub(super) hosts: Vec<Host>,
    pub(super) now: Instant,
    pub(super) latency: Duration,
    pub(super) loss: u32,
    pub(super) mtu: usize,
    rng: Rng,
    pub(super) flying: OrdMap<(Instant, u64), Vec<u8>>,
    pub(super) packets: u64,
}

impl Lan {
    pub(super) fn new() -> Lan {
        let rng = Rng::new(7);
        let host = |number: u8, name: &str| {
            let addresses = [address(number, 4), address(number, 6)];
            let mut config = HostConfig::new(name, addresses[0], rng.fork("Host", "", name));
            config.addresses = addresses.to_vec();
            config.resolv = Rc::new(Resolv {
                nameservers: vec![address(3, 4)],
                search: vec!["default.svc.cluster.local".into(), "svc.cluster.local".into(), "cluster.local".into()],
                ndots: 5,
                options: Vec::new(),
            });
            config.env = Rc::new(vec![("REGION".into(), "north".into())]);
            Host::new(config)
        };
        let mut hosts = vec![host(1, "client"), host(2, "server"), host(3, "dns")];
        let answer = |question: &[u8], protocol: Protocol| Some(zone(question, protocol));
        for protocol in [Protocol::Udp, Protocol::Tcp] {
            hosts[2].serve(53, protocol, Server::Answer(Rc::new(answer)));
        }
        let latency = Duration::from_micros(500);
        Lan { hosts, now: Instant::ZERO, latency, loss: 0, mtu: 1500, rng, flying: OrdMap::new(), packets: 0 }
    }

    pub(super) fn serving(port: u16, server: Server) -> Lan {
        let mut lan = Lan::new();
        lan.hosts[1].serve(port, Protocol::Tcp, server);
        lan
    }

    /// Everything that happens up to `end`, or until `done`.
    pub(super) fn run(&mut self, end: Instant, mut done: impl FnMut(&mut Lan) -> bool) {
        for _ in 0..1_000_000 {
            for host in 0..self.hosts.len() {
                if self.hosts[host].poll_at().is_some_and(|at| at <= self.now) {
                    self.hosts[host].poll(self.now);
                }
                while let Some(packet) = self.hosts[host].poll_packet() {
                    self.send(packet);
                }
            }
            if done(self) {
                return;
            }
            let arrival = self.flying.keys().next().map(|(at, _)| *at);
            let timers = self.hosts.iter().filter_map(Host::poll_at).min();
            let Some(next) = [arrival, timers].into_iter().flatten().min().filter(|at| *at <= end) else { break };
            self.now = next.max(self.now);
            while let Some(entry) = self.flying.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let packet = entry.remove();
                let to = packet::IpPacket::destination(&packet).unwrap();
                if let Some(host) = self.hosts.iter_mut().find(|host| host.addresses().contains(&to)) {
                    host.handle_packet(self.now, &packet);
                }
            }
        }
        self.now = self.now.max(end);
    }

    pub(super) fn send(&mut self, packet: Vec<u8>) {
        assert!(packet.len() <= self.mtu.max(1500));
        let parsed = packet::IpPacket::parse(&packet).expect("hosts send whole packets with right checksums");
        self.packets += 1;
        if packet.len() > self.mtu {
            let mut message = vec![3, 4, 0, 0, 0, 0];
            message.extend((self.mtu as u16).to_be_bytes());
            message.extend(&packet[..28]);
            let error = packet::icmp(parsed.destination, parsed.source, &message).unwrap();
            self.flying.insert((self.now + self.latency, self.packets), error);
        } else if !self.rng.chance(self.loss) {
            self.flying.insert((self.now + self.latency, self.packets), packet);
        }
    }

    /// Both outputs of a line and its exit code.
    pub(super) fn output(&mut self, host: usize, line: &str) -> (String, i32) {
        let argv = vec!["sh".to_string(), "-c".to_string(), line.to_string()];
        let id = self.hosts[host].spawn(Command { argv, terminal: true });
        self.hosts[host].close_stdin(id);
        self.run(self.now + Duration::from_secs(3600), |lan| lan.hosts[host].exit_code(id).is_some());
        let code = self.hosts[host].exit_code(id).expect("the program ends within an hour");
        let text = String::from_utf8(self.hosts[host].take_stdout(id)).unwrap();
        self.hosts[host].reap(id);
        (text, code)
    }

    pub(super) fn curl(&mut self, line: &str) -> (String, i32) {
        self.output(0, line)
    }

    /// Starts a program at a terminal.
    pub(super) fn terminal(&mut self, host: usize, line: &str) -> ProcessId {
        let argv = line.split(' ').map(str::to_string).collect();
        self.hosts[host].spawn(Command { argv, terminal: true })
    }

    pub(super) fn write(&mut self, host: usize, id: ProcessId, text: &str) {
        self.hosts[host].write_stdin(id, text.as_bytes());
    }

    /// What a process printed by a second from now.
    pub(super) fn read(&mut self, host: usize, id: ProcessId) -> String {
        self.run(self.now + Duration::from_secs(1), |_| false);
        String::from_utf8(self.hosts[host].take_stdout(id)).unwrap()
    }
}

/// The address of a host: the family is 4 or 6.
pub(super) fn address(number: u8, family: u8) -> IpAddr {
    if family == 4 { IpAddr::from([10, 0, 0, number]) } else { IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, number as u16]) }
}

/// A small zone: `web` and `server` in default, `six` with an IPv6 address only, `many` with an answer too long for UDP.
fn zone(question: &[u8], protocol: Protocol) -> Vec<u8> {
    let query = Message::parse(question).unwrap();
    let asked = query.question().unwrap().clone();
    let mut reply = Message { id: query.id, questions: query.questions, ..Message::default() };
    reply.flags.response = true;
    reply.flags.authoritative = true;
    let record = |data| Record { name: asked.name.clone(), ttl: 30, data };
    let (a, aaaa) = (asked.kind == Type::A, asked.kind == Type::AAAA);
    match asked.name.as_str() {
        "web.default.svc.cluster.local." if a => reply.answers.push(record(Data::A([10, 0, 0, 2].into()))),
        "six.default.svc.cluster.local." if aaaa => {
            reply.answers.push(record(Data::Aaaa([0xfd00, 0, 0, 0, 0, 0, 0, 2].into())))
        }
        "web.default.svc.cluster.local." | "six.default.svc.cluster.local." => {}
        "many.default.svc.cluster.local." if a => {
            reply.answers.extend((0..60).map(|last| record(Data::A([10, 0, 1, last].into()))));
        }
        "2.0.0.10.in-addr.arpa." => reply.answers.push(record(Data::Ptr("web.default.svc.cluster.local.".into()))),
        _ => reply.rcode = Rcode::NxDomain,
    }
    reply.emit(if protocol == Protocol::Udp { 512 } else { u16::MAX })
}
