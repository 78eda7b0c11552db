//! `traceroute HOST`, with echo requests as `-I` sends them: `-m HOPS -q TRIES -w SECONDS`.

use alloc::string::String;

use super::super::packet::{Echo, Reason};
use super::super::resolve;
use super::super::sys::Sys;
use super::options::Options;
use super::ping::Millis;

/// Bytes of data, so that a packet has the usual 46.
const DATA: [u8; 18] = [0; 18];

/// Requests a hop is asked with at most.
const TRIES_MAX: u16 = 10;

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let Ok(options) = Options::read(arguments, "m: q: w: p: i: s: f: T U *") else {
        return sys.fail(format_args!("traceroute: option requires an argument"));
    };
    if options.has('T') || options.has('U') {
        return sys.fail(format_args!("traceroute: no probes but echo requests (-I) are simulated"));
    }
    let Some(host) = options.words.first() else {
        return sys.usage("traceroute [-m MAXTTL] [-q PROBES] [-w SEC] HOST");
    };
    let Some(address) = resolve::named(sys, "traceroute", host).await else { return 1 };
    let hops = options.number('m').and_then(|hops| u8::try_from(hops).ok()).unwrap_or(30);
    let tries = options.port('q').unwrap_or(3);
    if tries > TRIES_MAX {
        return sys.fail(format_args!("traceroute: no more than {TRIES_MAX} probes per hop"));
    }
    let wait = options.seconds('w').unwrap_or(5000).max(1);
    sys.line(format_args!("traceroute to {host} ({address}), {hops} hops max, 46 byte packets"));
    let ident = sys.draw();
    for hop_limit in 1..=hops {
        sys.print(format_args!("{hop_limit:2}"));
        let (mut last, mut arrived, mut unreachable) = (None, false, 0);
        for attempt in 0..tries {
            let sequence = u16::from(hop_limit) * tries + attempt;
            let echo = Echo { ident, sequence, hop_limit, data: &DATA };
            let start = sys.now();
            match sys.ping(address, echo, sys.after(wait)).await {
                Err(error) => return sys.fail(format_args!("traceroute: sendto: {error}")),
                Ok(None) => sys.print(format_args!("  *")),
                Ok(Some(reply)) => {
                    if last != Some(reply.from) {
                        sys.print(format_args!("  {0} ({0})", reply.from));
                        last = Some(reply.from);
                    }
                    sys.print(format_args!("  {} ms", Millis((reply.at - start).total_micros())));
                    match reply.error {
                        None | Some(Reason::Refused) => arrived = true,
                        Some(Reason::NetworkUnreachable) => {
                            sys.print(format_args!(" !N"));
                            unreachable += 1;
                        }
                        Some(Reason::HostUnreachable) => {
                            sys.print(format_args!(" !H"));
                            unreachable += 1;
                        }
                        Some(Reason::TooBig(_) | Reason::TimeExceeded) => arrived |= reply.from == address,
                    }
                }
            }
        }
        sys.line(format_args!(""));
        if arrived || unreachable > 0 && unreachable + 1 >= tries {
            break;
        }
    }
    0
}
