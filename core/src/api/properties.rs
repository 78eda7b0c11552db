//! Any tree reads back as it was printed, and no text makes the readers or the judges panic.

use super::{Kind, Map, Object, Value, json, selector::Selector, yaml};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,8}",
        "[ -~]{0,20}",
        "[-?:,\\[\\]{}#&*!|>'\"%@` \n\ta0.~=]{0,8}",
        "[0-9xeob_.:+-]{0,8}",
        ".{0,12}",
        "([a-z:#'\"-]{1,12} ?){0,20}",
        Just("yes".to_string()),
        Just("null".to_string()),
        Just("<<".to_string()),
        Just("2020-01-01".to_string()),
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        text().prop_map(Value::String),
        Just(Value::Decimal("80.5".into())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4)
                .prop_map(|fields| Value::Map(fields.into_iter().filter(|(name, _)| name != "<<").collect::<Map>())),
        ]
    })
}

/// Carriage returns and the like are normalized by every YAML reader; they cannot come back from a block.
fn is_stable(value: &Value) -> bool {
    !yaml::emit(value).contains('\r')
}

proptest! {
    #[test]
    fn json_reads_back(value in tree()) {
        prop_assert_eq!(&json::parse(&json::emit(&value)).unwrap(), &value);
        prop_assert_eq!(&json::parse(&json::emit_pretty(&value)).unwrap(), &value);
    }

    #[test]
    fn yaml_reads_back(value in tree()) {
        prop_assume!(is_stable(&value));
        let text = yaml::emit(&value);
        let back = yaml::parse_value(&text);
        prop_assert_eq!(back.as_ref().ok(), Some(&value), "{}", text);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in ".{0,200}") {
        drop(json::parse(&text));
        drop(text.parse::<Selector>());
        for manifest in yaml::parse(&text).into_iter().flatten() {
            manifest.position(&text, "spec.ports[0].port");
        }
    }

    #[test]
    fn no_selector_makes_the_parser_panic(text in "[a-z=!,() in><\u{0}]{0,30}") {
        if let Ok(selector) = text.parse::<Selector>() {
            let again = selector.to_string().parse::<Selector>();
            prop_assert!(again.is_ok(), "{} became {}", text, selector);
        }
    }

    #[test]
    fn no_tree_makes_a_judge_panic(mut value in tree(), kind in 0..Kind::ALL.len(), spec in tree()) {
        if value.as_map().is_none() {
            value = Value::map();
        }
        value.set(&["spec"], spec);
        if let Ok(mut object) = Object::decode(Kind::ALL[kind], value.clone()) {
            object.set_defaults();
            drop(object.validate(None));
            drop(object.validate(Some(&object)));
            object.warnings();
        }
        // What was not decoded, JavaScript may still hand over.
        let mut object = Object { kind: Kind::ALL[kind], value };
        object.set_defaults();
        drop(object.validate(None));
    }
}

#[test]
fn every_kinds_schema_knows_its_metadata() {
    for kind in Kind::ALL {
        let names: Vec<&str> = kind.schema().fields.iter().map(|(name, _)| *name).collect();
        assert!(["apiVersion", "kind", "metadata"].iter().all(|name| names.contains(name)), "{kind:?}");
    }
}
