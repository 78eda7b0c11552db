//! What listens in a pod: a port table's values, and one task for each connection.

mod agnhost;
mod http;
mod redis;

pub use http::{Request, Response};

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::net::SocketAddr;

use super::machine::Machine;
use super::stream::{NetError, TcpStream};
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

/// One connection from its handshake to its end.
pub(super) async fn serve(machine: Rc<Machine>, server: Server, stream: TcpStream) {
    if stream.established(None).await.is_err() {
        return;
    }
    // An error is the client's going away: there is nobody left to tell.
    let _gone = match &server {
        Server::Echo => echo(&stream).await,
        Server::Whoami => lines(&machine.config.hostname, &stream).await,
        Server::Redis(database) => redis::serve(&machine, database, &stream).await,
        Server::Answer(answer) => answers(&**answer, &stream).await,
        Server::Http | Server::Nginx | Server::Netexec | Server::Handler(_) => {
            http::serve(&machine, &server, &stream).await
        }
    };
}

async fn echo(stream: &TcpStream) -> Result<(), NetError> {
    let mut bytes = Vec::new();
    while stream.read(&mut bytes).await? > 0 {
        stream.write(&bytes).await?;
        bytes.clear();
    }
    Ok(())
}

async fn lines(host: &str, stream: &TcpStream) -> Result<(), NetError> {
    let mut bytes = Vec::new();
    while stream.read(&mut bytes).await? > 0 {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            bytes.drain(..=end);
            stream.write(&whoami(host, stream.remote, stream.local)).await?;
        }
    }
    Ok(())
}

fn whoami(host: &str, from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    alloc::format!("{host} {from} {to}\n").into_bytes()
}

async fn answers(answer: &dyn Fn(&[u8], Protocol) -> Option<Vec<u8>>, stream: &TcpStream) -> Result<(), NetError> {
    let mut bytes = Vec::new();
    while stream.read(&mut bytes).await? > 0 {
        while let Some(&[high, low]) = bytes.first_chunk::<2>() {
            let end = 2 + usize::from(u16::from_be_bytes([high, low]));
            if bytes.len() < end {
                break;
            }
            if let Some(text) = answer(&bytes[2..end], Protocol::Tcp)
                && let Ok(length) = u16::try_from(text.len())
            {
                stream.write(&length.to_be_bytes()).await?;
                stream.write(&text).await?;
            }
            bytes.drain(..end);
        }
    }
    Ok(())
}
