//! `redis-cli [-h HOST] [-p PORT] [-e] [--raw] [COMMAND ...]`; without a command, one per line of input.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::super::resolve;
use super::super::stream::{NetError, TcpStream};
use super::super::sys::Sys;
use super::options::{Misuse, Options};

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let options = match Options::read(arguments, "+ h: p: a: c e !,raw @,no-raw") {
        Ok(options) => options,
        Err(Misuse::MissingValue(name) | Misuse::Unknown(name)) => {
            return sys.fail(format_args!("Unrecognized option or bad number of args for: '{name}'"));
        }
    };
    let (host, port) = (options.value('h').unwrap_or("127.0.0.1"), options.port('p').unwrap_or(6379));
    let failed = |words: &str| sys.fail(format_args!("Could not connect to Redis at {host}:{port}: {words}"));
    let Some(address) = resolve::address(sys, host).await else { return failed("Name or service not known") };
    let stream = match sys.connect(0, SocketAddr::new(address, port), None).await {
        Ok(stream) => stream,
        Err(error) => return failed(&error.to_string()),
    };
    // Types are shown to people only.
    let raw = options.has('!') || !(sys.terminal || options.has('@'));
    let mut code = 0;
    let mut bytes = Vec::new();
    let mut line = Vec::new();
    loop {
        let typed = String::from_utf8_lossy(&line);
        let mut words = options.words.clone();
        if words.is_empty() {
            words.extend(typed.split_whitespace());
        }
        if let [first, ..] = words[..] {
            if matches!(first, "quit" | "exit") && options.words.is_empty() {
                return 0;
            }
            code = match exchange(&stream, &words, &mut bytes, raw).await {
                Ok((reply, failed)) => {
                    sys.line(format_args!("{reply}"));
                    i32::from(failed && options.has('e'))
                }
                Err(error) => sys.fail(format_args!("Error: {error}")),
            };
        }
        if !options.words.is_empty() {
            return code;
        }
        if sys.terminal {
            sys.print(format_args!("{host}:{port}> "));
        }
        line = sys.read_line().await;
        if line.is_empty() {
            return 0;
        }
    }
}

/// Sends one command and reads its reply, and whether that is an error. `bytes` holds what came behind the last one.
async fn exchange(
    stream: &TcpStream,
    words: &[&str],
    bytes: &mut Vec<u8>,
    raw: bool,
) -> Result<(String, bool), NetError> {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request += &format!("${}\r\n{word}\r\n", word.len());
    }
    stream.write(request.as_bytes()).await?;
    loop {
        if let Some((text, length)) = reply(bytes, 0, raw, 0) {
            let failed = bytes.first() == Some(&b'-');
            bytes.drain(..length);
            return Ok((text, failed));
        }
        if stream.read(bytes).await? == 0 {
            return Err(NetError::Reset);
        }
    }
}

/// How deep lists may stand in each other.
const DEPTH_MAX: u32 = 16;

/// The reply that starts at `at`, as redis-cli prints it, and where it ends.
fn reply(bytes: &[u8], at: usize, raw: bool, depth: u32) -> Option<(String, usize)> {
    let end = at + bytes.get(at..)?.windows(2).position(|pair| pair == b"\r\n")?;
    let text = String::from_utf8_lossy(bytes.get(at + 1..end)?).into_owned();
    let mut next = end + 2;
    let length = text.parse::<usize>().ok();
    let shown = match bytes[at] {
        b'-' if raw => text + "\n",
        b'-' => format!("(error) {text}"),
        b':' if !raw => format!("(integer) {text}"),
        b'$' => match length {
            None => if raw { "" } else { "(nil)" }.to_string(),
            Some(length) => {
                let end = next.checked_add(length)?;
                let value = String::from_utf8_lossy(bytes.get(next..end)?).into_owned();
                bytes.get(end + 1)?;
                next = end + 2;
                if raw || value.contains('\n') { value } else { format!("\"{value}\"") }
            }
        },
        b'*' if depth < DEPTH_MAX => {
            let mut lines = String::new();
            for index in 1..=length.unwrap_or(0) {
                let (item, after) = reply(bytes, next, raw, depth + 1)?;
                next = after;
                let separator = if index == 1 { "" } else { "\n" };
                lines += separator;
                if !raw {
                    lines += &format!("{index}) ");
                }
                lines += &item;
            }
            if lines.is_empty() && !raw { "(empty array)".to_string() } else { lines }
        }
        _ => text,
    };
    Some((shown, next))
}
