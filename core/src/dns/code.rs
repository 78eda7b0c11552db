//! Record types and response codes: numbers with names.

use core::fmt;

/// A record type by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Type(pub u16);

#[allow(missing_docs)]
impl Type {
    pub const A: Type = Type(1);
    pub const NS: Type = Type(2);
    pub const CNAME: Type = Type(5);
    pub const SOA: Type = Type(6);
    pub const PTR: Type = Type(12);
    pub const MX: Type = Type(15);
    pub const TXT: Type = Type(16);
    pub const AAAA: Type = Type(28);
    pub const SRV: Type = Type(33);
    pub const NAPTR: Type = Type(35);
    pub const OPT: Type = Type(41);
    pub const SVCB: Type = Type(64);
    pub const HTTPS: Type = Type(65);
    pub const IXFR: Type = Type(251);
    pub const AXFR: Type = Type(252);
    pub const ANY: Type = Type(255);
    pub const CAA: Type = Type(257);
}

/// The names people write, by number.
const TYPES: [(&str, Type); 17] = [
    ("A", Type::A),
    ("NS", Type::NS),
    ("CNAME", Type::CNAME),
    ("SOA", Type::SOA),
    ("PTR", Type::PTR),
    ("MX", Type::MX),
    ("TXT", Type::TXT),
    ("AAAA", Type::AAAA),
    ("SRV", Type::SRV),
    ("NAPTR", Type::NAPTR),
    ("OPT", Type::OPT),
    ("SVCB", Type::SVCB),
    ("HTTPS", Type::HTTPS),
    ("IXFR", Type::IXFR),
    ("AXFR", Type::AXFR),
    ("ANY", Type::ANY),
    ("CAA", Type::CAA),
];

impl Type {
    /// The type of that name, in any case: `srv`; or `TYPE65` (RFC 3597).
    pub fn from_name(name: &str) -> Option<Type> {
        TYPES.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind).or_else(|| {
            let (word, number) = name.split_at_checked(4)?;
            if word.eq_ignore_ascii_case("TYPE") { number.parse().ok().map(Type) } else { None }
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match TYPES.iter().find(|(_, kind)| kind == self) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

/// How a query went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rcode {
    /// All is well, though there may be no record of that type (NODATA).
    #[default]
    NoError,
    /// The question could not be read.
    FormErr,
    /// The server could not find out.
    ServFail,
    /// There is no such name.
    NxDomain,
    /// The server does not do that.
    NotImp,
    /// The server does not want to.
    Refused,
    /// The EDNS version is unknown (needs an OPT record to be said).
    BadVers,
    /// Any other number.
    Other(u16),
}

impl Rcode {
    pub(super) fn number(self) -> u16 {
        match self {
            Rcode::NoError => 0,
            Rcode::FormErr => 1,
            Rcode::ServFail => 2,
            Rcode::NxDomain => 3,
            Rcode::NotImp => 4,
            Rcode::Refused => 5,
            Rcode::BadVers => 16,
            Rcode::Other(number) => number,
        }
    }

    pub(super) fn from_number(number: u16) -> Rcode {
        match number {
            0 => Rcode::NoError,
            1 => Rcode::FormErr,
            2 => Rcode::ServFail,
            3 => Rcode::NxDomain,
            4 => Rcode::NotImp,
            5 => Rcode::Refused,
            16 => Rcode::BadVers,
            number => Rcode::Other(number),
        }
    }
}

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rcode::NoError => "NOERROR",
            Rcode::FormErr => "FORMERR",
            Rcode::ServFail => "SERVFAIL",
            Rcode::NxDomain => "NXDOMAIN",
            Rcode::NotImp => "NOTIMP",
            Rcode::Refused => "REFUSED",
            Rcode::BadVers => "BADVERS",
            Rcode::Other(number) => return write!(f, "RCODE{number}"),
        })
    }
}
