//! Pods and their templates: defaults and validation.

mod blocks;
mod containers;
mod env;
mod probe;
mod resources;
mod rules;
mod scheduling;
pub mod schema;
mod security;
#[cfg(test)]
mod tests;
mod update;
mod validation;
mod volumes;
mod warnings;

pub use validation::{validate, validate_spec, validate_template, validate_update};
pub(super) use warnings::warnings;

use super::{Object, Value, endpoints};

/// The lists of containers in a pod's spec that run.
pub(super) const CONTAINERS: [&str; 2] = ["containers", "initContainers"];

/// Fills in what a pod's manifest leaves open.
///
/// Source: kubernetes pkg/apis/core/v1/defaults.go (SetDefaults_Pod).
pub fn set_defaults(pod: &mut Object) {
    let spec = pod.value.field_mut("spec");
    for_each_container(spec, |container| {
        let limits = container["resources"]["limits"].clone();
        for (name, amount) in limits.fields() {
            if container["resources"]["requests"][name].is_null() {
                container.set(&["resources", "requests", name], amount.clone());
            }
        }
    });
    if spec["enableServiceLinks"].is_null() {
        spec.set(&["enableServiceLinks"], true);
    }
    set_spec_defaults(spec);
    // Not so in templates: the ports are those of a pod's own machine.
    if spec["hostNetwork"].as_bool() == Some(true) {
        for_each_container(spec, |container| {
            if container["ports"].is_empty() {
                return;
            }
            for port in container.field_mut("ports").items_mut().iter_mut().filter(|p| p["hostPort"].is_empty()) {
                let number = port["containerPort"].clone();
                port.set(&["hostPort"], number);
            }
        });
    }
    if pod.status()["phase"].is_empty() {
        pod.value.set(&["status", "phase"], "Pending");
    }
}

/// Fills in what the spec of a pod or of a template leaves open.
///
/// Source: kubernetes pkg/apis/core/v1/defaults.go (SetDefaults_PodSpec, SetDefaults_Container, SetDefaults_Probe).
pub fn set_spec_defaults(spec: &mut Value) {
    for (field, default) in
        [("dnsPolicy", "ClusterFirst"), ("restartPolicy", "Always"), ("schedulerName", "default-scheduler")]
    {
        if spec[field].is_empty() {
            spec.set(&[field], default);
        }
    }
    if spec["securityContext"].is_null() {
        spec.set(&["securityContext"], Value::map());
    }
    if spec["terminationGracePeriodSeconds"].is_null() {
        spec.set(&["terminationGracePeriodSeconds"], 30);
    }
    if !spec["volumes"].is_empty() {
        for volume in spec.field_mut("volumes").items_mut().iter_mut() {
            if volume.fields().all(|(name, source)| name == "name" || source.is_null()) {
                volume.set(&["emptyDir"], Value::map());
            }
            set_volume_defaults(volume);
        }
    }
    // One field under two names.
    for (field, other) in [("serviceAccountName", "serviceAccount"), ("serviceAccount", "serviceAccountName")] {
        if spec[field].is_empty() && !spec[other].is_empty() {
            let name = spec[other].clone();
            spec.set(&[field], name);
        }
    }
    for_each_container(spec, set_container_defaults);
}

fn set_volume_defaults(volume: &mut Value) {
    for source in ["configMap", "secret", "downwardAPI", "projected"] {
        set_missing(volume, source, "defaultMode", 0o644.into());
    }
    set_missing(volume, "hostPath", "type", "".into());
    if volume["downwardAPI"].as_map().is_some() {
        set_references(volume.field_mut("downwardAPI"), "items", &[]);
    }
    if !volume["projected"]["sources"].is_empty() {
        for source in volume.at_mut(&["projected", "sources"]).items_mut() {
            set_missing(source, "serviceAccountToken", "expirationSeconds", 3600.into());
            if source["downwardAPI"].as_map().is_some() {
                set_references(source.field_mut("downwardAPI"), "items", &[]);
            }
        }
    }
}

/// Sets a field of a block that is there.
fn set_missing(parent: &mut Value, block: &str, field: &str, value: Value) {
    if parent[block].as_map().is_some() && parent[block][field].is_null() {
        parent.set(&[block, field], value);
    }
}

fn for_each_container(spec: &mut Value, mut visit: impl FnMut(&mut Value)) {
    for list in CONTAINERS {
        if !spec[list].is_empty() {
            spec.field_mut(list).items_mut().iter_mut().for_each(&mut visit);
        }
    }
}

fn set_container_defaults(container: &mut Value) {
    let pull = if pulls_always(container["image"].str()) { "Always" } else { "IfNotPresent" };
    for (field, default) in [
        ("imagePullPolicy", pull),
        ("terminationMessagePath", "/dev/termination-log"),
        ("terminationMessagePolicy", "File"),
    ] {
        if container[field].is_empty() {
            container.set(&[field], default);
        }
    }
    if container["resources"].is_null() {
        container.set(&["resources"], Value::map());
    }
    endpoints::set_protocols(container);
    set_references(container, "env", &["valueFrom"]);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if !container[probe].is_null() {
            probe::set_defaults(container.field_mut(probe));
        }
    }
    // Upstream keeps this behind a feature that is off.
    container.remove(&["lifecycle", "stopSignal"]);
    for hook in ["postStart", "preStop"] {
        if container["lifecycle"][hook].as_map().is_some() {
            probe::set_handler_defaults(container.at_mut(&["lifecycle", hook]));
        }
    }
}

/// What a reference to a field of the pod leaves open.
fn set_references(parent: &mut Value, list: &str, inner: &[&str]) {
    if parent[list].is_empty() {
        return;
    }
    for item in parent.field_mut(list).items_mut() {
        let source = inner.iter().fold(&*item, |value, name| &value[*name]);
        for (reference, field, text) in [("fieldRef", "apiVersion", "v1"), ("resourceFieldRef", "divisor", "0")] {
            if source[reference].as_map().is_some() && source[reference][field].is_null() {
                item.set(&[inner, &[reference, field]].concat(), text);
                break;
            }
        }
    }
}

/// An image without tag or digest is the latest, which is pulled each time; a text that is no image's name is not.
fn pulls_always(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    !image.contains(['@', ' ']) && !image.is_empty() && name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}
