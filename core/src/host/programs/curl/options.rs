//! curl's command line.

use alloc::format;
use alloc::string::String;

use super::super::options::{self, Misuse, Options};
use super::Failure;

/// The options that have no letter.
pub(super) const RETRY: char = '!';
pub(super) const RESOLVE: char = '@';
pub(super) const CONNECT_TIMEOUT: char = '%';
pub(super) const RATE: char = '^';
pub(super) const RETRY_REFUSED: char = '(';
pub(super) const RETRY_DELAY: char = ')';
pub(super) const REDIRECTS: char = '>';

const KNOWN: &str = "s,silent S,show-error v,verbose i,include,show-headers I,head f,fail L,location 4,ipv4 6,ipv6 \
    o:,output w:,write-out X:,request H:,header A:,user-agent d:,data,data-raw m:,max-time !:,retry @:,resolve \
    %:,connect-timeout ^:,rate &:,url k,insecure N,no-buffer g,globoff \
    (,retry-connrefused ):,retry-delay >:,max-redirs =,http1.1,compressed,no-progress-meter,no-keepalive \
    ~:,noproxy,cacert,keepalive-time";

/// Reads the command line; its words are the URLs.
pub(super) fn read(arguments: &[String]) -> Result<Options<'_>, Failure> {
    let mut options = Options::read(arguments, KNOWN).map_err(|misuse| match misuse {
        Misuse::MissingValue(name) => Failure(2, format!("option {name}: requires parameter")),
        Misuse::Unknown(name) => Failure(2, format!("option {}: is unknown", dashed(name))),
    })?;
    for number in ['m', CONNECT_TIMEOUT, RETRY, RETRY_DELAY, REDIRECTS] {
        let is_time = matches!(number, 'm' | CONNECT_TIMEOUT);
        if let Some((name, value)) = options.named(number)
            && (value.ends_with('s') || options::seconds(value).is_none() || !is_time && value.parse::<u32>().is_err())
        {
            let name = dashed(name);
            return Err(Failure(2, format!("option {name}: expected a proper numerical parameter")));
        }
    }
    if options.value(RATE).is_some_and(|rate| pause(rate).is_none()) {
        return Err(Failure(2, "option --rate: is badly used here".into()));
    }
    let urls = options.values('&');
    options.words.extend(urls);
    if !options.has('g') {
        for url in &options.words {
            // The brackets of an IPv6 address are no range.
            let path = url.find(']').map_or(*url, |end| &url[end..]);
            let plain = if url.trim_start_matches("http://").starts_with('[') { path } else { url };
            if plain.contains(['[', '{']) {
                return Err(Failure(
                    3,
                    format!("ranges and lists in a URL are not simulated: {url} (-g: none is meant)"),
                ));
            }
        }
    }
    Ok(options)
}

/// The milliseconds from the start of one transfer to that of the next that `--rate` asks for: `4/s`, `10/5m`, `3`
/// (an hour is meant).
pub(super) fn pause(rate: &str) -> Option<u64> {
    let (number, unit) = rate.split_once('/').unwrap_or((rate, "h"));
    let (count, letter) = unit.split_at(unit.len().checked_sub(1)?);
    let length: u64 = match letter {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let units: u64 = if count.is_empty() { 1 } else { count.parse().ok()? };
    units.checked_mul(length)?.checked_div(number.parse().ok()?)
}

fn dashed(name: &str) -> String {
    format!("{}{name}", if name.len() == 1 { "-" } else { "--" })
}
