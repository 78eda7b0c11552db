//! How many replicas each ReplicaSet of a Deployment gets.
//!
//! Source: kubernetes pkg/controller/deployment/sync.go and util/deployment_util.go.

use super::{DESIRED_REPLICAS, MAX_REPLICAS, Rollout, created, replicas, revision};
use crate::api::{Object, Value};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::cmp::Reverse;

impl Rollout<'_> {
    /// True if the Deployment's size is not the one its active ReplicaSets were last scaled for.
    pub(super) fn is_scaling_event(&self) -> bool {
        let wanted = self.replicas();
        self.all().filter(|set| replicas(set) > 0).any(|set| number(set, DESIRED_REPLICAS).is_some_and(|n| n != wanted))
    }

    /// Scales without progress of a rollout: one set gets everything, several share in proportion.
    pub(super) fn scale(&mut self) {
        let wanted = self.replicas();
        let active = self.active();
        let only = match active[..] {
            [] => self.new.as_ref().or(self.old.last()),
            [only] => Some(only),
            _ => None,
        };
        if let Some(name) = only.map(|set| set.name().to_string()) {
            return self.scale_set(&name, wanted, false);
        }
        if self.is_saturated() {
            for (name, ..) in self.old_sizes() {
                self.scale_set(&name, 0, false);
            }
        } else if self.is_rolling() {
            self.scale_in_proportion();
        }
    }

    /// The ReplicaSets that have or want pods.
    fn active(&self) -> Vec<&Object> {
        let mut active = Vec::new();
        for set in self.all() {
            if replicas(set) > 0 {
                active.push(set);
            }
        }
        active
    }

    /// Gives a ReplicaSet a size and the annotations that go with it; `always` writes them also if the size stays.
    pub(super) fn scale_set(&mut self, name: &str, size: i64, always: bool) {
        let Some(mut set) = self.all().find(|set| set.name() == name).cloned() else { return };
        let before = replicas(&set);
        if before == size && !always {
            return;
        }
        set.value.set(&["spec", "replicas"], size);
        let annotated = self.annotate_size(&mut set);
        if before == size && !annotated {
            return;
        }
        self.plan.replace(set.clone());
        if before != size {
            let way = if before < size { "up" } else { "down" };
            self.say(format!("Scaled {way} replica set {name} from {before} to {size}"));
        }
        match self.new.as_mut().filter(|new| new.name() == name) {
            Some(new) => *new = set,
            None => self.old.iter_mut().filter(|old| old.name() == name).for_each(|old| *old = set.clone()),
        }
    }

    /// Notes on a ReplicaSet for which size of the Deployment it was scaled.
    pub(super) fn annotate_size(&self, set: &mut Object) -> bool {
        let wanted = self.replicas();
        let mut changed = false;
        for (name, value) in [(DESIRED_REPLICAS, wanted), (MAX_REPLICAS, wanted + self.max_surge())] {
            let value = value.to_string();
            if set.annotation(name) != Some(&value) {
                set.value.set(&["metadata", "annotations", name], value);
                changed = true;
            }
        }
        changed
    }

    /// The size the new ReplicaSet may have now, given the one it has.
    pub(super) fn new_set_size(&self, size: i64) -> i64 {
        let wanted = self.replicas();
        if !self.is_rolling() {
            return wanted;
        }
        let total: i64 = self.all().map(replicas).sum();
        let room = wanted + scaled(&self.strategy("maxSurge"), wanted, true) - total;
        if room <= 0 { size } else { size + room.min(wanted - size) }
    }

    /// Deletes old ReplicaSets without pods beyond `revisionHistoryLimit`, the oldest revisions first.
    pub(super) fn clean_up(&mut self) {
        let Some(limit) = self.deployment.spec()["revisionHistoryLimit"].as_int().filter(|n| *n != i64::from(i32::MAX))
        else {
            return;
        };
        let excess = usize::try_from(self.old.len() as i64 - limit).unwrap_or(0);
        let mut old: Vec<&Object> = Vec::from_iter(&self.old);
        old.retain(|set| !set.is_terminating());
        crate::ordered::sort_by_key(&mut old, |set| revision(set).unwrap_or(0));
        for set in old.into_iter().take(excess) {
            let generation = set.value["metadata"]["generation"].as_int();
            let seen = set.status()["observedGeneration"].as_int();
            if set.status()["replicas"].as_int().unwrap_or(0) == 0 && replicas(set) == 0 && generation <= seen {
                self.plan.delete(set.key());
            }
        }
    }

    pub(super) fn is_rolling(&self) -> bool {
        self.deployment.spec()["strategy"]["type"].str() != "Recreate"
    }

    /// How many pods beyond the wanted ones there may be.
    pub(super) fn max_surge(&self) -> i64 {
        if self.is_rolling() { scaled(&self.strategy("maxSurge"), self.replicas(), true) } else { 0 }
    }

    /// How many pods may be missing; never none if there may be no surplus either.
    pub(super) fn max_unavailable(&self) -> i64 {
        let wanted = self.replicas();
        if !self.is_rolling() || wanted == 0 {
            return 0;
        }
        let unavailable = scaled(&self.strategy("maxUnavailable"), wanted, false);
        if unavailable == 0 && self.max_surge() == 0 { 1 } else { unavailable.min(wanted) }
    }

    fn strategy(&self, field: &str) -> Value {
        match &self.deployment.spec()["strategy"]["rollingUpdate"][field] {
            Value::Null => "25%".into(),
            given => given.clone(),
        }
    }

    fn is_saturated(&self) -> bool {
        let wanted = self.replicas();
        self.new.as_ref().is_some_and(|set| {
            replicas(set) == wanted
                && number(set, DESIRED_REPLICAS) == Some(wanted)
                && set.status()["availableReplicas"].as_int().unwrap_or(0) == wanted
        })
    }

    fn scale_in_proportion(&mut self) {
        let wanted = self.replicas();
        let allowed = if wanted > 0 { wanted + self.max_surge() } else { 0 };
        let mut active = self.active();
        let to_add = allowed - active.iter().map(|set| replicas(set)).sum::<i64>();
        crate::ordered::sort_by(&mut active, |a, b| created(a).cmp(created(b)).then(a.name().cmp(b.name())));
        if to_add > 0 {
            active.reverse();
        }
        crate::ordered::sort_by_key(&mut active, |set| Reverse(replicas(set)));
        let mut added = 0;
        let mut sizes: Vec<(String, i64)> = Vec::new();
        for set in active {
            let share = if to_add == added { 0 } else { self.proportion(set, to_add - added, to_add > 0) };
            sizes.push((set.name().to_string(), replicas(set) + share));
            added += share;
        }
        if let Some((_, largest)) = sizes.first_mut() {
            *largest = (*largest + to_add - added).max(0);
        }
        for (name, size) in sizes {
            self.scale_set(&name, size, true);
        }
    }

    /// What one ReplicaSet gains or loses when the Deployment is scaled.
    fn proportion(&self, set: &Object, allowed: i64, up: bool) -> i64 {
        let wanted = self.replicas();
        let size = replicas(set);
        let fraction = if wanted == 0 {
            -size
        } else {
            let before = number(set, MAX_REPLICAS).filter(|n| *n > 0);
            match before.or_else(|| self.deployment.status()["replicas"].as_int()).filter(|n| *n > 0) {
                Some(before) => (2 * size * (wanted + self.max_surge()) + before).div_euclid(2 * before) - size,
                None => 0,
            }
        };
        if up { fraction.min(allowed) } else { fraction.max(allowed) }
    }
}

fn number(set: &Object, annotation: &str) -> Option<i64> {
    set.annotation(annotation)?.parse().ok().filter(|n| *n >= 0)
}

/// A number, or a percentage of `total` (kubernetes staging/src/k8s.io/apimachinery/pkg/util/intstr/intstr.go).
fn scaled(value: &Value, total: i64, round_up: bool) -> i64 {
    let percent = match value {
        Value::Int(number) => return *number,
        other => other.str().strip_suffix('%').and_then(|percent| percent.parse::<i64>().ok()).unwrap_or(0),
    };
    if round_up { (total * percent + 99).div_euclid(100) } else { (total * percent).div_euclid(100) }
}
