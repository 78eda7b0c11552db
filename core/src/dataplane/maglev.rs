//! Maglev hashing: a table in which every backend has the same share, and which changes little when one goes.
//!
//! Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, section 3.4.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::hash::stable;
use crate::net::address::Address;

/// The lookup table of one pool: places in the pool, `size` of them.
pub(crate) type Lookup = Box<[u16]>;

/// Builds the table. `backends` are the pool's addresses, ports and weights, in a fixed order; `size` is a prime.
///
/// Each backend walks its own permutation of the table and takes the first free entry, `weight` times a turn.
pub(crate) fn populate<A: Address>(backends: impl Iterator<Item = (A, u16, u16)>, size: u32) -> Lookup {
    const FREE: u16 = u16::MAX;
    let mut walks: Vec<(u32, u32, u16)> = backends
        .map(|(address, port, weight)| {
            let name = address.bits() ^ u128::from(port) << 108;
            let offset = (stable(name, 0x6d61_676c) % u64::from(size)) as u32;
            let skip = (stable(name, 0x6576_2121) % u64::from(size - 1)) as u32 + 1;
            (offset, skip, weight)
        })
        .collect();
    let mut table = vec![FREE; size as usize];
    let mut left = if walks.iter().any(|w| w.2 > 0) { size } else { 0 };
    while left > 0 {
        for (place, (next, skip, weight)) in walks.iter_mut().enumerate() {
            for _ in 0..*weight {
                let mut at = *next;
                while table[at as usize] != FREE {
                    at += *skip;
                    at = at.checked_sub(size).unwrap_or(at);
                }
                *next = at;
                table[at as usize] = place as u16;
                left -= 1;
                if left == 0 {
                    return table.into();
                }
            }
        }
    }
    table.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backends(n: u32) -> impl Iterator<Item = (u32, u16, u16)> {
        (0..n).map(|i| ((0x0a00_0000 + i).to_be(), 80, 1))
    }

    fn shares(table: &[u16], n: usize) -> Vec<u32> {
        let mut shares = vec![0; n];
        table.iter().for_each(|&place| shares[usize::from(place)] += 1);
        shares
    }

    #[test]
    fn shares_are_even() {
        for (size, n) in [(65537, 1000), (65537, 10), (1009, 10), (251, 7)] {
            let shares = shares(&populate(backends(n), size), n as usize);
            let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            // The paper's bound for M >= 100 N is a hundredth; by construction turns differ by one.
            assert!(most - least <= 1, "{size} {n}: {least}..{most}");
        }
    }

    #[test]
    fn one_backend_less_moves_little_that_was_not_its_own() {
        for (size, n, bound) in [(65537, 100, 4), (1009, 10, 18)] {
            let before = populate(backends(n), size);
            let after = populate(backends(n - 1), size);
            let gone = n as u16 - 1;
            let moved = before.iter().zip(&after).filter(|(b, a)| **b != gone && b != a).count();
            assert!(moved * 100 <= size as usize * bound, "{size} {n}: {moved} moved");
        }
    }

    #[test]
    fn a_weight_is_a_share() {
        let weighted = backends(2).zip([3, 1]).map(|((a, p, _), w)| (a, p, w));
        let shares = shares(&populate(weighted, 1009), 2);
        assert!((755..=759).contains(&shares[0]), "{shares:?}");
    }
}
