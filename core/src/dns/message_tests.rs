use super::*;
use alloc::{format, string::ToString, vec};

fn answer(records: usize) -> Message {
    let mut message = Message::query(0x1234, "Peers.shop.svc.cluster.local.", Type::A);
    message.flags.response = true;
    message.flags.authoritative = true;
    message.answers = (0..records)
        .map(|n| Record {
            name: "Peers.shop.svc.cluster.local.".into(),
            ttl: 30,
            data: Data::A(Ipv4Addr::new(10, 1, (n / 256) as u8, (n % 256) as u8)),
        })
        .collect();
    message
}

#[test]
fn a_query_is_the_bytes_every_resolver_sends() {
    let bytes = Message::query(0xbeef, "a.bc", Type::AAAA).emit(512);
    assert_eq!(bytes, b"\xbe\xef\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x02bc\x00\x00\x1c\x00\x01");
}

#[test]
fn every_kind_of_record_survives_the_wire_with_and_without_compression() {
    let mut message = answer(2);
    message.rcode = Rcode::NxDomain;
    message.edns = Some(Edns { size: 1232, version: 0, dnssec: true });
    for data in [
        Data::Aaaa("fd00::1".parse().unwrap()),
        Data::Cname("db.example.com.".into()),
        Data::Ns("ns.dns.cluster.local.".into()),
        Data::Ptr("web.shop.svc.cluster.local.".into()),
        Data::Txt("1.1.0".into()),
        Data::Txt("x".repeat(600)),
        Data::Srv { priority: 0, weight: 100, port: 80, target: "web.shop.svc.cluster.local.".into() },
        Data::Other { kind: Type(13), bytes: vec![1, 2, 3] },
    ] {
        message.additional.push(Record { name: "shop.svc.cluster.local.".into(), ttl: 5, data });
    }
    message.authority.push(Record {
        name: "cluster.local.".into(),
        ttl: 30,
        data: Data::Soa {
            server: "ns.dns.cluster.local.".into(),
            mailbox: "hostmaster.cluster.local.".into(),
            serial: 1,
            refresh: 7200,
            retry: 1800,
            expire: 86400,
            minimum: 30,
        },
    });
    let plain = message.emit(u16::MAX);
    let packed = message.emit((plain.len() - 1) as u16);
    assert!(packed.len() < plain.len());
    assert_eq!(Message::parse(&plain).unwrap(), message);
    assert_eq!(Message::parse(&packed).unwrap(), message);
}

#[test]
fn what_does_not_fit_is_left_out_and_said_so() {
    let message = answer(100);
    let bytes = message.emit(512);
    assert!(bytes.len() <= 512);
    let parsed = Message::parse(&bytes).unwrap();
    assert!(parsed.flags.truncated);
    // 12 for the header, 35 for the question, 16 for each answer with a pointer.
    assert_eq!(parsed.answers.len(), (512 - 12 - 34) / 16);
    assert_eq!(parsed.answers[..], message.answers[..parsed.answers.len()]);
    assert!(!Message::parse(&message.emit(u16::MAX)).unwrap().flags.truncated);
}

#[test]
fn the_edns_record_stays_when_answers_are_left_out() {
    let mut message = answer(100);
    message.edns = Some(Edns { size: 600, version: 0, dnssec: false });
    let bytes = message.emit(600);
    assert!(bytes.len() <= 600);
    let parsed = Message::parse(&bytes).unwrap();
    assert_eq!(parsed.edns, message.edns);
    assert!(parsed.flags.truncated);
}

#[test]
fn an_extended_response_code_needs_the_opt_record() {
    let mut message = answer(0);
    message.rcode = Rcode::BadVers;
    message.edns = Some(Edns { size: 512, version: 0, dnssec: false });
    assert_eq!(Message::parse(&message.emit(512)).unwrap().rcode, Rcode::BadVers);
}

#[test]
fn every_cut_of_a_message_is_an_error_and_not_a_panic() {
    let mut message = answer(3);
    message.edns = Some(Edns { size: 512, version: 0, dnssec: false });
    let bytes = message.emit(512);
    for end in 0..bytes.len() {
        assert!(Message::parse(&bytes[..end]).is_err(), "{end} bytes");
    }
}

#[test]
fn a_record_whose_length_does_not_fit_its_type_is_refused() {
    let mut bytes = answer(1).emit(512);
    let length_at = bytes.len() - 5;
    bytes[length_at] = 3;
    assert_eq!(Message::parse(&bytes), Err(ParseError::Record));
}

#[test]
fn types_and_codes_have_the_names_that_tools_print() {
    assert_eq!(Type::from_name("srv"), Some(Type::SRV));
    assert_eq!(Type::from_name("type65"), Some(Type::HTTPS));
    assert_eq!(Type::from_name("nonsense"), None);
    assert_eq!(Type(4711).to_string(), "TYPE4711");
    assert_eq!(format!("{} {}", Rcode::NxDomain, Rcode::ServFail), "NXDOMAIN SERVFAIL");
}
