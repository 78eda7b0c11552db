//! Choosing the source of a translated connection, so that its answers belong to nobody else.

use super::conntrack::Conntrack;
use super::conntrack::slots::Vacancy;
use crate::net::address::Address;
use crate::net::flow::Tuple;
use crate::rng::Rng;

/// The forward tuple as it is to leave, with source address `src`, and a source port such that its answer's tuple is free;
/// and the place of that one.
///
/// The port is kept when it can be, unless it is to be `random` (`MASQUERADE --random-fully`). `None` when no
/// port was found. Linux net/netfilter/nf_nat_core.c, `nf_nat_l4proto_unique_tuple`.
pub(super) fn unique<A: Address>(
    conntrack: &Conntrack<A>,
    forward: Tuple<A>,
    src: A,
    random: bool,
    rng: &mut Rng,
) -> Option<(Tuple<A>, Vacancy)> {
    let free = |forward: Tuple<A>| Some((forward, conntrack.slots.find(&forward.reversed()).err()?));
    let kept = Tuple { src, ..forward };
    let has_ports = matches!(forward.protocol, 6 | 17 | 132) || forward.protocol == A::ICMP;
    if (!random || !has_ports)
        && let Some(found) = free(kept)
    {
        return Some(found);
    }
    let (first, count) = match (forward.protocol, forward.src_port()) {
        (6 | 17 | 132, 0..512) => (1, 511),
        (6 | 17 | 132, 512..1024) => (600, 424),
        (6 | 17 | 132, _) => (1024, 64_512),
        (protocol, _) if protocol == A::ICMP => (0, 65_536),
        _ => return None,
    };
    let mut attempts = 128_u32.min(count);
    loop {
        let offset = rng.next_u32() & 0xffff;
        let ports = (0..attempts).map(|i| (first + (offset + i) % count) as u16);
        if let Some(found) = ports.map(|port| kept.with_src(src, port)).find_map(free) {
            return Some(found);
        }
        // A crowded range: fewer ports in a row, from more places.
        if attempts >= count || attempts < 16 {
            return None;
        }
        attempts /= 2;
    }
}
