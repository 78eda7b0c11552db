//! redis: RESP arrays and inline commands, a handful of commands, the real server's error words.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::super::machine::Machine;
use super::super::stream::{NetError, TcpStream};
use super::super::table::Table;

/// The longest inline command, as the real server limits it, and the longest argument.
const INLINE_MAX: usize = 64 * 1024;
const BULK_MAX: usize = 1 << 20;

/// Keys and values of one server.
#[derive(Debug, Default)]
pub struct Database {
    values: Table,
}

/// Serves one connection.
pub(super) async fn serve(machine: &Machine, database: &RefCell<Database>, stream: &TcpStream) -> Result<(), NetError> {
    let mut bytes = Vec::new();
    loop {
        match command(&bytes) {
            Ok(Some((Words(arguments), length))) => {
                bytes.drain(..length);
                if arguments.is_empty() {
                    continue;
                }
                let name = arguments[0].to_ascii_uppercase();
                let reply = execute(&mut database.borrow_mut(), &machine.config.hostname, &name, &arguments);
                stream.write(&reply).await?;
                if name == b"QUIT" {
                    return Ok(());
                }
            }
            Ok(None) => {
                if stream.read(&mut bytes).await? == 0 {
                    return Ok(());
                }
            }
            Err(problem) => return stream.write(format!("-ERR Protocol error: {problem}\r\n").as_bytes()).await,
        }
    }
}

/// A command's name and arguments.
struct Words(Vec<Vec<u8>>);

/// The first whole command in `bytes` and its length there.
fn command(bytes: &[u8]) -> Result<Option<(Words, usize)>, &'static str> {
    let Some((first, mut at)) = line(bytes, 0) else {
        return if bytes.len() > INLINE_MAX { Err("too big inline request") } else { Ok(None) };
    };
    if first.first() != Some(&b'*') {
        let words = first.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
        return Ok(Some((Words(words.map(<[u8]>::to_vec).collect()), at)));
    }
    let count = number(&first[1..]).filter(|count| *count <= 1024).ok_or("invalid multibulk length")?;
    let mut arguments = Vec::new();
    for _ in 0..count {
        let Some((header, start)) = line(bytes, at) else { return Ok(None) };
        if header.first() != Some(&b'$') {
            return Err("expected '$'");
        }
        let length = number(&header[1..]).filter(|length| *length <= BULK_MAX).ok_or("invalid bulk length")?;
        let Some(value) = bytes.get(start..start + length) else { return Ok(None) };
        if bytes.len() < start + length + 2 {
            return Ok(None);
        }
        arguments.push(value.to_vec());
        at = start + length + 2;
    }
    Ok(Some((Words(arguments), at)))
}

/// The line that starts at `at`, and where the next one starts.
fn line(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?;
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    Some((rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]), at + end + 1))
}

fn number(digits: &[u8]) -> Option<usize> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

fn execute(database: &mut Database, host: &str, name: &[u8], arguments: &[Vec<u8>]) -> Vec<u8> {
    let values = &mut database.values;
    match (name, &arguments[1..]) {
        (b"PING", []) => b"+PONG\r\n".to_vec(),
        (b"PING" | b"ECHO", [text]) => bulk(Some(text)),
        (b"SET", [key, value, ..]) => {
            values.insert(key, value.clone());
            b"+OK\r\n".to_vec()
        }
        (b"GET", [key]) => bulk(values.value(key)),
        (b"DEL", [_, ..]) => integer(arguments[1..].iter().filter(|key| values.remove(key)).count() as i64),
        (b"EXISTS", [_, ..]) => integer(arguments[1..].iter().filter(|key| values.value(key).is_some()).count() as i64),
        (b"INCR", [key]) => {
            let old = values.value(key).map_or(Some(0), |value| core::str::from_utf8(value).ok()?.parse::<i64>().ok());
            match old.and_then(|old| old.checked_add(1)) {
                Some(new) => {
                    values.insert(key, format!("{new}").into_bytes());
                    integer(new)
                }
                None => b"-ERR value is not an integer or out of range\r\n".to_vec(),
            }
        }
        (b"KEYS", [_]) => {
            let mut reply = format!("*{}\r\n", values.len()).into_bytes();
            values.keys().for_each(|key| reply.extend(bulk(Some(key))));
            reply
        }
        (b"DBSIZE", []) => integer(values.len() as i64),
        (b"FLUSHALL" | b"FLUSHDB", _) => {
            values.clear();
            b"+OK\r\n".to_vec()
        }
        (b"INFO", _) => {
            let info = format!(
                "# Server\r\nredis_version:8.4.0\r\nredis_mode:standalone\r\ntcp_port:6379\r\n\r\n\
                 # Replication\r\nrole:master\r\nconnected_slaves:0\r\n\r\n# Host\r\nhostname:{host}\r\n"
            );
            bulk(Some(&info.into_bytes()))
        }
        (b"SELECT" | b"QUIT", _) => b"+OK\r\n".to_vec(),
        (b"COMMAND" | b"CLIENT" | b"HELLO", _) => b"*0\r\n".to_vec(),
        (b"PING" | b"ECHO" | b"SET" | b"GET" | b"DEL" | b"EXISTS" | b"INCR" | b"KEYS" | b"DBSIZE", _) => {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            format!("-ERR wrong number of arguments for '{name}' command\r\n").into_bytes()
        }
        _ => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let mut reply = format!("-ERR unknown command '{}', with args beginning with: ", text(&arguments[0]));
            for argument in &arguments[1..] {
                reply += &format!("'{}' ", text(argument));
            }
            reply += "\r\n";
            reply.into_bytes()
        }
    }
}

fn bulk(value: Option<&Vec<u8>>) -> Vec<u8> {
    let Some(value) = value else { return b"$-1\r\n".to_vec() };
    let mut reply = format!("${}\r\n", value.len()).into_bytes();
    reply.extend_from_slice(value);
    reply.extend_from_slice(b"\r\n");
    reply
}

fn integer(value: i64) -> Vec<u8> {
    format!(":{value}\r\n").into_bytes()
}
