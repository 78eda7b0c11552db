//! `-o jsonpath`: a template over a value tree.
//!
//! Source: kubernetes staging/src/k8s.io/client-go/util/jsonpath (parser.go, jsonpath.go).

mod parse;

use crate::api::{Quoted, Value, json};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use parse::Parser;

/// A template that was read.
#[derive(Debug)]
pub(super) struct Template(Vec<Node>);

#[derive(Debug)]
enum Node {
    Text(String),
    /// What can be read and not be done.
    Fail(String),
    Path(Vec<Step>),
    Range(Vec<Step>, Vec<Node>),
}

#[derive(Debug, Clone)]
enum Step {
    Root,
    Field(String),
    Every,
    Recursive,
    Slice(Option<i64>, Option<i64>, i64),
    Index(i64),
    Union(Vec<Vec<Step>>),
    Filter(Vec<Step>, String, Operand),
}

#[derive(Debug, Clone)]
enum Operand {
    None,
    Literal(Value),
    Path(Vec<Step>),
}

impl Template {
    /// Reads a template: text with `{…}`.
    pub(super) fn parse(text: &str) -> Result<Template, String> {
        let mut parser = Parser { text, at: 0 };
        let nodes = parser.nodes(false)?;
        Ok(Template(nodes))
    }

    /// Reads one path in any of the forms that columns and sorting take: `{.a.b}`, `.a.b`, `a.b`.
    pub(super) fn parse_relaxed(text: &str) -> Result<Template, String> {
        let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
        let inner = inner.strip_prefix('$').unwrap_or(inner);
        let dot = if inner.starts_with(['.', '[']) { "" } else { "." };
        Template::parse(&format!("{{{dot}{inner}}}"))
    }

    /// The text it gives for a tree, or why it has none.
    pub(super) fn render(&self, root: &Value) -> Result<String, String> {
        let mut out = String::new();
        render(&self.0, root, root, &mut out)?;
        Ok(out)
    }

    /// What each of its paths finds, as JSON.
    pub(super) fn render_json(&self, root: &Value) -> Result<String, String> {
        let mut out = String::new();
        for node in &self.0 {
            if let Node::Path(steps) = node {
                let found: Vec<Value> = walk(steps, root, root)?.into_iter().cloned().collect();
                out.push_str(&json::emit_pretty(&Value::from(found)));
            }
        }
        Ok(out)
    }

    /// What its only path finds.
    pub(super) fn find<'a>(&self, root: &'a Value) -> Vec<&'a Value> {
        let mut found = Vec::new();
        for node in &self.0 {
            if let Node::Path(steps) = node {
                found.extend(walk(steps, root, root).unwrap_or_default());
            }
        }
        found
    }
}

/// A value as Go's `%#v` writes it.
pub(super) fn go_syntax(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("interface {}(nil)"),
        Value::String(text) => out.push_str(&Quoted(text).to_string()),
        Value::Map(_) | Value::List(_) => {
            let is_map = matches!(value, Value::Map(_));
            out.push_str(if is_map { "map[string]interface {}{" } else { "[]interface {}{" });
            for (at, (name, field)) in value.fields().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                out.push_str(&Quoted(name).to_string());
                out.push(':');
                go_syntax(field, out);
            }
            for (at, item) in value.items().iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                go_syntax(item, out);
            }
            out.push('}');
        }
        other => out.push_str(&json::emit(other)),
    }
}

/// A value as a template shows it: text bare, trees as JSON.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => json::emit(other),
    }
}

fn render(nodes: &[Node], root: &Value, current: &Value, out: &mut String) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Fail(why) => return Err(why.clone()),
            Node::Path(steps) => {
                for (at, value) in walk(steps, root, current)?.into_iter().enumerate() {
                    out.push_str(if at > 0 { " " } else { "" });
                    out.push_str(&show(value));
                }
            }
            Node::Range(steps, body) => {
                for item in walk(steps, root, current)? {
                    render(body, root, item, out)?;
                }
            }
        }
    }
    Ok(())
}

fn walk<'a>(steps: &[Step], root: &'a Value, current: &'a Value) -> Result<Vec<&'a Value>, String> {
    let mut values = alloc::vec![current];
    for step in steps {
        let mut next = Vec::new();
        for value in values {
            apply(step, root, value, &mut next)?;
        }
        values = next;
    }
    Ok(values)
}

fn apply<'a>(step: &Step, root: &'a Value, value: &'a Value, found: &mut Vec<&'a Value>) -> Result<(), String> {
    let items = value.items();
    if matches!(step, Step::Index(_) | Step::Slice(..) | Step::Filter(..)) && !matches!(value, Value::List(_)) {
        return match (value, step) {
            (Value::Null, _) => Ok(()),
            (_, Step::Filter(..)) => {
                Err(format!("{} is not array or slice and cannot be filtered", super::print::plain(value)))
            }
            _ => Err(format!("{} is not array or slice", type_of(value))),
        };
    }
    match step {
        Step::Root => found.push(root),
        Step::Field(name) => found.extend(value.as_map().and_then(|map| map.get(name))),
        Step::Every => {
            found.extend(children(value));
        }
        Step::Recursive => {
            found.push(value);
            for child in children(value) {
                apply(step, root, child, found)?;
            }
        }
        Step::Index(at) => {
            let at = if *at < 0 { at + items.len() as i64 } else { *at };
            match usize::try_from(at).ok().and_then(|at| items.get(at)) {
                Some(item) => found.push(item),
                None => return Err(outside(at, items)),
            }
        }
        Step::Slice(from, to, by) => {
            let count = items.len() as i64;
            let place = |at: i64| if at < 0 { at + count } else { at };
            let (start, end) = (from.map_or(0, place), to.map_or(count, place));
            if start == end {
                return Ok(());
            }
            if start >= count || start < 0 {
                return Err(outside(start, items));
            }
            if end > count || end < 0 {
                return Err(outside(end - 1, items));
            }
            if start > end {
                return Err(format!("starting index {start} is greater than ending index {end}"));
            }
            if *by <= 0 {
                return Err("step must be > 0".to_owned());
            }
            for at in (start..end).step_by(usize::try_from(*by).unwrap_or(usize::MAX)) {
                found.push(&items[at as usize]);
            }
        }
        Step::Union(parts) => {
            for part in parts {
                found.extend(walk(part, root, value)?);
            }
        }
        Step::Filter(left, operator, right) => {
            for item in items {
                let left = walk(left, root, item)?;
                let right = match right {
                    Operand::None => {
                        found.extend((!left.is_empty()).then_some(item));
                        continue;
                    }
                    Operand::Literal(value) => alloc::vec![value],
                    Operand::Path(steps) => walk(steps, root, item)?,
                };
                match (&left[..], &right[..]) {
                    ([], _) | (_, []) => {}
                    ([left], [right]) => found.extend(holds(left, operator, right)?.then_some(item)),
                    _ => return Err("can only compare one element at a time".to_owned()),
                }
            }
        }
    }
    Ok(())
}

fn outside(at: i64, items: &[Value]) -> String {
    format!("array index out of bounds: index {at}, length {}", items.len())
}

/// A value's type in Go.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Map(_) => "map[string]interface {}",
        Value::List(_) => "[]interface {}",
        _ => "float64",
    }
}

/// The items of a list, or the fields of a map.
fn children(value: &Value) -> Vec<&Value> {
    let mut children = Vec::from_iter(value.items());
    for (_, field) in value.fields() {
        children.push(field);
    }
    children
}

fn holds(left: &Value, operator: &str, right: &Value) -> Result<bool, String> {
    if type_of(left) != type_of(right) {
        return Err("incompatible types for comparison".to_owned());
    }
    let order = match (left.as_int(), right.as_int()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => show(left).cmp(&show(right)),
    };
    Ok(match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Value {
        let text = r#"{"items":[{"name":"a","ports":[{"name":"x","port":80},{"name":"y","port":443}]},
            {"name":"b","labels":{"k8s.io/app":"z"},"ports":[{"name":"x","port":81}]}]}"#;
        json::parse(text).unwrap()
    }

    #[test]
    fn templates_give_what_kubectl_gives() {
        let cases = [
            ("{.items[*].name}", "a b"),
            ("{.items[0].ports[?(@.name==\"y\")].port}", "443"),
            ("{range .items[*]}{.name}{\"\\t\"}{.ports[0].port}{\"\\n\"}{end}", "a\t80\nb\t81\n"),
            ("{.items[1].labels.k8s\\.io/app}", "z"),
            ("{.items[1].labels['k8s.io/app']}", "z"),
            ("{.items[-1].name} done", "b done"),
            ("{..port}", "80 443 81"),
            ("{.items[0:1].name}", "a"),
            ("{.items[0]['labels','ports'][0].port}", "80"),
            ("{.items[?(@.ports[0].port>80)].name}", "b"),
            ("{.nothing}", ""),
            ("{.items[0].ports[0]}", "{\"name\":\"x\",\"port\":80}"),
            ("{$.items[0].name}", "a"),
        ];
        for (template, expected) in cases {
            assert_eq!(Template::parse(template).unwrap().render(&tree()).as_deref(), Ok(expected), "{template}");
        }
        for (template, _) in cases {
            let ends = template.char_indices().map(|(end, _)| end);
            // Whatever is cut off, reading it ends in words.
            let read =
                ends.filter_map(|end| Template::parse(&template[..end]).ok()).map(|cut| cut.render(&tree()).is_ok());
            assert!(read.count() >= 1, "{template}");
        }
        for (template, error) in [
            ("{.items[2].name}", "array index out of bounds: index 2, length 2"),
            ("{.items[-3].name}", "array index out of bounds: index -1, length 2"),
            ("{.items[0:3].name}", "array index out of bounds: index 2, length 2"),
            ("{.items[1:0]}", "starting index 1 is greater than ending index 0"),
            ("{.items[0].name[0]}", "string is not array or slice"),
            ("{[0]}", "map[string]interface {} is not array or slice"),
            ("{.items[0].ports[?(@.port==\"80\")]}", "incompatible types for comparison"),
            ("{end}", "not in range, nothing to end"),
            ("{items}", "unrecognized identifier items"),
        ] {
            assert_eq!(Template::parse(template).unwrap().render(&tree()).unwrap_err(), error, "{template}");
        }
        for (template, error) in [
            ("{.items[\"name\"]}", "invalid array index \"name\""),
            ("{.items[a:b]}", "invalid array index a:b"),
            ("{.items[ 0 ]}", "invalid array index  0 "),
            ("{.items[}", "unterminated array"),
            ("{.items[?(@.a==1&&@.b==2)]}", "unrecognized character in action: U+0026 '&'"),
        ] {
            assert_eq!(Template::parse(template).unwrap_err(), error, "{template}");
        }
        assert!(Template::parse("{.items").is_err());
        assert!(Template::parse("{range .items[*]}").is_err());
    }
}
