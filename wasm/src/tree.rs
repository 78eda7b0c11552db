//! Value trees across the boundary.

use core::fmt;

use clusterip::api::{Kind, Map, Quoted, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use wasm_bindgen::JsValue;

use crate::error::usage_error;

/// A map of those fields; those that are null are left out.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    object_of(Vec::from(fields))
}

fn object_of(fields: Vec<(&str, Value)>) -> Value {
    let mut map = Map::default();
    for (name, value) in fields {
        if !value.is_null() {
            map.insert(name, value);
        }
    }
    Value::Map(map)
}

/// The text, or nothing.
pub(crate) fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

/// A plain JavaScript value.
pub(crate) fn to_js(value: &Value) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    Tree(value).serialize(&serializer).map_err(JsValue::from)
}

/// The tree of a plain JavaScript value.
pub(crate) fn from_js(value: &JsValue) -> Result<Value, JsValue> {
    let OwnTree(value) = serde_wasm_bindgen::from_value(value.clone()).map_err(usage_error)?;
    Ok(value)
}

/// The kind that a word names: `Pod`, `pods`, `po`.
pub(crate) fn kind(word: &str) -> Result<Kind, JsValue> {
    let lower = word.to_ascii_lowercase();
    let is_named = |kind: &Kind| {
        let names = kind.names();
        names.plural == lower || names.singular == lower || names.short.contains(&lower.as_str())
    };
    Kind::ALL
        .into_iter()
        .find(is_named)
        .ok_or_else(|| usage_error(format!("{} is no kind of object known here", Quoted(word))))
}

struct Tree<'a>(&'a Value);

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            // JavaScript reads it, so that the module has no code for it.
            Value::Decimal(text) => serializer.serialize_f64(js_sys::parse_float(text)),
            Value::String(text) => serializer.serialize_str(text),
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    list.serialize_element(&Tree(item))?;
                }
                list.end()
            }
            Value::Map(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields.iter() {
                    map.serialize_entry(name, &Tree(value))?;
                }
                map.end()
            }
        }
    }
}

struct OwnTree(Value);

impl<'de> Deserialize<'de> for OwnTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OwnTree, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(OwnTree)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain object, a list, a text, a number, true or false")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    /// Every JavaScript number may come as this one.
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        let whole = value as i64;
        Ok(if whole as f64 == value { Value::Int(whole) } else { Value::Decimal(decimal(value).into()) })
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(OwnTree(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::from(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::default();
        while let Some((name, OwnTree(value))) = fields.next_entry::<String, OwnTree>()? {
            map.insert(&name, value);
        }
        Ok(Value::Map(map))
    }
}

/// A number as JavaScript writes it.
fn decimal(value: f64) -> String {
    js_sys::Number::from(value).to_string_with_radix(10).map_or_else(|_| String::new(), String::from)
}
