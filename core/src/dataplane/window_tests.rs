//! Connections whose segments are judged by their sequence numbers, as observed on Linux.

use alloc::vec::Vec;

use super::lab::{CLIENT, FAR, Lab, POD, VIP, config, endpoint, flow, packet, socket};
use super::*;
use crate::id::{HostId, LinkId};
use crate::net::Protocol;
use crate::net::header::tcp_flags::{ACK, FIN, RST, SYN};
use crate::net::rewrite::fill_checksums;
use crate::time::Duration;

/// A segment, and where it goes.
struct Segment {
    from_client: bool,
    flags: u8,
    seq: u32,
    ack: u32,
    window: u16,
    data: usize,
}

fn client(flags: u8, seq: u32, ack: u32) -> Segment {
    Segment { from_client: true, flags, seq, ack, window: 1000, data: 0 }
}

fn server(flags: u8, seq: u32, ack: u32) -> Segment {
    Segment { from_client: false, ..client(flags, seq, ack) }
}

fn data(segment: Segment, data: usize) -> Segment {
    Segment { data, ..segment }
}

fn lab(mode: Mode) -> Lab {
    let mut config = config(mode);
    config.track_windows = true;
    let mut lab = Lab::with(config);
    lab.serve(&[FAR]);
    lab
}

/// With a connection of which the client's next number is 1001, and the server's 5001.
fn connected(mode: Mode) -> Lab {
    let mut lab = lab(mode);
    for segment in [client(SYN, 1000, 0), server(SYN | ACK, 5000, 1001), client(ACK, 1001, 5001)] {
        assert!(passes(&mut lab, &segment));
    }
    lab
}

fn send(lab: &mut Lab, segment: &Segment) -> (Verdict, Vec<u8>) {
    let (from, to, ingress) =
        if segment.from_client { (CLIENT, VIP, POD) } else { (FAR, CLIENT, Ingress::Link(LinkId(2))) };
    let mut packet = packet(Protocol::Tcp, from, to, segment.flags);
    packet.resize(40 + segment.data, b'x');
    packet[2..4].copy_from_slice(&(40 + segment.data as u16).to_be_bytes());
    packet[24..28].copy_from_slice(&segment.seq.to_be_bytes());
    packet[28..32].copy_from_slice(&segment.ack.to_be_bytes());
    packet[34..36].copy_from_slice(&segment.window.to_be_bytes());
    fill_checksums(&mut packet);
    let verdict = lab.send(&mut packet, ingress);
    (verdict, packet)
}

/// Whether the segment reaches the other side translated.
fn passes(lab: &mut Lab, segment: &Segment) -> bool {
    let (verdict, packet) = send(lab, segment);
    let there = matches!(verdict, Verdict::Port(_) | Verdict::Link(_));
    let flow = flow(&packet);
    there && if segment.from_client { flow.destination() == socket(FAR) } else { flow.source() == socket(VIP) }
}

fn state(lab: &Lab) -> Option<State> {
    lab.router.connections(lab.now).first().map(|connection| connection.state)
}

#[test]
fn data_beyond_the_offered_window_and_acknowledgements_of_what_was_never_sent_are_dropped() {
    let mut lab = connected(Mode::Iptables);
    assert!(passes(&mut lab, &data(client(ACK, 1001, 5001), 500)));
    assert!(!passes(&mut lab, &data(client(ACK, 90_000, 5001), 10)), "beyond the window");
    assert!(!passes(&mut lab, &server(ACK, 5001, 1502)), "acknowledges what was not sent");
    assert!(passes(&mut lab, &server(ACK, 5001, 1501)));
    assert_eq!(lab.router.counters().ended(Reason::Invalid), 1, "the other had no way to go, untranslated");
    assert_eq!(lab.router.counters().ended(Reason::Blackhole), 1);
}

#[test]
fn what_comes_late_passes_and_proves_nothing() {
    let mut lab = connected(Mode::Iptables);
    assert!(passes(&mut lab, &data(client(ACK, 1001_u32.wrapping_sub(70_000), 5001), 10)), "acknowledged long ago");
    assert!(passes(&mut lab, &client(ACK, 1001, 5001_u32.wrapping_sub(70_000))));
    assert!(passes(&mut lab, &data(client(ACK, 1801, 5001), 400)), "a little more than the window");
    assert!(passes(&mut lab, &server(ACK, 5001, 2201)), "and its acknowledgement");
}

#[test]
fn windows_are_scaled_when_both_sides_ask_for_it() {
    for (scaled, fits) in [(false, false), (true, true)] {
        let mut lab = lab(Mode::Iptables);
        let mut options = |from: &str, to: &str, ingress, flags, seq: u32, ack: u32, scale: bool| {
            let mut packet = packet(Protocol::Tcp, from, to, flags);
            packet[24..28].copy_from_slice(&seq.to_be_bytes());
            packet[28..32].copy_from_slice(&ack.to_be_bytes());
            packet[34..36].copy_from_slice(&1000_u16.to_be_bytes());
            if scale {
                packet.extend_from_slice(&[3, 3, 7, 1]);
                (packet[3], packet[32]) = (44, 0x60);
            }
            fill_checksums(&mut packet);
            let _ = lab.send(&mut packet, ingress);
        };
        options(CLIENT, VIP, POD, SYN, 1000, 0, true);
        options(FAR, CLIENT, Ingress::Link(LinkId(2)), SYN | ACK, 5000, 1001, scaled);
        options(CLIENT, VIP, POD, ACK, 1001, 5001, false);
        // The server may send as far as the client's window of 1000 reaches, or 128 times as far.
        assert_eq!(passes(&mut lab, &data(server(ACK, 5001 + 100_000, 1001), 10)), fits);
    }
}

#[test]
fn a_reset_must_be_right_to_close_a_connection() {
    let mut lab = connected(Mode::Iptables);
    assert!(!passes(&mut lab, &client(RST, 900, 0)), "before what was acknowledged");
    assert!(!passes(&mut lab, &client(RST, 900_000, 0)), "beyond the window");
    assert_eq!(state(&lab), Some(State::Established));
    assert!(passes(&mut lab, &client(RST, 1100, 0)), "it may provoke a challenge");
    assert_eq!(state(&lab), Some(State::Established));
    assert!(passes(&mut lab, &server(ACK, 5001, 1001)));
    assert!(passes(&mut lab, &client(RST, 1001, 0)));
    assert_eq!(state(&lab), Some(State::Close));
}

#[test]
fn modes_but_iptables_let_pass_untranslated_what_fits_no_connection() {
    for (mode, dropped) in [(Mode::Iptables, true), (Mode::Nftables, false), (Mode::Ipvs(Scheduler::RoundRobin), false)]
    {
        let mut lab = connected(mode);
        let (verdict, packet) = send(&mut lab, &server(ACK, 5001, 9000));
        let expected = if dropped { Verdict::Drop(Reason::Invalid) } else { Verdict::Port(HostId(101)) };
        assert_eq!((verdict, flow(&packet).source()), (expected, socket(FAR)), "{mode:?}");
    }
}

#[test]
fn a_refused_connection_is_forgotten_at_once() {
    for track_windows in [false, true] {
        let mut config = config(Mode::Iptables);
        config.track_windows = track_windows;
        let mut lab = Lab::with(config);
        lab.serve(&[FAR]);
        assert!(passes(&mut lab, &client(SYN, 1000, 0)));
        assert!(passes(&mut lab, &server(RST | ACK, 0, 1001)));
        assert_eq!(lab.router.connection_count(), 0);
    }
}

#[test]
fn a_syn_that_was_ignored_is_believed_when_the_server_answers_it() {
    let mut lab = connected(Mode::Iptables);
    assert!(passes(&mut lab, &client(SYN, 700_000, 0)), "perhaps the client has forgotten");
    assert_eq!(state(&lab), Some(State::Established));
    assert!(passes(&mut lab, &server(SYN | ACK, 90_000, 700_001)));
    assert_eq!(state(&lab), Some(State::SynRecv));
    assert!(passes(&mut lab, &client(ACK, 700_001, 90_001)));
    assert!(passes(&mut lab, &data(server(ACK, 90_001, 700_001), 500)));
    assert_eq!(state(&lab), Some(State::Established));
}

#[test]
fn a_connection_closed_by_its_server_keeps_its_backend_until_it_is_forgotten() {
    let mut lab = connected(Mode::Iptables);
    assert!(passes(&mut lab, &server(RST, 5001, 0)));
    lab.apply(Delta::Endpoints(lab.web.key(), alloc::vec![endpoint("10.1.2.9:8080")]));
    assert!(passes(&mut lab, &client(SYN, 70_000, 0)), "ignored: the same mapping");
    let mut lab = connected(Mode::Iptables);
    assert!(passes(&mut lab, &client(FIN | ACK, 1001, 5001)));
    assert!(passes(&mut lab, &server(FIN | ACK, 5001, 1002)));
    assert!(passes(&mut lab, &client(ACK, 1002, 5002)));
    assert_eq!(state(&lab), Some(State::TimeWait));
    lab.apply(Delta::Endpoints(lab.web.key(), alloc::vec![endpoint("10.1.2.9:8080")]));
    assert!(!passes(&mut lab, &client(SYN, 70_000, 0)), "after a close the choice is made anew");
}

#[test]
fn what_is_not_acknowledged_is_not_remembered_for_days() {
    let mut lab = connected(Mode::Iptables);
    let left = |lab: &Lab| lab.router.connections(lab.now)[0].left;
    assert!(left(&lab) > Duration::from_secs(400_000));
    assert!(passes(&mut lab, &data(client(ACK, 1001, 5001), 10)));
    assert!(left(&lab) <= Duration::from_secs(301));
    lab.now += Duration::from_secs(290);
    lab.router.handle_timeout(lab.now, &mut ());
    assert!(passes(&mut lab, &server(ACK, 5001, 1011)));
    lab.now += Duration::from_secs(100_000);
    lab.router.handle_timeout(lab.now, &mut ());
    assert_eq!(lab.router.connection_count(), 1);
    assert!(passes(&mut lab, &data(client(ACK, 1011, 5001), 10)));
    lab.now += Duration::from_secs(602);
    lab.router.handle_timeout(lab.now, &mut ());
    assert_eq!(lab.router.connection_count(), 0);
}

#[test]
fn only_the_other_side_can_refuse_a_syn_that_was_let_through() {
    for (refusal, closes) in [(server(RST | ACK, 0, 99_001), true), (client(RST | ACK, 500_000, 99_001), false)] {
        let mut lab = connected(Mode::Iptables);
        assert!(passes(&mut lab, &client(SYN, 99_000, 0)));
        assert_eq!(passes(&mut lab, &refusal), closes);
        assert_eq!(state(&lab) == Some(State::Close), closes);
    }
}

#[test]
fn an_end_outside_of_the_window_hides_a_syn_that_was_let_through() {
    for stray in [server(FIN | ACK, 900_000, 1001), client(RST | ACK, 900_000, 7)] {
        let mut lab = connected(Mode::Iptables);
        assert!(passes(&mut lab, &client(SYN, 99_000, 0)));
        assert!(!passes(&mut lab, &stray));
        assert!(!passes(&mut lab, &server(RST | ACK, 0, 99_001)), "its numbers count again");
        assert_eq!(state(&lab), Some(State::Established));
    }
}

#[test]
fn a_connection_that_both_sides_close_outside_of_the_window_is_not_remembered_for_days() {
    let mut lab = connected(Mode::Iptables);
    let left = |lab: &Lab| lab.router.connections(lab.now)[0].left;
    lab.now += Duration::from_secs(1000);
    assert!(!passes(&mut lab, &server(FIN | ACK, 900_000, 1001)));
    assert!(left(&lab) > Duration::from_secs(400_000));
    assert!(!passes(&mut lab, &client(FIN | ACK, 800_000, 5001)));
    assert!((299..=301).contains(&left(&lab).secs()));
    assert!(passes(&mut lab, &client(ACK, 1001, 5001)), "it is in step after all");
    assert!(left(&lab) > Duration::from_secs(400_000));
}

#[test]
fn a_reset_that_answers_a_challenge_closes_a_connection_that_is_being_made() {
    for (number, closes) in [(77_001, true), (77_000, false)] {
        let mut lab = lab(Mode::Iptables);
        assert!(passes(&mut lab, &client(SYN, 1000, 0)));
        assert!(passes(&mut lab, &server(ACK, 5000, 77_001)), "the server knows an older connection");
        assert_eq!(passes(&mut lab, &client(RST, number, 0)), closes);
        assert_eq!(state(&lab) == Some(State::Close), closes);
    }
}

#[test]
fn an_acknowledgement_that_challenges_a_syn_is_not_the_last_one() {
    let mut lab = connected(Mode::Iptables);
    assert!(passes(&mut lab, &client(FIN | ACK, 1001, 5001)));
    assert!(passes(&mut lab, &server(FIN | ACK, 5001, 1002)));
    assert!(passes(&mut lab, &client(SYN, 99_000, 0)));
    assert!(passes(&mut lab, &server(ACK, 5002, 1002)));
    assert_eq!(state(&lab), Some(State::LastAck));
    assert!(passes(&mut lab, &server(ACK, 5002, 1002)));
    assert_eq!(state(&lab), Some(State::TimeWait));
}

#[test]
fn when_both_begin_at_once_the_acknowledgement_of_either_establishes_the_connection() {
    let mut lab = lab(Mode::Iptables);
    assert!(passes(&mut lab, &client(SYN, 1000, 0)));
    assert!(passes(&mut lab, &server(SYN, 5000, 0)));
    assert_eq!(state(&lab), Some(State::SynSent2));
    assert!(passes(&mut lab, &server(SYN | ACK, 5000, 1001)));
    assert!(passes(&mut lab, &server(ACK, 5001, 1001)));
    assert_eq!(state(&lab), Some(State::Established));
}
