//! Programs, each against servers on the same wire.

use super::lan::Lan;
use super::server::{Database, Response};
use super::*;
use crate::rng::Rng;
use alloc::string::{String, ToString};

#[test]
fn curl_asks_dns_connects_and_prints_the_answer() {
    let mut lan = Lan::serving(80, Server::Http);
    for url in
        ["http://web", "web.default", "http://web.default.svc.cluster.local/x?y", "http://10.0.0.2:80", "http://six"]
    {
        assert_eq!(lan.curl(&alloc::format!("curl -s {url}")), ("server\n".into(), 0), "{url}");
    }
}

#[test]
fn curl_tells_what_went_wrong_in_its_own_words() {
    let mut lan = Lan::serving(80, Server::Http);
    assert_eq!(lan.curl("curl http://nobody"), ("curl: (6) Could not resolve host: nobody\n".into(), 6));
    let refused = "curl: (7) Failed to connect to 10.0.0.2 port 81 after 1 ms: Could not connect to server\n";
    assert_eq!(lan.curl("curl 10.0.0.2:81"), (refused.into(), 7));
    let silent = "curl: (28) Connection timed out after 2000 milliseconds\n";
    assert_eq!(lan.curl("curl --connect-timeout 2 http://10.0.0.9"), (silent.into(), 28));
    assert_eq!(lan.curl("curl -m 3 -s http://10.0.0.9"), (String::new(), 28));
    assert_eq!(lan.curl("curl ftp://web"), ("curl: (1) Protocol \"ftp\" not supported\n".into(), 1));
    assert_eq!(
        lan.curl("curl"),
        ("curl: (2) no URL specified\ncurl: try 'curl --help' for more information\n".into(), 2)
    );
    assert_eq!(lan.curl("curl https://10.0.0.2:80").1, 35);
}

#[test]
fn curl_options_shape_the_request_and_what_is_printed() {
    let handler = |request: &super::server::Request<'_>| {
        if request.path() == "/moved" {
            let mut response = Response::with(302, "text/plain", "");
            response.headers.push(("Location".into(), "/there".into()));
            return response;
        }
        let body = String::from_utf8_lossy(request.body).into_owned();
        let tag = request.header("x-tag").unwrap_or("-");
        Response::text(&alloc::format!("{} {} {tag} {body}\n", request.method, request.target))
    };
    let mut lan = Lan::serving(80, Server::Handler(Rc::new(handler)));
    assert_eq!(lan.curl("curl -s -H 'X-Tag: t' -d a=1 http://web/p?q").0, "POST /p?q t a=1\n");
    assert_eq!(lan.curl("curl -s -o /dev/null -w '%{http_code} %{remote_ip}\\n' http://web/").0, "200 10.0.0.2\n");
    assert_eq!(lan.curl("curl -sL http://web/moved").0, "GET /there - \n");
    assert_eq!(lan.curl("curl -s --resolve x.test:80:10.0.0.2 http://x.test/r").0, "GET /r - \n");
    let head = lan.curl("curl -sI http://web/").0;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"), "{head}");
    let verbose = lan.curl("curl -sv http://web/").0;
    for line in ["* Host web:80 was resolved.", "*   Trying 10.0.0.2:80...", "> GET / HTTP/1.1", "< HTTP/1.1 200 OK"] {
        assert!(verbose.contains(line), "{line} in {verbose}");
    }
}

#[test]
fn curl_limits_of_nought_are_none_and_files_are_sent() {
    let echo = |request: &super::server::Request<'_>| {
        let status = if request.path() == "/busy" { 503 } else { 200 };
        let mut text = String::from_utf8_lossy(request.body).into_owned();
        text += "\n";
        Response::with(status, "text/x", &text)
    };
    let lan = &mut Lan::serving(80, Server::Handler(Rc::new(echo)));
    assert_eq!(lan.curl("curl -s -m 0 --connect-timeout 0 -d a=1 10.0.0.2"), ("a=1\n".into(), 0));
    let sent = "echo 'x y' > /tmp/f; echo z >> /tmp/f; curl -s -d @/tmp/f -d @- --data-raw @q 10.0.0.2";
    assert_eq!(lan.curl(&["echo in | (", sent, ")"].concat()).0, "x yz&in&@q\n");
    assert_eq!(lan.curl("curl -s -d @/none 10.0.0.2").1, 26);
    for (line, code, seconds) in [
        ("curl -s --retry 2 10.0.0.2:81", 7, 0),
        ("curl -s --retry 2 --retry-connrefused 10.0.0.2:81", 7, 3),
        ("curl -sf --retry 2 --retry-delay 5 10.0.0.2/busy", 22, 10),
        ("curl -s --retry 1 10.0.0.2/busy", 0, 1),
        ("curl -s --connect-to a:1:b:2 10.0.0.2", 2, 0),
        ("curl -s -m 5s 10.0.0.2", 2, 0),
        ("curl -s --retry many 10.0.0.2", 2, 0),
        ("curl -s 10.0.0.2/[1-3]", 3, 0),
        ("curl -s 10.0.0.2/{a,b}", 3, 0),
        ("curl -sg 10.0.0.2/[1-3]", 0, 0),
    ] {
        let before = lan.now;
        assert_eq!((lan.curl(line).1, (lan.now - before).secs()), (code, seconds), "{line}");
    }
    let format = "curl -s -o /dev/null -w '%{content_type} %{scheme} %{num_connects}%{what}' 10.0.0.2";
    assert_eq!(lan.curl(format).0, "curl: unknown --write-out variable: 'what'\ntext/x http 1");
}

#[test]
fn wget_is_busybox() {
    let mut lan = Lan::serving(80, Server::Http);
    assert_eq!(lan.output(0, "wget -qO- http://web"), ("server\n".into(), 0));
    assert_eq!(lan.output(0, "wget -qO- nobody"), ("wget: bad address 'nobody'\n".into(), 1));
    let refused = "wget: can't connect to remote host (10.0.0.2): Connection refused\n";
    assert_eq!(lan.output(0, "wget -qO- http://web:81"), (refused.into(), 1));
    assert_eq!(lan.output(0, "wget -T 1 -qO- http://10.0.0.9"), ("wget: download timed out\n".into(), 1));
}

#[test]
fn telnet_connects_and_carries_lines() {
    let mut lan = Lan::serving(6379, Server::Redis(Rc::<core::cell::RefCell<Database>>::default()));
    let telnet = lan.terminal(0, "telnet web 6379");
    assert!(lan.read(0, telnet).starts_with("Connected to web\n"));
    lan.write(0, telnet, "PING\r\n");
    assert_eq!(lan.read(0, telnet), "+PONG\r\n");
    lan.write(0, telnet, "quit\r\n");
    assert_eq!(lan.read(0, telnet), "+OK\r\nConnection closed by foreign host\n");
    assert_eq!(lan.output(0, "telnet nobody 1"), ("telnet: bad address 'nobody'\n".into(), 1));
    let refused = "telnet: can't connect to remote host (10.0.0.2): Connection refused\n";
    assert_eq!(lan.output(0, "telnet web 1"), (refused.into(), 1));
}

#[test]
fn redis_cli_talks_to_redis() {
    let mut lan = Lan::serving(6379, Server::Redis(Rc::<core::cell::RefCell<Database>>::default()));
    let line = "for c in PING 'SET a 1' 'INCR a' 'GET a' 'GET b' FLY; do redis-cli -h web $c; done";
    let words = "PONG\nOK\n(integer) 2\n\"2\"\n(nil)\n(error) ERR unknown command 'FLY', with args beginning with: \n";
    assert_eq!(lan.output(0, line), (words.into(), 0));
    let refused = "Could not connect to Redis at 127.0.0.1:6379: Connection refused\n";
    assert_eq!(lan.output(0, "redis-cli ping"), (refused.into(), 1));
    assert_eq!(lan.output(1, "redis-cli ping"), ("PONG\n".into(), 0));
}

#[test]
fn redis_cli_prints_types_for_people_only() {
    let lan = &mut Lan::serving(6379, Server::Redis(Rc::<core::cell::RefCell<Database>>::default()));
    let mut cli = |words: &str| lan.output(0, &["X=$(redis-cli -h 10.0.0.2 ", words, "); echo \"$X\""].concat()).0;
    assert_eq!(cli("set a 1"), "OK\n");
    assert_eq!([cli("get a"), cli("incr a"), cli("get none")], ["1\n", "2\n", "\n"]);
    assert_eq!(cli("keys '*'"), "a\n");
    assert_eq!(cli("--no-raw get a"), "\"2\"\n");
    assert_eq!(
        lan.output(
            0,
            "redis-cli -h 10.0.0.2 nonsense; echo $?; redis-cli -e -h 10.0.0.2 nonsense > /dev/null; echo $?"
        )
        .0,
        "(error) ERR unknown command 'nonsense', with args beginning with: \n0\n1\n"
    );
}

#[test]
fn redis_knows_conditions_ends_and_patterns() {
    let lan = &mut Lan::serving(6379, Server::Redis(Rc::<core::cell::RefCell<Database>>::default()));
    let mut cli = |words: &str| lan.output(0, &["redis-cli -h 10.0.0.2 ", words].concat()).0;
    assert_eq!([cli("set a 1 nx"), cli("set a 2 NX"), cli("set b 1 xx")], ["OK\n", "(nil)\n", "(nil)\n"]);
    assert_eq!([cli("set s 1 EX 10"), cli("ttl s"), cli("ttl a")], ["OK\n", "(integer) 10\n", "(integer) -1\n"]);
    assert_eq!(cli("set s 1 EX 0"), "(error) ERR invalid expire time in 'set' command\n");
    assert_eq!([cli("set a 1 EX"), cli("set a 1 SOON")], ["(error) ERR syntax error\n"; 2]);
    assert!(cli("mset a b").starts_with("(error) ERR unknown command"));
    assert_eq!(
        [cli("keys 's*'"), cli("keys 'x*'"), cli("keys '?'")],
        ["1) \"s\"\n", "(empty array)\n", "1) \"a\"\n2) \"s\"\n"]
    );
    lan.output(0, "sleep 10");
    assert_eq!(lan.output(0, "redis-cli -h 10.0.0.2 get s").0, "(nil)\n");
    assert_eq!(
        lan.output(0, "redis-cli -h 10.0.0.2 expire a 0; redis-cli -h 10.0.0.2 dbsize").0,
        "(integer) 1\n(integer) 0\n"
    );
    // A server that is none: a length without end.
    lan.hosts[0].spawn_line("printf '$18446744073709551615\\r\\nx' | nc -l -p 7000");
    assert_ne!(lan.output(0, "timeout 3 redis-cli -p 7000 get a").1, 0);
}

#[test]
fn nslookup_searches_as_busybox_does() {
    let mut lan = Lan::new();
    let server = "Server:\t\t10.0.0.3\nAddress:\t10.0.0.3:53\n\n";
    let reverse = "2.0.0.10.in-addr.arpa\tname = web.default.svc.cluster.local\n\n";
    assert_eq!(lan.output(0, "nslookup 10.0.0.2"), (alloc::format!("{server}{reverse}"), 0));
    let full = "Name:\tweb.default.svc.cluster.local\nAddress: 10.0.0.2\n\n\n";
    assert_eq!(lan.output(0, "nslookup web.default.svc.cluster.local"), (alloc::format!("{server}{full}"), 0));
    let (text, code) = lan.output(0, "nslookup web");
    assert!(text.starts_with(&alloc::format!("{server}{full}** server can't find web.svc.cluster.local: NXDOMAIN\n")));
    assert_eq!(code, 1);
    let dotted = "** server can't find web.default: NXDOMAIN\n\n";
    assert_eq!(lan.output(0, "nslookup web.default"), (alloc::format!("{server}{dotted}{dotted}"), 1));
    let silent = ";; connection timed out; no servers could be reached\n\n";
    assert_eq!(lan.output(0, "nslookup web 10.0.0.9"), (silent.into(), 1));
}

#[test]
fn dig_and_host_show_records() {
    let mut lan = Lan::new();
    assert_eq!(lan.output(0, "dig +short +search web").0, "10.0.0.2\n");
    assert_eq!(lan.output(0, "dig +short -x 10.0.0.2").0, "web.default.svc.cluster.local.\n");
    let text = lan.output(0, "dig web.default.svc.cluster.local").0;
    assert!(text.contains("status: NOERROR") && text.contains("local.\t30\tIN\tA\t10.0.0.2\n"), "{text}");
    assert_eq!(lan.output(0, "host web").0, "web.default.svc.cluster.local has address 10.0.0.2\n");
    assert_eq!(lan.output(0, "host nobody"), ("Host nobody not found: 3(NXDOMAIN)\n".into(), 1));
}

#[test]
fn a_truncated_answer_is_asked_for_again_over_tcp() {
    let mut lan = Lan::new();
    assert_eq!(lan.output(0, "dig +short +search many | wc -l").0, "60\n");
}

#[test]
fn ping_counts_what_comes_back() {
    let mut lan = Lan::new();
    let (text, code) = lan.output(0, "ping -c 2 web");
    let words = "PING web (10.0.0.2): 56 data bytes\n64 bytes from 10.0.0.2: seq=0 ttl=64 time=1.000 ms\n\
        64 bytes from 10.0.0.2: seq=1 ttl=64 time=1.000 ms\n\n--- web ping statistics ---\n\
        2 packets transmitted, 2 packets received, 0% packet loss\nround-trip min/avg/max = 1.000/1.000/1.000 ms\n";
    assert_eq!((text.as_str(), code), (words, 0));
    assert_eq!(
        lan.output(0, "ping -c 1 -W 1 fd00::2 | tail -n 2 | head -n 1").0.split(',').next(),
        Some("1 packets transmitted")
    );
    let (text, code) = lan.output(0, "ping -c 1 -W 1 10.0.0.9");
    assert!(text.ends_with("1 packets transmitted, 0 packets received, 100% packet loss\n"));
    assert_eq!(code, 1);
    assert_eq!(lan.output(0, "ping -c1 nobody"), ("ping: bad address 'nobody'\n".into(), 1));
}

#[test]
fn programs_without_a_pause_take_time_nevertheless() {
    let mut lan = Lan::new();
    for line in ["ping -i 0 10.0.0.2", "ping -i 0 10.0.0.9", "traceroute -w 0 -q 10 -m 255 10.0.0.9", "watch -n 0 true"]
    {
        let (text, code) = lan.output(0, &["timeout 1 ", line, " > /dev/null"].concat());
        assert_eq!((text.as_str(), code == 143 || line.starts_with("traceroute")), ("", true), "{line}");
    }
    assert!(lan.output(0, "ping -q -i 0.001 -c 65540 10.0.0.2").0.contains("65540 packets transmitted, 65540 packets"));
    assert_eq!(lan.output(0, "traceroute -q 11 10.0.0.2").0, "traceroute: no more than 10 probes per hop\n");
}

#[test]
fn huge_numbers_end_where_the_types_end() {
    let lan = &mut Lan::new();
    assert_eq!(
        lan.output(0, "seq 9223372036854775806 9223372036854775807").0,
        "9223372036854775806\n9223372036854775807\n"
    );
    for line in ["sleep 18446744073709551", "sleep 18446744073709551615.999d", "curl -m 18446744073709551 10.0.0.9"] {
        assert_eq!(lan.output(0, &["timeout 60 ", line].concat()).1, 143, "{line}");
    }
    assert_eq!(lan.output(0, "echo a${00}b").0, "ab\n");
}

#[test]
fn netcat_scans_listens_and_talks() {
    let mut lan = Lan::serving(80, Server::Whoami);
    lan.hosts[1].serve(53, Protocol::Udp, Server::Whoami);
    let (text, code) = lan.output(0, "nc -zv web 80");
    assert_eq!((text.as_str(), code), ("Connection to web (10.0.0.2) 80 port [tcp/*] succeeded!\n", 0));
    let refused = "nc: connect to web (10.0.0.2) port 81 (tcp) failed: Connection refused\n";
    assert_eq!(lan.output(0, "nc -zv web 81"), (refused.into(), 1));
    let (text, _) = lan.output(0, "echo | nc -p 4000 web 80");
    assert_eq!(text, "server 10.0.0.1:4000 10.0.0.2:80\n");
    let (text, _) = lan.output(0, "echo | nc -u -w 1 -p 4000 web 53");
    assert_eq!(text, "server 10.0.0.1:4000 10.0.0.2:53\n");
    let (text, code) = lan.output(0, "echo | nc -u -w 1 web 54");
    assert_eq!((text.as_str(), code), ("nc: read error: Connection refused\n", 1));
    let listener = lan.terminal(1, "nc -l -p 5000");
    lan.read(1, listener);
    assert_eq!(lan.output(0, "echo hello | nc -w 1 10.0.0.2 5000").1, 0);
    assert_eq!(lan.read(1, listener), "hello\n");
}

#[test]
fn a_connection_stays_open_and_echoes() {
    let mut lan = Lan::serving(7, Server::Echo);
    let nc = lan.terminal(0, "nc web 7");
    for word in ["one\n", "two\n"] {
        lan.write(0, nc, word);
        assert_eq!(lan.read(0, nc), word);
    }
    assert_eq!(lan.output(0, "netstat -tn | tail -n 1").0.split_whitespace().last(), Some("ESTABLISHED"));
    lan.hosts[0].close_stdin(nc);
    lan.read(0, nc);
    assert_eq!(lan.hosts[0].exit_code(nc), Some(0));
}

#[test]
fn filters_do_what_they_are_asked_or_say_that_they_cannot() {
    let lan = &mut Lan::new();
    for (line, text) in [
        ("printf 'b 2\\na 10\\nc 1\\n' | sort -k2 -n", "c 1\nb 2\na 10\n"),
        ("printf 'b 2\\na 10\\nc 1\\n' | sort -k2nr", "a 10\nb 2\nc 1\n"),
        ("printf 'b:2:x\\na:3:x\\n' | sort -t: -k3,3", "a:3:x\nb:2:x\n"),
        ("printf -- '-1\\n-3\\n2\\n' | sort -n", "-3\n-1\n2\n"),
        ("echo one two one | grep -o one", "one\none\n"),
        ("seq 30 | grep -m 2 [12]0", "10\n20\n"),
        ("echo pods pod | grep -ow pod", "pod\n"),
        ("seq 3 | tail -n +2", "2\n3\n"),
        ("echo abcdef | head -c 3", "abc"),
        ("echo abcdef | tail -c 3", "ef\n"),
        ("printf 'a\\na\\nb\\n' | uniq -u", "b\n"),
        ("echo abc | cut -b 2", "b\n"),
        ("seq 3 | grep -A 1 2", "grep: -A is not simulated\n"),
        ("echo ab | grep -E '(a|b)'", "grep: (a|b): groups, repetitions and \\ before a letter are not simulated\n"),
        ("seq 3 | sort -h", "sort: -h is not simulated\n"),
        ("seq 3 | sort -k1.2", "sort: -k 1.2: only one key, of whole fields, is simulated\n"),
        ("seq 3 | head -n -1", "head: invalid number '-1'\n"),
        ("echo aab | tr -s a", "tr: -s is not simulated\n"),
    ] {
        assert_eq!(lan.output(0, line).0, text, "{line}");
    }
}

#[test]
fn date_is_the_calendar_of_the_apis_timestamps() {
    let lan = &mut Lan::new();
    lan.output(0, "sleep 3000");
    assert_eq!(
        lan.output(0, "sleep 661; date; date +%s; date -u +%FT%TZ").0,
        "Thu Jan  1 01:01:01 UTC 2026\n1767229261\n2026-01-01T01:01:01Z\n"
    );
    assert_eq!(lan.output(0, "date -d yesterday").0, "date: -d is not simulated\n");
}

/// Lines that are odd in every program: letters of several bytes, numbers beyond any type, nesting without an end.
#[test]
fn no_line_whatever_brings_a_program_down() {
    let nested = "(".repeat(300);
    let odd = [
        "",
        "-é",
        "-sé=é é",
        "--é=é",
        "é 10.0.0.2 é",
        "-",
        "-- é",
        "-n -c -k -w -t -m -i -p é",
        "-n 99999999999999999999999 -c 99999999999999999999999 10.0.0.2",
        "-c 18446744073709551615 -w 1 -i 0 10.0.0.2",
        "-w 18446744073709551615 -q 10 -m 255 10.0.0.2",
        "-n é -k é -t é -d é -f é-é",
        "-n +18446744073709551615 -c 1 -k 18446744073709551615",
        "-9223372036854775808 9223372036854775807 9223372036854775807",
        "9223372036854775807 -le -9223372036854775808 ]",
        "! ! ! ! -f é ]",
        "-a -o -a -o ]",
        "%s%d%é%",
        "+%é%s%",
        "18446744073709551615d",
        "18446744073709551615.999",
        "0.0000000000000000000000000000001 true",
        "[é-a]*\\",
        "'é' 'a-é'",
        "http://[::1:é]:99999/é?é#é",
        "-d @/é -w '%{é}%%{%' http://10.0.0.2:80/é",
        "10.0.0.2 65535-65536",
        "-z -v -w 0 10.0.0.2 0-0",
        "@10.0.0.3 é. +é",
        &nested,
    ];
    let lan = &mut Lan::serving(80, Server::Http);
    for (name, _) in &programs::PROGRAMS {
        for words in odd {
            lan.hosts[0].spawn(Command {
                argv: [name.to_string()].into_iter().chain(words.split_whitespace().map(str::to_string)).collect(),
                terminal: false,
            });
        }
        lan.read(0, ProcessId(0));
        for line in odd {
            let line = alloc::format!("timeout 2 {name} {line}");
            let id = lan.hosts[0].spawn_line(&line);
            lan.hosts[0].write_stdin(id, "é\nb\n".as_bytes());
        }
        lan.read(0, ProcessId(0));
        for id in 1..lan.hosts[0].next_process {
            lan.hosts[0].reap(ProcessId(id));
        }
    }
    let pieces = [
        "$(", "$((", "${", "}", "))", ")", "(", "é", "\"", "'", "`", "|", "&", "&&", ";", "\n", " ", "if ", "then ",
        "fi", "do ", "done", "for ", "while ", "{ ", "$", "\\", ">", "<", "2>&1", "#", "!", "1", "-", "*", "%", "=",
    ];
    let mut rng = Rng::new(3);
    for _ in 0..1500 {
        let line: String = (0..rng.below(24)).map(|_| pieces[rng.below(pieces.len() as u32) as usize]).collect();
        lan.hosts[0].spawn_line(&line);
    }
    lan.run(lan.now + Duration::from_millis(10), |_| false);
    assert_eq!(lan.output(1, "echo on").0, "on\n");
}
