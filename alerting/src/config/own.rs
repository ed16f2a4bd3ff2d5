//! `narthex`: what is our own.

use model::name::quoted;
use model::yaml::Faults;
use net::client::{Addresses, Network};
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
    /// Link-local and metadata addresses at which receivers may be reached all the same: addresses, and networks like
    /// `169.254.0.0/16`.
    #[serde(skip_serializing_if = "is_default")]
    pub allowed_networks: Vec<String>,
}

impl OwnConfig {
    /// At which addresses receivers may be reached.
    pub fn addresses(&self) -> Addresses {
        let allowed = self.allowed_networks.iter().filter_map(|network| network.parse().ok());
        Addresses::without_metadata(allowed.collect(), "narthex.allowed_networks of the Alertmanager configuration")
    }

    pub(super) fn check(&self, known: &Known<'_>, faults: &mut Faults) {
        let name = self.fallback_receiver.as_str();
        if !name.is_empty() && !known.receivers.contains(name) {
            faults.add("fallback_receiver", format_args!("undefined receiver {}", quoted(name)));
        }
        let wrong = self.allowed_networks.iter().find_map(|text| Some((text, text.parse::<Network>().err()?)));
        if let Some((text, error)) = wrong {
            faults.add("allowed_networks", format_args!("{}: {error}", quoted(text)));
        }
    }
}
