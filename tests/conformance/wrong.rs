//! Expectations made wrong on purpose.

use super::{TABLES, parsed, text};
use serde_yaml::{Mapping, Value};
use tests::conformance::{Filter, Table};

/// How many values of one case are made wrong, one at a time.
const TRIES: usize = 12;

#[test]
fn every_case_that_passes_fails_once_its_expectation_is_wrong() {
    for name in TABLES {
        let root: Value = serde_yaml::from_str(&text(name)).unwrap();
        for case in passing(&root) {
            let leaves = expectations(&case);
            let count: usize = leaves.len();
            assert!(count > 0, "{name}: {} expects nothing", id(&case));
            let step = count.div_ceil(TRIES);
            let noticed = leaves.iter().step_by(step).any(|path| {
                let mut wrong = case.clone();
                match absence(path) {
                    Some(there) => *at_mut(&mut wrong, path) = there.into(),
                    None => spoil(at_mut(&mut wrong, path)),
                }
                !passes(&root, wrong)
            });
            assert!(noticed, "{name}: {} passes whatever it expects", id(&case));
        }
    }
}

#[test]
fn what_nobody_knows_is_a_failure_and_not_skipped() {
    for name in TABLES {
        let root: Value = serde_yaml::from_str(&text(name)).unwrap();
        let Some(case) = passing(&root).into_iter().next() else { continue };
        let mut strange = case.clone();
        strange.as_mapping_mut().unwrap().insert("nonsense".into(), 1.into());
        assert!(!passes(&root, strange), "{name}: an unknown key of the case");
        let mut strange = case.clone();
        let path: Vec<Step> = expectations(&case).into_iter().next().unwrap();
        let cut = path.iter().position(|step| matches!(step, Step::Key(key) if is_expectation(key))).unwrap() + 1;
        let Value::Mapping(expect) = at_mut(&mut strange, &path[..cut]) else { continue };
        expect.insert("nonsense".into(), 1.into());
        assert!(!passes(&root, strange), "{name}: an unknown expectation");
        let mut other = root.clone();
        other.as_mapping_mut().unwrap().insert("group".into(), "nonsense".into());
        assert!(!passes(&other, case), "{name}: an unknown group");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

fn is_expectation(key: &str) -> bool {
    ["expect", "then", "expect_bands", "match"].contains(&key)
}

/// The table's cases that pass as they are.
fn passing(root: &Value) -> Vec<Value> {
    let verdicts = table(root).run(&Filter::default());
    let cases = root["cases"].as_sequence().unwrap().iter().cloned();
    cases.zip(verdicts).filter(|(_, verdict)| verdict.passed()).map(|(case, _)| case).collect()
}

/// Whether a case passes in place of the table's own.
fn passes(root: &Value, case: Value) -> bool {
    let mut root = root.clone();
    root["cases"] = Value::Sequence(vec![case]);
    let verdicts = table(&root).run(&Filter::default());
    assert_eq!(verdicts.len(), 1);
    verdicts[0].passed()
}

fn table(root: &Value) -> Table {
    parsed(&serde_yaml::to_string(root).unwrap())
}

fn id(case: &Value) -> &str {
    case["id"].as_str().unwrap_or("?")
}

/// The paths to every value that something is compared with.
fn expectations(case: &Value) -> Vec<Vec<Step>> {
    let mut found = Vec::new();
    walk(case, &mut Vec::new(), false, &mut found);
    found
}

fn walk(value: &Value, path: &mut Vec<Step>, inside: bool, found: &mut Vec<Vec<Step>>) {
    match value {
        Value::Mapping(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let key = key.as_str().unwrap_or("").to_string();
                let inside = inside || is_expectation(&key);
                path.push(Step::Key(key));
                walk(value, path, inside, found);
                path.pop();
            }
        }
        Value::Sequence(items) if !items.is_empty() => {
            for (at, value) in items.iter().enumerate() {
                path.push(Step::Index(at));
                walk(value, path, inside, found);
                path.pop();
            }
        }
        _ if inside => found.push(path.clone()),
        _ => {}
    }
}

fn at_mut<'a>(value: &'a mut Value, path: &[Step]) -> &'a mut Value {
    path.iter().fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key.as_str()).unwrap(),
        Step::Index(at) => value.get_mut(*at).unwrap(),
    })
}

/// Something that is always there, for lists of what must not be.
fn absence(path: &[Step]) -> Option<&'static str> {
    path.iter().find_map(|step| match step {
        Step::Key(key) if key == "env_absent" => Some("PATH"),
        Step::Key(key) if key == "absent" => Some("metadata.name"),
        _ => None,
    })
}

/// Makes a value another one of its kind.
fn spoil(value: &mut Value) {
    *value = match &*value {
        Value::Bool(truth) => (!truth).into(),
        Value::Number(number) => (number.as_i64().unwrap_or(0) + 1000).into(),
        Value::String(text) => match text.parse::<std::net::IpAddr>() {
            Ok(_) => "203.0.113.99".into(),
            Err(_) => format!("{text}x").into(),
        },
        Value::Sequence(_) => Value::Sequence(vec![Value::Mapping(Mapping::new())]),
        Value::Mapping(_) => Value::Mapping(Mapping::from_iter([("WRONG".into(), "x".into())])),
        _ => "x".into(),
    };
}
