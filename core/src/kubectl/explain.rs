//! `kubectl explain`: the fields that an object may have, by the schema that decoding uses.

use super::{Command, Failure, Session, args::Args, resource::expect_kind};
use crate::api::schema::{Struct, Type};
use alloc::{format, string::String};

pub(super) const COMMAND: Command =
    Command { name: "explain", flags: "recursive|R api-version= output=|o", act: explain };

fn explain(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let Some(path) = args.word(0) else {
        let text = "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list \
                    of supported resources.";
        return Err(Failure::error(text));
    };
    let mut parts = path.split('.');
    let kind = expect_kind(parts.next().unwrap_or(""))?;
    let names = kind.names();
    let own = format!("{}{}{}", names.group, if names.group.is_empty() { "" } else { "/" }, names.version);
    if let Some(asked) = args.flag("api-version").filter(|asked| !asked.is_empty() && *asked != own) {
        let slash = if asked.contains('/') { "" } else { "/" };
        let what = format!("{slash}{asked}, Resource={}", names.plural);
        return Err(Failure::error(&format!("couldn't find resource for \"{what}\"")));
    }
    let mut page = String::new();
    if !names.group.is_empty() {
        page.push_str(&format!("GROUP:      {}\n", names.group));
    }
    page.push_str(&format!("KIND:       {}\nVERSION:    {}\n\n", names.kind, names.version));
    let mut place = Some(kind.schema());
    let mut last = None;
    for part in parts {
        let found = place.and_then(|place| place.fields.iter().find(|(name, _)| *name == part));
        let Some((name, field)) = found else {
            return Err(Failure::error(&format!("field \"{part}\" does not exist")));
        };
        place = inner(field);
        last = Some((*name, field));
    }
    if let Some((name, field)) = last {
        page.push_str(&format!("FIELD: {name} <{}>\n\n", type_name(field)));
    }
    if let Some(place) = place {
        page.push_str("FIELDS:\n");
        fields(&mut page, place, 1, args.is_set("recursive"));
    }
    session.print(&page);
    Ok(())
}

fn fields(page: &mut String, place: &Struct, level: usize, is_recursive: bool) {
    for (name, field) in place.fields {
        page.push_str(&"  ".repeat(level));
        page.push_str(&format!("{name}\t<{}>\n", type_name(field)));
        if let Some(inner) = inner(field).filter(|_| is_recursive && level < 12) {
            fields(page, inner, level + 1, true);
        }
    }
}

fn inner(field: &Type) -> Option<&'static Struct> {
    match field {
        Type::Struct(inner) | Type::List(inner) => Some(inner),
        _ => None,
    }
}

/// Source: kubernetes staging/src/k8s.io/kubectl/pkg/explain/v2 (plaintext template).
fn type_name(field: &Type) -> String {
    match field {
        Type::Str | Type::Time | Type::OptStr | Type::Enum(_) | Type::OptEnum(_) => "string".into(),
        Type::Bool | Type::OptBool => "boolean".into(),
        Type::Int32 | Type::OptInt32 | Type::Int64 | Type::OptInt64 => "integer".into(),
        Type::IntOrString => "IntOrString".into(),
        Type::Quantity => "Quantity".into(),
        Type::Quantities => "map[string]Quantity".into(),
        Type::Strings | Type::Enums(_) => "[]string".into(),
        Type::Ints => "[]integer".into(),
        Type::Labels => "map[string]string".into(),
        Type::Struct(inner) => inner.name.into(),
        Type::List(inner) => format!("[]{}", inner.name),
        Type::Any => "Object".into(),
    }
}
