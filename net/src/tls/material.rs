//! Certificates and keys: where they come from, and PEM.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::{TlsError, provider};
use crate::secret::Secret;

/// Where a certificate, a key or another secret text stands.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// In the configuration.
    Inline(Secret),
    /// In a file, which may change.
    File(PathBuf),
}

impl Source {
    /// What a configuration gives as a text or as the name of a file; `None` where it gives neither.
    pub(crate) fn given(text: &Secret, file: &str) -> Option<Source> {
        if !text.is_empty() {
            return Some(Source::Inline(text.clone()));
        }
        (!file.is_empty()).then(|| Source::File(Path::new(file).to_owned()))
    }

    /// The bytes as they are now.
    pub(crate) fn read(&self, what: &'static str) -> Result<Vec<u8>, TlsError> {
        match self {
            Source::Inline(text) => Ok(text.expose().as_bytes().to_vec()),
            Source::File(path) => {
                std::fs::read(path).map_err(|error| TlsError::Read { what, path: path.display().to_string(), error })
            }
        }
    }

    /// `inline` or `file PATH`, for messages.
    pub(crate) fn place(&self) -> String {
        match self {
            Source::Inline(_) => "inline".to_owned(),
            Source::File(path) => format!("file {}", path.display()),
        }
    }

    /// Whether what is read may change.
    pub(crate) fn may_change(&self) -> bool {
        matches!(self, Source::File(_))
    }
}

/// All certificates in a PEM text; what is not a certificate is passed over, as in Go.
pub(super) fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect()
}

/// A certificate chain and its key as rustls uses them, checked to belong together.
pub(super) fn key_pair(cert_pem: &[u8], key_pem: &[u8]) -> Result<CertifiedKey, String> {
    let chain = certificates(cert_pem);
    if chain.is_empty() {
        return Err("failed to find any PEM data in certificate input".to_owned());
    }
    let key =
        PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| "failed to find any PEM data in key input".to_owned())?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => "private key does not match public key".to_owned(),
        other => other.to_string(),
    })
}
