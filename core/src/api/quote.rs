//! Text in double quotes, as the formats write it: each escapes other characters, and Rust's `{:?}` is none of them.

use alloc::{format, string::String};
use core::fmt::{self, Display, Formatter};

/// A text that is shown in quotes, as Go's `%q` writes it.
///
/// Never `{:?}`: the engine is built without it, and Rust escapes other characters than Go.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        quote(&mut text, self.0, &GO);
        f.write_str(&text)
    }
}

/// What a format escapes, besides the quote and the backslash.
pub(super) struct Escapes {
    /// Characters that have a letter of their own.
    letters: &'static [(char, char)],
    /// How another character begins if it is written by its number: `\x` with two digits, `\u` with four, or not at all.
    number: fn(char) -> &'static str,
    /// Whether the digits of a number are upper case.
    is_upper: bool,
}

/// Go's `%q`.
pub(super) static GO: Escapes = Escapes {
    letters: &[('\n', 'n'), ('\r', 'r'), ('\t', 't'), ('\u{7}', 'a'), ('\u{8}', 'b'), ('\u{b}', 'v'), ('\u{c}', 'f')],
    number: |c| match c {
        '\0'..'\x20' | '\x7f' => "\\x",
        // What people paste without seeing it; Go escapes all that is not printable.
        '\u{80}'..='\u{a0}'
        | '\u{ad}'
        | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}'
        | '\u{3000}'
        | '\u{feff}' => "\\u",
        _ => "",
    },
    is_upper: false,
};

/// JSON, as Go's `json.Marshal` writes it: safe within HTML and JavaScript.
pub(super) static JSON: Escapes = Escapes {
    letters: &[('\n', 'n'), ('\r', 'r'), ('\t', 't'), ('\u{8}', 'b'), ('\u{c}', 'f')],
    number: |c| match c {
        '\0'..'\x20' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => "\\u",
        _ => "",
    },
    is_upper: false,
};

/// YAML's double quotes, as libyaml's emitter writes them.
#[cfg(feature = "yaml")]
pub(super) static YAML: Escapes = Escapes {
    letters: &[
        ('\n', 'n'),
        ('\r', 'r'),
        ('\t', 't'),
        ('\0', '0'),
        ('\u{7}', 'a'),
        ('\u{8}', 'b'),
        ('\u{b}', 'v'),
        ('\u{c}', 'f'),
        ('\u{1b}', 'e'),
        ('\u{85}', 'N'),
        ('\u{a0}', '_'),
        ('\u{2028}', 'L'),
        ('\u{2029}', 'P'),
    ],
    number: |c| match c {
        '\0'..'\x20' | '\x7f'..'\u{a0}' => "\\x",
        '\u{feff}' => "\\u",
        _ => "",
    },
    is_upper: true,
};

/// Appends the text in quotes.
pub(super) fn quote(out: &mut String, text: &str, escapes: &Escapes) {
    out.push('"');
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
            continue;
        }
        let letter = match c {
            '"' | '\\' => Some(c),
            _ => escapes.letters.iter().find(|(escaped, _)| *escaped == c).map(|(_, letter)| *letter),
        };
        if let Some(letter) = letter {
            out.push('\\');
            out.push(letter);
            continue;
        }
        let number = (escapes.number)(c);
        if number.is_empty() {
            out.push(c);
            continue;
        }
        let width = if number == "\\x" { 2 } else { 4 };
        let digits = format!("{:0width$x}", c as u32);
        out.push_str(number);
        out.push_str(&if escapes.is_upper { digits.to_ascii_uppercase() } else { digits });
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_escapes_in_its_own_way() {
        let quoted = |escapes| {
            let mut out = String::new();
            quote(&mut out, "a\"\\\n\u{1}\u{1b}\u{a0}<\u{feff}–", escapes);
            out
        };
        assert_eq!(quoted(&GO), r#""a\"\\\n\x01\x1b\u00a0<\ufeff–""#);
        assert_eq!(quoted(&JSON), "\"a\\\"\\\\\\n\\u0001\\u001b\u{a0}\\u003c\u{feff}–\"");
        #[cfg(feature = "yaml")]
        assert_eq!(quoted(&YAML), r#""a\"\\\n\x01\e\_<\uFEFF–""#);
    }
}
