//! Hosts among themselves: sockets, servers, timeouts and names.

use super::lan::{Lan, address};
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::server::{Database, Response};
use super::*;
use crate::rng::Rng;

#[test]
fn a_pods_files_say_what_the_kubelet_writes() {
    let mut lan = Lan::new();
    let resolv =
        "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.0.0.3\noptions ndots:5\n";
    assert_eq!(lan.output(0, "cat /etc/resolv.conf").0, resolv);
    assert_eq!(lan.output(0, "cat /etc/hostname; hostname -i; printenv REGION").0, "client\n10.0.0.1 fd00::1\nnorth\n");
    assert!(lan.output(0, "env").0.contains("HOSTNAME=client\n"));
    assert!(lan.output(0, "ip a").0.contains("inet 10.0.0.1/32"));
    assert!(lan.output(2, "ss -tln").0.contains("0.0.0.0:53"));
    let missing = "cat: can't open '/x': No such file or directory\n";
    assert_eq!(lan.output(0, "cat /x"), (missing.into(), 1));
}

#[test]
fn what_is_written_to_nginx_pages_is_served() {
    let mut lan = Lan::serving(80, Server::Nginx);
    assert!(lan.curl("curl -s http://web").0.contains("<title>Welcome to nginx!</title>"));
    assert_eq!(lan.curl("curl -s -o /dev/null -w '%{http_code}' http://web/none").0, "404");
    lan.output(1, "echo hello from server > /usr/share/nginx/html/index.html");
    assert_eq!(lan.curl("curl -s http://web").0, "hello from server\n");
}

#[test]
fn agnhost_says_who_asks() {
    let mut lan = Lan::serving(8080, Server::Netexec);
    lan.hosts[1].serve(8081, Protocol::Udp, Server::Netexec);
    assert_eq!(lan.curl("curl -s web:8080/hostname").0, "server");
    assert!(lan.curl("curl -s web:8080/clientip").0.starts_with("10.0.0.1:"));
    assert_eq!(lan.curl("curl -s 'web:8080/echo?msg=a+b%21'").0, "a b!");
    assert_eq!(lan.output(0, "echo hostname | nc -u -w 1 web 8081").0, "server");
}

#[test]
fn a_host_reaches_itself_by_any_of_its_addresses() {
    let mut lan = Lan::serving(80, Server::Http);
    for name in ["localhost", "127.0.0.1", "10.0.0.2", "[::1]", "server"] {
        assert_eq!(lan.output(1, &alloc::format!("curl -s http://{name}")), ("server\n".into(), 0), "{name}");
    }
    assert_eq!(lan.packets, 0);
}

#[test]
fn a_port_unreachable_refuses_a_connect_at_once() {
    let mut lan = Lan::new();
    let curl = lan.hosts[0].spawn_line("curl 10.9.9.9");
    lan.hosts[0].poll(lan.now);
    let syn = lan.hosts[0].poll_packet().unwrap();
    let mut message = vec![3, 3, 0, 0, 0, 0, 0, 0];
    message.extend(&syn[..28]);
    let error = packet::icmp(address(9, 4), address(1, 4), &message).unwrap();
    lan.hosts[0].handle_packet(lan.now, &error);
    lan.hosts[0].poll(lan.now);
    assert_eq!(lan.hosts[0].exit_code(curl), Some(7));
    assert_eq!(lan.hosts[0].poll_packet(), None, "there is nobody to send a RST to");
}

#[test]
fn a_long_answer_arrives_whole_over_a_lossy_or_narrow_wire() {
    let body = "0123456789abcdef".repeat(16 * 1024);
    let handler = move |_: &super::server::Request<'_>| Response::text(&body);
    for (loss, mtu) in [(0, 1500), (20_000, 1500), (0, 600)] {
        let mut lan = Lan::serving(80, Server::Handler(Rc::new(handler.clone())));
        (lan.loss, lan.mtu) = (loss, mtu);
        assert_eq!(lan.curl("curl -s http://10.0.0.2 | wc -c").0, "262144\n", "loss {loss} ppm, MTU {mtu}");
    }
}

#[test]
fn many_connections_one_after_the_other_leave_nothing_behind() {
    let mut lan = Lan::serving(80, Server::Http);
    let (text, code) = lan.output(0, "for i in $(seq 300); do curl -s http://10.0.0.2; done | sort | uniq -c");
    assert_eq!((text.trim(), code), ("300 server", 0));
    lan.run(lan.now + Duration::from_secs(200), |_| false);
    for host in &mut lan.hosts {
        host.poll(lan.now);
        assert_eq!(host.poll_at(), None);
        assert!(host.is_idle());
    }
}

#[test]
fn an_idle_host_is_small() {
    let size = core::mem::size_of::<Host>() + core::mem::size_of::<Machine>() + core::mem::size_of::<HostConfig>();
    assert!(size <= 1024, "{size} bytes");
}

#[test]
fn a_packet_written_over_an_older_one_is_the_same() {
    let packets_of = |pool: &SocketPool| {
        let mut config = HostConfig::new("client", address(1, 4), Rng::new(7));
        config.pool = pool.clone();
        let mut client = Host::new(config);
        let mut server = Host::new(HostConfig::new("server", address(2, 4), Rng::new(8)));
        server.serve(7, Protocol::Tcp, Server::Echo);
        let id = client.spawn(Command { argv: ["nc", "10.0.0.2", "7"].map(String::from).into(), terminal: false });
        client.write_stdin(id, &[b'x'; 20_000]);
        client.close_stdin(id);
        let mut packets = Vec::new();
        while client.exit_code(id).is_none() {
            client.poll(Instant::ZERO);
            while let Some(packet) = client.poll_packet() {
                server.handle_packet(Instant::ZERO, &packet);
                packets.push(packet.clone());
                pool.put_packet(packet);
            }
            server.poll(Instant::ZERO);
            while let Some(packet) = server.poll_packet() {
                client.handle_packet(Instant::ZERO, &packet);
            }
        }
        packets
    };
    let used = SocketPool::default();
    (0..8).for_each(|_| used.put_packet(vec![0xff; 1500]));
    let packets = packets_of(&used);
    assert!(packets.iter().any(|packet| packet.len() == 1500));
    assert_eq!(packets, packets_of(&SocketPool::default()));
}

#[test]
fn the_same_seed_sends_the_same_bytes() {
    let run = || {
        let mut lan = Lan::serving(80, Server::Http);
        let curl = lan.hosts[0].spawn_line("curl http://web");
        let mut all = Vec::new();
        lan.run(Instant::from_secs(100), |lan| {
            all.extend(lan.flying.values().flatten().copied());
            lan.hosts[0].exit_code(curl).is_some()
        });
        all
    };
    assert_eq!(run(), run());
}

#[test]
fn traceroute_hears_from_the_end_and_timeout_ends_what_waits() {
    let mut lan = Lan::new();
    let words = "traceroute to web (10.0.0.2), 30 hops max, 46 byte packets\n 1  10.0.0.2 (10.0.0.2)  1.000 ms  1.000 ms  1.000 ms\n";
    assert_eq!(lan.output(0, "traceroute web"), (words.into(), 0));
    assert_eq!(lan.output(0, "timeout 2 sleep 10"), (String::new(), 143));
    assert_eq!(lan.output(0, "timeout 5 watch -n 2 echo x | grep -c ^x").0, "3\n");
}

#[test]
fn a_downloaded_file_can_be_read() {
    let mut lan = Lan::serving(80, Server::Http);
    assert_eq!(lan.output(0, "wget -q -O /tmp/a web; curl -s -o /tmp/b web; cat /tmp/a /tmp/b").0, "server\nserver\n");
}

#[test]
fn a_connection_reset_in_its_handshake_leaves_the_port_to_others() {
    let mut lan = Lan::serving(80, Server::Whoami);
    let client = |lan: &mut Lan, port: &str| {
        let argv = ["nc", "-p", port, "10.0.0.2", "80"].map(String::from).to_vec();
        let id = lan.hosts[0].spawn(Command { argv, terminal: true });
        lan.hosts[0].poll(lan.now);
        (id, lan.hosts[0].poll_packet().unwrap())
    };
    let ((first, syn), (second, other)) = (client(&mut lan, "4001"), client(&mut lan, "4002"));
    let server = &mut lan.hosts[1];
    server.handle_packet(lan.now, &syn);
    server.poll(lan.now);
    let answer = server.poll_packet().unwrap();
    // The first client is gone: its machine answers the SYN-ACK with a RST. The second SYN comes before any poll.
    lan.hosts[0].kill(first);
    lan.hosts[0].poll(lan.now);
    while lan.hosts[0].poll_packet().is_some() {}
    lan.hosts[0].handle_packet(lan.now, &answer);
    let reset = lan.hosts[0].poll_packet().expect("nobody knows that connection");
    lan.hosts[1].handle_packet(lan.now, &reset);
    lan.hosts[1].handle_packet(lan.now, &other);
    lan.write(0, second, "\n");
    assert_eq!(lan.read(0, second), "server 10.0.0.1:4002 10.0.0.2:80\n");
}

#[test]
fn tcpdump_shows_what_goes_by() {
    let mut lan = Lan::serving(80, Server::Http);
    let dump = lan.terminal(0, "tcpdump -ni any -c 5 port 80 and not host 10.0.0.9");
    lan.read(0, dump);
    lan.output(0, "curl -s web; curl -m 1 10.0.0.9");
    let text = lan.read(0, dump);
    let lines: Vec<&str> = text.lines().collect();
    let (syn, answer, ack, get) = (lines[0], lines[1], lines[2], lines[3]);
    assert!(syn.contains(" Out IP 10.0.0.1.") && syn.contains(" > 10.0.0.2.80: Flags [S], seq "), "{syn}");
    assert!(answer.contains(" In  IP 10.0.0.2.80 > ") && answer.contains("Flags [S.]"), "{answer}");
    assert!(ack.contains("Flags [.], ack 1, ") || ack.contains("seq 1:"), "{ack}");
    assert!(text.contains("HTTP: GET / HTTP/1.1") && text.contains("HTTP: HTTP/1.1 200 OK"), "{get}");
    assert!(
        text.ends_with("5 packets captured\n5 packets received by filter\n0 packets dropped by kernel\n"),
        "{text}"
    );
    assert_eq!(lan.hosts[0].exit_code(dump), Some(0));
    assert!(!lan.hosts[0].is_watched());
    let wrong = lan.terminal(0, "tcpdump nonsense");
    lan.read(0, wrong);
    lan.output(0, "curl -s web");
    assert!(lan.read(0, wrong).contains("can't parse filter expression: nonsense"));
}

#[test]
fn no_packet_whatever_brings_a_host_down() {
    let mut lan = Lan::serving(80, Server::Http);
    lan.hosts[1].serve(53, Protocol::Udp, Server::Whoami);
    lan.hosts[1].serve(6379, Protocol::Tcp, Server::Redis(Rc::<core::cell::RefCell<Database>>::default()));
    let dump = lan.terminal(1, "tcpdump -n");
    // Real packets to start from: what a client sends and what errors and echoes look like.
    let client =
        lan.hosts[0].spawn_line("curl -s 10.0.0.2 & echo | nc -u 10.0.0.2 53 & ping -c 1 10.0.0.2 & ping -c 1 fd00::2");
    let mut seeds = Vec::new();
    lan.run(Instant::from_secs(2), |lan| {
        let to_server = |packet: &&Vec<u8>| packet::IpPacket::destination(packet).is_some_and(|to| to == address(2, 4));
        seeds.extend(lan.flying.values().filter(to_server).cloned());
        false
    });
    assert!(lan.hosts[0].exit_code(client).is_some() && seeds.len() > 5);
    let mut rng = Rng::new(11);
    for round in 0..20_000u32 {
        let (own, other, six) = (address(2, 4), address(1, 4), address(2, 6));
        let mut packet = match round % 3 {
            0 => seeds[rng.below(seeds.len() as u32) as usize].clone(),
            _ => {
                let message: Vec<u8> = (0..rng.below(64)).map(|_| rng.next_u32() as u8).collect();
                let (from, to) = if round % 3 == 1 { (other, own) } else { (address(1, 6), six) };
                let mut message = message;
                if let Some(first) = message.first_mut() {
                    *first = [0, 3, 8, 11, 1, 2, 128, 129][rng.below(8) as usize];
                }
                if message.len() < 4 {
                    message.resize(4, 0);
                }
                packet::icmp(from, to, &message).unwrap()
            }
        };
        for _ in 0..rng.below(3) {
            let at = rng.below(packet.len() as u32) as usize;
            packet[at] = rng.next_u32() as u8;
        }
        packet.truncate(packet.len() - rng.below(4).min(packet.len() as u32) as usize);
        lan.hosts[1].handle_packet(lan.now, &packet);
        lan.hosts[1].poll(lan.now);
        while lan.hosts[1].poll_packet().is_some() {}
    }
    assert_eq!(lan.hosts[1].exit_code(dump), None);
    assert_eq!(lan.curl("curl -s http://10.0.0.2"), ("server\n".into(), 0), "and it serves as before");
}

#[test]
fn nginx_closes_a_connection_on_which_nothing_is_asked_and_a_go_server_does_not() {
    for (server, ends) in [(Server::Nginx, [60, 65]), (Server::Http, [0, 0])] {
        for (asked, end) in [(false, ends[0]), (true, ends[1])] {
            let mut lan = Lan::serving(80, server.clone());
            let argv = ["nc", "10.0.0.2", "80"].map(ToString::to_string).to_vec();
            let nc = lan.hosts[0].spawn(Command { argv, terminal: false });
            if asked {
                lan.hosts[0].write_stdin(nc, b"GET / HTTP/1.1\r\nHost: web\r\n\r\n");
            }
            let mut has_ended = |seconds| {
                lan.run(Instant::from_secs(seconds), |_| false);
                lan.hosts[0].exit_code(nc).is_some()
            };
            if end > 0 {
                assert!(!has_ended(end - 1) && has_ended(end + 1), "{server:?} {asked}");
            } else {
                assert!(!has_ended(300), "{server:?} {asked}");
            }
        }
    }
}
