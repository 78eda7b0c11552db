//! Where a field stands: the text is read again, following the field's path, and the reader fails there on purpose.

use super::scalar;
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A place in a text; both count from one, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// Where the value at that path begins, or the nearest thing around it that is there.
pub(super) fn find(document: &str, steps: &[String]) -> Option<Position> {
    (0..=steps.len()).rev().find_map(|length| {
        let follow = Follow { steps: &steps[..length] };
        let error = follow.deserialize(serde_yaml::Deserializer::from_str(document)).err()?;
        error.location().map(|at| Position { line: at.line(), column: at.column() })
    })
}

/// Appends a field's name to a path; names that would be misread are put in brackets.
pub(super) fn push_name(path: &mut String, name: &str) {
    if name.contains(['.', '[', ']']) {
        path.push_str(&format!("[{name}]"));
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

/// The names and indices of a path such as `spec.ports[0].port` or `metadata.labels[a.b/c]`.
pub(super) fn steps(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let (step, after) = if let Some(inside) = rest.strip_prefix('[') {
            inside.split_once(']').unwrap_or((inside, ""))
        } else {
            rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()))
        };
        steps.push(step.to_owned());
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    steps
}

#[derive(Clone, Copy)]
struct Follow<'a> {
    steps: &'a [String],
}

impl<'de> DeserializeSeed<'de> for Follow<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.steps.is_empty() { deserializer.deserialize_str(self) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Follow<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the place asked for")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        if self.steps.is_empty() { Err(E::custom("here")) } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.steps.split_first() else { return Err(A::Error::custom("here")) };
        let mut at = 0_usize;
        loop {
            let more = if at.to_string() == *step {
                items.next_element_seed(Follow { steps: rest })?
            } else {
                items.next_element::<IgnoredAny>()?.map(drop)
            };
            if more.is_none() {
                return Ok(());
            }
            at += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.steps.split_first() else { return Err(A::Error::custom("here")) };
        while let Some(key) = fields.next_key::<String>()? {
            if key == *step || scalar::key(&scalar::resolve(&key)).is_some_and(|key| key == *step) {
                fields.next_value_seed(Follow { steps: rest })?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
