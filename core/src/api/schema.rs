//! Strict decoding: which fields an object may have, and of which type.
//!
//! A kind's fields stand in static tables; decoding checks a value tree against them and brings it into the form
//! the server stores: nulls and what Go's `omitempty` leaves out are gone.

#[cfg(test)]
mod tests;
mod time;

use super::{
    ApiError, Kind, Quoted, Value,
    quantity::{self, Quantity},
};
use alloc::{format, string::String, vec::Vec};

/// A struct of upstream's Go types.
#[derive(Debug)]
pub struct Struct {
    /// Its Go name, which error messages show: `ServicePort`.
    pub name: &'static str,
    /// Its fields by their JSON names.
    pub fields: &'static [(&'static str, Type)],
}

/// The type of a field. `Opt…` is a pointer in Go: its zero value is kept.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// A string.
    Str,
    /// A string that may be empty.
    OptStr,
    /// A time of RFC 3339.
    Time,
    /// A string of a named Go type, shown in errors: `v1.Protocol`.
    Enum(&'static str),
    /// The same, that may be empty.
    OptEnum(&'static str),
    /// A truth value.
    Bool,
    /// A truth value that may be unset.
    OptBool,
    /// A 32-bit number.
    Int32,
    /// A 32-bit number that may be unset.
    OptInt32,
    /// A 64-bit number.
    Int64,
    /// A 64-bit number that may be unset.
    OptInt64,
    /// A number or a name.
    IntOrString,
    /// An amount such as `500m`; a number is taken as its text.
    Quantity,
    /// Names and amounts.
    Quantities,
    /// A list of strings.
    Strings,
    /// A list of 64-bit numbers.
    Ints,
    /// A list of strings of a named Go type.
    Enums(&'static str),
    /// Names and strings.
    Labels,
    /// An object.
    Struct(&'static Struct),
    /// A list of objects.
    List(&'static Struct),
    /// Something this product keeps but does not look into.
    Any,
}

/// Checks a tree that a manifest gave against its kind's schema and brings it into stored form.
///
/// A wrong type is reported alone and first; unknown fields are reported together, as the server does.
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/json.go (Decode).
pub fn decode(kind: Kind, value: &mut Value) -> Result<(), ApiError> {
    let mut decoder = Decoder::default();
    let schema = kind.schema();
    decoder.fields(schema, value);
    let why = match decoder.type_error {
        Some(error) => error,
        None if decoder.unknown.is_empty() => return Ok(()),
        None => format!("strict decoding error: {}", decoder.unknown.join(", ")),
    };
    let names = kind.names();
    let (kind, version) = (names.kind, names.version);
    Err(ApiError::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}")))
}

/// Why kubectl itself cannot read a tree's metadata, which is all that it decodes.
///
/// Source: kubernetes staging/src/k8s.io/cli-runtime/pkg/resource/metadata_decoder.go.
pub fn metadata_complaint(value: &Value) -> Option<String> {
    static METADATA_ONLY: Struct = Struct { name: "metadataOnlyObject", fields: &[] };
    let mut decoder = Decoder { path: Vec::from([Step::Field("metadata")]), ..Decoder::default() };
    let mut metadata = value["metadata"].clone();
    if !metadata.is_null() {
        decoder.value(&METADATA_ONLY, Type::Struct(&OBJECT_META), &mut metadata);
    }
    decoder.type_error
}

/// The unknown fields of a tree, by their paths: what a linter marks.
pub fn unknown_fields(kind: Kind, value: &Value) -> Vec<String> {
    let mut decoder = Decoder { keep_paths: true, ..Decoder::default() };
    decoder.fields(kind.schema(), &mut value.clone());
    decoder.unknown
}

/// Takes out what [`unknown_fields`] names.
pub fn drop_unknown(kind: Kind, value: &mut Value) {
    Decoder::default().fields(kind.schema(), value);
}

/// The fields of `metadata` on every object.
pub static OBJECT_META: Struct = Struct {
    name: "ObjectMeta",
    fields: &[
        ("name", Type::Str),
        ("generateName", Type::Str),
        ("namespace", Type::Str),
        ("selfLink", Type::Str),
        ("uid", Type::Enum("types.UID")),
        ("resourceVersion", Type::Str),
        ("generation", Type::Int64),
        ("creationTimestamp", Type::Time),
        ("deletionTimestamp", Type::Time),
        ("deletionGracePeriodSeconds", Type::OptInt64),
        ("labels", Type::Labels),
        ("annotations", Type::Labels),
        ("ownerReferences", Type::List(&OWNER_REFERENCE)),
        ("finalizers", Type::Strings),
        ("managedFields", Type::List(&MANAGED_FIELDS_ENTRY)),
    ],
};

static MANAGED_FIELDS_ENTRY: Struct = Struct {
    name: "ManagedFieldsEntry",
    fields: &[
        ("manager", Type::Str),
        ("operation", Type::Enum("v1.ManagedFieldsOperationType")),
        ("apiVersion", Type::Str),
        ("time", Type::Time),
        ("fieldsType", Type::Str),
        ("fieldsV1", Type::Any),
        ("subresource", Type::Str),
    ],
};

/// A reference to an object's owner.
pub static OWNER_REFERENCE: Struct = Struct {
    name: "OwnerReference",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("name", Type::Str),
        ("uid", Type::Enum("types.UID")),
        ("controller", Type::OptBool),
        ("blockOwnerDeletion", Type::OptBool),
    ],
};

/// A LabelSelector.
pub static LABEL_SELECTOR: Struct = Struct {
    name: "LabelSelector",
    fields: &[("matchLabels", Type::Labels), ("matchExpressions", Type::List(&SELECTOR_REQUIREMENT))],
};

static SELECTOR_REQUIREMENT: Struct = Struct {
    name: "LabelSelectorRequirement",
    fields: &[("key", Type::Str), ("operator", Type::Enum("v1.LabelSelectorOperator")), ("values", Type::Strings)],
};

/// A reference to an object.
pub static OBJECT_REFERENCE: Struct = Struct {
    name: "ObjectReference",
    fields: &[
        ("kind", Type::Str),
        ("namespace", Type::Str),
        ("name", Type::Str),
        ("uid", Type::Enum("types.UID")),
        ("apiVersion", Type::Str),
        ("resourceVersion", Type::Str),
        ("fieldPath", Type::Str),
    ],
};

#[derive(Default)]
struct Decoder {
    /// Names of fields from the root, with `[at]` steps that only unknown fields are shown with.
    path: Vec<Step>,
    type_error: Option<String>,
    unknown: Vec<String>,
    keep_paths: bool,
}

enum Step {
    /// A struct of Go's within the one that JSON sees: only type errors name it.
    Embedded(&'static str),
    Field(&'static str),
    Index(usize),
}

impl Decoder {
    fn fields(&mut self, schema: &'static Struct, value: &mut Value) {
        let Value::Map(map) = value else { return };
        map.retain(|name, value| {
            let Some((name, kind)) = schema.fields.iter().find(|(field, _)| *field == name) else {
                self.unknown(name);
                return false;
            };
            if value.is_null() {
                return false;
            }
            let depth = self.path.len();
            self.path.extend(embedded(schema.name, name).map(Step::Embedded));
            self.path.push(Step::Field(name));
            self.value(schema, *kind, value);
            self.path.truncate(depth);
            !(value.is_empty() && kind.omits_zero())
        });
    }

    fn value(&mut self, parent: &'static Struct, kind: Type, value: &mut Value) {
        match (kind, &mut *value) {
            (Type::Any, _) => {}
            (Type::Str | Type::OptStr | Type::Enum(_) | Type::OptEnum(_), Value::String(_)) => {}
            (Type::IntOrString, Value::String(_)) => {}
            (Type::Time, Value::String(text)) => self.complain(time::complaint(text)),
            (Type::Quantity, Value::String(text)) => match Quantity::parse(text.trim()) {
                Ok(quantity) => *text = quantity.canonical(),
                Err(complaint) => self.complain(Some(complaint.into())),
            },
            (Type::Bool | Type::OptBool, Value::Bool(_)) => {}
            (Type::Int64 | Type::OptInt64, Value::Int(_)) => {}
            (Type::Int32 | Type::OptInt32 | Type::IntOrString, Value::Int(number))
                if i32::try_from(*number).is_ok() => {}
            (Type::Quantity, Value::Int(_) | Value::Decimal(_)) => {
                *value = Value::String(super::json::emit(value));
                self.value(parent, kind, value);
            }
            (Type::Struct(schema), Value::Map(_)) => self.fields(schema, value),
            (Type::List(schema), Value::List(items)) => {
                for (at, item) in items.to_mut().iter_mut().enumerate() {
                    if item.is_null() {
                        *item = Value::map();
                    }
                    self.path.push(Step::Index(at));
                    self.value(parent, Type::Struct(schema), item);
                    self.path.pop();
                }
            }
            (Type::Strings | Type::Enums(_) | Type::Ints, Value::List(items)) => {
                let kind = match kind {
                    Type::Enums(name) => Type::Enum(name),
                    Type::Ints => Type::Int64,
                    _ => Type::Str,
                };
                for item in items.to_mut() {
                    self.text(parent, kind, item);
                }
            }
            (Type::Labels | Type::Quantities, Value::Map(map)) => {
                let kind = if matches!(kind, Type::Labels) { Type::Str } else { Type::Quantity };
                for (_, item) in map.iter_mut() {
                    self.text(parent, kind, item);
                }
            }
            (Type::Quantity, _) => self.complain(Some(quantity::MALFORMED.into())),
            _ => self.mismatch(parent, kind, value),
        }
    }

    fn text(&mut self, parent: &'static Struct, kind: Type, item: &mut Value) {
        if item.is_null() {
            *item = Value::from(if matches!(kind, Type::Quantity) { "0" } else { "" });
        }
        self.value(parent, kind, item);
    }

    fn complain(&mut self, complaint: Option<String>) {
        if self.type_error.is_none() {
            self.type_error = complaint;
        }
    }

    /// Go's words for it; only the first one is told.
    fn mismatch(&mut self, parent: &'static Struct, kind: Type, value: &Value) {
        if self.type_error.is_some() {
            return;
        }
        let is_number = matches!(kind, Type::Int32 | Type::OptInt32 | Type::Int64 | Type::OptInt64 | Type::IntOrString);
        let found = match value {
            Value::Int(number) if is_number => format!("number {number}"),
            Value::Decimal(text) if is_number => format!("number {text}"),
            Value::Int(_) | Value::Decimal(_) => "number".into(),
            Value::Bool(_) => "bool".into(),
            Value::String(_) => "string".into(),
            Value::List(_) => "array".into(),
            Value::Map(_) | Value::Null => "object".into(),
        };
        let mut field = String::new();
        for step in &self.path {
            if let Step::Field(name) | Step::Embedded(name) = step {
                field.push('.');
                field.push_str(name);
            }
        }
        let wanted = kind.go_name();
        self.type_error = Some(format!(
            "json: cannot unmarshal {found} into Go struct field {}{field} of type {wanted}",
            parent.name
        ));
    }

    fn unknown(&mut self, name: &str) {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => path.push_str(&format!(".{name}")),
                Step::Index(at) => path.push_str(&format!("[{at}]")),
                Step::Embedded(_) => {}
            }
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        self.unknown.push(if self.keep_paths { path } else { format!("unknown field {}", Quoted(&path)) });
    }
}

/// The Go struct that holds a field of a struct.
fn embedded(parent: &str, field: &str) -> Option<&'static str> {
    match (parent, field) {
        ("Probe", "exec" | "httpGet" | "tcpSocket" | "grpc") => Some("ProbeHandler"),
        ("Volume", field) if field != "name" => Some("VolumeSource"),
        (
            "ConfigMapVolumeSource"
            | "ConfigMapEnvSource"
            | "SecretEnvSource"
            | "ConfigMapKeySelector"
            | "SecretKeySelector"
            | "ConfigMapProjection"
            | "SecretProjection",
            "name",
        ) => Some("LocalObjectReference"),
        _ => None,
    }
}

impl Type {
    fn omits_zero(self) -> bool {
        match self {
            Type::Str | Type::Enum(_) | Type::Bool | Type::Int32 | Type::Int64 => true,
            Type::Strings | Type::Ints | Type::Enums(_) | Type::Labels | Type::List(_) | Type::Quantities => true,
            Type::Time
            | Type::OptStr
            | Type::OptEnum(_)
            | Type::OptBool
            | Type::OptInt32
            | Type::OptInt64
            | Type::Quantity => false,
            Type::IntOrString | Type::Struct(_) | Type::Any => false,
        }
    }

    fn go_name(self) -> String {
        match self {
            Type::Str | Type::OptStr | Type::Time => "string".into(),
            Type::Enum(name) | Type::OptEnum(name) => name.into(),
            Type::Bool | Type::OptBool => "bool".into(),
            Type::Int32 | Type::OptInt32 | Type::IntOrString => "int32".into(),
            Type::Int64 | Type::OptInt64 => "int64".into(),
            Type::Quantity => "resource.Quantity".into(),
            Type::Quantities => "v1.ResourceList".into(),
            Type::Strings => "[]string".into(),
            Type::Ints => "[]int64".into(),
            Type::Enums(name) => format!("[]{name}"),
            Type::Labels => "map[string]string".into(),
            Type::Struct(schema) => format!("v1.{}", schema.name),
            Type::List(schema) => format!("[]v1.{}", schema.name),
            Type::Any => "interface {}".into(),
        }
    }
}
