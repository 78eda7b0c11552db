//! `kubectl run` and `kubectl exec`: a command in a pod, waited for until it ends.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/run/run.go, cmd/exec/exec.go.

use super::{Command, Failure, Session, args::Args};
use crate::{
    api::{Key, Kind, Map, Object, Quoted, Value},
    cluster::{Cluster, Output, Place, Process, StartError},
    control::DeleteOptions,
    time::Duration,
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

pub(super) const COMMANDS: [Command; 2] = [
    Command {
        name: "run",
        flags: "image= rm stdin|i tty|t attach restart= labels=|l port= expose env= command dry-run? output=|o quiet|q \
                image-pull-policy= overrides= annotations= leave-stdin-open privileged pod-running-timeout= \
                save-config grace-period= force timeout= wait",
        act: run,
    },
    Command { name: "exec", flags: "stdin|i tty|t container=|c filename=|f quiet|q pod-running-timeout=", act: exec },
];

/// How long a pod is waited for until it runs (`--pod-running-timeout`).
const START: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(10);
/// What kubectl says when it attaches a terminal.
const PROMPT: &str = "All commands and output from this session will be recorded in container logs, including credentials \
                      and sensitive information passed through the command prompt.\n\
                      If you don't see a command prompt, try pressing enter.\n";

fn run(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    args.require("image")?;
    let Some(name) = args.words.first() else {
        return Err(super::args::usage("run", "NAME is required for run"));
    };
    if args.flag("image").unwrap_or("").is_empty() {
        return Err(Failure::error("--image is required"));
    }
    let (has_stdin, has_tty) = (args.is_set("stdin"), args.is_set("tty"));
    let is_attached = args.flag("attach").map_or(has_stdin || has_tty, |flag| flag != "false");
    if has_tty && !has_stdin {
        return Err(super::args::usage("run", "-i/--stdin is required for containers with -t/--tty=true"));
    }
    if args.is_set("rm") && !is_attached {
        return Err(super::args::usage("run", "--rm should only be used for attached containers"));
    }
    if args.is_set("expose") && args.flag("port").is_none() {
        return Err(super::args::usage("run", "--port must be set when exposing a service"));
    }
    let restart = args.flag("restart").unwrap_or("Always");
    if !matches!(restart, "Always" | "OnFailure" | "Never") {
        return Err(super::args::usage("run", &format!("invalid restart policy: {restart}")));
    }
    let policy = args.flag("image-pull-policy").unwrap_or("Always");
    if !matches!(policy, "Always" | "IfNotPresent" | "Never") {
        return Err(super::args::usage("run", &format!("invalid image pull policy: {policy}")));
    }
    let image = args.flag("image").unwrap_or("");
    if image.contains(char::is_whitespace) {
        return Err(Failure::error(&format!("Invalid image name {}: invalid reference format", Quoted(image))));
    }
    let mut pod = pod(session, args, name, restart)?;
    super::generate::finish(&mut pod, args)?;
    let key = pod.key();
    let made = match args.flag("dry-run") {
        None | Some("none") => session.cluster.create(pod)?,
        Some(_) => {
            let drawn = super::generate::drawn(pod, args);
            return session.report(args, &alloc::rc::Rc::new(drawn), "created");
        }
    };
    if args.is_set("expose") {
        expose(session, args, &made)?;
    }
    if !is_attached {
        return session.report(args, &made, "created");
    }
    let failed = attach(session, args, &key, restart);
    if args.is_set("rm") {
        remove(session, &key);
    }
    failed
}

fn pod(session: &Session<'_>, args: &Args, name: &str, restart: &str) -> Result<Object, Failure> {
    let mut container = Value::map();
    container.set(&["name"], name);
    container.set(&["image"], args.flag("image").unwrap_or(""));
    if let Some(policy) = args.flag("image-pull-policy") {
        container.set(&["imagePullPolicy"], policy);
    }
    let words: Vec<String> = args.words[1..].iter().chain(args.rest.iter().flatten()).cloned().collect();
    if !words.is_empty() {
        let field = if args.is_set("command") { "command" } else { "args" };
        container.set(&[field], words);
    }
    let mut variables = Vec::new();
    for text in args.all("env") {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::error(&format!("invalid env: {text}")));
        };
        let mut entry = Value::map();
        entry.set(&["name"], name);
        entry.set(&["value"], value);
        variables.push(entry);
    }
    if !variables.is_empty() {
        container.set(&["env"], variables);
    }
    if let Some(port) = args.flag("port") {
        let port: i64 = port
            .parse()
            .map_err(|_| Failure::error(&format!("strconv.Atoi: parsing {}: invalid syntax", Quoted(port))))?;
        let mut entry = Value::map();
        entry.set(&["containerPort"], port);
        container.set(&["ports"], alloc::vec![entry]);
    }
    for (flag, field) in [("stdin", "stdin"), ("stdin", "stdinOnce"), ("tty", "tty")] {
        if args.is_set(flag) && !(field == "stdinOnce" && args.is_set("leave-stdin-open")) {
            container.set(&[field], true);
        }
    }
    if args.is_set("privileged") {
        container.set(&["securityContext", "privileged"], true);
    }
    let mut pod = Object::new(Kind::Pod, &session.namespace, name);
    let mut labels = Map::default();
    match args.flag("labels") {
        Some(text) => {
            for (name, value) in super::args::pairs(text)? {
                labels.insert(&name, value);
            }
        }
        None => drop(labels.insert("run", name)),
    }
    pod.value.set(&["metadata", "labels"], labels);
    for text in args.all("annotations") {
        for (name, value) in super::args::pairs(text)? {
            pod.value.set(&["metadata", "annotations", &name], value);
        }
    }
    pod.value.set(&["spec", "containers"], alloc::vec![container]);
    pod.value.set(&["spec", "restartPolicy"], restart);
    Ok(pod)
}

fn expose(session: &mut Session<'_>, args: &Args, pod: &Object) -> Result<(), Failure> {
    let mut service = Object::new(Kind::Service, pod.namespace(), pod.name());
    let mut port = Value::map();
    port.set(&["port"], pod.spec()["containers"][0]["ports"][0]["containerPort"].clone());
    port.set(&["protocol"], "TCP");
    port.set(&["targetPort"], port["port"].clone());
    service.value.set(&["spec", "ports"], alloc::vec![port]);
    service.value.set(&["spec", "selector"], pod.labels().clone());
    let made = session.cluster.create(service)?;
    session.report(args, &made, "created")
}

/// Waits for a new pod, gives its command the input and takes its output until it ends.
fn attach(session: &mut Session<'_>, args: &Args, key: &Key, restart: &str) -> Result<(), Failure> {
    let place = Place::pod(&key.namespace, &key.name);
    let end = session.cluster.now() + START;
    let process = loop {
        match session.cluster.attach(&place) {
            Ok(process) => break process,
            Err(_) if session.cluster.now() < end => session.cluster.advance(GLANCE),
            Err(_) => return Err(Failure::error("timed out waiting for the condition")),
        }
    };
    if args.is_set("tty") && !args.is_set("quiet") {
        session.complain(PROMPT);
    }
    let output = session.finish(process);
    session.print(&output.stdout);
    session.complain(&output.stderr);
    if restart == "Always" {
        return Ok(());
    }
    match output.exit_code {
        0 => Ok(()),
        code => {
            let text = format!("pod {}/{} terminated (Error)\n", key.namespace, key.name);
            Err(Failure::with_code(code, text))
        }
    }
}

/// `--rm`: the pod goes, and kubectl says so.
fn remove(session: &mut Session<'_>, key: &Key) {
    if session.cluster.delete(key, DeleteOptions::default()).is_ok() {
        session.print_line(&format!("pod \"{}\" deleted from {} namespace", key.name, key.namespace));
        let end = session.cluster.now() + START;
        while session.cluster.object(key.kind, &key.namespace, &key.name).is_some() && session.cluster.now() < end {
            session.cluster.advance(GLANCE);
        }
    }
}

fn exec(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    let (Some(target), Some(command)) = (args.words.first(), &args.rest) else {
        return Err(match args.words.len() {
            0 => Failure::error("pod, type/name or --filename must be specified"),
            1 => Failure::error("you must specify at least one command for the container"),
            _ => {
                let text = "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead";
                super::args::usage("exec", text)
            }
        });
    };
    if command.is_empty() {
        return Err(Failure::error("you must specify at least one command for the container"));
    }
    let pod = session.pod_of(target)?;
    let phase = pod.status()["phase"].str();
    if matches!(phase, "Succeeded" | "Failed") {
        let text = format!("cannot exec into a container in a completed pod; current phase is {phase}");
        return Err(Failure::error(&text));
    }
    let container = super::logs::container_of(session, &pod, args.flag("container"), false)?;
    if pod.spec()["nodeName"].is_empty() {
        let text = format!("unable to upgrade connection: pod {} does not have a host assigned", pod.name());
        return Err(Failure::error(&text));
    }
    let argv: Vec<&str> = command.iter().map(String::as_str).collect();
    let place = Place::pod(pod.namespace(), pod.name());
    let process =
        session.cluster.start_in(&place, container, &argv, args.is_set("tty")).map_err(|error| not_started(&error))?;
    let output = session.finish(process);
    session.print(&output.stdout);
    session.complain(&output.stderr);
    match output.exit_code {
        0 => Ok(()),
        code => Err(Failure::with_code(code, format!("command terminated with exit code {code}\n"))),
    }
}

fn not_started(error: &StartError) -> Failure {
    match error {
        StartError::NotRunning(_) => Failure::error(&format!("Internal error occurred: {error}")),
        error => Failure::error(&error.to_string()),
    }
}

impl Session<'_> {
    /// Gives a process the command line's input, waits for its end and takes its output.
    fn finish(&mut self, process: Process) -> Output {
        let input = self.context.stdin.clone();
        if !input.is_empty() {
            self.cluster.write(process, &input);
        }
        self.cluster.close_stdin(process);
        self.cluster.run_process(process, Cluster::EXEC_LIMIT, Cluster::EXEC_LIMIT);
        let (mut output, has_ended) = self.cluster.read(process);
        if !has_ended {
            self.cluster.interrupt(process);
            let (rest, _) = self.cluster.read(process);
            output.stdout.push_str(&rest.stdout);
            output.stderr.push_str(&rest.stderr);
            output.exit_code = Output::TIME_LIMIT;
        }
        output
    }
}
