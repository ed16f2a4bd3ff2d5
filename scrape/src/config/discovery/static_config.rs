//! Targets that share labels, as `static_configs` and discovery files name them.

use model::yaml::Faults;
use model::{Labels, name};
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::config::label_set;

/// Targets that share labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(
    rename = "struct { Targets []string \"yaml:\\\"targets\\\"\"; Labels model.LabelSet \"yaml:\\\"labels\\\"\" }",
    default,
    deny_unknown_fields
)]
pub struct StaticConfig {
    /// Addresses, as `host:port`.
    pub targets: Vec<String>,
    /// Their labels.
    #[serde(skip_serializing_if = "is_default", with = "label_set")]
    pub labels: Labels,
}

impl StaticConfig {
    pub(super) fn check(&self, faults: &mut Faults) {
        faults.within_each("targets", &self.targets, |faults, target| {
            if let Err(error) = check_address(target) {
                faults.add_here(error);
            }
        });
    }
}

/// Finds out whether a text can be an address; a URL cannot.
///
/// # Errors
/// When it cannot, in Prometheus's words.
pub fn check_address(address: &str) -> Result<(), String> {
    if address.contains('/') { Err(format!("{} is not a valid hostname", name::quoted(address))) } else { Ok(()) }
}
