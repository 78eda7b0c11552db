//! Every input a cluster was given, in order: the cluster itself, in the smallest form.
//!
//! Neither TCP sockets nor running programs can be copied, so a copy, a step back and a shared link all come from
//! feeding the same inputs to a new cluster of the same configuration.

use super::{Cluster, Config, ConfigError, Place, Process};
use crate::{
    api::{Key, Object, Value},
    control::DeleteOptions,
    net::Cidr,
    time::Duration,
};
use alloc::{string::String, vec::Vec};
use core::net::IpAddr;

/// One input from the world: a call of the method of [`Cluster`] that its variant is named after, with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the arguments of the method")]
pub enum Input {
    /// `set_file`: a file that `-f NAME` finds, or is to find no longer.
    File { name: String, text: Option<String> },
    /// `kubectl_with`.
    Kubectl { line: String, stdin: String },
    /// `apply_in`.
    Apply { namespace: String, text: String },
    /// [`Cluster::create`].
    Create { object: Object },
    /// [`Cluster::replace`].
    Replace { object: Object },
    /// [`Cluster::delete`].
    Delete { key: Key, options: DeleteOptions },
    /// [`Cluster::update_status`].
    UpdateStatus { key: Key, status: Value },
    /// [`Cluster::pin`], and [`Cluster::set_ready`], which pins one fact.
    Pin { pin: super::PodPin },
    /// [`Cluster::set_route`].
    SetRoute { outside: String, range: Cidr, via: Option<IpAddr> },
    /// [`Cluster::start_in`].
    Start { place: Place, container: usize, argv: Vec<String>, terminal: bool },
    /// [`Cluster::attach`].
    Attach { pod: Place },
    /// [`Cluster::write`].
    Write { process: Process, text: String },
    /// [`Cluster::close_stdin`].
    CloseStdin { process: Process },
    /// [`Cluster::interrupt`].
    Interrupt { process: Process },
    /// [`Cluster::read`]: it forgets a process that has ended.
    Read { process: Process },
    /// [`Cluster::run_process`].
    RunProcess { process: Process, idle: Duration, limit: Duration },
    /// [`Cluster::exec_within`].
    Exec { place: Place, line: String, limit: Duration },
    /// [`Cluster::send`].
    Send { request: super::Request },
    /// [`Cluster::advance`].
    Advance { by: Duration },
    /// [`Cluster::settle_within`].
    Settle { limit: Duration },
    /// [`Cluster::step`].
    Step { limit: Duration },
}

/// The inputs so far, up to a bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    inputs: Vec<Input>,
    lost: u64,
}

impl Journal {
    /// The inputs, oldest first.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// How many inputs did not fit; a journal that lost any cannot be replayed.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether another input would be kept.
    pub(super) fn has_room(&self, limit: u32) -> bool {
        self.inputs.len() < limit as usize
    }

    pub(super) fn record(&mut self, input: Input, limit: u32) {
        if self.has_room(limit) {
            self.inputs.push(input);
        } else {
            self.lost += 1;
        }
    }
}

impl Cluster {
    /// A cluster of that configuration which is given the same inputs: equal to the byte to the one they come from.
    ///
    /// # Errors
    /// Says what in the configuration contradicts itself.
    pub fn replay(config: Config, inputs: &[Input]) -> Result<Cluster, ConfigError> {
        let mut cluster = Cluster::new(config)?;
        for input in inputs {
            cluster.repeat(input.clone());
        }
        Ok(cluster)
    }

    /// A cluster equal to this one that goes its own way from here; `None` if the journal has lost inputs.
    pub fn fork(&self) -> Option<Cluster> {
        if self.journal.lost > 0 {
            return None;
        }
        Cluster::replay(self.config.clone(), &self.journal.inputs).ok()
    }

    /// Makes the call that an input stands for. Its result was given when the call came first; only the effect counts now.
    fn repeat(&mut self, input: Input) {
        match input {
            #[cfg(feature = "yaml")]
            Input::File { name, text } => self.set_file(&name, text.as_deref()),
            #[cfg(feature = "yaml")]
            Input::Kubectl { line, stdin } => drop(self.kubectl_with(&line, &stdin)),
            #[cfg(feature = "yaml")]
            Input::Apply { namespace, text } => drop(self.apply_in(&namespace, &text)),
            // Without kubectl nobody can have made these.
            #[cfg(not(feature = "yaml"))]
            Input::File { .. } | Input::Kubectl { .. } | Input::Apply { .. } => {}
            Input::Create { object } => drop(self.create(object)),
            Input::Replace { object } => drop(self.replace(object)),
            Input::Delete { key, options } => drop(self.delete(&key, options)),
            Input::UpdateStatus { key, status } => drop(self.update_status(&key, status)),
            Input::Pin { pin } => self.pin(pin),
            Input::SetRoute { outside, range, via } => drop(self.set_route(&outside, range, via)),
            Input::Start { place, container, argv, terminal } => {
                let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
                drop(self.start_in(&place, container, &argv, terminal));
            }
            Input::Attach { pod } => drop(self.attach(&pod)),
            Input::Write { process, text } => self.write(process, &text),
            Input::CloseStdin { process } => self.close_stdin(process),
            Input::Interrupt { process } => self.interrupt(process),
            Input::Read { process } => drop(self.read(process)),
            Input::RunProcess { process, idle, limit } => self.run_process(process, idle, limit),
            Input::Exec { place, line, limit } => drop(self.exec_within(&place, &line, limit)),
            Input::Send { request } => drop(self.send(&request)),
            Input::Advance { by } => self.advance(by),
            Input::Settle { limit } => drop(self.settle_within(limit)),
            Input::Step { limit } => drop(self.step(limit)),
        }
    }
}
