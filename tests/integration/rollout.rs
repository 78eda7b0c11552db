//! A Deployment from one revision to the next, and what `kubectl describe` says of it all.

use clusterip::cluster::{Config, Limits};
use tests::lab::{HOTEL, Lab};

/// The output of a kubectl line that must succeed.
fn kubectl(lab: &mut Lab, line: &str) -> String {
    let output = lab.cluster.kubectl(line);
    assert_eq!(output.exit_code, 0, "{line}: {}", output.stderr);
    output.stdout
}

#[test]
fn a_new_image_rolls_out_and_back() {
    let mut lab = Lab::new();
    lab.create(HOTEL);
    assert_eq!(
        kubectl(&mut lab, "kubectl set image deployment/hotel-app app=hotel-app:2.0.0"),
        "deployment.apps/hotel-app image updated\n"
    );
    let status = kubectl(&mut lab, "kubectl rollout status deployment/hotel-app");
    assert!(status.contains("1 out of 3 new replicas have been updated..."), "{status}");
    assert!(status.ends_with("deployment \"hotel-app\" successfully rolled out\n"), "{status}");
    let image = |lab: &mut Lab| {
        kubectl(lab, "kubectl get deploy hotel-app -o jsonpath={.spec.template.spec.containers[0].image}")
    };
    assert_eq!(image(&mut lab), "hotel-app:2.0.0");
    assert_eq!(
        kubectl(&mut lab, "kubectl rollout undo deployment/hotel-app"),
        "deployment.apps/hotel-app rolled back\n"
    );
    assert_eq!(image(&mut lab), "hotel-app:1.0.0");
    kubectl(&mut lab, "kubectl rollout status deployment/hotel-app");
    assert_eq!(
        kubectl(&mut lab, "kubectl rollout restart deployment hotel-app"),
        "deployment.apps/hotel-app restarted\n"
    );
    kubectl(&mut lab, "kubectl rollout status deployment/hotel-app");
    let history = kubectl(&mut lab, "kubectl rollout history deployment/hotel-app");
    assert!(
        history.contains("REVISION  CHANGE-CAUSE\n2         <none>\n3         <none>\n4         <none>"),
        "{history}"
    );
}

#[test]
fn a_service_is_described_as_kubectl_describes_it() {
    let mut lab = Lab::new();
    lab.create(HOTEL);
    let text = kubectl(&mut lab, "kubectl describe service hotel-service");
    let line =
        |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start} in {text}"));
    assert_eq!(line("Name:"), "Name:                     hotel-service");
    assert_eq!(line("Selector:"), "Selector:                 app=hotel-app");
    assert_eq!(line("Port:"), "Port:                     <unset>  80/TCP");
    assert_eq!(line("TargetPort:"), "TargetPort:               8080/TCP");
    assert_eq!(line("Internal Traffic Policy:"), "Internal Traffic Policy:  Cluster");
    assert_eq!(line("Events:"), "Events:                   <none>");
    assert_eq!(line("Endpoints:").matches(":8080").count(), 3);
}

#[test]
fn a_pod_is_described_with_what_happened_to_it() {
    let mut lab = Lab::new();
    lab.create(HOTEL);
    let name = kubectl(&mut lab, "kubectl get pods -o jsonpath={.items[0].metadata.name}");
    let text = kubectl(&mut lab, &format!("kubectl describe pod {name}"));
    for part in [
        "Controlled By:  ReplicaSet/hotel-app-",
        "    Port:           8080/TCP",
        "      Started:      ",
        "Scheduled",
        "Started",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let other = lab.cluster.kubectl("kubectl describe pod nobody");
    assert_eq!(other.stderr, "Error from server (NotFound): pods \"nobody\" not found\n");
}

#[test]
fn what_is_not_simulated_says_why() {
    let output = Lab::new().cluster.kubectl("kubectl top pods");
    assert_eq!((output.exit_code, output.stdout.as_str()), (1, ""));
    assert_eq!(output.stderr, "error: Metrics API not available\n");
}

#[test]
fn objects_are_made_and_changed_by_flags_alone() {
    let mut lab = Lab::new();
    let lines = [
        ("kubectl create deployment redis --image=redis", "deployment.apps/redis created\n"),
        ("kubectl expose deployment redis --port=6379 --name cache", "service/cache exposed\n"),
        ("kubectl create ns shop", "namespace/shop created\n"),
        ("kubectl create service clusterip web --tcp=80:8080 -n shop", "service/web created\n"),
        ("kubectl scale deployment/redis --replicas=3", "deployment.apps/redis scaled\n"),
        ("kubectl label svc cache tier=back", "service/cache labeled\n"),
        ("kubectl label svc cache tier-", "service/cache unlabeled\n"),
        ("kubectl annotate svc cache note=x", "service/cache annotated\n"),
        ("kubectl set selector service cache app=redis,tier=x", "service/cache selector updated\n"),
    ];
    for (line, words) in lines {
        assert_eq!(kubectl(&mut lab, line), words, "{line}");
    }
    lab.settle();
    assert_eq!(kubectl(&mut lab, "kubectl get pods -o name").lines().count(), 3);
    let refused = lab.cluster.kubectl("kubectl label deploy redis app=x");
    assert_eq!(refused.stderr, "error: 'app' already has a value (redis), and --overwrite is false\n");
    let ports = kubectl(&mut lab, "kubectl get svc web -n shop -o jsonpath={.spec.ports[0].targetPort}");
    assert_eq!(ports, "8080");
}

#[test]
fn a_test_pod_runs_once_and_is_gone() {
    let mut lab = Lab::new();
    lab.create(HOTEL);
    let line = "kubectl run test --image=curlimages/curl --rm -it --restart=Never -- curl -s http://hotel-service";
    let output = kubectl(&mut lab, line);
    assert!(output.starts_with("hotel-app-"), "{output}");
    assert!(output.ends_with("pod \"test\" deleted from default namespace\n"), "{output}");
    assert!(lab.cluster.object(clusterip::api::Kind::Pod, "default", "test").is_none());
    let refused = lab
        .cluster
        .kubectl("kubectl run test --image=curlimages/curl --rm -i --restart=Never -- curl -sS http://nobody");
    assert_eq!(refused.exit_code, 6, "{refused:?}");
    assert!(refused.stderr.ends_with("pod default/test terminated (Error)\n"), "{refused:?}");
}

#[test]
fn a_command_in_a_running_pod_keeps_its_exit_code() {
    let mut lab = Lab::new();
    lab.create(HOTEL);
    let name = kubectl(&mut lab, "kubectl get pods -o jsonpath={.items[0].metadata.name}");
    assert_eq!(kubectl(&mut lab, &format!("kubectl exec {name} -- hostname")), format!("{name}\n"));
    assert_eq!(
        kubectl(&mut lab, "kubectl exec deploy/hotel-app -- sh -c 'echo $KUBERNETES_SERVICE_HOST'"),
        "10.96.0.1\n"
    );
    let failed = lab.cluster.kubectl(&format!("kubectl exec {name} -- sh -c 'exit 3'"));
    assert_eq!((failed.exit_code, failed.stderr.as_str()), (3, "command terminated with exit code 3\n"));
    let typed = lab.cluster.kubectl_with(&format!("kubectl exec -i {name} -- sh"), "echo one; echo two\n");
    assert_eq!(typed.stdout, "one\ntwo\n");
}

#[test]
fn more_replicas_than_there_may_be_pods_are_refused_as_by_a_quota() {
    let limits = Limits { pods: 300, ..Limits::default() };
    let mut lab = Lab::with(Config { limits, ..Config::default() });
    kubectl(&mut lab, "kubectl create deployment slip --image=web --replicas=1000000");
    lab.settle();
    let row = kubectl(&mut lab, "kubectl get deployment slip --no-headers");
    assert!(row.contains("/1000000 "), "{row}");
    let pods = kubectl(&mut lab, "kubectl get pods -A --no-headers");
    assert_eq!(pods.lines().count(), 300);
    let events = kubectl(&mut lab, "kubectl get events --no-headers");
    let why = "is forbidden: exceeded quota: cluster, requested: pods=1, used: pods=300, limited: pods=300";
    assert!(events.lines().any(|line| line.contains("FailedCreate") && line.ends_with(why)), "{events}");
    kubectl(&mut lab, "kubectl scale deployment slip --replicas=2");
    lab.settle();
    assert!(kubectl(&mut lab, "kubectl get deployment slip --no-headers").contains("2/2"));
}

#[test]
fn pods_that_find_no_address_wait_until_another_goes() {
    let mut config = Config::default();
    for (number, node) in config.nodes.iter_mut().enumerate() {
        node.pod_cidrs = vec![format!("10.244.{number}.0/29").parse().unwrap()];
    }
    let mut lab = Lab::with(config);
    kubectl(&mut lab, "kubectl create deployment crowd --image=web --replicas=12");
    lab.settle();
    let running = |lab: &mut Lab| kubectl(lab, "kubectl get pods --no-headers").matches("1/1").count();
    assert_eq!(running(&mut lab), 8, "five addresses a node, two are DNS'");
    let events = kubectl(&mut lab, "kubectl get events --no-headers");
    assert!(events.contains("FailedCreatePodSandBox"), "{events}");
    assert!(events.contains("no IP addresses available in range set: 10.244.0.0/29"), "{events}");
    kubectl(&mut lab, "kubectl scale deployment crowd --replicas=8");
    lab.settle();
    assert_eq!(running(&mut lab), 8);
}

#[test]
fn the_command_that_caused_a_revision_is_recorded_when_it_is_asked_for() {
    let mut lab = Lab::new();
    lab.create(HOTEL);
    let image = "set image deployment/hotel-app app=hotel-app:2.0.0";
    let output = lab.cluster.kubectl(&format!("kubectl {image} --record"));
    assert_eq!(output.stderr, "Flag --record has been deprecated, --record will be removed in the future\n");
    lab.settle();
    let history = kubectl(&mut lab, "kubectl rollout history deployment/hotel-app");
    assert!(history.contains("\n1         <none>\n"), "{history}");
    assert!(history.contains(&format!("\n2         kubectl {image} --record=true\n")), "{history}");
}

#[test]
fn what_kubectl_can_make_and_the_lab_has_no_use_for_is_refused_with_the_reason() {
    let mut lab = Lab::new();
    for line in
        ["create configmap a --from-literal=a=b", "create job a --image=b", "apply -k .", "create secret generic a"]
    {
        let output = lab.cluster.kubectl(line);
        assert_eq!(output.exit_code, 1);
        assert!(output.stderr.contains("is not simulated: "), "{}", output.stderr);
    }
}

#[test]
fn what_stands_behind_a_pipe_reads_what_kubectl_prints() {
    let mut lab = Lab::new();
    assert_eq!(kubectl(&mut lab, "kubectl get pods -A | grep coredns | wc -l").trim(), "2");
    let none = lab.cluster.kubectl("kubectl get pods -A | grep nothing");
    assert_eq!((none.exit_code, none.stdout.as_str()), (1, ""));
    let wrong = lab.cluster.kubectl("kubectl get nothing | grep a");
    assert_eq!(wrong.stderr, "error: the server doesn't have a resource type \"nothing\"\n");
}
