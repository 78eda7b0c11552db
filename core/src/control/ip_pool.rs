//! The addresses of one service range: which are taken, and which is handed out next.
//!
//! KEP-3070: a range has a lower band for addresses people ask for and an upper band that is drawn from first.
//! Source: kubernetes pkg/registry/core/service/ipallocator (ipallocator.go, bitmap.go).

use crate::ordered::OrdMap;
use crate::{cidr::Cidr, rng::Rng};
use core::{fmt, net::IpAddr};

/// A range of cluster IPs. Memory follows the addresses in use, not the size of the range.
///
/// ```
/// use clusterip::{control::IpPool, rng::Rng};
/// let mut pool = IpPool::new("10.96.0.0/12".parse().unwrap());
/// let drawn = pool.allocate_next(&mut Rng::new(1)).unwrap();
/// assert!(pool.bands().upper.unwrap().0 <= drawn);
/// pool.release(drawn);
/// assert_eq!(pool.used(), 0);
/// ```
#[derive(Debug, Clone)]
pub struct IpPool {
    range: Cidr,
    /// How many addresses can be handed out; the first is one after the range's own.
    size: u64,
    /// How many of them are in the lower band.
    lower: u64,
    /// Sixty-four addresses a word; words without an address in use are not there.
    words: OrdMap<u64, u64>,
    lower_used: u64,
    upper_used: u64,
}

/// The addresses of a range, as its first and last ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands {
    /// How many addresses can be handed out.
    pub usable: u64,
    /// How many of them are in the lower band.
    pub lower_size: u64,
    /// All that can be handed out, if there are any.
    pub all: Option<(IpAddr, IpAddr)>,
    /// The band for addresses that are asked for; small ranges have none.
    pub lower: Option<(IpAddr, IpAddr)>,
    /// The band that is drawn from first.
    pub upper: Option<(IpAddr, IpAddr)>,
}

/// Why an address is not to be had, in upstream's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAddress {
    /// Every address is in use.
    Full,
    /// That address is in use.
    Allocated,
    /// That address is not one of the range that can be handed out.
    OutOfRange,
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoAddress::Full => "range is full",
            NoAddress::Allocated => "provided IP is already allocated",
            NoAddress::OutOfRange => "the provided network does not match the current range",
        })
    }
}

impl core::error::Error for NoAddress {}

impl IpPool {
    /// A pool with every address free.
    pub fn new(range: Cidr) -> IpPool {
        let range = range.masked();
        let bits = u32::from(if range.address.is_ipv4() { 32 - range.length } else { 128 - range.length });
        // The range's own address is never handed out, nor the broadcast address of an IPv4 range.
        let reserved = if range.address.is_ipv4() { 2 } else { 1 };
        let size = 1_u64.checked_shl(bits).map_or(u64::MAX, |all| all.saturating_sub(reserved));
        let lower = if bits <= 4 { 0 } else { 1_u64.checked_shl(bits).map_or(256, |all| (all / 16).clamp(16, 256)) };
        IpPool { range, size, lower: lower.min(size), words: OrdMap::new(), lower_used: 0, upper_used: 0 }
    }

    /// The range.
    pub fn range(&self) -> Cidr {
        self.range
    }

    /// How many addresses are in use.
    pub fn used(&self) -> u64 {
        self.lower_used + self.upper_used
    }

    /// How the range is parted.
    pub fn bands(&self) -> Bands {
        let span = |from: u64, to: u64| (from < to).then(|| (self.address(from), self.address(to - 1)));
        Bands {
            usable: self.size,
            lower_size: self.lower,
            all: span(0, self.size),
            lower: span(0, self.lower),
            upper: span(self.lower, self.size),
        }
    }

    /// True if that address can be handed out, now or later.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.offset(address).is_some()
    }

    /// Takes the address that is asked for.
    pub fn allocate(&mut self, address: IpAddr) -> Result<(), NoAddress> {
        let offset = self.offset(address).ok_or(NoAddress::OutOfRange)?;
        if self.is_used(offset) {
            return Err(NoAddress::Allocated);
        }
        self.take(offset);
        Ok(())
    }

    /// Takes a free address: from a random place of the upper band on, and if that is full, of the lower one.
    pub fn allocate_next(&mut self, rng: &mut Rng) -> Result<IpAddr, NoAddress> {
        let (band, start) = if self.upper_used < self.size - self.lower {
            (self.lower..self.size, self.lower + draw(rng, self.size - self.lower))
        } else if self.lower_used < self.lower {
            (0..self.lower, draw(rng, self.lower))
        } else {
            return Err(NoAddress::Full);
        };
        let free = self.free_in(start, band.end).or_else(|| self.free_in(band.start, start));
        let offset = free.expect("the counters say that the band has a free address");
        self.take(offset);
        Ok(self.address(offset))
    }

    /// Gives an address back; one that is not in use is left alone.
    pub fn release(&mut self, address: IpAddr) {
        let Some(offset) = self.offset(address).filter(|offset| self.is_used(*offset)) else { return };
        let word = self.words.entry(offset / 64).or_default();
        *word &= !(1 << (offset % 64));
        if *word == 0 {
            self.words.remove(&(offset / 64));
        }
        *self.counter(offset) -= 1;
    }

    fn take(&mut self, offset: u64) {
        *self.words.entry(offset / 64).or_default() |= 1 << (offset % 64);
        *self.counter(offset) += 1;
    }

    fn counter(&mut self, offset: u64) -> &mut u64 {
        if offset < self.lower { &mut self.lower_used } else { &mut self.upper_used }
    }

    fn is_used(&self, offset: u64) -> bool {
        self.words.get(&(offset / 64)).is_some_and(|word| word & (1 << (offset % 64)) != 0)
    }

    /// The first free place from `from` on, before `to`: whole words at a time.
    fn free_in(&self, from: u64, to: u64) -> Option<u64> {
        let mut at = from;
        while at < to {
            let word = self.words.get(&(at / 64)).copied().unwrap_or(0);
            let free = !word >> (at % 64);
            if free != 0 {
                let found = at + u64::from(free.trailing_zeros());
                return (found < to).then_some(found);
            }
            at = (at / 64 + 1) * 64;
        }
        None
    }

    fn address(&self, offset: u64) -> IpAddr {
        self.range.nth(offset + 1)
    }

    fn offset(&self, address: IpAddr) -> Option<u64> {
        let distance = match (self.range.address, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => address.to_bits().checked_sub(first.to_bits())?.into(),
            (IpAddr::V6(first), IpAddr::V6(address)) => address.to_bits().checked_sub(first.to_bits())?,
            _ => return None,
        };
        let offset = u64::try_from(distance).ok()?.checked_sub(1)?;
        (offset < self.size).then_some(offset)
    }
}

/// A number below `bound`; ranges beyond 32 bits are so large that the bias of a remainder does not show.
fn draw(rng: &mut Rng, bound: u64) -> u64 {
    match u32::try_from(bound) {
        Ok(bound) => rng.below(bound).into(),
        Err(_) => rng.next_u64() % bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec::Vec};

    fn pool(range: &str) -> IpPool {
        IpPool::new(range.parse().unwrap())
    }

    #[test]
    fn bands_follow_kep_3070_for_every_prefix_size() {
        for (range, usable, lower) in [
            ("10.0.0.0/32", 0, 0),
            ("10.0.0.0/31", 0, 0),
            ("10.0.0.0/30", 2, 0),
            ("10.0.0.0/28", 14, 0),
            ("10.0.0.0/27", 30, 16),
            ("10.0.0.0/24", 254, 16),
            ("10.0.0.0/23", 510, 32),
            ("10.0.0.0/20", 4094, 256),
            ("10.0.0.0/16", 65534, 256),
            ("10.0.0.0/12", 1_048_574, 256),
            ("fd00::/128", 0, 0),
            ("fd00::/125", 7, 0),
            ("fd00::/124", 15, 0),
            ("fd00::/120", 255, 16),
            ("fd00::/112", 65535, 256),
            ("fd00::/108", 1_048_575, 256),
            ("fd00::/64", u64::MAX, 256),
        ] {
            let bands = pool(range).bands();
            assert_eq!((bands.usable, bands.lower_size), (usable, lower), "{range}");
        }
        let bands = pool("192.168.1.0/24").bands();
        let text = |band: Option<(IpAddr, IpAddr)>| band.map(|(a, b)| (a.to_string(), b.to_string())).unwrap();
        assert_eq!(text(bands.lower), ("192.168.1.1".into(), "192.168.1.16".into()));
        assert_eq!(text(bands.upper), ("192.168.1.17".into(), "192.168.1.254".into()));
    }

    #[test]
    fn the_upper_band_is_used_up_before_the_lower_one() {
        let mut pool = pool("10.0.0.0/24");
        let mut rng = Rng::new(7);
        let (low, high) = pool.bands().upper.unwrap();
        let drawn: Vec<IpAddr> = (0..254).map(|_| pool.allocate_next(&mut rng).unwrap()).collect();
        assert!(drawn[..238].iter().all(|address| (low..=high).contains(address)));
        assert!(drawn[238..].iter().all(|address| *address < low));
        assert_eq!(pool.allocate_next(&mut rng), Err(NoAddress::Full));
        pool.release(drawn[3]);
        assert_eq!(pool.allocate_next(&mut rng), Ok(drawn[3]));
    }

    #[test]
    fn an_address_is_refused_twice_and_outside_its_range() {
        let mut pool = pool("10.98.0.0/24");
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(pool.allocate(address("10.98.0.9")), Ok(()));
        assert_eq!(pool.allocate(address("10.98.0.9")), Err(NoAddress::Allocated));
        for outside in ["10.98.0.0", "10.98.0.255", "10.97.255.255", "10.98.1.1", "fd00::1"] {
            assert_eq!(pool.allocate(address(outside)), Err(NoAddress::OutOfRange), "{outside}");
        }
        pool.release(address("10.98.0.0"));
        pool.release(address("10.98.0.8"));
        pool.release(address("10.98.0.9"));
        assert_eq!(pool.allocate(address("10.98.0.9")), Ok(()));
    }

    #[test]
    fn many_rounds_leave_nothing_behind() {
        let mut pool = pool("10.96.0.0/12");
        let mut rng = Rng::new(3);
        for _ in 0..10_000 {
            let address = pool.allocate_next(&mut rng).unwrap();
            pool.release(address);
        }
        assert!(pool.words.is_empty());
        assert_eq!(pool.used(), 0);
    }

    #[test]
    fn ranges_without_addresses_are_full_from_the_start() {
        for range in ["10.0.0.0/31", "10.0.0.0/32", "fd00::/128"] {
            assert_eq!(pool(range).allocate_next(&mut Rng::new(1)), Err(NoAddress::Full), "{range}");
        }
        assert!(pool("fd00::/64").allocate_next(&mut Rng::new(1)).is_ok());
        assert!(pool("::/0").allocate_next(&mut Rng::new(1)).is_ok());
        assert!(pool("0.0.0.0/0").allocate_next(&mut Rng::new(1)).is_ok());
    }
}
