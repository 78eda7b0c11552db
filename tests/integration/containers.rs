//! Containers: what each of a pod's has for itself, what it logs, and how it ends.

use clusterip::{cluster::Place, time::Duration};
use tests::lab::Lab;

/// A lab with one pod of that spec, half a minute old.
fn lab(spec: &str) -> Lab {
    let mut lab = Lab::new();
    let pod = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{{spec}}}}}");
    let output = lab.cluster.kubectl_with("kubectl apply -f -", &pod);
    assert_eq!(output.exit_code, 0, "{output:?}");
    lab.cluster.advance(Duration::from_secs(30));
    lab
}

fn kubectl(lab: &mut Lab, line: &str) -> String {
    let output = lab.cluster.kubectl(line);
    output.stdout + &output.stderr
}

#[test]
fn each_container_has_an_environment_and_an_image_of_its_own() {
    for network in ["", "hostNetwork: true, "] {
        let mut lab = lab(&format!(
            "{network}containers: [{{name: a, image: busybox, command: [sleep, infinity], env: [{{name: FOO, value: one}}]}}, \
             {{name: b, image: nicolaka/netshoot, command: [sh, -c, 'echo b=$FOO; sleep infinity'], env: [{{name: FOO, \
             value: two}}]}}]"
        ));
        assert_eq!(kubectl(&mut lab, "kubectl logs p -c b"), "b=two\n");
        assert_eq!(kubectl(&mut lab, "kubectl exec p -c b -- printenv FOO"), "two\n");
        assert_eq!(kubectl(&mut lab, "kubectl exec p -c a -- printenv FOO"), "one\n");
        assert_eq!(kubectl(&mut lab, "kubectl exec p -c b -- which dig"), "/usr/bin/dig\n");
        assert!(lab.cluster.kubectl("kubectl exec p -c a -- which dig").exit_code != 0);
        assert_eq!(lab.at(&Place::pod("default", "p"), "printenv FOO").stdout, "one\n");
    }
}

#[test]
fn a_command_and_its_arguments_name_variables_in_brackets() {
    let mut lab =
        lab("containers: [{name: a, image: busybox, command: [echo, '$(MSG)'], args: ['$(KUBERNETES_SERVICE_HOST)', \
         '$$(MSG) $(NONE)'], env: [{name: MSG, value: hello}]}]");
    assert_eq!(kubectl(&mut lab, "kubectl logs p"), "hello 10.96.0.1 $(MSG) $(NONE)\n");
}

#[test]
fn the_log_holds_both_outputs_in_order_whether_somebody_read_them_or_not() {
    let mut lab = lab(
        "containers: [{name: a, image: busybox, stdin: true, command: [sh, -c, 'echo one; echo two >&2; echo three; cat']}]",
    );
    let all = "one\ntwo\nthree\n";
    assert_eq!(kubectl(&mut lab, "kubectl logs p"), all);
    let process = lab.cluster.attach(&Place::pod("default", "p")).unwrap();
    let (output, _) = lab.cluster.read(process);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("one\nthree\n", "two\n"));
    assert_eq!(kubectl(&mut lab, "kubectl logs p"), all);
    lab.cluster.write(process, "four\n");
    lab.cluster.close_stdin(process);
    lab.cluster.advance(Duration::from_secs(1));
    assert_eq!(lab.cluster.read(process).0.stdout, "four\n");
}

#[test]
fn what_an_attached_run_printed_is_in_the_pods_log() {
    let mut lab = Lab::new();
    let run = lab.cluster.kubectl("kubectl run p --image=busybox -it --restart=Never -- echo hi");
    assert_eq!(run.stdout, "hi\n");
    assert_eq!(kubectl(&mut lab, "kubectl logs p"), "hi\n");
}

#[test]
fn a_container_that_ends_again_and_again_keeps_its_last_log_and_no_older_one() {
    let mut lab =
        lab("containers: [{name: a, image: busybox, command: [sh, -c, 'echo $HOSTNAME; nc -z 127.0.0.1 9']}]");
    let early = kubectl(&mut lab, "kubectl logs p --previous");
    assert!(early.starts_with("p\n"), "{early}");
    assert_eq!(kubectl(&mut lab, "kubectl logs p"), early);
    lab.cluster.advance(Duration::from_secs(3600));
    assert_eq!(kubectl(&mut lab, "kubectl logs p -p"), early);
}

#[test]
fn a_container_that_never_ended_has_no_log_of_a_run_before() {
    let mut lab = lab("containers: [{name: a, image: nginx}]");
    let words = "Error from server (BadRequest): previous terminated container \"a\" in pod \"p\" not found\n";
    assert_eq!(lab.cluster.kubectl("kubectl logs p --previous").stderr, words);
}

#[test]
fn a_restart_counts_from_its_start_on() {
    let mut lab = lab("containers: [{name: a, image: busybox, command: ['false']}]");
    let status =
        "jsonpath={.status.containerStatuses[0].restartCount}{.status.containerStatuses[0].state.waiting.reason}";
    let line = format!("kubectl get pod p -o {status}");
    assert_eq!(kubectl(&mut lab, &line), "2CrashLoopBackOff");
    let mut lab = self::lab("containers: [{name: a, image: busybox, command: [sleep, '700']}]");
    lab.cluster.advance(Duration::from_secs(3000));
    let line = "kubectl get pod p -o jsonpath={.status.containerStatuses[0].restartCount}{.status.phase}";
    assert_eq!(kubectl(&mut lab, line), "4Running", "who runs long waits for nothing");
}

#[test]
fn a_container_that_does_not_run_takes_no_command() {
    let mut lab = lab("containers: [{name: main, image: curlimages/curl}]");
    let output = lab.cluster.kubectl("kubectl exec p -- hostname");
    let words = "unable to upgrade connection: container not found (\"main\")";
    assert_eq!(output.stderr, format!("error: Internal error occurred: {words}\n"));
    let place = Place::pod("default", "p");
    assert_eq!(lab.cluster.exec(&place, "hostname").unwrap_err().to_string(), words);
    // What kubectl debug brings beside it runs.
    assert_eq!(lab.at(&place, "/debug/hostname").stdout, "p\n");
}

#[test]
fn init_containers_run_one_after_another_before_the_others() {
    let mut lab = lab(
        "initContainers: [{name: wait, image: busybox, command: [sh, -c, 'echo here; until nslookup later.default.svc.cluster.local; do sleep 2; done']}, \
         {name: two, image: busybox, command: [sleep, '20']}], containers: [{name: main, image: nginx}]",
    );
    let status = |lab: &mut Lab| kubectl(lab, "kubectl get pod p --no-headers");
    assert!(status(&mut lab).starts_with("p     0/1   Init:0/2   0 "), "{}", status(&mut lab));
    assert!(kubectl(&mut lab, "kubectl logs p -c wait").starts_with("here\n"));
    let words = "container \"main\" in pod \"p\" is waiting to start: PodInitializing\n";
    assert!(kubectl(&mut lab, "kubectl logs p -c main").ends_with(words));
    lab.create("{apiVersion: v1, kind: Service, metadata: {name: later}, spec: {ports: [{port: 80}]}}");
    lab.cluster.advance(Duration::from_secs(10));
    assert!(status(&mut lab).contains(" Init:1/2 "), "{}", kubectl(&mut lab, "kubectl logs p -c wait"));
    let initialized = "jsonpath={.status.conditions[?(@.type==\"Initialized\")].message}";
    let line = format!("kubectl get pod p -o '{initialized}'");
    assert_eq!(kubectl(&mut lab, &line), "containers with incomplete status: [two]");
    lab.cluster.advance(Duration::from_secs(30));
    assert!(status(&mut lab).starts_with("p     1/1   Running "), "{}", status(&mut lab));
}

#[test]
fn an_init_container_that_fails_is_tried_again_or_fails_the_pod() {
    let spec =
        "initContainers: [{name: one, image: busybox, command: ['false']}], containers: [{name: main, image: nginx}]";
    let mut lab = self::lab(spec);
    let status = |lab: &mut Lab| kubectl(lab, "kubectl get pod p --no-headers");
    assert!(status(&mut lab).starts_with("p     0/1   Init:CrashLoopBackOff   2 "), "{}", status(&mut lab));
    let mut lab = self::lab(&format!("restartPolicy: Never, {spec}"));
    assert!(status(&mut lab).starts_with("p     0/1   Init:Error   0 "), "{}", status(&mut lab));
    assert_eq!(kubectl(&mut lab, "kubectl get pod p -o jsonpath={.status.phase}"), "Failed");
}

#[test]
fn a_sidecar_starts_first_and_goes_on() {
    let mut lab = lab(
        "initContainers: [{name: side, image: nginx, restartPolicy: Always}, {name: two, image: busybox, command: [sh, -c, \
         'wget -q -O - http://127.0.0.1 | head -n 1']}], containers: [{name: main, image: busybox, command: [sleep, infinity]}]",
    );
    assert!(kubectl(&mut lab, "kubectl get pod p --no-headers").starts_with("p     2/2   Running   0 "));
    assert_eq!(kubectl(&mut lab, "kubectl logs p -c two"), "<!DOCTYPE html>\n");
}

#[test]
fn a_pods_end_waits_for_what_its_containers_do_before() {
    for hook in ["exec: {command: [sleep, '10']}", "sleep: {seconds: 10}"] {
        let mut lab = lab(&format!("containers: [{{name: a, image: nginx, lifecycle: {{preStop: {{{hook}}}}}}}]"));
        lab.cluster.kubectl("kubectl delete pod p --wait=false");
        lab.cluster.advance(Duration::from_secs(9));
        assert!(kubectl(&mut lab, "kubectl get pod p --no-headers").contains("Terminating"));
        assert!(lab.cluster.exec(&Place::pod("default", "p"), "curl -s http://127.0.0.1").unwrap().exit_code == 0);
        lab.settle();
        assert!(lab.cluster.kubectl("kubectl get pod p").stderr.contains("NotFound"));
        assert!(lab.cluster.now() < clusterip::time::Instant::from_secs(60));
    }
    let mut lab = lab(
        "terminationGracePeriodSeconds: 3, containers: [{name: a, image: nginx, lifecycle: {preStop: {exec: {command: \
         [sleep, '1000']}}}}]",
    );
    lab.cluster.kubectl("kubectl delete pod p --wait=false");
    lab.cluster.advance(Duration::from_secs(5));
    assert!(lab.cluster.kubectl("kubectl get pod p").stderr.contains("NotFound"));
}

#[test]
fn a_container_runs_once_its_start_hook_is_done() {
    let mut lab =
        lab("containers: [{name: a, image: nginx, lifecycle: {postStart: {exec: {command: [sleep, '60']}}}}]");
    assert!(kubectl(&mut lab, "kubectl get pod p --no-headers").contains("ContainerCreating"));
    lab.settle();
    assert!(kubectl(&mut lab, "kubectl get pod p --no-headers").starts_with("p     1/1   Running   0 "));
    let mut lab =
        self::lab("containers: [{name: a, image: nginx, lifecycle: {postStart: {exec: {command: ['false']}}}}]");
    assert!(kubectl(&mut lab, "kubectl get pod p --no-headers").contains("CrashLoopBackOff"));
    assert!(kubectl(&mut lab, "kubectl get events").contains("PostStartHook failed"));
}

#[test]
fn what_a_pod_asks_for_in_vain_is_said_when_it_is_made() {
    let mut lab = Lab::new();
    let hint = |lab: &mut Lab, spec: &str| {
        let pod = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{{spec}}}}}");
        let output = lab.cluster.kubectl_with("kubectl create --dry-run=server -f -", &pod);
        assert_eq!(output.exit_code, 0, "{output:?}");
        output.hint.map(|hint| (hint.code, hint.text))
    };
    let port = "ports: [{containerPort: 80, hostPort: 80}]";
    let told =
        |what: &str| Some(("CIP902".to_owned(), format!("Not simulated, so that it has no effect here: {what}.")));
    assert_eq!(hint(&mut lab, &format!("containers: [{{name: a, image: nginx, {port}}}]")), told("hostPort"));
    assert_eq!(hint(&mut lab, &format!("hostNetwork: true, containers: [{{name: a, image: nginx, {port}}}]")), None);
    let all = "activeDeadlineSeconds: 5, containers: [{name: a, image: nginx, envFrom: [{secretRef: {name: s}}]}]";
    assert_eq!(hint(&mut lab, all), told("activeDeadlineSeconds, envFrom"));
}

#[test]
fn a_probe_sends_its_headers() {
    let mut lab = lab(
        "containers: [{name: a, image: registry.k8s.io/e2e-test-images/agnhost:2.53, args: [netexec], readinessProbe: \
         {httpGet: {port: 8080, path: '/echo', httpHeaders: [{name: X-Who, value: \"it's me\"}]}}}]",
    );
    lab.cluster.set_capture(1 << 20, None);
    lab.cluster.advance(Duration::from_secs(15));
    let mut frames = lab.cluster.capture().unwrap().frames().map(|frame| String::from_utf8_lossy(frame.packet));
    assert!(frames.any(|frame| frame.contains("X-Who: it's me\r\n")));
}

#[test]
fn what_only_an_unknown_image_has_is_taken_to_do_its_work() {
    let mut lab = lab(
        "initContainers: [{name: migrate, image: shop, command: [sh, -c, migrate-database up]}], containers: [{name: a, \
         image: zookeeper, command: [sh, -c, start-zookeeper --servers=3], ports: [{containerPort: 2181}], readinessProbe: \
         {exec: {command: [sh, -c, zookeeper-ready 2181]}}, lifecycle: {preStop: {exec: {command: [/wait-shutdown]}}}}]",
    );
    assert!(kubectl(&mut lab, "kubectl get pod p --no-headers").starts_with("p     1/1   Running   0 "));
    let address = kubectl(&mut lab, "kubectl get pod p -o jsonpath={.status.podIP}");
    let node = Place::Node("node-2".into());
    assert_eq!(lab.at(&node, &format!("nc -z {address} 2181")).exit_code, 0);
    kubectl(&mut lab, "kubectl delete pod p");
    assert!(!kubectl(&mut lab, "kubectl get events").contains("PreStopHook"));
    lab.settle();
    assert_eq!(lab.at(&node, &format!("nc -z -w 1 {address} 2181")).exit_code, 1);
}
