//! Objects as the server shows them in complaints: with the fields in the order of its structs, and with those of its
//! inner structs by the names they have in Go.

use super::{
    Value, json,
    schema::{Struct, Type},
};
use alloc::{format, string::String, vec::Vec};

/// An object as JSON, with its fields in the order of its struct.
pub(super) fn object(schema: &Struct, value: &Value) -> String {
    let mut fields = Vec::new();
    for (name, kind) in schema.fields {
        let text = match (kind, &value[*name]) {
            (_, Value::Null) => continue,
            (Type::Struct(inner), value) => object(inner, value),
            (Type::List(inner), value) => list(inner, value),
            (_, value) => json::emit(value),
        };
        fields.push(format!("\"{name}\":{text}"));
    }
    format!("{{{}}}", fields.join(","))
}

/// The same of a list of such objects.
pub(super) fn list(schema: &Struct, list: &Value) -> String {
    let items: Vec<String> = list.items().iter().map(|item| object(schema, item)).collect();
    format!("[{}]", items.join(","))
}

/// An object as the server's inner struct: every field is there. One line without a level, else as many spaces as levels.
pub(super) fn inner(out: &mut String, schema: &Struct, value: &Value, level: Option<usize>) {
    out.push('{');
    let deeper = level.map(|level| level + 1);
    for (at, (name, kind)) in schema.fields.iter().enumerate() {
        next(out, at, deeper);
        field(out, name, *kind, &value[*name], deeper);
    }
    close(out, level, '}');
}

/// One field of such an object.
pub(super) fn field(out: &mut String, name: &str, kind: Type, value: &Value, level: Option<usize>) {
    out.push('"');
    push_go_name(out, name);
    out.push_str(if level.is_some() { "\": " } else { "\":" });
    match (kind, value) {
        (Type::Str | Type::Enum(_), Value::Null) => out.push_str("\"\""),
        (Type::Bool, Value::Null) => out.push_str("false"),
        (Type::Int32 | Type::Int64 | Type::IntOrString, Value::Null) => out.push('0'),
        // This one is the same within the server.
        (Type::Struct(schema), Value::Map(_)) if schema.name != "LabelSelector" => inner(out, schema, value, level),
        (Type::List(schema), Value::List(items)) => {
            out.push('[');
            let deeper = level.map(|level| level + 1);
            for (at, item) in items.iter().enumerate() {
                next(out, at, deeper);
                inner(out, schema, item, deeper);
            }
            close(out, level, ']');
        }
        (_, value) => plain(out, value, level),
    }
}

/// A value of no struct.
fn plain(out: &mut String, value: &Value, level: Option<usize>) {
    let deeper = level.map(|level| level + 1);
    match value {
        Value::List(items) if level.is_some() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                next(out, at, deeper);
                plain(out, item, deeper);
            }
            close(out, level, ']');
        }
        Value::Map(map) if level.is_some() && !map.is_empty() => {
            out.push('{');
            for (at, (name, item)) in map.iter().enumerate() {
                next(out, at, deeper);
                json::write_string(out, name);
                out.push_str(": ");
                plain(out, item, deeper);
            }
            close(out, level, '}');
        }
        value => out.push_str(&json::emit(value)),
    }
}

/// What stands before an item.
pub(super) fn next(out: &mut String, at: usize, level: Option<usize>) {
    if at > 0 {
        out.push(',');
    }
    break_line(out, level);
}

/// The end of a list or an object.
pub(super) fn close(out: &mut String, level: Option<usize>, bracket: char) {
    break_line(out, level);
    out.push(bracket);
}

fn break_line(out: &mut String, level: Option<usize>) {
    if let Some(level) = level {
        out.push('\n');
        out.extend(core::iter::repeat_n(' ', level));
    }
}

/// `hostIP` is `HostIP`, and `dnsPolicy` is `DNSPolicy`.
fn push_go_name(out: &mut String, name: &str) {
    const WORDS: [&str; 16] = [
        "api", "aws", "csi", "dns", "fc", "fs", "gce", "grpc", "http", "ip", "iscsi", "nfs", "os", "rbd", "tcp", "tty",
    ];
    if let "cephfs" | "storageos" = name {
        return out.push_str(if name == "cephfs" { "CephFS" } else { "StorageOS" });
    }
    let end = name.find(|c: char| c.is_ascii_uppercase()).unwrap_or(name.len());
    let (head, tail) = name.split_at(end);
    if WORDS.contains(&head) {
        out.push_str(&head.to_ascii_uppercase());
    } else if name.starts_with("seLinux") {
        return out.push_str(&format!("SE{}", &name[2..]));
    } else {
        out.push_str(&head[..1].to_ascii_uppercase());
        out.push_str(&head[1..]);
    }
    out.push_str(tail);
}
