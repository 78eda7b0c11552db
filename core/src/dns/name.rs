//! Domain names on the wire, and as the text the rest of the crate uses.
//!
//! A name is text with its final dot. Every octet that is no visible ASCII, and a dot or backslash inside a label, is
//! written `\DDD` (RFC 4343 section 2.1), so that splitting at dots is always right.

use super::message::ParseError;
use crate::text::cut;
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// Longest name on the wire (RFC 1035 section 3.1).
const MAX_NAME: usize = 255;
/// Longest label.
const MAX_LABEL: usize = 63;
/// The two bits that make a length octet a pointer.
const POINTER: u8 = 0b1100_0000;

/// The labels of a name, without the root's empty one.
pub(super) fn labels(name: &str) -> Vec<&str> {
    let mut labels = Vec::with_capacity(8);
    let mut rest = name;
    while !rest.is_empty() {
        let (label, behind) = cut(rest, b'.');
        if !label.is_empty() {
            labels.push(label);
        }
        rest = behind;
    }
    labels
}

/// True if `name` is `zone` or below it, in any case of letters.
pub(super) fn is_within(name: &str, zone: &str) -> bool {
    let (name, zone) = (name.trim_end_matches('.').as_bytes(), zone.trim_end_matches('.').as_bytes());
    match name.len().checked_sub(zone.len()) {
        Some(at) if at == 0 || zone.is_empty() || name[at - 1] == b'.' => name[at..].eq_ignore_ascii_case(zone),
        _ => false,
    }
}

/// With a final dot.
pub(super) fn absolute(name: &str) -> String {
    let mut name = name.to_owned();
    if !name.ends_with('.') {
        name.push('.');
    }
    name
}

/// Reads the name at `*at` of the whole message, following pointers, and moves `*at` behind it.
pub(super) fn parse(message: &[u8], at: &mut usize) -> Result<String, ParseError> {
    // Room for the names that clusters have.
    let mut text = String::with_capacity(64);
    let (mut from, mut jumped, mut octets) = (*at, false, 1);
    loop {
        let length = *message.get(from).ok_or(ParseError::Short)?;
        if length & POINTER == POINTER {
            let low = *message.get(from + 1).ok_or(ParseError::Short)?;
            if !jumped {
                *at = from + 2;
            }
            jumped = true;
            let target = usize::from(u16::from_be_bytes([length & !POINTER, low]));
            // A pointer leads to an earlier place (RFC 1035 section 4.1.4), so there can be no loop.
            if target >= from {
                return Err(ParseError::Name);
            }
            from = target;
            continue;
        }
        if usize::from(length) > MAX_LABEL {
            return Err(ParseError::Name);
        }
        let end = from + 1 + usize::from(length);
        let label = message.get(from + 1..end).ok_or(ParseError::Short)?;
        if !jumped {
            *at = end;
        }
        if length == 0 {
            break;
        }
        octets += 1 + label.len();
        if octets > MAX_NAME {
            return Err(ParseError::Name);
        }
        push_label(&mut text, label);
        text.push('.');
        from = end;
    }
    if text.is_empty() {
        text.push('.');
    }
    Ok(text)
}

fn push_label(text: &mut String, label: &[u8]) {
    let is_plain = |octet: u8| octet.is_ascii_graphic() && octet != b'.' && octet != b'\\';
    if let (true, Ok(label)) = (label.iter().all(|&octet| is_plain(octet)), core::str::from_utf8(label)) {
        return text.push_str(label);
    }
    for &octet in label {
        if is_plain(octet) {
            text.push(char::from(octet));
        } else {
            text.push('\\');
            for digit in [octet / 100, octet / 10 % 10, octet % 10] {
                text.push(char::from(b'0' + digit));
            }
        }
    }
}

/// Where names already stand in a message, by the text from a label to the end.
///
/// Only names equal to the letter are shared, so that every name keeps its case.
#[derive(Default)]
pub(super) struct Places(Vec<(String, u16)>);

impl Places {
    /// Forgets the places from `length` on, after records that did not fit were taken back.
    pub(super) fn truncate(&mut self, length: usize) {
        self.0.retain(|(_, place)| usize::from(*place) < length);
    }
}

/// Writes a name; with `places`, the tail that stands in the message already becomes a pointer.
///
/// A label that is too long for the wire is cut: names that come from validated objects or from the wire never are.
pub(super) fn emit(out: &mut Vec<u8>, name: &str, mut places: Option<&mut Places>) {
    let mut rest = name.trim_end_matches('.');
    while !rest.is_empty() {
        if let Some(places) = places.as_deref_mut() {
            if let Some((_, place)) = places.0.iter().find(|(name, _)| name == rest) {
                out.extend_from_slice(&(place | u16::from_be_bytes([POINTER, 0])).to_be_bytes());
                return;
            }
            if out.len() >> 14 == 0 {
                places.0.push((rest.to_owned(), out.len() as u16));
            }
        }
        let (label, tail) = cut(rest, b'.');
        let length_at = out.len();
        out.push(0);
        emit_label(out, label);
        out.truncate(length_at + 1 + MAX_LABEL);
        out[length_at] = (out.len() - length_at - 1) as u8;
        rest = tail;
    }
    out.push(0);
}

fn emit_label(out: &mut Vec<u8>, label: &str) {
    if label.bytes().all(|octet| octet != b'\\') {
        return out.extend_from_slice(label.as_bytes());
    }
    let mut octets = label.bytes();
    while let Some(octet) = octets.next() {
        if octet == b'\\' {
            let mut digit = || u32::from(octets.next().unwrap_or(b'0').wrapping_sub(b'0'));
            out.push((digit() * 100 + digit() * 10 + digit()) as u8);
        } else {
            out.push(octet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(wire: &[u8]) -> String {
        let name = parse(wire, &mut 0).unwrap();
        let mut again = Vec::new();
        emit(&mut again, &name, None);
        assert_eq!(again, wire);
        name
    }

    #[test]
    fn a_name_keeps_its_case_and_its_odd_octets() {
        assert_eq!(round_trip(b"\x03wEb\x04Shop\0"), "wEb.Shop.");
        assert_eq!(round_trip(b"\x04a.b\\\x01\xff\0"), "a\\046b\\092.\\255.");
        assert_eq!(round_trip(b"\0"), ".");
    }

    #[test]
    fn a_pointer_that_does_not_lead_back_is_refused() {
        assert_eq!(parse(b"\xc0\x00", &mut 0), Err(ParseError::Name));
        assert_eq!(parse(b"\x01a\xc0\x05\0\0\0", &mut 0), Err(ParseError::Name));
        assert_eq!(parse(b"\x05ab", &mut 0), Err(ParseError::Short));
    }

    #[test]
    fn a_pointer_moves_only_two_octets_on() {
        let message = b"\x01b\0\x01a\xc0\x00rest";
        let mut at = 3;
        assert_eq!(parse(message, &mut at).unwrap(), "a.b.");
        assert_eq!(&message[at..], b"rest");
    }

    #[test]
    fn a_zone_holds_itself_and_what_is_below_it() {
        assert!(is_within("web.shop.SVC.cluster.local.", "svc.cluster.local."));
        assert!(is_within("cluster.local.", "cluster.local."));
        assert!(!is_within("acluster.local.", "cluster.local."));
        assert!(!is_within("local.", "cluster.local."));
        assert!(is_within("anything.", "."));
    }
}
