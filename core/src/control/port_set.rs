//! Sets of endpoint ports: their order and their identity, as upstream's hashes give them.

use crate::api::Value;
use alloc::{format, string::String};

/// Sorts the ports of an EndpointSlice as upstream stores them: by a hash of how Go prints them.
///
/// Source: kubernetes staging/src/k8s.io/endpointslice/util/controller_utils.go (portsInOrder).
pub(super) fn sort_slice_ports(ports: &mut [Value]) {
    crate::ordered::sort_by_key(ports, |port| {
        let app_protocol = port["appProtocol"].as_str().unwrap_or("<nil>");
        let (name, protocol, number) = (port["name"].str(), port["protocol"].str(), port["port"].as_int().unwrap_or(0));
        fnv128(&format!(
            "(v1.EndpointPort){{Name:(*string){name} Protocol:(*v1.Protocol){protocol} Port:(*int32){number} \
             AppProtocol:(*string){app_protocol}}}"
        ))
    });
}

/// The hash that orders ports of Endpoints subsets (kubernetes pkg/api/v1/endpoints/util.go, portsByHash).
pub(super) fn subset_port_hash(port: &Value) -> u128 {
    let app_protocol = port["appProtocol"].as_str().unwrap_or("<nil>");
    let (name, protocol, number) = (port["name"].str(), port["protocol"].str(), port["port"].as_int().unwrap_or(0));
    fnv128(&format!(
        "(v1.EndpointPort){{Name:(string){name} Port:(int32){number} Protocol:(v1.Protocol){protocol} \
         AppProtocol:(*string){app_protocol}}}"
    ))
}

/// What two slices have in common exactly if their sorted ports are the same.
pub(super) fn key(sorted: &[Value]) -> String {
    let mut key = String::new();
    for port in sorted {
        let number = port["port"].as_int().unwrap_or(-1);
        let app_protocol = port["appProtocol"].as_str().unwrap_or("\u{1}");
        key.push_str(&format!("{}\0{}\0{number}\0{app_protocol}\n", port["name"].str(), port["protocol"].str()));
    }
    key
}

/// FNV-1a with 128 bits.
fn fnv128(text: &str) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes().fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a_of_128_bits() {
        assert_eq!(fnv128(""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv128("a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }

    #[test]
    fn ports_in_another_order_are_the_same_set() {
        let port = |name: &str, number: i64| {
            let mut port = Value::map();
            port.set(&["name"], name);
            port.set(&["protocol"], "TCP");
            port.set(&["port"], number);
            port
        };
        let mut one = [port("http", 80), port("https", 443), port("metrics", 9090)];
        let mut other = [port("metrics", 9090), port("https", 443), port("http", 80)];
        sort_slice_ports(&mut one);
        sort_slice_ports(&mut other);
        assert_eq!(one, other);
        assert_eq!(key(&one), key(&other));
        assert_ne!(key(&one), key(&one[1..]));
    }
}
