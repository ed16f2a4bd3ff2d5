//! Which versions of TLS there are between two bounds. A least version of 1.0 or 1.1 means "what there is"; a greatest
//! one leaves none.

use rustls::SupportedProtocolVersion;

use super::TlsError;
use crate::config::TlsVersion;

/// The versions that exist here, from `min` to `max`.
pub(super) fn between(
    min: Option<TlsVersion>,
    max: Option<TlsVersion>,
) -> Result<Vec<&'static SupportedProtocolVersion>, TlsError> {
    let min = min.unwrap_or(TlsVersion::Tls12);
    let max = max.unwrap_or(TlsVersion::Tls13);
    let known = [(TlsVersion::Tls12, &rustls::version::TLS12), (TlsVersion::Tls13, &rustls::version::TLS13)];
    let chosen: Vec<_> =
        known.into_iter().filter(|(version, _)| (min..=max).contains(version)).map(|(_, known)| known).collect();
    if chosen.is_empty() { Err(TlsError::NoVersion) } else { Ok(chosen) }
}
