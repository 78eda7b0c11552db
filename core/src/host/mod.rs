//! A machine with an IP stack of its own: a pod, a node's host network, a host outside the cluster.
//!
//! [`Host`] takes whole IP packets and gives whole IP packets; time is an argument. TCP is smoltcp's; UDP and ICMP
//! are smoltcp's packets without its sockets, because they need no state machine and their errors must reach programs.
//! Programs (`curl`, `nslookup`, the shell) and servers' connections are straight-line async functions over these
//! sockets, polled by the host whenever something happened to it. An idle host holds no socket and no buffer.
//!
//! ```
//! use clusterip::host::{Host, HostConfig, Protocol, Server};
//! use clusterip::{rng::Rng, time::Instant};
//!
//! let rng = Rng::new(1);
//! let (a, b) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
//! let mut client = Host::new(HostConfig::new("client", a, rng.fork("Host", "", "a")));
//! let mut server = Host::new(HostConfig::new("server", b, rng.fork("Host", "", "b")));
//! server.serve(80, Protocol::Tcp, Server::Http);
//! let curl = client.spawn_line("curl -s http://10.0.0.2/");
//! let now = Instant::ZERO;
//! while client.exit_code(curl).is_none() {
//!     client.poll(now);
//!     while let Some(packet) = client.poll_packet() { server.handle_packet(now, &packet); }
//!     server.poll(now);
//!     while let Some(packet) = server.poll_packet() { client.handle_packet(now, &packet); }
//! }
//! assert_eq!(client.take_stdout(curl), b"server\n");
//! ```

mod config;
pub mod images;
mod kernel;
#[cfg(test)]
mod lan;
mod machine;
mod nic;
mod packet;
mod pipe;
mod pool;
#[cfg(test)]
mod program_tests;
pub mod programs;
mod resolve;
pub mod server;
mod shell;
mod stack;
mod stream;
mod sys;
mod table;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;

pub use config::{HostConfig, Names, Resolv};
pub use kernel::KernelTable;
pub use pool::SocketPool;
pub use server::{Access, Protocol, Server};

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;
use core::future::Future;
use core::net::IpAddr;
use core::pin::Pin;

use crate::time::{Duration, Instant};
use machine::Machine;
use pipe::Pipe;
use stack::{Listener, Target};
use stream::TcpStream;
use sys::{Interrupt, Sys};

/// How often tasks and packets to the host itself may take turns within one instant.
const TURNS: usize = 1000;

/// A machine: a stack, its servers and its processes.
pub struct Host {
    machine: Rc<Machine>,
    processes: Vec<Process>,
    connections: Vec<Task<()>>,
    next_process: u32,
    poll_at: Option<Instant>,
}

/// A process of a host, by the number it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u32);

/// What to run, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Whether a person types and reads: the shell prints its prompt, and both outputs are one.
    pub terminal: bool,
}

struct Process {
    id: ProcessId,
    stdin: Pipe,
    stdout: Pipe,
    stderr: Pipe,
    /// Both outputs in their order, whether somebody took them or not.
    log: Option<Pipe>,
    interrupt: Rc<Cell<Interrupt>>,
    exit_code: Option<i32>,
    task: Option<Task<i32>>,
}

struct Task<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    /// The port whose server it is, if it is one.
    port: u16,
    /// When it wants to be polled though nothing happened.
    wake_at: Option<Instant>,
}

impl core::fmt::Debug for Host {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Host").field("hostname", &self.hostname()).finish_non_exhaustive()
    }
}

impl Host {
    /// A host that listens to nothing.
    pub fn new(config: HostConfig) -> Host {
        Host {
            machine: Rc::new(Machine::new(config)),
            processes: Vec::new(),
            connections: Vec::new(),
            next_process: 1,
            poll_at: None,
        }
    }

    /// What `hostname` prints.
    pub fn hostname(&self) -> &str {
        &self.machine.config.hostname
    }

    /// Own addresses without loopback.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.machine.config.addresses
    }

    /// Opens a port; the server that was there before is replaced.
    pub fn serve(&mut self, port: u16, protocol: Protocol, server: Server) {
        let mut stack = self.machine.stack.borrow_mut();
        stack.listeners.retain(|l| !(l.protocol == protocol && l.port == port));
        stack.listeners.push(Listener { protocol, port, to: Target::Server(server) });
    }

    /// Closes a port as its server's end does, with the connections that it has taken.
    pub fn close(&mut self, port: u16, protocol: Protocol) {
        if protocol == Protocol::Tcp {
            self.connections.retain(|task| task.port != port);
            self.poll_at = Some(self.machine.now());
        }
        self.machine.stack.borrow_mut().listeners.retain(|l| !(l.protocol == protocol && l.port == port));
    }

    /// Starts a process; it does its first step in the next `poll`.
    pub fn spawn(&mut self, command: Command) -> ProcessId {
        self.spawn_in(command, None)
    }

    /// [`Host::spawn`] with other surroundings than the host's own: name, resolver, environment and image of a pod on
    /// its node's network.
    pub fn spawn_in(&mut self, command: Command, surroundings: Option<Rc<HostConfig>>) -> ProcessId {
        let id = ProcessId(self.next_process);
        self.next_process += 1;
        let (stdin, stdout) = (Pipe::default(), Pipe::bounded());
        let stderr = if command.terminal { stdout.clone() } else { Pipe::bounded() };
        let mut sys = Sys::new(self.machine.clone(), stdin.clone(), stdout.clone(), stderr.clone(), command.terminal);
        sys.surroundings = surroundings;
        let interrupt = sys.interrupt.clone();
        let future = programs::run(sys, command.argv);
        let task = Some(Task { future, port: 0, wake_at: None });
        self.processes.push(Process { id, stdin, stdout, stderr, log: None, interrupt, exit_code: None, task });
        self.poll_at = Some(self.machine.now());
        id
    }

    /// [`Host::spawn_in`] for a container's command, which keeps a log.
    pub fn spawn_logged(&mut self, command: Command, surroundings: Option<Rc<HostConfig>>) -> ProcessId {
        let id = self.spawn_in(command, surroundings);
        if let Some(process) = self.process(id) {
            let log = Pipe::bounded();
            process.stdout.copy_to(&log);
            process.stderr.copy_to(&log);
            process.log = Some(log);
        }
        id
    }

    /// What a process that keeps a log has printed, taken or not: the last mebibyte at least.
    pub fn log(&self, id: ProcessId) -> Vec<u8> {
        self.find(id).and_then(|process| process.log.as_ref()).map(Pipe::peek).unwrap_or_default()
    }

    /// Starts a line of shell language without a terminal and without input.
    pub fn spawn_line(&mut self, line: &str) -> ProcessId {
        self.spawn_line_in(line, None)
    }

    /// [`Host::spawn_line`] with other surroundings.
    pub fn spawn_line_in(&mut self, line: &str, surroundings: Option<Rc<HostConfig>>) -> ProcessId {
        let argv = vec!["sh".to_string(), "-c".to_string(), line.to_string()];
        let id = self.spawn_in(Command { argv, terminal: false }, surroundings);
        self.close_stdin(id);
        id
    }

    /// Gives input to a process.
    pub fn write_stdin(&mut self, id: ProcessId, bytes: &[u8]) {
        if let Some(process) = self.process(id) {
            process.stdin.write(bytes);
            self.poll_at = Some(self.machine.now());
        }
    }

    /// Ends the input of a process, as Ctrl-D does.
    pub fn close_stdin(&mut self, id: ProcessId) {
        if let Some(process) = self.process(id) {
            process.stdin.close();
            self.poll_at = Some(self.machine.now());
        }
    }

    /// What a process printed since the last call.
    pub fn take_stdout(&mut self, id: ProcessId) -> Vec<u8> {
        self.process(id).map(|process| process.stdout.take()).unwrap_or_default()
    }

    /// What a process complained of since the last call; nothing at a terminal, where it is part of the output.
    pub fn take_stderr(&mut self, id: ProcessId) -> Vec<u8> {
        self.process(id).map(|process| process.stderr.take()).unwrap_or_default()
    }

    /// The requests that nginx has answered, the latest last.
    pub fn access_log(&self) -> Vec<Access> {
        self.machine.log.borrow().iter().cloned().collect()
    }

    /// What a process printed and nobody took yet, left where it is.
    pub fn peek_stdout(&self, id: ProcessId) -> Vec<u8> {
        self.find(id).map(|process| process.stdout.peek()).unwrap_or_default()
    }

    /// How many bytes a process has printed that nobody took yet.
    pub fn unread(&self, id: ProcessId) -> usize {
        self.find(id).map_or(0, |process| process.stdout.len() + process.stderr.len())
    }

    /// How a process ended; `None` while it runs.
    pub fn exit_code(&self, id: ProcessId) -> Option<i32> {
        self.find(id)?.exit_code
    }

    /// Whether some process has ended and is not forgotten yet.
    pub fn has_ended(&self) -> bool {
        self.processes.iter().any(|process| process.exit_code.is_some())
    }

    /// Ctrl-C at a process' terminal: a shell at its prompt ends what it runs, anything else ends itself.
    pub fn interrupt(&mut self, id: ProcessId) {
        let caught = self.process(id).is_some_and(|process| process.interrupt.get() != Interrupt::Default);
        if caught && let Some(process) = self.process(id) {
            process.interrupt.set(Interrupt::Raised);
            self.poll_at = Some(self.machine.now());
        } else {
            self.kill(id);
        }
    }

    /// Ends a process as Ctrl-C does (exit code 130); its connections close.
    pub fn kill(&mut self, id: ProcessId) {
        if let Some(process) = self.process(id)
            && process.task.take().is_some()
        {
            process.exit_code = Some(130);
            self.poll_at = Some(self.machine.now());
        }
    }

    /// Forgets a process, ending it first if it runs.
    pub fn reap(&mut self, id: ProcessId) {
        self.kill(id);
        self.processes.retain(|process| process.id != id);
    }

    /// Takes one IP packet from the network. What it leads to happens in the next `poll`.
    pub fn handle_packet(&mut self, now: Instant, packet: &[u8]) {
        let mut stack = self.machine.stack.borrow_mut();
        stack.set_now(now);
        stack.handle_packet(packet);
        self.poll_at = Some(now);
    }

    /// Lets servers, programs and sockets do what there is to do at this time.
    pub fn poll(&mut self, now: Instant) {
        self.machine.stack.borrow_mut().set_now(now);
        for _ in 0..TURNS {
            self.accept();
            self.poll_tasks();
            let mut stack = self.machine.stack.borrow_mut();
            stack.poll_egress();
            if stack.outbox.loopback.is_empty() && stack.accepted.is_empty() && !stack.outbox.is_unseen() {
                break;
            }
            for _ in 0..stack.outbox.loopback.len() {
                if let Some(packet) = stack.outbox.loopback.pop_front() {
                    stack.handle_packet(&packet);
                }
            }
        }
        let mut stack = self.machine.stack.borrow_mut();
        let pending = self.machine.has_jobs() || !stack.outbox.loopback.is_empty() || !stack.accepted.is_empty();
        let mut poll_at = stack.poll_at();
        let mut no_later =
            |at: Option<Instant>| poll_at = at.filter(|at| poll_at.is_none_or(|least| *at < least)).or(poll_at);
        no_later(pending.then_some(now + Duration::from_millis(1)));
        for process in &self.processes {
            no_later(process.task.as_ref().and_then(|task| task.wake_at));
        }
        for connection in &self.connections {
            no_later(connection.wake_at);
        }
        self.poll_at = poll_at;
    }

    /// Answers what programs have asked of the kernel since the last call; they go on in the next poll. False if nothing
    /// was asked.
    pub fn handle_questions(&mut self, show: &dyn Fn(KernelTable) -> String) -> bool {
        self.machine.questions.answer(show)
    }

    /// Whether a `tcpdump` runs, so that it is worth showing packets that only pass through ([`Host::observe`]).
    pub fn is_watched(&self) -> bool {
        !self.machine.stack.borrow().outbox.watchers.is_empty()
    }

    /// Shows a packet that passes this machine's router to the `tcpdump`s that run here.
    pub fn observe(&mut self, now: Instant, outgoing: bool, packet: &[u8]) {
        let mut stack = self.machine.stack.borrow_mut();
        stack.set_now(now);
        stack.outbox.observe(outgoing, packet);
        self.poll_at = Some(now);
    }

    /// The next packet for the network.
    pub fn poll_packet(&mut self) -> Option<Vec<u8>> {
        self.machine.stack.borrow_mut().outbox.wire.pop_front()
    }

    /// Whether nothing runs and nothing is open but ports.
    pub fn is_idle(&self) -> bool {
        let running = self.processes.iter().any(|process| process.task.is_some());
        !running && self.connections.is_empty() && self.machine.stack.borrow().is_idle()
    }

    /// When `poll` is due though no packet comes; `None`: not before one does.
    pub fn poll_at(&self) -> Option<Instant> {
        self.poll_at
    }

    fn find(&self, id: ProcessId) -> Option<&Process> {
        self.processes.iter().find(|process| process.id == id)
    }

    fn process(&mut self, id: ProcessId) -> Option<&mut Process> {
        self.processes.iter_mut().find(|process| process.id == id)
    }

    /// Starts a task for each new connection of a server.
    fn accept(&mut self) {
        let accepted = core::mem::take(&mut self.machine.stack.borrow_mut().accepted);
        for (handle, server) in accepted {
            let stream = TcpStream::accepted(self.machine.clone(), handle);
            let port = stream.local.port();
            let future = Box::pin(server::serve(self.machine.clone(), server, stream));
            self.connections.push(Task { future, port, wake_at: None });
        }
    }

    fn poll_tasks(&mut self) {
        let jobs = self.machine.take_jobs();
        for future in jobs {
            self.connections.push(Task { future, port: 0, wake_at: None });
        }
        self.connections.retain_mut(|task| match self.machine.poll(task.future.as_mut()) {
            Ok(()) => false,
            Err(wake_at) => {
                task.wake_at = wake_at;
                true
            }
        });
        for process in &mut self.processes {
            let Some(task) = &mut process.task else { continue };
            match self.machine.poll(task.future.as_mut()) {
                Ok(code) => {
                    process.exit_code = Some(code);
                    process.task = None;
                }
                Err(wake_at) => task.wake_at = wake_at,
            }
        }
        if self.connections.is_empty() {
            self.connections = Vec::new();
        }
    }
}
