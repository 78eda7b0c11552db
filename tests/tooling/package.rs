//! The npm package `clusterip`, as somebody who installs it finds it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use clusterip::cluster::{Cluster, Config};
use demo::run::run;

#[test]
fn the_packed_tarball_routes_a_request_in_node() {
    let place = install();
    let script = demo::root().join("tests/tooling/request.mjs");
    let copy = place.join("request.mjs");
    std::fs::copy(&script, &copy).unwrap();
    let out = run("one request through the installed package", Command::new("node").arg(&copy)).unwrap();
    assert!(out.starts_with("connected 200 "), "{out}");
    let _ = std::fs::remove_dir_all(place);
}

#[test]
fn the_example_of_the_readme_runs_in_node() {
    let readme = std::fs::read_to_string(demo::root().join("README.md")).unwrap();
    let example = readme.split("```js\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a js example");
    let place = install();
    let script = place.join("readme.mjs");
    std::fs::write(&script, example).unwrap();
    let out = run("the example of the README", Command::new("node").arg(&script)).unwrap();
    assert_eq!(out.trim(), "connected 200 0");
    let _ = std::fs::remove_dir_all(place);
}

/// The product is built from another standard library than the tests, without panics' texts and without `Debug`.
#[test]
fn the_installed_package_says_to_the_letter_what_the_library_says() {
    let lines = include_str!("lines.txt");
    let mut cluster = Cluster::new(Config { seed: 7, ..Config::default() }).unwrap();
    let mut expected = String::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let said = cluster.kubectl(line);
        expected += &format!("$ {line}\n{}{}[{}]\n", said.stdout, said.stderr, said.exit_code);
    }
    expected += &format!("{:016x}\n", cluster.digest());
    let place = install();
    let copy = place.join("say.mjs");
    std::fs::copy(demo::root().join("tests/tooling/say.mjs"), &copy).unwrap();
    let said = run("the same lines in Node", Command::new("node").arg(&copy).arg(lines)).unwrap();
    let differ = expected.lines().zip(said.lines()).find(|(expected, said)| expected != said);
    assert_eq!(differ, None, "the first line that differs, as the library and as the package say it");
    assert_eq!(expected, said);
    let _ = std::fs::remove_dir_all(place);
}

#[test]
fn mistakes_in_javascript_are_answered_with_what_to_do() {
    let place = install();
    let copy = place.join("mistakes.mjs");
    std::fs::copy(demo::root().join("tests/tooling/mistakes.mjs"), &copy).unwrap();
    let said = run("mistakes in Node", Command::new("node").arg(&copy)).unwrap();
    for (said, expected) in said.lines().zip(include_str!("mistakes.txt").lines()) {
        assert_eq!(said, expected);
    }
    assert_eq!(said.lines().count(), include_str!("mistakes.txt").lines().count(), "{said}");
    let _ = std::fs::remove_dir_all(place);
}

/// Virtual time and one seed: the module asks its host for neither the time nor chance.
#[test]
fn the_module_imports_no_clock_and_no_chance() {
    let engine = demo::wasm::build().unwrap();
    let list = "const fs = require('node:fs');
        const module = new WebAssembly.Module(fs.readFileSync(process.argv[1]));
        for (const { module: from, name } of WebAssembly.Module.imports(module)) console.log(from, name);";
    let imports = run("listing the imports", Command::new("node").args(["-e", list]).arg(&engine.module)).unwrap();
    assert!(imports.lines().all(|line| line.starts_with("./clusterip_bg.js ")), "imports from elsewhere:\n{imports}");
    let glue = std::fs::read_to_string(&engine.glue).unwrap();
    for word in ["Date", "Math.random", "crypto", "performance", "setTimeout", "require("] {
        assert!(!glue.contains(word), "the glue mentions {word}; the imports are:\n{imports}");
        assert!(!imports.contains(word), "the module imports {word}:\n{imports}");
    }
}

/// Packs `wasm/` and installs the tarball in a folder of its own, one test at a time: they pack the same folder.
fn install() -> PathBuf {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    demo::wasm::build().unwrap();
    let package = demo::root().join("wasm");
    demo::npm::install(&package).unwrap();
    let place = tempfile::Builder::new().prefix("clusterip-package-").tempdir().unwrap().keep();
    let mut pack = demo::npm::npm(&package);
    run("npm pack", pack.args(["pack", "--silent", "--pack-destination"]).arg(&place)).unwrap();
    std::fs::write(place.join("package.json"), r#"{"private": true, "type": "module"}"#).unwrap();
    let tarball = tarball(&place);
    let mut install = demo::npm::npm(&place);
    // It has no dependencies, so nothing has to be fetched.
    run("npm install of the tarball", install.args(["install", "--offline", "--no-audit", "--no-fund"]).arg(&tarball))
        .unwrap();
    place
}

fn tarball(place: &Path) -> PathBuf {
    let mut entries = std::fs::read_dir(place).unwrap().flatten().map(|entry| entry.path());
    entries.find(|path| path.extension().is_some_and(|end| end == "tgz")).expect("npm pack wrote a tarball")
}
