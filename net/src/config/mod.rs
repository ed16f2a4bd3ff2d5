//! What configuration files say of HTTP: the client's side (`http_config`) and the server's (`--web.config.file`).
//!
//! The types hold what was written, with Prometheus's defaults; `check` finds what contradicts itself, in Prometheus's
//! words, and `set_directory` makes relative file names relative to the configuration's directory. Nothing here reads a
//! file. Fields of features that are not built yet are read and checked all the same.

mod credentials;
mod headers;
mod http;
mod oauth2;
mod proxy;
mod tls;
mod url;
mod web;

#[cfg(test)]
mod tests;

pub use credentials::{Authorization, BasicAuth};
pub use headers::{HeaderValues, Headers};
pub use http::HttpConfig;
pub use oauth2::OAuth2;
pub use proxy::ProxyConfig;
pub use tls::{TlsConfig, TlsVersion};
pub use url::ConfigUrl;
pub use web::{ClientAuthType, RateLimit, WebConfig, WebHttpConfig, WebTlsConfig};

use std::path::Path;

/// Puts a directory before a relative file name. An empty name stays empty.
pub fn join_directory(directory: &Path, file: &mut String) {
    if !file.is_empty() && Path::new(file.as_str()).is_relative() {
        *file = clean(&directory.join(file.as_str()).to_string_lossy());
    }
}

/// A path without `.` and without `directory/..`, as Go prints joined paths.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            ("..", None) if path.starts_with('/') => {}
            (part, _) => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (path.starts_with('/'), joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Whether a value is its type's default, and need not be written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Whether more than one is set.
fn are_several(set: impl IntoIterator<Item = bool>) -> bool {
    set.into_iter().filter(|is_set| *is_set).count() > 1
}
