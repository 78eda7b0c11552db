//! Command lines against a whole cluster.

use super::*;
use crate::{api::Kind, cluster::Config};

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
fn a_dry_run_of_replace_changes_nothing_and_a_status_is_patched_apart() {
    let (mut cluster, mut context) = lab();
    context.stdin = WEB.into();
    run(&mut cluster, &mut context, "kubectl create -f -");
    context.stdin = WEB.replace("port: 80\n", "port: 81\n");
    let output = run(&mut cluster, &mut context, "kubectl replace --dry-run=server -f -");
    assert_eq!(output.stdout, "service/web replaced (server dry run)\n");
    let port = |cluster: &Cluster| cluster.object(Kind::Service, "default", "web").unwrap().spec()["ports"][0].clone();
    assert_eq!(port(&cluster)["port"].as_int(), Some(80));
    let patch = "kubectl patch svc web --subresource=status --type=merge -p \
                 '{\"spec\":{\"ports\":null},\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"1.2.3.4\"}]}}}'";
    let output = run(&mut cluster, &mut context, patch);
    assert!(output.stderr.contains("may only be used when `spec.type` is 'LoadBalancer'"), "{}", output.stderr);
    assert_eq!(port(&cluster)["port"].as_int(), Some(80));
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

#[test]
fn patches_of_the_three_types_change_a_service() {
    let (mut cluster, mut context) = lab();
    context.stdin = WEB.into();
    let mut kubectl = |line: &str| run(&mut cluster, &mut context, line);
    kubectl("kubectl apply -f -");
    let merge = r#"kubectl patch svc web --type=merge -p '{"spec":{"selector":{"tier":"front"}}}'"#;
    assert_eq!(kubectl(merge).stdout, "service/web patched\n");
    assert_eq!(kubectl(merge).stdout, "service/web patched (no change)\n");
    let strategic = r#"kubectl patch svc/web -p '{"spec":{"ports":[{"port":80,"targetPort":9090}]}}'"#;
    assert_eq!(kubectl(strategic).stdout, "service/web patched\n");
    let json = r#"kubectl patch svc web --type json -p '[{"op":"remove","path":"/spec/selector/app"}]'"#;
    assert_eq!(kubectl(json).stdout, "service/web patched\n");
    let left = kubectl("kubectl get svc web -o jsonpath='{.spec.selector} {.spec.ports[0].targetPort}'").stdout;
    assert_eq!(left, r#"{"tier":"front"} 9090"#);
    let broken = kubectl(r#"kubectl patch svc web --type json -p '[{"op":"remove","path":"/nope"}]'"#);
    let words = "The request is invalid: the server rejected our request due to an error in our request\n";
    assert_eq!((&*broken.stderr, broken.exit_code), (words, 1));
}

#[test]
fn waiting_lets_time_pass_until_the_condition_holds() {
    let (mut cluster, mut context) = lab();
    let mut kubectl = |line: &str| run(&mut cluster, &mut context, line);
    kubectl("kubectl create deployment web --image=nginx");
    let output = kubectl("kubectl wait --for=condition=available deployment/web --timeout=60s");
    assert_eq!((&*output.stdout, &*output.stderr), ("deployment.apps/web condition met\n", ""));
    let output = kubectl("kubectl wait --for=delete deploy/web --timeout=2s");
    assert_eq!(output.stderr, "error: timed out waiting for the condition on deployments/web\n");
    let output = kubectl("kubectl explain svc.spec.ports");
    assert!(output.stdout.starts_with("KIND:       Service\nVERSION:    v1\n\nFIELD: ports <[]ServicePort>\n"));
}

#[test]
fn an_invalid_object_among_others_is_said_in_the_servers_words() {
    let (mut cluster, mut context) = lab();
    context.stdin =
        format!("{WEB}---\n{}---\n{}", WEB.replace("port: 80", "port: 0"), WEB.replace("name: web", "name: W"));
    let output = run(&mut cluster, &mut context, "kubectl create -f -");
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(output.stdout, "service/web created\n");
    assert!(
        lines[0].starts_with("Error from server (Invalid): error when creating \"STDIN\": Service \"web\" is invalid")
    );
    assert!(
        lines[1].starts_with("Error from server (Invalid): error when creating \"STDIN\": Service \"W\" is invalid")
    );
}

#[test]
fn a_dry_run_prints_what_go_would_marshal() {
    let (mut cluster, mut context) = lab();
    let output = run(&mut cluster, &mut context, "kubectl run x --image=nginx --dry-run=client -o yaml");
    let expected = "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    run: x\n  name: x\nspec:\n  containers:\n  - \
                    image: nginx\n    name: x\n    resources: {}\n  dnsPolicy: ClusterFirst\n  restartPolicy: \
                    Always\nstatus: {}\n";
    assert_eq!(output.stdout, expected);
    assert_eq!(
        run(&mut cluster, &mut context, "kubectl get pods").stderr,
        "No resources found in default namespace.\n"
    );
}

#[test]
fn a_table_shows_types_only_if_there_are_several() {
    let (mut cluster, mut context) = lab();
    let output = run(&mut cluster, &mut context, "kubectl get svc/kubernetes po/ghost");
    assert!(output.stdout.lines().nth(1).unwrap().starts_with("kubernetes "));
    assert_eq!(output.exit_code, 1);
    let output = run(&mut cluster, &mut context, "kubectl get svc,no");
    assert!(output.stdout.contains("service/kubernetes ") && output.stdout.contains("\n\nNAME"));
    assert!(output.stdout.contains("node/node-1 "));
}

#[test]
fn a_line_with_its_prompt_is_bashs_error_and_our_hint() {
    let (mut cluster, mut context) = lab();
    let output = run(&mut cluster, &mut context, "$ kubectl get pods");
    assert_eq!((&*output.stderr, output.exit_code), ("bash: $: command not found\n", 127));
    assert_eq!(output.hint.unwrap().action.as_deref(), Some("kubectl get pods"));
    let output = run(&mut cluster, &mut context, "kubectl create deployment redis –image=redis");
    assert_eq!(output.stderr, "error: required flag(s) \"image\" not set\n");
    assert_eq!(output.hint.unwrap().code, "CIP007");
}

#[test]
fn files_name_objects_for_every_command() {
    let (mut cluster, mut context) = lab();
    context.files.insert("web.yaml".into(), WEB.into());
    let mut kubectl = |line: &str| run(&mut cluster, &mut context, line);
    kubectl("kubectl create -f web.yaml");
    assert!(kubectl("kubectl get -f web.yaml").stdout.contains("\nweb "));
    assert_eq!(kubectl("kubectl label -f web.yaml a=b").stdout, "service/web labeled\n");
    assert_eq!(kubectl("kubectl get svc -l a=b -o name").stdout, "service/web\n");
}

#[test]
fn unknown_fields_are_dropped_only_if_nobody_validates() {
    let (mut cluster, mut context) = lab();
    context.stdin = WEB.replace("spec:\n", "spec:\n  colour: red\n");
    let mut kubectl = |line: &str| run(&mut cluster, &mut context, line);
    let strict = kubectl("kubectl create -f -");
    let words = "Service in version \"v1\" cannot be handled as a Service: strict decoding error: unknown field \"spec.colour\"";
    let text = format!("Error from server (BadRequest): error when creating \"STDIN\": {words}\n");
    assert_eq!((strict.stderr, strict.exit_code), (text, 1));
    let lenient = kubectl("kubectl create -f - --validate=warn");
    assert_eq!(lenient.stderr, "Warning: unknown field \"spec.colour\"\n");
    assert_eq!(lenient.stdout, "service/web created\n");
}

#[test]
fn flags_that_are_not_simulated_are_refused_with_the_reason() {
    let (mut cluster, mut context) = lab();
    context.files.insert("web.yaml".into(), WEB.into());
    cluster.advance(crate::time::Duration::from_secs(60));
    for (line, says) in [
        ("apply -f web.yaml --prune --all", "error: --prune is not simulated: "),
        ("apply -f web.yaml --overwrite=false", "error: --overwrite is not simulated: "),
        ("create -f web.yaml --edit", "error: --edit is not simulated: "),
        ("get --raw /api", "error: --raw is not simulated: "),
        ("get svc --context=other", "error: context \"other\" does not exist"),
        ("--context other get svc", "error: context \"other\" does not exist"),
        ("get svc --kubeconfig=/nowhere", "error: stat /nowhere: no such file or directory"),
        ("version -o table", "error: --output must be 'yaml' or 'json'"),
        ("explain svc --api-version=v2", "error: couldn't find resource for \"/v2, Resource=services\""),
        ("logs web --since=1s", "error: --since is not simulated: "),
        ("cluster-info dump", "error: kubectl cluster-info dump is not simulated: "),
        ("run web --image=nginx --overrides={bad", "error: Invalid JSON Patch"),
    ] {
        let output = run(&mut cluster, &mut context, line);
        assert!(output.stderr.starts_with(says) && output.exit_code == 1, "{line}: {}", output.stderr);
    }
    assert!(cluster.object(Kind::Service, "default", "web").is_none());
    assert_eq!(run(&mut cluster, &mut context, "apply -f web.yaml --prune=false --context=clusterip").exit_code, 0);
}

#[test]
fn flags_that_were_passed_over_do_what_they_say() {
    let (mut cluster, mut context) = lab();
    context.files.insert("web.yaml".into(), WEB.into());
    let mut kubectl = |line: &str| run(&mut cluster, &mut context, line);
    kubectl("apply -f web.yaml");
    let exposed = kubectl(
        "expose svc web --name=api --overrides={\"spec\":{\"clusterIP\":\"None\"}} -o jsonpath={.spec.clusterIP}",
    );
    assert_eq!(exposed.stdout, "", "{}", exposed.stderr);
    let exposed = kubectl(
        "expose svc web --name=api --overrides='{\"spec\":{\"clusterIP\":\"None\"}}' -o jsonpath={.spec.clusterIP}",
    );
    assert_eq!(exposed.stdout, "None", "{}", exposed.stderr);
    let pod = kubectl("run x --image=nginx --privileged --annotations=a=b --annotations=c=d --dry-run=client -o yaml");
    assert!(pod.stdout.contains("    securityContext:\n      privileged: true\n"), "{}", pod.stdout);
    assert!(pod.stdout.contains("  annotations:\n    a: b\n    c: d\n"), "{}", pod.stdout);
    let version = kubectl("version -o json --client").stdout;
    assert!(version.contains("\"gitVersion\": \"v1.36.2\"") && !version.contains("serverVersion"), "{version}");
    let stale = kubectl("set selector svc/web app=x --resource-version=1");
    assert!(stale.stderr.contains("the object has been modified"), "{}", stale.stderr);
    let warned = kubectl("get endpoints --warnings-as-errors");
    assert!(warned.stderr.ends_with("error: 1 warning received\n") && warned.exit_code == 1, "{}", warned.stderr);
    kubectl(
        "run talker --image=busybox --labels=app=talker --restart=Never -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; done'",
    );
    kubectl("wait pod talker --for=jsonpath={.status.phase}=Succeeded");
    assert_eq!(kubectl("logs talker --limit-bytes=3").stdout, "1\n2");
    let prefixed = kubectl("logs -l app=talker --prefix").stdout;
    assert!(prefixed.starts_with("[pod/talker/talker] 3\n") && prefixed.ends_with(" 12\n"), "{prefixed}");
}

#[test]
fn delete_waits_for_finalizers_and_says_whose_turn_it_is() {
    let (mut cluster, mut context) = lab();
    context.stdin = WEB.replace("name: web\n", "name: web\n  finalizers: [example.com/hold]\n");
    let mut kubectl = |line: &str| run(&mut cluster, &mut context, line);
    kubectl("apply -f -");
    let held = kubectl("delete svc web --timeout=2s");
    assert_eq!(held.stdout, "service \"web\" deleted from default namespace\n");
    assert_eq!(held.stderr, "error: timed out waiting for the condition on services/web\n");
    assert!(held.exit_code == 1 && held.hint.unwrap().text.contains("example.com/hold"));
    assert_eq!(kubectl("delete svc web --wait=false").exit_code, 0);
    let free = "patch svc web --type=json -p '[{\"op\":\"remove\",\"path\":\"/metadata/finalizers\"}]'";
    assert_eq!(kubectl(free).stdout, "service/web patched\n");
    assert_eq!(kubectl("get svc web").stderr, "Error from server (NotFound): services \"web\" not found\n");
}

#[test]
fn a_deployment_deleted_in_the_foreground_goes_after_its_pods() {
    let (mut cluster, mut context) = lab();
    let mut kubectl = |line: &str| run(&mut cluster, &mut context, line);
    kubectl("create deployment web --image=nginx --replicas=2");
    kubectl("rollout status deployment web");
    kubectl("delete deployment web --cascade=foreground --wait=false");
    let waiting = "get deployment,rs -o jsonpath={.items[*].metadata.finalizers[0]}";
    assert_eq!(kubectl(waiting).stdout, "foregroundDeletion foregroundDeletion");
    assert!(kubectl("get pods --no-headers").stdout.contains("Terminating"));
    kubectl("wait --for=delete deployment/web");
    assert_eq!(kubectl("get deployment,rs,pods").stderr, "No resources found in default namespace.\n");
}

#[test]
fn a_pod_with_a_finalizer_is_over_once_its_containers_are() {
    let (mut cluster, mut context) = lab();
    context.stdin = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  finalizers: [example.com/hold]\nspec:\n  \
                     containers: [{name: c, image: nginx}]\n"
        .into();
    let mut kubectl = |line: &str| run(&mut cluster, &mut context, line);
    kubectl("apply -f -");
    let ready = kubectl("wait pod web --for=condition=Ready");
    assert_eq!(ready.stdout, "pod/web condition met\n", "{}", ready.stderr);
    kubectl("delete pod web --timeout=60s");
    assert!(
        kubectl("get pod web --no-headers").stdout.starts_with("web   0/1   Completed   0"),
        "{}",
        kubectl("get pod web").stdout
    );
    kubectl("patch pod web --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
    assert_eq!(kubectl("get pods").stderr, "No resources found in default namespace.\n");
}

#[test]
fn a_stateful_set_has_revisions_of_upstreams_names_and_goes_back_to_them() {
    let (mut cluster, mut context) = lab();
    context.stdin =
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec:\n  serviceName: web\n  replicas: \
                     1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    \
                     spec:\n      containers: [{name: nginx, image: \"nginx:1.27\"}]\n"
            .into();
    let mut kubectl = |line: &str| run(&mut cluster, &mut context, line).stdout;
    kubectl("create -f -");
    kubectl("rollout status sts web");
    kubectl("set image sts/web nginx=nginx:1.28");
    assert!(
        kubectl("rollout status sts web").ends_with("partitioned roll out complete: 1 new pods have been updated...\n")
    );
    let list = kubectl("get controllerrevisions");
    assert!(list.starts_with(
        "NAME             CONTROLLER             REVISION   AGE\nweb-6f9665cc5d   statefulset.apps/web   2   "
    ));
    assert!(list.contains("\nweb-7c44b75699   statefulset.apps/web   1   "), "{list}");
    assert_eq!(kubectl("get pods -l controller-revision-hash=web-6f9665cc5d -o name"), "pod/web-0\n");
    let history = kubectl("rollout history sts web");
    assert_eq!(history, "statefulset.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n");
    let first = kubectl("rollout history sts web --revision=1");
    assert!(
        first.starts_with("statefulset.apps/web with revision #1\nPod Template:\n") && first.contains("nginx:1.27")
    );
    assert_eq!(kubectl("rollout undo sts web"), "statefulset.apps/web rolled back\n");
    kubectl("rollout status sts web");
    assert!(kubectl("rollout history sts web").ends_with("\n2         <none>\n3         <none>\n\n"));
    let of = "get sts web -o jsonpath={.spec.template.spec.containers[0].image},{.status.currentRevision}";
    assert_eq!(kubectl(of), "nginx:1.27,web-7c44b75699");
}

#[test]
fn a_namespace_that_cannot_go_says_what_keeps_it() {
    let (mut cluster, mut context) = lab();
    context.stdin = WEB.replace("name: web\n", "name: web\n  namespace: shop\n  finalizers: [example.com/hold]\n");
    let mut kubectl = |line: &str| run(&mut cluster, &mut context, line);
    kubectl("create ns shop");
    kubectl("apply -f -");
    let held = kubectl("delete ns shop --timeout=1s");
    assert_eq!(held.stderr, "error: timed out waiting for the condition on namespaces/shop\n");
    let page = kubectl("describe ns shop").stdout;
    let row = "NamespaceFinalizersRemaining                 True    Thu, 01 Jan 2026 00:00:00 +0000  SomeFinalizersRemain  Some \
               content in the namespace has finalizers remaining: example.com/hold in 1 resource instances\n";
    assert!(page.contains(row), "{page}");
    assert!(page.contains("Some resources are remaining: services. has 1 resource instances\n"), "{page}");
    kubectl("patch svc web -n shop --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
    kubectl("wait --for=delete ns/shop");
    assert_eq!(kubectl("get ns shop").exit_code, 1);
}
