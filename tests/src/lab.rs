//! A cluster at rest, and words to tell a story with it.

use clusterip::{
    api::{Kind, Object, yaml},
    cluster::{Cluster, Config, Output, Place},
};

/// A cluster and what tests do with it; every failure is a panic that says what was expected.
///
/// At the end of its story every lab is run a second time from its journal, which must end in the same digest.
#[derive(Debug)]
pub struct Lab {
    /// The cluster itself.
    pub cluster: Cluster,
}

impl Lab {
    /// The default cluster, settled.
    pub fn new() -> Lab {
        Lab::with(Config::default())
    }

    /// A cluster of that configuration, settled.
    pub fn with(config: Config) -> Lab {
        let mut lab = Lab { cluster: Cluster::new(config).expect("a configuration that contradicts nothing") };
        lab.settle();
        lab
    }

    /// Creates the objects of a text and waits until the cluster is at rest.
    pub fn create(&mut self, text: &str) {
        for manifest in yaml::parse(text) {
            let value = manifest.expect("YAML").value;
            let kind = Kind::from_manifest(value["apiVersion"].str(), value["kind"].str()).expect("a known kind");
            self.cluster.create(Object { kind, value }).unwrap_or_else(|error| panic!("{error}"));
        }
        self.settle();
    }

    /// Waits until the cluster is at rest.
    pub fn settle(&mut self) {
        let settled = self.cluster.settle();
        assert!(settled.is_settled(), "still pending: {:?}", settled.pending);
    }

    /// Runs a line in a pod of the namespace `default`.
    pub fn exec(&mut self, pod: &str, line: &str) -> Output {
        self.at(&Place::pod("default", pod), line)
    }

    /// Runs a line at a place.
    pub fn at(&mut self, place: &Place, line: &str) -> Output {
        self.cluster.exec(place, line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // A story that failed has said so already.
        if std::thread::panicking() {
            return;
        }
        let again = Cluster::replay(self.cluster.config().clone(), self.cluster.journal().inputs());
        assert_eq!(again.expect("the journal replays").digest(), self.cluster.digest(), "the second run is another");
    }
}

impl Default for Lab {
    fn default() -> Lab {
        Lab::new()
    }
}

/// A Deployment of three pods that answer on 8080, and its Service on port 80: the first seed's example.
pub const HOTEL: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: hotel-app
spec:
  replicas: 3
  selector:
    matchLabels:
      app: hotel-app
  template:
    metadata:
      labels:
        app: hotel-app
    spec:
      containers:
      - name: app
        image: hotel-app:1.0.0
        ports:
        - containerPort: 8080
---
apiVersion: v1
kind: Service
metadata:
  name: hotel-service
spec:
  selector:
    app: hotel-app
  ports:
  - port: 80
    targetPort: 8080
";

/// A pod to type commands into.
pub const CLIENT: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: client
spec:
  containers:
  - name: client
    image: nicolaka/netshoot
    command: [sleep, infinity]
";
