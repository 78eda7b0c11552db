//! The router on a Linux TUN device: real `curl`, real servers, and between them a cluster IP that no machine has.
//!
//! It takes packets on standard input and writes them to standard output, one packet for each read and write, so that
//! whoever starts it opens the device, which needs root:
//!
//! ```sh
//! cargo build -p clusterip --example router_tun
//! (cd /tmp && mkdir -p a b && echo a > a/index.html && echo b > b/index.html)
//! python3 -m http.server 8001 --directory /tmp/a & python3 -m http.server 8002 --directory /tmp/b &
//! sudo python3 - target/debug/examples/router_tun <<'END' &
//! import fcntl, os, struct, sys
//! tun = os.open("/dev/net/tun", os.O_RDWR)
//! fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH", b"clusterip0", 0x1001))  # TUNSETIFF: a TUN device, no extra header
//! os.system("ip address add 10.97.0.1/24 dev clusterip0; ip link set clusterip0 up; ip route add 10.96.0.0/16 dev clusterip0")
//! os.dup2(tun, 0), os.dup2(tun, 1)
//! os.execv(sys.argv[1], [sys.argv[1], "10.97.0.1:8001", "10.97.0.1:8002"])
//! END
//! for i in 1 2 3 4 5 6; do curl -s http://10.96.0.10/; done
//! ```
//!
//! The servers see 10.97.0.2 as their client: the router masquerades, so that the answers come back through it.

#![expect(clippy::disallowed_methods, reason = "live packets live on the machine's clock")]

use std::fs::File;
use std::io::{Read, Write, stdin, stdout};
use std::os::fd::AsFd;

use clusterip::dataplane::{Delta, Endpoint, Hop, Ingress, Route, Router, RouterConfig, ServicePort, Verdict, rules};
use clusterip::id::LinkId;
use clusterip::net::Protocol;
use clusterip::time::Instant;

/// The wire to the kernel, the only one there is.
const KERNEL: LinkId = LinkId(0);

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut config = RouterConfig::new("10.97.0.2".parse()?);
    config.masquerade_all = true;
    config.seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos() as u64;
    let mut router = Router::new(config);
    let web = ServicePort::new("default/web", Protocol::Tcp, "10.96.0.10".parse()?, 80);
    router.apply(Instant::ZERO, &Delta::Service(web.clone()), &mut ());
    for backend in std::env::args().skip(1) {
        router.apply(Instant::ZERO, &Delta::Endpoint(web.key(), Endpoint::new(backend.parse()?)), &mut ());
    }
    let back = Route::new("10.97.0.0/24".parse()?, Hop::Link(KERNEL));
    router.apply(Instant::ZERO, &Delta::Route(back), &mut ());
    eprint!("{}", rules::iptables(&router, false));

    // Standard input and output without their buffers: a read is a packet.
    let (mut packets_in, mut packets_out) = (file(&stdin())?, file(&stdout())?);
    let started = std::time::Instant::now();
    let mut buffer = vec![0; 65_536];
    let mut answer = Vec::new();
    loop {
        let length = packets_in.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let now = Instant::from_micros(i64::try_from(started.elapsed().as_micros())?);
        let packet = &mut buffer[..length];
        let from = Ingress::Link(KERNEL);
        match router.handle_packet(now, packet, from, &mut ()) {
            Verdict::Link(KERNEL) => packets_out.write_all(packet)?,
            Verdict::Reject(refusal) => {
                if let Some(Verdict::Link(KERNEL)) = router.originate(now, packet, from, refusal, &mut answer, &mut ())
                {
                    packets_out.write_all(&answer)?;
                }
            }
            _ => {}
        }
    }
}

fn file(stream: &impl AsFd) -> std::io::Result<File> {
    Ok(File::from(stream.as_fd().try_clone_to_owned()?))
}
