//! The addresses of Services.
//!
//! Source: kubernetes pkg/registry/core/service/storage (alloc.go, storage.go).

use super::{Admission, Mode, node_ports};
use crate::{
    api::{
        ApiError, Kind, Object, Value,
        field::{Bad, Errors, Path},
        ip, json, names,
        service::{self, Spec},
    },
    control::ip_pool::NoAddress,
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::net::IpAddr;

/// What a request has taken and means to give back: kept or undone together.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) mode: Mode,
    taken_addresses: Vec<IpAddr>,
    freed_addresses: Vec<IpAddr>,
    pub(super) taken_ports: Vec<i64>,
    pub(super) freed_ports: Vec<i64>,
}

impl Transaction {
    pub(super) fn new(mode: Mode) -> Transaction {
        Transaction {
            mode,
            taken_addresses: Vec::new(),
            freed_addresses: Vec::new(),
            taken_ports: Vec::new(),
            freed_ports: Vec::new(),
        }
    }
}

/// A refusal for one field of a Service.
pub(super) fn invalid(service: &Object, path: &Path<'_>, bad: Bad<'_>, detail: &str) -> ApiError {
    let mut errors = Errors::default();
    errors.invalid(path, bad, detail);
    ApiError::invalid(Kind::Service, service.name(), errors.causes)
}

impl Admission {
    /// Source: alloc.go (allocateCreate), storage.go (beginCreate).
    pub(super) fn allocate_create(
        &mut self,
        service: &mut Object,
        transaction: &mut Transaction,
    ) -> Result<(), ApiError> {
        service::normalize_cluster_ips(service, None);
        self.fill_ip_families(service, None)?;
        self.allocate_cluster_ips(service, transaction)?;
        if Spec::of(service).is_node_port_type() {
            self.allocate_node_ports(service, transaction)?;
        }
        if Spec::of(service).needs_health_check() {
            self.allocate_health_check_port(service, transaction)?;
        }
        Ok(())
    }

    /// Source: alloc.go (allocateUpdate), storage.go (beginUpdate).
    pub(super) fn allocate_update(
        &mut self,
        service: &mut Object,
        old: &Object,
        transaction: &mut Transaction,
    ) -> Result<(), ApiError> {
        service::keep_allocated(service, old);
        service::normalize_cluster_ips(service, Some(old));
        self.fill_ip_families(service, Some(old))?;
        self.update_cluster_ips(service, old, transaction)?;
        self.update_node_ports(service, old, transaction)
    }

    /// Source: alloc.go (releaseAllocatedResources).
    pub(super) fn release_service(&mut self, service: &Object) {
        let spec = Spec::of(service);
        if spec.needs_cluster_ip() && !spec.is_headless() {
            for address in spec.cluster_ips().into_iter().filter_map(ip::parse) {
                self.release_address(address);
            }
        }
        for port in node_ports::held(spec) {
            self.ports.release(port);
        }
        if spec.needs_health_check() {
            self.ports.release(spec.0["healthCheckNodePort"].as_int().unwrap_or(0));
        }
    }

    /// Keeps what a request did, or undoes it.
    pub(super) fn close(&mut self, transaction: Transaction, keep: bool) {
        if transaction.mode == Mode::DryRun {
            return;
        }
        let (addresses, ports) = if keep {
            (transaction.freed_addresses, transaction.freed_ports)
        } else {
            (transaction.taken_addresses, transaction.taken_ports)
        };
        for address in addresses {
            self.release_address(address);
        }
        for port in ports {
            self.ports.release(port);
        }
    }

    fn release_address(&mut self, address: IpAddr) {
        if let Some(pool) = self.pools.iter_mut().find(|pool| pool.contains(address)) {
            pool.release(address);
        }
    }

    /// Source: alloc.go (allocClusterIPs).
    fn allocate_cluster_ips(&mut self, service: &mut Object, transaction: &mut Transaction) -> Result<(), ApiError> {
        let spec = Spec::of(service);
        if !spec.needs_cluster_ip() || spec.cluster_ips().first() == Some(&service::NONE) {
            return Ok(());
        }
        let families: Vec<String> = spec.ip_families().into_iter().map(ToOwned::to_owned).collect();
        let mut addresses: Vec<String> = spec.cluster_ips().into_iter().map(ToOwned::to_owned).collect();
        if addresses.len() < families.len() {
            addresses.resize(families.len(), String::new());
        }
        service.value.set(&["spec", "clusterIPs"], addresses.clone());
        for (at, family) in families.iter().enumerate() {
            addresses[at] = self.allocate_address(service, family, &addresses[at], transaction)?;
        }
        service.value.set(&["spec", "clusterIPs"], addresses.clone());
        if let Some(first) = addresses.into_iter().next() {
            service.value.set(&["spec", "clusterIP"], first);
        }
        Ok(())
    }

    /// Source: alloc.go (updateClusterIPs).
    fn update_cluster_ips(
        &mut self,
        service: &mut Object,
        old: &Object,
        transaction: &mut Transaction,
    ) -> Result<(), ApiError> {
        if super::families::is_settled(service, old) {
            return Ok(());
        }
        let (was, is) = (Spec::of(old), Spec::of(service));
        if !was.needs_cluster_ip() && is.needs_cluster_ip() {
            return self.allocate_cluster_ips(service, transaction);
        }
        if was.cluster_ips().first() == Some(&service::NONE) {
            return Ok(());
        }
        let stored: Vec<IpAddr> = was.cluster_ips().into_iter().filter_map(ip::parse).collect();
        if was.needs_cluster_ip() && !is.needs_cluster_ip() {
            transaction.freed_addresses.extend(stored);
            return Ok(());
        }
        match (was.ip_families().len(), &is.ip_families()[..]) {
            (1, [_, second]) => {
                let second = (*second).to_owned();
                let mut addresses: Vec<String> = is.cluster_ips().into_iter().map(ToOwned::to_owned).collect();
                addresses.resize(addresses.len().max(2), String::new());
                service.value.set(&["spec", "clusterIPs"], addresses.clone());
                addresses[1] = self.allocate_address(service, &second, &addresses[1], transaction)?;
                service.value.set(&["spec", "clusterIPs"], addresses);
            }
            (2, [_]) => transaction.freed_addresses.extend(stored.get(1)),
            _ => {}
        }
        Ok(())
    }

    /// An address of a family: the one wanted, or any if that is empty.
    ///
    /// Source: alloc.go (allocIPs), ipallocator/cidrallocator.go.
    fn allocate_address(
        &mut self,
        service: &Object,
        family: &str,
        wanted: &str,
        transaction: &mut Transaction,
    ) -> Result<String, ApiError> {
        let mut rng = self.stream("ClusterIP", service);
        let pool = self.pools.iter_mut().find(|pool| ip::family(pool.range().address) == family);
        let pool = pool.ok_or_else(|| ApiError::internal(&format!("no service range of family {family}")))?;
        let dry_run = transaction.mode == Mode::DryRun;
        let spec_path = Path::root("spec");
        let path = spec_path.child("clusterIPs");
        let shown = Bad::Json(json::emit(&service.spec()["clusterIPs"]));
        let address = match ip::parse(wanted) {
            Some(address) => {
                let result = match dry_run {
                    true if pool.contains(address) => Ok(()),
                    true => Err(NoAddress::OutOfRange),
                    false => pool.allocate(address),
                };
                if let Err(error) = result {
                    // A dry run looks at the range alone, and names it.
                    let why = if dry_run {
                        let range = pool.range();
                        let range = format!("The range of valid IPs is {range}");
                        format!("the provided IP ({address}) is not in the valid range. {range}")
                    } else {
                        error.to_string()
                    };
                    let detail = format!("failed to allocate IP {wanted}: {why}");
                    return Err(invalid(service, &path, shown, &detail));
                }
                address
            }
            None if dry_run => pool.range().address,
            None => pool.allocate_next(&mut rng).map_err(|error| {
                let name = service.name();
                ApiError::internal(&format!("failed to allocate a serviceIP for Service \"{name}\": {error}"))
            })?,
        };
        if !dry_run {
            transaction.taken_addresses.push(address);
        }
        if let Some(complaint) = unfit_parent(service.name()).filter(|_| !dry_run) {
            let wanted = if wanted.is_empty() { String::new() } else { format!(" {wanted}") };
            let why = format!("IPAddress.networking.k8s.io \"{address}\" is invalid: spec.parentRef.name: {complaint}");
            return Err(invalid(service, &path, shown, &format!("failed to allocate IP{wanted}: {why}")));
        }
        Ok(if wanted.is_empty() { address.to_string() } else { wanted.to_owned() })
    }
}

/// Each address is an object that names its Service; a name that cannot stand there fails first.
///
/// Source: kubernetes pkg/apis/networking/validation/validation.go (validateIPAddressParentReference).
fn unfit_parent(name: &str) -> Option<String> {
    let mut errors = Errors::default();
    let path = Path::root("name");
    if name.is_empty() {
        errors.required(&path, "");
    } else {
        errors.invalid_each(&path, name, names::path_segment(name));
    }
    let mut lines: Vec<String> = errors.causes.into_iter().map(|cause| cause.message).collect();
    if lines.is_empty() { None } else { Some(lines.swap_remove(0)) }
}

/// A list of texts as a value.
pub(super) fn list(items: &[&str]) -> Value {
    Value::from(items.to_vec())
}

/// A field at fault in the families or their policy.
pub(super) fn families_error(errors: &mut Errors, service: &Object, detail: &str) {
    let policy = &service.spec()["ipFamilyPolicy"];
    let path = Path::root("spec");
    errors.invalid(&path.child("ipFamilyPolicy"), policy, detail);
}

/// One family as a list of one.
pub(super) fn only(family: &str) -> Value {
    Value::from(vec![family])
}
