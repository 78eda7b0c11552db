//! What a packet's kind says before its connection is known.

use super::tcp::{self, State};
use crate::net::address::Address;
use crate::net::header::{Header, Kind, tcp_flags};

/// The state of a connection that begins with this packet; `None` if none may begin so.
pub(crate) fn first_state<A: Address>(header: &Header<A>) -> Option<State> {
    match header.kind {
        Kind::Tcp => tcp::first(header.flags),
        Kind::Udp => Some(State::Datagrams),
        // INIT, HEARTBEAT and its answer (nf_conntrack_proto_sctp.c, `sctp_new`).
        Kind::Sctp => matches!(header.flags, 1 | 4 | 5).then_some(State::Setup),
        Kind::Query => Some(State::Query),
        Kind::Answer | Kind::Error | Kind::Fragment(_) => None,
        Kind::Other => Some(State::Generic),
    }
}

/// Whether a packet of a settled connection may pass without a look at its state.
#[inline(always)]
pub(crate) fn is_plain<A>(header: &Header<A>) -> bool {
    const MARKS: u8 = tcp_flags::SYN | tcp_flags::FIN | tcp_flags::RST | tcp_flags::ACK;
    match header.kind {
        Kind::Tcp => header.flags & MARKS == tcp_flags::ACK,
        Kind::Udp => true,
        _ => false,
    }
}
