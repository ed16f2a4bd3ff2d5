//! What is kept on the disk. `docs/format/decisions.md` has the records.

use serde::{Deserialize, Serialize};

use super::evaluation::Evaluation;
use super::overriding::Override;
use crate::deployment::Deployment;
use crate::policy::{PolicyChange, Standing};
use crate::records::RecordJournal;

/// The journal of decisions.
pub(super) type Decisions = RecordJournal<Record>;

/// A record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "what")]
pub(super) enum Record {
    /// A deployment as it is now.
    Deployment(Deployment),
    /// An evaluation as it is now.
    Evaluation(Box<Evaluation>),
    /// An override.
    Override(Override),
    /// Where a product stands now.
    Standing(Standing),
    /// What holds of a product and has to for a while was seen to hold.
    Held {
        /// The product.
        product: String,
        /// Up to when, in milliseconds since the Unix epoch.
        upto_ms: i64,
    },
    /// A product's state has changed.
    Change(PolicyChange),
    /// A webhook that was taken: whose, and its id.
    Hook {
        /// `gitlab`, `jenkins`
        source: String,
        /// What it calls itself.
        id: String,
    },
}
