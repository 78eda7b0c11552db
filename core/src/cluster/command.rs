//! kubectl, as a part of the cluster: what it is told is an input like any other.

use super::{Cluster, Input, Output};
use crate::kubectl;
use crate::ordered::OrdMap;
use alloc::{borrow::ToOwned, string::String};

impl Cluster {
    /// Runs a kubectl command line; the word `kubectl` may be left out.
    ///
    /// ```
    /// use clusterip::cluster::{Cluster, Config};
    /// let mut cluster = Cluster::new(Config::default()).unwrap();
    /// let output = cluster.kubectl("kubectl get service kubernetes -o name");
    /// assert_eq!(output.stdout, "service/kubernetes\n");
    /// ```
    pub fn kubectl(&mut self, line: &str) -> Output {
        self.kubectl_with(line, "")
    }

    /// [`Cluster::kubectl`] with text for `-f -`.
    pub fn kubectl_with(&mut self, line: &str, stdin: &str) -> Output {
        let input = Input::Kubectl { line: line.to_owned(), stdin: stdin.to_owned() };
        self.input(input, |cluster| {
            let mut context = core::mem::take(&mut cluster.context);
            context.stdin = stdin.to_owned();
            let output = kubectl::run(cluster, &mut context, line);
            cluster.context = context;
            output
        })
    }

    /// Applies the manifests of a text, as `kubectl apply -f -` does.
    pub fn apply(&mut self, yaml: &str) -> Output {
        self.kubectl_with("kubectl apply -f -", yaml)
    }

    /// [`Cluster::apply`] with the namespace of the objects that name none.
    pub fn apply_in(&mut self, namespace: &str, yaml: &str) -> Output {
        let input = Input::Apply { namespace: namespace.to_owned(), text: yaml.to_owned() };
        self.input(input, |cluster| {
            let usual = core::mem::replace(&mut cluster.context.namespace, namespace.to_owned());
            let output = cluster.apply(yaml);
            cluster.context.namespace = usual;
            output
        })
    }

    /// Puts a file where `-f NAME` finds it, or takes it away.
    pub fn set_file(&mut self, name: &str, text: Option<&str>) {
        let input = Input::File { name: name.to_owned(), text: text.map(str::to_owned) };
        self.input(input, |cluster| match text {
            Some(text) => drop(cluster.context.files.insert(name.to_owned(), text.to_owned())),
            None => drop(cluster.context.files.remove(name)),
        });
    }

    /// The files that `-f` finds, by name.
    pub fn files(&self) -> &OrdMap<String, String> {
        &self.context.files
    }
}
