//! What a request shows to be let in: the `Authorization` header and the configured headers, from texts and from files
//! that are read again for each request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use super::error::CredentialsError;
use super::oauth2::TokenSource;
use crate::tls::Source;

/// Where the `Authorization` header comes from.
#[derive(Debug, Default)]
pub(super) enum Authorization {
    /// Nowhere.
    #[default]
    None,
    /// `Basic`; what is not given is empty.
    Basic { user: Option<Source>, password: Option<Source> },
    /// Any other scheme, mostly `Bearer`.
    Scheme { scheme: String, credentials: Option<Source> },
    /// A token that another server gives.
    OAuth2(Box<TokenSource>),
}

impl Authorization {
    /// Adds the header, unless the request brings its own.
    pub(super) async fn add_to(&self, headers: &mut HeaderMap, deadline: Instant) -> Result<(), CredentialsError> {
        if headers.contains_key(AUTHORIZATION) {
            return Ok(());
        }
        let value = match self {
            Authorization::None => return Ok(()),
            Authorization::Basic { user, password } => {
                let user = text_of(user.as_ref(), "basic auth username").await?;
                let password = text_of(password.as_ref(), "basic auth password").await?;
                basic(&user, &password)
            }
            Authorization::Scheme { scheme, credentials } => {
                format!("{scheme} {}", text_of(credentials.as_ref(), "authorization credentials").await?)
            }
            // Boxed, because to get a token is to send a request, which again may need credentials.
            Authorization::OAuth2(source) => Box::pin(source.authorization(deadline)).await?,
        };
        headers.insert(AUTHORIZATION, secret_value(&AUTHORIZATION, value)?);
        Ok(())
    }
}

/// `Basic` and user and password in base 64.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A header of the configuration.
#[derive(Clone, Debug)]
pub(super) struct ConfiguredHeader {
    pub(super) name: HeaderName,
    pub(super) value: Source,
}

impl ConfiguredHeader {
    /// Adds the header to those of the same name.
    pub(super) async fn add_to(&self, headers: &mut HeaderMap) -> Result<(), CredentialsError> {
        let text = text_of(Some(&self.value), "headers file").await?;
        headers.append(&self.name, secret_value(&self.name, text)?);
        Ok(())
    }
}

/// The text at a source as it is now; without the white space around what stands in a file.
pub(super) async fn text_of(source: Option<&Source>, what: &'static str) -> Result<String, CredentialsError> {
    match source {
        None => Ok(String::new()),
        Some(Source::Inline(text)) => Ok(text.expose().to_owned()),
        Some(Source::File(path)) => match tokio::fs::read_to_string(path).await {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(error) => Err(CredentialsError::File { what, path: path.display().to_string(), error }),
        },
    }
}

fn secret_value(name: &HeaderName, text: String) -> Result<HeaderValue, CredentialsError> {
    let mut value = HeaderValue::try_from(text).map_err(|_| CredentialsError::NotAHeader(name.to_string()))?;
    value.set_sensitive(true);
    Ok(value)
}
