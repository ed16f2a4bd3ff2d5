//! Versions of TLS: the names that configuration files use, and which of them exist here.

use rustls::SupportedProtocolVersion;

use super::TlsError;

/// A version that a configuration may name, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Version {
    /// `TLS10`: as a least version it means "what there is", as a greatest one it leaves none.
    Tls10,
    /// `TLS11`: as `TLS10`.
    Tls11,
    /// `TLS12`
    Tls12,
    /// `TLS13`
    Tls13,
}

/// The versions between two bounds that exist here.
pub(super) fn between(
    min: Option<Version>,
    max: Option<Version>,
) -> Result<Vec<&'static SupportedProtocolVersion>, TlsError> {
    let min = min.unwrap_or(Version::Tls12);
    let max = max.unwrap_or(Version::Tls13);
    let known = [(Version::Tls12, &rustls::version::TLS12), (Version::Tls13, &rustls::version::TLS13)];
    let chosen: Vec<_> =
        known.into_iter().filter(|(version, _)| (min..=max).contains(version)).map(|(_, known)| known).collect();
    if chosen.is_empty() { Err(TlsError::NoVersion) } else { Ok(chosen) }
}
