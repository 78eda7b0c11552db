//! Deployments, ReplicaSets, StatefulSets, nodes and namespaces.

use super::{
    super::{Session, columns},
    network::number,
    page::{Page, date},
    pod,
};
use crate::api::{Kind, Object, Value};
use alloc::{
    format,
    rc::Rc,
    string::{String, ToString},
    vec::Vec,
};

impl Session<'_> {
    /// Source: describe.go (describeDeployment).
    pub(super) fn deployment(&self, page: &mut Page, deployment: &Object) {
        let (spec, status) = (deployment.spec(), deployment.status());
        page.line(0, &format!("CreationTimestamp:\t{}", created(deployment)));
        page.labels(0, "Labels", deployment.labels());
        page.annotations(0, "Annotations", &deployment.value["metadata"]["annotations"]);
        page.line(0, &format!("Selector:\t{}", selector(&spec["selector"])));
        let count = |field: &str| number(&status[field]);
        page.line(
            0,
            &format!(
                "Replicas:\t{} desired | {} updated | {} total | {} available | {} unavailable",
                number(&spec["replicas"]),
                count("updatedReplicas"),
                count("replicas"),
                count("availableReplicas"),
                count("unavailableReplicas")
            ),
        );
        page.line(0, &format!("StrategyType:\t{}", spec["strategy"]["type"].str()));
        page.line(0, &format!("MinReadySeconds:\t{}", number(&spec["minReadySeconds"])));
        let rolling = &spec["strategy"]["rollingUpdate"];
        if !rolling.is_null() {
            let (most, surge) = (share(&rolling["maxUnavailable"]), share(&rolling["maxSurge"]));
            page.line(0, &format!("RollingUpdateStrategy:\t{most} max unavailable, {surge} max surge"));
        }
        pod::template(page, &spec["template"]);
        conditions(page, status);
        let revision = deployment.annotation("deployment.kubernetes.io/revision");
        let sets: Vec<&Rc<Object>> = self.owned(deployment, Kind::ReplicaSet);
        let is_new = |set: &&&Rc<Object>| set.annotation("deployment.kubernetes.io/revision") == revision;
        let (new, old): (Vec<_>, Vec<_>) = sets.iter().partition(|set| is_new(set));

        if !sets.is_empty() {
            page.line(0, &format!("OldReplicaSets:\t{}", replica_sets(&old)));
            page.line(0, &format!("NewReplicaSet:\t{}", replica_sets(&new)));
        }
    }

    /// Source: describe.go (describeReplicaSet, describeStatefulSet).
    pub(super) fn replicas(&self, page: &mut Page, set: &Object) {
        let (spec, status) = (set.spec(), set.status());
        let is_stateful = set.kind == Kind::StatefulSet;
        if is_stateful {
            page.line(0, &format!("CreationTimestamp:\t{}", created(set)));
        }
        page.line(0, &format!("Selector:\t{}", selector(&spec["selector"])));
        page.labels(0, "Labels", set.labels());
        page.annotations(0, "Annotations", &set.value["metadata"]["annotations"]);
        if let Some((kind, name, _)) = set.controller() {
            page.line(0, &format!("Controlled By:\t{kind}/{name}"));
        }
        let (now, wanted) = (number(&status["replicas"]), number(&spec["replicas"]));
        if is_stateful {
            page.line(0, &format!("Replicas:\t{wanted} desired | {now} total"));
            page.line(0, &format!("Update Strategy:\t{}", spec["updateStrategy"]["type"].str()));
            if let Some(partition) = spec["updateStrategy"]["rollingUpdate"]["partition"].as_int() {
                page.line(1, &format!("Partition:\t{partition}"));
            }
        } else {
            page.line(0, &format!("Replicas:\t{now} current / {wanted} desired"));
        }
        let pods = self.owned(set, Kind::Pod);
        let count = |phase: &str| pods.iter().filter(|pod| pod.status()["phase"].str() == phase).count();
        page.line(
            0,
            &format!(
                "Pods Status:\t{} Running / {} Waiting / {} Succeeded / {} Failed",
                count("Running"),
                count("Pending"),
                count("Succeeded"),
                count("Failed")
            ),
        );
        pod::template(page, &spec["template"]);
        if is_stateful {
            page.line(0, "Volume Claims:\t<none>");
        }
        conditions(page, status);
    }

    /// Source: describe.go (describeNode); resources and leases are not simulated.
    pub(super) fn node(&self, page: &mut Page, node: &Object) {
        page.line(0, "Roles:\t<none>");
        page.labels(0, "Labels", node.labels());
        page.annotations(0, "Annotations", &node.value["metadata"]["annotations"]);
        page.line(0, &format!("CreationTimestamp:\t{}", created(node)));
        page.line(0, "Taints:\t<none>");
        page.line(0, &format!("Unschedulable:\t{}", node.spec()["unschedulable"].as_bool() == Some(true)));
        let list = node.status()["conditions"].items();
        if !list.is_empty() {
            page.line(0, "Conditions:");
            page.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
            page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
            for condition in list {
                let word = |field: &str| condition[field].str();
                let (beat, changed) = (date(word("lastHeartbeatTime")), date(word("lastTransitionTime")));
                let (kind, status) = (word("type"), word("status"));
                page.line(
                    1,
                    &format!("{kind} \t{status} \t{beat} \t{changed} \t{} \t{}", word("reason"), word("message")),
                );
            }
        }
        page.line(0, "Addresses:");
        for address in node.status()["addresses"].items() {
            page.line(1, &format!("{}:\t{}", address["type"].str(), address["address"].str()));
        }
        if !node.spec()["podCIDR"].is_empty() {
            page.line(0, &format!("PodCIDR:\t{}", node.spec()["podCIDR"].str()));
            let all: Vec<&str> = node.spec()["podCIDRs"].items().iter().map(Value::str).collect();
            page.line(0, &format!("PodCIDRs:\t{}", all.join(",")));
        }
        let pods = self.cluster.control().store().on_node(node.name());
        let pods: Vec<&Rc<Object>> =
            pods.filter(|pod| !matches!(pod.status()["phase"].str(), "Succeeded" | "Failed")).collect();
        page.line(0, &format!("Non-terminated Pods:\t({} in total)", pods.len()));
        page.line(1, "Namespace\tName");
        page.line(1, "---------\t----");
        for pod in pods {
            page.line(1, &format!("{}\t{}", pod.namespace(), pod.name()));
        }
    }

    fn owned(&self, owner: &Object, kind: Kind) -> Vec<&Rc<Object>> {
        let owned = self.cluster.control().store().owned(owner.uid());
        owned.filter(|object| object.kind == kind).collect()
    }
}

/// Source: describe.go (describeNamespace).
pub(super) fn namespace(page: &mut Page, namespace: &Object) {
    page.labels(0, "Labels", namespace.labels());
    page.annotations(0, "Annotations", &namespace.value["metadata"]["annotations"]);
    page.line(0, &format!("Status:\t{}", namespace.status()["phase"].str()));
    page.line(0, "");
    page.line(0, "No resource quota.");
    page.line(0, "");
    page.line(0, "No LimitRange resource.");
}

fn created(object: &Object) -> String {
    date(object.value["metadata"]["creationTimestamp"].str())
}

/// A number of pods, or a share of them.
fn share(value: &Value) -> String {
    value.as_str().map_or_else(|| number(value), str::to_string)
}

/// Source: apimachinery metav1.FormatLabelSelector.
fn selector(selector: &Value) -> String {
    let mut terms: Vec<String> =
        selector["matchLabels"].fields().map(|(name, value)| format!("{name}={}", value.str())).collect();
    for expression in selector["matchExpressions"].items() {
        let values: Vec<&str> = expression["values"].items().iter().map(Value::str).collect();
        let (key, values) = (expression["key"].str(), values.join(","));
        terms.push(match expression["operator"].str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_string(),
        });
    }
    crate::ordered::sort(&mut terms);
    columns::some(&terms.join(","))
}

fn conditions(page: &mut Page, status: &Value) {
    if status["conditions"].is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tReason");
    page.line(1, "----\t------\t------");
    for condition in status["conditions"].items() {
        let word = |field: &str| condition[field].str();
        page.line(1, &format!("{} \t{}\t{}", word("type"), word("status"), word("reason")));
    }
}

/// Source: describe.go (printReplicaSetsByLabels).
fn replica_sets(sets: &[&&Rc<Object>]) -> String {
    let one = |set: &&&Rc<Object>| {
        format!(
            "{} ({}/{} replicas created)",
            set.name(),
            number(&set.status()["replicas"]),
            number(&set.spec()["replicas"])
        )
    };
    columns::some(&sets.iter().map(one).collect::<Vec<String>>().join(", "))
}
