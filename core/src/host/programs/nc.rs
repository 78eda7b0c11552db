//! `nc`, as netcat-openbsd's users and busybox' users type it: `-z -v -w N -W N -u -l -p N -n -N -k`.

use alloc::string::{String, ToString};
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::task::Poll;

use smoltcp::time::Instant;

use super::super::resolve;
use super::super::stream::{NetError, UdpSocket};
use super::super::sys::Sys;
use super::duplex::{End, converse};
use super::options::{Misuse, Options};

const KNOWN: &str = "z v u l k w: W: p: n N 4 6 t q: i:";
const USAGE: &str = "usage: nc [-klnuvz] [-p source_port] [-w timeout] [destination] [port]";

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let options = match Options::read(arguments, KNOWN) {
        Ok(options) => options,
        Err(Misuse::MissingValue(last)) => {
            let name = last.trim_start_matches('-');
            return sys.fail(format_args!("nc: option requires an argument -- '{name}'"));
        }
        Err(Misuse::Unknown(name)) => return sys.fail(format_args!("nc: invalid option -- '{name}'")),
    };
    if options.has('l') {
        let port = options.port('p').or_else(|| options.words.last()?.parse().ok());
        let Some(port) = port else { return sys.fail(format_args!("{USAGE}")) };
        return told(sys, listen(sys, &options, port).await);
    }
    let [host, ports] = options.words[..] else { return sys.fail(format_args!("{USAGE}")) };
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (Ok(first @ 1..), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) else {
        return sys.fail(format_args!("nc: port number invalid: {ports}"));
    };
    let Some(address) = resolve::named(sys, "nc", host).await else { return 1 };
    let mut code = 1;
    for port in first..=last {
        let remote = SocketAddr::new(address, port);
        let talked = match options.has('u') {
            true => told(sys, talk_udp(sys, &options, remote).await),
            false => talk(sys, &options, remote).await,
        };
        code = code.min(talked);
    }
    code
}

/// The exit code of what may have failed, which is said.
fn told(sys: &Sys, result: Result<i32, NetError>) -> i32 {
    result.unwrap_or_else(|error| sys.fail(format_args!("nc: {error}")))
}

/// A TCP connection: a mere look with `-z`, else a conversation.
async fn talk(sys: &Sys, options: &Options<'_>, remote: SocketAddr) -> i32 {
    let end = || options.seconds('w').map(|millis| sys.after(millis));
    let (host, verbose) = (options.words[0], options.has('v'));
    let (ip, port) = (remote.ip(), remote.port());
    let stream = match sys.connect(options.port('p').unwrap_or(0), remote, end()).await {
        Ok(stream) => stream,
        Err(error) => {
            let words = if error == NetError::TimedOut { "Operation timed out".to_string() } else { error.to_string() };
            if verbose || !options.has('z') {
                sys.complain(format_args!("nc: connect to {host} ({ip}) port {port} (tcp) failed: {words}"));
            }
            return 1;
        }
    };
    if verbose {
        sys.complain(format_args!("Connection to {host} ({ip}) {port} port [tcp/*] succeeded!"));
    }
    if options.has('z') {
        return 0;
    }
    // -w is also the longest silence; a conversation through a lab is short, so its whole length is limited.
    match converse(sys, &stream, true, end()).await {
        End::Input | End::Peer => 0,
        End::Broken(error) => sys.fail(format_args!("nc: read error: {error}")),
    }
}

/// Datagrams: each piece of input is one; answers are printed as they come.
async fn talk_udp(sys: &Sys, options: &Options<'_>, remote: SocketAddr) -> Result<i32, NetError> {
    let socket = sys.udp(options.port('p').unwrap_or(0), remote)?;
    if !options.has('z') {
        let end = options.seconds('w').map(|millis| sys.after(millis));
        let most = options.value('W').and_then(|count| count.parse().ok()).unwrap_or(u32::MAX);
        return Ok(match exchange(sys, &socket, Some(remote), end, most).await {
            NetError::TimedOut => 0,
            error => sys.fail(format_args!("nc: read error: {error}")),
        });
    }
    // A port counts as open unless an error comes back: netcat sends single bytes and listens for a moment.
    for _ in 0..3 {
        let sent = socket.send(None, remote, b"X");
        match socket.receive(Some(sys.after(1000))).await {
            Ok(_) | Err(NetError::TimedOut) if sent.is_ok() => {}
            _ => return Ok(1),
        }
    }
    if options.has('v') {
        let (host, ip, port) = (options.words[0], remote.ip(), remote.port());
        sys.complain(format_args!("Connection to {host} ({ip}) {port} port [udp/*] succeeded!"));
    }
    Ok(0)
}

/// Sends input lines to a peer, if there is one, and prints answers until an error, or as many as `most`. The end of the input ends it only with
/// `-w`, as in the original.
fn exchange<'a>(
    sys: &'a Sys,
    socket: &'a UdpSocket,
    remote: Option<SocketAddr>,
    end: Option<Instant>,
    mut most: u32,
) -> impl Future<Output = NetError> + 'a {
    poll_fn(move |_| {
        while let Some(remote) = remote
            && let Poll::Ready(line) = sys.stdin.poll_read_line()
            && !line.is_empty()
        {
            if let Err(error) = socket.send(None, remote, &line) {
                return Poll::Ready(error);
            }
        }
        loop {
            match socket.poll_receive(end) {
                Poll::Ready(Ok(datagram)) => {
                    sys.stdout.write(&datagram.content);
                    most = most.saturating_sub(1);
                    if most == 0 {
                        return Poll::Ready(NetError::TimedOut);
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(error),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
}

/// `nc -l`: one peer, or with `-k` one after the other.
async fn listen(sys: &Sys, options: &Options<'_>, port: u16) -> Result<i32, NetError> {
    if options.has('u') {
        let socket = UdpSocket::bind(&sys.machine, port)?;
        return Err(exchange(sys, &socket, None, None, u32::MAX).await);
    }
    let listener = sys.listen(port)?;
    if options.has('v') {
        sys.complain(format_args!("Listening on 0.0.0.0 {port}"));
    }
    loop {
        let stream = listener.accept().await;
        if options.has('v') {
            sys.complain(format_args!("Connection received on {} {}", stream.remote.ip(), stream.remote.port()));
        }
        let end = converse(sys, &stream, true, None).await;
        if !options.has('k') {
            return Ok(i32::from(matches!(end, End::Broken(_))));
        }
    }
}
