//! The subsets of an Endpoints object in their canonical form.

use super::port_set;
use crate::api::Value;
use alloc::vec::Vec;

/// An address, and the ports it is offered with, by their place in a list of all.
#[derive(Debug)]
pub(super) struct Offer {
    /// As a subset lists it.
    pub(super) address: Value,
    /// Whether it is ready.
    pub(super) ready: bool,
    /// Which of the ports; none at all is an offer too.
    pub(super) ports: Vec<usize>,
}

/// Expands subsets to single addresses and ports, then packs them again.
pub(super) fn repack(subsets: &[Value]) -> Vec<Value> {
    let mut ports: Vec<Value> = Vec::new();
    let mut offers = Vec::new();
    for subset in subsets {
        let mut places = Vec::new();
        for port in subset["ports"].items() {
            let known = ports.iter().position(|known| known == port);
            places.push(known.unwrap_or(ports.len()));
            if known.is_none() {
                ports.push(port.clone());
            }
        }
        for (field, ready) in [("addresses", true), ("notReadyAddresses", false)] {
            for address in subset[field].items() {
                offers.push(Offer { address: address.clone(), ready, ports: places.clone() });
            }
        }
    }
    pack(&offers, &ports)
}

/// Subsets in which addresses that offer the same ports with the same readiness stand together. Not ready trumps ready.
///
/// Source: kubernetes pkg/api/v1/endpoints/util.go (RepackSubsets). Subsets whose order upstream leaves to a hash of
/// pod uids are ordered by their ports here.
pub(super) fn pack(offers: &[Offer], ports: &[Value]) -> Vec<Value> {
    // By port; the last place is for addresses without ports.
    let mut offered: Vec<Vec<Offered<'_>>> = alloc::vec![Vec::new(); ports.len() + 1];
    let mut addresses: Vec<(AddressKey<'_>, usize)> = Vec::with_capacity(offers.len());
    for (place, offer) in offers.iter().enumerate() {
        let one = Offered { key: AddressKey::of(&offer.address), ready: offer.ready };
        addresses.push((one.key, place));
        for place in &offer.ports {
            offered[*place].push(one);
        }
        if offer.ports.is_empty() {
            offered[ports.len()].push(one);
        }
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (place, mut offered) in offered.into_iter().enumerate() {
        if offered.is_empty() {
            continue;
        }
        // Of the same address what is not ready comes first, and stays.
        crate::ordered::sort(&mut offered);
        offered.dedup_by_key(|one| one.key);
        let port = ports.get(place).map(|port| (port_set::subset_port_hash(port), place));
        match groups.iter_mut().find(|group| group.offered == offered) {
            Some(group) => group.ports.extend(port),
            None => groups.push(Group { ports: Vec::from_iter(port), offered }),
        }
    }
    for group in &mut groups {
        crate::ordered::sort(&mut group.ports);
    }
    crate::ordered::sort(&mut groups);
    crate::ordered::sort(&mut addresses);
    let mut packed = Vec::new();
    for group in &groups {
        let mut subset = Value::map();
        for (field, wanted) in [("addresses", true), ("notReadyAddresses", false)] {
            let mut chosen: Vec<Value> = Vec::new();
            for one in group.offered.iter().filter(|one| one.ready == wanted) {
                let (_, first) = addresses[addresses.partition_point(|(key, _)| *key < one.key)];
                chosen.push(offers[first].address.clone());
            }
            if !chosen.is_empty() {
                subset.set(&[field], chosen);
            }
        }
        let mut own: Vec<Value> = Vec::new();
        for (_, place) in &group.ports {
            own.push(ports[*place].clone());
        }
        if !own.is_empty() {
            subset.set(&["ports"], own);
        }
        packed.push(subset);
    }
    packed
}

/// An address with one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Offered<'a> {
    key: AddressKey<'a>,
    ready: bool,
}

/// Ports, by their hashes and places, that the same addresses offer.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group<'a> {
    ports: Vec<(u128, usize)>,
    offered: Vec<Offered<'a>>,
}

/// What tells one address from another: pods on the host network share an address, but not a uid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct AddressKey<'a> {
    ip: &'a str,
    uid: &'a str,
}

impl AddressKey<'_> {
    fn of(address: &Value) -> AddressKey<'_> {
        AddressKey { ip: address["ip"].str(), uid: address["targetRef"]["uid"].str() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{borrow::ToOwned, string::String};

    fn subset(field: &str, ip: &str, ports: &[i64]) -> Value {
        let mut address = Value::map();
        address.set(&["ip"], ip);
        let port = |number: &i64| {
            let mut port = Value::map();
            port.set(&["port"], *number);
            port.set(&["protocol"], "TCP");
            port
        };
        let mut subset = Value::map();
        subset.set(&[field], Vec::from([address]));
        subset.set(&["ports"], ports.iter().map(port).collect::<Vec<_>>());
        subset
    }

    fn ips(subset: &Value, field: &str) -> Vec<String> {
        subset[field].items().iter().map(|a| a["ip"].str().to_owned()).collect()
    }

    #[test]
    fn addresses_with_the_same_ports_share_a_subset() {
        let packed = repack(&[
            subset("addresses", "10.0.0.2", &[80]),
            subset("addresses", "10.0.0.1", &[80]),
            subset("notReadyAddresses", "10.0.0.3", &[80]),
        ]);
        assert_eq!(packed.len(), 1);
        assert_eq!(ips(&packed[0], "addresses"), ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(ips(&packed[0], "notReadyAddresses"), ["10.0.0.3"]);
    }

    #[test]
    fn ports_with_the_same_addresses_share_a_subset_and_others_do_not() {
        let packed = repack(&[
            subset("addresses", "10.0.0.1", &[80]),
            subset("addresses", "10.0.0.1", &[443]),
            subset("addresses", "10.0.0.2", &[443]),
        ]);
        assert_eq!(packed.len(), 2);
        let both = repack(&[subset("addresses", "10.0.0.1", &[80]), subset("addresses", "10.0.0.1", &[443])]);
        assert_eq!(both.len(), 1);
        assert_eq!(both[0]["ports"].items().len(), 2);
        assert_eq!(repack(&packed), packed);
    }

    #[test]
    fn not_ready_trumps_ready() {
        let packed = repack(&[subset("addresses", "10.0.0.1", &[80]), subset("notReadyAddresses", "10.0.0.1", &[80])]);
        assert_eq!(ips(&packed[0], "notReadyAddresses"), ["10.0.0.1"]);
        assert!(packed[0]["addresses"].is_null());
    }
}
