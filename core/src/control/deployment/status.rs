//! What a Deployment says about itself.
//!
//! Source: kubernetes pkg/controller/deployment/progress.go and sync.go (calculateStatus).

use super::{Rollout, replicas};
use crate::{
    api::Value,
    control::timestamp,
    time::{Duration, Instant},
};
use alloc::{borrow::ToOwned, format, vec::Vec};

/// The condition of that type.
pub(super) fn condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    status["conditions"].items().iter().find(|condition| condition["type"].str() == kind)
}

impl Rollout<'_> {
    pub(super) fn has_deadline(&self) -> bool {
        self.deadline().is_some()
    }

    /// Notes that the Deployment was paused or resumed, so that the time in between does not count.
    pub(super) fn note_pause(&mut self) {
        let reason = condition(&self.status, "Progressing").map(|c| c["reason"].str().to_owned());
        if !self.has_deadline() || reason.as_deref() == Some("ProgressDeadlineExceeded") {
            return;
        }
        let was_paused = reason.as_deref() == Some("DeploymentPaused");
        match (self.deployment.spec()["paused"].as_bool() == Some(true), was_paused) {
            (true, false) => self.set_condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused"),
            (false, true) => {
                self.set_condition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
            }
            _ => {}
        }
    }

    /// Sets a condition, unless it says the same already; an unchanged status keeps its transition time.
    pub(super) fn set_condition(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let now = timestamp::emit(self.now);
        let mut since = now.clone();
        if let Some(before) = condition(&self.status, kind)
            && before["status"].str() == status
        {
            if before["reason"].str() == reason {
                return;
            }
            before["lastTransitionTime"].str().clone_into(&mut since);
        }
        self.replace_condition(kind, status, reason, message, &since, &now);
    }

    /// True if every replica is of the new template and available.
    pub(super) fn is_complete(&self, status: &Value) -> bool {
        let wanted = self.replicas();
        let is_wanted = |field: &str| count(status, field) == wanted;
        let generation = self.deployment.value["metadata"]["generation"].as_int().unwrap_or(0);
        ["updatedReplicas", "replicas", "availableReplicas"].into_iter().all(is_wanted)
            && count(status, "observedGeneration") >= generation
    }

    /// Counts, judges availability and, during a rollout, progress; then writes what changed.
    pub(super) fn write_status(&mut self, is_rollout: bool) {
        let before = core::mem::replace(&mut self.status, Value::map());
        self.status.set(&["conditions"], before["conditions"].items().to_vec());
        if !before["collisionCount"].is_null() {
            self.status.set(&["collisionCount"], before["collisionCount"].clone());
        }
        self.count_replicas();
        self.judge_availability();
        if is_rollout {
            self.judge_progress(&before);
            self.pass_failures_on();
        }
        let status = core::mem::take(&mut self.status);
        if is_rollout && let (Some(deadline), Some(progress)) = (self.deadline(), condition(&status, "Progressing")) {
            // A rollout that was complete once never misses its deadline, whatever becomes of its pods.
            let is_judged = matches!(progress["reason"].str(), "ProgressDeadlineExceeded" | "NewReplicaSetAvailable");
            let is_over = is_judged || self.is_complete(&status);
            let since = timestamp::parse(progress["lastUpdateTime"].str());
            if let Some(since) = since.filter(|_| !is_over) {
                self.plan.again_at((since + deadline + Duration::from_secs(1)).max(self.now));
            }
        }
        self.plan.status(self.deployment, status);
    }

    fn deadline(&self) -> Option<Duration> {
        let seconds = self.deployment.spec()["progressDeadlineSeconds"].as_int()?;
        (seconds != i64::from(i32::MAX)).then(|| Duration::from_secs(seconds.unsigned_abs()))
    }

    fn count_replicas(&mut self) {
        let total = |field: &str| self.all().map(|set| count(set.status(), field)).sum::<i64>();
        let available = total("availableReplicas");
        let missing = (self.all().map(replicas).sum::<i64>() - available).max(0);
        let counts = [
            ("replicas", total("replicas")),
            ("updatedReplicas", self.new.as_ref().map_or(0, |set| count(set.status(), "replicas"))),
            ("readyReplicas", total("readyReplicas")),
            ("availableReplicas", available),
            ("unavailableReplicas", missing),
        ];
        let terminating = total("terminatingReplicas");
        for (field, value) in counts.into_iter().filter(|(_, value)| *value != 0) {
            self.status.set(&[field], value);
        }
        self.status.set(&["terminatingReplicas"], terminating);
        let generation = self.deployment.value["metadata"]["generation"].as_int().unwrap_or(0);
        self.status.set(&["observedGeneration"], generation);
    }

    fn judge_availability(&mut self) {
        if count(&self.status, "availableReplicas") >= self.replicas() - self.max_unavailable() {
            let words = "Deployment has minimum availability.";
            self.set_condition("Available", "True", "MinimumReplicasAvailable", words);
        } else {
            let words = "Deployment does not have minimum availability.";
            self.set_condition("Available", "False", "MinimumReplicasUnavailable", words);
        }
    }

    fn judge_progress(&mut self, before: &Value) {
        let Some(deadline) = self.deadline() else {
            self.status.field_mut("conditions").items_mut().retain(|c| c["type"].str() != "Progressing");
            return;
        };
        let current = condition(before, "Progressing").cloned();
        let reason = current.as_ref().map_or("", |c| c["reason"].str());
        let is_settled = count(&self.status, "replicas") == count(&self.status, "updatedReplicas")
            && reason == "NewReplicaSetAvailable";
        if is_settled {
            return;
        }
        let subject = match &self.new {
            Some(set) => format!("ReplicaSet \"{}\"", set.name()),
            None => format!("Deployment \"{}\"", self.deployment.name()),
        };
        if self.is_complete(&self.status) {
            let words = format!("{subject} has successfully progressed.");
            self.set_condition("Progressing", "True", "NewReplicaSetAvailable", &words);
        } else if self.has_progressed(self.deployment.status()) {
            let now = timestamp::emit(self.now);
            let since =
                current.filter(|c| c["status"].str() == "True").map(|c| c["lastTransitionTime"].str().to_owned());
            let words = format!("{subject} is progressing.");
            let since = since.unwrap_or_else(|| now.clone());
            self.replace_condition("Progressing", "True", "ReplicaSetUpdated", &words, &since, &now);
        } else if self.is_timed_out(deadline) {
            let words = format!("{subject} has timed out progressing.");
            self.set_condition("Progressing", "False", "ProgressDeadlineExceeded", &words);
        }
    }

    fn has_progressed(&self, before: &Value) -> bool {
        let old = |status: &Value| count(status, "replicas") - count(status, "updatedReplicas");
        let grew = |field: &str| count(&self.status, field) > count(before, field);
        grew("updatedReplicas") || old(&self.status) < old(before) || grew("readyReplicas") || grew("availableReplicas")
    }

    fn is_timed_out(&self, deadline: Duration) -> bool {
        let Some(condition) = condition(&self.status, "Progressing") else { return false };
        match condition["reason"].str() {
            "NewReplicaSetAvailable" => false,
            "ProgressDeadlineExceeded" => true,
            _ => {
                let from: Option<Instant> = timestamp::parse(condition["lastUpdateTime"].str());
                from.is_some_and(|from| from + deadline < self.now)
            }
        }
    }

    /// A ReplicaSet that cannot make its pods makes the Deployment say so.
    fn pass_failures_on(&mut self) {
        let mut found = None;
        for set in self.new.iter().chain(&self.old) {
            found = found.or_else(|| condition(set.status(), "ReplicaFailure").cloned());
        }
        match found {
            Some(failure) => self.set_condition(
                "ReplicaFailure",
                failure["status"].str(),
                failure["reason"].str(),
                failure["message"].str(),
            ),
            None => {
                self.status.field_mut("conditions").items_mut().retain(|c| c["type"].str() != "ReplicaFailure");
            }
        }
    }

    fn replace_condition(&mut self, kind: &str, status: &str, reason: &str, message: &str, since: &str, now: &str) {
        let mut new = Value::map();
        for (field, text) in [
            ("type", kind),
            ("status", status),
            ("reason", reason),
            ("message", message),
            ("lastTransitionTime", since),
            ("lastUpdateTime", now),
        ] {
            new.set(&[field], text);
        }
        let conditions: &mut Vec<Value> = self.status.field_mut("conditions").items_mut();
        conditions.retain(|c| c["type"].str() != kind);
        conditions.push(new);
    }
}

fn count(status: &Value, field: &str) -> i64 {
    status[field].as_int().unwrap_or(0)
}
