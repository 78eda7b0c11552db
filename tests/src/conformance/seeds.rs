//! Group `seeds`: examples and claims of tutorials, followed word by word.
//!
//! The cases say what to do in short English; the words known here are those the documents use.

mod judge;

use super::{
    Case,
    tree::{Fail, Tree},
    world::{self, PodSpec, parsed},
};
use clusterip::{
    api::{Kind, Object},
    cluster::{Cluster, Config, Output, OutsideHost, Place, Request, Trip},
    control::DeleteOptions,
    time::Duration,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// Where a connection comes from.
enum Origin {
    /// A pod of that namespace.
    Namespace(String),
    /// A pod of namespace default.
    Pod(String),
    /// A machine outside the cluster.
    Outside,
}

/// A machine outside the cluster that serves nothing.
const OUTSIDE: &str = "laptop";
/// The name given to `-f`, for which the cases write FILE.
const FILE: &str = "manifest.yaml";

/// One case: a cluster as `given`, what is done `when`, what is seen `then`.
pub(super) fn run(case: Case<'_>) -> Result<(), Fail> {
    case.only(&["document", "given", "when", "then"])?;
    let mut seed = Seed::start(case.get("given"))?;
    let when = case.get("when");
    when.only("when", &["apply", "namespace", "run", "connect", "dns", "lookup", "read", "do"])?;
    if when.has("apply") {
        seed.apply(when, case.get("then"))?;
    }
    for (form, act) in [
        ("run", Seed::commands as fn(&mut Seed, &str) -> Result<(), Fail>),
        ("connect", Seed::connect),
        ("read", Seed::read),
        ("do", Seed::sentences),
    ] {
        if when.has(form) {
            act(&mut seed, when[form].text())?;
        }
    }
    if when.has("dns") {
        seed.ask(&when["dns"])?;
    }
    if when.has("lookup") {
        seed.look_up(&when["lookup"])?;
    }
    case.get("then").fields().try_for_each(|(key, wanted)| seed.judge(key, wanted))
}

/// A running case, and what has been seen in it.
struct Seed {
    cluster: Cluster,
    /// The first Service among what was given, as namespace and name.
    service: Option<(String, String)>,
    /// Pods by address.
    pods: BTreeMap<IpAddr, String>,
    /// The object that was applied, before and after.
    before: Option<Tree>,
    after: Option<Tree>,
    output: Output,
    curl: Option<Output>,
    /// The trips of each `connect`.
    trips: Vec<Vec<Trip>>,
    /// What was read, with the word for it.
    read: String,
    answer: BTreeSet<String>,
    rcode: String,
    /// The pod whose environment was looked at.
    reader: Option<Place>,
}

impl Seed {
    fn start(given: &Tree) -> Result<Seed, Fail> {
        if !given.is_null() {
            given.only("given", &["namespaces", "applied", "pods", "external"])?;
        }
        let defaults = Config::default();
        let mut outside = defaults.outside;
        for (at, host) in given["external"].items().iter().enumerate() {
            host.only("external", &["ip", "listens"])?;
            let listens = host["listens"].items().iter().filter_map(Tree::int).map(|port| port as u16).collect();
            let addresses = vec![parsed("address", host["ip"].text())?];
            outside.push(OutsideHost { name: format!("external-{at}"), addresses, routes: Vec::new(), listens });
        }
        let config = Config { outside, dns: defaults.dns, ..world::bare() };
        let mut seed = Seed {
            cluster: world::start(config)?,
            service: None,
            pods: BTreeMap::new(),
            before: None,
            after: None,
            output: Output::default(),
            curl: None,
            trips: Vec::new(),
            read: String::new(),
            answer: BTreeSet::new(),
            rcode: String::new(),
            reader: None,
        };
        for name in given["namespaces"].texts() {
            world::ensure_namespace(&mut seed.cluster, name)?;
        }
        for pod in given["pods"].items() {
            seed.pod(pod)?;
        }
        world::settle(&mut seed.cluster)?;
        for text in given["applied"].texts() {
            for object in world::objects(text, "default")? {
                if object.kind == Kind::Service && seed.service.is_none() {
                    seed.service = Some((object.namespace().into(), object.name().into()));
                }
            }
            world::apply(&mut seed.cluster, text)?;
        }
        world::settle(&mut seed.cluster)?;
        Ok(seed)
    }

    fn pod(&mut self, pod: &Tree) -> Result<(), Fail> {
        pod.only("pod", &["name", "namespace", "labels", "ip", "ready", "listens"])?;
        let address: IpAddr = parsed("address", pod["ip"].text())?;
        self.pods.insert(address, pod["name"].text().into());
        let port = |port: &Tree| Tree::Map([("containerPort".to_string(), port.clone())].into());
        // An image that nobody knows answers HTTP on the ports it declares.
        let container = Tree::Map(BTreeMap::from([
            ("name".to_string(), Tree::Text("app".into())),
            ("image".to_string(), Tree::Text("example.com/app:1.0.0".into())),
            ("ports".to_string(), Tree::List(pod["listens"].items().iter().map(port).collect())),
        ]));
        let namespace = if pod.has("namespace") { pod["namespace"].text() } else { "default" };
        let spec = PodSpec {
            namespace: namespace.into(),
            name: pod["name"].text().into(),
            labels: pod["labels"].clone(),
            node: Some("node-1".into()),
            addresses: vec![address],
            ready: pod["ready"].truth().unwrap_or(true),
            spec: vec![("containers", Tree::List(vec![container]))],
            ..PodSpec::default()
        };
        world::create_pod(&mut self.cluster, &spec)
    }

    /// A pod of that namespace to run commands in, of an image that has the program.
    fn client(&mut self, namespace: &str, program: &str) -> Result<Place, Fail> {
        let image = match program {
            "curl" => "curlimages/curl",
            "dig" | "nc" => "nicolaka/netshoot",
            _ => "busybox",
        };
        let name = format!("client-{}", image.rsplit('/').next().unwrap_or(image));
        let place = Place::pod(namespace, &name);
        if self.cluster.object(Kind::Pod, namespace, &name).is_none() {
            let text = |text: &str| Tree::Text(text.into());
            let container = world::toolbox().merged(&Tree::Map([("image".to_string(), text(image))].into()));
            let spec = PodSpec {
                namespace: namespace.into(),
                name,
                node: Some("node-2".into()),
                ready: true,
                spec: vec![("containers", Tree::List(vec![container]))],
                ..PodSpec::default()
            };
            world::create_pod(&mut self.cluster, &spec)?;
            world::settle(&mut self.cluster)?;
        }
        Ok(place)
    }

    fn apply(&mut self, when: &Tree, then: &Tree) -> Result<(), Fail> {
        let text = when["apply"].text();
        let namespace = if when.has("namespace") { when["namespace"].text() } else { "default" };
        let first = world::objects(text, namespace)?.into_iter().next();
        let stored = |cluster: &Cluster| {
            first
                .as_ref()
                .and_then(|object: &Object| world::stored(cluster, object.kind, object.namespace(), object.name()))
        };
        self.before = stored(&self.cluster);
        world::file(&mut self.cluster, FILE, text);
        // Without a namespace of the case's own, none is named on the command line.
        let flag = if when.has("namespace") { format!(" -n {namespace}") } else { String::new() };
        self.output = world::kubectl(&mut self.cluster, &format!("kubectl{flag} apply -f {FILE}"), "");
        if self.output.exit_code != 0 && !then.has("stderr") {
            return Err(Fail::new("applied", &self.output.stderr));
        }
        world::settle(&mut self.cluster)?;
        self.after = stored(&self.cluster);
        Ok(())
    }

    /// Command lines parted by `;`, in a pod of the namespace that the words behind them name.
    fn commands(&mut self, text: &str) -> Result<(), Fail> {
        let (text, namespace) = match text.split_once(" (pod of namespace ") {
            Some((line, rest)) => (line, rest.trim_end_matches(')')),
            None => (text, "default"),
        };
        let namespace = namespace.to_string();
        for line in text.split(';').map(str::trim) {
            let output = if line.starts_with("kubectl") {
                let output = world::kubectl(&mut self.cluster, line, "");
                self.output = output.clone();
                output
            } else {
                let place = self.client(&namespace, line.split(' ').next().unwrap_or(""))?;
                world::exec(&mut self.cluster, &place, line)?
            };
            match line.split(' ').next() {
                Some("curl") => self.curl = Some(output),
                Some("kubectl") => {}
                _ => self.output = output,
            }
        }
        Ok(())
    }

    /// `http://name, 300 times`, `name:80 and name:90`, `port 80 of the service, 30 times, from one pod of namespace x`,
    /// `port 80 of the ClusterIP from outside`.
    fn connect(&mut self, text: &str) -> Result<(), Fail> {
        let from = self.origin(text)?;
        let mut targets = Vec::new();
        if let Some((before, _)) = text.split_once(" of the service") {
            let port = before.rsplit(' ').next().unwrap_or("");
            targets.push(format!("tcp://{}:{port}", self.stored_service()?.at("metadata.name").text()));
        } else if let Some((before, _)) = text.split_once(" of the ClusterIP") {
            let port = before.rsplit(' ').next().unwrap_or("");
            targets.push(format!("tcp://{}:{port}", self.stored_service()?.at("spec.clusterIP").text()));
        } else {
            for word in text.split([' ', ',']).filter(|word| word.contains(':')) {
                targets.push(if word.contains("://") { word.into() } else { format!("tcp://{word}") });
            }
        }
        if targets.is_empty() {
            return Err(Fail::unknown("connection", text));
        }
        let times = times(text).unwrap_or(1);
        let mut trips = Vec::new();
        for target in &targets {
            trips.extend(self.send(&from, target, times)?);
        }
        self.trips.push(trips);
        Ok(())
    }

    /// Where a connection comes from: a pod of the Service's namespace, unless the words name another place.
    fn origin(&mut self, text: &str) -> Result<Origin, Fail> {
        if text.contains("from outside") {
            return Ok(Origin::Outside);
        }
        if let Some((_, name)) = text.split_once("from pod ") {
            return Ok(Origin::Pod(name.split([' ', ',']).next().unwrap_or("").into()));
        }
        let own = self.service.as_ref().map_or("default".to_string(), |(namespace, _)| namespace.clone());
        let named = text.split_once("of namespace ").and_then(|(_, rest)| rest.split([' ', ',']).next());
        let namespace = named.map_or(own, String::from);
        world::ensure_namespace(&mut self.cluster, &namespace)?;
        Ok(Origin::Namespace(namespace))
    }

    fn stored_service(&self) -> Result<Tree, Fail> {
        let (namespace, name) = self.service.as_ref().ok_or_else(|| Fail::new("a Service", "none given"))?;
        let stored = world::stored(&self.cluster, Kind::Service, namespace, name);
        stored.ok_or_else(|| Fail::new(format!("Service {name}"), "none"))
    }

    fn send(&mut self, from: &Origin, to: &str, times: u32) -> Result<Vec<Trip>, Fail> {
        let program = if to.starts_with("tcp://") { "nc" } else { "curl" };
        let from = match from {
            Origin::Namespace(namespace) => self.client(namespace, program)?,
            Origin::Pod(name) => Place::pod("default", name),
            Origin::Outside => Place::Outside(OUTSIDE.into()),
        };
        let request = Request { times, ..Request::new(from, to) };
        self.cluster.send(&request).map_err(|error| Fail::new(format!("{to} asked"), error))
    }

    /// Sentences parted by `;` or `, then`.
    fn sentences(&mut self, text: &str) -> Result<(), Fail> {
        for sentence in text.replace(", then ", ";").split(';').map(str::trim) {
            self.sentence(sentence)?;
            world::settle(&mut self.cluster)?;
        }
        Ok(())
    }

    fn sentence(&mut self, sentence: &str) -> Result<(), Fail> {
        let words: Vec<&str> = sentence.split(' ').collect();
        match words.as_slice() {
            [pod, "becomes", state @ ("ready" | "unready")] => {
                world::set_pod_status(&mut self.cluster, "default", pod, Some(*state == "ready"), "")
            }
            ["connect", ..] => {
                let service = self.stored_service()?;
                let name = service.at("metadata.name").text();
                let target = format!("tcp://{name}:{}", service.at("spec.ports[0].port"));
                let from = self.origin(sentence)?;
                let trips = self.send(&from, &target, times(sentence).unwrap_or(1))?;
                self.trips.push(trips);
                Ok(())
            }
            ["apply", name] => {
                let text = format!(
                    "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}\n"
                );
                world::apply(&mut self.cluster, &text)
            }
            ["print", _, "in", "pod", pod] => {
                let place = Place::pod("default", pod);
                self.output = world::exec(&mut self.cluster, &place, "env")?;
                self.reader = Some(place);
                Ok(())
            }
            ["delete", "pod", pod] | [pod, "is", "deleted"] => world::remove_pod(&mut self.cluster, "default", pod),
            ["delete", "service", name] => {
                world::delete(&mut self.cluster, Kind::Service, "default", name, DeleteOptions::default())
            }
            ["wait", seconds, "seconds" | "s"] => {
                self.cluster.advance(Duration::from_secs(parsed("number", seconds)?));
                Ok(())
            }
            ["kubectl" | "curl" | "nslookup" | "telnet" | "wget" | "ping" | "nc", ..] => self.commands(sentence),
            _ => Err(Fail::unknown("sentence", sentence)),
        }
    }

    fn read(&mut self, text: &str) -> Result<(), Fail> {
        let words: Vec<&str> = text.split(' ').collect();
        match words.as_slice() {
            [what, "of", name] | [what, name] if ["endpoints", "endpointslices"].contains(what) => {
                self.read = name.to_string();
                Ok(())
            }
            [what, "of", name] | [what, name] => {
                let is_it = |kind: &Kind| [kind.names().singular, kind.names().plural].contains(what);
                let kind = Kind::ALL.into_iter().find(is_it).ok_or_else(|| Fail::unknown("thing to read", text))?;
                self.after = world::stored(&self.cluster, kind, "default", name);
                Ok(())
            }
            _ => Err(Fail::unknown("thing to read", text)),
        }
    }

    fn ask(&mut self, asked: &Tree) -> Result<(), Fail> {
        asked.only("dns", &["name", "type"])?;
        let place = self.client("default", "dig")?;
        self.dig(&place, &format!("dig {} {}", asked["name"].text(), asked["type"].text()))
    }

    fn look_up(&mut self, asked: &Tree) -> Result<(), Fail> {
        asked.only("lookup", &["name", "type", "pod_namespace"])?;
        let namespace = if asked.has("pod_namespace") { asked["pod_namespace"].text() } else { "default" };
        world::ensure_namespace(&mut self.cluster, namespace)?;
        let place = self.client(namespace, "dig")?;
        self.dig(&place, &format!("dig +search {} A", asked["name"].text()))
    }

    fn dig(&mut self, place: &Place, line: &str) -> Result<(), Fail> {
        let output = world::exec(&mut self.cluster, place, line)?;
        let (_, status) = output.stdout.split_once("status: ").unwrap_or(("", ""));
        self.rcode = status.split(',').next().unwrap_or("").into();
        let rows = output.stdout.lines().filter(|line| !line.starts_with(';') && line.contains("\tIN\tA\t"));
        self.answer = rows.filter_map(|row| row.rsplit('\t').next()).map(String::from).collect();
        Ok(())
    }
}

/// The number in `N times`.
fn times(text: &str) -> Option<u32> {
    let (before, _) = text.split_once(" times")?;
    before.rsplit(' ').next()?.parse().ok()
}
