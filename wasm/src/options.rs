//! What JavaScript says about a new cluster or a request, as the core's own values.

use core::fmt::Display;
use core::str::FromStr;

use clusterip::{
    api::{Quoted, Value},
    cluster::{Config, NodeConfig, OutsideHost, Request},
    dataplane::{Mode, Scheduler},
    net::Cidr,
    time::Duration,
};
use wasm_bindgen::JsValue;

use crate::error::{config_error, usage_error};

/// Entries of a Maglev table, unless the page says otherwise: the paper's small prime.
const MAGLEV: u32 = 65_537;

/// The configuration that `options` describe; what they leave out is as the core's defaults say.
pub(crate) fn config(options: &Value) -> Result<Config, JsValue> {
    let mut config = match &options["serviceCIDR"] {
        Value::Null => Config::default(),
        ranges => Config::with_service_cidrs(list("serviceCIDR", ranges)?),
    };
    for (name, value) in options.fields() {
        match name {
            // A field without a value is as good as none.
            _ if value.is_null() => {}
            "seed" => config.seed = whole(name, value)?,
            "nodes" => config.nodes = nodes(value, &config.service_cidrs)?,
            "proxy" => config.proxy = mode(value.str())?,
            "serviceCIDR" => {}
            "outside" => outside(value, &mut config)?,
            "clusterDomain" => config.domain = value.str().into(),
            "maxPods" => config.limits.pods = u32::try_from(whole(name, value)?).unwrap_or(u32::MAX),
            _ => return Err(config_error(&format!("unknown option {}", Quoted(name)))),
        }
    }
    Ok(config)
}

/// A request as `Cluster.send` of the façade passes it.
pub(crate) fn request(value: &Value) -> Result<Request, JsValue> {
    let micros = |name: &str| -> Result<Duration, JsValue> { Ok(Duration::from_micros(whole(name, &value[name])?)) };
    let from = value["from"].str().parse().map_err(usage_error)?;
    let times = u32::try_from(whole("times", &value["times"])?).map_err(usage_error)?;
    let (every, timeout) = (micros("every")?, micros("timeout")?);
    let keep_alive = value["keepAlive"].as_bool() == Some(true);
    Ok(Request { times, every, keep_alive, timeout, ..Request::new(from, value["to"].str()) })
}

fn nodes(value: &Value, service_cidrs: &[Cidr]) -> Result<Vec<NodeConfig>, JsValue> {
    let count = match value {
        Value::List(nodes) => nodes.len() as u64,
        number => whole("nodes", number)?,
    };
    let count = u8::try_from(count).ok().filter(|count| *count <= 200);
    let count = count.ok_or_else(|| config_error("nodes: at most 200 can be numbered"))?;
    let mut configs: Vec<NodeConfig> = (1..=count).map(|n| NodeConfig::numbered_for(n, service_cidrs)).collect();
    for (config, node) in configs.iter_mut().zip(value.items()) {
        for (name, value) in node.fields() {
            match name {
                _ if value.is_null() => {}
                "name" => config.name = value.str().into(),
                "address" => config.addresses = list(name, value)?,
                "zone" => config.zone = Some(value.str().into()),
                "podCIDR" => config.pod_cidrs = list(name, value)?,
                _ => return Err(config_error(&format!("unknown option nodes[].{name}"))),
            }
        }
    }
    Ok(configs)
}

/// Machines outside the cluster; names with a dot resolve, as names of the internet do.
fn outside(value: &Value, config: &mut Config) -> Result<(), JsValue> {
    for host in value.items() {
        let mut machine =
            OutsideHost { name: String::new(), addresses: Vec::new(), routes: Vec::new(), listens: Vec::new() };
        for (name, value) in host.fields() {
            match name {
                _ if value.is_null() => {}
                "name" => machine.name = value.str().into(),
                "address" => machine.addresses = list(name, value)?,
                "listens" => {
                    for port in value.items() {
                        let port = u16::try_from(whole(name, port)?).ok().filter(|port| *port > 0);
                        machine.listens.push(port.ok_or_else(|| config_error("listens: ports are 1 to 65535"))?);
                    }
                }
                _ => return Err(config_error(&format!("unknown option outside[].{name}"))),
            }
        }
        if let (Some(dns), true) = (&mut config.dns, machine.name.contains('.')) {
            dns.upstream.extend(machine.addresses.iter().map(|address| (machine.name.clone(), *address)));
        }
        config.outside.push(machine);
    }
    Ok(())
}

fn mode(word: &str) -> Result<Mode, JsValue> {
    Ok(match word {
        "iptables" => Mode::Iptables,
        "nftables" => Mode::Nftables,
        "ipvs" => Mode::Ipvs(Scheduler::RoundRobin),
        "maglev" => Mode::Maglev(MAGLEV),
        _ => return Err(config_error(&format!("proxy {}: say iptables, nftables, ipvs or maglev", Quoted(word)))),
    })
}

fn whole(name: &str, value: &Value) -> Result<u64, JsValue> {
    value
        .as_int()
        .and_then(|number| u64::try_from(number).ok())
        .ok_or_else(|| config_error(&format!("{name} must be a whole number that is not negative")))
}

/// Values separated by commas.
fn list<T: FromStr<Err: Display>>(name: &str, value: &Value) -> Result<Vec<T>, JsValue> {
    let mut all = Vec::new();
    for text in value.str().split(',') {
        all.push(parsed(name, text.trim())?);
    }
    Ok(all)
}

fn parsed<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, JsValue> {
    text.parse().map_err(|error| config_error(&format!("{name} {}: {error}", Quoted(text))))
}
