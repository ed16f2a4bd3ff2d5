//! Which formats and which names are asked for, as configurations write it.

use crate::protocol::{EscapingScheme, ScrapeProtocol};

/// Finds out whether a list of protocols can be used.
///
/// # Errors
/// When one is unknown or there twice, or there is none; in Prometheus's words.
pub fn check_protocols(protocols: &[String]) -> Result<(), String> {
    if protocols.is_empty() {
        return Err("scrape_protocols cannot be empty".to_owned());
    }
    for (i, protocol) in protocols.iter().enumerate() {
        if protocols[..i].iter().any(|before| before.eq_ignore_ascii_case(protocol)) {
            return Err(format!("duplicated protocol in scrape_protocols, got [{}]", protocols.join(" ")));
        }
        protocol.parse::<ScrapeProtocol>().map_err(|error| format!("scrape_protocols: {error}"))?;
    }
    Ok(())
}

/// The schemes for names that are not of the old kind.
const ESCAPING_SCHEMES: [EscapingScheme; 4] =
    [EscapingScheme::AllowUtf8, EscapingScheme::Underscores, EscapingScheme::Dots, EscapingScheme::Values];

/// The scheme of a name.
pub(super) fn escaping_scheme(name: &str) -> Option<EscapingScheme> {
    ESCAPING_SCHEMES.into_iter().find(|scheme| scheme.as_str() == name)
}

/// Finds out whether a name is that of an escaping scheme; `section` says whose it is.
///
/// # Errors
/// When it is not, in Prometheus's words.
pub fn check_escaping_scheme(name: &str, section: &str) -> Result<EscapingScheme, String> {
    escaping_scheme(name).ok_or_else(|| {
        let [first, second, third, fourth] = ESCAPING_SCHEMES.map(EscapingScheme::as_str);
        format!(
            "unknown {section} name escaping method specified, must be one of '{first}', '{second}', '{third}', or \
             '{fourth}', got {name:?}"
        )
    })
}

/// Serde for an optional [`model::name::ValidationScheme`]; empty is absent.
pub mod validation {
    use model::name::ValidationScheme;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Reads `utf8`, `legacy` or nothing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ValidationScheme>, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "" => Ok(None),
            "utf8" => Ok(Some(ValidationScheme::Utf8)),
            "legacy" => Ok(Some(ValidationScheme::Legacy)),
            other => Err(D::Error::custom(format_args!("unrecognized ValidationScheme: {other:?}"))),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the serializer has one.
    pub fn serialize<S: Serializer>(scheme: &Option<ValidationScheme>, serializer: S) -> Result<S::Ok, S::Error> {
        let name = scheme.map(|scheme| match scheme {
            ValidationScheme::Utf8 => "utf8",
            ValidationScheme::Legacy => "legacy",
        });
        name.serialize(serializer)
    }
}
