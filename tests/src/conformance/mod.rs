//! The conformance runner: files of cases in the format of `tests/conformance/FORMAT.md`, judged through the public API of
//! the `clusterip` crate.
//!
//! Each group has a module; a module knows the group's forms and no case by its id. What it does not know is a failure of
//! the case, never skipped.

mod allocation;
mod dns;
mod endpoints;
mod envvars;
mod kubectl;
mod manifests;
mod report;
mod routing;
mod seeds;
mod selectors;
mod tree;
mod world;

pub use report::{Score, Verdict};
pub use tree::{Fail, Tree};

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Which cases to run.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only cases of this level.
    pub level: Option<String>,
    /// Only the case of this id.
    pub only: Option<String>,
}

/// A file of cases.
#[derive(Debug, Clone)]
pub struct Table {
    /// The whole file.
    pub root: Tree,
}

/// One case, with the file it stands in.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The whole file, for shared setup.
    pub table: &'a Table,
    /// The case.
    pub case: &'a Tree,
}

impl Table {
    /// Reads a file's text.
    ///
    /// # Errors
    /// Says why the text is no table of cases.
    pub fn parse(text: &str) -> Result<Table, String> {
        let yaml: serde_yaml::Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        let root = Tree::from_yaml(yaml);
        if !root["cases"].is_list() {
            return Err("there is no list of cases".into());
        }
        Ok(Table { root })
    }

    /// The group that its cases belong to.
    pub fn group(&self) -> &str {
        self.root["group"].text()
    }

    /// Runs its cases, each in a fresh cluster.
    pub fn run(&self, filter: &Filter) -> Vec<Verdict> {
        let is_wanted = |case: &&Tree| {
            filter.level.as_deref().is_none_or(|level| case["level"].text() == level)
                && filter.only.as_deref().is_none_or(|id| case["id"].text() == id)
        };
        let cases = self.root["cases"].items().iter().filter(is_wanted);
        cases.map(|case| self.judge(Case { table: self, case })).collect()
    }

    fn judge(&self, case: Case<'_>) -> Verdict {
        let outcome = catch_unwind(AssertUnwindSafe(|| run(case))).unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
            Err(Fail::new("no panic", format!("panic: {words}")))
        });
        Verdict::new(self.group(), case.case, outcome)
    }
}

fn run(case: Case<'_>) -> Result<(), Fail> {
    match case.table.group() {
        "validation" => manifests::validation(case),
        "defaulting" => manifests::defaulting(case),
        "allocation" => allocation::run(case),
        "selectors" => selectors::run(case),
        "endpoints" => endpoints::run(case),
        "routing" => routing::run(case),
        "dns" => dns::run(case),
        "envvars" => envvars::run(case),
        "seeds" => seeds::run(case),
        "kubectl" => kubectl::run(case),
        other => Err(Fail::unknown("group", other)),
    }
}

/// The keys that a case of any group may have.
const COMMON: [&str; 5] = ["id", "title", "level", "source", "note"];

impl<'a> Case<'a> {
    /// Fails if the case has a key that is neither common nor among these.
    fn only(&self, keys: &[&str]) -> Result<(), Fail> {
        let keys: Vec<&str> = COMMON.into_iter().chain(keys.iter().copied()).collect();
        self.case.only("case", &keys)
    }

    /// A value of the case.
    fn get(&self, key: &str) -> &'a Tree {
        &self.case[key]
    }
}
