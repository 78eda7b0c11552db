//! The boundary, from the JavaScript side; `cargo test -p tests --test wasm` runs this in Node and in Chromium.
#![cfg(target_arch = "wasm32")]

use clusterip_wasm::Engine;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn the_version_is_the_packages() {
    assert_eq!(clusterip_wasm::version(), env!("CARGO_PKG_VERSION"));
}

#[wasm_bindgen_test]
fn values_cross_as_plain_objects() {
    let mut engine = Engine::new(&JsValue::UNDEFINED).unwrap();
    let settled = engine.settle(60e6).unwrap();
    assert_eq!(field(&settled, "settled"), JsValue::TRUE);
    let pods = engine.list("po", Some("kube-system".into()), "k8s-app=kube-dns").unwrap();
    let pods: Array = pods.dyn_into().unwrap();
    assert_eq!(pods.length(), 2);
    assert_eq!(field(&field(&pods.get(0), "status"), "phase"), "Running");
    assert!(engine.get("pod", "nobody", "default").unwrap().is_undefined());
}

#[wasm_bindgen_test]
fn options_decide_the_cluster_and_unknown_ones_are_refused() {
    let options = Object::new();
    Reflect::set(&options, &"nodes".into(), &3.into()).unwrap();
    let engine = Engine::new(&options).unwrap();
    let nodes: Array = engine.list("node", None, "").unwrap().dyn_into().unwrap();
    assert_eq!(nodes.length(), 3);
    Reflect::set(&options, &"seeds".into(), &3.into()).unwrap();
    let error = Engine::new(&options).unwrap_err();
    assert_eq!(field(&error, "name"), "ConfigError");
}

#[wasm_bindgen_test]
fn one_pod_more_than_the_option_allows_is_refused() {
    let options = Object::new();
    Reflect::set(&options, &"maxPods".into(), &2.into()).unwrap();
    let mut engine = Engine::new(&options).unwrap();
    engine.settle(60e6).unwrap();
    let pods: Array = engine.list("pod", None, "").unwrap().dyn_into().unwrap();
    assert_eq!(pods.length(), 2);
    let output = engine.kubectl("run web --image=nginx", "").unwrap();
    let why = field(&output, "stderr").as_string().unwrap();
    assert!(why.contains("exceeded quota: cluster, requested: pods=1, used: pods=2, limited: pods=2"), "{why}");
}

#[wasm_bindgen_test]
fn failures_are_errors_with_a_name_and_data() {
    let mut engine = Engine::new(&JsValue::UNDEFINED).unwrap();
    let error = engine.delete("pod", "nobody", "default").unwrap_err();
    assert!(error.is_instance_of::<js_sys::Error>());
    assert_eq!(field(&error, "name"), "ApiError");
    assert_eq!(field(&error, "message"), "pods \"nobody\" not found");
    assert_eq!(field(&field(&error, "data"), "status"), 404);
    let error = engine.exec("no/such/place/here", "true", 1e6).unwrap_err();
    assert_eq!(field(&error, "name"), "UsageError");
}

#[wasm_bindgen_test]
fn a_process_is_typed_into_and_read() {
    let mut engine = Engine::new(&JsValue::UNDEFINED).unwrap();
    let process = engine.start("node/node-1", vec!["cat".into()], true).unwrap();
    engine.write(process, "hello\n");
    engine.close_stdin(process);
    engine.run_process(process, 1e6, 60e6);
    let output = engine.read(process).unwrap();
    assert!(field(&output, "stdout").as_string().unwrap().contains("hello"));
    assert_eq!(field(&output, "exitCode"), 0);
}

fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap()
}
