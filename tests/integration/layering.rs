//! Who may name whom in core: the table is the documentation, the test is the compiler.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Layer 0, which is for all.
const WORDS: [&str; 6] = ["time", "rng", "id", "cidr", "ordered", "text"];

/// Every layer and the layers it may name, besides layer 0.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("rng", &[]),
    ("id", &[]),
    ("cidr", &[]),
    ("ordered", &[]),
    ("text", &[]),
    ("net", &[]),
    ("api", &[]),
    ("dataplane", &["net"]),
    ("control", &["api"]),
    ("dns", &["net"]),
    ("host", &["net", "dns"]),
    ("compile", &["api", "control", "dataplane", "dns", "net"]),
    ("trace", &["net", "control", "api"]),
    ("kubectl", &["api", "control", "cluster", "net", "compile"]),
];

/// These see everything: the world, and the tour.
const SEES_ALL: &[&str] = &["cluster", "lib", "guide"];

#[test]
fn no_layer_names_one_above_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let mut faults = Vec::new();
    for file in rust_files(&source) {
        let layer = layer_of(&source, &file);
        if SEES_ALL.contains(&layer.as_str()) {
            continue;
        }
        let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == layer) else {
            faults.push(format!("{} is in no layer of the table", file.display()));
            continue;
        };
        for named in crate_names(&fs::read_to_string(&file).unwrap()) {
            let is_own = named == layer || WORDS.contains(&named.as_str());
            let is_layer = MAY_NAME.iter().any(|(name, _)| *name == named) || SEES_ALL.contains(&named.as_str());
            if is_layer && !is_own && !allowed.contains(&named.as_str()) {
                faults.push(format!("{} names crate::{named}", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The engine is built without `Debug` texts, so what is written with `{:?}` would be empty in JavaScript.
#[test]
fn nothing_that_users_read_is_a_debug_text() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut faults = Vec::new();
    for file in ["core/src", "wasm/src"].iter().flat_map(|folder| rust_files(&root.join(folder))) {
        let is_test = file.file_stem().is_some_and(|stem| {
            let stem = stem.to_string_lossy();
            stem.ends_with("tests") || stem == "properties"
        });
        let text = fs::read_to_string(&file).unwrap();
        let product = text.lines().take_while(|line| !is_test && !line.contains("#[cfg(test)]"));
        for (at, line) in product.enumerate() {
            let is_read = !line.trim_start().starts_with("//") && !line.contains("assert!(");
            if is_read && (line.contains(":?}") || line.contains(":#?}")) {
                faults.push(format!("{}:{}: {}", file.display(), at + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "say api::Quoted or Display:\n{}", faults.join("\n"));
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn layer_of(source: &Path, file: &Path) -> String {
    let first = file.strip_prefix(source).unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The first name of every path under `crate`, also in `use crate::{…}`; tests and comments do not count.
fn crate_names(text: &str) -> BTreeSet<String> {
    let code: String = (text.split("#[cfg(test)]").next().unwrap_or("").lines())
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => names.extend(first_name(rest)),
            Some(list) => {
                let mut depth = 0;
                let mut start = 0;
                for (place, letter) in list.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' | ',' if depth == 0 => {
                            names.extend(first_name(&list[start..place]));
                            start = place + 1;
                            if letter == '}' {
                                break;
                            }
                        }
                        '}' => depth -= 1,
                        _ => {}
                    }
                }
            }
        }
    }
    names
}

fn first_name(path: &str) -> Option<String> {
    let name: String = path.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

#[test]
fn a_list_of_imports_is_read_name_by_name() {
    let names =
        crate_names("use crate::{api::{Key, Kind}, control::Store,\n net::Cidr};\nlet x = crate::time::Instant::ZERO;");
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["api", "control", "net", "time"]);
}
