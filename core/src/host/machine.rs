//! What the tasks of one host share, and how they wait.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::{collections::VecDeque, vec::Vec};
use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use smoltcp::time::Instant;

use super::config::HostConfig;
use super::kernel::Questions;
use super::server::Access;
use super::stack::Stack;
use super::table::Table;

/// A host's stack and its configuration, behind one `Rc` that every task holds.
pub(super) struct Machine {
    pub(super) config: Rc<HostConfig>,
    /// Never borrowed across an `.await`.
    pub(super) stack: RefCell<Stack>,
    /// What programs have written to files, by path.
    pub(super) files: RefCell<Table>,
    /// The requests that nginx has answered, the latest last.
    pub(super) log: RefCell<VecDeque<Access>>,
    /// What programs ask of the kernel.
    pub(super) questions: Questions,
    /// Jobs that a shell has sent to the background and that do not run yet.
    jobs: RefCell<Vec<Pin<Box<dyn Future<Output = ()>>>>>,
    /// Steps that shells have done at the instant they were last done at.
    steps: Cell<(Instant, u32)>,
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
            log: RefCell::default(),
            questions: Questions::default(),
            jobs: RefCell::default(),
            steps: Cell::new((Instant::ZERO, 0)),
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

    /// Counts a step of a shell. True if so many were done in no time that one must wait: work costs time, and without
    /// this a loop that waits for nothing would stop the world's clock.
    pub(super) fn is_busy(&self) -> bool {
        const STEPS_MAX: u32 = 1000;
        let now = self.now();
        let (at, steps) = self.steps.get();
        let steps = if at == now { steps + 1 } else { 0 };
        self.steps.set((now, steps));
        steps >= STEPS_MAX
    }

    /// Asks for another poll at `at`.
    fn wake_at(&self, at: Instant) {
        self.deadline.set(Some(self.deadline.get().map_or(at, |earlier| earlier.min(at))));
    }

    /// Whether `end` has come; if not, it is when the task is polled again at the latest. No end never comes.
    #[inline(never)]
    pub(super) fn is_over(&self, end: Option<Instant>) -> bool {
        match end {
            Some(end) if self.now() >= end => true,
            Some(end) => {
                self.wake_at(end);
                false
            }
            None => false,
        }
    }

    /// Waits until `at`.
    pub(super) fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + '_ {
        poll_fn(move |_| if self.is_over(Some(at)) { Poll::Ready(()) } else { Poll::Pending })
    }

    /// Waits for `future`, but not longer than until `end` if there is one: `None` is too late.
    pub(super) fn timeout<'a, T: 'a>(
        &'a self,
        end: Option<Instant>,
        mut future: Pin<Box<dyn Future<Output = T> + 'a>>,
    ) -> impl Future<Output = Option<T>> + 'a {
        poll_fn(move |context| match future.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if self.is_over(end) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
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
