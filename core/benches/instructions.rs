//! Instructions for each packet, counted by callgrind: they do not depend on the machine's mood.
//!
//! `cargo bench -p clusterip --bench instructions` runs itself under valgrind and compares with `instructions.txt`. With
//! the compiler and target of that baseline a rise of more than 3 % fails; with others it is reported. `-- --bless`
//! writes the baseline anew.

#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program of its own")]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

#[path = "support/traffic.rs"]
mod traffic;

use clusterip::dataplane::{BatchPacket, Mode};
use traffic::{CLIENTS, IPV4, IPV6, NOW, config, open, packet, program, routed, router};

/// What is measured, what is subtracted from it, and the goal.
const ROWS: [(&str, &str, &str); 5] = [
    ("established", "copy", "goal 130, "),
    ("batched", "batch", "goal 130, "),
    ("established-ipv6", "copy-ipv6", ""),
    ("tracked", "copy", ""),
    ("new", "build", ""),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, rounds] = &arguments[..]
        && let Ok(rounds) = rounds.parse()
    {
        work(mode, rounds);
        return ExitCode::SUCCESS;
    }
    match measure(arguments.iter().any(|argument| argument == "--bless")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

/// Counts, prints, and compares.
fn measure(bless: bool) -> Result<(), String> {
    let compiler = Command::new("rustc").arg("-vV").output().map_err(|error| format!("rustc: {error}"))?;
    let compiler = String::from_utf8_lossy(&compiler.stdout);
    let line = |name: &str| compiler.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("unknown").to_owned();
    let compiler = format!("compiler{} for{}", line("release:"), line("host:"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt");
    let baseline = fs::read_to_string(&path).unwrap_or_default();
    let is_same = baseline.lines().next() == Some(&compiler);
    println!("{compiler}{}", if is_same { "" } else { ", which is not the baseline's: nothing is judged" });
    let mut written = format!("{compiler}\n");
    let mut risen = Vec::new();
    let mut counted = BTreeMap::new();
    for (name, without, goal) in ROWS {
        for mode in [name, without] {
            if !counted.contains_key(mode) {
                counted.insert(mode, cost(mode)?);
            }
        }
        let cost = counted[name].saturating_sub(counted[without]);
        let before =
            baseline.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse::<u64>().ok());
        let before_text = before.map_or("none".to_owned(), |before| before.to_string());
        println!("{name:<16} {cost:>6} instructions a packet, {goal}baseline {before_text}");
        if is_same && before.is_some_and(|before| cost * 100 > before * 103) {
            risen.push(name);
        }
        written += &format!("{name} {cost}\n");
    }
    if bless {
        return fs::write(&path, written).map_err(|error| format!("{}: {error}", path.display()));
    }
    if risen.is_empty() { Ok(()) } else { Err(format!("more than 3 % above the baseline: {}", risen.join(", "))) }
}

/// Instructions for one more packet: what 20 rounds of 1000 packets cost beyond one round.
fn cost(mode: &str) -> Result<u64, String> {
    let count = |rounds: &str| {
        let itself = std::env::current_exe().map_err(|error| error.to_string())?;
        let arguments = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        let valgrind = std::env::var_os("VALGRIND").unwrap_or_else(|| "valgrind".into());
        let output = Command::new(valgrind).args(arguments).arg(itself).args([mode, rounds]).output();
        let output = output.map_err(|error| format!("valgrind: {error}; on Debian: apt-get install valgrind"))?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let collected = text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse::<u64>().ok());
        collected.ok_or(text)
    };
    Ok((count("21")? - count("1")?) / 20_000)
}

/// `rounds` times a thousand packets.
fn work(mode: &str, rounds: u32) {
    match mode {
        "new" | "build" => {
            let mut router = router(Mode::Iptables, 1 << 18);
            program(&mut router, IPV4, 1, 10);
            for flow in 0..rounds * 1000 {
                let mut syn = black_box(packet::<IPV4>(flow, 0, 2));
                if mode == "new" {
                    let _ = black_box(router.handle_packet(NOW, &mut syn, CLIENTS, &mut ()));
                }
            }
        }
        "established-ipv6" | "copy-ipv6" => established::<IPV6>(mode, rounds),
        _ => established::<IPV4>(mode, rounds),
    }
}

fn established<const BYTES: usize>(mode: &str, rounds: u32) {
    let mut config = config(Mode::Iptables, 4096);
    config.track_windows = mode == "tracked";
    let mut router = routed(config);
    program(&mut router, BYTES, 1, 10);
    (0..1000).for_each(|flow| open::<BYTES>(&mut router, flow, 0, true));
    let originals: Vec<_> = (0..1000).map(|flow| packet::<BYTES>(flow, 0, 0x10)).collect();
    let mut work = originals.clone();
    for _ in 0..rounds {
        black_box(&mut work).copy_from_slice(&originals);
        match mode {
            "established" | "established-ipv6" | "tracked" => {
                for packet in &mut work {
                    let _ = black_box(router.handle_packet(NOW, packet, CLIENTS, &mut ()));
                }
            }
            "batched" | "batch" => {
                let mut batch: Vec<_> = work.iter_mut().map(|packet| BatchPacket::new(packet, CLIENTS)).collect();
                if mode == "batched" {
                    batch.chunks_mut(32).for_each(|packets| router.handle_batch(NOW, packets, &mut ()));
                }
                black_box(&batch);
            }
            _ => {}
        }
    }
}
