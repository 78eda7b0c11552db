//! Patches: the four ways to say how an object should change.

use super::{Kind, Map, Value};
use alloc::{string::String, vec::Vec};

/// A JSON merge patch (RFC 7386): maps are merged, null takes a field away, all else replaces.
pub fn merge(current: &Value, patch: &Value) -> Value {
    let Value::Map(fields) = patch else { return patch.clone() };
    let mut result = current.as_map().cloned().unwrap_or_default();
    for (name, field) in fields.iter() {
        if field.is_null() {
            result.remove(name);
        } else {
            let merged = merge(result.get(name).unwrap_or(&Value::Null), field);
            result.insert(name, merged);
        }
    }
    Value::Map(result)
}

/// The merge patch that makes `to` of `from`; empty if they are equal.
pub fn diff(from: &Value, to: &Value) -> Value {
    let (Value::Map(from), Value::Map(to)) = (from, to) else { return to.clone() };
    let mut patch = Map::default();
    for (name, field) in to.iter() {
        match from.get(name) {
            Some(before) if before == field => {}
            Some(before @ Value::Map(_)) if field.as_map().is_some() => drop(patch.insert(name, diff(before, field))),
            _ => drop(patch.insert(name, field.clone())),
        }
    }
    for (name, _) in from.iter().filter(|(name, _)| to.get(name).is_none()) {
        patch.insert(name, Value::Null);
    }
    Value::Map(patch)
}

/// A strategic merge patch: lists whose items have a key are merged by it; `$patch: delete` and `$patch: replace`.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go.
pub fn strategic(kind: Kind, current: &Value, patch: &Value) -> Value {
    let Value::Map(fields) = patch else { return patch.clone() };
    if patch["$patch"].str() == "replace" {
        let mut whole = patch.clone();
        whole.remove(&["$patch"]);
        return whole;
    }
    let mut result = current.as_map().cloned().unwrap_or_default();
    for (name, field) in fields.iter() {
        if let Some(list) = name.strip_prefix("$deleteFromPrimitiveList/") {
            result.entry(list).items_mut().retain(|item| !field.items().contains(item));
        } else if name.starts_with('$') {
            // Orders and directives of no effect here.
        } else if field.is_null() || field["$patch"].str() == "delete" {
            result.remove(name);
        } else {
            let before = result.get(name).cloned().unwrap_or_default();
            let after = match (field, merge_key(kind, name)) {
                (Value::List(items), Some(key)) => strategic_list(kind, &before, items, key),
                (Value::List(items), None) if is_set(name) => union(&before, items),
                _ => strategic(kind, &before, field),
            };
            result.insert(name, after);
        }
    }
    Value::Map(result)
}

fn strategic_list(kind: Kind, before: &Value, items: &[Value], key: &str) -> Value {
    if let Some(mark) = items.iter().position(|item| item["$patch"].str() == "replace") {
        let mut all = items.to_vec();
        all.remove(mark);
        return all.into();
    }
    let (mut left, mut patched) = (before.items().to_vec(), Vec::new());
    for item in items {
        let old = left.iter().position(|old| old[key] == item[key]).map(|at| left.remove(at));
        if item["$patch"].str() == "delete" {
            left.retain(|old| old[key] != item[key]);
        } else {
            patched.push(old.map_or_else(|| item.clone(), |old| strategic(kind, &old, item)));
        }
    }
    weave(left, patched, before.items(), key)
}

/// The items that only the server has, put among those of a patch by the server's order; new ones come first.
///
/// Source: the same (mergeSortedSlice).
fn weave(server_only: Vec<Value>, patched: Vec<Value>, order: &[Value], key: &str) -> Value {
    let place = |item: &Value| order.iter().position(|old| old[key] == item[key]);
    let mut left = server_only.into_iter().peekable();
    let mut result = Vec::new();
    for item in patched {
        while let (Some(old), Some(at)) = (left.peek(), place(&item)) {
            if place(old).is_none_or(|old| old > at) {
                break;
            }
            result.extend(left.next());
        }
        result.push(item);
    }
    result.extend(left);
    result.into()
}

fn union(before: &Value, items: &[Value]) -> Value {
    let mut all = before.items().to_vec();
    all.extend(items.iter().filter(|item| !before.items().contains(item)).cloned());
    all.into()
}

/// What `kubectl apply` makes of an object: what the file says, without what an earlier file said and this one does
/// not, and with all that others have set.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (CreateThreeWayMergePatch).
pub fn three_way(kind: Kind, original: &Value, modified: &Value, current: &Value) -> Value {
    let Value::Map(fields) = modified else { return modified.clone() };
    let mut result = current.as_map().cloned().unwrap_or_default();
    for (name, _) in original.fields() {
        if fields.get(name).is_none() {
            result.remove(name);
        }
    }
    for (name, field) in fields.iter() {
        if field.is_null() {
            result.remove(name);
            continue;
        }
        let (before, now) = (&original[name], result.get(name).cloned().unwrap_or_default());
        let after = match (field, merge_key(kind, name)) {
            (Value::List(items), Some(key)) => three_way_list(kind, before, items, &now, key),
            (Value::Map(map), _) if map.is_empty() && now.is_null() => continue,
            (Value::Map(_), _) => three_way(kind, before, field, &now),
            _ => field.clone(),
        };
        result.insert(name, after);
    }
    Value::Map(result)
}

/// The file's items in the file's order, with those that only the server has among them.
fn three_way_list(kind: Kind, original: &Value, items: &[Value], current: &Value, key: &str) -> Value {
    let mut left: Vec<&Value> = current.items().iter().collect();
    let result: Vec<Value> = items
        .iter()
        .map(|item| {
            // Two ports of one number differ in protocol, which the key does not say.
            let exact = left.iter().position(|old| {
                old[key] == item[key]
                    && (item["protocol"].is_null() || old["protocol"].is_null() || old["protocol"] == item["protocol"])
            });
            let at = exact.or_else(|| left.iter().position(|old| old[key] == item[key]));
            let now = at.map_or(Value::Null, |at| left.remove(at).clone());
            let before = original.items().iter().find(|old| old[key] == item[key]).unwrap_or(&Value::Null);
            three_way(kind, before, item, &now)
        })
        .collect();
    left.retain(|old| !original.items().iter().any(|before| before[key] == old[key]));
    weave(left.into_iter().cloned().collect(), result, current.items(), key)
}

/// The field by which the items of a list are told apart (`patchMergeKey` in upstream's types).
fn merge_key(kind: Kind, list: &str) -> Option<&'static str> {
    let has_pods = matches!(kind, Kind::Pod | Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet);
    Some(match list {
        "ports" if kind == Kind::Service => "port",
        "ports" if has_pods => "containerPort",
        "containers" | "initContainers" | "ephemeralContainers" | "env" | "volumes" | "imagePullSecrets"
            if has_pods =>
        {
            "name"
        }
        "volumeMounts" if has_pods => "mountPath",
        "volumeDevices" if has_pods => "devicePath",
        "topologySpreadConstraints" if has_pods => "topologyKey",
        "hostAliases" if has_pods => "ip",
        "conditions" => "type",
        "ownerReferences" => "uid",
        _ => return None,
    })
}

/// An item of a strategic patch that lacks the field it would be found by, and that field.
pub fn keyless(kind: Kind, patch: &Value) -> Option<(&Value, &'static str)> {
    for (name, field) in patch.fields() {
        for item in field.items() {
            let lacks = |key: &&str| item.as_map().is_some() && item[*key].is_null() && item["$patch"].is_null();
            let found = merge_key(kind, name).filter(lacks).map(|key| (item, key)).or_else(|| keyless(kind, item));
            if found.is_some() {
                return found;
            }
        }
        let found = keyless(kind, field);
        if found.is_some() {
            return found;
        }
    }
    None
}

fn is_set(list: &str) -> bool {
    matches!(list, "finalizers" | "podCIDRs")
}

/// A JSON patch (RFC 6902).
pub fn json(current: &Value, operations: &Value) -> Result<Value, String> {
    let mut result = current.clone();
    for operation in operations.items() {
        let path = operation["path"].as_str().ok_or("an operation has no path")?;
        // Without one it is null; what is not there may be replaced and copied in a map (evanphx/json-patch v4).
        let value = || operation["value"].clone();
        match operation["op"].str() {
            "add" => put(&mut result, path, value(), true)?,
            "replace" => put(&mut result, path, value(), false)?,
            "remove" => drop(take(&mut result, path)?),
            "move" => {
                let moved = take(&mut result, operation["from"].str())?;
                put(&mut result, path, moved, true)?;
            }
            "copy" => {
                let copied = look(&result, operation["from"].str()).cloned().unwrap_or_default();
                put(&mut result, path, copied, true)?;
            }
            "test" if look(&result, path)? == &value() => {}
            "test" => return Err(missing(path)),
            other => return Err(alloc::format!("unexpected kind: {other}")),
        }
    }
    Ok(result)
}

fn missing(path: &str) -> String {
    alloc::format!("the path {path} does not exist")
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

fn look<'a>(value: &'a Value, path: &str) -> Result<&'a Value, String> {
    path.split('/').skip(1).try_fold(value, |value, part| {
        let part = unescape(part);
        match value {
            Value::List(items) => part.parse::<usize>().ok().and_then(|at| items.get(at)),
            other => other.as_map().and_then(|map| map.get(&part)),
        }
        .ok_or_else(|| missing(path))
    })
}

/// The place above the one that a path names, and the path's last part.
fn parent<'a>(value: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), String> {
    let (above, last) = path.rsplit_once('/').ok_or_else(|| missing(path))?;
    let mut value = value;
    for part in above.split('/').skip(1) {
        let part = unescape(part);
        value = match value {
            Value::List(items) => part.parse::<usize>().ok().and_then(|at| items.to_mut().get_mut(at)),
            Value::Map(map) => map.get_mut(&part),
            _ => None,
        }
        .ok_or_else(|| missing(path))?;
    }
    Ok((value, unescape(last)))
}

fn put(value: &mut Value, path: &str, new: Value, is_new: bool) -> Result<(), String> {
    if path.is_empty() {
        *value = new;
        return Ok(());
    }
    let (place, name) = parent(value, path)?;
    match place {
        Value::List(items) if is_new && name == "-" => items.to_mut().push(new),
        Value::List(items) => {
            let at = name.parse::<usize>().map_err(|_| missing(path))?;
            match at.cmp(&items.len()) {
                core::cmp::Ordering::Less if !is_new => items.to_mut()[at] = new,
                core::cmp::Ordering::Less | core::cmp::Ordering::Equal if is_new => items.to_mut().insert(at, new),
                _ => return Err(missing(path)),
            }
        }
        Value::Map(map) => drop(map.insert(&name, new)),
        _ => return Err(missing(path)),
    }
    Ok(())
}

fn take(value: &mut Value, path: &str) -> Result<Value, String> {
    let (place, name) = parent(value, path)?;
    match place {
        Value::List(items) => match name.parse::<usize>() {
            Ok(at) if at < items.len() => Ok(items.to_mut().remove(at)),
            _ => Err(missing(path)),
        },
        Value::Map(map) => map.remove(&name).ok_or_else(|| missing(path)),
        _ => Err(missing(path)),
    }
}

/// The annotation in which `kubectl apply` keeps what it last was given.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The text that the annotation holds for a manifest.
pub fn last_applied(manifest: &Value) -> String {
    let mut plain = manifest.clone();
    let annotations = plain.at_mut(&["metadata", "annotations"]);
    if annotations.as_map().is_none() {
        *annotations = Value::map();
    }
    plain.remove(&["metadata", "annotations", LAST_APPLIED]);
    let mut text = super::json::emit(&plain);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json as text;

    fn tree(json: &str) -> Value {
        text::parse(json).unwrap()
    }

    #[test]
    fn merge_patches_replace_lists_and_drop_nulls() {
        let current = tree(r#"{"a":{"b":1,"c":2},"l":[1,2]}"#);
        let patch = tree(r#"{"a":{"b":null,"d":3},"l":[9]}"#);
        let result = merge(&current, &patch);
        assert_eq!(result, tree(r#"{"a":{"c":2,"d":3},"l":[9]}"#));
        assert_eq!(diff(&current, &result), patch);
    }

    #[test]
    fn strategic_patches_merge_ports_by_number() {
        let current = tree(r#"{"spec":{"ports":[{"name":"a","port":80},{"name":"b","port":81}]}}"#);
        let patch = tree(r#"{"spec":{"ports":[{"port":81,"targetPort":9},{"port":80,"$patch":"delete"}]}}"#);
        let result = strategic(Kind::Service, &current, &patch);
        assert_eq!(result, tree(r#"{"spec":{"ports":[{"name":"b","port":81,"targetPort":9}]}}"#));
    }

    #[test]
    fn apply_takes_back_what_it_set_and_keeps_what_others_set() {
        let original = tree(r#"{"spec":{"selector":{"app":"a","old":"x"},"ports":[{"port":80},{"port":81}]}}"#);
        let modified = tree(r#"{"spec":{"selector":{"app":"b"},"ports":[{"port":80,"targetPort":8080}]}}"#);
        let current = tree(
            r#"{"spec":{"clusterIP":"10.0.0.1","selector":{"app":"a","old":"x","by":"hand"},
            "ports":[{"port":80,"nodePort":30000},{"port":81},{"port":82}]}}"#,
        );
        let expected = tree(
            r#"{"spec":{"clusterIP":"10.0.0.1","selector":{"app":"b","by":"hand"},
            "ports":[{"port":80,"nodePort":30000,"targetPort":8080},{"port":82}]}}"#,
        );
        assert_eq!(three_way(Kind::Service, &original, &modified, &current), expected);
    }

    #[test]
    fn json_patches_do_their_operations_in_order() {
        let current = tree(r#"{"a":[1,2],"b":{"x/y":1}}"#);
        let patch = tree(
            r#"[{"op":"add","path":"/a/1","value":9},{"op":"remove","path":"/b/x~1y"},
            {"op":"replace","path":"/a/0","value":0},{"op":"copy","from":"/a","path":"/c"},
            {"op":"test","path":"/c/2","value":2}]"#,
        );
        assert_eq!(json(&current, &patch).unwrap(), tree(r#"{"a":[0,9,2],"b":{},"c":[0,9,2]}"#));
        assert!(json(&current, &tree(r#"[{"op":"remove","path":"/nope"}]"#)).is_err());
        assert!(json(&current, &tree(r#"[{"op":"replace","path":"/a/7","value":1}]"#)).is_err());
    }
}
