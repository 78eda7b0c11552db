//! The environment a container starts with: variables of Services, and its own with their references resolved.

use crate::ordered::OrdMap;
use crate::{
    api::{Kind, Object, Value},
    control::Store,
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::net::IpAddr;

/// The variables that tell a container of a namespace which Services there are now; later ones stay unknown to it.
///
/// Those of the Service `kubernetes` in `default` are there without `links` too.
/// Source: kubernetes pkg/kubelet/kubelet_pods.go (getServiceEnvVarMap) and pkg/kubelet/envvars.
///
/// ```
/// use clusterip::{compile::env, control::{ControlConfig, ControlPlane}};
/// let plane = ControlPlane::new(ControlConfig::default());
/// let variables = env::service_variables(plane.store(), "default", true);
/// assert_eq!(variables["KUBERNETES_SERVICE_HOST"], "10.96.0.1");
/// assert_eq!(variables["KUBERNETES_PORT_443_TCP_PORT"], "443");
/// ```
pub fn service_variables(store: &Store, namespace: &str, links: bool) -> OrdMap<String, String> {
    const MASTER: &str = "kubernetes";
    let master = store.find(Kind::Service, "default", MASTER).filter(|service| has_address(service));
    let linked = store.list(Kind::Service, Some(namespace)).filter(|service| links && has_address(service));
    let mut services: OrdMap<&str, &Object> = master.into_iter().map(|service| (MASTER, &**service)).collect();
    services.extend(linked.map(|service| (service.name(), &**service)));
    let mut variables = OrdMap::new();
    for (name, service) in services {
        add_service(&mut variables, name, service);
    }
    variables
}

/// The variables that one of a pod's containers names itself, in its order; they may refer to those of Services, which
/// it gets besides, but for the names it has here. The pod's status tells its addresses only once it has started.
///
/// ConfigMaps, Secrets and resource fields do not exist here: variables from them are left out.
/// Source: kubernetes pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables).
pub fn container_variables(
    services: &OrdMap<String, String>,
    pod: &Object,
    addresses: &[IpAddr],
    container: &Value,
) -> Vec<(String, String)> {
    let mut own: OrdMap<&str, String> = OrdMap::new();
    let mut result: Vec<(String, String)> = Vec::new();
    for entry in container["env"].items() {
        let (name, text) = (entry["name"].str(), entry["value"].str());
        let value = if !text.is_empty() {
            expand(text, |name| own.get(name).or_else(|| services.get(name)).map(String::as_str))
        } else {
            match &entry["valueFrom"] {
                Value::Null => String::new(),
                source => match pod_field(pod, addresses, source["fieldRef"]["fieldPath"].str()) {
                    Some(value) => value,
                    None => continue,
                },
            }
        };
        result.retain(|(known, _)| known != name);
        result.push((name.to_owned(), value.clone()));
        own.insert(name, value);
    }
    result
}

/// Replaces `$(NAME)` by that variable and `$$` by `$`; a name that is not known stays as it is written.
///
/// Source: kubernetes third_party/forked/golang/expansion/expand.go.
pub fn expand<'a>(text: &str, lookup: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            expanded.push('$');
            rest = tail;
        } else if let Some((name, tail)) = after.strip_prefix('(').and_then(|tail| tail.split_once(')')) {
            match lookup(name) {
                Some(value) => expanded.push_str(value),
                None => expanded.push_str(&format!("$({name})")),
            }
            rest = tail;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    expanded
}

fn has_address(service: &Object) -> bool {
    !matches!(service.spec()["clusterIP"].str(), "" | "None")
}

fn add_service(variables: &mut OrdMap<String, String>, name: &str, service: &Object) {
    let prefix = variable_name(name);
    let address = service.spec()["clusterIP"].str();
    variables.insert(format!("{prefix}_SERVICE_HOST"), address.to_owned());
    for (at, port) in service.spec()["ports"].items().iter().enumerate() {
        let number = port["port"].as_int().unwrap_or(0).to_string();
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        let lower = protocol.to_ascii_lowercase();
        let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
        let url = format!("{lower}://{host}:{number}");
        if at == 0 {
            variables.insert(format!("{prefix}_SERVICE_PORT"), number.clone());
            variables.insert(format!("{prefix}_PORT"), url.clone());
        }
        if let Some(name) = port["name"].as_str().filter(|name| !name.is_empty()) {
            variables.insert(format!("{prefix}_SERVICE_PORT_{}", variable_name(name)), number.clone());
        }
        let link = format!("{prefix}_PORT_{number}_{}", protocol.to_ascii_uppercase());
        variables.insert(format!("{link}_PROTO"), lower);
        variables.insert(format!("{link}_ADDR"), address.to_owned());
        variables.insert(format!("{link}_PORT"), number);
        variables.insert(link, url);
    }
}

fn variable_name(name: &str) -> String {
    name.replace('-', "_").to_ascii_uppercase()
}

/// A field of the pod as the downward API gives it (kubernetes pkg/fieldpath/fieldpath.go).
fn pod_field(pod: &Object, addresses: &[IpAddr], path: &str) -> Option<String> {
    if let Some((map, name)) = path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        let field = map.strip_prefix("metadata.").filter(|f| matches!(*f, "labels" | "annotations"))?;
        return Some(pod.value["metadata"][field][name].str().to_owned());
    }
    let own = addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
    Some(match path {
        "metadata.name" => pod.name().to_owned(),
        "metadata.namespace" => pod.namespace().to_owned(),
        "metadata.uid" => pod.uid().to_owned(),
        "spec.nodeName" => pod.spec()["nodeName"].str().to_owned(),
        "spec.serviceAccountName" => pod.spec()["serviceAccountName"].as_str().unwrap_or("default").to_owned(),
        "status.hostIP" => pod.status()["hostIP"].str().to_owned(),
        "status.podIP" => own.into_iter().next().unwrap_or_default(),
        "status.podIPs" => own.join(","),
        "status.hostIPs" => {
            let items = pod.status()["hostIPs"].items();
            items.iter().map(|entry| entry["ip"].str()).collect::<Vec<_>>().join(",")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        control::{ControlConfig, ControlPlane},
        time::Instant,
    };

    /// A Service: namespace, name, cluster IP, and its ports' names, numbers and protocols.
    struct Given<'a>(&'a str, &'a str, &'a str, &'a [(&'a str, i64, &'a str)]);

    fn plane(services: &[Given<'_>]) -> ControlPlane {
        let mut plane = ControlPlane::new(ControlConfig::default());
        plane.create(Instant::ZERO, Object::new(Kind::Namespace, "", "shop")).unwrap();
        for Given(namespace, name, address, ports) in services {
            let mut service = Object::new(Kind::Service, namespace, name);
            service.value.set(&["spec", "clusterIP"], *address);
            let ports: Vec<Value> = ports
                .iter()
                .map(|(name, number, protocol)| {
                    let mut port = Value::map();
                    if !name.is_empty() {
                        port.set(&["name"], *name);
                    }
                    port.set(&["port"], *number);
                    port.set(&["protocol"], *protocol);
                    port
                })
                .collect();
            service.value.set(&["spec", "ports"], ports);
            plane.create(Instant::ZERO, service).unwrap();
        }
        plane
    }

    #[test]
    fn every_port_has_link_variables_and_the_first_the_short_ones() {
        let plane = plane(&[Given("shop", "my-web", "10.96.1.5", &[("http", 80, "TCP"), ("dns-udp", 53, "UDP")])]);
        let variables = service_variables(plane.store(), "shop", true);
        let mine: Vec<String> = variables
            .iter()
            .filter(|(name, _)| name.starts_with("MY_WEB"))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            mine,
            [
                "MY_WEB_PORT=tcp://10.96.1.5:80",
                "MY_WEB_PORT_53_UDP=udp://10.96.1.5:53",
                "MY_WEB_PORT_53_UDP_ADDR=10.96.1.5",
                "MY_WEB_PORT_53_UDP_PORT=53",
                "MY_WEB_PORT_53_UDP_PROTO=udp",
                "MY_WEB_PORT_80_TCP=tcp://10.96.1.5:80",
                "MY_WEB_PORT_80_TCP_ADDR=10.96.1.5",
                "MY_WEB_PORT_80_TCP_PORT=80",
                "MY_WEB_PORT_80_TCP_PROTO=tcp",
                "MY_WEB_SERVICE_HOST=10.96.1.5",
                "MY_WEB_SERVICE_PORT=80",
                "MY_WEB_SERVICE_PORT_DNS_UDP=53",
                "MY_WEB_SERVICE_PORT_HTTP=80",
            ]
        );
    }

    #[test]
    fn only_services_of_the_namespace_with_an_address_count_beside_kubernetes() {
        let plane = plane(&[
            Given("default", "other", "10.96.1.6", &[("", 80, "TCP")]),
            Given("shop", "headless", "None", &[("", 80, "TCP")]),
        ]);
        let variables = service_variables(plane.store(), "shop", true);
        assert!(variables.keys().all(|name| name.starts_with("KUBERNETES_")));
        assert_eq!(service_variables(plane.store(), "shop", false), variables);
    }

    #[test]
    fn a_namespaces_own_kubernetes_service_wins_only_with_links() {
        let plane = plane(&[Given("shop", "kubernetes", "10.96.7.7", &[("", 8443, "TCP")])]);
        let host = |links| service_variables(plane.store(), "shop", links)["KUBERNETES_SERVICE_HOST"].clone();
        assert_eq!((host(true).as_str(), host(false).as_str()), ("10.96.7.7", "10.96.0.1"));
    }

    #[test]
    fn a_containers_own_variables_come_first_and_may_refer_to_others() {
        let plane = plane(&[Given("shop", "web", "10.96.1.5", &[("", 80, "TCP")])]);
        let pod = Object::new(Kind::Pod, "shop", "client");
        let entry = |name: &str, value: &str| {
            let mut entry = Value::map();
            entry.set(&["name"], name);
            entry.set(&["value"], value);
            entry
        };
        let mut ip = Value::map();
        ip.set(&["name"], "POD_IP");
        ip.set(&["valueFrom", "fieldRef", "fieldPath"], "status.podIP");
        let mut container = Value::map();
        container.set(
            &["env"],
            Vec::from([
                ip,
                entry("URL", "http://$(WEB_SERVICE_HOST)/$(POD_IP)/$(NONE)/$$(X)"),
                entry("WEB_PORT", "mine"),
            ]),
        );
        let services = service_variables(plane.store(), pod.namespace(), true);
        let variables = container_variables(&services, &pod, &["10.244.1.9".parse().unwrap()], &container);
        assert_eq!(variables[0], ("POD_IP".to_owned(), "10.244.1.9".to_owned()));
        assert_eq!(variables[1].1, "http://10.96.1.5/10.244.1.9/$(NONE)/$(X)");
        assert_eq!(variables.iter().filter(|(name, _)| name == "WEB_PORT").count(), 1);
    }
}
