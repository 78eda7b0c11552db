//! The store as the machines see it: kube-proxy's and CoreDNS' reading of the objects.

pub mod dns;
pub mod env;
pub mod policy;
pub mod table;
