//! URLs as configurations hold them.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::url::{Url, UrlError};

/// A URL as it was written, relative or not. Shown without its password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConfigUrl(String);

impl ConfigUrl {
    /// The URL, password included.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands before `:`; empty where nothing does.
    pub fn scheme(&self) -> &str {
        split_scheme(&self.0).map_or("", |(scheme, _)| scheme)
    }

    /// The host, without user and port; empty where there is none.
    pub fn host(&self) -> &str {
        let host = self.authority().rsplit_once('@').map_or(self.authority(), |(_, host)| host);
        match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
            Some((host, _)) => host,
            None => host.split_once(':').map_or(host, |(host, _)| host),
        }
    }

    /// The URL to be asked.
    ///
    /// # Errors
    /// When it is not an absolute `http` or `https` URL.
    pub fn to_url(&self) -> Result<Url, UrlError> {
        self.0.parse()
    }

    fn authority(&self) -> &str {
        let rest = split_scheme(&self.0).map_or(self.0.as_str(), |(_, rest)| rest);
        let authority = rest.strip_prefix("//").unwrap_or_default();
        &authority[..authority.find(['/', '?', '#']).unwrap_or(authority.len())]
    }
}

/// `scheme:rest`.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_scheme.then_some((scheme, rest))
}

impl TryFrom<String> for ConfigUrl {
    type Error = String;

    /// Refuses what Go's `url.Parse` refuses most: control characters, a missing scheme, a port that is no number.
    fn try_from(text: String) -> Result<ConfigUrl, String> {
        let url = ConfigUrl(text);
        let refuse = |why: String| Err(format!("parse {:?}: {why}", url.to_string()));
        if url.0.chars().any(|c| c.is_ascii_control()) {
            return refuse("net/url: invalid control character in URL".to_owned());
        }
        if url.0.starts_with(':') {
            return refuse("missing protocol scheme".to_owned());
        }
        let is_relative = split_scheme(&url.0).is_none();
        let first_segment = url.0.split('/').next().unwrap_or_default();
        if is_relative && first_segment.contains(':') {
            return refuse("first path segment in URL cannot contain colon".to_owned());
        }
        let after_host = url.authority().rsplit_once('@').map_or(url.authority(), |(_, host)| host);
        let after_host = after_host.rsplit_once(']').map_or(after_host, |(_, rest)| rest);
        if let Some((_, port)) = after_host.split_once(':')
            && !port.bytes().all(|byte| byte.is_ascii_digit())
        {
            return refuse(format!("invalid port {:?} after host", format!(":{port}")));
        }
        Ok(url)
    }
}

impl TryFrom<&str> for ConfigUrl {
    type Error = String;

    fn try_from(text: &str) -> Result<ConfigUrl, String> {
        text.to_owned().try_into()
    }
}

impl fmt::Display for ConfigUrl {
    /// With `xxxxx` for the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.authority().rsplit_once('@').map_or("", |(user, _)| user);
        match user.split_once(':') {
            Some((name, password)) => {
                let hidden = self.0.replacen(&format!("{name}:{password}@"), &format!("{name}:xxxxx@"), 1);
                f.write_str(&hidden)
            }
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for ConfigUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ConfigUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConfigUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ConfigUrl, D::Error> {
        String::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}
