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

const WEB: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector:\n    app: web\n  ports:\n  - port: 80\n    targetPort: 8080\n";

#[test]
fn apply_says_created_then_unchanged_then_configured() {
    let (mut cluster, mut context) = lab();
    context.files.insert("web.yaml".into(), WEB.into());
    let mut apply = |context: &mut Context| run(&mut cluster, context, "kubectl apply -f web.yaml");
    assert_eq!(apply(&mut context).stdout, "service/web created\n");
    assert_eq!(apply(&mut context).stdout, "service/web unchanged\n");
    context.files.insert("web.yaml".into(), WEB.replace("8080", "8081"));
    let output = apply(&mut context);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("service/web configured\n", ""));
    let output = run(&mut cluster, &mut context, "kubectl delete svc web");
    assert_eq!(output.stdout, "service \"web\" deleted from default namespace\n");
}

#[test]
fn errors_of_files_name_the_file() {
    let (mut cluster, mut context) = lab();
    context.stdin = WEB.replace("name: web\n", "name: web\n  namespace: nope\n");
    let output = run(&mut cluster, &mut context, "kubectl apply -f -");
    assert_eq!(
        output.stderr,
        "Error from server (NotFound): error when creating \"STDIN\": namespaces \"nope\" not found\n"
    );
    let output = run(&mut cluster, &mut context, "kubectl apply -f x.yaml");
    assert_eq!(output.stderr, "error: the path \"x.yaml\" does not exist\n");
    context.stdin = "kind: Service\n".into();
    let output = run(&mut cluster, &mut context, "kubectl create -f -");
    assert!(output.stderr.starts_with("error: error validating \"STDIN\": error validating data: apiVersion not set;"));
}
