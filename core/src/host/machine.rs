//! What the tasks of one host share, and how they wait.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

use smoltcp::time::{Duration, Instant};

use super::config::HostConfig;
use super::stack::Stack;
use super::table::Table;

/// A host's stack and its configuration, behind one `Rc` that every task holds.
pub(super) struct Machine {
    pub(super) config: Rc<HostConfig>,
    /// Never borrowed across an `.await`.
    pub(super) stack: RefCell<Stack>,
    /// What programs have written to files, by path.
    pub(super) files: RefCell<Table>,
    /// Jobs that a shell has sent to the background and that do not run yet.
    jobs: RefCell<Vec<Pin<Box<dyn Future<Output = ()>>>>>,
    /// When the task that is being polled wants to be polled again at the latest.
    deadline: Cell<Option<Instant>>,
}

impl Machine {
    pub(super) fn new(config: HostConfig) -> Machine {
        let config = Rc::new(config);
        Machine {
            stack: RefCell::new(Stack::new(config.clone())),
            config,
            files: RefCell::default(),
            jobs: RefCell::default(),
            deadline: Cell::new(None),
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.stack.borrow().now
    }

    /// Runs a job beside the tasks there are.
    pub(super) fn spawn(&self, job: impl Future<Output = ()> + 'static) {
        self.jobs.borrow_mut().push(Box::pin(job));
    }

    /// Whether there are jobs to start.
    pub(super) fn has_jobs(&self) -> bool {
        !self.jobs.borrow().is_empty()
    }

    /// Jobs to start.
    pub(super) fn take_jobs(&self) -> Vec<Pin<Box<dyn Future<Output = ()>>>> {
        core::mem::take(&mut self.jobs.borrow_mut())
    }

    /// Asks for another poll at `at`.
    fn wake_at(&self, at: Instant) {
        self.deadline.set(Some(self.deadline.get().map_or(at, |earlier| earlier.min(at))));
    }

    /// Waits until `at`.
    pub(super) async fn sleep_until(&self, at: Instant) {
        poll_fn(|_| {
            if self.now() >= at {
                return Poll::Ready(());
            }
            self.wake_at(at);
            Poll::Pending
        })
        .await;
    }

    /// Waits for `future`, but not longer than `limit` if there is one: `None` is too late.
    pub(super) async fn timeout<T>(
        &self,
        limit: impl Into<Option<Duration>>,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let end = limit.into().map(|limit| self.now() + limit);
        let mut future = pin!(future);
        poll_fn(|context| self.poll_until(end, future.as_mut(), context)).await
    }

    /// Out of line, because nearly every program waits with a limit.
    #[inline(never)]
    fn poll_until<T>(
        &self,
        end: Option<Instant>,
        future: Pin<&mut (dyn Future<Output = T> + '_)>,
        context: &mut Context<'_>,
    ) -> Poll<Option<T>> {
        if let Poll::Ready(value) = future.poll(context) {
            return Poll::Ready(Some(value));
        }
        match end {
            Some(end) if self.now() >= end => return Poll::Ready(None),
            Some(end) => self.wake_at(end),
            None => {}
        }
        Poll::Pending
    }

    /// Polls one task; when it is not done, says when it wants to be polled again without anything having happened.
    pub(super) fn poll<T>(&self, task: Pin<&mut (dyn Future<Output = T> + '_)>) -> Result<T, Option<Instant>> {
        self.deadline.set(None);
        match task.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Ok(value),
            Poll::Pending => Err(self.deadline.take()),
        }
    }
}
