//! redis: RESP arrays and inline commands, a handful of commands, the real server's error words.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use smoltcp::time::{Duration, Instant};

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
    /// Keys that are not for ever, and their end.
    ends: Vec<(Vec<u8>, Instant)>,
}

impl Database {
    /// Forgets what is over.
    fn expire(&mut self, now: Instant) {
        while let Some(index) = self.ends.iter().position(|(_, end)| *end <= now) {
            let (key, _) = self.ends.swap_remove(index);
            self.values.remove(&key);
        }
    }

    fn has(&self, key: &[u8]) -> bool {
        self.values.value(key).is_some()
    }

    /// Forgets a key; false if there is none.
    fn remove(&mut self, key: &[u8]) -> bool {
        self.set_end(key, None);
        self.values.remove(key)
    }

    /// How long a key is kept, in whole seconds; -1 for ever, -2 if there is none.
    fn seconds_left(&self, key: &[u8], now: Instant) -> i64 {
        match self.ends.iter().find(|(have, _)| have == key) {
            Some((_, end)) => (*end - now).total_millis().div_ceil(1000) as i64,
            None if self.has(key) => -1,
            None => -2,
        }
    }

    /// Gives a key an end, or none.
    fn set_end(&mut self, key: &[u8], end: Option<Instant>) {
        if let Some(index) = self.ends.iter().position(|(have, _)| have == key) {
            self.ends.swap_remove(index);
        }
        if let Some(end) = end {
            self.ends.push((key.to_vec(), end));
        }
    }
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
        let mut database = database.borrow_mut();
        database.expire(machine.now());
        let reply = execute(&mut database, machine, &name, &arguments);
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

/// `SET KEY VALUE` with `NX`, `XX`, `EX SECONDS`, `PX MILLISECONDS` and `KEEPTTL`.
fn set(database: &mut Database, now: Instant, key: &[u8], value: &[u8], options: &[Vec<u8>]) -> &'static str {
    let (mut end, mut keep) = (None, false);
    let mut wanted = None;
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match &*option.to_ascii_uppercase() {
            b"NX" if wanted.is_none() => wanted = Some(false),
            b"XX" if wanted.is_none() => wanted = Some(true),
            b"KEEPTTL" if end.is_none() => keep = true,
            unit @ (b"EX" | b"PX") if end.is_none() && !keep => {
                let Some(text) = options.next() else { return SYNTAX };
                let unit = if unit == b"EX" { 1000 } else { 1 };
                match number(text).map(|number| number as u64) {
                    None => return NO_NUMBER,
                    Some(number @ 1..=TIME_MAX) => end = Some(now + Duration::from_millis(number * unit)),
                    Some(_) => return "-ERR invalid expire time in 'set' command\r\n",
                }
            }
            _ => return SYNTAX,
        }
    }
    if wanted.is_some_and(|wanted| wanted != database.has(key)) {
        return "$-1\r\n";
    }
    database.values.insert(key, value.to_vec());
    if !keep {
        database.set_end(key, end);
    }
    "+OK\r\n"
}

const SYNTAX: &str = "-ERR syntax error\r\n";
const NO_NUMBER: &str = "-ERR value is not an integer or out of range\r\n";
/// The longest time a key may have, so that its end can be told.
const TIME_MAX: u64 = 1 << 40;

/// Whether a name is one of a pattern's, whose `*` is any text and whose `?` any byte.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    // Behind the last star, and how much of the name that star has not taken.
    let mut star = None;
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                star = Some((at, read));
            }
            Some(&byte) if byte == b'?' || byte == name[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((behind, from)) = star else { return false };
                (at, read) = (behind, from + 1);
                star = Some((behind, read));
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

fn execute(database: &mut Database, machine: &Machine, name: &[u8], arguments: &[Vec<u8>]) -> Vec<u8> {
    let now = machine.now();
    let reply = match (name, &arguments[1..]) {
        (b"PING", []) => "+PONG\r\n",
        (b"PING" | b"ECHO", [text]) => return bulk(Some(text)),
        (b"SET", [key, value, options @ ..]) => set(database, now, key, value, options),
        (b"GET", [key]) => return bulk(database.values.value(key)),
        (b"DEL" | b"EXISTS", keys @ [_, ..]) => {
            let mut count = 0;
            for key in keys {
                count += i64::from(if name == b"DEL" { database.remove(key) } else { database.has(key) });
            }
            return integer(count);
        }
        (b"INCR", [key]) => return increment(&mut database.values, key),
        (b"TTL", [key]) => return integer(database.seconds_left(key, now)),
        (b"EXPIRE", [key, seconds]) => {
            let Some(seconds) = number(seconds).map(|seconds| (seconds as u64).min(TIME_MAX)) else {
                return NO_NUMBER.into();
            };
            let has = database.has(key);
            if has {
                database.set_end(key, Some(now + Duration::from_millis(seconds * 1000)));
                database.expire(now);
            }
            return integer(i64::from(has));
        }
        (b"KEYS", [pattern]) if pattern.iter().any(|byte| matches!(byte, b'[' | b'\\')) => {
            "-ERR patterns with [ or \\ are not simulated\r\n"
        }
        (b"KEYS", [pattern]) => return keys(&database.values, pattern),
        (b"DBSIZE", []) => return integer(database.values.len() as i64),
        (b"FLUSHALL" | b"FLUSHDB", _) => {
            *database = Database::default();
            "+OK\r\n"
        }
        (b"INFO", _) => {
            let host = &machine.config.hostname;
            let info = format!(
                "# Server\r\nredis_version:8.4.0\r\nredis_mode:standalone\r\ntcp_port:6379\r\n\r\n\
                 # Replication\r\nrole:master\r\nconnected_slaves:0\r\n\r\n# Host\r\nhostname:{host}\r\n"
            );
            return bulk(Some(&info.into_bytes()));
        }
        (b"SELECT" | b"QUIT", _) => "+OK\r\n",
        (b"COMMAND" | b"CLIENT" | b"HELLO", _) => "*0\r\n",
        _ => return refusal(name, arguments),
    };
    reply.into()
}

/// `INCR KEY`.
fn increment(values: &mut Table, key: &[u8]) -> Vec<u8> {
    let old = values.value(key).map_or(Some(0), |value| core::str::from_utf8(value).ok()?.parse::<i64>().ok());
    let Some(new) = old.and_then(|old| old.checked_add(1)) else { return NO_NUMBER.into() };
    values.insert(key, format!("{new}").into_bytes());
    integer(new)
}

/// `KEYS PATTERN`.
fn keys(values: &Table, pattern: &[u8]) -> Vec<u8> {
    let (mut count, mut found) = (0, Vec::new());
    for key in values.keys() {
        if fits(pattern, key) {
            count += 1;
            found.extend_from_slice(&bulk(Some(key)));
        }
    }
    let mut reply = format!("*{count}\r\n").into_bytes();
    reply.append(&mut found);
    reply
}

/// What is said of a command that does not exist, or not with so many arguments.
fn refusal(name: &[u8], arguments: &[Vec<u8>]) -> Vec<u8> {
    let known = ["PING", "ECHO", "SET", "GET", "DEL", "EXISTS", "INCR", "KEYS", "DBSIZE", "TTL", "EXPIRE"];
    if known.iter().any(|known| known.as_bytes() == name) {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        return format!("-ERR wrong number of arguments for '{name}' command\r\n").into_bytes();
    }
    let name = String::from_utf8_lossy(&arguments[0]);
    let mut reply = format!("-ERR unknown command '{name}', with args beginning with: ");
    for argument in &arguments[1..] {
        reply += &format!("'{}' ", String::from_utf8_lossy(argument));
    }
    reply += "\r\n";
    reply.into_bytes()
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
