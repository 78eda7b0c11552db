//! DNS names as the tools print them.

/// A name, or a record's content that ends in one, without its final dot.
pub(super) fn bare(text: &str) -> &str {
    if text == "." { text } else { text.strip_suffix('.').unwrap_or(text) }
}
