//! `agnhost netexec` (kubernetes test/images/agnhost/netexec): the answers e2e tests ask for.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::http::{Request, Response};

/// An HTTP request.
pub(super) fn respond(request: &Request<'_>) -> Response {
    match request.path() {
        "/" => Response::text("NOW: 0\n"),
        "/hostname" | "/hostName" => Response::text(request.host),
        "/clientip" => Response::text(&format!("{}", request.client)),
        "/echo" => match request.parameter("code").map_or(Some(200), |code| code.parse().ok()) {
            Some(status) => {
                let message = request.parameter("msg").unwrap_or_default();
                Response::with(status, "text/plain; charset=utf-8", &message)
            }
            None => Response::with(400, "text/plain; charset=utf-8", "argument 'code' must be integer\n"),
        },
        "/header" => {
            let key = request.parameter("key").unwrap_or_default();
            Response::text(request.header(&key).unwrap_or(""))
        }
        "/healthz" | "/readyz" => Response::text(""),
        _ => Response::with(404, "text/plain; charset=utf-8", "404 page not found\n"),
    }
}

/// A datagram: `hostname`, `clientip` or `echo WORDS`; anything else is answered with nothing in it.
pub(super) fn answer(host: &str, content: &[u8], from: SocketAddr) -> Vec<u8> {
    let text = String::from_utf8_lossy(content);
    let command = text.trim();
    match command.split_once(' ').unwrap_or((command, "")) {
        ("hostname" | "hostName", _) => host.into(),
        ("clientip", _) => format!("{from}").into_bytes(),
        ("echo", words) => words.into(),
        _ => Vec::new(),
    }
}
