//! The public tables, and the runner's own honesty: an expectation made wrong must fail, in every group.

mod wrong;

use std::fs;
use tests::conformance::{Filter, Score, Table, Verdict};

/// The tables that pass in full; adding one here is how it is finished.
const FINISHED: &[&str] = &TABLES;

const TABLES: [&str; 12] = [
    "allocation",
    "defaulting",
    "dns",
    "endpoints",
    "envvars",
    "kubectl",
    "netpol",
    "routing",
    "routing_nftables",
    "seeds",
    "selectors",
    "validation",
];

#[test]
fn the_public_tables_hold_for_every_group_that_is_finished() {
    let mut verdicts = Vec::new();
    let mut broken = Vec::new();
    for name in TABLES {
        let own = parsed(&text(name)).run(&Filter::default());
        let failed: Vec<String> = own.iter().filter(|verdict| !verdict.passed()).map(Verdict::to_string).collect();
        failed.iter().for_each(|verdict| println!("{verdict}"));
        if FINISHED.contains(&name) {
            broken.extend(failed);
        }
        verdicts.extend(own);
    }
    println!("{}", Score::of(&verdicts));
    assert!(broken.is_empty(), "cases of finished tables fail:\n{}", broken.join("\n"));
}

/// Tables of this project's own making, beside those that were checked against the real programs.
const OWN: &[&str] = &[
    "dns_own",
    "dns_recorded",
    "endpoints_own",
    "endpoints_recorded",
    "envvars_own",
    "kubectl_own",
    "kubectl_recorded",
    "netpol_own",
    "routing_own",
    "routing_recorded",
    "routing_nftables_own",
    "routing_nftables_recorded",
    "validation_objects_own",
    "validation_own",
];

#[test]
fn the_own_tables_hold() {
    let verdicts = OWN.iter().flat_map(|name| parsed(&text(name)).run(&Filter::default()));
    let failed: Vec<String> = verdicts.filter(|verdict| !verdict.passed()).map(|verdict| verdict.to_string()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_case_runs_twice_to_the_same_verdict() {
    for name in TABLES {
        let table = parsed(&text(name));
        assert_eq!(table.run(&Filter::default()), table.run(&Filter::default()), "{name}");
    }
}

fn text(name: &str) -> String {
    let path = format!("{}/conformance/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn parsed(text: &str) -> Table {
    Table::parse(text).unwrap_or_else(|error| panic!("{error}"))
}
