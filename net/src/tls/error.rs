//! Why there is no TLS session, in the words of Go's `crypto/tls` and `crypto/x509` where it has some.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerMisbehaved};

use crate::client::io_text;

/// Why there is no TLS session, or no settings to begin one with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file could not be read.
    #[error("unable to read {what}: unable to read file {path}: open {path}: {}", io_text(.error))]
    Read {
        /// `CA cert`, `client cert`, `cert_file` and the like.
        what: &'static str,
        /// Its path.
        path: String,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// There is no certificate in what should be the CA's.
    #[error("unable to use specified CA cert {place}")]
    NoCa {
        /// `file PATH` or `inline`.
        place: String,
    },
    /// Certificate and key do not make a pair.
    #[error("unable to use specified {side} cert ({cert}) & key ({key}): tls: {reason}")]
    KeyPair {
        /// `client` or `server`.
        side: &'static str,
        /// `file PATH` or `inline`.
        cert: String,
        /// `file PATH` or `inline`.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// No version of TLS is allowed that exists here.
    #[error("tls: no supported versions satisfy MinVersion and MaxVersion (TLS 1.2 and 1.3 are supported)")]
    NoVersion,
    /// A host that cannot be named in a handshake.
    #[error("tls: invalid server name \"{0}\"")]
    ServerName(String),
    /// The other side, or what it showed, was not accepted.
    #[error("{}", handshake_text(.0))]
    Handshake(#[source] Error),
    /// The connection broke during the handshake.
    #[error("{}", io_text(.0))]
    Io(#[source] io::Error),
    /// The connection ended during the handshake.
    #[error("EOF")]
    Eof,
    /// The settings contradict each other.
    #[error("{0}")]
    Settings(String),
}

impl TlsError {
    /// The error of a session that an I/O error on its stream holds, if it holds one.
    pub(crate) fn inside(error: &io::Error) -> Option<TlsError> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).cloned().map(TlsError::Handshake)
    }
}

impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> TlsError {
        match TlsError::inside(&error) {
            Some(inside) => inside,
            None if error.kind() == io::ErrorKind::UnexpectedEof => TlsError::Eof,
            None => TlsError::Io(error),
        }
    }
}

fn handshake_text(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => {
            format!("tls: failed to verify certificate: x509: {}", certificate_text(error))
        }
        Error::AlertReceived(alert) => format!("remote error: tls: {}", alert_text(*alert)),
        // What a server that speaks plain HTTP answers to a handshake.
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "http: server gave HTTP response to HTTPS client".to_owned()
        }
        Error::PeerIncompatible(reason) => format!("tls: protocol version or cipher not supported: {reason:?}"),
        Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedCipherSuite) => {
            "tls: server chose an unconfigured cipher suite".to_owned()
        }
        other => format!("tls: {other}"),
    }
}

fn certificate_text(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "certificate signed by unknown authority".to_owned()
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            format!("certificate has expired or is not yet valid: {error}")
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let wanted = expected.to_str();
            let names: Vec<_> = presented.iter().map(|name| shown_name(name)).collect();
            if names.is_empty() {
                format!("certificate is not valid for any names, but wanted to match {wanted}")
            } else {
                format!("certificate is valid for {}, not {wanted}", names.join(", "))
            }
        }
        CertificateError::NotValidForName => "certificate is not valid for the requested name".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "certificate specifies an incompatible key usage".to_owned()
        }
        CertificateError::BadEncoding => "malformed certificate".to_owned(),
        CertificateError::UnhandledCriticalExtension => "unhandled critical extension".to_owned(),
        other => other.to_string(),
    }
}

/// `DnsName("a.example")` as `a.example`.
fn shown_name(name: &str) -> &str {
    name.split_once('(').map_or(name, |(_, rest)| rest.trim_end_matches(')').trim_matches('"'))
}

fn alert_text(alert: AlertDescription) -> String {
    let known = match alert {
        AlertDescription::HandshakeFailure => "handshake failure",
        AlertDescription::BadCertificate => "bad certificate",
        AlertDescription::UnsupportedCertificate => "unsupported certificate",
        AlertDescription::CertificateRevoked => "revoked certificate",
        AlertDescription::CertificateExpired => "expired certificate",
        AlertDescription::CertificateUnknown => "unknown certificate",
        AlertDescription::UnknownCA => "unknown certificate authority",
        AlertDescription::DecryptError => "error decrypting message",
        AlertDescription::AccessDenied => "access denied",
        AlertDescription::ProtocolVersion => "protocol version not supported",
        AlertDescription::InternalError => "internal error",
        AlertDescription::UnrecognisedName => "unrecognized name",
        AlertDescription::CertificateRequired => "certificate required",
        AlertDescription::NoApplicationProtocol => "no application protocol",
        other => return format!("alert({})", u8::from(other)),
    };
    known.to_owned()
}
