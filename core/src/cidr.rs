//! Ranges of addresses.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// An address prefix such as `10.96.0.0/12`; bits beyond the prefix are ignored.
///
/// ```
/// use clusterip::cidr::Cidr;
/// let services: Cidr = "10.96.0.0/12".parse().unwrap();
/// assert!(services.contains("10.111.4.2".parse().unwrap()));
/// assert!(!services.contains("10.112.0.0".parse().unwrap()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    /// Any address of the prefix, usually its first.
    pub address: IpAddr,
    /// The number of leading bits that count: at most 32 or 128, by family.
    pub length: u8,
}

impl Cidr {
    /// The prefix that holds exactly one address.
    pub fn host(address: IpAddr) -> Cidr {
        Cidr { address, length: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Every address of the family of `like`.
    pub fn all(like: IpAddr) -> Cidr {
        let address = match like {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        Cidr { address, length: 0 }
    }

    /// Whether `address` lies in the prefix; never, when the families differ.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let shift = 32 - u32::from(self.length.min(32));
                u64::from(a.to_bits() ^ b.to_bits()) >> shift == 0
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                let shift = 128 - u32::from(self.length.min(128));
                shift == 128 || (a.to_bits() ^ b.to_bits()) >> shift == 0
            }
            _ => false,
        }
    }

    /// The address at that place of the range, counted from its first; wraps at the end of the address space.
    pub fn nth(&self, n: u64) -> IpAddr {
        match self.masked().address {
            IpAddr::V4(first) => IpAddr::V4(Ipv4Addr::from_bits(first.to_bits().wrapping_add(n as u32))),
            IpAddr::V6(first) => IpAddr::V6(Ipv6Addr::from_bits(first.to_bits().wrapping_add(n.into()))),
        }
    }

    /// The same prefix with the bits beyond it cleared.
    pub fn masked(&self) -> Cidr {
        let address = match self.address {
            IpAddr::V4(a) => {
                let keep = u64::MAX << (32 - u32::from(self.length.min(32)));
                IpAddr::V4(Ipv4Addr::from_bits(a.to_bits() & keep as u32))
            }
            IpAddr::V6(a) => {
                let keep = u128::MAX.checked_shl(128 - u32::from(self.length.min(128))).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(a.to_bits() & keep))
            }
        };
        Cidr { address, length: self.length }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// The text is not an address, a slash and a length that fits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address range such as 10.96.0.0/12")]
pub struct ParseCidrError;

impl FromStr for Cidr {
    type Err = ParseCidrError;

    fn from_str(text: &str) -> Result<Cidr, ParseCidrError> {
        let (address, length) = text.split_once('/').ok_or(ParseCidrError)?;
        let address: IpAddr = address.parse().map_err(|_| ParseCidrError)?;
        let length: u8 = length.parse().map_err(|_| ParseCidrError)?;
        if length > if address.is_ipv4() { 32 } else { 128 } {
            return Err(ParseCidrError);
        }
        Ok(Cidr { address, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_prefix_holds_its_first_and_last_address_and_no_other() {
        for (text, inside, outside) in [
            ("10.1.2.0/24", ["10.1.2.0", "10.1.2.255"], ["10.1.1.255", "10.1.3.0"]),
            ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "fd00::1"]),
            ("10.1.2.3/32", ["10.1.2.3", "10.1.2.3"], ["10.1.2.2", "10.1.2.4"]),
            ("fd00:1::/64", ["fd00:1::", "fd00:1::ffff:ffff:ffff:ffff"], ["fd00:1:0:1::", "10.0.0.0"]),
            ("::/0", ["::", "ffff::"], ["0.0.0.0", "10.0.0.0"]),
        ] {
            let cidr: Cidr = text.parse().unwrap();
            assert_eq!(cidr.to_string(), text);
            assert!(inside.iter().all(|a| cidr.contains(a.parse().unwrap())), "{text}");
            assert!(!outside.iter().any(|a| cidr.contains(a.parse().unwrap())), "{text}");
        }
    }

    #[test]
    fn places_are_counted_from_the_first_address() {
        let nth = |range: &str, n| range.parse::<Cidr>().unwrap().nth(n).to_string();
        assert_eq!(nth("10.96.0.7/12", 10), "10.96.0.10");
        assert_eq!(nth("fd00::/64", 0x1_0000_0000), "fd00::1:0:0");
        assert_eq!(nth("255.255.255.254/31", 3), "0.0.0.1");
    }

    #[test]
    fn text_that_is_no_prefix_is_refused() {
        for text in ["", "10.0.0.0", "10.0.0.0/33", "::/129", "x/8", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Cidr>(), Err(ParseCidrError), "{text}");
        }
    }
}
