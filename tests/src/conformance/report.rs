//! What the runner says about each case.

use super::tree::{Fail, Tree, quoted};
use std::{collections::BTreeMap, fmt};

/// The verdict on one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The case's group.
    pub group: String,
    /// The case's id.
    pub id: String,
    /// The case's level.
    pub level: String,
    /// What was wrong, if anything was.
    pub fail: Option<Fail>,
}

/// How many cases of each group passed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Score(BTreeMap<String, (usize, usize)>);

impl Verdict {
    pub(super) fn new(group: &str, case: &Tree, outcome: Result<(), Fail>) -> Verdict {
        let text = |key: &str| case[key].text().to_string();
        Verdict { group: group.into(), id: text("id"), level: text("level"), fail: outcome.err() }
    }

    /// Whether the case passed.
    pub fn passed(&self) -> bool {
        self.fail.is_none()
    }

    /// As an object of the runner's JSON file.
    pub fn to_json(&self) -> String {
        let side = |pick: fn(&Fail) -> &String| self.fail.as_ref().map_or("null".into(), |fail| quoted(pick(fail)));
        format!(
            r#"{{"group":{},"id":{},"level":{},"passed":{},"expected":{},"got":{}}}"#,
            quoted(&self.group),
            quoted(&self.id),
            quoted(&self.level),
            self.passed(),
            side(|fail| &fail.expected),
            side(|fail| &fail.got),
        )
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fail {
            None => write!(f, "ok   {}/{}", self.group, self.id),
            Some(Fail { expected, got }) => {
                let line = |text: &str| text.replace('\n', "\\n");
                write!(f, "FAIL {}/{}: expected {}, got {}", self.group, self.id, line(expected), line(got))
            }
        }
    }
}

impl Score {
    /// Counts verdicts.
    pub fn of<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Score {
        let mut score = Score::default();
        for verdict in verdicts {
            let (passed, all) = score.0.entry(verdict.group.clone()).or_default();
            *passed += usize::from(verdict.passed());
            *all += 1;
        }
        score
    }

    /// How many passed and how many failed, over all groups.
    pub fn total(&self) -> (usize, usize) {
        self.0.values().fold((0, 0), |(good, bad), (passed, all)| (good + passed, bad + all - passed))
    }
}

impl fmt::Display for Score {
    /// One line a group.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(group, (passed, all))| writeln!(f, "{group:12} {passed:4} of {all:4}"))
    }
}
