//! `http_config` of receivers.

use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::{Authorization, HttpConfig};
use serde::{Deserialize, Serialize};

/// How HTTP is talked to a receiver. Unlike elsewhere, redirects are followed only where `follow_redirects` is written: a
/// notification goes where the configuration says, and nowhere else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.HTTPClientConfig", default)]
pub struct HttpSettings {
    /// What a client is made of.
    #[serde(rename = "<inline>")]
    pub config: HttpConfig,
    #[serde(rename = "<inline written>", skip_serializing)]
    written: Written,
}

/// The fields of which it matters whether they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.HTTPClientConfig", default)]
struct Written {
    follow_redirects: Option<bool>,
}

impl Default for HttpSettings {
    fn default() -> HttpSettings {
        let config = HttpConfig { follow_redirects: false, ..HttpConfig::default() };
        HttpSettings { config, written: Written::default() }
    }
}

impl HttpSettings {
    pub(in crate::config) fn check(&self, faults: &mut Faults) {
        self.config.check(faults);
    }

    pub(in crate::config) fn fill(&mut self) {
        self.config.fill();
        self.config.follow_redirects = self.written.follow_redirects.unwrap_or(false);
    }

    /// Shows a token, written out or in a file, in the place of whatever else is said.
    pub(super) fn set_bearer(&mut self, token: &Secret, file: &str) {
        self.config.authorization = Some(Authorization {
            scheme: Authorization::DEFAULT_SCHEME.to_owned(),
            credentials: token.clone(),
            credentials_file: file.to_owned(),
            ..Authorization::default()
        });
    }

    pub(in crate::config) fn set_directory(&mut self, directory: &Path) {
        self.config.set_directory(directory);
    }
}
