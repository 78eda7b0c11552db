//! Commands in pods, on nodes and outside.

use super::{Cluster, Input, Output, Place, kubelet::container_spec};
use crate::{
    api::{Kind, Quoted},
    control::timestamp,
    host::{Command, HostConfig, ProcessId, images::Image},
    id::HostId,
    time::{Duration, Instant},
};
use alloc::{
    borrow::ToOwned,
    rc::Rc,
    string::{String, ToString},
    vec::Vec,
};

/// A command that was started and may still run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Process(pub u32);

/// Where a process runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Running {
    host: HostId,
    id: ProcessId,
    /// A container's command: its kubelet forgets it.
    is_attached: bool,
}

/// Why a command or a request cannot be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum StartError {
    #[error("pods {} not found in namespace {}", Quoted(.name), Quoted(.namespace))]
    NoPod { namespace: String, name: String },
    #[error("unable to upgrade connection: container not found ({})", Quoted(.0))]
    NotRunning(String),
    #[error("container {} runs its image's own server, which there is nothing to attach to", Quoted(.0))]
    NoCommand(String),
    #[error("{} is no target: say http://NAME[:PORT][/PATH], tcp://NAME:PORT, udp://NAME:PORT or icmp://NAME", Quoted(.0))]
    Target(String),
    #[error("no machine is called {0}")]
    NoMachine(String),
}

impl Cluster {
    /// The virtual time that [`Cluster::exec`] gives a command.
    pub const EXEC_LIMIT: Duration = Duration::from_secs(300);

    /// Runs a shell line at a place until it ends, without input.
    ///
    /// ```
    /// use clusterip::cluster::{Cluster, Config, Place};
    /// let mut cluster = Cluster::new(Config::default()).unwrap();
    /// let output = cluster.exec(&Place::Node("node-1".into()), "echo hello").unwrap();
    /// assert_eq!(output.stdout, "hello\n");
    /// ```
    pub fn exec(&mut self, place: &Place, line: &str) -> Result<Output, StartError> {
        self.exec_within(place, line, Cluster::EXEC_LIMIT)
    }

    /// [`Cluster::exec`] with a limit in virtual time; past it the command is interrupted and its exit code is
    /// [`Output::TIME_LIMIT`].
    pub fn exec_within(&mut self, place: &Place, line: &str, limit: Duration) -> Result<Output, StartError> {
        let input = Input::Exec { place: place.clone(), line: line.into(), limit };
        self.input(input, |cluster| {
            let host = cluster.container_at(place, 0, line)?;
            let surroundings = cluster.surroundings_at(place, 0);
            let id = cluster.spawn(host, line, surroundings);
            let end = cluster.now + limit;
            while !cluster.has_ended(host, id) && cluster.work_until(end) {}
            let in_time = cluster.has_ended(host, id);
            if !in_time {
                cluster.now = cluster.now.max(end);
                cluster.interrupt_process(host, id);
            }
            let output = cluster.take_output(host, id);
            Ok(if in_time { output } else { Output { exit_code: Output::TIME_LIMIT, ..output } })
        })
    }

    /// Starts a program at a place, with its input open; at a terminal, a shell prints its prompt and both outputs
    /// are one. Of a pod's containers it is the first one's.
    pub fn start(&mut self, place: &Place, argv: &[&str], terminal: bool) -> Result<Process, StartError> {
        self.start_in(place, 0, argv, terminal)
    }

    /// [`Cluster::start`] in a pod's container of that index.
    pub fn start_in(
        &mut self,
        place: &Place,
        container: usize,
        argv: &[&str],
        terminal: bool,
    ) -> Result<Process, StartError> {
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        self.input(Input::Start { place: place.clone(), container, argv: argv.clone(), terminal }, |cluster| {
            let host = cluster.container_at(place, container, argv.first().map_or("", |program| program))?;
            let surroundings = cluster.surroundings_at(place, container);
            let machine = cluster.machines.machine_mut(host).expect("host_at gives a machine");
            let id = machine.host.spawn_in(Command { argv, terminal }, surroundings);
            let process = Process(cluster.next_process);
            cluster.next_process += 1;
            cluster.processes.insert(process, Running { host, id, is_attached: false });
            cluster.wake(host);
            Ok(process)
        })
    }

    /// The command of a pod's first container, to type into and to read (`kubectl attach`).
    pub fn attach(&mut self, pod: &Place) -> Result<Process, StartError> {
        self.input(Input::Attach { pod: pod.clone() }, |cluster| {
            let host = cluster.host_at(pod)?;
            let Some(id) = cluster.kubelet_main_process(pod) else {
                let name = cluster.container_name(pod, 0);
                let Place::Pod { namespace, name: pod } = pod else { return Err(StartError::NotRunning(name)) };
                return Err(match cluster.kubelet_is_running(namespace, pod, 0) {
                    true => StartError::NoCommand(name),
                    false => StartError::NotRunning(name),
                });
            };
            let process = Process(cluster.next_process);
            cluster.next_process += 1;
            cluster.processes.insert(process, Running { host, id, is_attached: true });
            Ok(process)
        })
    }

    /// What a container's command has printed, to both outputs: its log; with `previous`, that of its run before.
    /// `None` if there was no such run.
    pub fn container_output(&self, pod: &Place, container: usize, previous: bool) -> Option<String> {
        let Place::Pod { namespace, name } = pod else { return None };
        let (host, process) = self.kubelet_process(namespace, name, container, previous)?;
        let machine = self.machines.machine(host)?;
        let mut output = text(process.map(|process| machine.host.log(process)).unwrap_or_default());
        let pod = self.object(Kind::Pod, namespace, name)?;
        if Image::parse(container_spec(pod, container)["image"].str()) == Image::Nginx {
            for access in machine.host.access_log() {
                output.push_str(&access.client.to_string());
                output.push_str(" - - [");
                output.push_str(&timestamp::emit_for_log(access.at));
                output.push_str("] ");
                output.push_str(&access.line);
                output.push('\n');
            }
        }
        Some(output)
    }

    /// Types text into a process; nothing happens if it has ended.
    pub fn write(&mut self, process: Process, text: &str) {
        self.input(Input::Write { process, text: text.into() }, |cluster| {
            let Some(&Running { host, id, .. }) = cluster.processes.get(&process) else { return };
            let Some(machine) = cluster.machines.machine_mut(host) else { return };
            machine.host.write_stdin(id, text.as_bytes());
            cluster.wake(host);
        });
    }

    /// Says that a process gets no more input.
    pub fn close_stdin(&mut self, process: Process) {
        self.input(Input::CloseStdin { process }, |cluster| {
            let Some(&Running { host, id, .. }) = cluster.processes.get(&process) else { return };
            let Some(machine) = cluster.machines.machine_mut(host) else { return };
            machine.host.close_stdin(id);
            cluster.wake(host);
        });
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&mut self, process: Process) {
        self.input(Input::Interrupt { process }, |cluster| {
            let Some(&Running { host, id, .. }) = cluster.processes.get(&process) else { return };
            let Some(machine) = cluster.machines.machine_mut(host) else { return };
            machine.host.interrupt(id);
            cluster.wake(host);
        });
    }

    /// What a process printed since it was last asked, and its exit code once it has ended.
    ///
    /// A process that has ended is forgotten by this.
    pub fn read(&mut self, process: Process) -> (Output, bool) {
        self.input(Input::Read { process }, |cluster| {
            let Some(&Running { host, id, is_attached }) = cluster.processes.get(&process) else {
                return (Output::default(), true);
            };
            let has_ended = cluster.has_ended(host, id);
            if has_ended {
                cluster.processes.remove(&process);
            }
            let mut output = cluster.unread_output(host, id);
            match has_ended {
                true if !is_attached => cluster.reap(host, id),
                true => {}
                false => output.exit_code = 0,
            }
            (output, has_ended)
        })
    }

    /// Lets time pass until a process has ended, or has been silent for `idle`, or `limit` is over.
    pub fn run_process(&mut self, process: Process, idle: Duration, limit: Duration) {
        self.input(Input::RunProcess { process, idle, limit }, |cluster| {
            let Some(&Running { host, id, .. }) = cluster.processes.get(&process) else { return };
            let end = cluster.now + limit;
            let mut printed = cluster.printed(host, id);
            let mut last = cluster.now;
            while cluster.exit_code(host, id).is_none() {
                let until: Instant = end.min(last + idle);
                if !cluster.work_until(until) {
                    cluster.now = cluster.now.max(until);
                    return;
                }
                let now_printed = cluster.printed(host, id);
                if now_printed != printed {
                    printed = now_printed;
                    last = cluster.now;
                }
            }
        });
    }

    /// The machine that a place means, by its own name: `outside` is the first one outside.
    pub fn machine_of(&self, place: &Place) -> Result<Place, StartError> {
        let host = self.host_at(place)?;
        let machine = self.machines.machine(host).ok_or_else(|| StartError::NoMachine(place.to_string()))?;
        Ok(machine.place.clone())
    }

    /// The machine of a place.
    pub(super) fn host_at(&self, place: &Place) -> Result<HostId, StartError> {
        if let Some(host) = self.machines.at(place) {
            return Ok(host);
        }
        let Place::Pod { namespace, name } = place else {
            return Err(StartError::NoMachine(place.to_string()));
        };
        match self.control.store().find(crate::api::Kind::Pod, namespace, name) {
            Some(pod) => {
                self.kubelet_host(&pod.key()).ok_or_else(|| StartError::NotRunning(self.container_name(place, 0)))
            }
            None => Err(StartError::NoPod { namespace: namespace.clone(), name: name.clone() }),
        }
    }

    /// The machine on which a pod's container runs a program; those that `kubectl debug` brings need no container.
    fn container_at(&self, place: &Place, container: usize, program: &str) -> Result<HostId, StartError> {
        let host = self.host_at(place)?;
        match place {
            Place::Pod { namespace, name }
                if !program.starts_with("/debug/") && !self.kubelet_is_running(namespace, name, container) =>
            {
                Err(StartError::NotRunning(self.container_name(place, container)))
            }
            _ => Ok(host),
        }
    }

    fn container_name(&self, place: &Place, container: usize) -> String {
        let Place::Pod { namespace, name } = place else { return String::new() };
        let pod = self.object(Kind::Pod, namespace, name);
        pod.map_or(String::new(), |pod| container_spec(pod, container)["name"].str().to_owned())
    }

    /// The exit code of a process, once it has ended.
    pub(super) fn exit_code(&self, host: HostId, id: ProcessId) -> Option<i32> {
        self.machines.machine(host)?.host.exit_code(id)
    }

    /// Whether a process has ended, or its machine is gone.
    pub(super) fn has_ended(&self, host: HostId, id: ProcessId) -> bool {
        self.machines.machine(host).is_none() || self.exit_code(host, id).is_some()
    }

    fn printed(&self, host: HostId, id: ProcessId) -> usize {
        self.machines.machine(host).map_or(0, |machine| machine.host.unread(id))
    }

    /// Starts a shell line without input.
    pub(super) fn spawn(&mut self, host: HostId, line: &str, surroundings: Option<Rc<HostConfig>>) -> ProcessId {
        let machine = self.machines.machine_mut(host).expect("the caller knows the machine");
        let id = machine.host.spawn_line_in(line, surroundings);
        self.wake(host);
        id
    }

    fn interrupt_process(&mut self, host: HostId, id: ProcessId) {
        let Some(machine) = self.machines.machine_mut(host) else { return };
        machine.host.kill(id);
        self.wake(host);
    }

    /// What a process printed, and its exit code; it is forgotten by this.
    pub(super) fn take_output(&mut self, host: HostId, id: ProcessId) -> Output {
        let output = self.unread_output(host, id);
        self.reap(host, id);
        output
    }

    fn reap(&mut self, host: HostId, id: ProcessId) {
        if let Some(machine) = self.machines.machine_mut(host) {
            machine.host.reap(id);
        }
    }

    fn unread_output(&mut self, host: HostId, id: ProcessId) -> Output {
        let Some(machine) = self.machines.machine_mut(host) else {
            // The machine went away under the command: the connection to it broke.
            return Output::error(137, "command terminated with exit code 137\n");
        };
        let exit_code = machine.host.exit_code(id).unwrap_or(Output::TIME_LIMIT);
        let (stdout, stderr) = (text(machine.host.take_stdout(id)), text(machine.host.take_stderr(id)));
        Output { stdout, stderr, exit_code, ..Output::default() }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
