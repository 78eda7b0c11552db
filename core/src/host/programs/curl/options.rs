//! curl's command line.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::options::{self, MissingValue, Word};
use super::Failure;

/// Options that take a value.
const VALUED: &str = "o w m H X d A u e b T F connect-timeout max-time resolve header request data data-raw user-agent \
    output write-out retry retry-delay max-redirs cacert interface connect-to noproxy keepalive-time url user";

/// What was asked for.
#[derive(Default)]
pub(super) struct Options<'a> {
    pub(super) urls: Vec<&'a str>,
    pub(super) silent: bool,
    pub(super) show_error: bool,
    pub(super) verbose: bool,
    pub(super) include: bool,
    pub(super) head: bool,
    pub(super) fail: bool,
    pub(super) location: bool,
    pub(super) only: Option<bool>,
    pub(super) output: Option<&'a str>,
    pub(super) write_out: Option<&'a str>,
    pub(super) method: Option<&'a str>,
    pub(super) headers: Vec<&'a str>,
    pub(super) data: Option<String>,
    pub(super) agent: Option<&'a str>,
    pub(super) resolve: Vec<&'a str>,
    pub(super) connect_timeout: Option<u64>,
    pub(super) max_time: Option<u64>,
    pub(super) retry: u32,
}

impl<'a> Options<'a> {
    /// Reads the command line.
    pub(super) fn read(arguments: &'a [String]) -> Result<Options<'a>, Failure> {
        let mut options = Options::default();
        let words = options::parse(arguments, VALUED)
            .map_err(|MissingValue(name)| Failure(2, format!("option {name}: requires parameter")))?;
        for word in words {
            let (name, value) = match word {
                Word::Plain(url) => {
                    options.urls.push(url);
                    continue;
                }
                Word::Option(name, value) => (name, value),
            };
            let number = || {
                options::seconds(value).ok_or_else(|| {
                    Failure(2, format!("option {}: expected a proper numerical parameter", dashed(name)))
                })
            };
            match name {
                "s" | "silent" => options.silent = true,
                "S" | "show-error" => options.show_error = true,
                "v" | "verbose" => options.verbose = true,
                "i" | "include" | "show-headers" => options.include = true,
                "I" | "head" => options.head = true,
                "f" | "fail" => options.fail = true,
                "L" | "location" => options.location = true,
                "4" | "ipv4" => options.only = Some(true),
                "6" | "ipv6" => options.only = Some(false),
                "o" | "output" => options.output = Some(value),
                "w" | "write-out" => options.write_out = Some(value),
                "X" | "request" => options.method = Some(value),
                "H" | "header" => options.headers.push(value),
                "A" | "user-agent" => options.agent = Some(value),
                "d" | "data" | "data-raw" => {
                    let data = options.data.get_or_insert_default();
                    if !data.is_empty() {
                        data.push('&');
                    }
                    data.push_str(value);
                }
                "resolve" => options.resolve.push(value),
                "connect-timeout" => options.connect_timeout = Some(number()?),
                "m" | "max-time" => options.max_time = Some(number()?),
                "retry" => options.retry = value.parse().unwrap_or(0),
                "url" => options.urls.push(value),
                "k" | "insecure" | "N" | "no-buffer" | "g" | "globoff" | "http1.1" | "compressed"
                | "no-progress-meter" | "retry-connrefused" | "retry-delay" | "noproxy" | "max-redirs" | "cacert"
                | "connect-to" | "keepalive-time" | "no-keepalive" => {}
                _ => return Err(Failure(2, format!("option {}: is unknown", dashed(name)))),
            }
        }
        Ok(options)
    }
}

fn dashed(name: &str) -> String {
    if name.len() == 1 { format!("-{name}") } else { format!("--{name}") }
}
