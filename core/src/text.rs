//! Text taken apart, for what is read with every packet or command: the standard searchers are slower and larger.

/// What stands before the first `at`, an ASCII letter or sign, and what behind it; all and nothing if there is none.
pub(crate) fn cut(text: &str, at: u8) -> (&str, &str) {
    match text.bytes().position(|byte| byte == at) {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, ""),
    }
}

/// The parts of a text in one piece.
pub(crate) fn joined(parts: &[&str]) -> alloc::string::String {
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_once() {
        assert_eq!(cut("a.b.c", b'.'), ("a", "b.c"));
        assert_eq!(cut("é", b'.'), ("é", ""));
        assert_eq!(cut(".", b'.'), ("", ""));
    }
}
