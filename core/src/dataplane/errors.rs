//! How often senders are told of errors: a node that answered every stray packet would serve whoever forges them.
//!
//! Linux net/ipv4/icmp.c, `icmpv4_xrlim_allow` and `icmp_global_allow`; net/ipv4/inetpeer.c, `inet_peer_xrlim_allow`.

use super::config::IcmpLimits;
use crate::net::address::Address;
use crate::ordered::OrdMap;
use crate::time::Instant;

/// How many errors a destination may have saved up.
const BURST: i64 = 6;

/// How many destinations are known at a time.
const LIMIT: usize = 1024;

/// What was sent of late.
#[derive(Debug, Default)]
pub(super) struct Errors {
    /// When each destination would have been entitled to the first of all errors it was sent.
    peers: OrdMap<u128, i64>,
    /// The same for all of them together, once there was one.
    all: Option<i64>,
}

impl Errors {
    /// Whether another error may be sent to `peer`, to which a prefix of `length` bits leads. If so it counts as sent.
    pub(super) fn allow<A: Address>(&mut self, limits: &IcmpLimits, now: Instant, peer: A, length: u8) -> bool {
        let interval = match A::CHECKSUM {
            Some(_) => limits.interval.total_micros(),
            None => limits.interval_v6.total_micros() >> ((128 - length.min(128)) >> 5),
        } as i64;
        let now = now.total_micros();
        let each = 1_000_000 / i64::from(limits.per_second.max(1));
        let all = self.all.unwrap_or(i64::MIN).max(now - each * i64::from(limits.burst));
        let since = self.peers.get(&peer.bits()).map_or(i64::MIN, |&since| since).max(now - BURST * interval);
        if all + each > now || since + interval > now {
            return false;
        }
        self.all = Some(all + each);
        if interval > 0 {
            if self.peers.len() >= LIMIT {
                // Those that saved up all they may are as good as unknown; then the one that was sent least of late goes.
                self.peers.retain(|_, since| *since > now - (BURST - 1) * interval);
                let least = self.peers.iter().min_by_key(|(_, since)| **since).map(|(peer, _)| *peer);
                if let Some(peer) = least.filter(|_| self.peers.len() >= LIMIT) {
                    self.peers.remove(&peer);
                }
            }
            self.peers.insert(peer.bits(), since + interval);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(errors: &mut Errors, at_ms: i64, peer: u32, tries: usize) -> usize {
        let now = Instant::from_millis(at_ms);
        (0..tries).filter(|_| errors.allow(&IcmpLimits::LINUX, now, peer.to_be(), 24)).count()
    }

    #[test]
    fn a_destination_is_told_six_times_at_once_and_then_every_second() {
        let mut errors = Errors::default();
        assert_eq!(sent(&mut Errors::default(), 0, 1, 20), 6);
        assert_eq!(sent(&mut errors, 10_000, 1, 20), 6);
        assert_eq!(sent(&mut errors, 10_999, 1, 20), 0);
        assert_eq!(sent(&mut errors, 11_000, 1, 20), 1);
        assert_eq!(sent(&mut errors, 13_500, 1, 20), 2);
        assert_eq!(sent(&mut errors, 13_500, 2, 20), 6, "another destination has its own");
        assert_eq!(sent(&mut errors, 60_000, 1, 20), 6);
    }

    #[test]
    fn all_destinations_together_are_told_fifty_times_at_once_and_then_every_millisecond() {
        let mut errors = Errors::default();
        let at_once: usize = (0..100).map(|peer| sent(&mut errors, 10_000, peer, 1)).sum();
        assert_eq!(at_once, 50);
        assert_eq!((200..300).map(|peer| sent(&mut errors, 10_007, peer, 1)).sum::<usize>(), 7);
    }

    #[test]
    fn memory_is_bounded_and_a_wide_ipv6_prefix_is_worth_more() {
        let mut errors = Errors::default();
        for peer in 0..5000 {
            assert_eq!(sent(&mut errors, 10_000 + i64::from(peer), peer, 1), 1);
        }
        assert!(errors.peers.len() <= LIMIT);
        let mut errors = Errors::default();
        let mut sent = |at_ms, length| {
            let now = Instant::from_millis(at_ms);
            (0..20).filter(|_| errors.allow(&IcmpLimits::LINUX, now, 1_u128.to_be(), length)).count()
        };
        assert_eq!((sent(10_000, 64), sent(10_100, 64)), (6, 4));
        assert_eq!((sent(20_000, 128), sent(20_100, 128)), (6, 1));
    }
}
