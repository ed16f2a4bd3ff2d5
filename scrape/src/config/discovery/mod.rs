//! Where targets are found. The fields stand among those of a scrape configuration.

mod cloud;
mod file;
mod kubernetes;
mod other;
mod services;
mod static_config;

pub use file::FileSdConfig;
pub use static_config::{StaticConfig, check_address};

use std::path::{Path, PathBuf};

use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::discovery::TargetGroup;
use crate::discovery::file::FileDiscovery;
use other::OtherDiscovery;

/// All kinds of discovery of one configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "discovery.Configs", default, deny_unknown_fields)]
pub struct Discovery {
    /// Targets that are written out.
    #[serde(skip_serializing_if = "is_default")]
    pub static_configs: Vec<StaticConfig>,
    /// Targets in files.
    #[serde(skip_serializing_if = "is_default")]
    pub file_sd_configs: Vec<FileSdConfig>,
    /// The kinds that are not built yet.
    #[serde(rename = "<inline>")]
    other: OtherDiscovery,
}

impl Discovery {
    /// Targets that are written out.
    pub fn of_targets(groups: Vec<StaticConfig>) -> Discovery {
        Discovery { static_configs: groups, ..Discovery::default() }
    }

    /// Finds what is wrong with what was written; with addresses only where no rule can make something else of them.
    pub fn check(&self, addresses_are_final: bool, faults: &mut Faults) {
        if addresses_are_final {
            faults.within_each("static_configs", &self.static_configs, |faults, group| group.check(faults));
        }
        faults.within_each("file_sd_configs", &self.file_sd_configs, |faults, config| config.check(faults));
        self.other.check(faults);
    }

    /// Makes relative file names relative to a directory.
    pub fn set_directory(&mut self, directory: &Path) {
        self.file_sd_configs.iter_mut().for_each(|config| config.set_directory(directory));
        self.other.set_directory(directory);
    }

    /// The targets that are written out. Groups are named by their number, as Prometheus names them in errors.
    pub fn static_groups(&self) -> Vec<TargetGroup> {
        let groups = self.static_configs.iter().enumerate();
        groups
            .map(|(number, group)| {
                let addresses = group.targets.iter().map(String::as_str);
                TargetGroup::new(&number.to_string(), addresses, group.labels.clone())
            })
            .collect()
    }

    /// The providers of targets in files.
    pub fn files(&self) -> Vec<FileDiscovery> {
        self.file_sd_configs
            .iter()
            .map(|files| FileDiscovery {
                paths: files.files.iter().map(PathBuf::from).collect(),
                refresh_interval: files.refresh_interval.to_std(),
            })
            .collect()
    }

    /// The fields of kinds that are configured and not built yet.
    pub fn not_built(&self) -> Vec<&'static str> {
        self.other.configured()
    }
}
