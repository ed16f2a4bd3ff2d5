//! How clouds want requests to be signed: `sigv4`, `azuread`, `google_iam`. Read and checked, not built yet.

use model::yaml::Faults;
use net::Secret;
use serde::{Deserialize, Serialize};

use super::is_default;

/// Signatures for Amazon.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "sigv4.plain", default, deny_unknown_fields)]
pub(crate) struct SigV4Config {
    #[serde(skip_serializing_if = "is_default")]
    region: String,
    #[serde(skip_serializing_if = "is_default")]
    access_key: String,
    #[serde(skip_serializing_if = "is_default")]
    secret_key: Secret,
    #[serde(skip_serializing_if = "is_default")]
    profile: String,
    #[serde(skip_serializing_if = "is_default")]
    role_arn: String,
    #[serde(skip_serializing_if = "is_default")]
    external_id: String,
    #[serde(skip_serializing_if = "is_default")]
    use_fips_sts_endpoint: bool,
    #[serde(skip_serializing_if = "is_default")]
    service_name: String,
}

impl SigV4Config {
    pub(super) fn check(&self, faults: &mut Faults) {
        if self.access_key.is_empty() != self.secret_key.is_empty() {
            faults.add_here(
                "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config",
            );
        }
    }
}

/// Tokens for Azure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "azuread.plain", default, deny_unknown_fields)]
pub(crate) struct AzureAdConfig {
    #[serde(skip_serializing_if = "is_default")]
    managed_identity: Option<AzureIdentity>,
    #[serde(skip_serializing_if = "is_default")]
    workload_identity: Option<AzureIdentity>,
    #[serde(skip_serializing_if = "is_default")]
    oauth: Option<AzureIdentity>,
    #[serde(skip_serializing_if = "is_default")]
    sdk: Option<AzureIdentity>,
    #[serde(skip_serializing_if = "is_default")]
    certificate: Option<AzureIdentity>,
    #[serde(skip_serializing_if = "is_default")]
    cloud: String,
    #[serde(skip_serializing_if = "is_default")]
    scope: String,
}

/// Any of the ways to say who one is to Azure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "azuread.Config", default, deny_unknown_fields)]
struct AzureIdentity {
    #[serde(skip_serializing_if = "is_default")]
    client_id: String,
    #[serde(skip_serializing_if = "is_default")]
    client_secret: Secret,
    #[serde(skip_serializing_if = "is_default")]
    tenant_id: String,
    #[serde(skip_serializing_if = "is_default")]
    token_file_path: String,
    #[serde(skip_serializing_if = "is_default")]
    certificate_path: String,
    #[serde(skip_serializing_if = "is_default")]
    certificate_key_path: String,
    #[serde(skip_serializing_if = "is_default")]
    certificate_password: Secret,
    #[serde(skip_serializing_if = "is_default")]
    send_certificate_chain: bool,
}

impl AzureAdConfig {
    pub(super) fn check(&self, faults: &mut Faults) {
        if !matches!(self.cloud.as_str(), "" | "AzureChina" | "AzureGovernment" | "AzurePublic") {
            faults.add("cloud", "must provide a cloud in the Azure AD config");
        }
        let identities = [&self.managed_identity, &self.workload_identity, &self.oauth, &self.sdk, &self.certificate];
        match identities.iter().filter(|identity| identity.is_some()).count() {
            0 => faults.add_here(
                "must provide an Azure Managed Identity, Azure Workload Identity, Azure OAuth, Azure Certificate or \
                 Azure SDK in the Azure AD config",
            ),
            1 => {}
            _ => faults.add_here("cannot provide multiple authentication methods in the Azure AD config"),
        }
    }
}

/// Tokens for Google.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "googleiam.Config", default, deny_unknown_fields)]
pub(crate) struct GoogleIamConfig {
    #[serde(skip_serializing_if = "is_default")]
    credentials_file: String,
}
