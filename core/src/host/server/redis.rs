//! redis: RESP arrays and inline commands, a handful of commands, the real server's error words.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::super::machine::Machine;
use super::super::table::Table;
use super::Step;

/// The longest inline command, as the real server limits it, and the longest argument.
const INLINE_MAX: usize = 64 * 1024;
const BULK_MAX: usize = 1 << 20;

/// Keys and values of one server.
#[derive(Debug, Default)]
pub struct Database {
    values: Table,
}

/// Answers the first whole command.
pub(super) fn step(machine: &Machine, database: &RefCell<Database>, bytes: &mut Vec<u8>) -> Step {
    loop {
        let (arguments, length) = match command(bytes) {
            Ok(Some((Words(arguments), length))) => (arguments, length),
            Ok(None) => return Step::Wait,
            Err(problem) => return Step::Last(format!("-ERR Protocol error: {problem}\r\n").into_bytes()),
        };
        bytes.drain(..length);
        let Some(first) = arguments.first() else { continue };
        let name = first.to_ascii_uppercase();
        let reply = execute(&mut database.borrow_mut(), &machine.config.hostname, &name, &arguments);
        return if name == b"QUIT" { Step::Last(reply) } else { Step::Say(reply) };
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
        let mut words = Vec::new();
        for word in first.split(u8::is_ascii_whitespace) {
            if !word.is_empty() {
                words.push(word.to_vec());
            }
        }
        return Ok(Some((Words(words), at)));
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
    let reply = match (name, &arguments[1..]) {
        (b"PING", []) => "+PONG\r\n",
        (b"PING" | b"ECHO", [text]) => return bulk(Some(text)),
        (b"SET", [key, value, ..]) => {
            values.insert(key, value.clone());
            "+OK\r\n"
        }
        (b"GET", [key]) => return bulk(values.value(key)),
        (b"DEL" | b"EXISTS", [_, ..]) => {
            let mut count = 0;
            for key in &arguments[1..] {
                let had = if name == b"DEL" { values.remove(key) } else { values.value(key).is_some() };
                count += i64::from(had);
            }
            return integer(count);
        }
        (b"INCR", [key]) => {
            let old = values.value(key).map_or(Some(0), |value| core::str::from_utf8(value).ok()?.parse::<i64>().ok());
            match old.and_then(|old| old.checked_add(1)) {
                Some(new) => {
                    values.insert(key, format!("{new}").into_bytes());
                    return integer(new);
                }
                None => "-ERR value is not an integer or out of range\r\n",
            }
        }
        (b"KEYS", [_]) => {
            let mut reply = format!("*{}\r\n", values.len()).into_bytes();
            for key in values.keys() {
                reply.extend_from_slice(&bulk(Some(key)));
            }
            return reply;
        }
        (b"DBSIZE", []) => return integer(values.len() as i64),
        (b"FLUSHALL" | b"FLUSHDB", _) => {
            values.clear();
            "+OK\r\n"
        }
        (b"INFO", _) => {
            let info = format!(
                "# Server\r\nredis_version:8.4.0\r\nredis_mode:standalone\r\ntcp_port:6379\r\n\r\n\
                 # Replication\r\nrole:master\r\nconnected_slaves:0\r\n\r\n# Host\r\nhostname:{host}\r\n"
            );
            return bulk(Some(&info.into_bytes()));
        }
        (b"SELECT" | b"QUIT", _) => "+OK\r\n",
        (b"COMMAND" | b"CLIENT" | b"HELLO", _) => "*0\r\n",
        (b"PING" | b"ECHO" | b"SET" | b"GET" | b"DEL" | b"EXISTS" | b"INCR" | b"KEYS" | b"DBSIZE", _) => {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            return format!("-ERR wrong number of arguments for '{name}' command\r\n").into_bytes();
        }
        _ => {
            let name = String::from_utf8_lossy(&arguments[0]);
            let mut reply = format!("-ERR unknown command '{name}', with args beginning with: ");
            for argument in &arguments[1..] {
                reply += &format!("'{}' ", String::from_utf8_lossy(argument));
            }
            reply += "\r\n";
            return reply.into_bytes();
        }
    };
    reply.into()
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
