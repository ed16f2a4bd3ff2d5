//! What is asked for: scrape protocols and the `Accept` header that lists them.
//!
//! Protobuf is left out of the header, since it cannot be read yet: a target that could answer in it answers in text.

use std::fmt;
use std::str::FromStr;

use crate::parse::content_type::MediaType;

/// A name of `scrape_protocols` or `fallback_scrape_protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScrapeProtocol {
    /// `PrometheusProto`
    PrometheusProto,
    /// `PrometheusText0.0.4`
    PrometheusText0_0_4,
    /// `PrometheusText1.0.0`
    PrometheusText1_0_0,
    /// `OpenMetricsText0.0.1`
    OpenMetricsText0_0_1,
    /// `OpenMetricsText1.0.0`
    OpenMetricsText1_0_0,
}

/// How names that are not legacy names should be escaped: `metric_name_escaping_scheme`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EscapingScheme {
    /// Not at all: `allow-utf-8`.
    #[default]
    AllowUtf8,
    /// `underscores`
    Underscores,
    /// `dots`
    Dots,
    /// `values`
    Values,
}

impl EscapingScheme {
    /// The value of the parameter `escaping`.
    pub fn as_str(self) -> &'static str {
        match self {
            EscapingScheme::AllowUtf8 => "allow-utf-8",
            EscapingScheme::Underscores => "underscores",
            EscapingScheme::Dots => "dots",
            EscapingScheme::Values => "values",
        }
    }
}

/// A name that is no scrape protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown scrape protocol {0}, supported: [OpenMetricsText0.0.1 OpenMetricsText1.0.0 PrometheusProto \
     PrometheusText0.0.4 PrometheusText1.0.0]"
)]
pub struct UnknownProtocol(pub String);

impl ScrapeProtocol {
    /// All of them.
    pub const ALL: [ScrapeProtocol; 5] = [
        ScrapeProtocol::PrometheusProto,
        ScrapeProtocol::PrometheusText0_0_4,
        ScrapeProtocol::PrometheusText1_0_0,
        ScrapeProtocol::OpenMetricsText0_0_1,
        ScrapeProtocol::OpenMetricsText1_0_0,
    ];

    /// What is asked for where a configuration does not say.
    pub const DEFAULT: [ScrapeProtocol; 4] = [
        ScrapeProtocol::OpenMetricsText1_0_0,
        ScrapeProtocol::OpenMetricsText0_0_1,
        ScrapeProtocol::PrometheusText1_0_0,
        ScrapeProtocol::PrometheusText0_0_4,
    ];

    /// The name in a configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            ScrapeProtocol::PrometheusProto => "PrometheusProto",
            ScrapeProtocol::PrometheusText0_0_4 => "PrometheusText0.0.4",
            ScrapeProtocol::PrometheusText1_0_0 => "PrometheusText1.0.0",
            ScrapeProtocol::OpenMetricsText0_0_1 => "OpenMetricsText0.0.1",
            ScrapeProtocol::OpenMetricsText1_0_0 => "OpenMetricsText1.0.0",
        }
    }

    /// What a body in this protocol says it is.
    pub fn media_type(self) -> MediaType {
        match self {
            ScrapeProtocol::PrometheusProto => MediaType::Protobuf,
            ScrapeProtocol::PrometheusText0_0_4 | ScrapeProtocol::PrometheusText1_0_0 => MediaType::PrometheusText,
            ScrapeProtocol::OpenMetricsText0_0_1 | ScrapeProtocol::OpenMetricsText1_0_0 => MediaType::OpenMetrics,
        }
    }

    /// The version, and whether this version knows escaping.
    fn version(self) -> (&'static str, bool) {
        match self {
            ScrapeProtocol::PrometheusProto => ("", false),
            ScrapeProtocol::PrometheusText0_0_4 => ("0.0.4", false),
            ScrapeProtocol::OpenMetricsText0_0_1 => ("0.0.1", false),
            ScrapeProtocol::PrometheusText1_0_0 | ScrapeProtocol::OpenMetricsText1_0_0 => ("1.0.0", true),
        }
    }
}

impl fmt::Display for ScrapeProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ScrapeProtocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<ScrapeProtocol, UnknownProtocol> {
        let known = ScrapeProtocol::ALL.into_iter().find(|protocol| protocol.as_str() == text);
        known.ok_or_else(|| UnknownProtocol(text.to_owned()))
    }
}

/// The `Accept` header that asks for protocols in their order, and for anything else last.
pub fn accept_header(protocols: &[ScrapeProtocol], escaping: EscapingScheme) -> String {
    let mut header = String::new();
    let mut weight = ScrapeProtocol::ALL.len() + 1;
    let readable = protocols.iter().filter(|protocol| **protocol != ScrapeProtocol::PrometheusProto);
    for protocol in readable.take(ScrapeProtocol::ALL.len()) {
        let (version, knows_escaping) = protocol.version();
        header.push_str(protocol.media_type().as_str());
        header.push_str(";version=");
        header.push_str(version);
        if knows_escaping {
            header.push_str(";escaping=");
            header.push_str(escaping.as_str());
        }
        header.push_str(&format!(";q=0.{weight},"));
        weight -= 1;
    }
    header.push_str(&format!("*/*;q=0.{weight}"));
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_lists_protocols_with_falling_weights() {
        let check = |protocols: &[ScrapeProtocol], escaping, header: &str| {
            assert_eq!(accept_header(protocols, escaping), header);
        };
        check(
            &ScrapeProtocol::DEFAULT,
            EscapingScheme::AllowUtf8,
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
             application/openmetrics-text;version=0.0.1;q=0.5,\
             text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        );
        check(
            &[ScrapeProtocol::PrometheusProto, ScrapeProtocol::PrometheusText1_0_0],
            EscapingScheme::Underscores,
            "text/plain;version=1.0.0;escaping=underscores;q=0.6,*/*;q=0.5",
        );
        check(&[], EscapingScheme::AllowUtf8, "*/*;q=0.6");
    }

    #[test]
    fn names_are_those_of_the_configuration() {
        for protocol in ScrapeProtocol::ALL {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
        }
        assert!("PrometheusText2".parse::<ScrapeProtocol>().is_err());
    }
}
