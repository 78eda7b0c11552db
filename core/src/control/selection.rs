//! Whether a workload's selector means a pod.

use crate::api::Value;

/// True if a LabelSelector selects these labels; an empty or missing one selects nothing here, lest it take every pod.
pub(super) fn selects(selector: &Value, labels: &Value) -> bool {
    let (pairs, expressions) = (&selector["matchLabels"], selector["matchExpressions"].items());
    if pairs.is_empty() && expressions.is_empty() {
        return false;
    }
    pairs.fields().all(|(label, value)| labels[label] == *value)
        && expressions.iter().all(|expression| {
            let held = labels[expression["key"].str()].as_str();
            let is_listed = expression["values"].items().iter().any(|value| value.as_str() == held && held.is_some());
            match expression["operator"].str() {
                "In" => is_listed,
                "NotIn" => !is_listed,
                "Exists" => held.is_some(),
                "DoesNotExist" => held.is_none(),
                _ => false,
            }
        })
}
