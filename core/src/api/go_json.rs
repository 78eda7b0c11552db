//! Objects as the server shows them in complaints: with the fields in the order of its structs, and with those of its
//! inner structs by the names they have in Go.

use super::{
    Value, json,
    pod::schema::HOST_FIELDS,
    schema::{Struct, Type},
};
use alloc::string::String;

/// An object as JSON, with its fields in the order of its struct: a flat one.
pub(super) fn object(out: &mut String, schema: &Struct, value: &Value) {
    let mut sign = '{';
    for (name, _) in schema.fields {
        if value[*name].is_null() {
            continue;
        }
        out.push(sign);
        sign = ',';
        json::write_string(out, name);
        out.push(':');
        out.push_str(&json::emit(&value[*name]));
    }
    out.push('}');
}

/// A value as the server's inner struct, where every field is there; as many spaces before a line as levels.
pub(super) fn inner(out: &mut String, kind: Type, value: &Value, level: usize) {
    let mut at = 0;
    match (value, kind) {
        (Value::Null, Type::Str | Type::Enum(_)) => out.push_str("\"\""),
        (Value::Null, Type::Bool) => out.push_str("false"),
        (Value::Null, Type::Int32 | Type::Int64 | Type::IntOrString) => out.push('0'),
        (Value::List(items), _) if !items.is_empty() => {
            let kind = if let Type::List(schema) = kind { Type::Struct(schema) } else { Type::Any };
            for item in items.iter() {
                next(out, '[', &mut at, level + 1);
                inner(out, kind, item, level + 1);
            }
            close(out, level, ']');
        }
        // This one is the same within the server.
        (Value::Map(_), Type::Struct(schema)) if schema.name != "LabelSelector" => {
            let is_context = schema.name == "PodSecurityContext";
            let host = if is_context { &HOST_FIELDS[..] } else { &[] };
            for (name, kind) in host.iter().chain(schema.fields) {
                let is_elsewhere = *name == "serviceAccount" || HOST_FIELDS.iter().any(|(field, _)| field == name);
                if is_elsewhere && !is_context {
                    continue;
                }
                next(out, '{', &mut at, level + 1);
                out.push('"');
                push_go_name(out, name);
                out.push_str("\": ");
                inner(out, *kind, &value[*name], level + 1);
            }
            close(out, level, '}');
        }
        (Value::Map(map), _) if !map.is_empty() => {
            for (name, item) in map.iter() {
                next(out, '{', &mut at, level + 1);
                json::write_string(out, name);
                out.push_str(": ");
                inner(out, Type::Any, item, level + 1);
            }
            close(out, level, '}');
        }
        (value, _) => out.push_str(&json::emit(value)),
    }
}

/// What stands before an item.
fn next(out: &mut String, bracket: char, at: &mut usize, level: usize) {
    out.push(if *at > 0 { ',' } else { bracket });
    *at += 1;
    break_line(out, level);
}

/// The end of a list or an object.
fn close(out: &mut String, level: usize, bracket: char) {
    break_line(out, level);
    out.push(bracket);
}

fn break_line(out: &mut String, level: usize) {
    out.push('\n');
    out.extend(core::iter::repeat_n(' ', level));
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
        out.push_str("SE");
        return out.push_str(&name[2..]);
    } else {
        out.push_str(&head[..1].to_ascii_uppercase());
        out.push_str(&head[1..]);
    }
    out.push_str(tail);
}
