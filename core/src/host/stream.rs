//! Sockets as programs hold them: closed when dropped, awaited without borrowing the stack meanwhile.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::net::{IpAddr, SocketAddr};
use core::task::Poll;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{RecvError, State};
use smoltcp::time::{Duration, Instant};

use super::machine::Machine;
use super::nic::Seen;
use super::packet::Reason;
use super::server::Protocol;
use super::stack::{Listener, Target};
use super::udp::Datagram;

/// How long a connect goes unanswered before the stack gives up (Linux tcp_syn_retries 6).
const CONNECT: Duration = Duration::from_secs(127);

/// What stopped a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NetError {
    /// A RST or a port unreachable.
    #[error("Connection refused")]
    Refused,
    /// Nobody answered.
    #[error("Connection timed out")]
    TimedOut,
    /// A router knows no way to the host, or forbids it.
    #[error("No route to host")]
    HostUnreachable,
    /// There is no way to that network, or no address of its family here.
    #[error("Network is unreachable")]
    NetworkUnreachable,
    /// A RST on an open connection.
    #[error("Connection reset by peer")]
    Reset,
    /// The port is taken.
    #[error("Address already in use")]
    InUse,
}

impl From<Reason> for NetError {
    fn from(reason: Reason) -> NetError {
        match reason {
            Reason::Refused => NetError::Refused,
            Reason::NetworkUnreachable => NetError::NetworkUnreachable,
            Reason::HostUnreachable | Reason::TooBig(_) | Reason::TimeExceeded => NetError::HostUnreachable,
        }
    }
}

/// A TCP connection. Dropped, it closes as a process' end does.
pub(super) struct TcpStream {
    machine: Rc<Machine>,
    handle: SocketHandle,
    /// The two ends, this host's first.
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

impl TcpStream {
    /// Connects from `port`, or from a fresh one if it is 0; gives up at `end`.
    pub(super) async fn connect(
        machine: &Rc<Machine>,
        port: u16,
        remote: SocketAddr,
        end: Option<Instant>,
    ) -> Result<TcpStream, NetError> {
        let handle = machine.stack.borrow_mut().connect(remote, port).ok_or(NetError::NetworkUnreachable)?;
        let stream = TcpStream::open(machine.clone(), handle, remote);
        let last = machine.now() + CONNECT;
        stream.established(Some(end.map_or(last, |end| end.min(last)))).await?;
        Ok(stream)
    }

    /// The connection of a socket whose handshake is under way.
    pub(super) fn accepted(machine: Rc<Machine>, handle: SocketHandle) -> TcpStream {
        let unknown = SocketAddr::new(core::net::Ipv4Addr::UNSPECIFIED.into(), 0);
        TcpStream::open(machine, handle, unknown)
    }

    fn open(machine: Rc<Machine>, handle: SocketHandle, remote: SocketAddr) -> TcpStream {
        let (local, remote) = {
            let mut stack = machine.stack.borrow_mut();
            let socket = stack.tcp().socket(handle);
            (socket.local_endpoint().map(endpoint), socket.remote_endpoint().map_or(remote, endpoint))
        };
        TcpStream { machine, handle, local: local.unwrap_or(remote), remote }
    }

    /// Waits for the end of the handshake, but not longer than until `end` if there is one.
    pub(super) fn established(&self, end: Option<Instant>) -> impl Future<Output = Result<(), NetError>> + '_ {
        poll_fn(move |_| self.poll_established(end))
    }

    /// Appends what has arrived to `into`; 0 bytes is the peer's end of the stream.
    pub(super) fn read<'a>(&'a self, into: &'a mut Vec<u8>) -> impl Future<Output = Result<usize, NetError>> + 'a {
        poll_fn(move |_| self.poll_read(into))
    }

    /// The same, but the end has come when nothing has until `end`.
    pub(super) fn read_until<'a>(
        &'a self,
        into: &'a mut Vec<u8>,
        end: Option<Instant>,
    ) -> impl Future<Output = Result<usize, NetError>> + 'a {
        poll_fn(move |_| match self.poll_read(into) {
            Poll::Pending if self.machine.is_over(end) => Poll::Ready(Ok(0)),
            polled => polled,
        })
    }

    /// Sends all of `bytes`, waiting while the buffer is full.
    pub(super) fn write<'a>(&'a self, mut bytes: &'a [u8]) -> impl Future<Output = Result<(), NetError>> + 'a {
        poll_fn(move |_| self.poll_write(&mut bytes))
    }

    // The polls are out of line: every program reads and writes.

    #[inline(never)]
    fn poll_established(&self, end: Option<Instant>) -> Poll<Result<(), NetError>> {
        let mut stack = self.machine.stack.borrow_mut();
        let tcp = stack.tcp();
        match tcp.socket(self.handle).state() {
            State::SynSent | State::SynReceived => {}
            State::Closed | State::Listen => {
                return Poll::Ready(Err(tcp.error(self.handle).map_or(NetError::Refused, NetError::from)));
            }
            _ => return Poll::Ready(Ok(())),
        }
        drop(stack);
        if self.machine.is_over(end) { Poll::Ready(Err(NetError::TimedOut)) } else { Poll::Pending }
    }

    #[inline(never)]
    pub(super) fn poll_read(&self, into: &mut Vec<u8>) -> Poll<Result<usize, NetError>> {
        let mut stack = self.machine.stack.borrow_mut();
        let socket = stack.tcp().socket(self.handle);
        let before = into.len();
        loop {
            let taken = socket.recv(|bytes| {
                into.extend_from_slice(bytes);
                (bytes.len(), bytes.len())
            });
            match taken {
                // Again, because the buffer is a ring.
                Ok(1..) => {}
                _ if into.len() > before => return Poll::Ready(Ok(into.len() - before)),
                Ok(0) => return Poll::Pending,
                Err(RecvError::Finished) => return Poll::Ready(Ok(0)),
                Err(RecvError::InvalidState) => return Poll::Ready(Err(NetError::Reset)),
            }
        }
    }

    #[inline(never)]
    fn poll_write(&self, rest: &mut &[u8]) -> Poll<Result<(), NetError>> {
        let mut stack = self.machine.stack.borrow_mut();
        let socket = stack.tcp().socket(self.handle);
        loop {
            match socket.send_slice(rest) {
                Err(_) => return Poll::Ready(Err(NetError::Reset)),
                Ok(sent) => *rest = &rest[sent..],
            }
            if rest.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if !socket.can_send() {
                return Poll::Pending;
            }
        }
    }

    /// Sends what there is room for and adds it to `sent`, the bytes that are sent already; ready when all are.
    pub(super) fn poll_send(&self, bytes: &[u8], sent: &mut usize) -> Poll<Result<(), NetError>> {
        let mut rest = &bytes[*sent..];
        let result = self.poll_write(&mut rest);
        *sent = bytes.len() - rest.len();
        result
    }

    /// Ends this side's stream: the peer reads to the end and may still answer.
    pub(super) fn shutdown(&self) {
        self.machine.stack.borrow_mut().tcp().socket(self.handle).close();
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        let mut stack = self.machine.stack.borrow_mut();
        let now = stack.now;
        stack.tcp().release(self.handle, now);
    }
}

/// An open TCP port of a program (`nc -l`).
pub(super) struct TcpListener {
    machine: Rc<Machine>,
    port: u16,
}

impl TcpListener {
    pub(super) fn bind(machine: &Rc<Machine>, port: u16) -> Result<TcpListener, NetError> {
        let mut stack = machine.stack.borrow_mut();
        if stack.listeners.iter().any(|l| l.protocol == Protocol::Tcp && l.port == port) {
            return Err(NetError::InUse);
        }
        stack.listeners.push(Listener { protocol: Protocol::Tcp, port, to: Target::Program(Vec::new()) });
        Ok(TcpListener { machine: machine.clone(), port })
    }

    /// Waits for a connection and the end of its handshake.
    pub(super) async fn accept(&self) -> TcpStream {
        loop {
            let handle = poll_fn(|_| self.poll_accept()).await;
            let stream = TcpStream::accepted(self.machine.clone(), handle);
            if stream.established(None).await.is_ok() {
                return stream;
            }
        }
    }

    fn poll_accept(&self) -> Poll<SocketHandle> {
        let mut stack = self.machine.stack.borrow_mut();
        let listener = stack.listeners.iter_mut().find(|l| l.protocol == Protocol::Tcp && l.port == self.port);
        match listener.map(|l| &mut l.to) {
            Some(Target::Program(waiting)) if !waiting.is_empty() => Poll::Ready(waiting.remove(0)),
            _ => Poll::Pending,
        }
    }
}

impl Drop for TcpListener {
    fn drop(&mut self) {
        let mut stack = self.machine.stack.borrow_mut();
        let now = stack.now;
        let of_us = |l: &Listener| l.protocol == Protocol::Tcp && l.port == self.port;
        if let Some(index) = stack.listeners.iter().position(of_us)
            && let Target::Program(waiting) = stack.listeners.swap_remove(index).to
        {
            for handle in waiting {
                stack.tcp().release(handle, now);
            }
        }
    }
}

/// A UDP socket.
pub(super) struct UdpSocket {
    machine: Rc<Machine>,
    id: u32,
    /// The port it is bound to.
    pub(super) port: u16,
}

impl UdpSocket {
    /// A socket that hears `remote` only, and of errors about what it sent there; from a fresh port if `port` is 0.
    pub(super) fn connect(machine: &Rc<Machine>, port: u16, remote: SocketAddr) -> Result<UdpSocket, NetError> {
        let mut stack = machine.stack.borrow_mut();
        let address = stack.source_for(remote.ip()).ok_or(NetError::NetworkUnreachable)?;
        let port = if port == 0 { stack.ephemeral_port(remote) } else { port };
        let id = stack.udp.open(Some(address), port, Some(remote));
        Ok(UdpSocket { machine: machine.clone(), id, port })
    }

    /// A socket that hears everyone on `port`.
    pub(super) fn bind(machine: &Rc<Machine>, port: u16) -> Result<UdpSocket, NetError> {
        let mut stack = machine.stack.borrow_mut();
        let served = stack.listeners.iter().any(|l| l.protocol == Protocol::Udp && l.port == port);
        if served || stack.udp.is_used(port) {
            return Err(NetError::InUse);
        }
        let id = stack.udp.open(None, port, None);
        Ok(UdpSocket { machine: machine.clone(), id, port })
    }

    /// Sends a datagram from `from` (or the address that fits); it may be lost as any other.
    pub(super) fn send(&self, from: Option<IpAddr>, to: SocketAddr, content: &[u8]) -> Result<(), NetError> {
        let mut stack = self.machine.stack.borrow_mut();
        if let Some(reason) = stack.udp.socket(self.id).error.take() {
            return Err(reason.into());
        }
        let sent = stack.send_datagram(from, self.port, to, content);
        if sent { Ok(()) } else { Err(NetError::NetworkUnreachable) }
    }

    /// Waits for a datagram or for an error about one that was sent, but not longer than until `end` if there is one.
    pub(super) fn receive(&self, end: Option<Instant>) -> impl Future<Output = Result<Datagram, NetError>> + '_ {
        poll_fn(move |_| self.poll_receive(end))
    }

    #[inline(never)]
    pub(super) fn poll_receive(&self, end: Option<Instant>) -> Poll<Result<Datagram, NetError>> {
        let mut stack = self.machine.stack.borrow_mut();
        let socket = stack.udp.socket(self.id);
        if let Some(datagram) = socket.received.pop_front() {
            return Poll::Ready(Ok(datagram));
        }
        if let Some(reason) = socket.error.take() {
            return Poll::Ready(Err(reason.into()));
        }
        drop(stack);
        if self.machine.is_over(end) { Poll::Ready(Err(NetError::TimedOut)) } else { Poll::Pending }
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.machine.stack.borrow_mut().udp.close(self.id);
    }
}

/// Every packet of the host, in and out.
pub(super) struct Watch {
    machine: Rc<Machine>,
    id: u32,
}

impl Watch {
    pub(super) fn start(machine: &Rc<Machine>) -> Watch {
        let watchers = &mut machine.stack.borrow_mut().outbox.watchers;
        let id = watchers.iter().map(|(id, _)| id + 1).max().unwrap_or(0);
        watchers.push((id, VecDeque::new()));
        Watch { machine: machine.clone(), id }
    }

    /// Waits for the next packet.
    pub(super) fn next(&self) -> impl Future<Output = Seen> + '_ {
        poll_fn(|_| {
            let watchers = &mut self.machine.stack.borrow_mut().outbox.watchers;
            let own = watchers.iter_mut().find(|(id, _)| *id == self.id);
            own.and_then(|(_, seen)| seen.pop_front()).map_or(Poll::Pending, Poll::Ready)
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.machine.stack.borrow_mut().outbox.watchers.retain(|(id, _)| *id != self.id);
    }
}

fn endpoint(endpoint: smoltcp::wire::IpEndpoint) -> SocketAddr {
    SocketAddr::new(endpoint.addr.into(), endpoint.port)
}
