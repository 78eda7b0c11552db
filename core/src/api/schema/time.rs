//! Times as Go reads them (RFC 3339).

use alloc::{format, string::String};

/// Go's words for the first part that does not fit.
pub(super) fn complaint(text: &str) -> Option<String> {
    const PARTS: [&str; 12] = ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05", "Z07:00"];
    let mut rest = text;
    for part in PARTS {
        let fits = match part.len() {
            1 => rest.starts_with(part),
            6 => matches!(rest.as_bytes(), [b'Z'] | [b'+' | b'-', _, _, b':', _, _]),
            digits => rest.len() >= digits && rest.as_bytes()[..digits].iter().all(u8::is_ascii_digit),
        };
        if !fits {
            let layout = PARTS.concat();
            return Some(format!("parsing time \"{text}\" as \"{layout}\": cannot parse \"{rest}\" as \"{part}\""));
        }
        rest = &rest[part.len().min(rest.len())..];
        if part == "05" && rest.starts_with('.') {
            rest = rest[1..].trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    None
}
