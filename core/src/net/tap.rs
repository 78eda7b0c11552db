//! Watching packets without slowing them: what may be seen, and the door through which it is seen.

use core::fmt;
use core::net::SocketAddr;

use super::flow::Flow;
use crate::id::{HostId, LinkId, NodeId};
use crate::time::Instant;

/// Where a packet is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// At the interface of a machine with a stack of its own.
    Host(HostId),
    /// Inside a node's router.
    Node(NodeId),
    /// On a wire.
    Link(LinkId),
}

/// One thing that happened to one packet. Small, and without text: text is made when someone asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Where.
    pub place: Place,
    /// The flow of the packet as it was when this happened; `None` if it has none that can be read.
    pub flow: Option<Flow>,
    /// What.
    pub step: Step,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A packet of this many bytes came in.
    Received {
        /// Length of the whole IP packet.
        bytes: u16,
    },
    /// It belongs to a known connection, in this direction.
    Tracked {
        /// True for the direction of the answers.
        reply: bool,
    },
    /// Its destination is virtual: entry `entry` of the router's table.
    Virtual {
        /// Resolve it to a name with the router's table.
        entry: u32,
    },
    /// This backend will serve the new connection.
    Chosen {
        /// Where the connection goes.
        backend: SocketAddr,
        /// Whether an earlier connection of the client decided.
        sticky: bool,
    },
    /// The policy of a machine allowed or denied the new connection.
    Judged {
        /// The verdict.
        allowed: bool,
    },
    /// A connection was committed; answers are expected as this flow.
    Opened {
        /// The flow of the answers, before they are translated back.
        reply: Flow,
    },
    /// Header fields were rewritten.
    Rewritten {
        /// The flow afterwards.
        to: Flow,
    },
    /// The packet left for there.
    Sent {
        /// Its next place.
        to: Place,
    },
    /// The packet ended here.
    Dropped {
        /// Why.
        reason: Reason,
    },
    /// The packet ended here, and its sender is told by an ICMP message.
    Refused {
        /// Why.
        reason: Reason,
    },
    /// A connection was forgotten.
    Closed {
        /// Why.
        reason: Reason,
    },
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident => $text:literal,)+) => {
        /// Why a packet, or a connection, came to its end.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Reason { $($(#[doc = $doc])+ $name,)+ }

        impl Reason {
            /// All of them, in order of declaration.
            pub const ALL: &[Reason] = &[$(Reason::$name),+];

            /// The words for people.
            pub fn text(self) -> &'static str {
                match self { $(Reason::$name => $text),+ }
            }
        }
    };
}

reasons! {
    /// The bytes are no IP packet: too short, wrong version, or lengths that contradict each other.
    Malformed => "malformed IP header",
    /// The transport header is cut short.
    Truncated => "truncated transport header",
    /// The IPv4 header checksum is wrong.
    BadChecksum => "bad IPv4 header checksum",
    /// A later fragment came without its first one.
    Fragment => "fragment without its first part",
    /// The packet fits no state of its connection, or no connection at all.
    Invalid => "invalid for its connection",
    /// Time to live, or hop limit, ran out.
    TtlExpired => "time to live exceeded",
    /// The packet is larger than the next link carries.
    TooBig => "larger than the link carries",
    /// No route leads to the destination.
    NoRoute => "no route to the destination",
    /// A route says that nobody is there.
    Blackhole => "routed to nowhere",
    /// The virtual destination has no backend anywhere.
    NoBackend => "no backend",
    /// The virtual destination may only use backends of this node, and there is none.
    NoLocalBackend => "no backend on this node",
    /// The virtual address serves no such port or protocol.
    NoSuchPort => "virtual address without such a port",
    /// The virtual address belongs to nobody.
    NoSuchAddress => "unallocated virtual address",
    /// The source may not use this virtual address.
    Firewall => "source range not allowed",
    /// A network policy denies the connection.
    Policy => "denied by network policy",
    /// The connection table is full of connections that must not be dropped.
    TableFull => "connection table is full",
    /// No free source port is left for the translation.
    NoFreePort => "no free source port",
    /// The wire lost it.
    Lost => "lost on the link",
    /// The queue of the wire was full.
    QueueFull => "link queue is full",
    /// Nobody lives at that place any more.
    NobodyThere => "nobody there",
    /// Nothing was heard for too long.
    Expired => "timed out",
    /// Its backend went away.
    BackendGone => "backend went away",
    /// It was ended by its peers.
    Finished => "finished",
    /// It made room for a younger one.
    Evicted => "evicted for a younger connection",
    /// Its sender was told of errors often enough of late.
    NotTold => "too many errors for one sender",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Someone who watches packets. With `()` nothing remains of it in the compiled packet path.
pub trait Tap {
    /// Something happened to a packet.
    fn event(&mut self, now: Instant, event: &Event);

    /// A whole packet was seen.
    #[inline]
    fn frame(&mut self, _now: Instant, _place: Place, _packet: &[u8]) {}
}

impl Tap for () {
    #[inline(always)]
    fn event(&mut self, _: Instant, _: &Event) {}
}

impl<T: Tap + ?Sized> Tap for &mut T {
    #[inline]
    fn event(&mut self, now: Instant, event: &Event) {
        (**self).event(now, event);
    }

    #[inline]
    fn frame(&mut self, now: Instant, place: Place, packet: &[u8]) {
        (**self).frame(now, place, packet);
    }
}

impl<A: Tap, B: Tap> Tap for (A, B) {
    #[inline]
    fn event(&mut self, now: Instant, event: &Event) {
        self.0.event(now, event);
        self.1.event(now, event);
    }

    #[inline]
    fn frame(&mut self, now: Instant, place: Place, packet: &[u8]) {
        self.0.frame(now, place, packet);
        self.1.frame(now, place, packet);
    }
}

impl<T: Tap> Tap for Option<T> {
    #[inline]
    fn event(&mut self, now: Instant, event: &Event) {
        if let Some(tap) = self {
            tap.event(now, event);
        }
    }

    #[inline]
    fn frame(&mut self, now: Instant, place: Place, packet: &[u8]) {
        if let Some(tap) = self {
            tap.frame(now, place, packet);
        }
    }
}
