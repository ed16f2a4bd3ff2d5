//! The server's side: what to show, and whom to let in, as a `tls_server_config` says.

use std::sync::Arc;

use parking_lot::Mutex;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
};

use super::material::{certificates, key_pair};
use super::versions;
use super::{Source, TlsError, provider, san};
use crate::config::{ClientAuthType, TlsVersion, WebTlsConfig};

/// What a `tls_server_config` says.
#[derive(Clone, Debug)]
pub(crate) struct ServerSettings {
    pub(crate) cert: Source,
    pub(crate) key: Source,
    pub(crate) client_ca: Option<Source>,
    pub(crate) client_auth: ClientAuthType,
    pub(crate) client_allowed_sans: Vec<String>,
    pub(crate) min_version: Option<TlsVersion>,
    pub(crate) max_version: Option<TlsVersion>,
}

impl ServerSettings {
    /// What a configuration says, `None` where it says nothing of TLS or not enough.
    pub(crate) fn of(config: &WebTlsConfig) -> Option<ServerSettings> {
        Some(ServerSettings {
            cert: Source::given(&config.cert.as_str().into(), &config.cert_file)?,
            key: Source::given(&config.key, &config.key_file)?,
            client_ca: Source::given(&config.client_ca.as_str().into(), &config.client_ca_file),
            client_auth: config.client_auth_type.unwrap_or(ClientAuthType::None),
            client_allowed_sans: config.client_allowed_sans.clone(),
            min_version: Some(config.min_version),
            max_version: Some(config.max_version),
        })
    }
}

/// The server's TLS, up to date with its files.
#[derive(Debug)]
pub(crate) struct ServerTls {
    settings: ServerSettings,
    built: Mutex<Built>,
}

#[derive(Debug)]
struct Built {
    material: Material,
    config: Arc<ServerConfig>,
}

/// What the files held when the settings were built.
#[derive(Debug, PartialEq, Eq)]
struct Material {
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl ServerTls {
    /// Settings, checked by being built. Reads files.
    pub(crate) fn new(settings: ServerSettings) -> Result<ServerTls, TlsError> {
        let material = settings.read()?;
        let config = Arc::new(settings.build(&material)?);
        Ok(ServerTls { settings, built: Mutex::new(Built { material, config }) })
    }

    /// The settings for a new connection: built anew if a file has changed since. Reads files.
    pub(crate) fn current(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let material = self.settings.read()?;
        let mut built = self.built.lock();
        if built.material != material {
            let config = Arc::new(self.settings.build(&material)?);
            *built = Built { material, config };
        }
        Ok(built.config.clone())
    }
}

impl ServerSettings {
    fn read(&self) -> Result<Material, TlsError> {
        Ok(Material {
            cert: self.cert.read("server cert")?,
            key: self.key.read("server key")?,
            client_ca: self.client_ca.as_ref().map(|source| source.read("client CA")).transpose()?,
        })
    }

    fn build(&self, material: &Material) -> Result<ServerConfig, TlsError> {
        let pair = key_pair(&material.cert, &material.key).map_err(|reason| TlsError::KeyPair {
            side: "server",
            cert: self.cert.place(),
            key: self.key.place(),
            reason,
        })?;
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&versions::between(self.min_version, self.max_version)?)
            .map_err(TlsError::Handshake)?;
        let builder = match self.client_auth {
            ClientAuthType::None => builder.with_no_client_auth(),
            _ => builder.with_client_cert_verifier(Arc::new(self.verifier(material)?)),
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn verifier(&self, material: &Material) -> Result<ClientVerifier, TlsError> {
        let chain = match self.client_auth {
            ClientAuthType::None | ClientAuthType::Request | ClientAuthType::RequireAny => None,
            ClientAuthType::VerifyIfGiven | ClientAuthType::RequireAndVerify => Some(self.chain_verifier(material)?),
        };
        let required = matches!(self.client_auth, ClientAuthType::RequireAny | ClientAuthType::RequireAndVerify);
        Ok(ClientVerifier { chain, required, allowed_sans: self.client_allowed_sans.clone() })
    }

    fn chain_verifier(&self, material: &Material) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates(material.client_ca.as_deref().unwrap_or_default()));
        if roots.is_empty() {
            let place = self.client_ca.as_ref().map_or_else(|| "none".to_owned(), Source::place);
            return Err(TlsError::NoCa { place });
        }
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|error| TlsError::Settings(error.to_string()))
    }
}

/// Checks the chain where that is asked for, then the names.
#[derive(Debug)]
struct ClientVerifier {
    chain: Option<Arc<dyn ClientCertVerifier>>,
    required: bool,
    allowed_sans: Vec<String>,
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.as_ref().map_or(&[], |chain| chain.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if let Some(chain) = &self.chain {
            chain.verify_client_cert(end_entity, intermediates, now)?;
        }
        let is_allowed = |name: &String| self.allowed_sans.contains(name);
        if self.allowed_sans.is_empty() || san::names(end_entity).iter().any(is_allowed) {
            return Ok(ClientCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
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
