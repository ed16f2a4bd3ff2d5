//! Mesos: `/metrics/snapshot` of a master or an agent, an object of some hundred names with a number each, becomes
//! typed series.
//!
//! [`Snapshot`] reads the JSON and recognises it; [`series`] says what a name means: `master/frameworks/NAME/ID/calls`
//! becomes `mesos_master_frameworks_calls{framework="NAME",framework_id="ID"}`. Values and units stay as Mesos gives
//! them, and a name that is absent stays absent. `docs/mesos.md` has the rules for users.

mod key;
mod metric_type;
mod snapshot;

pub use key::{MesosSeries, series};
pub use snapshot::{Snapshot, SnapshotError};
