//! Command lines against a whole cluster.

use super::*;
use crate::cluster::Config;

fn lab() -> (Cluster, Context) {
    let mut cluster = Cluster::new(Config::default()).unwrap();
    cluster.settle();
    (cluster, Context::default())
}

#[test]
fn the_first_services_are_listed_with_their_columns() {
    let (mut cluster, mut context) = lab();
    let output = run(&mut cluster, &mut context, "kubectl get svc -A -o wide");
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("NAMESPACE     NAME         TYPE        CLUSTER-IP"), "{}", output.stdout);
    assert!(
        lines[2]
            .starts_with("kube-system   kube-dns     ClusterIP   10.96.0.10   <none>        53/UDP,53/TCP,9153/TCP")
    );
    assert!(lines[2].ends_with("k8s-app=kube-dns"));
}
