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
use super::stack::PingReply;
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
    /// How many programs and shells run each other up to this one.
    pub(super) depth: u32,
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
            depth: 0,
            surroundings: None,
        }
    }

    /// The same with variables of its own, as a subshell has.
    pub(super) fn with_own_variables(&self) -> Sys {
        Sys { variables: Rc::new(self.variables.as_ref().clone()), ..self.clone() }
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
    pub(super) fn print(&self, text: fmt::Arguments<'_>) {
        self.stdout.print(text);
    }

    /// Prints a line to standard output.
    pub(super) fn line(&self, text: fmt::Arguments<'_>) {
        self.stdout.print(format_args!("{text}\n"));
    }

    /// Prints a line to standard error.
    pub(super) fn complain(&self, text: fmt::Arguments<'_>) {
        self.stderr.print(format_args!("{text}\n"));
    }

    /// Says why a program ends, and the exit code it ends with.
    pub(super) fn fail(&self, text: fmt::Arguments<'_>) -> i32 {
        self.complain(text);
        1
    }

    /// What a busybox program says to a command line that it does not understand, and its exit code.
    pub(super) fn usage(&self, line: &str) -> i32 {
        self.fail(format_args!("BusyBox v1.37.0 multi-call binary.\n\nUsage: {line}"))
    }

    /// The time.
    pub(super) fn now(&self) -> Instant {
        self.machine.now()
    }

    /// Whole milliseconds since `start`.
    pub(super) fn millis_since(&self, start: Instant) -> u64 {
        (self.now() - start).total_millis()
    }

    /// The time in so many milliseconds, or in the 140,000 years that an instant has room for.
    pub(super) fn after(&self, millis: u64) -> Instant {
        self.now() + Duration::from_millis(millis.min(1 << 52))
    }

    pub(super) fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + '_ {
        self.machine.sleep_until(at)
    }

    /// Waits for `future`, but not longer than until `end` if there is one: `None` is too late.
    pub(super) fn timeout<'a, T: 'a>(
        &'a self,
        end: Option<Instant>,
        future: Pin<Box<dyn Future<Output = T> + 'a>>,
    ) -> impl Future<Output = Option<T>> + 'a {
        self.machine.timeout(end, future)
    }

    /// A random number.
    pub(super) fn draw(&self) -> u16 {
        self.machine.stack.borrow_mut().draw()
    }

    /// Waits for input and takes all there is; nothing is the end of it.
    pub(super) fn read(&self) -> impl Future<Output = Vec<u8>> + '_ {
        poll_fn(|_| self.stdin.poll_read())
    }

    /// Waits for one line, with its end; nothing is the end of the input.
    pub(super) fn read_line(&self) -> impl Future<Output = Vec<u8>> + '_ {
        self.stdin.read_line()
    }

    /// The value of an environment variable.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        if let Some(value) = value(&self.variables.borrow(), name) {
            return Some(value.clone());
        }
        value(&self.environment(), name).cloned()
    }

    /// Sets a variable of the shell and of what it runs.
    pub(super) fn set(&self, name: &str, value: String) {
        set(&mut self.variables.borrow_mut(), name, value);
    }

    /// What the pod's environment is, without what a shell has set since.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let config = self.config();
        let mut all = config.env.to_vec();
        for (key, shared) in config.shared_env.iter() {
            if value(&config.env, key).is_none() {
                all.push((key.clone(), shared.clone()));
            }
        }
        for (key, fixed) in
            [("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root")]
        {
            if value(&all, key).is_none() {
                all.push((key.into(), fixed.into()));
            }
        }
        all
    }

    /// Connects from a port of the caller's choice, or from a fresh one if it is 0; timed out at `end` at the latest.
    /// Boxed, so that the code is here and not once more in each program.
    pub(super) fn connect(
        &self,
        port: u16,
        to: SocketAddr,
        end: Option<Instant>,
    ) -> Pin<Box<dyn Future<Output = Result<TcpStream, NetError>> + '_>> {
        Box::pin(TcpStream::connect(&self.machine, port, to, end))
    }

    pub(super) fn listen(&self, port: u16) -> Result<TcpListener, NetError> {
        TcpListener::bind(&self.machine, port)
    }

    /// A UDP socket for one peer.
    pub(super) fn udp(&self, port: u16, to: SocketAddr) -> Result<UdpSocket, NetError> {
        UdpSocket::connect(&self.machine, port, to)
    }

    /// Sends one echo request and waits for what comes back.
    pub(super) fn ping(
        &self,
        to: IpAddr,
        echo: Echo<'_>,
        end: Instant,
    ) -> impl Future<Output = Result<Option<PingReply>, NetError>> + '_ {
        let sent = self.machine.stack.borrow_mut().send_ping(to, echo);
        let (ident, sequence) = (echo.ident, echo.sequence);
        poll_fn(move |_| {
            if sent { self.poll_ping(ident, sequence, end) } else { Poll::Ready(Err(NetError::NetworkUnreachable)) }
        })
    }

    /// Out of line, because more than one program pings.
    #[inline(never)]
    fn poll_ping(&self, ident: u16, sequence: u16, end: Instant) -> Poll<Result<Option<PingReply>, NetError>> {
        let reply = self.machine.stack.borrow().reply(ident, sequence);
        if reply.is_none() && !self.machine.is_over(Some(end)) {
            return Poll::Pending;
        }
        self.machine.stack.borrow_mut().pings.retain(|ping| ping.ident != ident || ping.sequence != sequence);
        Poll::Ready(Ok(reply))
    }

    /// Writes a file.
    pub(super) fn store(&self, path: &str, bytes: Vec<u8>) {
        if !path.starts_with("/dev/") {
            self.machine.files.borrow_mut().insert(path.as_bytes(), bytes);
        }
    }
}

/// The value of the first variable of that name.
fn value<'a>(variables: &'a [(String, String)], name: &str) -> Option<&'a String> {
    variables.iter().find(|(have, _)| have == name).map(|(_, value)| value)
}

/// Gives a variable a value, in its place if there is one of that name.
pub(super) fn set(variables: &mut Vec<(String, String)>, name: &str, value: String) {
    match variables.iter_mut().find(|(have, _)| have == name) {
        Some(entry) => entry.1 = value,
        None => variables.push((name.into(), value)),
    }
}
