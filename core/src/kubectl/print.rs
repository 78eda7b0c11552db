//! `-o`: an object or several as text.

use super::{
    Failure, Session,
    align::align,
    args::Args,
    columns,
    form::Filler,
    formats::pairs,
    jsonpath::{Template, show},
    resource::name_of,
};
use crate::api::{Kind, Object, Quoted, Value, json, yaml};
use alloc::{
    borrow::ToOwned,
    format,
    rc::Rc,
    string::{String, ToString},
    vec::Vec,
};

/// An output format.
#[derive(Debug)]
pub(super) enum Format {
    /// kubectl's table, or what a command says by itself; true for `wide`.
    Table(bool),
    Yaml,
    Json,
    Name,
    /// A template, its text, and whether its results are told as JSON.
    JsonPath(Template, String, bool),
    Columns(Vec<(String, Template)>),
}

const ALLOWED: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,\
                       jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

impl Format {
    /// The format that `-o` asks for.
    pub(super) fn of(args: &Args) -> Result<Format, Failure> {
        let text = args.flag("output").unwrap_or("");
        let (name, rest) = text.split_once('=').unwrap_or((text, ""));
        Ok(match name {
            "" => Format::Table(false),
            "wide" => Format::Table(true),
            "yaml" => Format::Yaml,
            "json" => Format::Json,
            "name" => Format::Name,
            "jsonpath" | "jsonpath-as-json" if rest.is_empty() => {
                return Err(Failure::error("template format specified but no template given"));
            }
            "jsonpath" | "jsonpath-as-json" => Format::JsonPath(
                Template::parse(rest)
                    .map_err(|error| Failure::error(&format!("error parsing jsonpath {rest}, {error}")))?,
                rest.to_owned(),
                name != "jsonpath",
            ),
            "custom-columns" => Format::Columns(custom_columns(rest)?),
            "go-template"
            | "go-template-file"
            | "template"
            | "templatefile"
            | "kyaml"
            | "jsonpath-file"
            | "custom-columns-file" => {
                let failure = Failure::error(&format!("output format \"{name}\" is not simulated"));
                return Err(failure.explain("Use -o yaml, json, name, jsonpath= or custom-columns= here."));
            }
            _ => {
                let text = format!(
                    "unable to match a printer suitable for the output format \"{name}\", \
                     allowed formats are: {ALLOWED}"
                );
                return Err(Failure::error(&text));
            }
        })
    }
}

fn custom_columns(spec: &str) -> Result<Vec<(String, Template)>, Failure> {
    if spec.is_empty() {
        return Err(Failure::error("custom-columns format specified but no custom columns given"));
    }
    let mut columns = Vec::new();
    for column in spec.split(',') {
        let Some((header, path)) = column.split_once(':') else {
            let text = format!("unexpected custom-columns spec: {column}, expected <header>:<json-path-expr>");
            return Err(Failure::error(&text));
        };
        let template = Template::parse_relaxed(path).map_err(|error| Failure::error(&error))?;
        columns.push((header.to_owned(), template));
    }
    Ok(columns)
}

/// What a table shows besides a kind's own columns.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) is_wide: bool,
    pub(super) has_namespace: bool,
    pub(super) has_kind: bool,
    pub(super) has_labels: bool,
    pub(super) label_columns: Vec<String>,
    pub(super) without_headers: bool,
}

impl Table {
    /// The rows of objects of one kind, tab-separated, headers first.
    pub(super) fn text(&self, kind: Kind, objects: &[Rc<Object>], now: crate::time::Instant) -> String {
        let filler = Filler { now, is_wide: self.is_wide };
        let mut shown: Vec<(&str, &str)> = Vec::new();
        for column in columns::of(kind).split('\n') {
            let (header, form) = column.split_once(' ').unwrap_or((column, ""));
            match header.strip_prefix('|') {
                Some(header) if self.is_wide => shown.push((header, form)),
                Some(_) => {}
                None => shown.push((header, form)),
            }
        }
        let has_namespace = self.has_namespace && kind.names().namespaced;
        let mut rows: Vec<String> = Vec::new();
        if !self.without_headers {
            let mut row = Vec::new();
            if has_namespace {
                row.push("NAMESPACE".to_owned());
            }
            for (header, _) in &shown {
                row.push(header.replace('_', " "));
            }
            for label in &self.label_columns {
                row.push(label.rsplit('/').next().unwrap_or(label).to_ascii_uppercase());
            }
            if self.has_labels {
                row.push("LABELS".to_owned());
            }
            rows.push(row.join("\t"));
        }
        for object in objects {
            let mut row = Vec::new();
            if has_namespace {
                row.push(object.namespace().to_owned());
            }
            for (header, form) in &shown {
                let cell = match *header {
                    "NAME" if self.has_kind => name_of(object),
                    _ => filler.line(form, &object.value).unwrap_or_default(),
                };
                row.push(cell.replace('\n', "\\n"));
            }
            for label in &self.label_columns {
                row.push(object.label(label).unwrap_or("").to_owned());
            }
            if self.has_labels {
                row.push(columns::some(&pairs(object.labels(), ",")));
            }
            rows.push(row.join("\t"));
        }
        rows.join("\n")
    }
}

/// Aligns a table's rows.
pub(super) fn table(text: &str) -> String {
    align(text, 6, 3)
}

/// Several objects as kubectl wraps them: `kind: List`.
fn list(objects: &[Rc<Object>]) -> Value {
    let mut list = Value::map();
    list.set(&["apiVersion"], "v1");
    list.set(&["kind"], "List");
    list.set(&["metadata", "resourceVersion"], "");
    list.set(&["items"], objects.iter().map(|object| whole(object)).collect::<Vec<_>>());
    list
}

/// An object as the server sends it: the lists of a slice are there even if they are empty.
fn whole(object: &Object) -> Value {
    let mut value = object.value.clone();
    if object.kind == Kind::EndpointSlice {
        for field in ["endpoints", "ports"] {
            if value[field].is_empty() {
                value.set(&[field], Value::Null);
            }
        }
    }
    value
}

impl Session<'_> {
    /// Prints objects in a format that is not the table; one alone is printed bare.
    pub(super) fn print_as(
        &mut self,
        format: &Format,
        objects: &[Rc<Object>],
        is_one: bool,
        has_headers: bool,
    ) -> Result<(), Failure> {
        let tree = || match objects {
            [object] if is_one => whole(object),
            _ => list(objects),
        };
        match format {
            Format::Table(_) => {}
            Format::Yaml => self.print(&yaml::emit(&tree())),
            Format::Json => self.print(&json::emit_pretty(&tree())),
            Format::Name => objects.iter().for_each(|object| self.print_line(&name_of(object))),
            Format::JsonPath(template, text, is_json) => {
                let tree = tree();
                let rendered = if *is_json { template.render_json(&tree) } else { template.render(&tree) };
                self.print(&rendered.map_err(|why| not_rendered(text, &why, &tree))?);
            }
            Format::Columns(columns) => {
                let mut rows: Vec<String> = Vec::new();
                if has_headers {
                    let mut row = Vec::new();
                    for (header, _) in columns {
                        row.push(header.as_str());
                    }
                    rows.push(row.join("\t"));
                }
                for object in objects {
                    let mut row = Vec::new();
                    for (_, template) in columns {
                        row.push(columns::some(&plain_words(&template.find(&object.value)).join(",")));
                    }
                    rows.push(row.join("\t"));
                }
                self.print(&table(&rows.join("\n")));
                self.print("\n");
            }
        }
        Ok(())
    }

    /// What a command that changed an object says: `service/web created`, or the object in the format of `-o`.
    pub(super) fn report(&mut self, args: &Args, object: &Rc<Object>, done: &str) -> Result<(), Failure> {
        let dry = match args.flag("dry-run") {
            Some("client" | "true" | "unchanged") => " (dry run)",
            Some("server") => " (server dry run)",
            _ => "",
        };
        match Format::of(args)? {
            Format::Table(_) => {
                self.print_line(&format!("{} {done}{dry}", name_of(object)));
                if matches!(done, "created" | "configured" | "replaced") {
                    super::unsimulated::tell(&mut self.output.hint, object);
                }
                Ok(())
            }
            format => self.print_as(&format, core::slice::from_ref(object), true, true),
        }
    }
}

/// Source: kubernetes staging/src/k8s.io/cli-runtime/pkg/printers/jsonpath.go.
fn not_rendered(text: &str, why: &str, tree: &Value) -> Failure {
    let mut told = format!(
        "error executing jsonpath {}: Error executing template: {why}. Printing more information for debugging the \
         template:\n\ttemplate was:\n\t\t{text}\n\tobject given to jsonpath engine was:\n\t\t",
        Quoted(text)
    );
    super::jsonpath::go_syntax(tree, &mut told);
    told.push_str("\n\n");
    Failure::error(&told)
}

/// A value in a column: lists and maps as Go prints them.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Map(_) => {
            let mut fields = Vec::new();
            for (name, field) in value.fields() {
                fields.push(format!("{name}:{}", plain(field)));
            }
            format!("map[{}]", fields.join(" "))
        }
        Value::List(items) => format!("[{}]", plain_words(&Vec::from_iter(items.iter())).join(" ")),
        Value::Null => "<nil>".to_string(),
        other => show(other),
    }
}

fn plain_words(values: &[&Value]) -> Vec<String> {
    let mut words = Vec::new();
    for value in values {
        words.push(plain(value));
    }
    words
}
