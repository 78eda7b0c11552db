//! What a router did to a packet, as a row of the page's table.

use clusterip::{
    api::Value,
    cluster::Cluster,
    net::{self, Flow, Protocol},
    trace::{Passage, passage::Outcome},
};

use crate::output::number;
use crate::tree::object;

/// One passage, with its places by name.
pub(crate) fn frame(cluster: &Cluster, index: u64, passage: &Passage) -> Value {
    let (before, after) = (&passage.before, &passage.after);
    let name = |place| cluster.machine_at(place).map_or(Value::Null, |place| place.to_string().into());
    let (next, reason) = match passage.outcome {
        Outcome::Sent(to) => (name(to), Value::Null),
        Outcome::Dropped(reason) | Outcome::Refused(reason) => (Value::Null, reason.text().into()),
        Outcome::Ended => (Value::Null, Value::Null),
    };
    object([
        ("index", number(index)),
        ("at", Value::Int(passage.at.total_micros())),
        ("place", name(net::Place::Node(passage.node))),
        ("point", point(passage).into()),
        ("protocol", before.protocol.to_string().into()),
        ("info", passage.info().into()),
        ("source", source(before)),
        ("destination", destination(before)),
        ("newSource", if source(after) == source(before) { Value::Null } else { source(after) }),
        ("newDestination", if destination(after) == destination(before) { Value::Null } else { destination(after) }),
        ("next", next),
        ("reason", reason),
        ("length", passage.bytes.into()),
    ])
}

/// The word for what happened: the first of what a reader would want to stop at.
fn point(passage: &Passage) -> &'static str {
    let (before, after) = (&passage.before, &passage.after);
    match passage.outcome {
        Outcome::Refused(_) => "refused",
        Outcome::Dropped(_) => "dropped",
        Outcome::Ended => "ended",
        Outcome::Sent(_) if destination(before) != destination(after) => "dnat",
        Outcome::Sent(_) if source(before) != source(after) => "snat",
        Outcome::Sent(_) => "sent",
    }
}

fn source(flow: &Flow) -> Value {
    if has_ports(flow) { flow.source().to_string().into() } else { flow.src.to_string().into() }
}

fn destination(flow: &Flow) -> Value {
    if has_ports(flow) { flow.destination().to_string().into() } else { flow.dst.to_string().into() }
}

fn has_ports(flow: &Flow) -> bool {
    matches!(flow.protocol, Protocol::Tcp | Protocol::Udp | Protocol::Sctp)
}
