//! What the API answers when it refuses: upstream's `metav1.Status`.

use super::{Key, Kind, Quoted};
use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{
    fmt,
    ops::{Deref, DerefMut},
};

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
    /// The server failed without a reason.
    Unknown,
}

impl Reason {
    /// Its name: `AlreadyExists`.
    pub fn name(self) -> &'static str {
        match self {
            Reason::BadRequest => "BadRequest",
            Reason::NotFound => "NotFound",
            Reason::AlreadyExists => "AlreadyExists",
            Reason::Conflict => "Conflict",
            Reason::Invalid => "Invalid",
            Reason::Forbidden => "Forbidden",
            Reason::MethodNotAllowed => "MethodNotAllowed",
            Reason::InternalError => "InternalError",
            Reason::Unknown => "",
        }
    }
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

impl CauseReason {
    /// Upstream's words for it, with which a message begins.
    pub fn words(self) -> &'static str {
        match self {
            CauseReason::NotFound => "Not found",
            CauseReason::Required => "Required value",
            CauseReason::Duplicate => "Duplicate value",
            CauseReason::Invalid | CauseReason::TypeInvalid => "Invalid value",
            CauseReason::NotSupported => "Unsupported value",
            CauseReason::Forbidden => "Forbidden",
            CauseReason::TooLong => "Too long",
            CauseReason::TooMany => "Too many",
            CauseReason::InternalError => "Internal error",
        }
    }

    /// Its name, as conformance tables and our own findings say it; a status says `FieldValue` before it.
    pub fn name(self) -> &'static str {
        match self {
            CauseReason::NotFound => "NotFound",
            CauseReason::Required => "Required",
            CauseReason::Duplicate => "Duplicate",
            CauseReason::Invalid => "Invalid",
            CauseReason::NotSupported => "NotSupported",
            CauseReason::Forbidden => "Forbidden",
            CauseReason::TooLong => "TooLong",
            CauseReason::TooMany => "TooMany",
            CauseReason::InternalError => "InternalError",
            CauseReason::TypeInvalid => "TypeInvalid",
        }
    }
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

/// A refusal. One word long, since every result on the way to the caller has room for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError(Box<Status>);

/// What a refusal says: upstream's status code, reason and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The HTTP status code: 404, 409, 422, …
    pub code: u16,
    /// The reason in one word.
    pub reason: Reason,
    /// The message as the API server words it, without kubectl's preamble.
    pub message: String,
    /// What was refused, `Service "web"`, where the server names it (an Invalid answer); else empty.
    pub subject: String,
    /// Every field at fault, in upstream's order.
    pub causes: Vec<Cause>,
}

impl Deref for ApiError {
    type Target = Status;

    fn deref(&self) -> &Status {
        &self.0
    }
}

impl DerefMut for ApiError {
    fn deref_mut(&mut self) -> &mut Status {
        &mut self.0
    }
}

impl ApiError {
    fn new(code: u16, reason: Reason, message: String) -> ApiError {
        ApiError(Box::new(Status { code, reason, message, subject: String::new(), causes: Vec::new() }))
    }

    /// `Service "web" is invalid: field: why`, several causes in brackets.
    ///
    /// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go (NewInvalid).
    pub fn invalid(kind: Kind, name: &str, causes: Vec<Cause>) -> ApiError {
        let names = kind.names();
        let quoted = Quoted(name).to_string();
        let group = if names.group.is_empty() { String::new() } else { format!(".{}", names.group) };
        let lines = lines(&causes);
        let list = if let [line] = &lines[..] { line.clone() } else { format!("[{}]", lines.join(", ")) };
        let message = format!("{}{group} {quoted} is invalid: {list}", names.kind);
        let mut error = ApiError::new(422, Reason::Invalid, message);
        error.subject = format!("{} {quoted}", names.kind);
        error.causes = causes;
        error
    }

    /// The request cannot be understood: `Service in version "v1" cannot be handled as a Service: …`.
    pub fn bad_request(message: String) -> ApiError {
        ApiError::new(400, Reason::BadRequest, message)
    }

    /// `Internal error occurred: why`.
    pub fn internal(why: &str) -> ApiError {
        ApiError::new(500, Reason::InternalError, format!("Internal error occurred: {why}"))
    }

    /// A failure that the server has no reason for, with nothing but its words.
    pub fn unknown(message: String) -> ApiError {
        ApiError::new(500, Reason::Unknown, message)
    }

    /// What kubectl writes to its stderr, without the last newline of a single line.
    ///
    /// `doing` is what kubectl was at with a file, `creating "STDIN"`, or empty.
    /// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go (checkErr, AddSourceToErr, MultilineError).
    pub fn kubectl(&self, doing: &str) -> String {
        if self.reason == Reason::Invalid {
            let subject = &self.subject;
            return match &lines(&self.causes)[..] {
                [] => format!("The {subject} is invalid"),
                [line] => format!("The {subject} is invalid: {line}"),
                lines => format!("The {subject} is invalid: \n* {}\n", lines.join("\n* ")),
            };
        }
        let reason = if self.reason == Reason::Unknown { String::new() } else { format!(" ({})", self.reason.name()) };
        let doing = if doing.is_empty() { String::new() } else { format!("error when {doing}: ") };
        format!("Error from server{reason}: {doing}{}", self.message)
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

/// One line a cause; what is said twice is printed once.
fn lines(causes: &[Cause]) -> Vec<String> {
    let mut lines = Vec::new();
    for cause in causes {
        let line = format!("{}: {}", cause.field, cause.message);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn cause(field: &str) -> Cause {
        Cause { field: field.into(), reason: CauseReason::Required, message: "Required value".into() }
    }

    #[test]
    fn one_cause_is_a_sentence_and_several_are_a_list() {
        let one = ApiError::invalid(Kind::Deployment, "web", vec![cause("a")]);
        assert_eq!(one.message, r#"Deployment.apps "web" is invalid: a: Required value"#);
        assert_eq!(one.kubectl("creating \"STDIN\""), r#"The Deployment "web" is invalid: a: Required value"#);
        let two = ApiError::invalid(Kind::Service, "web", vec![cause("a"), cause("b"), cause("a")]);
        assert_eq!(two.message, r#"Service "web" is invalid: [a: Required value, b: Required value]"#);
        assert_eq!(two.kubectl(""), "The Service \"web\" is invalid: \n* a: Required value\n* b: Required value\n");
    }

    #[test]
    fn kubectl_says_what_it_was_doing() {
        let error = ApiError::already_exists(&Key::new(Kind::Service, "default", "web"));
        assert_eq!(
            error.kubectl("creating \"STDIN\""),
            r#"Error from server (AlreadyExists): error when creating "STDIN": services "web" already exists"#
        );
    }
}
