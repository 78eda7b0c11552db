//! The cases' own values, read strictly: what nobody asked for is a failure.

use std::{collections::BTreeMap, fmt, ops::Index};

/// A YAML value with text keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Tree {
    /// Nothing, or a key that is not there.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// A map.
    Map(BTreeMap<String, Tree>),
}

/// Why a case failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fail {
    /// What the case wants.
    pub expected: String,
    /// What there was.
    pub got: String,
}

static NULL: Tree = Tree::Null;

impl Fail {
    /// Something other than expected.
    pub fn new(expected: impl fmt::Display, got: impl fmt::Display) -> Fail {
        Fail { expected: expected.to_string(), got: got.to_string() }
    }

    /// A word that this runner does not know.
    pub fn unknown(what: &str, word: &str) -> Fail {
        Fail::new(format!("a known {what}"), format!("{what} {word:?}"))
    }
}

/// Fails unless both are equal.
pub(super) fn check<T: PartialEq + fmt::Debug>(what: &str, expected: &T, got: &T) -> Result<(), Fail> {
    if expected == got { Ok(()) } else { Err(Fail::new(format!("{what} {expected:?}"), format!("{what} {got:?}"))) }
}

impl Tree {
    /// The same value with text keys.
    pub fn from_yaml(value: serde_yaml::Value) -> Tree {
        match value {
            serde_yaml::Value::Null => Tree::Null,
            serde_yaml::Value::Bool(truth) => Tree::Bool(truth),
            serde_yaml::Value::Number(number) => match number.as_i64() {
                Some(whole) => Tree::Int(whole),
                None => Tree::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_yaml::Value::String(text) => Tree::Text(text),
            serde_yaml::Value::Sequence(items) => Tree::List(items.into_iter().map(Tree::from_yaml).collect()),
            serde_yaml::Value::Mapping(fields) => {
                let field = |(key, value)| (key_text(&Tree::from_yaml(key)), Tree::from_yaml(value));
                Tree::Map(fields.into_iter().map(field).collect())
            }
            serde_yaml::Value::Tagged(tagged) => Tree::from_yaml(tagged.value),
        }
    }

    /// The same value as one of the crate's.
    pub fn to_value(&self) -> clusterip::api::Value {
        use clusterip::api::Value;
        match self {
            Tree::Null => Value::Null,
            Tree::Bool(truth) => Value::Bool(*truth),
            Tree::Int(number) => Value::Int(*number),
            Tree::Float(number) => Value::Decimal(number.to_string().into()),
            Tree::Text(text) => Value::String(text.clone()),
            Tree::List(items) => Value::List(items.iter().map(Tree::to_value).collect()),
            Tree::Map(fields) => {
                Value::Map(fields.iter().map(|(name, value)| (name.clone(), value.to_value())).collect())
            }
        }
    }

    /// One of the crate's values.
    pub fn from_value(value: &clusterip::api::Value) -> Tree {
        use clusterip::api::Value;
        match value {
            Value::Null => Tree::Null,
            Value::Bool(truth) => Tree::Bool(*truth),
            Value::Int(number) => Tree::Int(*number),
            Value::Decimal(text) => Tree::Float(text.parse().unwrap_or(f64::NAN)),
            Value::String(text) => Tree::Text(text.clone()),
            Value::List(items) => Tree::List(items.iter().map(Tree::from_value).collect()),
            Value::Map(map) => Tree::Map(map.iter().map(|(k, v)| (k.to_string(), Tree::from_value(v))).collect()),
        }
    }

    /// True for nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Tree::Null)
    }

    /// True for a list.
    pub fn is_list(&self) -> bool {
        matches!(self, Tree::List(_))
    }

    /// True for a map.
    pub fn is_map(&self) -> bool {
        matches!(self, Tree::Map(_))
    }

    /// True if the key is there, even with nothing under it.
    pub fn has(&self, key: &str) -> bool {
        matches!(self, Tree::Map(fields) if fields.contains_key(key))
    }

    /// The text, or nothing.
    pub fn text(&self) -> &str {
        if let Tree::Text(text) = self { text } else { "" }
    }

    /// The whole number.
    pub fn int(&self) -> Option<i64> {
        if let Tree::Int(number) = self { Some(*number) } else { None }
    }

    /// A number of any kind.
    pub fn number(&self) -> Option<f64> {
        match self {
            Tree::Int(number) => Some(*number as f64),
            Tree::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The truth value.
    pub fn truth(&self) -> Option<bool> {
        if let Tree::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// The items of a list, or none.
    pub fn items(&self) -> &[Tree] {
        if let Tree::List(items) = self { items } else { &[] }
    }

    /// The items of a list of text.
    pub fn texts(&self) -> Vec<&str> {
        self.items().iter().map(Tree::text).collect()
    }

    /// The fields of a map, or none.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Tree)> {
        let map = if let Tree::Map(map) = self { Some(map) } else { None };
        map.into_iter().flatten().map(|(key, value)| (key.as_str(), value))
    }

    /// Fails if the map has a key other than these, or is no map.
    pub fn only(&self, what: &str, keys: &[&str]) -> Result<(), Fail> {
        if !self.is_map() {
            return Err(Fail::new(format!("{what} to be a map"), self));
        }
        match self.fields().find(|(key, _)| !keys.contains(key)) {
            Some((key, _)) => Err(Fail::unknown(&format!("key of {what}"), key)),
            None => Ok(()),
        }
    }

    /// The value at a path such as `spec.ports[0].port`; nothing if it is not there.
    pub fn at(&self, path: &str) -> &Tree {
        let mut here = self;
        for part in path.split('.') {
            let (name, indexes) = part.split_once('[').map_or((part, ""), |(name, rest)| (name, rest));
            if !name.is_empty() {
                here = &here[name];
            }
            for index in indexes.split('[').map(|index| index.trim_end_matches(']')).filter(|index| !index.is_empty()) {
                let Ok(index) = index.parse::<usize>() else { return &NULL };
                here = here.items().get(index).unwrap_or(&NULL);
            }
        }
        here
    }

    /// This map with the fields of another put over it; nothing takes a field away.
    pub fn merged(&self, over: &Tree) -> Tree {
        if over.is_null() {
            return self.clone();
        }
        let (Tree::Map(base), Tree::Map(over)) = (self, over) else { return over.clone() };
        let mut merged = base.clone();
        for (key, value) in over {
            if value.is_null() {
                merged.remove(key);
            } else {
                let below = merged.get(key).unwrap_or(&NULL);
                let value = if below.is_map() { below.merged(value) } else { value.clone() };
                merged.insert(key.clone(), value);
            }
        }
        Tree::Map(merged)
    }
}

fn key_text(key: &Tree) -> String {
    match key {
        Tree::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Index<&str> for Tree {
    type Output = Tree;
    fn index(&self, key: &str) -> &Tree {
        if let Tree::Map(fields) = self { fields.get(key).unwrap_or(&NULL) } else { &NULL }
    }
}

impl fmt::Display for Tree {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tree::Null => f.write_str("null"),
            Tree::Bool(truth) => write!(f, "{truth}"),
            Tree::Int(number) => write!(f, "{number}"),
            Tree::Float(number) => write!(f, "{number}"),
            Tree::Text(text) => f.write_str(&quoted(text)),
            Tree::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Tree::Map(fields) => {
                f.write_str("{")?;
                for (at, (key, value)) in fields.iter().enumerate() {
                    write!(f, "{}{}:{value}", if at == 0 { "" } else { "," }, quoted(key))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            letter if letter < ' ' => out.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        Tree::from_yaml(serde_yaml::from_str(text).unwrap())
    }

    #[test]
    fn a_path_leads_through_maps_and_lists() {
        let tree = tree("spec: {ports: [{port: 80}], x: [[1, 2]]}");
        assert_eq!(tree.at("spec.ports[0].port"), &Tree::Int(80));
        assert_eq!(tree.at("spec.x[0][1]"), &Tree::Int(2));
        assert!(tree.at("spec.ports[1].port").is_null());
    }

    #[test]
    fn merging_puts_fields_over_and_nothing_takes_one_away() {
        let merged = tree("{a: {b: 1, c: 2}, d: 3}").merged(&tree("{a: {c: null, e: 4}, d: [5]}"));
        assert_eq!(merged.to_string(), r#"{"a":{"b":1,"e":4},"d":[5]}"#);
    }

    #[test]
    fn an_unknown_key_is_a_failure() {
        assert!(tree("{a: 1}").only("x", &["a", "b"]).is_ok());
        assert!(tree("{a: 1, z: 1}").only("x", &["a", "b"]).is_err());
    }
}
