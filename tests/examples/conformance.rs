//! Runs files of conformance cases: `cargo run -p tests --example conformance -- [--json OUT] [--level L] [--only ID] FILE...`
//!
//! One line a failing case, then `conformance: N passed, N failed`; the exit code is 1 if any failed. What a file is, and
//! what its cases mean, is written in `tests/conformance/FORMAT.md`.

use std::{env, fs, process::ExitCode};
use tests::conformance::{Filter, Score, Table};

const USAGE: &str = "usage: conformance [--json OUT] [--level LEVEL] [--only ID] FILE...";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// True if every case passed.
fn run() -> Result<bool, String> {
    let (mut filter, mut json, mut files) = (Filter::default(), None, Vec::new());
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n{USAGE}"));
        match argument.as_str() {
            "--json" => json = Some(value()?),
            "--level" => filter.level = Some(value()?),
            "--only" => filter.only = Some(value()?),
            "--help" | "-h" => return Err(USAGE.into()),
            option if option.starts_with('-') => return Err(format!("unknown option {option}\n{USAGE}")),
            file => files.push(file.to_string()),
        }
    }
    if files.is_empty() {
        return Err(USAGE.into());
    }
    // A panic is a failure of its case and is told there.
    std::panic::set_hook(Box::new(|_| ()));
    let mut verdicts = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
        let table = Table::parse(&text).map_err(|error| format!("{file}: {error}"))?;
        verdicts.extend(table.run(&filter));
    }
    for verdict in verdicts.iter().filter(|verdict| !verdict.passed()) {
        println!("{verdict}");
    }
    if let Some(path) = json {
        let rows: Vec<String> = verdicts.iter().map(|verdict| format!("  {}", verdict.to_json())).collect();
        let text = format!("[\n{}\n]\n", rows.join(",\n"));
        fs::write(&path, text).map_err(|error| format!("{path}: {error}"))?;
    }
    let (passed, failed) = Score::of(&verdicts).total();
    println!("conformance: {passed} passed, {failed} failed");
    Ok(failed == 0)
}
