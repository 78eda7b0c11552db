//! `-o jsonpath`: a template over a value tree.
//!
//! Source: kubernetes staging/src/k8s.io/client-go/util/jsonpath (parser.go, jsonpath.go).

use crate::api::{Value, json};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// A template that was read.
#[derive(Debug)]
pub(super) struct Template(Vec<Node>);

#[derive(Debug)]
enum Node {
    Text(String),
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

    /// The text it gives for a tree.
    pub(super) fn render(&self, root: &Value) -> String {
        let mut out = String::new();
        render(&self.0, root, root, &mut out);
        out
    }

    /// What its only path finds.
    pub(super) fn find<'a>(&self, root: &'a Value) -> Vec<&'a Value> {
        let mut found = Vec::new();
        for node in &self.0 {
            if let Node::Path(steps) = node {
                found.extend(walk(steps, root, root));
            }
        }
        found
    }
}

/// A value as a template shows it: text bare, trees as JSON.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => json::emit(other),
    }
}

fn render(nodes: &[Node], root: &Value, current: &Value, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Path(steps) => {
                for (at, value) in walk(steps, root, current).into_iter().enumerate() {
                    out.push_str(if at > 0 { " " } else { "" });
                    out.push_str(&show(value));
                }
            }
            Node::Range(steps, body) => {
                for item in walk(steps, root, current) {
                    render(body, root, item, out);
                }
            }
        }
    }
}

fn walk<'a>(steps: &[Step], root: &'a Value, current: &'a Value) -> Vec<&'a Value> {
    let mut values = alloc::vec![current];
    for step in steps {
        let mut next = Vec::new();
        for value in values {
            apply(step, root, value, &mut next);
        }
        values = next;
    }
    values
}

fn apply<'a>(step: &Step, root: &'a Value, value: &'a Value, found: &mut Vec<&'a Value>) {
    let items = value.items();
    let place = |at: i64| if at < 0 { at + items.len() as i64 } else { at };
    match step {
        Step::Root => found.push(root),
        Step::Field(name) => found.extend(value.as_map().and_then(|map| map.get(name))),
        Step::Every => {
            found.extend(children(value));
        }
        Step::Recursive => {
            found.push(value);
            for child in children(value) {
                apply(step, root, child, found);
            }
        }
        Step::Index(at) => found.extend(usize::try_from(place(*at)).ok().and_then(|at| items.get(at))),
        Step::Slice(from, to, by) => {
            let end = to.map_or(items.len() as i64, place).min(items.len() as i64);
            let mut at = from.map_or(0, place).max(0);
            while at < end {
                found.push(&items[at as usize]);
                at = at.saturating_add((*by).max(1));
            }
        }
        Step::Union(parts) => parts.iter().for_each(|part| found.extend(walk(part, root, value))),
        Step::Filter(left, operator, right) => {
            found.extend(items.iter().filter(|item| {
                let left = walk(left, root, item);
                let right = match right {
                    Operand::None => return !left.is_empty(),
                    Operand::Literal(value) => alloc::vec![value],
                    Operand::Path(steps) => walk(steps, root, item),
                };
                matches!((left.first(), right.first()), (Some(left), Some(right)) if holds(left, operator, right))
            }));
        }
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

fn holds(left: &Value, operator: &str, right: &Value) -> bool {
    let order = match (left.as_int(), right.as_int()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => show(left).cmp(&show(right)),
    };
    match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn eat(&mut self, mark: &str) -> bool {
        let found = self.rest().starts_with(mark);
        self.at += if found { mark.len() } else { 0 };
        found
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, keep: impl Fn(char) -> bool) -> String {
        let end = self.rest().find(|c| !keep(c)).unwrap_or(self.rest().len());
        let taken = self.rest()[..end].to_owned();
        self.at += end;
        taken
    }

    fn nodes(&mut self, in_range: bool) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        while !self.rest().is_empty() {
            if !self.eat("{") {
                nodes.push(Node::Text(self.take(|c| c != '{')));
                continue;
            }
            self.skip_blanks();
            if self.eat("end") {
                self.close()?;
                return if in_range { Ok(nodes) } else { Err("not in range, nothing to end".to_owned()) };
            }
            if self.rest().starts_with("range ") {
                self.at += "range".len();
                self.skip_blanks();
                let steps = self.steps()?;
                self.close()?;
                let body = self.nodes(true)?;
                nodes.push(Node::Range(steps, body));
                continue;
            }
            if self.rest().starts_with(['"', '\'']) {
                nodes.push(Node::Text(self.quoted()?));
            } else {
                let steps = self.steps()?;
                nodes.push(Node::Path(steps));
            }
            self.close()?;
        }
        if in_range { Err("unterminated range".to_owned()) } else { Ok(nodes) }
    }

    fn close(&mut self) -> Result<(), String> {
        self.skip_blanks();
        if self.eat("}") {
            return Ok(());
        }
        match self.rest().chars().next() {
            Some(c) => Err(format!("unrecognized character in action: U+{:04X} '{c}'", c as u32)),
            None => Err("unclosed action".to_owned()),
        }
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mark = self.text.as_bytes()[self.at] as char;
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == mark => {
                    self.at += at + 1;
                    return Ok(out);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, c)) => out.push(c),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err("unterminated quoted string".to_owned())
    }

    fn steps(&mut self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        loop {
            if self.eat("$") {
                steps.push(Step::Root);
            } else if self.eat("..") {
                steps.push(Step::Recursive);
                if !self.rest().starts_with('[') {
                    self.field(&mut steps);
                }
            } else if self.eat(".") {
                if !self.rest().starts_with('[') {
                    self.field(&mut steps);
                }
            } else if self.eat("@") {
                // The current object, where a path starts anyway.
            } else if self.eat("[") {
                let step = self.bracket()?;
                steps.push(step);
            } else {
                return Ok(steps);
            }
        }
    }

    fn field(&mut self, steps: &mut Vec<Step>) {
        let mut name = String::new();
        loop {
            name.push_str(&self.take(|c| !".[]{}()=<>!,\\".contains(c) && !c.is_whitespace()));
            if !self.eat("\\") {
                break;
            }
            let escaped = self.rest().chars().next();
            name.extend(escaped);
            self.at += escaped.map_or(0, char::len_utf8);
        }
        match &*name {
            "" => {}
            "*" => steps.push(Step::Every),
            _ => steps.push(Step::Field(name)),
        }
    }

    fn bracket(&mut self) -> Result<Step, String> {
        if self.eat("?(") {
            let step = self.filter()?;
            return if self.eat(")]") { Ok(step) } else { Err("unterminated filter".to_owned()) };
        }
        let mut parts = Vec::new();
        loop {
            self.skip_blanks();
            if self.rest().starts_with(['"', '\'']) {
                parts.push(Step::Field(self.quoted()?));
            } else {
                let word = self.take(|c| c != ',' && c != ']');
                parts.push(array(word.trim())?);
            }
            self.skip_blanks();
            if self.eat("]") {
                break;
            }
            if !self.eat(",") {
                return Err("unterminated array".to_owned());
            }
        }
        if parts.len() == 1 {
            return Ok(parts.swap_remove(0));
        }
        Ok(Step::Union(parts.into_iter().map(|part| alloc::vec![part]).collect()))
    }

    fn filter(&mut self) -> Result<Step, String> {
        self.skip_blanks();
        let left = self.steps()?;
        self.skip_blanks();
        let operator = self.take(|c| "=!<>".contains(c));
        self.skip_blanks();
        let right = if operator.is_empty() {
            Operand::None
        } else if self.rest().starts_with(['"', '\'']) {
            Operand::Literal(self.quoted()?.into())
        } else if self.rest().starts_with(['@', '$', '.']) {
            Operand::Path(self.steps()?)
        } else {
            let word = self.take(|c| c != ')');
            let word = word.trim();
            Operand::Literal(json::parse(word).unwrap_or_else(|_| word.into()))
        };
        self.skip_blanks();
        Ok(Step::Filter(left, operator, right))
    }
}

fn array(word: &str) -> Result<Step, String> {
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| format!("invalid array index {text}"));
    if word == "*" {
        return Ok(Step::Every);
    }
    if !word.contains(':') {
        return Ok(Step::Index(number(word)?));
    }
    let mut parts = word.split(':').map(|part| if part.is_empty() { Ok(None) } else { number(part).map(Some) });
    let mut next = || parts.next().unwrap_or(Ok(None));
    Ok(Step::Slice(next()?, next()?, next()?.unwrap_or(1)))
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
            ("{.items[0]['name','ports'][0].port}", "80"),
            ("{.items[?(@.ports[0].port>80)].name}", "b"),
            ("{.nothing}", ""),
            ("{.items[0].ports[0]}", "{\"name\":\"x\",\"port\":80}"),
            ("{$.items[0].name}", "a"),
        ];
        for (template, expected) in cases {
            assert_eq!(Template::parse(template).unwrap().render(&tree()), expected, "{template}");
        }
        for (template, _) in cases {
            let ends = template.char_indices().map(|(end, _)| end);
            // Whatever is cut off, reading it ends in words.
            let read =
                ends.filter_map(|end| Template::parse(&template[..end]).ok()).map(|cut| cut.render(&tree()).len());
            assert!(read.count() >= 1, "{template}");
        }
        assert!(Template::parse("{.items").is_err());
        assert!(Template::parse("{range .items[*]}").is_err());
    }
}
