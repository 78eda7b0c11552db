//! Addresses and ranges in text: what may be read, and what is refused although it can be read.
//!
//! Source: kubernetes staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go.

use super::field::{Errors, Path};
use crate::cidr::Cidr;
use alloc::{format, string::String};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address as old Go read it: leading zeros are allowed and mean nothing; an IPv4-mapped one is IPv4.
pub fn parse(text: &str) -> Option<IpAddr> {
    if !text.contains(':') {
        return v4(text).map(IpAddr::V4);
    }
    let address = match text.rsplit_once(':') {
        Some((head, tail)) if tail.contains('.') => format!("{head}:{}", v4(tail)?).parse::<Ipv6Addr>().ok()?,
        _ => text.parse::<Ipv6Addr>().ok()?,
    };
    Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4))
}

/// True if the text is an IPv6 address (and not an IPv4 one written that way).
pub fn is_v6(text: &str) -> bool {
    parse(text).is_some_and(|address| address.is_ipv6())
}

/// `IPv4` or `IPv6`, as `spec.ipFamilies` says it.
pub fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

/// A range as old Go read it: bits beyond the prefix stay, and an IPv4-mapped address is IPv4 with the length of IPv6.
pub fn parse_range(text: &str) -> Option<Cidr> {
    let (address, prefix) = text.split_once('/')?;
    let is_digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
    let mapped = address.contains(':');
    let address = parse(address)?;
    let longest = if mapped { 128 } else { 32 };
    let length = prefix.parse().ok().filter(|length| is_digits && *length <= longest)?;
    Some(Cidr { address, length })
}

fn v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = part.trim_start_matches('0');
        *octet = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    }
    parts.next().is_none().then(|| octets.into())
}

fn has_leading_zero(text: &str) -> bool {
    let tail = text.rsplit(':').next().unwrap_or(text);
    tail.contains('.') && tail.split('.').any(|part| part.len() > 1 && part.starts_with('0'))
}

/// The faults of an address in a field that once allowed more (IsValidIPForLegacyField).
pub fn validate(errors: &mut Errors, path: &Path<'_>, text: &str) {
    if parse(text).is_none() {
        errors.invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    } else if has_leading_zero(text) {
        errors.invalid(path, text, "must not have leading 0s");
    } else if text.contains(':') && !is_v6(text) {
        errors.invalid(path, text, "must not be an IPv4-mapped IPv6 address");
    }
}

/// The faults of an address in a newer field, which has to be in canonical form (IsValidIP).
pub fn validate_canonical(errors: &mut Errors, path: &Path<'_>, text: &str) {
    let before = errors.len();
    validate(errors, path, text);
    if let Some(address) = parse(text).filter(|_| errors.len() == before) {
        let canonical = format!("{address}");
        if canonical != text {
            errors.invalid(path, text, &format!("must be in canonical form (\"{canonical}\")"));
        }
    }
}

/// The faults of a range in a field that once allowed more (IsValidCIDRForLegacyField).
pub fn validate_range(errors: &mut Errors, path: &Path<'_>, text: &str) {
    let Some(range) = parse_range(text) else {
        return errors.invalid(path, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
    };
    let (written, length) = text.split_once('/').unwrap_or((text, ""));
    if has_leading_zero(written) || (length.len() > 1 && length.starts_with('0')) {
        errors.invalid(path, text, "must not have leading 0s in IP or prefix length");
    } else if written.contains(':') && range.address.is_ipv4() {
        errors.invalid(path, text, "must not have an IPv4-mapped IPv6 address");
    } else if range.masked() != range {
        errors.invalid(path, text, "must not have bits set beyond the prefix length");
    }
}

/// The faults of an address that traffic is to be sent to.
///
/// Source: kubernetes pkg/apis/core/validation/validation.go (ValidateEndpointIP).
pub fn validate_endpoint(errors: &mut Errors, path: &Path<'_>, text: &str) {
    let Some(address) = parse(text) else {
        return errors.invalid(path, text, "must be a valid IP address");
    };
    let (link_local, link_local_multicast) = match address {
        IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(v6) => (v6.is_unicast_link_local(), v6.segments()[0] & 0xff0f == 0xff02),
    };
    let complaint: String = if address.is_unspecified() {
        format!("may not be unspecified ({text})")
    } else if address.is_loopback() {
        "may not be in the loopback range (127.0.0.0/8, ::1/128)".into()
    } else if link_local {
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)".into()
    } else if link_local_multicast {
        "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".into()
    } else {
        return;
    };
    errors.invalid(path, text, &complaint);
}

/// What the server warns of in an address it accepts (GetWarningsForIP).
pub fn warning(path: &Path<'_>, text: &str) -> Option<String> {
    let address = parse(text)?;
    if has_leading_zero(text) || (text.contains(':') && address.is_ipv4()) {
        return Some(format!("{path}: non-standard IP address \"{text}\" is invalid: use \"{address}\""));
    }
    let is_odd = address.is_ipv6() && format!("{address}") != text;
    is_odd.then(|| format!("{path}: IPv6 address \"{text}\" should be in RFC 5952 canonical format (\"{address}\")"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(check: impl Fn(&mut Errors, &Path<'_>, &str), text: &str) -> String {
        let mut errors = Errors::default();
        check(&mut errors, &Path::root("ip"), text);
        errors.causes.pop().map_or(String::new(), |cause| cause.message)
    }

    #[test]
    fn leading_zeros_and_mapped_addresses_can_be_read_but_are_refused() {
        assert_eq!(parse("10.96.000.20"), Some(Ipv4Addr::new(10, 96, 0, 20).into()));
        assert_eq!(parse("::ffff:10.0.0.1"), Some(Ipv4Addr::new(10, 0, 0, 1).into()));
        assert_eq!(parse("10.96.0.300"), None);
        assert_eq!(parse("10.96.0"), None);
        assert_eq!(parse("fe80::1%eth0"), None);
        assert!(complaint(validate, "10.96.000.20").ends_with("must not have leading 0s"));
        assert!(complaint(validate, "::ffff:10.0.0.1").ends_with("must not be an IPv4-mapped IPv6 address"));
        assert!(complaint(validate, "x").contains("must be a valid IP address, (e.g."));
        assert_eq!(complaint(validate, "FD00::1"), "");
        assert!(complaint(validate_canonical, "FD00::1").ends_with("must be in canonical form (\"fd00::1\")"));
    }

    #[test]
    fn a_range_has_no_bits_beyond_its_prefix() {
        assert_eq!(complaint(validate_range, "10.0.0.0/8"), "");
        assert!(complaint(validate_range, "10.0.0.1/8").ends_with("must not have bits set beyond the prefix length"));
        assert!(complaint(validate_range, "10.0.0.0/08").ends_with("leading 0s in IP or prefix length"));
        assert!(complaint(validate_range, "10.0.0.0/33").contains("must be a valid CIDR value"));
        assert!(complaint(validate_range, "10.0.0.0").contains("must be a valid CIDR value"));
        assert_eq!(complaint(validate_range, "::/0"), "");
    }

    #[test]
    fn traffic_goes_to_no_special_address() {
        for (text, word) in [
            ("0.0.0.0", "unspecified (0.0.0.0)"),
            ("::1", "loopback"),
            ("169.254.169.254", "link-local range"),
            ("fe80::1", "link-local range"),
            ("224.0.0.5", "link-local multicast"),
            ("ff02::5", "link-local multicast"),
        ] {
            assert!(complaint(validate_endpoint, text).contains(word), "{text}");
        }
        assert_eq!(complaint(validate_endpoint, "10.9.8.7"), "");
    }
}
