//! What the API answers when it refuses: upstream's `metav1.Status`.

use super::{Key, Kind};
use alloc::{format, string::String, vec::Vec};
use core::fmt;

/// Why a request was refused, as `status.reason` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reason {
    BadRequest,
    NotFound,
    AlreadyExists,
    Conflict,
    Invalid,
    Forbidden,
    MethodNotAllowed,
    InternalError,
}

/// Why a field was refused, as `status.details.causes[].reason` says it (field.ErrorType upstream).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum CauseReason {
    NotFound,
    Required,
    Duplicate,
    Invalid,
    NotSupported,
    Forbidden,
    TooLong,
    TooMany,
    InternalError,
    TypeInvalid,
}

/// One fault in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The field's path: `spec.ports[0].port`.
    pub field: String,
    /// What kind of fault.
    pub reason: CauseReason,
    /// Upstream's words without the path: `Invalid value: 70000: must be between 1 and 65535, inclusive`.
    pub message: String,
}

/// A refusal, with upstream's status code, reason and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status code: 404, 409, 422, …
    pub code: u16,
    /// The reason in one word.
    pub reason: Reason,
    /// The message as the API server words it, without kubectl's preamble.
    pub message: String,
    /// Every field at fault, in upstream's order.
    pub causes: Vec<Cause>,
}

impl ApiError {
    fn new(code: u16, reason: Reason, message: String) -> ApiError {
        ApiError { code, reason, message, causes: Vec::new() }
    }

    /// `services "x" not found`.
    pub fn not_found(kind: Kind, name: &str) -> ApiError {
        ApiError::new(404, Reason::NotFound, format!("{} \"{name}\" not found", kind.names().resource()))
    }

    /// `services "x" already exists`.
    pub fn already_exists(key: &Key) -> ApiError {
        let message = format!("{} \"{}\" already exists", key.kind.names().resource(), key.name);
        ApiError::new(409, Reason::AlreadyExists, message)
    }

    /// The object is no longer the one the caller has read.
    pub fn conflict(key: &Key, why: &str) -> ApiError {
        let resource = key.kind.names().resource();
        let message = format!("Operation cannot be fulfilled on {resource} \"{}\": {why}", key.name);
        ApiError::new(409, Reason::Conflict, message)
    }

    /// `pods "x" is forbidden: why`.
    pub fn forbidden(key: &Key, why: &str) -> ApiError {
        let message = format!("{} \"{}\" is forbidden: {why}", key.kind.names().resource(), key.name);
        ApiError::new(403, Reason::Forbidden, message)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for ApiError {}
