//! Failures as JavaScript errors: a name, a message, and the facts in `data`.

use core::fmt::Display;

use clusterip::api::{ApiError, Value};
use wasm_bindgen::JsValue;

use crate::tree::{object, to_js};

/// A call that makes no sense.
pub(crate) fn usage_error(message: impl Display) -> JsValue {
    misuse(&message)
}

fn misuse(message: &dyn Display) -> JsValue {
    error("UsageError", &message.to_string(), &Value::Null)
}

/// Options that contradict themselves.
pub(crate) fn config_error(message: &str) -> JsValue {
    error("ConfigError", message, &Value::Null)
}

/// A defect of ours: the instance is not to be used again.
pub(crate) fn engine_error(message: &str) -> JsValue {
    error("EngineError", message, &Value::Null)
}

/// The API server's refusal.
pub(crate) fn api_error(refusal: &ApiError) -> JsValue {
    let mut causes = Vec::new();
    for cause in &refusal.causes {
        causes.push(object([
            ("field", cause.field.as_str().into()),
            ("reason", cause.reason.name().into()),
            ("message", cause.message.as_str().into()),
        ]));
    }
    let data = object([
        ("status", i32::from(refusal.code).into()),
        ("reason", refusal.reason.name().into()),
        ("causes", causes.into()),
    ]);
    error("ApiError", &refusal.message, &data)
}

pub(crate) fn error(name: &str, message: &str, data: &Value) -> JsValue {
    let error = js_sys::Error::new(message);
    error.set_name(name);
    if !data.is_null()
        && let Ok(data) = to_js(data)
    {
        // Defining a property of a fresh object cannot fail.
        let _ = js_sys::Reflect::set(&error, &"data".into(), &data);
    }
    error.into()
}
