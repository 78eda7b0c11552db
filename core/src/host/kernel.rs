//! What programs of a node ask its kernel: which rules and connections it has.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::task::Poll;

/// A table of the kernel's, as the tool that shows it would print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KernelTable {
    /// The nat table of one family, as `iptables-save` prints it.
    Nat {
        /// IPv6 instead of IPv4.
        ipv6: bool,
    },
    /// kube-proxy's table of one family, as `nft list table` prints it.
    Nftables {
        /// IPv6 instead of IPv4.
        ipv6: bool,
    },
    /// The virtual servers, as `ipvsadm -Ln` prints them.
    Ipvs,
    /// The connections of both families, as `conntrack -L` prints them.
    Conntrack,
}

/// What was asked and is not answered yet, each with the place for its answer.
#[derive(Default)]
pub(super) struct Questions(RefCell<Vec<(KernelTable, Rc<RefCell<Option<String>>>)>>);

impl Questions {
    /// Asks, and waits for the answer.
    pub(super) fn ask(&self, table: KernelTable) -> impl Future<Output = String> + 'static {
        let answer = Rc::new(RefCell::new(None));
        self.0.borrow_mut().push((table, answer.clone()));
        poll_fn(move |_| answer.take().map_or(Poll::Pending, Poll::Ready))
    }

    /// Answers all that was asked; false if nothing was.
    pub(super) fn answer(&self, show: &dyn Fn(KernelTable) -> String) -> bool {
        let questions = self.0.take();
        for (table, answer) in &questions {
            answer.replace(Some(show(*table)));
        }
        !questions.is_empty()
    }
}
