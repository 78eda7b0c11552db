//! `traceroute HOST`, with echo requests as `-I` sends them: `-m HOPS -q TRIES -w SECONDS`.

use alloc::string::String;

use smoltcp::time::Duration;

use super::super::packet::Echo;
use super::super::resolve;
use super::super::sys::Sys;
use super::options::{self, Word};
use super::ping::millis;

/// Bytes of data, so that a packet has the usual 46.
const DATA: [u8; 18] = [0; 18];

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let (mut host, mut hops, mut tries, mut wait) = (None, 30u8, 3u16, 5000);
    let Ok(words) = options::parse(arguments, "m q w p i s f") else {
        sys.complain("traceroute: option requires an argument");
        return 1;
    };
    for word in words {
        match word {
            Word::Plain(name) => host = host.or(Some(name)),
            Word::Option(name, value) => match name {
                "m" => hops = value.parse().unwrap_or(hops),
                "q" => tries = value.parse().unwrap_or(tries),
                "w" => wait = options::seconds(value).unwrap_or(wait),
                _ => {}
            },
        }
    }
    let Some(host) = host else {
        sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: traceroute [-m MAXTTL] [-q PROBES] [-w SEC] HOST");
        return 1;
    };
    let Some(address) = resolve::address(sys, host).await else {
        sys.complain(format_args!("traceroute: bad address '{host}'"));
        return 1;
    };
    sys.line(format_args!("traceroute to {host} ({address}), {hops} hops max, 46 byte packets"));
    let ident = sys.draw();
    for hop_limit in 1..=hops {
        sys.print(format_args!("{hop_limit:2}"));
        let (mut last, mut arrived) = (None, false);
        for attempt in 0..tries {
            let sequence = u16::from(hop_limit) * tries + attempt;
            let echo = Echo { ident, sequence, hop_limit, data: &DATA };
            let start = sys.now();
            match sys.ping(address, echo, Duration::from_millis(wait)).await {
                Err(error) => {
                    sys.complain(format_args!("traceroute: sendto: {error}"));
                    return 1;
                }
                Ok(None) => sys.print("  *"),
                Ok(Some(reply)) => {
                    if last != Some(reply.from) {
                        sys.print(format_args!("  {0} ({0})", reply.from));
                        last = Some(reply.from);
                    }
                    sys.print(format_args!("  {} ms", millis((reply.at - start).total_micros())));
                    arrived |= reply.from == address;
                }
            }
        }
        sys.line("");
        if arrived {
            break;
        }
    }
    0
}
