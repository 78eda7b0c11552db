//! A document read for a second time, beside what is known of it.
//!
//! The parser's interface is compiled anew for every kind of reader, so that one does for all purposes.

use super::{decimal, scalar};
use crate::api::Value;
use alloc::string::{String, ToString};
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What to do with a node.
pub(super) enum Again<'a> {
    /// Gives the numbers of this tree, which was made from the node, their digits.
    Restore(&'a mut Value),
    /// Follows these steps, and fails at their end.
    Find(&'a [String]),
    /// Nothing.
    Pass,
}

impl Again<'_> {
    /// Reads a whole document.
    pub(super) fn read(self, document: &str) -> Result<(), serde_yaml::Error> {
        self.deserialize(serde_yaml::Deserializer::from_str(document))
    }

    /// Fails at the end of the steps: the parser's error carries the place.
    fn arrive<E: Error>(&self) -> Result<(), E> {
        if matches!(self, Again::Find([])) { Err(E::custom("here")) } else { Ok(()) }
    }

    /// What to do with an item of the node.
    fn item(&mut self, at: usize) -> Again<'_> {
        match self {
            Again::Restore(Value::List(items)) => items.to_mut().get_mut(at).map_or(Again::Pass, Again::Restore),
            Again::Find([step, rest @ ..]) if *step == at.to_string() => Again::Find(rest),
            _ => Again::Pass,
        }
    }

    /// What to do with a field of the node, by its key as the parser gives it.
    fn field(&mut self, key: &str) -> Again<'_> {
        let resolved = || scalar::key(scalar::resolve(key));
        match self {
            Again::Restore(Value::Map(map)) => {
                let name = if map.get(key).is_some() { None } else { resolved() };
                map.get_mut(name.as_deref().unwrap_or(key)).map_or(Again::Pass, Again::Restore)
            }
            Again::Find([step, rest @ ..]) if key == step || resolved().as_ref() == Some(step) => Again::Find(rest),
            _ => Again::Pass,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Again<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self {
            Again::Restore(Value::List(_) | Value::Map(_)) | Again::Find([_, ..]) => deserializer.deserialize_any(self),
            Again::Restore(Value::Decimal(_)) | Again::Find([]) => deserializer.deserialize_str(self),
            Again::Restore(_) | Again::Pass => deserializer.deserialize_ignored_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Again<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what was there before")
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

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.arrive()?;
        if let Again::Restore(value @ Value::Decimal(_)) = self {
            *value = decimal::number(text);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.arrive()?;
        let mut at = 0;
        while items.next_element_seed(self.item(at))?.is_some() {
            at += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        self.arrive()?;
        while let Some(key) = fields.next_key::<String>()? {
            fields.next_value_seed(self.field(&key))?;
        }
        Ok(())
    }
}
