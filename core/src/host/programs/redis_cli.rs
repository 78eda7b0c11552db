//! `redis-cli [-h HOST] [-p PORT] [COMMAND ...]`; without a command, one per line of input.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::super::resolve;
use super::super::stream::{NetError, TcpStream};
use super::super::sys::Sys;

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let (mut host, mut port, mut words) = ("127.0.0.1".to_string(), 6379u16, arguments);
    loop {
        words = match words {
            [option, value, rest @ ..] if option == "-h" => {
                host = value.clone();
                rest
            }
            [option, value, rest @ ..] if option == "-p" => {
                port = value.parse().unwrap_or(port);
                rest
            }
            [option, _, rest @ ..] if matches!(option.as_str(), "-a" | "-n" | "-u") => rest,
            [option, rest @ ..] if matches!(option.as_str(), "--raw" | "--no-raw" | "-c") => rest,
            words => break words_run(sys, &host, port, words).await,
        };
    }
}

async fn words_run(sys: &Sys, host: &str, port: u16, words: &[String]) -> i32 {
    let stream = match resolve::address(sys, host).await {
        None => {
            sys.complain(format_args!("Could not connect to Redis at {host}:{port}: Name or service not known"));
            return 1;
        }
        Some(address) => sys.connect(0, SocketAddr::new(address, port)).await,
    };
    let stream = match stream {
        Ok(stream) => stream,
        Err(error) => {
            sys.complain(format_args!("Could not connect to Redis at {host}:{port}: {error}"));
            return 1;
        }
    };
    let mut bytes = Vec::new();
    if !words.is_empty() {
        return command(sys, &stream, words, &mut bytes).await;
    }
    loop {
        if sys.terminal {
            sys.print(format_args!("{host}:{port}> "));
        }
        let line = sys.read_line().await;
        let text = String::from_utf8_lossy(&line);
        let words: Vec<String> = text.split_whitespace().map(str::to_string).collect();
        match words.first().map(String::as_str) {
            _ if line.is_empty() => return 0,
            Some("quit" | "exit") => return 0,
            None => {}
            Some(_) => {
                command(sys, &stream, &words, &mut bytes).await;
            }
        }
    }
}

/// Sends one command and prints its reply.
async fn command(sys: &Sys, stream: &TcpStream, words: &[String], bytes: &mut Vec<u8>) -> i32 {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request += &format!("${}\r\n{word}\r\n", word.len());
    }
    match exchange(stream, request.as_bytes(), bytes).await {
        Ok(reply) => {
            sys.line(&reply);
            i32::from(reply.starts_with("(error)"))
        }
        Err(error) => {
            sys.complain(format_args!("Error: {error}"));
            1
        }
    }
}

async fn exchange(stream: &TcpStream, request: &[u8], bytes: &mut Vec<u8>) -> Result<String, NetError> {
    stream.write(request).await?;
    loop {
        if let Some((text, length)) = reply(bytes, 0) {
            bytes.drain(..length);
            return Ok(text);
        }
        if stream.read(bytes).await? == 0 {
            return Err(NetError::Reset);
        }
    }
}

/// The reply that starts at `at`, as redis-cli prints it, and where it ends.
fn reply(bytes: &[u8], at: usize) -> Option<(String, usize)> {
    let end = at + bytes.get(at..)?.windows(2).position(|pair| pair == b"\r\n")?;
    let text = String::from_utf8_lossy(bytes.get(at + 1..end)?).into_owned();
    let next = end + 2;
    let length = || text.parse::<i64>().ok().and_then(|length| usize::try_from(length).ok());
    match bytes[at] {
        b'-' => Some((format!("(error) {text}"), next)),
        b':' => Some((format!("(integer) {text}"), next)),
        b'$' => match length() {
            None => Some(("(nil)".to_string(), next)),
            Some(length) => {
                let value = String::from_utf8_lossy(bytes.get(next..next + length)?).into_owned();
                let shown = if value.contains('\n') { value } else { format!("\"{value}\"") };
                bytes.get(next + length + 1).map(|_| (shown, next + length + 2))
            }
        },
        b'*' => {
            let mut place = next;
            let mut lines = Vec::new();
            for index in 0..length().unwrap_or(0) {
                let (item, after) = reply(bytes, place)?;
                lines.push(format!("{}) {item}", index + 1));
                place = after;
            }
            let shown = if lines.is_empty() { "(empty array)".to_string() } else { lines.join("\n") };
            Some((shown, place))
        }
        _ => Some((text, next)),
    }
}
