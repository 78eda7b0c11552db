//! The node ports of Services.
//!
//! Source: kubernetes pkg/registry/core/service/storage/alloc.go (initNodePorts, updateNodePorts and around).

use super::{
    Admission, Mode,
    service::{Transaction, invalid},
};
use crate::{
    api::{ApiError, Object, Value, field::Bad, field::Path, service::Spec},
    control::port_pool::NoPort,
};
use alloc::{format, vec::Vec};

fn node_port(port: &Value) -> i64 {
    port["nodePort"].as_int().unwrap_or(0)
}

/// The node ports that a Service has taken. An ExternalName Service may name some, too: they are not its own, although
/// upstream gives them back with it.
pub(super) fn held(spec: Spec<'_>) -> Vec<i64> {
    let ports = if spec.is_node_port_type() { spec.ports() } else { &[] };
    ports.iter().map(node_port).filter(|port| *port != 0).collect()
}

fn number(port: &Value) -> i64 {
    port["port"].as_int().unwrap_or(0)
}

fn refused(service: &Object, at: usize, port: i64, error: &NoPort) -> ApiError {
    let path = Path::root("spec");
    let path = path.child("ports");
    invalid(service, &path.index(at).child("nodePort"), Bad::Int(port), &format!("{error}"))
}

impl Admission {
    /// Ports with the same number (TCP and UDP of one service) share a node port.
    pub(super) fn allocate_node_ports(
        &mut self,
        service: &mut Object,
        transaction: &mut Transaction,
    ) -> Result<(), ApiError> {
        let draws = Spec::of(service).draws_node_ports();
        let mut given: Vec<(i64, i64)> = Vec::new();
        for at in 0..Spec::of(service).ports().len() {
            let ports = Spec::of(service).ports();
            let (own, wanted) = (number(&ports[at]), node_port(&ports[at]));
            if wanted == 0 && !draws {
                continue;
            }
            let shared = given.iter().find(|(port, _)| *port == own).map(|(_, node_port)| *node_port);
            let taken = match shared {
                Some(shared) if wanted == 0 || wanted == shared => shared,
                Some(_) => self.take_port(service, at, wanted, transaction)?,
                None => {
                    let asked =
                        ports.iter().find(|port| number(port) == own && node_port(port) != 0).map_or(0, node_port);
                    let taken = if asked != 0 {
                        self.take_port(service, at, asked, transaction)?
                    } else {
                        self.draw_port(service, transaction)?
                    };
                    given.push((own, taken));
                    taken
                }
            };
            service.value.at_mut(&["spec", "ports"]).items_mut()[at].set(&["nodePort"], taken);
        }
        Ok(())
    }

    pub(super) fn allocate_health_check_port(
        &mut self,
        service: &mut Object,
        transaction: &mut Transaction,
    ) -> Result<(), ApiError> {
        let wanted = service.spec()["healthCheckNodePort"].as_int().unwrap_or(0);
        if wanted == 0 {
            let port = self.draw(service, transaction).map_err(|error| {
                ApiError::internal(&format!("failed to allocate a HealthCheck NodePort 0: {error}"))
            })?;
            service.value.set(&["spec", "healthCheckNodePort"], port);
            return Ok(());
        }
        self.take(wanted, transaction).map_err(|error| {
            ApiError::internal(&format!("failed to allocate requested HealthCheck NodePort {wanted}: {error}"))
        })
    }

    pub(super) fn update_node_ports(
        &mut self,
        service: &mut Object,
        old: &Object,
        transaction: &mut Transaction,
    ) -> Result<(), ApiError> {
        let was = Spec::of(old);
        let before = held(was);
        if Spec::of(service).is_node_port_type() {
            self.change_node_ports(service, &before, transaction)?;
        } else {
            transaction.freed_ports.extend(&before);
        }
        match (was.needs_health_check(), Spec::of(service).needs_health_check()) {
            (false, true) => self.allocate_health_check_port(service, transaction)?,
            (true, false) => transaction.freed_ports.extend(was.0["healthCheckNodePort"].as_int()),
            _ => {}
        }
        Ok(())
    }

    fn change_node_ports(
        &mut self,
        service: &mut Object,
        before: &[i64],
        transaction: &mut Transaction,
    ) -> Result<(), ApiError> {
        let draws = Spec::of(service).draws_node_ports();
        let mut seen: Vec<(Value, i64)> = Vec::new();
        for at in 0..Spec::of(service).ports().len() {
            let port = &Spec::of(service).ports()[at];
            let (protocol, mut wanted) = (port["protocol"].clone(), node_port(port));
            if wanted == 0 && !draws {
                continue;
            }
            if wanted == 0 {
                wanted = self.draw_port(service, transaction)?;
                service.value.at_mut(&["spec", "ports"]).items_mut()[at].set(&["nodePort"], wanted);
            } else if !before.contains(&wanted) && !transaction.taken_ports.contains(&wanted) {
                self.take_port(service, at, wanted, transaction)?;
            }
            if seen.contains(&(protocol.clone(), wanted)) {
                let message = format!("duplicate nodePort: {{{} {wanted}}}", protocol.str());
                return Err(ApiError::unknown(message));
            }
            seen.push((protocol, wanted));
        }
        let after: Vec<i64> = Spec::of(service).ports().iter().map(node_port).collect();
        transaction.freed_ports.extend(before.iter().filter(|port| !after.contains(port)));
        Ok(())
    }

    fn take_port(
        &mut self,
        service: &Object,
        at: usize,
        wanted: i64,
        transaction: &mut Transaction,
    ) -> Result<i64, ApiError> {
        self.take(wanted, transaction).map_err(|error| refused(service, at, wanted, &error))?;
        Ok(wanted)
    }

    fn draw_port(&mut self, service: &Object, transaction: &mut Transaction) -> Result<i64, ApiError> {
        self.draw(service, transaction)
            .map_err(|error| ApiError::internal(&format!("failed to allocate a nodePort: {error}")))
    }

    fn take(&mut self, wanted: i64, transaction: &mut Transaction) -> Result<(), NoPort> {
        if transaction.mode == Mode::Real {
            self.ports.allocate(wanted)?;
        } else if self.ports.is_allocated(wanted) || transaction.taken_ports.contains(&wanted) {
            return Err(NoPort::Allocated);
        }
        transaction.taken_ports.push(wanted);
        Ok(())
    }

    /// A dry run numbers ports from 32769 on, as upstream's does.
    fn draw(&mut self, service: &Object, transaction: &mut Transaction) -> Result<i64, NoPort> {
        let port = match transaction.mode {
            Mode::Real => {
                let mut rng = self.stream("NodePort", service);
                self.ports.allocate_next(&mut rng)?.into()
            }
            Mode::DryRun => transaction.taken_ports.iter().copied().max().unwrap_or(32_768) + 1,
        };
        transaction.taken_ports.push(port);
        Ok(port)
    }
}
