//! The subsets of an Endpoints object in their canonical form.

use super::port_set;
use crate::api::Value;
use crate::ordered::OrdMap;
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// Expands subsets to single addresses and ports, then packs them again: addresses that offer the same ports with the
/// same readiness share a subset. Not ready trumps ready.
///
/// Source: kubernetes pkg/api/v1/endpoints/util.go (RepackSubsets). Subsets whose order upstream leaves to a hash of
/// pod uids are ordered by their ports here.
pub(super) fn repack(subsets: &[Value]) -> Vec<Value> {
    let mut addresses: OrdMap<AddressKey, Value> = OrdMap::new();
    let mut by_port: OrdMap<u128, (Value, OrdMap<AddressKey, bool>)> = OrdMap::new();
    for subset in subsets {
        let ports = subset["ports"].items();
        let ports = if ports.is_empty() { &[Value::Null][..] } else { ports };
        for port in ports {
            let (_, offered) =
                by_port.entry(port_set::subset_port_hash(port)).or_insert_with(|| (port.clone(), OrdMap::new()));
            for (field, ready) in [("addresses", true), ("notReadyAddresses", false)] {
                for address in subset[field].items() {
                    let key = AddressKey::of(address);
                    addresses.entry(key.clone()).or_insert_with(|| address.clone());
                    *offered.entry(key).or_insert(ready) &= ready;
                }
            }
        }
    }

    let mut groups: OrdMap<Vec<(AddressKey, bool)>, Vec<Value>> = OrdMap::new();
    for (port, offered) in by_port.into_values() {
        let ports = groups.entry(offered.into_iter().collect()).or_default();
        if !port.is_null() {
            ports.push(port);
        }
    }
    let mut packed: Vec<(Vec<u128>, Value)> = Vec::new();
    for (offered, mut ports) in groups {
        port_set::sort_subset_ports(&mut ports);
        let order = ports.iter().map(port_set::subset_port_hash).collect();
        let mut subset = Value::map();
        for (field, wanted) in [("addresses", true), ("notReadyAddresses", false)] {
            let chosen = offered.iter().filter(|(_, ready)| *ready == wanted);
            let chosen: Vec<Value> = chosen.map(|(key, _)| addresses[key].clone()).collect();
            if !chosen.is_empty() {
                subset.set(&[field], chosen);
            }
        }
        if !ports.is_empty() {
            subset.set(&["ports"], ports);
        }
        packed.push((order, subset));
    }
    crate::ordered::sort_by(&mut packed, |(a, _), (b, _)| a.cmp(b));
    packed.into_iter().map(|(_, subset)| subset).collect()
}

/// What tells one address from another: pods on the host network share an address, but not a uid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct AddressKey {
    ip: String,
    uid: String,
}

impl AddressKey {
    fn of(address: &Value) -> AddressKey {
        AddressKey { ip: address["ip"].str().to_owned(), uid: address["targetRef"]["uid"].str().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
