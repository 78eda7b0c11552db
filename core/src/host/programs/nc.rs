//! `nc`, as netcat-openbsd's users and busybox' users type it: `-z -v -w N -u -l -p N -n -N -k`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::pin;
use core::task::Poll;

use smoltcp::time::Duration;

use super::super::resolve;
use super::super::stream::{NetError, UdpSocket};
use super::super::sys::Sys;
use super::duplex::{End, converse};
use super::options::{self, Word};

const USAGE: &str = "usage: nc [-klnuvz] [-p source_port] [-w timeout] [destination] [port]";

#[derive(Default)]
struct Options<'a> {
    scan: bool,
    verbose: bool,
    udp: bool,
    listen: bool,
    again: bool,
    port: Option<u16>,
    limit: Option<Duration>,
    words: Vec<&'a str>,
}

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let options = match Options::read(arguments) {
        Ok(options) => options,
        Err(message) => {
            sys.complain(message);
            return 1;
        }
    };
    if options.listen {
        return listen(sys, &options).await;
    }
    let [host, ports] = options.words[..] else {
        sys.complain(USAGE);
        return 1;
    };
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (Ok(first @ 1..), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) else {
        sys.complain(format_args!("nc: port number invalid: {ports}"));
        return 1;
    };
    let Some(address) = resolve::address(sys, host).await else {
        sys.complain(format_args!("nc: bad address '{host}'"));
        return 1;
    };
    let mut code = 1;
    for port in first..=last {
        let remote = SocketAddr::new(address, port);
        let talked = match options.udp {
            true => talk_udp(sys, &options, host, remote).await,
            false => talk(sys, &options, host, remote).await,
        };
        code = code.min(talked);
    }
    code
}

impl<'a> Options<'a> {
    fn read(arguments: &'a [String]) -> Result<Options<'a>, String> {
        let mut options = Options::default();
        let words = options::parse(arguments, "w p s q i e")
            .map_err(|missing| format!("nc: option requires an argument -- '{}'", missing.0.trim_start_matches('-')))?;
        for word in words {
            match word {
                Word::Plain(word) => options.words.push(word),
                Word::Option("z", _) => options.scan = true,
                Word::Option("v", _) => options.verbose = true,
                Word::Option("u", _) => options.udp = true,
                Word::Option("l", _) => options.listen = true,
                Word::Option("k", _) => options.again = true,
                Word::Option("w", text) => options.limit = options::seconds(text).map(Duration::from_millis),
                Word::Option("p", text) => options.port = text.parse().ok(),
                Word::Option("n" | "N" | "4" | "6" | "t" | "q" | "i" | "s" | "e", _) => {}
                Word::Option(other, _) => return Err(format!("nc: invalid option -- '{other}'")),
            }
        }
        Ok(options)
    }
}

/// A TCP connection: a mere look with `-z`, else a conversation.
async fn talk(sys: &Sys, options: &Options<'_>, host: &str, remote: SocketAddr) -> i32 {
    let connect = sys.connect(options.port.unwrap_or(0), remote);
    let connected = sys.timeout(options.limit, connect).await.unwrap_or(Err(NetError::TimedOut));
    let stream = match connected {
        Ok(stream) => stream,
        Err(error) => {
            let words = if error == NetError::TimedOut { "Operation timed out".to_string() } else { error.to_string() };
            if options.verbose || !options.scan {
                sys.complain(format_args!(
                    "nc: connect to {host} ({}) port {} (tcp) failed: {words}",
                    remote.ip(),
                    remote.port()
                ));
            }
            return 1;
        }
    };
    if options.verbose {
        sys.complain(format_args!("Connection to {host} ({}) {} port [tcp/*] succeeded!", remote.ip(), remote.port()));
    }
    if options.scan {
        return 0;
    }
    // -w is also the longest silence; a conversation through a lab is short, so its whole length is limited.
    let end = sys.timeout(options.limit, converse(sys, &stream, true)).await.unwrap_or(End::Input);
    match end {
        End::Input | End::Peer => 0,
        End::Broken(error) => {
            sys.complain(format_args!("nc: read error: {error}"));
            1
        }
    }
}

/// Datagrams: each piece of input is one; answers are printed as they come.
async fn talk_udp(sys: &Sys, options: &Options<'_>, host: &str, remote: SocketAddr) -> i32 {
    let socket = match sys.udp(options.port.unwrap_or(0), remote) {
        Ok(socket) => socket,
        Err(error) => {
            sys.complain(format_args!("nc: {error}"));
            return 1;
        }
    };
    if options.scan {
        return scan_udp(sys, options, host, &socket, remote).await;
    }
    let result = sys.timeout(options.limit, exchange(sys, &socket, remote)).await.unwrap_or(Ok(()));
    match result {
        Ok(()) => 0,
        Err(error) => {
            sys.complain(format_args!("nc: read error: {error}"));
            1
        }
    }
}

/// Sends input lines and prints answers until an error; the end of the input ends it only with `-w`, as in the original.
async fn exchange(sys: &Sys, socket: &UdpSocket, remote: SocketAddr) -> Result<(), NetError> {
    let mut sending = pin!(async {
        loop {
            let line = sys.read_line().await;
            if line.is_empty() {
                // Nothing more to send; the answers still come.
                core::future::pending::<()>().await;
            }
            socket.send(None, remote, &line)?;
        }
        #[allow(unreachable_code)]
        Ok::<(), NetError>(())
    });
    let mut receiving = pin!(async {
        loop {
            let datagram = socket.receive().await?;
            sys.stdout.write(&datagram.content);
        }
        #[allow(unreachable_code)]
        Ok::<(), NetError>(())
    });
    poll_fn(|context| match sending.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => receiving.as_mut().poll(context),
    })
    .await
}

/// A UDP port counts as open unless an error comes back: netcat sends single bytes and listens for a moment.
async fn scan_udp(sys: &Sys, options: &Options<'_>, host: &str, socket: &UdpSocket, remote: SocketAddr) -> i32 {
    for _ in 0..3 {
        let sent = socket.send(None, remote, b"X");
        let heard = sys.timeout(Duration::from_secs(1), socket.receive()).await;
        if sent.is_err() || matches!(heard, Some(Err(_))) {
            return 1;
        }
    }
    if options.verbose {
        sys.complain(format_args!("Connection to {host} ({}) {} port [udp/*] succeeded!", remote.ip(), remote.port()));
    }
    0
}

/// `nc -l`: one peer, or with `-k` one after the other.
async fn listen(sys: &Sys, options: &Options<'_>) -> i32 {
    let port = options.port.or_else(|| options.words.last().and_then(|word| word.parse().ok()));
    let Some(port) = port else {
        sys.complain(USAGE);
        return 1;
    };
    if options.udp {
        return listen_udp(sys, port).await;
    }
    let listener = match sys.listen(port) {
        Ok(listener) => listener,
        Err(error) => {
            sys.complain(format_args!("nc: {error}"));
            return 1;
        }
    };
    if options.verbose {
        sys.complain(format_args!("Listening on 0.0.0.0 {port}"));
    }
    loop {
        let stream = listener.accept().await;
        if options.verbose {
            sys.complain(format_args!("Connection received on {} {}", stream.remote.ip(), stream.remote.port()));
        }
        let end = converse(sys, &stream, true).await;
        if !options.again {
            return i32::from(matches!(end, End::Broken(_)));
        }
    }
}

async fn listen_udp(sys: &Sys, port: u16) -> i32 {
    let socket = match UdpSocket::bind(&sys.machine, port) {
        Ok(socket) => socket,
        Err(error) => {
            sys.complain(format_args!("nc: {error}"));
            return 1;
        }
    };
    loop {
        match socket.receive().await {
            Ok(datagram) => sys.stdout.write(&datagram.content),
            Err(error) => {
                sys.complain(format_args!("nc: {error}"));
                return 1;
            }
        }
    }
}
