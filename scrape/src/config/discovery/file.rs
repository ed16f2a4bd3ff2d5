//! `file_sd_configs`: targets in files that are read again when they change.

use std::path::Path;

use model::duration::PromDuration;
use model::name;
use model::yaml::Faults;
use net::config::join_directory;
use serde::{Deserialize, Serialize};

use super::is_default;

/// Files that hold target groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "file.plain", default, deny_unknown_fields)]
pub struct FileSdConfig {
    /// Paths; the last segment may hold one `*`, and ends in `.json`, `.yml` or `.yaml`.
    pub files: Vec<String>,
    /// How often the files are read at the latest.
    #[serde(skip_serializing_if = "is_default")]
    pub refresh_interval: PromDuration,
}

impl Default for FileSdConfig {
    fn default() -> FileSdConfig {
        FileSdConfig { files: Vec::new(), refresh_interval: PromDuration::from_secs(300) }
    }
}

impl FileSdConfig {
    pub(super) fn check(&self, faults: &mut Faults) {
        if self.files.is_empty() {
            faults.add("files", "file service discovery config must contain at least one path name");
        }
        faults.within_each("files", &self.files, |faults, file| {
            if !is_file_name(file) {
                faults.add_here(format_args!("path name {} is not valid for file discovery", name::quoted(file)));
            }
        });
    }

    pub(super) fn set_directory(&mut self, directory: &Path) {
        self.files.iter_mut().for_each(|file| join_directory(directory, file));
    }
}

/// Whether a path is in the form that [`FileSdConfig::files`] describes.
fn is_file_name(path: &str) -> bool {
    let stem = ["json", "yml", "yaml", "JSON", "YML", "YAML"]
        .iter()
        .find_map(|extension| path.strip_suffix(extension)?.strip_suffix('.'));
    match stem.map(|stem| stem.split_once('*')) {
        None => false,
        Some(None) => true,
        Some(Some((_, behind_star))) => !behind_star.contains('/'),
    }
}
