//! One tree for every object: what JSON can hold, with map keys in order.

use super::{field_name, shared::Shared};
use alloc::{
    borrow::{Cow, ToOwned},
    boxed::Box,
    string::String,
    vec::Vec,
};
use core::{ops::Index, slice};

/// A node of the tree. Reads never fail: a missing field reads as [`Value::Null`].
///
/// ```
/// use clusterip::api::Value;
/// let mut service = Value::default();
/// service.set(&["spec", "clusterIP"], "10.96.0.10");
/// assert_eq!(service["spec"]["clusterIP"].as_str(), Some("10.96.0.10"));
/// assert!(service["spec"]["ports"][0]["name"].is_null());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value {
    /// Nothing, or a field that is not there.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number that is not whole, kept as it was written: no floats enter the core.
    Decimal(Box<str>),
    /// Text.
    String(String),
    /// A list.
    List(Shared<Value>),
    /// A map; its fields are sorted by name.
    Map(Map),
}

const NULL: &Value = &Value::Null;

/// Fields by name, sorted, as kubectl prints them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Map(Shared<(Cow<'static, str>, Value)>);

impl Value {
    /// An empty map.
    pub fn map() -> Value {
        Value::Map(Map::default())
    }

    /// A map of these fields, made at one go: the quickest way if they are named in order.
    ///
    /// ```
    /// use clusterip::api::{Value, field};
    /// let port = Value::of(vec![field("port", 80), field("protocol", "TCP")]);
    /// assert_eq!(port["protocol"].str(), "TCP");
    /// ```
    pub fn of(mut fields: Vec<(Cow<'static, str>, Value)>) -> Value {
        if !fields.is_sorted_by(|(a, _), (b, _)| a < b) {
            crate::ordered::sort_by(&mut fields, |(a, _), (b, _)| a.cmp(b));
            fields.dedup_by(|(a, _), (b, _)| a == b);
        }
        Value::Map(Map(fields.into()))
    }

    /// True for [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// True for null, empty text, zero, false, and empty lists and maps: what Go's `omitempty` leaves out.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(b) => !b,
            Value::Int(n) => *n == 0,
            Value::Decimal(_) => false,
            Value::String(s) => s.is_empty(),
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.is_empty(),
        }
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(s) = self { Some(s) } else { None }
    }

    /// The text, or the empty string.
    pub fn str(&self) -> &str {
        self.as_str().unwrap_or("")
    }

    /// The number, if this is a whole number.
    pub fn as_int(&self) -> Option<i64> {
        if let Value::Int(n) = self { Some(*n) } else { None }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(b) = self { Some(*b) } else { None }
    }

    /// The items, or none if this is not a list.
    pub fn items(&self) -> &[Value] {
        if let Value::List(l) = self { l } else { &[] }
    }

    /// The fields, if this is a map.
    pub fn as_map(&self) -> Option<&Map> {
        if let Value::Map(m) = self { Some(m) } else { None }
    }

    /// The fields as name and value, or none if this is not a map.
    pub fn fields(&self) -> Fields<'_> {
        if let Value::Map(map) = self { map.iter() } else { Fields([].iter()) }
    }

    /// The field of that name, to write to; whatever was there before becomes a map.
    pub fn field_mut(&mut self, name: &str) -> &mut Value {
        if !matches!(self, Value::Map(_)) {
            *self = Value::map();
        }
        let Value::Map(map) = self else { unreachable!("just made a map") };
        map.entry(name)
    }

    /// The place at that path, to write to; maps are made on the way.
    pub fn at_mut(&mut self, path: &[&str]) -> &mut Value {
        path.iter().fold(self, |value, name| value.field_mut(name))
    }

    /// The items, to write to; whatever was there before becomes a list.
    pub fn items_mut(&mut self) -> &mut Vec<Value> {
        if !matches!(self, Value::List(_)) {
            *self = Value::List(Shared::EMPTY);
        }
        let Value::List(list) = self else { unreachable!("just made a list") };
        list.to_mut()
    }

    /// Writes a field, making maps on the way.
    pub fn set(&mut self, path: &[&str], value: impl Into<Value>) {
        *self.at_mut(path) = value.into();
    }

    /// Takes a field out, if it is there.
    pub fn remove(&mut self, path: &[&str]) -> Option<Value> {
        let (last, parents) = path.split_last()?;
        let mut value = self;
        for name in parents {
            let Value::Map(map) = value else { return None };
            value = map.get_mut(name)?;
        }
        let Value::Map(map) = value else { return None };
        map.remove(last)
    }
}

impl Map {
    /// No fields.
    pub const EMPTY: Map = Map(Shared::EMPTY);

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a field is.
    fn find(&self, name: &str) -> Option<usize> {
        // Among few names, hardly two have one length: going through all of them compares one or two.
        const FEW: usize = 24;
        if self.0.len() > FEW {
            return self.find_among_many(name);
        }
        let first = name.as_bytes().first();
        self.0.iter().position(|(key, _)| {
            let known: &str = key;
            // Of those, hardly two begin alike, and most that are the same are the same constant.
            known.len() == name.len()
                && (core::ptr::eq(known, name) || known.as_bytes().first() == first && known == name)
        })
    }

    /// Apart, as what is kept for its calls would cost each search among few.
    #[inline(never)]
    fn find_among_many(&self, name: &str) -> Option<usize> {
        self.position(name).ok()
    }

    /// Where a field is, or would be.
    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(key, _)| (**key).cmp(name))
    }

    /// The field of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).map(|at| &self.0[at].1)
    }

    /// The field of that name, to write to.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.find(name).map(|at| &mut self.0.to_mut()[at].1)
    }

    /// The field of that name, made as null if it is not there.
    pub fn entry(&mut self, name: &str) -> &mut Value {
        let at = self.find(name).unwrap_or_else(|| self.make(name, Value::Null));
        &mut self.0.to_mut()[at].1
    }

    /// Sets a field; gives what it held before.
    pub fn insert(&mut self, name: &str, value: impl Into<Value>) -> Option<Value> {
        self.replace(name, value.into())
    }

    fn replace(&mut self, name: &str, value: Value) -> Option<Value> {
        match self.find(name) {
            Some(at) => Some(core::mem::replace(&mut self.0.to_mut()[at].1, value)),
            None => {
                self.make(name, value);
                None
            }
        }
    }

    /// Adds a field that is not there.
    fn make(&mut self, name: &str, value: Value) -> usize {
        let at = self.position(name).unwrap_or_else(|at| at);
        self.0.to_mut().insert(at, (field_name::of(name), value));
        at
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.find(name).map(|at| self.0.to_mut().remove(at).1)
    }

    /// The fields by name.
    pub fn iter(&self) -> Fields<'_> {
        Fields(self.0.iter())
    }

    /// The fields by name, to write to.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        let fields = if self.is_empty() { &mut [][..] } else { self.0.to_mut() };
        fields.iter_mut().map(|(key, value)| (&**key, value))
    }

    /// Keeps the fields for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        if !self.is_empty() {
            self.0.to_mut().retain_mut(|(key, value)| keep(key, value));
        }
    }
}

/// The fields of a map by name: one type for all who go through them.
#[derive(Debug, Clone)]
pub struct Fields<'a>(slice::Iter<'a, (Cow<'static, str>, Value)>);

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, &'a Value);

    fn next(&mut self) -> Option<(&'a str, &'a Value)> {
        self.0.next().map(|(name, value)| (&**name, value))
    }
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Map {
        let mut map = Map::default();
        for (name, value) in fields {
            map.insert(&name, value);
        }
        map
    }
}

/// A field for [`Value::of`].
pub fn field(name: &'static str, value: impl Into<Value>) -> (Cow<'static, str>, Value) {
    (Cow::Borrowed(name), value.into())
}

impl Index<&str> for Value {
    type Output = Value;
    fn index(&self, name: &str) -> &Value {
        self.as_map().and_then(|map| map.get(name)).unwrap_or(NULL)
    }
}

impl Index<usize> for Value {
    type Output = Value;
    fn index(&self, at: usize) -> &Value {
        self.items().get(at).unwrap_or(NULL)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Value {
        Value::Int(number.into())
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Value {
        Value::Int(number.into())
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Value {
        Value::Map(map)
    }
}
