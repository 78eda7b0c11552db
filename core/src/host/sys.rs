//! The system calls of a program in a pod: its streams, its clock, its sockets.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::future::{Future, poll_fn};
use core::net::{IpAddr, SocketAddr};
use core::pin::Pin;
use core::task::Poll;

use smoltcp::time::{Duration, Instant};

use super::config::{HostConfig, Resolv};
use super::machine::Machine;
use super::packet::Echo;
use super::pipe::Pipe;
use super::stack::{Ping, PingReply};
use super::stream::{NetError, TcpListener, TcpStream, UdpSocket};

/// What one program sees of the world. A clone shares everything.
#[derive(Clone)]
pub(super) struct Sys {
    pub(super) machine: Rc<Machine>,
    pub(super) stdin: Pipe,
    pub(super) stdout: Pipe,
    pub(super) stderr: Pipe,
    /// Whether a person sits at the other end of the streams.
    pub(super) terminal: bool,
    /// The variables a shell has set and exported, over those of the host.
    pub(super) variables: Rc<RefCell<Vec<(String, String)>>>,
    /// What Ctrl-C does to this process.
    pub(super) interrupt: Rc<Cell<Interrupt>>,
    /// What the process finds around itself, if that is not the host's own.
    pub(super) surroundings: Option<Rc<HostConfig>>,
}

/// What Ctrl-C does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// It ends the process.
    #[default]
    Default,
    /// The process is a shell, which ends what it runs.
    Caught,
    /// It was pressed and the shell has not seen it yet.
    Raised,
}

impl Sys {
    pub(super) fn new(machine: Rc<Machine>, stdin: Pipe, stdout: Pipe, stderr: Pipe, terminal: bool) -> Sys {
        Sys {
            machine,
            stdin,
            stdout,
            stderr,
            terminal,
            variables: Rc::default(),
            interrupt: Rc::default(),
            surroundings: None,
        }
    }

    /// What the host is configured to be, as this process sees it.
    pub(super) fn config(&self) -> &HostConfig {
        self.surroundings.as_deref().unwrap_or(&self.machine.config)
    }

    /// The contents of `/etc/resolv.conf`.
    pub(super) fn resolv(&self) -> &Resolv {
        &self.config().resolv
    }

    /// Prints to standard output.
    pub(super) fn print(&self, text: impl fmt::Display) {
        self.stdout.print(format_args!("{text}"));
    }

    /// Prints a line to standard output.
    pub(super) fn line(&self, text: impl fmt::Display) {
        self.stdout.print(format_args!("{text}\n"));
    }

    /// Prints a line to standard error.
    pub(super) fn complain(&self, text: impl fmt::Display) {
        self.stderr.print(format_args!("{text}\n"));
    }

    /// The time.
    pub(super) fn now(&self) -> Instant {
        self.machine.now()
    }

    /// Whole milliseconds since `start`.
    pub(super) fn millis_since(&self, start: Instant) -> u64 {
        (self.now() - start).total_millis()
    }

    pub(super) async fn sleep(&self, time: Duration) {
        self.machine.sleep_until(self.now() + time).await;
    }

    /// Waits for `future`, but not longer than `limit` if there is one: `None` is too late.
    pub(super) async fn timeout<T>(
        &self,
        limit: impl Into<Option<Duration>>,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        self.machine.timeout(limit, future).await
    }

    /// A random number.
    pub(super) fn draw(&self) -> u16 {
        self.machine.stack.borrow_mut().draw()
    }

    /// Waits for input and takes all there is; nothing is the end of it.
    pub(super) async fn read(&self) -> Vec<u8> {
        poll_fn(|_| self.stdin.read().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Waits for one line, with its end; nothing is the end of the input.
    pub(super) async fn read_line(&self) -> Vec<u8> {
        poll_fn(|_| self.stdin.read_line().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// All input up to its end.
    pub(super) async fn read_to_end(&self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            match self.read().await {
                more if more.is_empty() => return all,
                more => all.extend_from_slice(&more),
            }
        }
    }

    /// The value of an environment variable.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let set = self.variables.borrow().iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        set.or_else(|| self.environment().into_iter().find(|(key, _)| key == name).map(|(_, value)| value))
    }

    /// Sets a variable of the shell and of what it runs.
    pub(super) fn set(&self, name: &str, value: String) {
        let mut variables = self.variables.borrow_mut();
        match variables.iter_mut().find(|(have, _)| have == name) {
            Some(entry) => entry.1 = value,
            None => variables.push((name.into(), value)),
        }
    }

    /// What the pod's environment is, without what a shell has set since.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let mut all = self.config().env.to_vec();
        let own = all.len();
        for (key, value) in self.config().shared_env.iter() {
            if !all[..own].iter().any(|(have, _)| have == key) {
                all.push((key.clone(), value.clone()));
            }
        }
        for (key, value) in
            [("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root")]
        {
            if !all.iter().any(|(have, _)| have == key) {
                all.push((key.into(), value.into()));
            }
        }
        all
    }

    /// Connects from a port of the caller's choice, or from a fresh one if it is 0. Boxed, so that the code is here and
    /// not once more in each program.
    pub(super) fn connect(
        &self,
        port: u16,
        to: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = Result<TcpStream, NetError>> + '_>> {
        Box::pin(TcpStream::connect(&self.machine, port, to))
    }

    pub(super) fn listen(&self, port: u16) -> Result<TcpListener, NetError> {
        TcpListener::bind(&self.machine, port)
    }

    /// A UDP socket for one peer.
    pub(super) fn udp(&self, port: u16, to: SocketAddr) -> Result<UdpSocket, NetError> {
        UdpSocket::connect(&self.machine, port, to)
    }

    /// Sends one echo request and waits for what comes back.
    pub(super) async fn ping(
        &self,
        to: IpAddr,
        echo: Echo<'_>,
        limit: Duration,
    ) -> Result<Option<PingReply>, NetError> {
        if !self.machine.stack.borrow_mut().send_ping(to, echo) {
            return Err(NetError::NetworkUnreachable);
        }
        let ours = |ping: &Ping| ping.ident == echo.ident && ping.sequence == echo.sequence;
        let reply = poll_fn(|_| {
            let stack = self.machine.stack.borrow();
            stack.pings.iter().find(|ping| ours(ping)).and_then(|ping| ping.reply).map_or(Poll::Pending, Poll::Ready)
        });
        let reply = self.timeout(limit, reply).await;
        self.machine.stack.borrow_mut().pings.retain(|ping| !ours(ping));
        Ok(reply)
    }

    /// Writes a file.
    pub(super) fn store(&self, path: &str, bytes: Vec<u8>) {
        if !path.starts_with("/dev/") {
            self.machine.files.borrow_mut().insert(path.as_bytes(), bytes);
        }
    }
}
