//! What names, labels, ports and addresses may look like: upstream's rules and words.
//!
//! Each rule gives its complaints, none if the text is good.
//! Source: kubernetes staging/src/k8s.io/apimachinery/pkg/util/validation and pkg/api/validate/content.

use alloc::{format, string::String, vec, vec::Vec};

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const KEY_WORDS: &str =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const KEY_EXAMPLES: &[&str] = &["MyName", "my.name", "123-abc"];

/// A DNS label (RFC 1123): at most 63 lower-case letters, digits and dashes.
pub fn dns_label(text: &str) -> Vec<String> {
    let mut errors = too_long(text, 63, "characters");
    if !is_dns_label(text) {
        if is_dns_subdomain(text) {
            errors.push("must not contain dots".into());
        } else {
            let words = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \
                         and must start and end with an alphanumeric character";
            errors.push(pattern_error(words, LABEL, &["my-name", "123-abc"]));
        }
    }
    errors
}

/// A DNS label that begins with a letter (RFC 1035).
pub fn dns_1035_label(text: &str) -> Vec<String> {
    let mut errors = too_long(text, 63, "characters");
    if !is_dns_label(text) || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        let words = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                     alphabetic character, and end with an alphanumeric character";
        errors.push(pattern_error(words, "[a-z]([-a-z0-9]*[a-z0-9])?", &["my-name", "abc-123"]));
    }
    errors
}

/// A DNS name (RFC 1123): labels joined by dots, at most 253 bytes.
pub fn dns_subdomain(text: &str) -> Vec<String> {
    subdomain(text, "characters")
}

/// A DNS name in a search list, whose labels may hold and begin with underscores.
pub fn search_domain(text: &str) -> Vec<String> {
    let is_label = |label: &str| {
        let label = label.strip_prefix('_').unwrap_or(label).as_bytes();
        let is_end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        label.first().is_some_and(is_end)
            && label.last().is_some_and(is_end)
            && label.iter().all(|byte| is_end(byte) || matches!(byte, b'-' | b'_'))
    };
    if text.split('.').all(is_label) {
        return too_long(text, 253, "characters").into_iter().collect();
    }
    const WORDS: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', \
                         and must start and end with an alphanumeric character";
    const PATTERN: &str = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
    vec![pattern_error(WORDS, PATTERN, &["example.com"])]
}

/// A label's or annotation's key: a name, perhaps after a DNS name and a slash.
pub fn qualified_name(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let name = match text.split_once('/') {
        None => text,
        Some((_, name)) if name.contains('/') => {
            let words = format!("a valid label key {KEY_WORDS}");
            let mut error = pattern_error(&words, KEY, KEY_EXAMPLES);
            error.push_str(" with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
            return vec![error];
        }
        Some(("", name)) => {
            errors.push("prefix part must be non-empty".into());
            name
        }
        Some((prefix, name)) => {
            errors.extend(subdomain(prefix, "bytes").iter().map(|error| format!("prefix part {error}")));
            name
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".into());
    } else {
        errors.extend(too_long(name, 63, "bytes").iter().map(|error| format!("name part {error}")));
    }
    if !is_key(name) {
        errors.push(pattern_error(&format!("name part {KEY_WORDS}"), KEY, KEY_EXAMPLES));
    }
    errors
}

/// A label's value: empty, or a name of at most 63 bytes.
pub fn label_value(text: &str) -> Vec<String> {
    let mut errors = too_long(text, 63, "bytes");
    if !text.is_empty() && !is_key(text) {
        let words = format!("a valid label must be an empty string or {}", KEY_WORDS.trim_start_matches("must "));
        errors.push(pattern_error(&words, &format!("({KEY})?"), &["MyValue", "my_value", "12345"]));
    }
    errors
}

/// The name of a container's port (RFC 6335): at most 15 characters, a letter among them.
pub fn port_name(text: &str) -> Vec<String> {
    let mut errors = too_long(text, 15, "characters");
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        errors.push("must contain at least one letter (a-z)".into());
    }
    if text.contains("--") {
        errors.push("must not contain consecutive hyphens".into());
    }
    if text.starts_with('-') || text.ends_with('-') {
        errors.push("must not begin or end with a hyphen".into());
    }
    errors
}

/// A port number.
pub fn port_number(port: i64) -> Vec<String> {
    in_range(port, 1, 65535)
}

/// A number between two others.
pub fn in_range(number: i64, low: i64, high: i64) -> Vec<String> {
    if (low..=high).contains(&number) {
        Vec::new()
    } else {
        vec![format!("must be between {low} and {high}, inclusive")]
    }
}

/// A share such as `25%`.
pub fn percent(text: &str) -> Vec<String> {
    let digits = text.strip_suffix('%').unwrap_or("");
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    let words = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![pattern_error(words, "[0-9]+%", &["1%", "93%"])]
}

/// The name of an environment variable: printable ASCII without an equals sign.
pub fn env_name(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec!["environment variable name must be non-empty".into()];
    }
    if text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=') {
        return Vec::new();
    }
    vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".into()]
}

/// The name of an HTTP header.
pub fn header_name(text: &str) -> Vec<String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Vec::new();
    }
    let words = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![pattern_error(words, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// A name that can be a part of a URL's path.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/api/validate/content/path.go (IsPathSegmentName).
pub fn path_segment(text: &str) -> Vec<String> {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    ["/", "%"].into_iter().filter(|part| text.contains(part)).map(|part| format!("may not contain '{part}'")).collect()
}

/// `words (e.g. 'x', or 'y', regex used for validation is 'pattern')`, with upstream's commas.
pub fn pattern_error(words: &str, pattern: &str, examples: &[&str]) -> String {
    let mut error = format!("{words} (e.g. ");
    for (at, example) in examples.iter().enumerate() {
        if at > 0 {
            error.push_str(" or ");
        }
        error.push('\'');
        error.push_str(example);
        error.push_str("', ");
    }
    error.push_str("regex used for validation is '");
    error.push_str(pattern);
    error.push_str("')");
    error
}

/// A name to be completed (`metadata.generateName`) is judged as if its last dash were a letter.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/api/validation/generic.go (maskTrailingDash).
pub fn mask_trailing_dash(name: &str) -> String {
    match name.strip_suffix('-') {
        Some(stem) if !stem.is_empty() => {
            let cut = stem.char_indices().next_back().map_or(0, |(at, _)| at);
            format!("{}a", &stem[..cut])
        }
        _ => name.into(),
    }
}

fn subdomain(text: &str, unit: &str) -> Vec<String> {
    let mut errors = too_long(text, 253, unit);
    if !is_dns_subdomain(text) {
        let words = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
                     and must start and end with an alphanumeric character";
        errors.push(pattern_error(words, SUBDOMAIN, &["example.com"]));
    }
    errors
}

fn too_long(text: &str, limit: usize, unit: &str) -> Vec<String> {
    if text.len() > limit { vec![format!("must be no more than {limit} {unit}")] } else { Vec::new() }
}

fn is_dns_subdomain(text: &str) -> bool {
    text.split('.').all(is_dns_label)
}

/// The shape alone; the length is judged apart.
fn is_dns_label(text: &str) -> bool {
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    is_word(text, edge, |b| edge(b) || b == b'-')
}

fn is_key(text: &str) -> bool {
    is_word(text, |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_word(text: &str, edge: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(&first), Some(&last)) => edge(first) && edge(last) && bytes.iter().all(|&b| inner(b)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_refuses_dots_in_other_words_than_bad_characters() {
        assert_eq!(dns_label("my.web"), ["must not contain dots"]);
        assert!(dns_label("my_web")[0].starts_with("a lowercase RFC 1123 label must consist"));
        assert!(dns_label("8ball").is_empty());
        assert_eq!(dns_1035_label("8ball").len(), 1);
        assert_eq!(dns_label(&"a".repeat(64)), ["must be no more than 63 characters"]);
        assert_eq!(dns_label("").len(), 1);
    }

    #[test]
    fn a_qualified_name_complains_about_each_part() {
        assert!(qualified_name("example.com/tier").is_empty());
        assert_eq!(qualified_name("").len(), 2);
        assert_eq!(qualified_name("/x"), ["prefix part must be non-empty"]);
        assert_eq!(qualified_name("a/").len(), 2);
        assert!(qualified_name("Example.com/a")[0].starts_with("prefix part a lowercase RFC 1123 subdomain"));
        assert!(qualified_name("a/b/c")[0].ends_with("(e.g. 'example.com/MyName')"));
        assert_eq!(qualified_name(&"a".repeat(64)), ["name part must be no more than 63 bytes"]);
    }

    #[test]
    fn a_label_value_may_be_empty_and_lists_its_pattern() {
        assert!(label_value("").is_empty());
        assert!(label_value("V1.2-x_Y").is_empty());
        assert_eq!(
            label_value("my web"),
            ["a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
              start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
              validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"]
        );
    }

    #[test]
    fn a_port_name_has_a_letter_and_no_loose_hyphen() {
        assert_eq!(port_name("8080"), ["must contain at least one letter (a-z)"]);
        assert_eq!(port_name("web-"), ["must not begin or end with a hyphen"]);
        assert_eq!(port_name("a--b"), ["must not contain consecutive hyphens"]);
        assert_eq!(port_name("abcdefghijklmnop"), ["must be no more than 15 characters"]);
        assert!(port_name("8080web").is_empty());
        assert_eq!(port_name("").len(), 2);
    }

    #[test]
    fn a_name_to_be_completed_may_end_in_a_dash() {
        assert_eq!(mask_trailing_dash("web-"), "wea");
        assert_eq!(mask_trailing_dash("-"), "-");
        assert_eq!(mask_trailing_dash("web"), "web");
    }
}
