//! Where a command runs or a connection starts: `pod/client`, `staging/pod/x`, `node/node-1`, `outside`.

use crate::api::Quoted;
use alloc::{borrow::ToOwned, string::String};
use core::{fmt, str::FromStr};

/// A machine with an IP stack, by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A pod.
    Pod {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// A node's own host network.
    Node(String),
    /// A machine outside the cluster; the first one if the name is empty.
    Outside(String),
}

/// The text names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} names no place: say pod/NAME, NAMESPACE/pod/NAME, node/NAME, outside or outside/NAME", Quoted(.0))]
pub struct ParsePlaceError(String);

impl Place {
    /// The pod of that namespace and name.
    pub fn pod(namespace: &str, name: &str) -> Place {
        Place::Pod { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

impl FromStr for Place {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Place, ParsePlaceError> {
        let mut parts = text.split('/');
        let place = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("outside"), name, None, None) => Place::Outside(name.unwrap_or("").to_owned()),
            (Some("node" | "no" | "nodes"), Some(name), None, None) => Place::Node(name.to_owned()),
            (Some("pod" | "po" | "pods"), Some(name), None, None) => Place::pod("default", name),
            (Some(namespace), Some("pod" | "po" | "pods"), Some(name), None) => Place::pod(namespace, name),
            (Some(name), None, None, None) if !name.is_empty() => Place::pod("default", name),
            _ => return Err(ParsePlaceError(text.to_owned())),
        };
        Ok(place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Pod { namespace, name } if namespace == "default" => write!(f, "pod/{name}"),
            Place::Pod { namespace, name } => write!(f, "{namespace}/pod/{name}"),
            Place::Node(name) => write!(f, "node/{name}"),
            Place::Outside(name) if name.is_empty() => f.write_str("outside"),
            Place::Outside(name) => write!(f, "outside/{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_place_reads_back_as_it_was_written() {
        for text in ["pod/client", "staging/pod/x", "node/node-1", "outside", "outside/laptop"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        assert_eq!("client".parse::<Place>().unwrap(), Place::pod("default", "client"));
    }

    #[test]
    fn what_names_no_place_says_what_would() {
        let error = "a/b/c/d".parse::<Place>().unwrap_err();
        assert!(error.to_string().contains("pod/NAME"));
    }
}
