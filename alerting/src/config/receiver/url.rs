//! URLs of receivers: some are secrets, some are templates.

use model::yaml::Faults;
use net::Secret;
use net::config::ConfigUrl;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::template::{Dialect, Templates};

/// What a configuration that was shown has in the place of a secret; it is no URL, and is taken all the same.
const HIDDEN: &str = "<secret>";

/// Complains of a URL that cannot be asked.
pub(in crate::config) fn check_url(field: &str, url: Option<&ConfigUrl>, faults: &mut Faults) {
    if let Some(Err(why)) = url.map(askable) {
        faults.add(field, why);
    }
}

fn askable(url: &ConfigUrl) -> Result<(), String> {
    match url.scheme() {
        "http" | "https" if url.host().is_empty() => Err("missing host for URL".to_owned()),
        "http" | "https" => Ok(()),
        scheme => Err(format!("unsupported scheme {scheme:?} for URL")),
    }
}

/// Whether a text is a URL that can be asked; what is said does not tell the text, which is a secret.
fn secret_askable(text: &str) -> Result<(), String> {
    let url = ConfigUrl::try_from(text).map_err(|_| "not a URL (it is not shown, for it is a secret)".to_owned())?;
    askable(&url)
}

/// A URL that holds a secret; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SecretUrl(Secret);

impl SecretUrl {
    /// The URL itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&ConfigUrl> for SecretUrl {
    fn from(url: &ConfigUrl) -> SecretUrl {
        SecretUrl(url.expose().into())
    }
}

impl<'de> Deserialize<'de> for SecretUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SecretUrl, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(SecretUrl::default()) };
        if text != HIDDEN {
            secret_askable(&text).map_err(D::Error::custom)?;
        }
        Ok(SecretUrl(text.into()))
    }
}

/// A URL that holds a secret and may hold templates: in its path and query, for labels, which strangers write, must not
/// choose to whom something is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TemplatedUrl(Secret);

impl TemplatedUrl {
    /// A template, as a file has it.
    ///
    /// # Errors
    /// When it is no URL, or scheme and host are no fixed texts; the text is not told, for it is a secret.
    pub fn new(text: &str) -> Result<TemplatedUrl, String> {
        TemplatedUrl::check(text)?;
        Ok(TemplatedUrl(text.into()))
    }

    /// The template itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Scheme and host of a template, up to its path.
    ///
    /// # Errors
    /// Where a template stands in them.
    pub fn origin(text: &str) -> Result<&str, String> {
        let start = text.find("://").map_or(0, |at| at + 3);
        let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |at| start + at);
        let origin = &text[..end];
        if origin.contains("{{") {
            return Err("scheme and host of a URL must not be templates: labels would choose where it goes".to_owned());
        }
        Ok(origin)
    }

    fn check(text: &str) -> Result<(), String> {
        if text.is_empty() || text == HIDDEN {
            return Ok(());
        }
        if !text.contains("{{") {
            return secret_askable(text);
        }
        secret_askable(TemplatedUrl::origin(text)?)?;
        let parsed = Templates::new(Dialect::Alertmanager).add("", text);
        parsed.map_err(|_| "invalid template syntax (it is not shown, for it is a secret)".to_owned())
    }
}

impl<'de> Deserialize<'de> for TemplatedUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TemplatedUrl, D::Error> {
        TemplatedUrl::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
