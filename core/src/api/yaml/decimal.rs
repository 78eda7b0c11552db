//! Numbers that are not whole: the parser hands out floats, so their digits are read from the text a second time.

use super::scalar;
use crate::api::{Value, json};
use alloc::{borrow::ToOwned, string::String};
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Stands for a number until its digits are known.
const UNREAD: &str = "?";

/// A number whose digits are not known yet.
pub(super) fn unread() -> Value {
    Value::Decimal(UNREAD.into())
}

/// Puts the digits into the tree that was made from the document.
pub(super) fn restore(document: &str, tree: &mut Value) {
    if !has_unread(tree) {
        return;
    }
    // It fails where a key is there twice with another shape; what is not found by then is nothing.
    let _ = Walk(tree).deserialize(serde_yaml::Deserializer::from_str(document));
    forget_unread(tree);
}

fn is_unread(value: &Value) -> bool {
    matches!(value, Value::Decimal(text) if &**text == UNREAD)
}

fn has_unread(value: &Value) -> bool {
    is_unread(value) || value.items().iter().any(has_unread) || value.fields().any(|(_, item)| has_unread(item))
}

fn number(text: &str) -> Value {
    json::number(text).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn forget_unread(value: &mut Value) {
    match value {
        Value::List(items) => items.to_mut().iter_mut().for_each(forget_unread),
        Value::Map(map) => map.iter_mut().for_each(|(_, item)| forget_unread(item)),
        _ if is_unread(value) => *value = Value::Null,
        _ => {}
    }
}

/// Reads one node again, beside the value it became.
struct Walk<'a>(&'a mut Value);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.0 {
            Value::List(_) | Value::Map(_) => deserializer.deserialize_any(self),
            Value::Decimal(_) => deserializer.deserialize_str(self),
            _ => deserializer.deserialize_ignored_any(IgnoredAny).map(drop),
        }
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what was there before")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        *self.0 = number(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut nodes: A) -> Result<(), A::Error> {
        let Value::List(items) = self.0 else { return Err(A::Error::custom("another shape")) };
        for item in items.to_mut() {
            nodes.next_element_seed(Walk(item))?;
        }
        while nodes.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut nodes: A) -> Result<(), A::Error> {
        let Value::Map(map) = self.0 else { return Err(A::Error::custom("another shape")) };
        while let Some(name) = nodes.next_key::<String>()? {
            let resolved = if map.get(&name).is_some() { None } else { scalar::key(&scalar::resolve(&name)) };
            match map.get_mut(resolved.as_deref().unwrap_or(&name)) {
                Some(item) => nodes.next_value_seed(Walk(item))?,
                None => drop(nodes.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}
