//! Words to arguments: variables, command output, arithmetic, and the splitting at blanks of what was not quoted.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::pipe::Pipe;
use super::super::sys::Sys;
use super::tree::{Part, Quoted, Word};
use super::{Shell, run_apart};

impl Shell {
    /// The arguments a list of words makes.
    pub(super) async fn arguments(&self, sys: &Sys, words: &[Word]) -> Vec<String> {
        let mut all = Vec::new();
        for word in words {
            let mut current = None;
            for part in &word.0 {
                match part {
                    Part::Variable { name, .. } if name == "@" => all.extend_from_slice(&self.positional),
                    _ => {
                        let (text, quoted) = self.part(sys, part).await;
                        split(&text, quoted, &mut current, &mut all);
                    }
                }
            }
            all.extend(current);
        }
        all
    }

    /// The one text a word makes where nothing is split.
    pub(super) async fn text(&self, sys: &Sys, word: &Word) -> String {
        let mut text = String::new();
        for part in &word.0 {
            text += &self.part(sys, part).await.0;
        }
        text
    }

    async fn part(&self, sys: &Sys, part: &Part) -> (String, Quoted) {
        match part {
            Part::Text(text, _) => (text.clone(), Quoted::Yes),
            Part::Variable { name, default, quoted } => {
                let value = self.variable(sys, name).filter(|value| !value.is_empty() || default.is_none());
                match (value, default) {
                    (Some(value), _) => (value, *quoted),
                    (None, Some(default)) => (alloc::boxed::Box::pin(self.text(sys, default)).await, *quoted),
                    (None, None) => (String::new(), *quoted),
                }
            }
            Part::Command(list, quoted) => {
                let stdout = Pipe::default();
                let inner = Sys { stdout: stdout.clone(), terminal: false, ..sys.with_own_variables() };
                self.substituted.set(run_apart(self.clone(), inner, list).await);
                let text = String::from_utf8_lossy(&stdout.take()).trim_end_matches('\n').to_string();
                (text, *quoted)
            }
            Part::Arithmetic(word) => {
                let text = alloc::boxed::Box::pin(self.text(sys, word)).await;
                let lookup = |name: &str| self.variable(sys, name).and_then(|value| value.trim().parse().ok());
                let value = arithmetic(&text, &lookup).unwrap_or_else(|| {
                    sys.complain(format_args!("sh: arithmetic syntax error"));
                    self.broken.set(true);
                    0
                });
                (value.to_string(), Quoted::Yes)
            }
        }
    }

    /// A parameter: special, positional or named.
    pub(super) fn variable(&self, sys: &Sys, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.last.get().to_string()),
            "$" => Some("1".to_string()),
            "#" => Some(self.positional.len().to_string()),
            "*" | "@" => Some(self.positional.join(" ")),
            "0" => Some("sh".to_string()),
            "HOSTNAME" => Some(sys.variable(name).unwrap_or_else(|| sys.config().hostname.clone())),
            _ => match name.parse::<usize>() {
                Ok(number) => self.positional.get(number.wrapping_sub(1)).cloned(),
                Err(_) => sys.variable(name),
            },
        }
    }
}

/// Adds what a part of a word has become to the argument that is being made; at blanks that were not quoted one ends and
/// the next begins.
fn split(text: &str, quoted: Quoted, current: &mut Option<String>, all: &mut Vec<String>) {
    if quoted == Quoted::Yes {
        current.get_or_insert_default().push_str(text);
        return;
    }
    for c in text.chars() {
        match c.is_ascii_whitespace() {
            true => all.extend(current.take()),
            false => current.get_or_insert_default().push(c),
        }
    }
}

/// Whole numbers, names, C's operators but for assignments, and parentheses; `None` is a mistake.
fn arithmetic(text: &str, lookup: &dyn Fn(&str) -> Option<i64>) -> Option<i64> {
    let mut reader = Reader { text: text.as_bytes(), at: 0, depth: 0, lookup };
    let value = reader.sum(0)?;
    reader.blanks();
    (reader.at == text.len()).then_some(value)
}

/// How deep parentheses and signs may stand in each other.
const DEPTH_MAX: u32 = 50;

/// The operators between two numbers and how tight they bind, the longer ones first.
const OPERATORS: [(&str, u8); 18] = [
    ("||", 1),
    ("&&", 2),
    ("==", 6),
    ("!=", 6),
    ("<=", 7),
    (">=", 7),
    ("<<", 8),
    (">>", 8),
    ("|", 3),
    ("^", 4),
    ("&", 5),
    ("<", 7),
    (">", 7),
    ("+", 9),
    ("-", 9),
    ("*", 10),
    ("/", 10),
    ("%", 10),
];

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
    lookup: &'a dyn Fn(&str) -> Option<i64>,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn operator(&mut self, among: &[u8]) -> Option<u8> {
        self.blanks();
        let next = self.text.get(self.at).copied().filter(|c| among.contains(c))?;
        self.at += 1;
        Some(next)
    }

    /// The operator that comes next, if it binds at least as tight as `least`, and how tight it binds.
    fn binary(&mut self, least: u8) -> Option<(&'static str, u8)> {
        self.blanks();
        let rest = &self.text[self.at..];
        let (operator, bound) = *OPERATORS.iter().find(|(known, _)| rest.starts_with(known.as_bytes()))?;
        // `=` behind an operator would be an assignment.
        if bound < least || rest.get(operator.len()) == Some(&b'=') {
            return None;
        }
        self.at += operator.len();
        Some((operator, bound))
    }

    /// What operators that bind at least as tight as `least` make of what comes next.
    fn sum(&mut self, least: u8) -> Option<i64> {
        let mut value = self.atom()?;
        while let Some((operator, bound)) = self.binary(least) {
            let right = self.sum(bound + 1)?;
            let shift = u32::try_from(right).unwrap_or(64);
            value = match operator {
                "+" => value.checked_add(right)?,
                "-" => value.checked_sub(right)?,
                "*" => value.checked_mul(right)?,
                "/" => value.checked_div(right)?,
                "%" => value.checked_rem(right)?,
                "<<" => value.checked_shl(shift)?,
                ">>" => value.checked_shr(shift)?,
                "&" => value & right,
                "^" => value ^ right,
                "|" => value | right,
                "&&" => i64::from(value != 0 && right != 0),
                "||" => i64::from(value != 0 || right != 0),
                "==" => i64::from(value == right),
                "!=" => i64::from(value != right),
                "<" => i64::from(value < right),
                "<=" => i64::from(value <= right),
                ">" => i64::from(value > right),
                _ => i64::from(value >= right),
            };
        }
        Some(value)
    }

    fn atom(&mut self) -> Option<i64> {
        let sign = self.operator(b"(-+!");
        self.depth += u32::from(sign.is_some());
        match sign {
            Some(_) if self.depth > DEPTH_MAX => None,
            Some(b'(') => {
                let value = self.sum(0)?;
                self.depth -= 1;
                self.operator(b")").map(|_| value)
            }
            Some(sign) => {
                let value = self.atom()?;
                self.depth -= 1;
                match sign {
                    b'-' => value.checked_neg(),
                    b'!' => Some(i64::from(value == 0)),
                    _ => Some(value),
                }
            }
            None => {
                let rest = &self.text[self.at..];
                let length = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_').count();
                let word = core::str::from_utf8(&rest[..length]).ok().filter(|word| !word.is_empty())?;
                self.at += length;
                if word.as_bytes()[0].is_ascii_digit() {
                    word.parse().ok()
                } else {
                    Some((self.lookup)(word).unwrap_or(0))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::arithmetic;

    #[test]
    fn products_bind_tighter_than_sums() {
        let lookup = |name: &str| (name == "i").then_some(4);
        assert_eq!(arithmetic("1 + 2 * (i - 1)", &lookup), Some(7));
        assert_eq!(arithmetic("7 / 0", &lookup), None);
        assert_eq!(arithmetic("1 +", &lookup), None);
        assert_eq!(arithmetic("1 < 2 && i == 4 || !i", &lookup), Some(1));
        assert_eq!(arithmetic("1 << 3 | 5 % 3 ^ 7 & ~1", &lookup), None);
        assert_eq!(arithmetic("1 << 3 | 5 % 3 ^ 7 & 4", &lookup), Some(14));
        assert_eq!(arithmetic("10 - 3 - 2 >= 5 != 1", &lookup), Some(0));
        assert_eq!(
            ["i += 1", "i++", "i = 2", "1 << 64", "9223372036854775807 + 1"].map(|text| arithmetic(text, &lookup)),
            [None; 5]
        );
    }
}
