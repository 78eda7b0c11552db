//! The states of a TCP connection as a middlebox sees them.

use crate::net::header::tcp_flags::{ACK, FIN, RST, SYN};

/// What connection tracking knows of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// TCP: a SYN was sent.
    SynSent,
    /// TCP: both sides sent a SYN.
    SynSent2,
    /// TCP: a SYN was answered.
    SynRecv,
    /// TCP: the handshake is complete.
    Established,
    /// TCP: a FIN was sent.
    FinWait,
    /// TCP: the FIN was acknowledged.
    CloseWait,
    /// TCP: the other side sent a FIN too.
    LastAck,
    /// TCP: both FINs were acknowledged.
    TimeWait,
    /// TCP: a RST was sent.
    Close,
    /// UDP: young, or not answered.
    Datagrams,
    /// UDP: answered for more than two seconds.
    Stream,
    /// SCTP: the association is being made or ended.
    Setup,
    /// SCTP: associated.
    Associated,
    /// An ICMP query.
    Query,
    /// Any other protocol.
    Generic,
}

impl State {
    /// The name `conntrack -L` prints, for protocols that have states.
    pub fn name(self) -> &'static str {
        match self {
            State::SynSent => "SYN_SENT",
            State::SynSent2 => "SYN_SENT2",
            State::SynRecv => "SYN_RECV",
            State::Established | State::Associated => "ESTABLISHED",
            State::FinWait => "FIN_WAIT",
            State::CloseWait => "CLOSE_WAIT",
            State::LastAck => "LAST_ACK",
            State::TimeWait => "TIME_WAIT",
            State::Close => "CLOSE",
            State::Setup => "COOKIE_WAIT",
            State::Datagrams | State::Stream | State::Query | State::Generic => "",
        }
    }
}

/// What a TCP packet does to its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The connection is in this state now.
    To(State),
    /// It passes, and proves nothing.
    Ignore,
    /// It cannot belong to the connection.
    Invalid,
}

/// The state after a packet with `flags` in one direction.
///
/// Linux net/netfilter/nf_conntrack_proto_tcp.c, `tcp_conntracks`, without its window checks.
pub(super) fn step(state: State, flags: u8, reply: bool) -> Step {
    use State::*;
    use Step::*;
    if !is_possible(flags) {
        return Invalid;
    }
    if flags & RST != 0 {
        return To(Close);
    }
    match (flags & SYN != 0, flags & FIN != 0, flags & ACK != 0, reply) {
        // SYN
        (true, _, false, false) => match state {
            SynSent | TimeWait | Close => To(SynSent),
            SynSent2 => To(SynSent2),
            _ => Ignore,
        },
        (true, _, false, true) => match state {
            SynSent | SynSent2 => To(SynSent2),
            TimeWait => To(SynSent),
            _ => Invalid,
        },
        // SYN and ACK
        (true, _, true, false) => match state {
            SynRecv | SynSent2 => To(SynRecv),
            _ => Invalid,
        },
        (true, _, true, true) => match state {
            SynSent | SynSent2 => To(SynRecv),
            _ => Ignore,
        },
        // FIN
        (false, true, _, _) => match state {
            SynRecv | Established => To(FinWait),
            FinWait | CloseWait | LastAck => To(LastAck),
            TimeWait => To(TimeWait),
            Close => To(Close),
            _ => Invalid,
        },
        // ACK
        (false, false, true, _) => match state {
            SynRecv if reply => To(SynRecv),
            SynRecv | Established => To(Established),
            FinWait | CloseWait => To(CloseWait),
            LastAck | TimeWait => To(TimeWait),
            Close => To(Close),
            SynSent | SynSent2 if reply => Ignore,
            _ => Invalid,
        },
        (false, false, false, _) => Invalid,
    }
}

/// The first state of a connection that begins with this packet; connections may be picked up in their middle
/// (`nf_conntrack_tcp_loose`).
pub(super) fn first(flags: u8) -> Option<State> {
    if !is_possible(flags) {
        return None;
    }
    match (flags & RST != 0, flags & SYN != 0, flags & FIN != 0, flags & ACK != 0) {
        (false, true, _, false) => Some(State::SynSent),
        (false, false, false, true) => Some(State::Established),
        _ => None,
    }
}

/// Whether a segment may bear these flags together (the same file, `tcp_valid_flags`).
fn is_possible(flags: u8) -> bool {
    const URG: u8 = 0x20;
    match flags & (FIN | SYN | RST | ACK | URG) {
        SYN | RST => true,
        flags if flags == SYN | URG || flags == SYN | ACK => true,
        flags if flags == RST | ACK => true,
        flags => flags & !(FIN | URG) == ACK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(packets: &[(u8, bool)]) -> State {
        let (first_packet, rest) = packets.split_first().unwrap();
        rest.iter().fold(first(first_packet.0).unwrap(), |state, &(flags, reply)| match step(state, flags, reply) {
            Step::To(next) => next,
            _ => state,
        })
    }

    #[test]
    fn a_whole_connection_ends_in_time_wait() {
        let packets = [
            (SYN, false),
            (SYN | ACK, true),
            (ACK, false),
            (ACK, true),
            (FIN | ACK, false),
            (ACK, true),
            (FIN | ACK, true),
            (ACK, false),
        ];
        let states: alloc::vec::Vec<State> = (1..=packets.len()).map(|n| walk(&packets[..n])).collect();
        use State::*;
        assert_eq!(states, [SynSent, SynRecv, Established, Established, FinWait, CloseWait, LastAck, TimeWait]);
    }

    #[test]
    fn a_reset_closes_from_every_state_and_a_bare_fin_opens_nothing() {
        assert_eq!(walk(&[(SYN, false), (RST | ACK, true)]), State::Close);
        assert_eq!(first(FIN | ACK), None);
        assert_eq!(first(RST), None);
        assert_eq!(first(SYN | ACK), None);
        assert_eq!(first(SYN | FIN), None);
        assert_eq!(step(State::Established, FIN, false), Step::Invalid, "a FIN without an ACK");
        assert_eq!(step(State::Established, RST | SYN, false), Step::Invalid);
        assert_eq!(first(ACK), Some(State::Established));
    }
}
