//! `narthex`: what is our own.

use model::name::quoted;
use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::receiver::is_default;
use super::route::Known;

/// What Alertmanager's file has no place for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "narthex", default, deny_unknown_fields)]
pub struct OwnConfig {
    /// Who is told what another receiver could not be told; empty for nobody.
    #[serde(skip_serializing_if = "is_default")]
    pub fallback_receiver: String,
}

impl OwnConfig {
    pub(super) fn check(&self, known: &Known<'_>, faults: &mut Faults) {
        let name = self.fallback_receiver.as_str();
        if !name.is_empty() && !known.receivers.contains(name) {
            faults.add("fallback_receiver", format_args!("undefined receiver {}", quoted(name)));
        }
    }
}
