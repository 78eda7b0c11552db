//! What the controllers still have to look at.

use super::controller::Controller;
use crate::ordered::{OrdMap, OrdSet};
use crate::{
    api::Key,
    time::{Duration, Instant},
};
use alloc::{collections::VecDeque, rc::Rc};

/// Work by controller and key, each piece waiting once however often it was asked for; later work by its time.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: OrdMap<Controller, VecDeque<Rc<Key>>>,
    waiting: OrdSet<(Controller, Rc<Key>)>,
    later: OrdSet<(Instant, Controller, Rc<Key>)>,
    due: OrdMap<(Controller, Rc<Key>), Instant>,
    failures: OrdMap<(Controller, Rc<Key>), u32>,
}

impl Queue {
    /// Adds work, unless it waits already.
    pub(super) fn push(&mut self, controller: Controller, key: impl Into<Rc<Key>>) {
        let key = key.into();
        if self.waiting.insert((controller, key.clone())) {
            self.ready.entry(controller).or_default().push_back(key);
        }
    }

    /// Adds work for a later time; of two times the earlier counts.
    pub(super) fn push_at(&mut self, at: Instant, controller: Controller, key: impl Into<Rc<Key>>) {
        let work = (controller, key.into());
        if let Some(&due) = self.due.get(&work) {
            if due <= at {
                return;
            }
            self.later.remove(&(due, work.0, work.1.clone()));
        }
        self.later.insert((at, work.0, work.1.clone()));
        self.due.insert(work, at);
    }

    /// Adds failed work again, each time after twice as long, from a second to about a quarter of an hour.
    pub(super) fn push_failed(&mut self, now: Instant, controller: Controller, key: Rc<Key>) {
        let failures = self.failures.entry((controller, key.clone())).or_insert(0);
        let wait = Duration::from_secs(1 << (*failures).min(10));
        *failures += 1;
        self.push_at(now + wait, controller, key);
    }

    /// Forgets that this work ever failed.
    pub(super) fn succeeded(&mut self, controller: Controller, key: &Rc<Key>) {
        if !self.failures.is_empty() {
            self.failures.remove(&(controller, key.clone()));
        }
    }

    /// The next work that is due: owners before what they own, so that a burst of changes is worked off once.
    ///
    /// Work done now is not due later: whoever does it says again when to come back.
    pub(super) fn poll(&mut self, now: Instant) -> Option<(Controller, Rc<Key>)> {
        while self.later.first().is_some_and(|(at, ..)| *at <= now) {
            let (_, controller, key) = self.later.pop_first()?;
            self.due.remove(&(controller, key.clone()));
            self.push(controller, key);
        }
        let mut entry = self.ready.first_entry()?;
        let controller = *entry.key();
        let key = entry.get_mut().pop_front()?;
        if entry.get().is_empty() {
            entry.remove();
        }
        let work = (controller, key);
        self.waiting.remove(&work);
        if let Some(due) = self.due.remove(&work) {
            self.later.remove(&(due, work.0, work.1.clone()));
        }
        Some(work)
    }

    /// How much work is remembered in any way.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.later.len() + self.due.len() + self.failures.len()
    }

    /// True if something is to be done now.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// When the next delayed work is due.
    pub(super) fn poll_at(&self) -> Option<Instant> {
        self.later.first().map(|(at, ..)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;
    use alloc::vec::Vec;

    fn key(name: &str) -> Key {
        Key::new(Kind::Service, "default", name)
    }

    #[test]
    fn work_waits_once_and_comes_in_order() {
        let mut queue = Queue::default();
        queue.push(Controller::Scheduler, key("b"));
        queue.push(Controller::Scheduler, key("a"));
        queue.push(Controller::Scheduler, key("b"));
        queue.push(Controller::Namespace, key("z"));
        let order: Vec<_> =
            core::iter::from_fn(|| queue.poll(Instant::ZERO)).map(|(_, key)| key.name.clone()).collect();
        assert_eq!(order, ["z", "b", "a"]);
        assert!(!queue.is_ready());
    }

    #[test]
    fn of_two_delays_the_earlier_counts() {
        let mut queue = Queue::default();
        queue.push_at(Instant::from_secs(9), Controller::Scheduler, key("a"));
        queue.push_at(Instant::from_secs(5), Controller::Scheduler, key("a"));
        queue.push_at(Instant::from_secs(7), Controller::Scheduler, key("a"));
        assert_eq!(queue.poll_at(), Some(Instant::from_secs(5)));
        assert_eq!(queue.poll(Instant::from_secs(4)), None);
        assert!(queue.poll(Instant::from_secs(5)).is_some());
        assert_eq!(queue.poll_at(), None);
    }

    #[test]
    fn failures_wait_longer_each_time_until_one_success() {
        let mut queue = Queue::default();
        let mut delays = Vec::new();
        for _ in 0..3 {
            queue.push_failed(Instant::ZERO, Controller::Scheduler, key("a").into());
            let at = queue.poll_at().unwrap();
            delays.push(at.secs());
            queue.poll(at);
        }
        assert_eq!(delays, [1, 2, 4]);
        queue.succeeded(Controller::Scheduler, &key("a").into());
        queue.push_failed(Instant::ZERO, Controller::Scheduler, key("a").into());
        assert_eq!(queue.poll_at(), Some(Instant::from_secs(1)));
    }
}
