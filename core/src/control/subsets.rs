//! The subsets of an Endpoints object in their canonical form.

use super::port_set;
use crate::api::Value;
use crate::ordered::OrdMap;
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
    let mut ports: Vec<&Value> = Vec::new();
    let mut offers = Vec::new();
    for subset in subsets {
        let places = subset["ports"].items().iter().map(|port| {
            ports.iter().position(|known| *known == port).unwrap_or_else(|| {
                ports.push(port);
                ports.len() - 1
            })
        });
        let places: Vec<usize> = places.collect();
        for (field, ready) in [("addresses", true), ("notReadyAddresses", false)] {
            for address in subset[field].items() {
                offers.push(Offer { address: address.clone(), ready, ports: places.clone() });
            }
        }
    }
    pack(&offers, &ports.into_iter().cloned().collect::<Vec<_>>())
}

/// Subsets in which addresses that offer the same ports with the same readiness stand together. Not ready trumps ready.
///
/// Source: kubernetes pkg/api/v1/endpoints/util.go (RepackSubsets). Subsets whose order upstream leaves to a hash of
/// pod uids are ordered by their ports here.
pub(super) fn pack(offers: &[Offer], ports: &[Value]) -> Vec<Value> {
    let hashes: Vec<u128> = ports.iter().map(port_set::subset_port_hash).collect();
    let mut addresses: OrdMap<AddressKey<'_>, &Value> = OrdMap::new();
    // By port; the last place is for addresses without ports.
    let mut offered: Vec<OrdMap<AddressKey<'_>, bool>> = Vec::new();
    offered.resize_with(ports.len() + 1, OrdMap::new);
    for offer in offers {
        let key = AddressKey::of(&offer.address);
        addresses.entry(key).or_insert(&offer.address);
        let portless = offer.ports.is_empty().then_some(ports.len());
        for place in offer.ports.iter().copied().chain(portless) {
            *offered[place].entry(key).or_insert(offer.ready) &= offer.ready;
        }
    }

    let mut groups: OrdMap<Vec<(AddressKey<'_>, bool)>, Vec<usize>> = OrdMap::new();
    for (place, offered) in offered.into_iter().enumerate().filter(|(_, offered)| !offered.is_empty()) {
        let group = groups.entry(offered.into_iter().collect()).or_default();
        group.extend((place < ports.len()).then_some(place));
    }
    let mut packed: Vec<(Vec<u128>, Value)> = Vec::new();
    for (offered, mut places) in groups {
        places.sort_by_key(|place| hashes[*place]);
        let mut subset = Value::map();
        for (field, wanted) in [("addresses", true), ("notReadyAddresses", false)] {
            let chosen = offered.iter().filter(|(_, ready)| *ready == wanted);
            let chosen: Vec<Value> = chosen.map(|(key, _)| addresses[key].clone()).collect();
            if !chosen.is_empty() {
                subset.set(&[field], chosen);
            }
        }
        if !places.is_empty() {
            subset.set(&["ports"], places.iter().map(|place| ports[*place].clone()).collect::<Vec<Value>>());
        }
        packed.push((places.into_iter().map(|place| hashes[place]).collect(), subset));
    }
    crate::ordered::sort_by(&mut packed, |(a, _), (b, _)| a.cmp(b));
    packed.into_iter().map(|(_, subset)| subset).collect()
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
