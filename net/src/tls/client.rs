//! The client's side: whom to trust, what to show, and settings that follow their files.
//!
//! A CA that is given replaces the system's, as in Prometheus. One thing is taken that rustls alone refuses: a server
//! that shows the very certificate that is given as CA, which is how most self-signed targets are set up.

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::SingleCertAndKey;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::material::{certificates, key_pair};
use super::versions;
use super::{Source, TlsError, provider};
use crate::config::TlsVersion;

/// What a `tls_config` says.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientSettings {
    pub(crate) ca: Option<Source>,
    pub(crate) cert: Option<Source>,
    pub(crate) key: Option<Source>,
    pub(crate) server_name: Option<String>,
    pub(crate) insecure_skip_verify: bool,
    pub(crate) min_version: Option<TlsVersion>,
    pub(crate) max_version: Option<TlsVersion>,
}

/// The client's TLS, up to date with its files.
#[derive(Debug)]
pub(crate) struct ClientTls {
    settings: ClientSettings,
    built: Mutex<Option<Built>>,
}

#[derive(Debug)]
struct Built {
    material: Material,
    config: Arc<ClientConfig>,
}

/// What the files held when the settings were built.
#[derive(Debug, PartialEq, Eq)]
struct Material {
    ca: Option<Vec<u8>>,
    cert: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
}

impl ClientTls {
    /// Settings, checked by being built once. Reads files.
    pub(crate) fn new(settings: ClientSettings) -> Result<Arc<ClientTls>, TlsError> {
        let tls = ClientTls { settings, built: Mutex::new(None) };
        if tls.settings.needs_check() {
            tls.refresh()?;
        }
        Ok(Arc::new(tls))
    }

    /// The settings of a configuration that says nothing.
    pub(crate) fn system() -> Arc<ClientTls> {
        Arc::new(ClientTls { settings: ClientSettings::default(), built: Mutex::new(None) })
    }

    /// The settings to use now: built anew if a file has changed since.
    pub(crate) async fn current(self: &Arc<ClientTls>) -> Result<Arc<ClientConfig>, TlsError> {
        if !self.settings.may_change()
            && let Some(built) = &*self.built.lock()
        {
            return Ok(built.config.clone());
        }
        let tls = self.clone();
        match tokio::task::spawn_blocking(move || tls.refresh()).await {
            Ok(config) => config,
            Err(error) => Err(TlsError::Settings(error.to_string())),
        }
    }

    fn refresh(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let material = self.settings.read()?;
        if let Some(built) = &*self.built.lock()
            && built.material == material
        {
            return Ok(built.config.clone());
        }
        let config = Arc::new(self.settings.build(&material)?);
        *self.built.lock() = Some(Built { material, config: config.clone() });
        Ok(config)
    }

    /// Begins a session with `host` over a connected stream.
    pub(crate) async fn handshake<IO: AsyncRead + AsyncWrite + Unpin>(
        &self,
        config: Arc<ClientConfig>,
        host: &str,
        io: IO,
    ) -> Result<TlsStream<IO>, TlsError> {
        let name = self.settings.server_name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::ServerName(name.to_owned()))?;
        Ok(TlsConnector::from(config).connect(name, io).await?)
    }
}

impl ClientSettings {
    /// Whether building may fail, so that it is worth trying before the first request.
    fn needs_check(&self) -> bool {
        self.ca.is_some() || self.cert.is_some() || self.min_version.is_some() || self.max_version.is_some()
    }

    fn may_change(&self) -> bool {
        [&self.ca, &self.cert, &self.key].into_iter().flatten().any(Source::may_change)
    }

    fn read(&self) -> Result<Material, TlsError> {
        let read = |source: &Option<Source>, what| source.as_ref().map(|source| source.read(what)).transpose();
        Ok(Material {
            ca: read(&self.ca, "CA cert")?,
            cert: read(&self.cert, "client cert")?,
            key: read(&self.key, "client key")?,
        })
    }

    fn build(&self, material: &Material) -> Result<ClientConfig, TlsError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&versions::between(self.min_version, self.max_version)?)
            .map_err(TlsError::Handshake)?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(material)?);
        match (&material.cert, &material.key) {
            (Some(cert), Some(key)) => {
                let pair = key_pair(cert, key).map_err(|reason| self.bad_pair(reason))?;
                Ok(builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair))))
            }
            _ => Ok(builder.with_no_client_auth()),
        }
    }

    fn verifier(&self, material: &Material) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
        if self.insecure_skip_verify {
            return Ok(Arc::new(TrustAll));
        }
        let (roots, given) = match (&material.ca, &self.ca) {
            (Some(pem), Some(source)) => {
                let given = certificates(pem);
                if given.is_empty() {
                    return Err(TlsError::NoCa { place: source.place() });
                }
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(given.iter().cloned());
                (Arc::new(roots), given)
            }
            _ => (system_roots(), Vec::new()),
        };
        if roots.is_empty() {
            return Ok(Arc::new(TrustNone));
        }
        let inner = WebPkiServerVerifier::builder_with_provider(roots, provider())
            .build()
            .map_err(|error| TlsError::Settings(error.to_string()))?;
        Ok(Arc::new(Verifier { inner, given }))
    }

    fn bad_pair(&self, reason: String) -> TlsError {
        let place = |source: &Option<Source>| source.as_ref().map_or_else(|| "none".to_owned(), Source::place);
        TlsError::KeyPair { side: "client", cert: place(&self.cert), key: place(&self.key), reason }
    }
}

/// The certificates that the operating system trusts, read once.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    };
    ROOTS.get_or_init(load).clone()
}

/// The usual checks, and the one exception for a certificate that is its own authority.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    /// What was given as CA.
    given: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        let Err(rustls::Error::InvalidCertificate(CertificateError::Other(_) | CertificateError::UnknownIssuer)) =
            &verdict
        else {
            return verdict;
        };
        // Refused for being an authority and a server at once, which comes after the check of its time of validity.
        if !self.given.iter().any(|given| given.as_ref() == end_entity.as_ref()) {
            return verdict;
        }
        rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// `insecure_skip_verify`: any certificate will do, but its owner must hold the key.
#[derive(Debug)]
struct TrustAll;

/// A system without a single trusted certificate, and none given: the handshake fails, not the start.
#[derive(Debug)]
struct TrustNone;

macro_rules! checks_only_signatures {
    ($verifier:ty, $verdict:expr) => {
        impl ServerCertVerifier for $verifier {
            fn verify_server_cert(
                &self,
                _: &CertificateDer<'_>,
                _: &[CertificateDer<'_>],
                _: &ServerName<'_>,
                _: &[u8],
                _: UnixTime,
            ) -> Result<ServerCertVerified, rustls::Error> {
                $verdict
            }

            fn verify_tls12_signature(
                &self,
                message: &[u8],
                cert: &CertificateDer<'_>,
                signature: &DigitallySignedStruct,
            ) -> Result<HandshakeSignatureValid, rustls::Error> {
                let algorithms = &provider().signature_verification_algorithms;
                rustls::crypto::verify_tls12_signature(message, cert, signature, algorithms)
            }

            fn verify_tls13_signature(
                &self,
                message: &[u8],
                cert: &CertificateDer<'_>,
                signature: &DigitallySignedStruct,
            ) -> Result<HandshakeSignatureValid, rustls::Error> {
                let algorithms = &provider().signature_verification_algorithms;
                rustls::crypto::verify_tls13_signature(message, cert, signature, algorithms)
            }

            fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
                provider().signature_verification_algorithms.supported_schemes()
            }
        }
    };
}

checks_only_signatures!(TrustAll, Ok(ServerCertVerified::assertion()));
checks_only_signatures!(TrustNone, Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)));
