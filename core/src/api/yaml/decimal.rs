//! Numbers that are not whole: the parser hands out floats, so their digits are read from the text a second time.

use super::again::Again;
use crate::api::{Value, json};
use alloc::borrow::ToOwned;

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
    let _ = Again::Restore(tree).read(document);
    forget_unread(tree);
}

fn is_unread(value: &Value) -> bool {
    matches!(value, Value::Decimal(text) if &**text == UNREAD)
}

fn has_unread(value: &Value) -> bool {
    is_unread(value) || value.items().iter().any(has_unread) || value.fields().any(|(_, item)| has_unread(item))
}

/// The number that those digits are.
pub(super) fn number(text: &str) -> Value {
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
