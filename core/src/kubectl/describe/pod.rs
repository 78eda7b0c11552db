//! Pods, and the containers of pods and templates.

use super::{
    super::columns,
    network::number,
    page::{Page, date},
};
use crate::{
    api::{Object, Value},
    kubectl::duration,
    time::Instant,
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

/// Source: describe.go (describePod).
pub(super) fn describe(page: &mut Page, pod: &Object, now: Instant) {
    let (spec, status) = (pod.spec(), pod.status());
    if let Some(priority) = spec["priority"].as_int() {
        page.line(0, &format!("Priority:\t{priority}"));
    }
    if !spec["serviceAccountName"].is_empty() {
        page.line(0, &format!("Service Account:\t{}", spec["serviceAccountName"].str()));
    }
    match spec["nodeName"].str() {
        "" => page.line(0, "Node:\t<none>"),
        node => page.line(0, &format!("Node:\t{node}/{}", status["hostIP"].str())),
    }
    if !status["startTime"].is_null() {
        page.line(0, &format!("Start Time:\t{}", date(status["startTime"].str())));
    }
    page.labels(0, "Labels", pod.labels());
    page.annotations(0, "Annotations", &pod.value["metadata"]["annotations"]);
    let phase = status["phase"].str();
    if pod.is_terminating() && !matches!(phase, "Failed" | "Succeeded") {
        let metadata = &pod.value["metadata"];
        let since = duration::since(metadata["deletionTimestamp"].str(), now);
        page.line(0, &format!("Status:\tTerminating (lasts {since})"));
        page.line(0, &format!("Termination Grace Period:\t{}s", number(&metadata["deletionGracePeriodSeconds"])));
    } else {
        page.line(0, &format!("Status:\t{phase}"));
    }
    for (title, field) in [("Reason", "reason"), ("Message", "message")] {
        if !status[field].is_empty() {
            page.line(0, &format!("{title}:\t{}", status[field].str()));
        }
    }
    page.line(0, &format!("IP:\t{}", status["podIP"].str()));
    match status["podIPs"].items() {
        [] => page.line(0, "IPs:\t<none>"),
        addresses => {
            page.line(0, "IPs:");
            for address in addresses {
                page.line(1, &format!("IP:\t{}", address["ip"].str()));
            }
        }
    }
    if let Some((kind, name, _)) = pod.controller() {
        page.line(0, &format!("Controlled By:\t{kind}/{name}"));
    }
    if !spec["initContainers"].is_empty() {
        containers(page, "", "Init Containers", &spec["initContainers"], &status["initContainerStatuses"]);
    }
    containers(page, "", "Containers", &spec["containers"], &status["containerStatuses"]);
    if !status["conditions"].is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus");
        for condition in status["conditions"].items() {
            page.line(1, &format!("{} \t{} ", condition["type"].str(), condition["status"].str()));
        }
    }
    volumes(page, "", &spec["volumes"]);
    page.line(0, &format!("QoS Class:\t{}", status["qosClass"].as_str().unwrap_or("BestEffort")));
    page.labels(0, "Node-Selectors", &spec["nodeSelector"]);
    tolerations(page, "Tolerations", &spec["tolerations"]);
}

/// Source: describe.go (DescribePodTemplate).
pub(super) fn template(page: &mut Page, template: &Value) {
    page.line(0, "Pod Template:");
    page.labels(0, "  Labels", &template["metadata"]["labels"]);
    if !template["metadata"]["annotations"].is_empty() {
        page.annotations(0, "  Annotations", &template["metadata"]["annotations"]);
    }
    let spec = &template["spec"];
    if !spec["serviceAccountName"].is_empty() {
        page.line(1, &format!("Service Account:\t{}", spec["serviceAccountName"].str()));
    }
    if !spec["initContainers"].is_empty() {
        containers(page, "  ", "Init Containers", &spec["initContainers"], &Value::Null);
    }
    containers(page, "  ", "Containers", &spec["containers"], &Value::Null);
    volumes(page, "  ", &spec["volumes"]);
    page.labels(0, "  Node-Selectors", &spec["nodeSelector"]);
    tolerations(page, "  Tolerations", &spec["tolerations"]);
}

/// Source: describe.go (describeContainers).
fn containers(page: &mut Page, indent: &str, label: &str, list: &Value, statuses: &Value) {
    let none = if list.is_empty() { " <none>" } else { "" };
    page.line(0, &format!("{indent}{label}:{none}"));
    let name_indent = if indent.is_empty() { "" } else { " " };
    for container in list.items() {
        let name = container["name"].str();
        let status = statuses.items().iter().find(|status| status["name"].str() == name);
        page.line(1, &format!("{name_indent}{name}:"));
        if let Some(status) = status {
            page.line(2, &format!("Container ID:\t{}", status["containerID"].str()));
        }
        page.line(2, &format!("Image:\t{}", container["image"].str()));
        if let Some(status) = status {
            page.line(2, &format!("Image ID:\t{}", status["imageID"].str()));
        }
        let own = container["ports"].items();
        let ports: Vec<String> = own.iter().map(port).collect();
        let host_ports: Vec<String> =
            own.iter().map(|port| format!("{}/{}", number(&port["hostPort"]), port["protocol"].str())).collect();
        let plural = if own.len() > 1 { "s" } else { "" };
        page.line(2, &format!("Port{plural}:\t{}", columns::some(&ports.join(", "))));
        page.line(2, &format!("Host Port{plural}:\t{}", columns::some(&host_ports.join(", "))));
        for (title, field) in [("Command", "command"), ("Args", "args")] {
            if !container[field].is_empty() {
                page.line(2, &format!("{title}:"));
                let words = container[field].items().iter().flat_map(|word| word.str().split('\n'));
                words.for_each(|word| page.line(3, word));
            }
        }
        if let Some(status) = status {
            state(page, "State", &status["state"]);
            if !status["lastState"]["terminated"].is_null() {
                state(page, "Last State", &status["lastState"]);
            }
            let ready = if status["ready"].as_bool() == Some(true) { "True" } else { "False" };
            page.line(2, &format!("Ready:\t{ready}"));
            page.line(2, &format!("Restart Count:\t{}", number(&status["restartCount"])));
        }
        for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
            if !container["resources"][field].is_empty() {
                page.line(2, &format!("{title}:"));
                for (name, quantity) in container["resources"][field].fields() {
                    page.line(3, &format!("{name}:\t{}", quantity.str()));
                }
            }
        }
        for (title, field) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if !container[field].is_null() {
                page.line(2, &format!("{title}:\t{}", probe(&container[field])));
            }
        }
        environment(page, container);
        if container["volumeMounts"].is_empty() {
            page.line(2, "Mounts:\t<none>");
        } else {
            page.line(2, "Mounts:");
            for mount in container["volumeMounts"].items() {
                let mode = if mount["readOnly"].as_bool() == Some(true) { "ro" } else { "rw" };
                page.line(3, &format!("{} from {} ({mode})", mount["mountPath"].str(), mount["name"].str()));
            }
        }
    }
}

fn port(port: &Value) -> String {
    let text = format!("{}/{}", number(&port["containerPort"]), port["protocol"].str());
    if port["name"].is_empty() { text } else { format!("{text} ({})", port["name"].str()) }
}

/// Source: describe.go (describeStatus).
fn state(page: &mut Page, title: &str, state: &Value) {
    if !state["running"].is_null() {
        page.line(2, &format!("{title}:\tRunning"));
        page.line(3, &format!("Started:\t{}", date(state["running"]["startedAt"].str())));
    } else if !state["terminated"].is_null() {
        let ended = &state["terminated"];
        page.line(2, &format!("{title}:\tTerminated"));
        page.line(3, &format!("Reason:\t{}", ended["reason"].str()));
        page.line(3, &format!("Exit Code:\t{}", number(&ended["exitCode"])));
        page.line(3, &format!("Started:\t{}", date(ended["startedAt"].str())));
        page.line(3, &format!("Finished:\t{}", date(ended["finishedAt"].str())));
    } else {
        page.line(2, &format!("{title}:\tWaiting"));
        if !state["waiting"]["reason"].is_empty() {
            page.line(3, &format!("Reason:\t{}", state["waiting"]["reason"].str()));
        }
    }
}

/// Source: describe.go (DescribeProbe).
fn probe(probe: &Value) -> String {
    let number = |field: &str| number(&probe[field]);
    let times = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold")
    );
    let port = |value: &Value| value.as_str().map_or_else(|| value.as_int().unwrap_or(0).to_string(), str::to_string);
    let (http, tcp, exec) = (&probe["httpGet"], &probe["tcpSocket"], &probe["exec"]);
    if !exec.is_null() {
        let words: Vec<&str> = exec["command"].items().iter().map(Value::str).collect();
        format!("exec [{}] {times}", words.join(" "))
    } else if !http.is_null() {
        let scheme = http["scheme"].as_str().unwrap_or("HTTP").to_ascii_lowercase();
        format!("http-get {scheme}://{}:{}{} {times}", http["host"].str(), port(&http["port"]), http["path"].str())
    } else if !tcp.is_null() {
        format!("tcp-socket {}:{} {times}", tcp["host"].str(), port(&tcp["port"]))
    } else {
        format!("unknown {times}")
    }
}

/// Source: describe.go (describeContainerEnvVars).
fn environment(page: &mut Page, container: &Value) {
    if container["env"].is_empty() {
        page.line(2, "Environment:\t<none>");
        return;
    }
    page.line(2, "Environment:");
    for variable in container["env"].items() {
        let (name, from) = (variable["name"].str(), &variable["valueFrom"]);
        if !from["fieldRef"].is_null() {
            let field = &from["fieldRef"];
            page.line(
                3,
                &format!("{name}:\t ({}:{})", field["apiVersion"].as_str().unwrap_or("v1"), field["fieldPath"].str()),
            );
        } else if !from["secretKeyRef"].is_null() {
            let key = &from["secretKeyRef"];
            let text = format!("<set to the key '{}' in secret '{}'>", key["key"].str(), key["name"].str());
            page.line(3, &format!("{name}:\t{text}\tOptional: {}", key["optional"].as_bool() == Some(true)));
        } else if !from["configMapKeyRef"].is_null() {
            let key = &from["configMapKeyRef"];
            let text = format!("<set to the key '{}' of config map '{}'>", key["key"].str(), key["name"].str());
            page.line(3, &format!("{name}:\t{text}\tOptional: {}", key["optional"].as_bool() == Some(true)));
        } else {
            page.line(3, &format!("{name}:\t{}", variable["value"].str()));
        }
    }
}

fn volumes(page: &mut Page, indent: &str, volumes: &Value) {
    if volumes.is_empty() {
        page.line(0, &format!("{indent}Volumes:\t<none>"));
        return;
    }
    page.line(0, &format!("{indent}Volumes:"));
    for volume in volumes.items() {
        page.line(1, &format!("{}:", volume["name"].str()));
        let kind = volume.fields().map(|(name, _)| name).find(|name| *name != "name").unwrap_or("emptyDir");
        page.line(2, &format!("Type:\t{kind} (not simulated)"));
    }
}

fn tolerations(page: &mut Page, title: &str, tolerations: &Value) {
    let mut head = format!("{title}:\t");
    for toleration in tolerations.items() {
        let mut text = toleration["key"].str().to_string();
        if !toleration["value"].is_empty() {
            text.push_str(&format!("={}", toleration["value"].str()));
        }
        if !toleration["effect"].is_empty() {
            text.push_str(&format!(":{}", toleration["effect"].str()));
        }
        if toleration["operator"].str() == "Exists" && toleration["value"].is_empty() {
            text.push_str(" op=Exists");
        }
        if let Some(seconds) = toleration["tolerationSeconds"].as_int() {
            text.push_str(&format!(" for {seconds}s"));
        }
        page.line(0, &format!("{head}{text}"));
        head = "\t".to_string();
    }
    if tolerations.is_empty() {
        page.line(0, &format!("{head}<none>"));
    }
}
