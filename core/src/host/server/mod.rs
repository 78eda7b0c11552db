//! What listens in a pod: a port table's values, and one task for each connection.

mod agnhost;
mod http;
mod redis;

pub use http::{Access, Request, Response};
pub(super) use http::{field, fields};

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::net::SocketAddr;

use smoltcp::time::Duration;

use super::machine::Machine;
use super::stream::TcpStream;
pub use redis::Database;

/// The transports a port can be open for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Streams.
    Tcp,
    /// Datagrams.
    Udp,
}

/// What a port answers with.
#[derive(Clone)]
pub enum Server {
    /// HTTP: 200 and the host's name, whatever is asked. What an image that the lab does not know is taken for.
    Http,
    /// nginx as its image comes: the welcome page at `/`, 404 elsewhere.
    Nginx,
    /// redis, its data shared by all clones of this value.
    Redis(Rc<RefCell<Database>>),
    /// `agnhost netexec`: `/hostname`, `/clientip`, `/echo?msg=` over HTTP, and the same words as datagrams.
    Netexec,
    /// Gives back what it gets.
    Echo,
    /// Says which host answers, whom it sees and where it was reached, `NAME CLIENT:PORT LOCAL:PORT`, to each line or
    /// datagram.
    Whoami,
    /// One answer for one question, DNS' way: a datagram, or behind two bytes of length in a stream; `None` is silence.
    Answer(Rc<dyn Fn(&[u8], Protocol) -> Option<Vec<u8>>>),
    /// A function from request to response.
    Handler(Rc<dyn Fn(&Request<'_>) -> Response>),
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Server::Http => "Http",
            Server::Nginx => "Nginx",
            Server::Redis(_) => "Redis",
            Server::Netexec => "Netexec",
            Server::Echo => "Echo",
            Server::Whoami => "Whoami",
            Server::Answer(_) => "Answer",
            Server::Handler(_) => "Handler",
        })
    }
}

impl Server {
    /// The answer to a datagram.
    pub(super) fn answer(&self, host: &str, content: &[u8], from: SocketAddr, to: SocketAddr) -> Option<Vec<u8>> {
        match self {
            Server::Echo => Some(content.to_vec()),
            Server::Whoami => Some(whoami(host, from, to)),
            Server::Netexec => Some(agnhost::answer(host, content, from)),
            Server::Answer(answer) => answer(content, Protocol::Udp),
            Server::Http | Server::Nginx | Server::Redis(_) | Server::Handler(_) => None,
        }
    }
}

/// How long nginx keeps a connection on which nothing is asked any more: `keepalive_timeout` of its image's nginx.conf.
const NGINX_KEEPALIVE: Duration = Duration::from_secs(65);
/// How long it waits for the rest of a request's header: `client_header_timeout`, ngx_http_core_module.c.
const NGINX_HEADER: Duration = Duration::from_secs(60);

/// What a server does with what has come so far.
enum Step {
    /// It needs more, or has nothing to do.
    Wait,
    /// It says this.
    Say(Vec<u8>),
    /// It says this and closes.
    Last(Vec<u8>),
}

/// One connection from its handshake to its end. The protocols are functions from bytes to bytes; only here is waited.
pub(super) async fn serve(machine: Rc<Machine>, server: Server, stream: TcpStream) {
    if stream.established(None).await.is_err() {
        return;
    }
    let mut connection = Connection { bytes: Vec::new(), continued: false, has_answered: false };
    // An error is the client's going away: there is nobody left to tell.
    loop {
        let (reply, last) = match connection.step(&machine, &server, &stream) {
            Step::Wait => {
                let patience = if connection.has_answered { NGINX_KEEPALIVE } else { NGINX_HEADER };
                let end = matches!(server, Server::Nginx).then(|| machine.now() + patience);
                match stream.read_until(&mut connection.bytes, end).await {
                    Ok(1..) => continue,
                    _ => return,
                }
            }
            Step::Say(reply) => (reply, false),
            Step::Last(reply) => (reply, true),
        };
        connection.has_answered = true;
        if stream.write(&reply).await.is_err() || last {
            return;
        }
    }
}

/// What a server remembers of a connection.
struct Connection {
    /// What has come and is not answered yet.
    bytes: Vec<u8>,
    /// Whether the client of the request that is under way was told to send its body.
    continued: bool,
    /// Whether a request has been answered.
    has_answered: bool,
}

impl Connection {
    #[inline(never)]
    fn step(&mut self, machine: &Machine, server: &Server, stream: &TcpStream) -> Step {
        match server {
            Server::Echo if self.bytes.is_empty() => Step::Wait,
            Server::Echo => Step::Say(core::mem::take(&mut self.bytes)),
            Server::Whoami => match self.bytes.iter().position(|&byte| byte == b'\n') {
                Some(end) => {
                    self.bytes.drain(..=end);
                    Step::Say(whoami(&machine.config.hostname, stream.remote, stream.local))
                }
                None => Step::Wait,
            },
            Server::Redis(database) => redis::step(machine, database, &mut self.bytes),
            Server::Answer(answer) => answer_one(&**answer, &mut self.bytes),
            Server::Http | Server::Nginx | Server::Netexec | Server::Handler(_) => {
                http::step(machine, server, stream, self)
            }
        }
    }
}

fn whoami(host: &str, from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    alloc::format!("{host} {from} {to}\n").into_bytes()
}

/// The answer to the first question that has one; the questions before it are dropped.
fn answer_one(answer: &dyn Fn(&[u8], Protocol) -> Option<Vec<u8>>, bytes: &mut Vec<u8>) -> Step {
    while let Some(&[high, low]) = bytes.first_chunk::<2>() {
        let end = 2 + usize::from(u16::from_be_bytes([high, low]));
        let Some(question) = bytes.get(2..end) else { break };
        let text = answer(question, Protocol::Tcp);
        bytes.drain(..end);
        if let Some(text) = text
            && let Ok(length) = u16::try_from(text.len())
        {
            let mut reply = Vec::from(length.to_be_bytes());
            reply.extend_from_slice(&text);
            return Step::Say(reply);
        }
    }
    Step::Wait
}
