//! A wire in one direction: packets put in come out later, or not at all.

use super::tap::Reason;
use crate::{
    rng::Rng,
    time::{Duration, Instant},
};
use alloc::{collections::VecDeque, vec::Vec};

/// How a wire behaves. Probabilities are in parts per million.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkConfig {
    /// Time from the last bit's departure to its arrival.
    pub latency: Duration,
    /// Up to this much more, drawn for each packet; it never lets one packet overtake another.
    pub jitter: Duration,
    /// How many packets in a million vanish.
    pub loss_ppm: u32,
    /// How many packets in a million arrive as if there were no latency, so that they overtake.
    pub reorder_ppm: u32,
    /// How many packets in a million arrive twice.
    pub duplicate_ppm: u32,
    /// Bits a second; `None` if sending takes no time.
    pub bandwidth: Option<u64>,
    /// Bytes that may wait for the wire to be free; more are dropped from the tail.
    pub queue: u32,
    /// Largest packet in bytes.
    pub mtu: u16,
}

/// A wire in one direction, with what is on it.
///
/// ```
/// use clusterip::{net::{Link, LinkConfig}, rng::Rng, time::{Duration, Instant}};
/// let latency = Duration::from_millis(3);
/// let mut link = Link::new(LinkConfig { latency, ..LinkConfig::default() }, Rng::new(1));
/// link.enqueue(Instant::ZERO, vec![0x45; 40]).unwrap();
/// assert_eq!(link.poll(Instant::ZERO), None);
/// assert_eq!(link.poll_at(), Some(Instant::ZERO + latency));
/// assert!(link.poll(Instant::ZERO + latency).is_some());
/// ```
#[derive(Debug, Clone)]
pub struct Link {
    config: LinkConfig,
    rng: Rng,
    /// By arrival; equal ones in the order they were sent.
    on_wire: VecDeque<(Instant, Vec<u8>)>,
    /// When the last bit of the last packet departs, in nanoseconds.
    busy_until: i64,
    /// No packet that keeps its place arrives before this.
    last_arrival: Instant,
}

/// A wire holds no more packets than this, however long it is.
const CAPACITY: usize = 65_536;

impl Default for LinkConfig {
    /// A wire that takes no time and loses nothing, with Ethernet's MTU.
    fn default() -> LinkConfig {
        LinkConfig {
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            loss_ppm: 0,
            reorder_ppm: 0,
            duplicate_ppm: 0,
            bandwidth: None,
            queue: 256 * 1024,
            mtu: 1500,
        }
    }
}

impl Link {
    /// An empty wire with a stream of chance of its own.
    pub fn new(config: LinkConfig, rng: Rng) -> Link {
        Link { config, rng, on_wire: VecDeque::new(), busy_until: i64::MIN, last_arrival: Instant::ZERO }
    }

    /// How it behaves.
    pub fn config(&self) -> &LinkConfig {
        &self.config
    }

    /// Takes a packet, or says why it will never arrive.
    pub fn enqueue(&mut self, now: Instant, packet: Vec<u8>) -> Result<(), Reason> {
        if packet.len() > usize::from(self.config.mtu) {
            return Err(Reason::TooBig);
        }
        let departure = self.departure(now, packet.len())?;
        if self.on_wire.len() >= CAPACITY {
            return Err(Reason::QueueFull);
        }
        // A lost packet has taken its time on the wire.
        if self.rng.chance(self.config.loss_ppm) {
            return Err(Reason::Lost);
        }
        if self.rng.chance(self.config.duplicate_ppm) {
            self.send(departure, packet.clone());
        }
        self.send(departure, packet);
        Ok(())
    }

    /// The next packet that has arrived by now.
    pub fn poll(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.on_wire.pop_front_if(|(arrival, _)| *arrival <= now).map(|(_, packet)| packet)
    }

    /// When the next packet arrives.
    pub fn poll_at(&self) -> Option<Instant> {
        self.on_wire.front().map(|(arrival, _)| *arrival)
    }

    /// How many packets are on the wire.
    pub fn len(&self) -> usize {
        self.on_wire.len()
    }

    /// True if the wire is empty.
    pub fn is_empty(&self) -> bool {
        self.on_wire.is_empty()
    }

    /// When the last bit of a packet leaves, after all that wait before it.
    fn departure(&mut self, now: Instant, bytes: usize) -> Result<Instant, Reason> {
        let Some(bandwidth) = self.config.bandwidth.map(|bits| bits.max(1)) else { return Ok(now) };
        let now = now.total_micros().saturating_mul(1000);
        let waiting = self.busy_until.saturating_sub(now).max(0);
        let backlog = u128::from(waiting.unsigned_abs()) * u128::from(bandwidth) / 8_000_000_000;
        if backlog + bytes as u128 > u128::from(self.config.queue).max(bytes as u128) {
            return Err(Reason::QueueFull);
        }
        let sending = (bytes as u64 * 8).saturating_mul(1_000_000_000) / bandwidth;
        self.busy_until = self.busy_until.max(now).saturating_add_unsigned(sending);
        // Time has microseconds: rounded up, for nothing arrives before it was sent.
        let micros = self.busy_until / 1000 + i64::from(self.busy_until % 1000 > 0);
        Ok(Instant::from_micros(micros))
    }

    fn send(&mut self, departure: Instant, packet: Vec<u8>) {
        let overtakes = self.rng.chance(self.config.reorder_ppm);
        let arrival = if overtakes {
            departure
        } else {
            let jitter = u32::try_from(self.config.jitter.total_micros()).unwrap_or(u32::MAX);
            let extra = if jitter == 0 { 0 } else { self.rng.below(jitter.saturating_add(1)) };
            let arrival = departure + self.config.latency + Duration::from_micros(extra.into());
            self.last_arrival = self.last_arrival.max(arrival);
            self.last_arrival
        };
        let at = self.on_wire.partition_point(|(other, _)| *other <= arrival);
        self.on_wire.insert(at, (arrival, packet));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn latency_delays_and_keeps_the_order() {
        let mut link = link(LinkConfig { latency: Duration::from_millis(2), ..LinkConfig::default() });
        link.enqueue(at(0), vec![1]).unwrap();
        link.enqueue(at(500), vec![2]).unwrap();
        assert_eq!(drain(&mut link), [(2000, 1), (2500, 2)]);
        assert!(link.is_empty());
    }

    #[test]
    fn jitter_spreads_arrivals_but_nothing_overtakes() {
        let config = LinkConfig { jitter: Duration::from_millis(1), ..LinkConfig::default() };
        let mut link = link(config);
        (0..100).for_each(|n| link.enqueue(at(i64::from(n) * 100), vec![n]).unwrap());
        let arrivals = drain(&mut link);
        assert!(arrivals.iter().enumerate().all(|(n, (_, packet))| n == usize::from(*packet)));
        assert!(arrivals.iter().any(|(when, packet)| *when > i64::from(*packet) * 100 + 300));
        assert!(arrivals.iter().all(|(when, packet)| *when <= i64::from(*packet) * 100 + 1000));
    }

    #[test]
    fn a_reordered_packet_overtakes() {
        let latency = Duration::from_millis(5);
        let mut link = link(LinkConfig { latency, reorder_ppm: 200_000, ..LinkConfig::default() });
        (0..100).for_each(|n| link.enqueue(at(i64::from(n)), vec![n]).unwrap());
        let arrivals = drain(&mut link);
        assert_eq!(arrivals.len(), 100);
        let overtaking = arrivals.iter().take_while(|(when, _)| *when < 5000).count();
        assert!((10..40).contains(&overtaking), "{overtaking}");
    }

    #[test]
    fn loss_and_duplication_keep_to_their_rates() {
        let mut lossy = link(LinkConfig { loss_ppm: 100_000, ..LinkConfig::default() });
        let lost = (0..10_000).filter(|_| lossy.enqueue(at(0), vec![0]) == Err(Reason::Lost)).count();
        assert!((850..1150).contains(&lost), "{lost}");
        assert_eq!(lossy.len(), 10_000 - lost);
        let mut doubling = link(LinkConfig { duplicate_ppm: 1_000_000, ..LinkConfig::default() });
        doubling.enqueue(at(0), vec![7]).unwrap();
        assert_eq!(drain(&mut doubling), [(0, 7), (0, 7)]);
    }

    #[test]
    fn bandwidth_spaces_packets_and_the_queue_is_bounded() {
        // A byte a microsecond.
        let config = LinkConfig { bandwidth: Some(8_000_000), queue: 3000, ..LinkConfig::default() };
        let mut link = link(config);
        for n in 1..=3 {
            link.enqueue(at(0), vec![n; 1000]).unwrap();
        }
        assert_eq!(link.enqueue(at(0), vec![4; 1000]), Err(Reason::QueueFull));
        link.enqueue(at(1000), vec![5; 1000]).unwrap();
        assert_eq!(drain(&mut link), [(1000, 1), (2000, 2), (3000, 3), (4000, 5)]);
    }

    #[test]
    fn a_packet_larger_than_the_mtu_does_not_fit() {
        assert_eq!(link(LinkConfig::default()).enqueue(at(0), vec![0; 1501]), Err(Reason::TooBig));
    }

    #[test]
    fn one_seed_gives_one_history() {
        let config = LinkConfig {
            jitter: Duration::from_millis(3),
            loss_ppm: 50_000,
            reorder_ppm: 50_000,
            duplicate_ppm: 50_000,
            ..LinkConfig::default()
        };
        let history = || {
            let mut link = link(config.clone());
            let lost = (0..200).filter(|n| link.enqueue(at(i64::from(*n) * 10), vec![*n]).is_err()).count();
            (lost, drain(&mut link))
        };
        assert_eq!(history(), history());
    }

    fn link(config: LinkConfig) -> Link {
        Link::new(config, Rng::new(7))
    }

    fn at(micros: i64) -> Instant {
        Instant::from_micros(micros)
    }

    fn drain(link: &mut Link) -> Vec<(i64, u8)> {
        let mut arrivals = Vec::new();
        while let Some(when) = link.poll_at() {
            assert_eq!(link.poll(when - Duration::from_micros(1)), None);
            arrivals.push((when.total_micros(), link.poll(when).unwrap()[0]));
        }
        arrivals
    }
}
