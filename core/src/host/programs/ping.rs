//! busybox `ping`: `-c COUNT -W SECONDS -w SECONDS -i SECONDS -q`.

use alloc::format;
use alloc::string::String;

use smoltcp::time::{Duration, Instant};

use super::super::packet::{Echo, HOP_LIMIT};
use super::super::resolve;
use super::super::sys::Sys;
use super::options::{self, Word};

/// Bytes of data in a request, as everywhere.
const DATA: [u8; 56] = [0; 56];

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let (mut host, mut count, mut wait, mut whole, mut interval, mut quiet) = (None, None, 10_000, None, 1000, false);
    let Ok(words) = options::parse(arguments, "c W w i s I t") else {
        sys.complain("ping: option requires an argument");
        return 1;
    };
    for word in words {
        match word {
            Word::Plain(name) => host = Some(name),
            Word::Option(name, value) => match name {
                "c" => count = value.parse::<u16>().ok(),
                "W" => wait = options::seconds(value).unwrap_or(wait),
                "w" => whole = options::seconds(value),
                "i" => interval = options::seconds(value).unwrap_or(interval),
                "q" => quiet = true,
                _ => {}
            },
        }
    }
    let Some(host) = host else {
        sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: ping [-c CNT] [-W SEC] HOST");
        return 1;
    };
    let Some(address) = resolve::address(sys, host).await else {
        sys.complain(format_args!("ping: bad address '{host}'"));
        return 1;
    };
    sys.line(format_args!("PING {host} ({address}): {} data bytes", DATA.len()));
    let ident = sys.draw();
    let end = whole.map(|millis| sys.now() + Duration::from_millis(millis));
    let (mut sent, mut times) = (0u16, alloc::vec::Vec::new());
    while count.is_none_or(|count| sent < count) && end.is_none_or(|end| sys.now() < end) {
        let start = sys.now();
        let sequence = sent;
        sent += 1;
        let last = count == Some(sent);
        // The last request is waited for; the others as long as until the next one is due.
        let limit = if last { wait } else { interval };
        let echo = Echo { ident, sequence, hop_limit: HOP_LIMIT, data: &DATA };
        match sys.ping(address, echo, Duration::from_millis(limit)).await {
            Err(error) => {
                sys.complain(format_args!("ping: sendto: {error}"));
                return 1;
            }
            Ok(Some(reply)) if reply.error.is_none() => {
                let micros = (reply.at - start).total_micros();
                times.push(micros);
                if !quiet {
                    let (bytes, from, ttl, time) = (reply.length + 8, reply.from, reply.ttl, millis(micros));
                    sys.line(format_args!("{bytes} bytes from {from}: seq={sequence} ttl={ttl} time={time} ms"));
                }
            }
            Ok(_) => {}
        }
        if !last {
            let next: Instant = start + Duration::from_millis(interval);
            sys.sleep(next - sys.now().min(next)).await;
        }
    }
    let received = times.len();
    let loss = (usize::from(sent) - received) * 100 / usize::from(sent.max(1));
    sys.line(format_args!("\n--- {host} ping statistics ---"));
    sys.line(format_args!("{sent} packets transmitted, {received} packets received, {loss}% packet loss"));
    if let (Some(least), Some(most)) = (times.iter().min(), times.iter().max()) {
        let average = times.iter().sum::<u64>() / times.len() as u64;
        sys.line(format_args!("round-trip min/avg/max = {}/{}/{} ms", millis(*least), millis(average), millis(*most)));
    }
    i32::from(received == 0)
}

pub(super) fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}
