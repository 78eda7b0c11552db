//! Letting time pass.

use super::{
    Cluster, Input,
    work::{Task, Work},
};
use crate::time::{Duration, Instant};
use alloc::{boxed::Box, format, string::String, vec::Vec};

/// How a wait for rest ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What still wanted to happen when the limit was reached; empty if the cluster is at rest.
    pub pending: Vec<String>,
}

impl Settled {
    /// True if nothing is pending.
    pub fn is_settled(&self) -> bool {
        self.pending.is_empty()
    }
}

impl Cluster {
    /// The virtual time that [`Cluster::settle`] takes at most, unless told otherwise.
    pub const SETTLE_LIMIT: Duration = Duration::from_secs(600);

    /// Lets virtual time pass until no controller, pod start or rule change is pending.
    ///
    /// What goes on for ever, such as probes after their first result, does not count.
    pub fn settle(&mut self) -> Settled {
        self.settle_within(Cluster::SETTLE_LIMIT)
    }

    /// [`Cluster::settle`] with a limit in virtual time.
    pub fn settle_within(&mut self, limit: Duration) -> Settled {
        self.input(Input::Settle { limit }, |cluster| {
            let end = cluster.now + limit;
            while cluster.pending > 0 && cluster.work_until(end) {}
            if cluster.pending == 0 {
                return Settled { pending: Vec::new() };
            }
            let pending = cluster.schedule.iter().filter(|(_, work)| work.is_pending());
            let mut pending: Vec<String> = pending.map(|(at, work)| format!("{work} at {at}")).collect();
            if pending.is_empty() {
                pending.push("a probe's first result".into());
            }
            Settled { pending }
        })
    }

    /// Lets that much virtual time pass.
    pub fn advance(&mut self, by: Duration) {
        self.input(Input::Advance { by }, |cluster| cluster.pass(cluster.now + by));
    }

    /// Goes on to the next packet that is seen anywhere; false if nothing happens within `limit`.
    pub fn step(&mut self, limit: Duration) -> bool {
        self.input(Input::Step { limit }, |cluster| {
            let (end, seen) = (cluster.now + limit, cluster.taps.recorder.end());
            while cluster.work_until(end) {
                if cluster.taps.recorder.end() > seen {
                    return true;
                }
            }
            false
        })
    }

    /// When something happens next, if nobody says anything.
    pub fn poll_at(&self) -> Option<Instant> {
        self.schedule.poll_at()
    }

    /// Does everything up to an instant, and is there then.
    pub(super) fn pass(&mut self, until: Instant) {
        while self.work_until(until) {}
        self.now = self.now.max(until);
    }

    /// Does the next piece of work that is due by `end`; false if there is none.
    pub(super) fn work_until(&mut self, end: Instant) -> bool {
        let Some((at, work)) = self.schedule.poll(end) else { return false };
        if at > self.now {
            self.now = at;
            self.steps = 0;
        }
        self.steps += 1;
        assert!(self.steps <= self.config.limits.steps, "time stands still: {work:?} at {at} goes round in a circle");
        self.pending -= u32::from(work.is_pending());
        self.perform(work);
        self.catch_up();
        true
    }

    /// Plans work for an instant.
    pub(super) fn plan(&mut self, at: Instant, work: Work) {
        self.pending += u32::from(work.is_pending());
        self.schedule.at(at.max(self.now), work);
    }

    /// Plans what a kubelet will do.
    pub(super) fn plan_task(&mut self, at: Instant, task: Task) {
        self.plan(at, Work::Kubelet(Box::new(task)));
    }

    fn perform(&mut self, work: Work) {
        match work {
            Work::Arrive(host) => self.arrive(host),
            Work::Host(host) => self.poll_host(host),
            Work::Link(link) => self.poll_wire(link),
            Work::Router(node) => self.poll_router(node),
            Work::Sync(node) => self.sync(node),
            Work::Control => {}
            Work::Kubelet(task) => self.kubelet_work(*task),
        }
    }

    /// Lets the controllers answer what has changed, and everybody who watches follow, until it is quiet.
    pub(super) fn catch_up(&mut self) {
        // Portions small enough that the change log never runs over.
        const WRITES: u64 = 1024;
        loop {
            let has_more = self.control.reconcile_some(self.now, WRITES);
            let store = self.control.store();
            if store.revision() == self.revision && !has_more {
                break;
            }
            let changes: Vec<_> = match store.changes_since(self.revision) {
                Ok(changes) => changes.cloned().collect(),
                Err(expired) => unreachable!("the log holds more than a portion, yet it starts at {}", expired.oldest),
            };
            self.revision = store.revision();
            self.follow(&changes);
        }
        let Some(at) = self.control.poll_at() else { return };
        if self.control_slot.is_none_or(|slot| slot.at() > at || slot.at() <= self.now) {
            if let Some(slot) = self.control_slot {
                self.schedule.cancel(slot);
            }
            self.control_slot = Some(self.schedule.at(at.max(self.now), Work::Control));
        }
    }
}
