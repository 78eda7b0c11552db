//! How a Deployment gets from one template to the next.
//!
//! Source: kubernetes pkg/controller/deployment/rolling.go and recreate.go.

use super::{Rollout, replicas};
use crate::api::{Kind, Object};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

impl Rollout<'_> {
    /// One step of a rolling update: up if there is room for a surge, else down if enough pods are available.
    pub(super) fn roll(&mut self) {
        self.sync_revision(true);
        if self.scale_up_new() || self.scale_down_old() {
            return;
        }
        if self.is_complete(self.deployment.status()) {
            self.clean_up();
        }
    }

    /// One step of a re-creation: all old pods go before the first new one comes.
    pub(super) fn recreate(&mut self) {
        self.sync_revision(false);
        let old = self.old_sizes();
        if !old.is_empty() {
            for (name, ..) in old {
                self.scale_set(&name, 0, false);
            }
            return;
        }
        if self.has_old_pods() {
            return;
        }
        if self.new.is_none() {
            self.sync_revision(true);
        }
        if let Some(name) = self.new.as_ref().map(|set| set.name().to_string()) {
            self.scale_set(&name, self.replicas(), false);
        }
        if self.is_complete(self.deployment.status()) {
            self.clean_up();
        }
    }

    fn scale_up_new(&mut self) -> bool {
        let wanted = self.replicas();
        let Some((name, size)) = self.new.as_ref().map(|set| (set.name().to_string(), replicas(set))) else {
            return false;
        };
        if size == wanted {
            return false;
        }
        let target = if size > wanted { wanted } else { self.new_set_size(size) };
        self.scale_set(&name, target, false);
        target != size
    }

    fn scale_down_old(&mut self) -> bool {
        if self.old.iter().map(replicas).sum::<i64>() == 0 {
            return false;
        }
        let Some(new) = &self.new else { return false };
        let least = self.replicas() - self.max_unavailable();
        let missing = replicas(new) - available(new);
        let most = self.all().map(replicas).sum::<i64>() - least - missing;
        if most <= 0 {
            return false;
        }
        let unhealthy = self.scale_down_unhealthy(most);
        let healthy = self.scale_down_healthy(least);
        unhealthy + healthy > 0
    }

    /// Pods that are not available cost no availability: they go first.
    fn scale_down_unhealthy(&mut self, most: i64) -> i64 {
        let mut done = 0;
        for (name, size, available) in self.old_sizes() {
            let count = (most - done).min(size - available);
            if count > 0 {
                self.scale_set(&name, size - count, false);
                done += count;
            }
        }
        done
    }

    fn scale_down_healthy(&mut self, least: i64) -> i64 {
        let spare = self.all().map(available).sum::<i64>() - least;
        let mut done = 0;
        for (name, size, _) in self.old_sizes() {
            let count = (spare - done).min(size);
            if count > 0 {
                self.scale_set(&name, size - count, false);
                done += count;
            }
        }
        done
    }

    pub(super) fn old_sizes(&self) -> Vec<(String, i64, i64)> {
        let mut sizes = Vec::new();
        for set in self.old.iter().filter(|set| replicas(set) > 0) {
            sizes.push((set.name().to_string(), replicas(set), available(set)));
        }
        sizes
    }

    fn has_old_pods(&self) -> bool {
        self.old.iter().any(|set| {
            let is_left = |pod: &Object| !matches!(pod.status()["phase"].str(), "Succeeded" | "Failed");
            let counted = set.status()["replicas"].as_int().unwrap_or(0) > 0;
            counted || self.store.owned(set.uid()).any(|pod| pod.kind == Kind::Pod && is_left(pod))
        })
    }
}

fn available(set: &Object) -> i64 {
    set.status()["availableReplicas"].as_int().unwrap_or(0)
}
