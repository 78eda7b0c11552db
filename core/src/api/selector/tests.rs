use super::*;

fn labels(pairs: &[(&str, &str)]) -> Value {
    let mut value = Value::map();
    for (key, text) in pairs {
        value.set(&[key], *text);
    }
    value
}

fn error(text: &str) -> String {
    text.parse::<Selector>().unwrap_err().0
}

#[test]
fn every_operator_of_the_grammar_matches_as_kubectl_does() {
    let pod = labels(&[("app", "web"), ("tier", "front"), ("size", "10")]);
    for (text, expected) in [
        ("app=web", true),
        ("app==web", true),
        ("app!=web", false),
        ("nope!=x", true),
        ("app in (web, api)", true),
        ("app notin (web)", false),
        ("nope notin (x)", true),
        ("app", true),
        ("!app", false),
        ("!nope", true),
        ("size>9", true),
        ("size<10", false),
        ("app>1", false),
        ("app=web,tier=back", false),
        ("", true),
        ("app=", false),
        ("in in (in)", false),
        ("  app  =  web  ", true),
        ("nope in ()", false),
    ] {
        assert_eq!(text.parse::<Selector>().unwrap().matches(&pod), expected, "{text}");
    }
}

#[test]
fn a_text_that_is_no_selector_is_refused_in_upstreams_words() {
    assert_eq!(error("a,"), "found '', expected: identifier after ','");
    assert_eq!(error(","), "found ',', expected: !, identifier, or 'end of string'");
    assert_eq!(error("a b"), "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
    assert_eq!(error("a in b"), "unable to parse requirement: found 'b' expected: '('");
    assert_eq!(error("a in (b"), "unable to parse requirement: found '', expected: ',' or ')'");
    assert_eq!(
        error("a>x"),
        "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"
    );
    assert_eq!(error("a=b c"), "found 'c', expected: ',' or 'end of string'");
    assert!(
        error("?a=b").starts_with("unable to parse requirement: <nil>: Invalid value: \"?a\": name part must consist")
    );
    assert!(
        error("a=b&&c=d")
            .starts_with("unable to parse requirement: values[0][a]: Invalid value: \"b&&c\": a valid label")
    );
}

#[test]
fn a_label_selector_ands_its_parts_and_a_missing_one_selects_nothing() {
    let mut selector = Value::map();
    assert!(label_selector_matches(&selector, &labels(&[])));
    assert!(!label_selector_matches(&Value::Null, &labels(&[])));
    selector.set(&["matchLabels", "app"], "web");
    let mut expression = labels(&[("key", "tier"), ("operator", "In")]);
    expression.set(&["values"], alloc::vec!["a"]);
    selector.set(&["matchExpressions"], alloc::vec![expression]);
    assert!(label_selector_matches(&selector, &labels(&[("app", "web"), ("tier", "a")])));
    assert!(!label_selector_matches(&selector, &labels(&[("app", "web")])));
    assert!(!label_selector_matches(&selector, &labels(&[("tier", "a")])));
}

#[test]
fn a_selector_prints_as_it_is_asked_for() {
    let selector: Selector = "b notin (y,x), a=1, !c, d, e in (z)".parse().unwrap();
    assert_eq!(selector.to_string(), "a=1,b notin (x,y),!c,d,e in (z)");
}
