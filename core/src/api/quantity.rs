//! Amounts such as `500m` and `1Gi`.
//!
//! Source: kubernetes staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go.

use alloc::{format, string::String};

/// An amount: how many billionths, and in which suffixes it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    /// Billionths.
    pub nanos: i128,
    style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Decimal,
    Binary,
    Exponent,
}

const NANO: i128 = 1_000_000_000;
/// Why most texts are no amounts.
pub const MALFORMED: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
/// From billionths up.
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// Reads an amount, or says why it is none. Parts below a thousandth are rounded up (SetDefaults_ResourceList), what is
    /// too large is cut off.
    pub fn parse(text: &str) -> Result<Quantity, &'static str> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let digits = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(digits);
        if number.matches('.').count() > 1 || !number.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(MALFORMED);
        }
        let (style, base, power) = if let Some(at) = DECIMAL.iter().position(|own| *own == suffix) {
            (Style::Decimal, 10, 3 * at as i32)
        } else if let Some(at) = BINARY.iter().position(|own| *own == suffix) {
            (Style::Binary, 1024, at as i32)
        } else if let Some(power) = suffix.strip_prefix(['e', 'E']).and_then(|power| power.parse::<i32>().ok()) {
            (Style::Exponent, 10, power.clamp(-40, 40) + 9)
        } else if suffix
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .trim_end_matches(['-', '+'])
            .bytes()
            .all(|byte| b"eEinumkKMGTP".contains(&byte))
        {
            return Err("unable to parse quantity's suffix");
        } else {
            return Err(MALFORMED);
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let mut value: i128 = 0;
        for digit in whole.bytes().chain(part.bytes()).filter(u8::is_ascii_digit) {
            value = value.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
        }
        let mut scale = if base == 10 { power } else { 9 } - part.len().min(60) as i32;
        if base == 1024 {
            value = value.saturating_mul(1 << (10 * power));
        }
        while scale > 0 && value != 0 {
            (value, scale) = (value.saturating_mul(10), scale - 1);
        }
        let divisor = 10i128.checked_pow(scale.min(0).unsigned_abs()).unwrap_or(i128::MAX);
        let nanos = value / divisor + i128::from(value % divisor != 0);
        let milli = NANO / 1000;
        let nanos = nanos.saturating_add(milli - 1) / milli * milli;
        Ok(Quantity { nanos: if text.starts_with('-') { -nanos } else { nanos }, style })
    }

    /// The form in which it is stored: no fraction, the largest suffix that leaves none.
    pub fn canonical(self) -> String {
        let whole = self.nanos / NANO;
        if self.style == Style::Binary && whole.abs() >= 1024 {
            let (mut number, mut at) = (whole + i128::from(self.nanos % NANO > 0), 0);
            while number % 1024 == 0 && at + 1 < BINARY.len() {
                (number, at) = (number / 1024, at + 1);
            }
            return format!("{number}{}", BINARY[at]);
        }
        let (mut number, mut at) = (self.nanos, 0);
        while number != 0 && number % 1000 == 0 && at + 1 < DECIMAL.len() {
            (number, at) = (number / 1000, at + 1);
        }
        match (number, self.style) {
            (0, _) => "0".into(),
            (_, Style::Exponent) if at != 3 => format!("{number}e{}", 3 * at as i32 - 9),
            _ => format!("{number}{}", DECIMAL[at]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_stored_in_one_form() {
        let canonical = |text: &str| Quantity::parse(text).map(Quantity::canonical);
        for (text, stored) in [
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1.50", "1500m"),
            ("100000", "100k"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("0.5Ki", "512"),
            ("0.0001", "1m"),
            ("12e6", "12e6"),
            ("1e0", "1"),
            ("-1", "-1"),
            ("0Gi", "0"),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(stored), "{text}");
        }
        assert_eq!(canonical("64MB"), Err(MALFORMED));
        assert_eq!(canonical("1Mk"), Err("unable to parse quantity's suffix"));
        assert_eq!(canonical("x"), Err(MALFORMED));
        assert!(canonical("99999999999999999999999999999999999999999999Ei").is_ok());
    }
}
