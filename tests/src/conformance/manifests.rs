//! Groups `validation` and `defaulting`: one manifest, created or written over another.

use super::{
    Case,
    tree::{Fail, Tree, check},
    world,
};
use clusterip::{
    api::{ApiError, schema},
    cluster::Cluster,
};
use std::net::IpAddr;

/// Whether a manifest is taken, and in which words it is refused.
pub(super) fn validation(case: Case<'_>) -> Result<(), Fail> {
    case.only(&["cluster", "op", "existing", "manifest", "expect"])?;
    let expect = case.get("expect");
    expect.only(
        "expect",
        &["result", "http", "statusReason", "errors", "alternative_errors", "kubectl", "stage", "stored", "fields"],
    )?;
    let mut by_kubectl = prepared(case)?;
    let verb = verb(case)?;
    let manifest = case.get("manifest").text();
    let output = world::kubectl(&mut by_kubectl, &format!("kubectl {verb} -f -"), manifest);
    match expect["result"].text() {
        "accept" if output.exit_code == 0 => {
            let object = first_object(&by_kubectl, manifest)?;
            expect["stored"].fields().try_for_each(|(path, value)| field(&object, path, value))
        }
        "accept" => Err(Fail::new("accepted", output.stderr)),
        "reject" if output.exit_code == 0 => Err(Fail::new("rejected", output.stdout)),
        "reject" => {
            let refused = refusal(case)?;
            let right = |key: &str| {
                let is_alternative = key == "alternative_errors";
                if !expect.has(key) {
                    return if is_alternative { Err(Fail::new("an alternative", "none")) } else { Ok(()) };
                }
                errors(&expect[key], refused.as_ref())
            };
            // An alternative has words of its own, which the case does not give.
            if right("alternative_errors").is_ok() {
                return Ok(());
            }
            right("errors")?;
            status(expect, refused.as_ref())?;
            match expect["kubectl"].text() {
                "" => Ok(()),
                words => same_words(words, &output.stderr),
            }
        }
        other => Err(Fail::unknown("result", other)),
    }
}

/// Which values a manifest has once it is stored.
pub(super) fn defaulting(case: Case<'_>) -> Result<(), Fail> {
    case.only(&["cluster", "op", "existing", "manifest", "expect"])?;
    let expect = case.get("expect");
    expect.only("expect", &["fields", "absent"])?;
    let mut cluster = prepared(case)?;
    let verb = verb(case)?;
    let manifest = case.get("manifest").text();
    let output = world::kubectl(&mut cluster, &format!("kubectl {verb} -f -"), manifest);
    if output.exit_code != 0 {
        return Err(Fail::new("accepted", output.stderr));
    }
    let object = first_object(&cluster, manifest)?;
    expect["fields"].fields().try_for_each(|(path, value)| field(&object, path, value))?;
    for path in expect["absent"].texts() {
        let value = object.at(path);
        if !value.is_null() {
            return Err(Fail::new(format!("no {path}"), value));
        }
    }
    Ok(())
}

fn verb(case: Case<'_>) -> Result<&str, Fail> {
    match case.get("op").text() {
        verb @ ("create" | "replace") => Ok(verb),
        other => Err(Fail::unknown("op", other)),
    }
}

/// A cluster with the object that the manifest is to be written over, if there is one.
fn prepared(case: Case<'_>) -> Result<Cluster, Fail> {
    let mut cluster = world::start(world::named(&case.table.root, case.get("cluster").text())?)?;
    if case.case.has("existing") {
        world::create(&mut cluster, case.get("existing").text(), "default")?;
    }
    Ok(cluster)
}

/// What the API server itself says to the manifest, if it gets to see it.
fn refusal(case: Case<'_>) -> Result<Option<ApiError>, Fail> {
    if case.get("expect")["stage"].text() == "client" {
        return Ok(None);
    }
    let mut cluster = prepared(case)?;
    let verb = verb(case)?;
    for mut object in world::objects(case.get("manifest").text(), "default")? {
        if let Err(error) = schema::decode(object.kind, &mut object.value) {
            return Ok(Some(error));
        }
        let answer = if verb == "create" { cluster.create(object) } else { cluster.replace(object) };
        if let Err(error) = answer {
            return Ok(Some(error));
        }
    }
    Ok(None)
}

/// Compares `{field, reason}` as a multiset.
fn errors(expected: &Tree, refused: Option<&ApiError>) -> Result<(), Fail> {
    let text = |error: &Tree| -> Result<String, Fail> {
        error.only("error", &["field", "reason", "message"])?;
        Ok(format!("{} {}", error["field"].text(), error["reason"].text()))
    };
    let mut expected = expected.items().iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let causes = refused.map_or(&[][..], |error| &error.causes);
    let mut got: Vec<String> = causes.iter().map(|cause| format!("{} {:?}", cause.field, cause.reason)).collect();
    expected.sort();
    got.sort();
    check("causes", &expected, &got)
}

fn status(expect: &Tree, refused: Option<&ApiError>) -> Result<(), Fail> {
    match expect["stage"].text() {
        "" | "decode" => {}
        "client" => return Ok(()),
        other => return Err(Fail::unknown("stage", other)),
    }
    let Some(error) = refused else { return Err(Fail::new("refused by the API server", "accepted by it")) };
    if let Some(http) = expect["http"].int() {
        check("status code", &http, &i64::from(error.code))?;
    }
    match expect["statusReason"].text() {
        "" => Ok(()),
        reason => check("reason", &reason.to_string(), &format!("{:?}", error.reason)),
    }
}

/// Compares kubectl's words; `<allocated-ip>` stands for any address.
pub(super) fn same_words(expected: &str, got: &str) -> Result<(), Fail> {
    let (expected, got) = (expected.trim_end(), got.trim_end());
    let is_same = match expected.split_once("<allocated-ip>") {
        None => expected == got,
        Some((before, after)) => {
            let between = got.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            between.is_some_and(|text| text.parse::<IpAddr>().is_ok())
        }
    };
    if is_same { Ok(()) } else { Err(Fail::new(expected, got)) }
}

fn first_object(cluster: &Cluster, manifest: &str) -> Result<Tree, Fail> {
    let objects = world::objects(manifest, "default")?;
    let object = objects.first().ok_or_else(|| Fail::new("an object", "an empty manifest"))?;
    let found = world::stored(cluster, object.kind, object.namespace(), object.name());
    found.ok_or_else(|| Fail::new(format!("{} stored", object.key()), "nothing"))
}

/// Compares one stored value with what is wanted: a value, or one of the forms `<ip-in CIDR>`, `<int A-B>` and `<same-as PATH>`.
pub(super) fn field(object: &Tree, path: &str, expected: &Tree) -> Result<(), Fail> {
    let got = object.at(path);
    if is_like(object, expected, got)? {
        Ok(())
    } else {
        Err(Fail::new(format!("{path} = {expected}"), format!("{path} = {got}")))
    }
}

fn is_like(object: &Tree, expected: &Tree, got: &Tree) -> Result<bool, Fail> {
    Ok(match expected {
        Tree::Text(text) => match text.strip_prefix('<').and_then(|form| form.strip_suffix('>')) {
            Some(form) => is_of_form(object, form, got)?,
            None => expected == got,
        },
        Tree::List(items) => {
            let same_length = items.len() == got.items().len();
            same_length
                && items
                    .iter()
                    .zip(got.items())
                    .map(|(item, got)| is_like(object, item, got))
                    .collect::<Result<Vec<bool>, Fail>>()?
                    .into_iter()
                    .all(|like| like)
        }
        other => other == got,
    })
}

fn is_of_form(object: &Tree, form: &str, got: &Tree) -> Result<bool, Fail> {
    let (word, rest) = form.split_once(' ').unwrap_or((form, ""));
    match word {
        "ip-in" => {
            let range = if rest == "SERVICE-CIDR" { "10.96.0.0/12" } else { rest };
            let range: clusterip::net::Cidr = world::parsed("address range", range)?;
            Ok(got.text().parse().is_ok_and(|address| range.contains(address)))
        }
        "int" => {
            let (from, to) = rest.split_once('-').ok_or_else(|| Fail::unknown("range", rest))?;
            let (from, to) = (world::parsed::<i64>("number", from)?, world::parsed::<i64>("number", to)?);
            Ok(got.int().is_some_and(|number| (from..=to).contains(&number)))
        }
        "same-as" => Ok(!got.is_null() && object.at(rest) == got),
        _ => Err(Fail::unknown("value form", form)),
    }
}
