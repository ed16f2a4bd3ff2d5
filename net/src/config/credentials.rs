//! `basic_auth` and `authorization`.

use std::path::Path;

use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::{are_several, is_default, join_directory};
use crate::secret::Secret;

/// User and password, each written out or in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct BasicAuth {
    /// The user.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// A file that holds the user.
    #[serde(skip_serializing_if = "is_default")]
    pub username_file: String,
    /// A name in a secret manager; there is none here.
    #[serde(skip_serializing_if = "is_default")]
    pub username_ref: String,
    /// The password.
    #[serde(skip_serializing_if = "is_default")]
    pub password: Secret,
    /// A file that holds the password.
    #[serde(skip_serializing_if = "is_default")]
    pub password_file: String,
    /// A name in a secret manager; there is none here.
    #[serde(skip_serializing_if = "is_default")]
    pub password_ref: String,
}

impl BasicAuth {
    pub(super) fn check(&self, faults: &mut Faults) {
        let BasicAuth { username, username_file, username_ref, password, password_file, password_ref } = self;
        if are_several([username, username_file, username_ref].map(|text| !text.is_empty())) {
            faults.add_here("at most one of basic_auth username, username_file & username_ref must be configured");
        }
        if are_several([!password.is_empty(), !password_file.is_empty(), !password_ref.is_empty()]) {
            faults.add_here("at most one of basic_auth password, password_file & password_ref must be configured");
        }
    }

    pub(super) fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.username_file);
        join_directory(directory, &mut self.password_file);
    }
}

/// A scheme and what is shown with it, written out or in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.Authorization", default, deny_unknown_fields)]
pub struct Authorization {
    /// The scheme, mostly `Bearer`; empty for that.
    #[serde(rename = "type", skip_serializing_if = "is_default")]
    pub scheme: String,
    /// What is shown.
    #[serde(skip_serializing_if = "is_default")]
    pub credentials: Secret,
    /// A file that holds what is shown.
    #[serde(skip_serializing_if = "is_default")]
    pub credentials_file: String,
    /// A name in a secret manager; there is none here.
    #[serde(skip_serializing_if = "is_default")]
    pub credentials_ref: String,
}

impl Authorization {
    /// The scheme where none is written.
    pub const DEFAULT_SCHEME: &str = "Bearer";

    pub(super) fn bearer(credentials: Secret, credentials_file: String) -> Authorization {
        let scheme = Authorization::DEFAULT_SCHEME.to_owned();
        Authorization { scheme, credentials, credentials_file, credentials_ref: String::new() }
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        let Authorization { scheme, credentials, credentials_file, credentials_ref } = self;
        if are_several([!credentials.is_empty(), !credentials_file.is_empty(), !credentials_ref.is_empty()]) {
            faults.add_here("at most one of authorization credentials & credentials_file must be configured");
        }
        if scheme.trim().eq_ignore_ascii_case("basic") {
            faults.add("type", "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
        }
    }

    pub(super) fn fill(&mut self) {
        self.scheme = match self.scheme.trim() {
            "" => Authorization::DEFAULT_SCHEME.to_owned(),
            scheme => scheme.to_owned(),
        };
    }

    pub(super) fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.credentials_file);
    }
}
