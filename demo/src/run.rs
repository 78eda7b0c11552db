//! Runs a program, shows that it is alive, and keeps its last words for the error.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::Error;

/// Lines of a failed program's output that its error quotes.
const TAIL: usize = 60;
/// A step shorter than this says nothing.
const QUIET: Duration = Duration::from_millis(1500);
/// How often a step on a pipe or in a log says that it is still at work.
const BEAT: Duration = Duration::from_secs(15);

/// Writes a line for the person at the terminal, also from inside a test whose output is captured.
pub fn say(line: &str) {
    // A closed stderr is no reason to stop.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Runs `command` and returns what it wrote to its standard output.
///
/// `what` describes the step as in "building the wasm module": it is announced when the step takes longer than a
/// moment. The output itself is shown only when the program fails.
pub fn run(what: &str, command: &mut Command) -> Result<String, Error> {
    run_within(what, command, None)
}

/// As [`run`], but kills the program when `limit` has passed.
pub fn run_within(what: &str, command: &mut Command, limit: Option<Duration>) -> Result<String, Error> {
    let shown = shown(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Error::new(format!("{what} failed: could not start `{shown}`: {error}")))?;
    let (sender, lines) = mpsc::channel();
    read_lines(child.stdout.take().expect("the output is piped"), Stream::Out, sender.clone());
    read_lines(child.stderr.take().expect("the output is piped"), Stream::Err, sender);

    let mut progress = Progress::new(what);
    let mut stdout = String::new();
    let mut tail = VecDeque::new();
    let mut exit: Option<(ExitStatus, Instant)> = None;
    loop {
        match lines.recv_timeout(Duration::from_millis(100)) {
            Ok((stream, line)) => {
                if stream == Stream::Out {
                    stdout.push_str(&line);
                    stdout.push('\n');
                }
                if tail.len() == TAIL {
                    tail.pop_front();
                }
                tail.push_back(line);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait().map_err(|error| Error::new(format!("{what}: {error}")))?;
                exit = Some((status, Instant::now()));
                break;
            }
        }
        progress.beat(tail.back().map_or("", String::as_str));
        if exit.is_none() {
            exit = child.try_wait().ok().flatten().map(|status| (status, Instant::now()));
        }
        // A daemon the program left behind may hold its pipes open.
        if exit.as_ref().is_some_and(|(_, since)| since.elapsed() > Duration::from_secs(1)) {
            break;
        }
        if exit.is_none() && limit.is_some_and(|limit| progress.since.elapsed() > limit) {
            let _ = child.kill();
            let _ = child.wait();
            progress.end("gave up");
            let seconds = limit.map_or(0, |limit| limit.as_secs());
            return Err(Error::new(format!("{what}: `{shown}` was stopped after {seconds} s")));
        }
    }
    let (status, _) = exit.expect("the loop ends only with an exit status");
    if status.success() {
        progress.end("done");
        return Ok(stdout);
    }
    progress.end("failed");
    let words: Vec<&str> = tail.iter().map(|line| line.as_str()).collect();
    Err(Error::new(format!("{what} failed: `{shown}` ended with {status}\n{}", words.join("\n"))))
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

fn read_lines(pipe: impl Read + Send + 'static, stream: Stream, lines: Sender<(Stream, String)>) {
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(pipe.read_until(b'\n', &mut line), Ok(1..)) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
            if lines.send((stream, text)).is_err() {
                break;
            }
            line.clear();
        }
    });
}

/// One line that moves on a terminal, and a line now and then elsewhere.
struct Progress<'a> {
    what: &'a str,
    since: Instant,
    last: Option<Instant>,
    terminal: bool,
}

impl<'a> Progress<'a> {
    fn new(what: &'a str) -> Self {
        Self { what, since: Instant::now(), last: None, terminal: std::io::stderr().is_terminal() }
    }

    fn beat(&mut self, word: &str) {
        let (now, elapsed) = (Instant::now(), self.since.elapsed());
        if elapsed < QUIET {
            return;
        }
        let pause = if self.terminal { Duration::from_millis(200) } else { BEAT };
        if self.last.is_some_and(|last| now - last < pause) {
            return;
        }
        let first = self.last.is_none();
        self.last = Some(now);
        let seconds = elapsed.as_secs();
        if self.terminal {
            let word: String = word.trim().chars().take(60).collect();
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K{} … {seconds} s  {word}", self.what);
        } else if first {
            say(&format!("{} …", self.what));
        } else {
            say(&format!("{} … {seconds} s  {}", self.what, word.trim()));
        }
    }

    fn end(&self, how: &str) {
        if self.last.is_some() {
            let back = if self.terminal { "\r\x1b[K" } else { "" };
            say(&format!("{back}{}: {how} in {:.1} s", self.what, self.since.elapsed().as_secs_f32()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_a_program_is_returned() {
        let out = run("listing", Command::new("sh").args(["-c", "echo one; echo two >&2; echo three"])).unwrap();
        assert_eq!(out, "one\nthree\n");
    }

    #[test]
    fn a_failure_quotes_the_command_and_its_last_words() {
        let error = run("trying", Command::new("sh").args(["-c", "echo the reason >&2; exit 3"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("trying failed") && text.contains("sh -c") && text.contains("the reason"), "{text}");
    }

    #[test]
    fn a_program_that_hangs_is_stopped() {
        let mut command = Command::new("sleep");
        let limit = Some(Duration::from_millis(300));
        let text = run_within("waiting", command.arg("60"), limit).unwrap_err().to_string();
        assert!(text.contains("was stopped"), "{text}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let text = run("trying", &mut Command::new("no-such-program-here")).unwrap_err().to_string();
        assert!(text.contains("no-such-program-here"), "{text}");
    }
}
