//! Manifests: YAML text to value trees as kubectl reads them, and back as kubectl prints them.
//!
//! Source: sigs.k8s.io/yaml over its fork of go-yaml v2, so YAML 1.1: an unquoted `yes` is a truth value and `010` is
//! eight.

mod again;
mod decimal;
mod emit;
mod place;
mod scalar;
#[cfg(test)]
mod tests;

pub use emit::emit;
pub use place::Position;

use super::{Map, Value};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{cell::RefCell, fmt};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// One object as a text gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its tree. Of a key given twice the last counts, as in kubectl.
    pub value: Value,
    /// The keys given twice.
    pub duplicates: Vec<String>,
    /// Where it is, to ask for places in it.
    pub origin: Origin,
}

/// Where a manifest stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The byte at which its document begins.
    start: usize,
    /// The byte after its document.
    end: usize,
    /// Lines before its document.
    lines: usize,
    /// Which item of a `kind: List` it is.
    item: Option<usize>,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// As kubectl words it: `yaml: line 5: mapping values are not allowed in this context`.
    pub message: String,
    /// Where it is, if that is known.
    pub position: Option<Position>,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for SyntaxError {}

/// Every object of a text: documents parted by `---`, the items of lists; empty documents are left out.
///
/// A document that cannot be read does not keep kubectl from the others.
///
/// ```
/// use clusterip::api::yaml;
/// let found = yaml::parse("kind: Service\nspec:\n  clusterIP: no\n---\nkind: Pod\n");
/// let service = found[0].as_ref().unwrap();
/// assert_eq!(service.value["spec"]["clusterIP"].as_bool(), Some(false));
/// assert_eq!(service.position("kind: Service\nspec:\n  clusterIP: no\n", "spec.clusterIP").unwrap().line, 3);
/// assert_eq!(found.len(), 2);
/// ```
pub fn parse(text: &str) -> Vec<Result<Manifest, SyntaxError>> {
    let mut found = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (documents, stop) = documents(text);
    for origin in documents.into_iter().flat_map(|origin| json_objects(text, origin)) {
        match read(&text[origin.start..origin.end]) {
            Err(error) => found.push(Err(syntax_error(&error, &text[origin.start..origin.end], origin.lines))),
            Ok((Value::Null, _)) => {}
            Ok((value, duplicates)) => flatten(&mut found, origin, value, duplicates),
        }
    }
    found.extend(stop.map(Err));
    found
}

/// One value: a patch, the value of an option.
pub fn parse_value(text: &str) -> Result<Value, SyntaxError> {
    read(text).map(|(value, _)| value).map_err(|error| syntax_error(&error, text, 0))
}

impl Manifest {
    /// [`Origin::position`] of a field of this manifest.
    pub fn position(&self, text: &str, path: &str) -> Option<Position> {
        self.origin.position(text, path)
    }
}

impl Origin {
    /// The manifest's tree, read once more.
    pub fn value(self, text: &str) -> Option<Value> {
        let (value, _) = read(self.document(text)?).ok()?;
        match self.item {
            Some(at) => value["items"].items().get(at).cloned(),
            None => Some(value),
        }
    }

    fn document(self, text: &str) -> Option<&str> {
        text.strip_prefix('\u{feff}').unwrap_or(text).get(self.start..self.end)
    }

    /// Where a field stands in the text: its value, or what is nearest around it.
    pub fn position(self, text: &str, path: &str) -> Option<Position> {
        let origin = self;
        let document = self.document(text)?;
        let path = match origin.item {
            Some(at) if path.is_empty() => format!("items[{at}]"),
            Some(at) => format!("items[{at}].{path}"),
            None => path.to_owned(),
        };
        // Upstream's path of this one field begins with a capital letter.
        let path = path.replace(".LoadBalancerSourceRanges", ".loadBalancerSourceRanges");
        let mut position = place::find(document, &place::steps(&path))?;
        position.line += origin.lines;
        Some(position)
    }
}

fn flatten(found: &mut Vec<Result<Manifest, SyntaxError>>, origin: Origin, mut value: Value, duplicates: Vec<String>) {
    let is_list = value["kind"].str().ends_with("List") && matches!(value["items"], Value::List(_));
    if !is_list {
        found.push(Ok(Manifest { value, duplicates, origin }));
        return;
    }
    let kind = value["kind"].str().trim_end_matches("List").to_owned();
    let version = value["apiVersion"].clone();
    for (at, mut item) in core::mem::take(value.field_mut("items").items_mut()).into_iter().enumerate() {
        // The items of a `ServiceList` need not say what they are.
        if !kind.is_empty() && item["kind"].is_null() && item["apiVersion"].is_null() && item.as_map().is_some() {
            item.set(&["kind"], kind.as_str());
            item.set(&["apiVersion"], version.clone());
        }
        let prefix = format!("items[{at}].");
        let duplicates =
            duplicates.iter().filter_map(|path| path.strip_prefix(&prefix)).map(ToOwned::to_owned).collect();
        found.push(Ok(Manifest { value: item, duplicates, origin: Origin { item: Some(at), ..origin } }));
    }
}

/// Documents are parted by lines that begin with `---`, before YAML is looked at; only a comment may stand behind.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/util/yaml/decoder.go (YAMLReader).
fn documents(text: &str) -> (Vec<Origin>, Option<SyntaxError>) {
    let mut found = Vec::new();
    let (mut start, mut lines, mut seen, mut offset) = (0, 0, 0, 0);
    for line in text.split_inclusive('\n') {
        let next = offset + line.len();
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let position = Some(Position { line: seen + 1, column: 1 });
                return (
                    found,
                    Some(SyntaxError { message: format!("invalid Yaml document separator: {rest}"), position }),
                );
            }
            // One that opens a document is part of it.
            if start < offset {
                found.push(Origin { start, end: offset, lines, item: None });
                (start, lines) = (next, seen + 1);
            }
        }
        seen += 1;
        offset = next;
    }
    found.push(Origin { start, end: text.len(), lines, item: None });
    (found, None)
}

/// A document that begins with a brace may hold several JSON objects, one after the other.
fn json_objects(text: &str, origin: Origin) -> Vec<Origin> {
    let (mut found, mut at) = (Vec::new(), origin);
    let (mut depth, mut in_string, mut is_escaped) = (0u32, false, false);
    if !text[origin.start..origin.end].trim_start().starts_with('{') {
        return alloc::vec![origin];
    }
    for (offset, byte) in text.bytes().enumerate().take(origin.end).skip(origin.start) {
        if in_string {
            in_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if byte == b'}' && depth == 0 && text[offset + 1..origin.end].trim_start().starts_with('{') {
            found.push(Origin { end: offset + 1, ..at });
            at.lines += text[at.start..=offset].matches('\n').count();
            at.start = offset + 1;
        }
    }
    found.push(at);
    found
}

fn read(document: &str) -> Result<(Value, Vec<String>), serde_yaml::Error> {
    if is_too_deep(document) {
        return Err(Error::custom(TOO_DEEP));
    }
    let duplicates = RefCell::default();
    let reader = Reader { text: document, path: Path::Whole, duplicates: &duplicates };
    let mut value = match reader.deserialize(serde_yaml::Deserializer::from_str(document)) {
        Err(error) if error.to_string().starts_with("EOF while parsing") => Value::Null,
        result => result?,
    };
    decimal::restore(document, &mut value);
    merge_all(&mut value);
    Ok((value, duplicates.into_inner()))
}

const TOO_DEEP: &str = "exceeded max depth of 10000";

/// Whether brackets stand deeper in each other than go-yaml allows: the scanner's time grows with the square of it.
fn is_too_deep(document: &str) -> bool {
    let (mut depth, mut deepest) = (0u32, 0);
    for byte in document.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        deepest = deepest.max(depth);
    }
    deepest > 10_000
}

/// Reads one node.
#[derive(Clone, Copy)]
struct Reader<'a> {
    /// The document: text that is borrowed from it shows whether it was quoted.
    text: &'a str,
    path: Path<'a>,
    duplicates: &'a RefCell<Vec<String>>,
}

/// The way to a node from above: hardly ever is it told.
#[derive(Clone, Copy)]
enum Path<'a> {
    Whole,
    Field(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// As findings write it: `spec.ports[0].port`.
    fn emit(self) -> String {
        match self {
            Path::Whole => String::new(),
            Path::Field(above, name) => {
                let mut path = above.emit();
                place::push_name(&mut path, name);
                path
            }
            Path::Item(above, at) => format!("{}[{at}]", above.emit()),
        }
    }
}

impl Reader<'_> {
    /// An unquoted word resolves by YAML 1.1. The parser says nothing of quotes, but lends the text from the document,
    /// so the character before it tells.
    fn is_quoted(&self, text: &str) -> bool {
        let offset = (text.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let before = offset.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        matches!(before, Some(b'"' | b'\''))
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Value::Decimal(number.to_string().into()), Value::Int))
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Decimal(number.to_string().into()))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Decimal(number.to_string().into()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(decimal::unread())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value, E> {
        Ok(if self.is_quoted(text) { Value::String(text.to_owned()) } else { scalar::resolve(text) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Reader { path: Path::Item(&self.path, list.len()), ..self })? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::default();
        while let Some(key) = fields.next_key_seed(self)? {
            let name = scalar::key(key).ok_or_else(|| A::Error::custom("invalid map key"))?;
            let path = Path::Field(&self.path, &name);
            let value = fields.next_value_seed(Reader { path, ..self })?;
            if map.insert(&name, value).is_some() {
                self.duplicates.borrow_mut().push(path.emit());
            }
        }
        Ok(Value::Map(map))
    }
}

/// Carries out every `<<` of the tree, the inner ones first.
fn merge_all(value: &mut Value) {
    match value {
        Value::List(items) => items.to_mut().iter_mut().for_each(merge_all),
        Value::Map(map) => {
            map.iter_mut().for_each(|(_, item)| merge_all(item));
            if let Some(source) = map.remove("<<") {
                merge(map, &source);
            }
        }
        _ => {}
    }
}

/// YAML's `<<`: what is not there yet.
fn merge(map: &mut Map, source: &Value) {
    for item in source.items() {
        merge(map, item);
    }
    for (name, value) in source.fields() {
        if map.get(name).is_none() {
            map.insert(name, value.clone());
        }
    }
}

/// kubectl's words, with the line as its YAML reader counts it: from nought for what the parser finds, from one for what
/// the scanner finds, and not at all on the first line, where that of the thing around is told.
///
/// Source: go.yaml.in/yaml/v2 decode.go (fail).
fn syntax_error(error: &serde_yaml::Error, document: &str, lines: usize) -> SyntaxError {
    let text = error.to_string();
    let position = error.location().map(|at| Position { line: at.line() + lines, column: at.column() });
    let problem = text.split(" at line ").next().unwrap_or(&text);
    let expected = problem.strip_prefix("did not find expected ").unwrap_or("");
    let by_parser = ["key", "node", "<", "'-'", "','"].iter().any(|what| expected.starts_with(what));
    let mut numbers = text.split(" at line ").skip(1).filter_map(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    let line = numbers.find(|line| *line > 1).map(|line| if by_parser { line - 1 } else { line });
    let message = match line {
        _ if problem == "unknown anchor" => {
            let start = error.location().map_or(0, |at| at.index() + 1);
            let rest = document.get(start..).unwrap_or("");
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_')).unwrap_or(rest.len());
            format!("yaml: unknown anchor '{}' referenced", &rest[..end])
        }
        Some(line) => format!("yaml: line {line}: {problem}"),
        None => format!("yaml: {problem}"),
    };
    SyntaxError { message, position }
}
