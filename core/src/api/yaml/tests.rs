use super::*;
use alloc::vec;

fn one(text: &str) -> Value {
    parse(text).remove(0).unwrap().value
}

#[test]
fn unquoted_words_mean_what_yaml_1_1_says() {
    let value =
        one("a: yes\nb: 'yes'\nc: \"no\"\nd: off\ne: 010\nf: 1_000\ng: 0x1f\nh: 1e3\ni: 80.50\nj: ~\nk: 089\nl: y\n");
    assert_eq!(value["a"], Value::Bool(true));
    assert_eq!(value["b"].str(), "yes");
    assert_eq!(value["c"].str(), "no");
    assert_eq!(value["d"], Value::Bool(false));
    assert_eq!(value["e"], Value::Int(8));
    assert_eq!(value["f"], Value::Int(1000));
    assert_eq!(value["g"], Value::Int(31));
    assert_eq!(value["h"], Value::Int(1000));
    assert_eq!(value["i"], Value::Decimal("80.5".into()));
    assert!(value["j"].is_null());
    assert_eq!(value["k"], Value::Int(89));
    assert_eq!(value["l"], Value::Bool(true));
}

#[test]
fn addresses_versions_and_times_stay_text() {
    let value = one("a: 10.96.0.10\nb: fd00::1\nc: 1.2.3\nd: 2020-01-01\ne: 12:30\nf: v1\ng: '80'\n");
    for (name, text) in
        [("a", "10.96.0.10"), ("b", "fd00::1"), ("c", "1.2.3"), ("d", "2020-01-01"), ("e", "12:30"), ("g", "80")]
    {
        assert_eq!(value[name].as_str(), Some(text));
    }
}

#[test]
fn decimals_inside_lists_and_odd_keys_keep_their_digits() {
    let value = one("a.b/c:\n- x: 0.1\n- [1.5, 2.25]\n");
    assert_eq!(value["a.b/c"][0]["x"], Value::Decimal("0.1".into()));
    assert_eq!(value["a.b/c"][1][1], Value::Decimal("2.25".into()));
}

#[test]
fn decimals_survive_double_keys_merges_and_great_numbers_of_them() {
    let value = one("a: 0.5\na: 1.5\nb: &b {k: 2.5}\nc: {<<: *b}\n1: 0.25\nyes: 0.75\n");
    let decimal = |text: &str| Value::Decimal(text.into());
    assert_eq!((&value["a"], &value["b"]["k"], &value["c"]["k"]), (&decimal("1.5"), &decimal("2.5"), &decimal("2.5")));
    assert_eq!((&value["1"], &value["true"]), (&decimal("0.25"), &decimal("0.75")));
    let many = one(&"- 0.5\n".repeat(20_000));
    assert!(many.items().iter().all(|item| *item == decimal("0.5")));
}

#[test]
fn the_last_of_two_equal_keys_counts_and_is_told() {
    let found = parse("spec:\n  type: ClusterIP\n  type: NodePort\n").remove(0).unwrap();
    assert_eq!(found.value["spec"]["type"].str(), "NodePort");
    assert_eq!(found.duplicates, ["spec.type"]);
}

#[test]
fn documents_and_lists_become_objects_with_their_places() {
    let text = "# one\nkind: A\n---\n\n---\nkind: List\nitems:\n- kind: B\n  spec:\n    port: 5\n- kind: C\n";
    let found: Vec<Manifest> = parse(text).into_iter().map(Result::unwrap).collect();
    let kinds: Vec<&str> = found.iter().map(|m| m.value["kind"].str()).collect();
    assert_eq!(kinds, ["A", "B", "C"]);
    assert_eq!(found[1].position(text, "spec.port"), Some(Position { line: 10, column: 11 }));
    assert_eq!(found[1].position(text, "spec.ports[0].name").map(|p| p.line), Some(10));
    assert_eq!(found[0].position(text, "kind"), Some(Position { line: 2, column: 7 }));
}

#[test]
fn a_broken_document_does_not_hide_the_next_one() {
    let found = parse("a: b: c\n---\nkind: A\n");
    let error = found[0].as_ref().unwrap_err();
    assert_eq!(error.message, "yaml: mapping values are not allowed in this context");
    assert_eq!(error.position.map(|p| p.line), Some(1));
    assert!(found[1].is_ok());
}

#[test]
fn anchors_and_merge_keys_work() {
    let value = one("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\n");
    assert_eq!(value["b"]["k"], Value::Int(1));
    assert_eq!(value["b"]["l"], Value::Int(3));
}

#[test]
fn text_is_printed_in_the_plainest_style_that_reads_back() {
    let mut value = Value::map();
    for (name, text) in [
        ("a", "plain"),
        ("b", "80"),
        ("c", "yes"),
        ("d", "a: b"),
        ("e", ""),
        ("f", "two\nlines\n"),
        ("g", "*"),
        ("h", "2024-01-01T00:00:00Z"),
        ("i", "it's"),
        ("j", "- x"),
        ("k", "10.96.0.1"),
        ("l", "a #b"),
        ("m", "fd00::1"),
        ("n", "bell\u{7}"),
    ] {
        value.set(&[name], text);
    }
    let text = emit(&value);
    assert_eq!(
        text,
        "a: plain\nb: \"80\"\nc: \"yes\"\nd: 'a: b'\ne: \"\"\nf: |\n  two\n  lines\ng: '*'\nh: \"2024-01-01T00:00:00Z\"\n\
         i: it's\nj: '- x'\nk: 10.96.0.1\nl: 'a #b'\nm: fd00::1\n\"n\": \"bell\\a\"\n"
    );
    assert_eq!(one(&text), value);
}

#[test]
fn lists_are_not_indented_under_their_key() {
    let mut value = Value::map();
    let mut port = Value::map();
    port.set(&["name"], "http");
    port.set(&["port"], 80);
    value.set(&["spec", "ports"], vec![port.clone(), port]);
    value.set(&["spec", "none"], Vec::<Value>::new());
    value.set(&["spec", "nested"], vec![Value::from(vec![1, 2]), Value::from(vec![3])]);
    let text = emit(&value);
    assert_eq!(
        text,
        "spec:\n  nested:\n  - - 1\n    - 2\n  - - 3\n  none: []\n  ports:\n  - name: http\n    port: 80\n  - name: http\n    \
         port: 80\n"
    );
    assert_eq!(one(&text), value);
}

#[test]
fn long_text_is_folded_at_a_blank_after_eighty_columns() {
    let mut value = Value::map();
    value.set(&["message"], "word ".repeat(30).trim_end());
    let text = emit(&value);
    assert!(text.lines().all(|line| line.len() <= 85), "{text}");
    assert_eq!(one(&text), value);
}

#[test]
fn syntax_errors_count_lines_as_kubectl_does() {
    let message = |text: &str| parse(text).remove(0).unwrap_err().message;
    assert_eq!(message("a: 1\nb: c: d\n"), "yaml: line 2: mapping values are not allowed in this context");
    assert_eq!(message("a:\n  b: 1\n c: 2\n"), "yaml: line 2: did not find expected key");
    assert_eq!(message("a:\n\tb: 1\n"), "yaml: line 2: found character that cannot start any token");
    assert_eq!(message("---\na: 1\nb: c: d\n"), "yaml: line 3: mapping values are not allowed in this context");
}

#[test]
fn nothing_but_a_comment_stands_behind_a_separator() {
    let found = parse("kind: A\n--- # next\nkind: B\n--- kind: C\n");
    assert_eq!(found.len(), 2, "the document before a bad separator is lost, as in kubectl");
    assert_eq!(found[1].as_ref().unwrap_err().message, "invalid Yaml document separator: kind: C");
}

#[test]
fn brackets_in_brackets_are_refused_before_the_scanner_counts_them() {
    let error = parse(&"[".repeat(200_000)).remove(0).unwrap_err();
    assert!(error.message.ends_with("exceeded max depth of 10000"), "{error}");
    assert!(parse(&"a: '['\n---\n".repeat(20_000)).iter().all(Result::is_ok));
}
