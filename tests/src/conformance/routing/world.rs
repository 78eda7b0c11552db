//! The file's `world` with a case's pods and Services in it.

use crate::conformance::{
    Case,
    tree::{Fail, Tree},
    world::{self, PodSpec, parsed},
};
use clusterip::{
    api::Kind,
    cluster::{Cluster, Config, OutsideHost, Place, Process},
    net::Cidr,
    time::Duration,
};
use std::{collections::BTreeMap, net::IpAddr};

/// A running case.
pub(super) struct World<'a> {
    pub(super) cluster: Cluster,
    pub(super) shape: &'a Tree,
    /// Names of backends kept by `save`.
    pub(super) saved: BTreeMap<String, String>,
    /// Connections and sockets kept open, by their id.
    pub(super) open: BTreeMap<String, Open>,
}

/// A connection or a socket that stays open.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) process: Process,
}

/// The backend that is the machine outside.
pub(super) const EXTERNAL: &str = "ext";

impl<'a> World<'a> {
    /// Everything up to the first step.
    pub(super) fn start(case: Case<'a>) -> Result<World<'a>, Fail> {
        let shape = &case.table.root["world"];
        let mut world =
            World { cluster: world::start(config(shape)?)?, shape, saved: BTreeMap::new(), open: BTreeMap::new() };
        let (namespaces, others): (Vec<&str>, Vec<&str>) =
            case.get("objects").texts().into_iter().partition(|text| is_namespace(text));
        for text in namespaces {
            world.put(text)?;
        }
        world.clients()?;
        for backend in shape["backends"].items() {
            let name = backend["name"].text();
            let wanted = case.get("pods").items().iter().find(|pod| pod["name"].text() == name);
            match wanted {
                Some(pod) => world.add(pod)?,
                // Its process runs, but nothing selects it.
                None => world.add_idle(name)?,
            }
        }
        if let Some(pod) = case.get("pods").items().iter().find(|pod| world.backend(pod["name"].text()).is_err()) {
            return Err(Fail::unknown("backend", pod["name"].text()));
        }
        world::settle(&mut world.cluster)?;
        for text in case.get("services").texts().into_iter().chain(others) {
            world.put(text)?;
        }
        world::settle(&mut world.cluster)?;
        Ok(world)
    }

    /// Creates the objects of a text, or writes them over those that exist.
    pub(super) fn put(&mut self, text: &str) -> Result<(), Fail> {
        for object in world::objects(text, "default")? {
            let exists = self.cluster.object(object.kind, object.namespace(), object.name()).is_some();
            world::ensure_namespace(&mut self.cluster, object.namespace())?;
            let answer = if exists { self.cluster.replace(object) } else { self.cluster.create(object) };
            answer.map_err(|error| Fail::new("an object taken", error))?;
        }
        Ok(())
    }

    fn clients(&mut self) -> Result<(), Fail> {
        for client in self.shape["clients"].items() {
            client.only("client", &["name", "node", "ip", "namespace", "labels", "kind", "also_serves"])?;
            if !client.has("node") {
                // Nodes, backends and the machine outside are there anyway.
                continue;
            }
            let pod = PodSpec {
                namespace: namespace(client),
                name: client["name"].text().into(),
                labels: client["labels"].clone(),
                node: Some(client["node"].text().into()),
                addresses: vec![parsed("address", client["ip"].text())?],
                ready: true,
                ..PodSpec::default()
            };
            world::create_pod(&mut self.cluster, &pod)?;
        }
        Ok(())
    }

    /// The file's words about a backend.
    pub(super) fn backend(&self, name: &str) -> Result<&'a Tree, Fail> {
        let found = self.shape["backends"].items().iter().find(|backend| backend["name"].text() == name);
        found.ok_or_else(|| Fail::unknown("backend", name))
    }

    /// The namespace of a backend.
    pub(super) fn namespace_of(&self, name: &str) -> Result<String, Fail> {
        Ok(namespace(self.backend(name)?))
    }

    /// Makes a backend's pod as a case or a step describes it.
    pub(super) fn add(&mut self, pod: &Tree) -> Result<(), Fail> {
        pod.only("pod", &["name", "labels", "ready", "terminating"])?;
        let mut spec = self.spec(pod["name"].text())?;
        if pod.has("labels") {
            spec.labels = pod["labels"].clone();
        }
        spec.ready = pod["ready"].truth().unwrap_or(true);
        spec.terminating = pod["terminating"].truth().unwrap_or(false);
        if self.cluster.object(Kind::Pod, &spec.namespace, &spec.name).is_some() {
            world::remove_pod(&mut self.cluster, &spec.namespace, &spec.name)?;
            world::settle(&mut self.cluster)?;
        }
        world::create_pod(&mut self.cluster, &spec)
    }

    fn add_idle(&mut self, name: &str) -> Result<(), Fail> {
        let mut spec = self.spec(name)?;
        spec.labels = Tree::Null;
        world::create_pod(&mut self.cluster, &spec)
    }

    fn spec(&self, name: &str) -> Result<PodSpec, Fail> {
        let backend = self.backend(name)?;
        backend.only("backend", &["name", "node", "ip", "namespace"])?;
        let ports = |protocol: &str| {
            let ports = self.shape["backend_listens"][protocol].items().iter().filter_map(Tree::int);
            ports.map(|port| port as u16).collect::<Vec<u16>>()
        };
        let ports_field = [("ports".to_string(), self.shape["backend_container_ports"].clone())];
        let container = world::toolbox().merged(&Tree::Map(ports_field.into()));
        let web = Tree::Map([("app".to_string(), Tree::Text("web".into()))].into());
        Ok(PodSpec {
            namespace: namespace(backend),
            name: name.into(),
            labels: web,
            node: Some(backend["node"].text().into()),
            addresses: vec![parsed("address", backend["ip"].text())?],
            ready: true,
            tcp: ports("TCP"),
            udp: ports("UDP"),
            spec: vec![("containers", Tree::List(vec![container]))],
            ..PodSpec::default()
        })
    }

    /// Where a client of that name is.
    pub(super) fn place(&self, name: &str) -> Result<Place, Fail> {
        if self.shape["nodes"].items().iter().any(|node| node["name"].text() == name) {
            return Ok(Place::Node(name.into()));
        }
        let pods = self.shape["clients"].items().iter().chain(self.shape["backends"].items());
        match pods.filter(|pod| pod.has("ip")).find(|pod| pod["name"].text() == name) {
            Some(client) if client.has("node") => Ok(Place::pod(&namespace(client), name)),
            Some(_) => Ok(Place::Outside(name.into())),
            None => Err(Fail::unknown("client", name)),
        }
    }

    /// Every address of a node.
    pub(super) fn node_addresses(&self, name: &str) -> Result<Vec<IpAddr>, Fail> {
        let node = self.shape["nodes"].items().iter().find(|node| node["name"].text() == name);
        let node = node.ok_or_else(|| Fail::unknown("node", name))?;
        ["address", "pod_gateway"].into_iter().map(|key| parsed("address", node[key].text())).collect()
    }

    /// Lets seconds pass.
    pub(super) fn pause(&mut self, seconds: f64) {
        self.cluster.advance(Duration::from_micros((seconds * 1e6) as u64));
    }
}

fn namespace(tree: &Tree) -> String {
    match tree["namespace"].text() {
        "" => "default".into(),
        name => name.into(),
    }
}

fn is_namespace(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == "kind: Namespace")
}

fn config(shape: &Tree) -> Result<Config, Fail> {
    let mut nodes = Vec::new();
    for (at, node) in shape["nodes"].items().iter().enumerate() {
        node.only("node", &["name", "zone", "address", "pod_gateway"])?;
        let gateway: IpAddr = parsed("address", node["pod_gateway"].text())?;
        // Each node's pods are in the /24 of their gateway.
        let range: Cidr = parsed("address range", &format!("{gateway}/24"))?;
        let mut config = world::node(at, node, &range.masked().to_string())?;
        config.gateways = vec![gateway];
        nodes.push(config);
    }
    let mut outside = Vec::new();
    for client in shape["clients"].items().iter().filter(|client| client.has("ip") && !client.has("node")) {
        let listens = match client["also_serves"].text() {
            "" => Vec::new(),
            text => {
                let port = text.strip_prefix("TCP ").and_then(|rest| rest.strip_suffix(" under the name ext"));
                vec![parsed("port", port.ok_or_else(|| Fail::unknown("service of a client", text))?)?]
            }
        };
        let addresses = vec![parsed("address", client["ip"].text())?];
        // It knows the way back to the pods.
        let routes = nodes.iter().map(|node| (node.pod_cidrs[0], node.addresses[0])).collect();
        outside.push(OutsideHost { name: client["name"].text().into(), addresses, routes, listens });
    }
    Ok(Config {
        nodes,
        outside,
        service_cidrs: world::cidrs(&shape["serviceCIDRs"].texts())?,
        proxy: world::mode(shape["proxy_mode"].text())?,
        // The machine outside has routes to the pods.
        masquerade_outbound: false,
        ..world::bare()
    })
}
