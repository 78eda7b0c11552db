//! Group `routing`: connections through kube-proxy's rules, NetworkPolicy included, judged by who answers.

mod judge;
mod steps;
mod world;

use super::{Case, tree::Fail};
use world::World;

/// One case: a world, Services, pods, then steps.
pub(super) fn run(case: Case<'_>) -> Result<(), Fail> {
    case.only(&["services", "objects", "pods", "steps"])?;
    let mut world = World::start(case)?;
    case.get("steps").items().iter().try_for_each(|step| world.step(step))
}
