//! Objects made from flags: `kubectl create deployment`, `create service`, `create namespace`, `expose`.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/create, cmd/expose/expose.go.

use super::{Command, Failure, Session, args, args::Args};
use crate::api::{Kind, Object, Quoted, Value, json, names, patch};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

const SERVICE: &str = "tcp= clusterip= external-name= node-port= dry-run? output=|o save-config";

pub(super) const COMMANDS: [Command; 7] = [
    Command {
        name: "create deployment",
        flags: "image= replicas=|r port= dry-run? output=|o save-config",
        act: deployment,
    },
    Command { name: "create namespace", flags: "dry-run? output=|o save-config", act: namespace },
    Command { name: "create service clusterip", flags: SERVICE, act: |s, a| service(s, a, "ClusterIP") },
    Command { name: "create service nodeport", flags: SERVICE, act: |s, a| service(s, a, "NodePort") },
    Command { name: "create service loadbalancer", flags: SERVICE, act: |s, a| service(s, a, "LoadBalancer") },
    Command { name: "create service externalname", flags: SERVICE, act: |s, a| service(s, a, "ExternalName") },
    Command {
        name: "expose",
        flags: "port= target-port= protocol= name= type= cluster-ip= external-ip= load-balancer-ip= session-affinity= \
                selector= labels=|l filename=|f dry-run? output=|o save-config overrides=",
        act: expose,
    },
];

fn namespace(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let object = Object::new(Kind::Namespace, "", only_name(args, "namespace")?);
    session.make(args, object, "created", "")
}

fn deployment(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let images = args.list("image");
    if images.is_empty() {
        return Err(Failure::error("required flag(s) \"image\" not set"));
    }
    let name = only_name(args, "deployment")?.to_owned();
    if images.len() > 1 && args.rest.is_some() {
        return Err(Failure::error("cannot specify multiple --image options and command"));
    }
    let port = number(args, "port")?;
    let mut containers: Vec<Value> = Vec::new();
    for (at, image) in images.iter().enumerate() {
        let mut container = Value::map();
        let base = image.rsplit('/').next().unwrap_or(image);
        let base = base.split([':', '@']).next().unwrap_or(base);
        container.set(&["name"], base.replace(['_', '.'], "-"));
        container.set(&["image"], *image);
        if let Some(command) = &args.rest {
            container.set(&["command"], command.clone());
        }
        if let Some(port) = port.filter(|_| at == 0) {
            let mut entry = Value::map();
            entry.set(&["containerPort"], port);
            container.set(&["ports"], alloc::vec![entry]);
        }
        containers.push(container);
    }
    let mut object = Object::new(Kind::Deployment, &session.namespace, &name);
    let value = &mut object.value;
    value.set(&["spec", "replicas"], number(args, "replicas")?.unwrap_or(1));
    value.set(&["spec", "template", "spec", "containers"], containers);
    for path in [
        &["metadata", "labels", "app"][..],
        &["spec", "selector", "matchLabels", "app"],
        &["spec", "template", "metadata", "labels", "app"],
    ] {
        value.set(path, name.as_str());
    }
    session.make(args, object, "created", "deployment")
}

fn service(session: &mut Session<'_>, args: &Args, kind: &str) -> Result<(), Failure> {
    let name = only_name(args, &format!("service {}", kind.to_ascii_lowercase()))?.to_owned();
    let cluster_ip = args.flag("clusterip");
    let tcp = args.list("tcp");
    if tcp.is_empty() && kind != "ExternalName" && cluster_ip != Some("None") {
        return Err(Failure::error("at least one tcp port specifier must be provided"));
    }
    let mut ports = Vec::new();
    for text in tcp {
        let (port, target) = text.split_once(':').unwrap_or((text, text));
        let mut entry = Value::map();
        entry.set(&["name"], text.replace(':', "-"));
        entry.set(&["port"], parse_port(port)?);
        entry.set(&["protocol"], "TCP");
        entry.set(&["targetPort"], int_or_string(target));
        if let Some(node_port) = number(args, "node-port")?.filter(|port| *port != 0) {
            entry.set(&["nodePort"], node_port);
        }
        ports.push(entry);
    }
    let mut object = Object::new(Kind::Service, &session.namespace, &name);
    let value = &mut object.value;
    value.set(&["metadata", "labels", "app"], name.as_str());
    value.set(&["spec", "type"], kind);
    value.set(&["spec", "selector", "app"], name.as_str());
    if !ports.is_empty() {
        value.set(&["spec", "ports"], ports);
    }
    if let Some(cluster_ip) = cluster_ip {
        value.set(&["spec", "clusterIP"], cluster_ip);
    }
    if kind == "ExternalName" {
        args.require("external-name")?;
    }
    if let Some(external) = args.flag("external-name") {
        if !names::dns_subdomain(external).is_empty() {
            return Err(Failure::error(&format!("invalid service external name {external}")));
        }
        value.set(&["spec", "externalName"], external);
    }
    session.make(args, object, "created", &format!("{kind} service"))
}

fn expose(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    if args.words.is_empty() && args.flag("filename").is_none() {
        return Err(Failure::error(super::resource::NOTHING));
    }
    for object in session.resolve(args, &args.words)? {
        let mut service = exposing(session, args, &object)?;
        finish(&mut service, args)?;
        session.make(args, service, "exposed", "")?;
    }
    Ok(())
}

/// The Service that exposes an object.
fn exposing(session: &Session<'_>, args: &Args, object: &Object) -> Result<Object, Failure> {
    let selector = match args.flag("selector") {
        Some(text) => pairs(text)?,
        None => selector_of(object)?,
    };
    let is_headless = args.flag("cluster-ip") == Some("None");
    let own = container_ports(object);
    let wanted: Vec<String> = match args.flag("port") {
        Some(list) => list.split(',').map(str::to_owned).collect(),
        None => {
            let mut ports: Vec<String> = own.iter().map(|(port, _)| port.clone()).collect();
            ports.dedup();
            ports
        }
    };
    if wanted.is_empty() && !is_headless {
        return Err(Failure::error("couldn't find port via --port flag or introspection"));
    }
    let mut ports = Vec::new();
    for (at, text) in wanted.iter().enumerate() {
        let number = parse_port(text)?;
        let mut protocols: Vec<String> = match args.flag("protocol") {
            Some(protocol) => alloc::vec![protocol.to_ascii_uppercase()],
            None => own.iter().filter(|(port, _)| port == text).map(|(_, protocol)| protocol.clone()).collect(),
        };
        if protocols.is_empty() {
            protocols.push("TCP".to_owned());
        }
        for protocol in &protocols {
            let mut entry = Value::map();
            if protocols.len() > 1 {
                entry.set(&["name"], format!("port-{}-{}", at + 1, protocol.to_ascii_lowercase()));
            } else if wanted.len() > 1 {
                entry.set(&["name"], format!("port-{}", at + 1));
            }
            entry.set(&["port"], number);
            entry.set(&["protocol"], protocol.as_str());
            let target = args.flag("target-port").unwrap_or(text);
            entry.set(&["targetPort"], int_or_string(target));
            ports.push(entry);
        }
    }
    let name = args.flag("name").unwrap_or(object.name());
    let mut service = Object::new(Kind::Service, &session.namespace, name);
    let value = &mut service.value;
    let labels = match args.flag("labels") {
        Some(text) => pairs(text)?,
        None => object.labels().clone(),
    };
    if !labels.is_empty() {
        value.set(&["metadata", "labels"], labels);
    }
    value.set(&["spec", "selector"], selector);
    if !ports.is_empty() {
        value.set(&["spec", "ports"], ports);
    }
    for (flag, field) in [("type", "type"), ("cluster-ip", "clusterIP"), ("load-balancer-ip", "loadBalancerIP")] {
        if let Some(text) = args.flag(flag) {
            value.set(&["spec", field], text);
        }
    }
    if let Some(address) = args.flag("external-ip") {
        value.set(&["spec", "externalIPs"], alloc::vec![address]);
    }
    match args.flag("session-affinity") {
        None | Some("") => {}
        Some(word @ ("None" | "ClientIP")) => value.set(&["spec", "sessionAffinity"], word),
        Some(other) => return Err(Failure::error(&format!("unknown session affinity: {other}"))),
    }
    Ok(service)
}

/// Source: polymorphichelpers/mapbasedselectorforobject.go, canbeexposed.go.
fn selector_of(object: &Object) -> Result<Value, Failure> {
    let none = |why: &str| {
        Err(Failure::error(&format!("couldn't retrieve selectors via --selector flag or introspection: {why}")))
    };
    let selector = match object.kind {
        Kind::Pod if object.labels().is_empty() => return none("the pod has no labels and cannot be exposed"),
        Kind::Pod => object.labels(),
        Kind::Service if object.spec()["selector"].is_empty() => return none("the service has no pod selector set"),
        Kind::Service => &object.spec()["selector"],
        Kind::Deployment | Kind::ReplicaSet if !object.spec()["selector"]["matchExpressions"].is_empty() => {
            return none("couldn't convert expressions - \"NotIn\" to map-based selector format");
        }
        Kind::Deployment | Kind::ReplicaSet => &object.spec()["selector"]["matchLabels"],
        kind => {
            let names = kind.names();
            let group = if names.group.is_empty() { "" } else { "." };
            return Err(Failure::error(&format!("cannot expose a {}{group}{}", names.kind, names.group)));
        }
    };
    Ok(selector.clone())
}

/// Every port an object declares, with its protocol. Source: polymorphichelpers/portsforobject.go.
fn container_ports(object: &Object) -> Vec<(String, String)> {
    let entry = |port: &Value, field: &str| {
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        (port[field].as_int().unwrap_or(0).to_string(), protocol.to_owned())
    };
    let spec = match object.kind {
        Kind::Service => return object.spec()["ports"].items().iter().map(|port| entry(port, "port")).collect(),
        Kind::Pod => object.spec(),
        _ => &object.spec()["template"]["spec"],
    };
    let mut ports = Vec::new();
    for container in spec["containers"].items() {
        for port in container["ports"].items() {
            ports.push(entry(port, "containerPort"));
        }
    }
    ports
}

impl Session<'_> {
    /// Creates an object, or only shows it (`--dry-run`), and says so; a refusal is told as one of `what`, if that is said.
    ///
    /// Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/create (create_deployment.go, create_service.go).
    fn make(&mut self, args: &Args, mut object: Object, done: &str, what: &str) -> Result<(), Failure> {
        if done == "created" {
            finish(&mut object, args)?;
        }
        let made = match args.flag("dry-run") {
            None | Some("none") => self.create(object).map_err(|error| {
                let text = format!("failed to create {what}: {}", error.message);
                if what.is_empty() { Failure::from(error) } else { Failure::error(&text) }
            })?,
            Some(_) => alloc::rc::Rc::new(drawn(object, args)),
        };
        self.report(args, &made, done)
    }
}

/// What `--overrides` says is merged into what the other flags make, and `--save-config` notes it for `apply`.
pub(super) fn finish(object: &mut Object, args: &Args) -> Result<(), Failure> {
    if let Some(text) = args.flag("overrides") {
        let patch = json::parse(text).map_err(|_| Failure::error("Invalid JSON Patch"))?;
        *object = Object::decode(object.kind, patch::merge(&object.value, &patch))?;
    }
    let is_noted = object.kind != Kind::Pod || args.flag("dry-run").is_none_or(|mode| mode == "none");
    if args.is_set("save-config") && is_noted {
        let text = patch::last_applied(&object.value);
        object.value.set(&["metadata", "annotations", patch::LAST_APPLIED], text);
    }
    Ok(())
}

/// An object as kubectl prints it before any server has seen it: with the empty structs of Go's types, and without a
/// namespace that nobody named.
pub(super) fn drawn(mut object: Object, args: &Args) -> Object {
    let value = &mut object.value;
    if args.flag("namespace").is_none() {
        value.remove(&["metadata", "namespace"]);
    }
    let empty: &[&[&str]] = match object.kind {
        Kind::Service => &[&["status", "loadBalancer"]],
        Kind::Namespace => &[&["spec"], &["status"]],
        Kind::Deployment => &[&["spec", "strategy"], &["status"]],
        _ => &[&["status"]],
    };
    for path in empty {
        value.set(path, Value::map());
    }
    let pod: &[&str] = if object.kind == Kind::Pod { &["spec"] } else { &["spec", "template", "spec"] };
    if matches!(object.kind, Kind::Pod | Kind::Deployment) {
        for container in value.at_mut(pod).field_mut("containers").items_mut() {
            container.set(&["resources"], Value::map());
        }
    }
    if object.kind == Kind::Pod {
        value.set(&["spec", "dnsPolicy"], "ClusterFirst");
    }
    object
}

fn only_name<'a>(args: &'a Args, what: &str) -> Result<&'a str, Failure> {
    match &args.words[..] {
        [name] => Ok(name),
        words => {
            let text = format!("exactly one NAME is required, got {}", words.len());
            Err(args::usage(&format!("create {what}"), &text))
        }
    }
}

fn number(args: &Args, flag: &str) -> Result<Option<i64>, Failure> {
    let Some(text) = args.flag(flag) else { return Ok(None) };
    let bad = |_| {
        let text = Quoted(text);
        let why = format!("strconv.ParseInt: parsing {text}: invalid syntax");
        Failure::error(&format!("invalid argument {text} for \"--{flag}\" flag: {why}"))
    };
    text.parse().map(Some).map_err(bad)
}

fn parse_port(text: &str) -> Result<i64, Failure> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let why = if is_number { "value out of range" } else { "invalid syntax" };
    let port = text.parse::<u16>().ok().filter(|_| is_number).map(i64::from);
    port.ok_or_else(|| Failure::error(&format!("strconv.ParseUint: parsing {}: {why}", Quoted(text))))
}

fn int_or_string(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}

fn pairs(text: &str) -> Result<Value, Failure> {
    let mut map = crate::api::Map::default();
    for (name, value) in args::pairs(text)? {
        map.insert(&name, value);
    }
    Ok(Value::Map(map))
}
