//! Which labels are meant: a Service's map, a LabelSelector, or kubectl's `-l`.
//!
//! Source: kubernetes staging/src/k8s.io/apimachinery/pkg/labels/selector.go.

mod parser;
#[cfg(test)]
mod tests;

use super::{
    Value,
    field::{Bad, Errors, Path},
    json, names,
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::fmt;

/// Requirements that all have to hold; none of them matches everything.
///
/// ```
/// use clusterip::api::{Object, Kind, selector::Selector};
/// let mut pod = Object::new(Kind::Pod, "default", "web");
/// pod.value.set(&["metadata", "labels", "app"], "web");
/// let selector: Selector = "app in (web, api), !canary".parse().unwrap();
/// assert!(selector.matches(pod.labels()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

/// One requirement on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// What is asked of its value.
    pub operator: Operator,
    /// The values, sorted; none for [`Operator::Exists`] and [`Operator::DoesNotExist`].
    pub values: Vec<String>,
}

/// What a requirement asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    In,
    NotIn,
    Equals,
    DoubleEquals,
    NotEquals,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

/// Why a `-l` text is not a selector, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotASelector(pub String);

impl fmt::Display for NotASelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for NotASelector {}

impl core::str::FromStr for Selector {
    type Err = NotASelector;

    /// kubectl's `-l`: `a=b, c!=d, e in (f, g), !h, i`.
    fn from_str(text: &str) -> Result<Selector, NotASelector> {
        let mut requirements = parser::parse(text).map_err(NotASelector)?;
        crate::ordered::sort_by(&mut requirements, |a, b| a.key.cmp(&b.key));
        Ok(Selector { requirements })
    }
}

/// True if every label of the map is there with that value: a Service's selector. An empty map selects everything.
pub fn map_matches(selector: &Value, labels: &Value) -> bool {
    selector.fields().all(|(key, value)| labels[key].as_str().is_some_and(|label| label == value.str()))
}

/// True if a Service's selector selects anything: an empty or missing one leaves the endpoints to the user.
pub fn is_selecting(selector: &Value) -> bool {
    selector.as_map().is_some_and(|map| !map.is_empty())
}

/// True if a LabelSelector (`matchLabels`, `matchExpressions`) selects these labels.
///
/// An empty one selects everything, a missing one nothing; an expression that is not valid selects nothing.
pub fn label_selector_matches(selector: &Value, labels: &Value) -> bool {
    !selector.is_null()
        && map_matches(&selector["matchLabels"], labels)
        && selector["matchExpressions"]
            .items()
            .iter()
            .all(|expression| from_expression(expression).is_some_and(|requirement| requirement.matches(labels)))
}

/// A LabelSelector as error messages show it: the fields in the order of Go's struct.
pub fn shown(selector: &Value) -> Bad<'static> {
    if selector.is_null() {
        return Bad::Json("null".into());
    }
    let mut parts = Vec::new();
    if !selector["matchLabels"].is_empty() {
        parts.push(format!("\"matchLabels\":{}", json::emit(&selector["matchLabels"])));
    }
    let requirements: Vec<String> = selector["matchExpressions"]
        .items()
        .iter()
        .map(|expression| {
            let values = match expression["values"].items() {
                [] => String::new(),
                _ => format!(",\"values\":{}", json::emit(&expression["values"])),
            };
            let text = |name: &str| json::emit(&Value::from(expression[name].str()));
            format!("{{\"key\":{},\"operator\":{}{values}}}", text("key"), text("operator"))
        })
        .collect();
    if !requirements.is_empty() {
        parts.push(format!("\"matchExpressions\":[{}]", requirements.join(",")));
    }
    Bad::Json(format!("{{{}}}", parts.join(",")))
}

/// The faults of a LabelSelector.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go (ValidateLabelSelector).
pub fn validate_label_selector(errors: &mut Errors, path: &Path<'_>, selector: &Value) {
    validate_labels(errors, &path.child("matchLabels"), &selector["matchLabels"]);
    let expressions = path.child("matchExpressions");
    for (at, expression) in selector["matchExpressions"].items().iter().enumerate() {
        let path = expressions.index(at);
        validate_requirement(errors, &path, expression, false);
        validate_values(errors, &path, expression);
    }
}

/// The faults of a requirement besides its values; nodes' labels can also be compared with a number.
pub fn validate_requirement(errors: &mut Errors, path: &Path<'_>, requirement: &Value, of_nodes: bool) {
    let values = path.child("values");
    let count = requirement["values"].items().len();
    match requirement["operator"].str() {
        "In" | "NotIn" if count == 0 => {
            errors.required(&values, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if count > 0 => {
            errors.forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "Gt" | "Lt" if of_nodes && count != 1 => {
            errors.required(&values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        "Gt" | "Lt" if of_nodes => {}
        other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
    }
    let key = requirement["key"].str();
    errors.invalid_each(&path.child("key"), key, names::qualified_name(key));
}

/// The faults of a requirement's values.
pub fn validate_values(errors: &mut Errors, path: &Path<'_>, requirement: &Value) {
    let path = path.child("values");
    for (at, value) in requirement["values"].items().iter().enumerate() {
        errors.invalid_each(&path.index(at), value.str(), names::label_value(value.str()));
    }
}

/// The faults of a map of labels.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go (ValidateLabels).
pub fn validate_labels(errors: &mut Errors, path: &Path<'_>, labels: &Value) {
    for (key, value) in labels.fields() {
        errors.invalid_each(path, key, names::qualified_name(key));
        errors.invalid_each(path, value.str(), names::label_value(value.str()));
    }
}

/// True if a LabelSelector can be turned into requirements, which is stricter than its validation by little.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector).
pub fn is_usable(selector: &Value) -> bool {
    let labels = selector["matchLabels"].fields().all(|(key, value)| {
        let value = value.str().to_owned();
        Requirement::new(&Path::NONE, key, Operator::Equals, vec![value]).is_ok()
    });
    labels && selector["matchExpressions"].items().iter().all(|expression| from_expression(expression).is_some())
}

fn from_expression(expression: &Value) -> Option<Requirement> {
    let operator = match expression["operator"].str() {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        _ => return None,
    };
    let values = expression["values"].items().iter().map(|value| value.str().to_owned()).collect();
    Requirement::new(&Path::NONE, expression["key"].str(), operator, values).ok()
}

impl Selector {
    /// True if every requirement holds for a map of labels.
    pub fn matches(&self, labels: &Value) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(labels))
    }

    /// The requirements, by key.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }
}

impl Requirement {
    /// A requirement, or its faults in upstream's words (NewRequirement).
    fn new(path: &Path<'_>, key: &str, operator: Operator, mut values: Vec<String>) -> Result<Requirement, String> {
        let mut errors = Errors::default();
        let complaints = names::qualified_name(key);
        if !complaints.is_empty() {
            errors.invalid(&path.child("key"), key, &complaints.join("; "));
        }
        let values_path = path.child("values");
        let complaint = match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                Some("for 'in', 'notin' operators, values set can't be empty")
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                Some("values set must be empty for exists and does not exist")
            }
            _ => None,
        };
        if let Some(complaint) = complaint {
            errors.invalid(&values_path, &Value::from(values.clone()), complaint);
        }
        if matches!(operator, Operator::GreaterThan | Operator::LessThan) {
            for (at, value) in values.iter().enumerate() {
                if value.parse::<i64>().is_err() {
                    let complaint = "for 'Gt', 'Lt' operators, the value must be an integer";
                    errors.invalid(&values_path.index(at), value, complaint);
                }
            }
        }
        for (at, value) in values.iter().enumerate() {
            let complaints = names::label_value(value);
            if !complaints.is_empty() {
                errors.invalid(&values_path.index(at).key(key), value, &complaints.join("; "));
            }
        }
        let lines: Vec<String> = errors.causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        match &lines[..] {
            [] => {
                crate::ordered::sort(&mut values);
                Ok(Requirement { key: key.to_owned(), operator, values })
            }
            [line] => Err(line.clone()),
            lines => Err(format!("[{}]", lines.join(", "))),
        }
    }

    /// True if it holds for a map of labels.
    pub fn matches(&self, labels: &Value) -> bool {
        let label = labels[&*self.key].as_str();
        let is_listed = || label.is_some_and(|label| self.values.iter().any(|value| value == label));
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => is_listed(),
            Operator::NotIn | Operator::NotEquals => !is_listed(),
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
            Operator::GreaterThan | Operator::LessThan => {
                let number = label.and_then(|label| label.parse::<i64>().ok());
                let bound = self.values.first().and_then(|value| value.parse::<i64>().ok());
                match (number, bound) {
                    (Some(number), Some(bound)) if self.operator == Operator::GreaterThan => number > bound,
                    (Some(number), Some(bound)) => number < bound,
                    _ => false,
                }
            }
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.requirements.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(","))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, values) = (&self.key, self.values.join(","));
        match self.operator {
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}
