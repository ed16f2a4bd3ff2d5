//! What all kinds of receivers have in common.

use std::path::Path;

use model::yaml::Faults;

use super::HttpSettings;
use crate::config::global::GlobalConfig;

/// A kind of receiver.
pub(super) trait Kind {
    /// How HTTP is talked to it, where it is HTTP and where that is said.
    fn http(&self) -> Option<&HttpSettings>;

    /// Where that is kept; `None` where it is not HTTP.
    fn http_mut(&mut self) -> Option<&mut Option<HttpSettings>>;

    /// Finds what contradicts itself; what is said of HTTP is checked already.
    fn check(&self, faults: &mut Faults);

    /// Takes what is missing from `global`, and says what is missing there too. HTTP is taken from there afterwards, where
    /// nothing is said of it.
    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults);

    /// Makes relative file names relative to a directory, but for those of HTTP.
    fn set_directory(&mut self, directory: &Path);
}

/// The first two methods of a kind that is reached over HTTP.
macro_rules! over_http {
    () => {
        fn http(&self) -> Option<&HttpSettings> {
            self.http_config.as_ref()
        }

        fn http_mut(&mut self) -> Option<&mut Option<HttpSettings>> {
            Some(&mut self.http_config)
        }
    };
}

pub(super) use over_http;
