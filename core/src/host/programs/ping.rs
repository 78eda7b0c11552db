//! busybox `ping`: `-c COUNT -W SECONDS -w SECONDS -i SECONDS -t TTL -q`.

use alloc::string::String;
use core::fmt;

use super::super::packet::{Echo, HOP_LIMIT};
use super::super::resolve;
use super::super::sys::Sys;
use super::options::Options;

/// Bytes of data in a request, as everywhere.
const DATA: [u8; 56] = [0; 56];

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let Ok(options) = Options::read(arguments, "c: W: w: i: q s: I: t: *") else {
        return sys.fail(format_args!("ping: option requires an argument"));
    };
    let Some(host) = options.words.last() else { return sys.usage("ping [-c CNT] [-W SEC] HOST") };
    let Some(address) = resolve::named(sys, "ping", host).await else { return 1 };
    sys.line(format_args!("PING {host} ({address}): {} data bytes", DATA.len()));
    let ident = sys.draw();
    let count = options.number('c');
    // No pause at all would be no time at all.
    let interval = options.seconds('i').unwrap_or(1000).max(1);
    let hop_limit = options.number('t').and_then(|hops| u8::try_from(hops).ok()).unwrap_or(HOP_LIMIT);
    let end = options.seconds('w').map(|millis| sys.after(millis));
    let (mut sent, mut received) = (0u64, 0u64);
    let (mut least, mut sum, mut most) = (u64::MAX, 0, 0);
    while count.is_none_or(|count| sent < count) && end.is_none_or(|end| sys.now() < end) {
        let (start, next) = (sys.now(), sys.after(interval));
        let sequence = sent as u16;
        sent += 1;
        let last = count == Some(sent);
        // The last request is waited for; the others as long as until the next one is due.
        let limit = if last { sys.after(options.seconds('W').unwrap_or(10_000)) } else { next };
        let echo = Echo { ident, sequence, hop_limit, data: &DATA };
        match sys.ping(address, echo, limit).await {
            Err(error) => return sys.fail(format_args!("ping: sendto: {error}")),
            Ok(Some(reply)) if reply.error.is_none() => {
                let micros = (reply.at - start).total_micros();
                (least, sum, most) = (least.min(micros), sum + micros, most.max(micros));
                received += 1;
                if !options.has('q') {
                    let (bytes, from, ttl, time) = (reply.length + 8, reply.from, reply.ttl, Millis(micros));
                    sys.line(format_args!("{bytes} bytes from {from}: seq={sequence} ttl={ttl} time={time} ms"));
                }
            }
            Ok(_) => {}
        }
        if !last {
            sys.sleep_until(next).await;
        }
    }
    let loss = (sent - received) * 100 / sent.max(1);
    sys.line(format_args!(
        "\n--- {host} ping statistics ---\n\
         {sent} packets transmitted, {received} packets received, {loss}% packet loss"
    ));
    if received == 0 {
        return 1;
    }
    let (least, average, most) = (Millis(least), Millis(sum / received), Millis(most));
    sys.line(format_args!("round-trip min/avg/max = {least}/{average}/{most} ms"));
    0
}

/// Microseconds, shown as milliseconds with their fraction.
pub(super) struct Millis(pub(super) u64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}
