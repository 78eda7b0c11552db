//! What a host is told when it is made.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::pool::SocketPool;
use crate::ordered::OrdMap;
use crate::rng::Rng;

/// Everything a [`Host`](super::Host) knows about itself; what many hosts share is behind an `Rc`.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// What `hostname` prints: a pod's name.
    pub hostname: String,
    /// Own addresses, the preferred one of each family first; loopback is always there too.
    pub addresses: Vec<IpAddr>,
    /// Whether packets to its own addresses pass its router too, as on a node, whose rules see them.
    pub routed: bool,
    /// The largest IP packet the interface sends, in bytes.
    pub mtu: u16,
    /// The stream that ephemeral ports, sequence numbers and query ids are drawn from.
    pub rng: Rng,
    /// Where names are asked.
    pub resolv: Rc<Resolv>,
    /// Names beyond its own, which few hosts have.
    pub names: Option<Rc<Names>>,
    /// The environment of every process.
    pub env: Rc<Vec<(String, String)>>,
    /// More of it, shared by many hosts; a name that `env` has too is left out.
    pub shared_env: Rc<OrdMap<String, String>>,
    /// The container image, which says which programs exist; empty: every program.
    pub image: Rc<str>,
    /// Socket buffers shared with other hosts.
    pub pool: SocketPool,
}

impl HostConfig {
    /// A host with one address, an MTU of 1500, no name server and every program.
    pub fn new(hostname: &str, address: IpAddr, rng: Rng) -> HostConfig {
        HostConfig {
            hostname: hostname.into(),
            addresses: alloc::vec![address],
            routed: false,
            mtu: 1500,
            rng,
            resolv: Rc::default(),
            names: None,
            env: Rc::default(),
            shared_env: Rc::default(),
            image: Rc::from(""),
            pool: SocketPool::default(),
        }
    }

    /// What `hostname -f` prints.
    pub(super) fn full_name(&self) -> String {
        match self.domain() {
            "" => self.hostname.clone(),
            domain => format!("{}.{domain}", self.hostname),
        }
    }

    /// The domain of its full name; empty if it has none.
    pub(super) fn domain(&self) -> &str {
        self.names.as_ref().map_or("", |names| &names.domain)
    }
}

/// What a pod's manifest adds to its names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The domain that makes its name a full one, as a pod with a `subdomain` has it.
    pub domain: String,
    /// What `/etc/hosts` says beyond localhost and the host itself, lines and all.
    pub hosts: String,
}

/// The contents of `/etc/resolv.conf`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolv {
    /// Servers, asked in this order.
    pub nameservers: Vec<IpAddr>,
    /// Domains tried in turn behind a name with few dots.
    pub search: Vec<String>,
    /// A name with at least this many dots is tried as it is first; 0 means the default, 1.
    pub ndots: u8,
    /// More options, which are shown and have no effect here: `edns0`, `attempts:3`.
    pub options: Vec<String>,
}
