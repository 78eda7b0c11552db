//! Container images by name: what a container of one does when it starts, and which programs are in it.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::programs;
use super::server::{Protocol, Request, Response, Server};

/// An image, by what it is and not by who made it or which version it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// nginx.
    Nginx,
    /// nginx without the right to a low port: nginxinc/nginx-unprivileged.
    NginxUnprivileged,
    /// Apache httpd.
    Httpd,
    /// redis (or valkey).
    Redis,
    /// busybox.
    Busybox,
    /// alpine.
    Alpine,
    /// curlimages/curl.
    Curl,
    /// A box of network tools: nicolaka/netshoot, dnsutils, praqma/network-multitool.
    Netshoot,
    /// registry.k8s.io/e2e-test-images/agnhost.
    Agnhost,
    /// traefik/whoami.
    Whoami,
    /// gcr.io/google-samples/hello-app.
    HelloApp,
    /// registry.k8s.io/serve_hostname.
    ServeHostname,
    /// registry.k8s.io/echoserver.
    Echoserver,
    /// A server of that port, if it declares none.
    Server(u16),
    /// The sandbox image, which does nothing.
    Pause,
    /// Anything else: an HTTP server on the ports it declares.
    Unknown,
}

/// What a container does when it starts.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// Ports it listens on.
    pub servers: Vec<(u16, Protocol, Server)>,
    /// The process it runs, if that is one of the lab's programs; when it ends, the container ends. `None` runs for ever.
    pub command: Option<Vec<String>>,
}

impl Image {
    /// The image of a reference such as `registry:5000/library/nginx:1.29@sha256:…`.
    pub fn parse(reference: &str) -> Image {
        let name = base_name(reference);
        match name {
            "nginx" | "nginx-slim" => Image::Nginx,
            "nginx-unprivileged" => Image::NginxUnprivileged,
            "httpd" => Image::Httpd,
            "redis" | "valkey" | "redis-stack-server" => Image::Redis,
            "busybox" => Image::Busybox,
            "alpine" => Image::Alpine,
            "curl" | "alpine-curl" => Image::Curl,
            "netshoot" | "dnsutils" | "jessie-dnsutils" | "network-multitool" | "busyboxplus" | "ubuntu" | "debian" => {
                Image::Netshoot
            }
            "agnhost" => Image::Agnhost,
            "whoami" => Image::Whoami,
            "hello-app" => Image::HelloApp,
            "pause" => Image::Pause,
            "serve_hostname" | "serve-hostname" => Image::ServeHostname,
            "echoserver" => Image::Echoserver,
            _ => PORTS.iter().find(|known| known.0 == name).map_or(Image::Unknown, |known| Image::Server(known.1)),
        }
    }

    /// Whether it is guessed what a server of this image does.
    pub fn is_assumed(self) -> bool {
        matches!(self, Image::Unknown | Image::Server(_))
    }

    /// What a container of this image does, given its `command`, `args` and declared ports.
    pub fn start(self, command: &[String], arguments: &[String], ports: &[(u16, Protocol)]) -> Start {
        let words: Vec<String> = match (command, self) {
            // The image's entrypoint runs what is a program and gives curl the rest (curl/curl-container entrypoint.sh).
            ([], Image::Curl) if arguments.first().is_none_or(|first| !is_tool(first)) => {
                [&["curl".to_string()][..], arguments].concat()
            }
            _ => [command, arguments].concat(),
        };
        let tool = words.first().is_some_and(|first| is_tool(first));
        // Of these images a command that does not exist is not found; of others it is taken for their server.
        let is_box = matches!(self, Image::Busybox | Image::Alpine | Image::Netshoot);
        if tool || is_box && !words.is_empty() {
            // A script that ends in the image's own server: the port is open from the start, the script runs beside it.
            let mut servers = if self.is_own_server(&words) { self.start(&[], &[], ports).servers } else { Vec::new() };
            if is_box && let Some(port) = busybox_httpd(&words) {
                servers.push((port, Protocol::Tcp, Server::Http));
            }
            return Start { servers, command: Some(words) };
        }
        let tcp = |port: u16, server: Server| Start { servers: vec![(port, Protocol::Tcp, server)], command: None };
        match self {
            Image::Nginx => tcp(80, Server::Nginx),
            Image::NginxUnprivileged => tcp(8080, Server::Nginx),
            Image::ServeHostname => tcp(9376, page(|r| Response::text(r.host))),
            Image::Echoserver => tcp(8080, page(|r| Response::text(&echo(r)))),
            Image::Server(port) if ports.is_empty() => tcp(port, Server::Http),
            Image::Httpd => tcp(80, page(|_| Response::with(200, "text/html", HTTPD_WELCOME))),
            Image::Redis => tcp(option(&words, "--port").unwrap_or(6379), Server::Redis(Rc::default())),
            Image::Whoami => tcp(
                option(&words, "--port").unwrap_or(80),
                page(|r| {
                    let mut text = format!("Hostname: {}\nIP: {}\nRemoteAddr: {}\n", r.host, r.local.ip(), r.client);
                    text += &format!("{} {} HTTP/1.1\n", r.method, r.target);
                    for (name, value) in r.headers {
                        text += &format!("{name}: {value}\n");
                    }
                    Response::text(&text)
                }),
            ),
            Image::HelloApp => {
                tcp(8080, page(|r| Response::text(&format!("Hello, world!\nVersion: 1.0.0\nHostname: {}\n", r.host))))
            }
            Image::Agnhost => agnhost(&words),
            Image::Busybox | Image::Alpine | Image::Netshoot => {
                Start { servers: Vec::new(), command: Some(vec!["sh".to_string()]) }
            }
            Image::Curl => Start { servers: Vec::new(), command: Some(words) },
            Image::Pause => Start::default(),
            Image::Unknown | Image::Server(_) => {
                let mut servers = Vec::new();
                for &(port, protocol) in ports {
                    let server = if protocol == Protocol::Tcp { Server::Http } else { Server::Whoami };
                    servers.push((port, protocol, server));
                }
                Start { servers, command: None }
            }
        }
    }

    /// Whether a command line of this image is its own server spelled out.
    fn is_own_server(self, words: &[String]) -> bool {
        let has = |word: &str| words.iter().any(|have| have.contains(word));
        match self {
            Image::Nginx | Image::NginxUnprivileged => has("nginx"),
            Image::Httpd => has("httpd"),
            Image::Redis => has("redis-server"),
            Image::Agnhost => has("netexec") || has("serve-hostname"),
            _ => false,
        }
    }

    /// Whether `program` is in the image; a shell and its small tools are nearly everywhere.
    pub fn has(self, program: &str) -> bool {
        match program {
            "curl" => !matches!(self, Image::Busybox | Image::Alpine | Image::Redis | Image::Pause | Image::Httpd),
            "redis-cli" => matches!(self, Image::Redis | Image::Netshoot | Image::Unknown),
            "dig" | "host" => matches!(self, Image::Netshoot | Image::Agnhost | Image::Unknown),
            "telnet" | "wget" | "nslookup" | "nc" | "ping" => {
                !matches!(self, Image::Nginx | Image::NginxUnprivileged | Image::Redis | Image::Httpd | Image::Pause)
            }
            "bash" => !matches!(self, Image::Busybox | Image::Alpine | Image::Curl | Image::Pause),
            "nginx" => matches!(self, Image::Nginx | Image::NginxUnprivileged),
            "httpd-foreground" => self == Image::Httpd,
            "httpd" => matches!(self, Image::Httpd | Image::Busybox | Image::Alpine | Image::Netshoot),
            "redis-server" => self == Image::Redis,
            "tcpdump" => matches!(self, Image::Netshoot | Image::Unknown),
            "ss" => matches!(self, Image::Netshoot | Image::Unknown),
            "conntrack" | "ip6tables" | "ip6tables-save" | "iptables" | "iptables-save" | "ipvsadm" | "nft" => {
                self == Image::Netshoot
            }
            _ => self != Image::Pause,
        }
    }

    /// Whether `nslookup` is the one of bind9-dnsutils and not busybox'.
    pub fn has_bind_tools(self) -> bool {
        matches!(self, Image::Netshoot | Image::Agnhost)
    }
}

/// Well-known servers whose port people know and do not write down.
const PORTS: [(&str, u16); 22] = [
    ("cassandra", 9042),
    ("echo-server", 8080),
    ("elasticsearch", 9200),
    ("gb-frontend", 80),
    ("gb-redis-follower", 6379),
    ("gb-redisslave", 6379),
    ("grafana", 3000),
    ("hello-node", 8080),
    ("http-echo", 5678),
    ("kubernetes-bootcamp", 8080),
    ("mariadb", 3306),
    ("memcached", 11211),
    ("mongo", 27017),
    ("mysql", 3306),
    ("nginxhttps", 443),
    ("node-hello", 8080),
    ("podinfo", 9898),
    ("postgres", 5432),
    ("prometheus", 9090),
    ("rabbitmq", 5672),
    ("tomcat", 8080),
    ("wordpress", 80),
];

/// `nginx` of `docker.io/library/nginx:1.29@sha256:…`.
pub fn base_name(reference: &str) -> &str {
    let untagged = reference.split('@').next().unwrap_or(reference);
    let last = untagged.rsplit('/').next().unwrap_or(untagged);
    last.split(':').next().unwrap_or(last)
}

/// Whether a container's command is one of the lab's programs, so that it runs as it stands; an image's own server is none.
fn is_tool(word: &str) -> bool {
    const SERVERS: [&str; 5] = ["nginx", "httpd-foreground", "httpd", "redis-server", "whoami"];
    let name = base_name(word);
    programs::exists("", name) && !SERVERS.contains(&name)
}

/// The port that `httpd -f -p PORT` listens on, be it the command or part of a script.
fn busybox_httpd(words: &[String]) -> Option<u16> {
    let line = words.join(" ");
    let mut rest = line.split_whitespace();
    while base_name(rest.next()?) != "httpd" {}
    let mut option = rest.next().filter(|word| word.starts_with('-'))?;
    loop {
        if let Some(joined) = option.strip_prefix("-p") {
            let port = if joined.is_empty() { rest.next()? } else { joined };
            return port.trim_end_matches(';').rsplit(':').next()?.parse().ok();
        }
        let Some(next) = rest.next() else { return Some(80) };
        option = next;
    }
}

/// A numeric option, as `--port=1` or `--port 1`.
fn option(words: &[String], name: &str) -> Option<u16> {
    let at = words.iter().position(|word| word.split('=').next() == Some(name))?;
    match words[at].split_once('=') {
        Some((_, value)) => value.parse().ok(),
        None => words.get(at + 1)?.parse().ok(),
    }
}

fn agnhost(words: &[String]) -> Start {
    let has = |word: &str| words.iter().any(|have| have == word);
    let servers = if has("serve-hostname") {
        let port = option(words, "--port").unwrap_or(9376);
        let server = page(|r| Response::text(r.host));
        vec![(port, Protocol::Tcp, server)]
    } else if has("netexec") {
        let (http, udp) = (option(words, "--http-port"), option(words, "--udp-port"));
        vec![
            (http.unwrap_or(8080), Protocol::Tcp, Server::Netexec),
            (udp.unwrap_or(8081), Protocol::Udp, Server::Netexec),
        ]
    } else {
        Vec::new()
    };
    Start { servers, command: None }
}

/// What echoserver:1.10 answers, of which people read the client's address.
///
/// Source: kubernetes-retired/contrib images/echoserver (template.lua).
fn echo(request: &Request<'_>) -> String {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let mut text = format!(
        "\n\nHostname: {}\n\nPod Information:\n\t-no pod information available-\n\nServer values:\n\t\
         server_version=nginx: 1.13.3 - lua: 10008\n\nRequest Information:\n\tclient_address={}\n\tmethod={}\n\t\
         real path={path}\n\tquery={query}\n\trequest_version=1.1\n\trequest_scheme=http\n\t\
         request_uri=http://{}{}\n\nRequest Headers:\n",
        request.host,
        request.client.ip(),
        request.method,
        request.local,
        request.target
    );
    for (name, value) in request.headers {
        text += &format!("\t{}={value}\n", name.to_ascii_lowercase());
    }
    text + "\nRequest Body:\n\t-no body in request-\n\n"
}

fn page(handler: impl Fn(&Request<'_>) -> Response + 'static) -> Server {
    Server::Handler(Rc::new(handler))
}

const HTTPD_WELCOME: &str = "<html><body><h1>It works!</h1></body></html>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registry_tag_and_digest_do_not_matter() {
        for reference in ["nginx", "nginx:1.29", "docker.io/library/nginx", "registry:5000/a/nginx:1@sha256:00"] {
            assert_eq!(Image::parse(reference), Image::Nginx, "{reference}");
        }
        assert_eq!(Image::parse("hotel-app:1.0.0"), Image::Unknown);
    }

    #[test]
    fn an_unknown_image_serves_http_on_its_declared_ports() {
        let start = Image::parse("hotel-app:1.0.0").start(&[], &[], &[(8080, Protocol::Tcp)]);
        assert!(matches!(start.servers[..], [(8080, Protocol::Tcp, Server::Http)]));
        assert_eq!(start.command, None);
    }

    #[test]
    fn servers_whose_port_is_well_known_need_not_declare_it() {
        let ports = |reference: &str, declared: &[(u16, Protocol)]| {
            let start = Image::parse(reference).start(&[], &[], declared);
            start.servers.iter().map(|(port, _, _)| *port).collect::<Vec<_>>()
        };
        assert_eq!(ports("registry.k8s.io/serve_hostname", &[]), [9376]);
        assert_eq!(ports("registry.k8s.io/echoserver:1.10", &[]), [8080]);
        assert_eq!(ports("nginxinc/nginx-unprivileged", &[]), [8080]);
        assert_eq!(ports("registry.k8s.io/nginx-slim:0.21", &[]), [80]);
        assert_eq!(ports("mysql:8.0", &[]), [3306]);
        assert_eq!(ports("hashicorp/http-echo", &[(8080, Protocol::Tcp)]), [8080]);
        assert_eq!(ports("hotel-app", &[]), []);
        assert!(PORTS.is_sorted());
    }

    #[test]
    fn nginx_listens_on_80_whatever_is_declared() {
        let start = Image::Nginx.start(&[], &[], &[(8080, Protocol::Tcp)]);
        assert!(matches!(start.servers[..], [(80, Protocol::Tcp, Server::Nginx)]));
    }

    #[test]
    fn a_command_takes_the_place_of_the_server() {
        let words = ["sleep".to_string(), "3600".to_string()];
        let start = Image::Unknown.start(&words, &[], &[(8080, Protocol::Tcp)]);
        assert!(start.servers.is_empty());
        assert_eq!(start.command, Some(words.to_vec()));
        let curl = Image::Curl.start(&[], &["http://x".to_string()], &[]);
        assert_eq!(curl.command, Some(vec!["curl".to_string(), "http://x".to_string()]));
        let named = Image::Curl.start(&[], &["curl".to_string(), "http://x".to_string()], &[]);
        assert_eq!(named.command, curl.command);
    }

    #[test]
    fn a_command_of_a_box_of_tools_runs_whatever_it_is() {
        let start = |image: Image, line: &str| {
            let words: Vec<String> = line.split(' ').map(String::from).collect();
            let start = image.start(&words, &[], &[]);
            assert_eq!(start.command, Some(words), "{line}");
            start.servers.first().map(|(port, _, _)| *port)
        };
        for line in ["timeout 3 sleep 100", "traceroute web", "watch date", "no-such-thing -x"] {
            assert_eq!(start(Image::Busybox, line), None, "{line}");
        }
        assert_eq!(start(Image::Busybox, "httpd -f -p 8080"), Some(8080));
        assert_eq!(start(Image::Alpine, "sh -c httpd -f -p 0.0.0.0:81; echo"), Some(81));
        assert_eq!(start(Image::Busybox, "httpd -f"), Some(80));
        assert_eq!(start(Image::Unknown, "ss -tln"), None);
        let whoami = ["/whoami", "--port", "81"].map(String::from);
        assert!(matches!(Image::Whoami.start(&whoami, &[], &[]).servers[..], [(81, Protocol::Tcp, _)]));
        let redis = ["redis-server", "--port", "7000"].map(String::from);
        assert!(matches!(Image::Redis.start(&redis, &[], &[]).servers[..], [(7000, Protocol::Tcp, _)]));
    }

    #[test]
    fn a_script_that_ends_in_the_images_server_runs_beside_it() {
        let words =
            ["sh", "-c", "hostname > /usr/share/nginx/html/index.html; nginx -g 'daemon off;'"].map(String::from);
        let start = Image::Nginx.start(&words, &[], &[]);
        assert!(matches!(start.servers[..], [(80, Protocol::Tcp, Server::Nginx)]));
        assert_eq!(start.command, Some(words.to_vec()));
    }

    #[test]
    fn agnhost_takes_its_ports_from_its_arguments() {
        let words = ["netexec".to_string(), "--http-port=80".to_string()];
        let start = Image::Agnhost.start(&[], &words, &[]);
        assert!(matches!(start.servers[..], [(80, Protocol::Tcp, _), (8081, Protocol::Udp, _)]));
    }
}
