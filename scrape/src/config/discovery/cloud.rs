//! Discovery by clouds.

use std::path::Path;

use model::duration::PromDuration;
use model::name;
use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, HttpConfig, TlsConfig, join_directory};
use serde::{Deserialize, Serialize};

use super::is_default;
use super::other::{SdConfig, require, sd_configs};

/// How often clouds are asked.
const MINUTE: PromDuration = PromDuration::from_secs(60);

sd_configs! {
    Filter as "aws.Filter" {
        name: String = "",
        values: Vec<String> = [],
    }
    Aws as "aws.plain" {
        role: String = "",
        region: String = "",
        endpoint: String = "",
        access_key: String = "",
        secret_key: Secret = "",
        profile: String = "",
        role_arn: String = "",
        external_id: String = "",
        refresh_interval: PromDuration = PromDuration::ZERO,
        port: i64 = 0,
        filters: Vec<Filter> = [],
        clusters: Vec<String> = [],
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Ec2 as "aws.plain" {
        endpoint: String = "",
        region: String = "",
        access_key: String = "",
        secret_key: Secret = "",
        profile: String = "",
        role_arn: String = "",
        external_id: String = "",
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        filters: Vec<Filter> = [],
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Ecs as "aws.plain" {
        endpoint: String = "",
        region: String = "",
        access_key: String = "",
        secret_key: Secret = "",
        profile: String = "",
        role_arn: String = "",
        external_id: String = "",
        clusters: Vec<String> = [],
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        request_concurrency: i64 = 20,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    ElastiCache as "aws.plain" {
        endpoint: String = "",
        region: String = "",
        access_key: String = "",
        secret_key: Secret = "",
        profile: String = "",
        role_arn: String = "",
        external_id: String = "",
        clusters: Vec<String> = [],
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        request_concurrency: i64 = 10,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Msk as "aws.plain" {
        endpoint: String = "",
        region: String = "",
        access_key: String = "",
        secret_key: Secret = "",
        profile: String = "",
        role_arn: String = "",
        external_id: String = "",
        clusters: Vec<String> = [],
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        request_concurrency: i64 = 10,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Rds as "aws.plain" {
        endpoint: String = "",
        region: String = "",
        access_key: String = "",
        secret_key: Secret = "",
        profile: String = "",
        role_arn: String = "",
        external_id: String = "",
        clusters: Vec<String> = [],
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        filters: Vec<Filter> = [],
        request_concurrency: i64 = 10,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Lightsail as "aws.plain" {
        endpoint: String = "",
        region: String = "",
        access_key: String = "",
        secret_key: Secret = "",
        profile: String = "",
        role_arn: String = "",
        external_id: String = "",
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Azure as "azure.plain" {
        environment: String = "AzurePublicCloud",
        port: i64 = 80,
        subscription_id: String = "",
        tenant_id: String = "",
        client_id: String = "",
        client_secret: Secret = "",
        refresh_interval: PromDuration = PromDuration::from_secs(300),
        authentication_method: String = "OAuth",
        resource_group: String = "",
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    DigitalOcean as "digitalocean.plain" {
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        role: String = "droplets",
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Gce as "gce.plain" {
        project: String = "",
        zone: String = "",
        filter: String = "",
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        tag_separator: String = ",",
    }
    Hetzner as "hetzner.plain" {
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        role: String = "",
        label_selector: String = "",
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Ionos as "ionos.plain" {
        datacenter_id: String = "",
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Linode as "linode.plain" {
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        tag_separator: String = ",",
        region: String = "",
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Oci as "oci.plain" {
        auth: String = "api_key",
        tenancy: String = "",
        user: String = "",
        fingerprint: String = "",
        key_file: String = "",
        key_passphrase: Secret = "",
        key_passphrase_file: String = "",
        region: String = "",
        compartments: Vec<String> = [],
        port: i64 = 80,
        refresh_interval: PromDuration = MINUTE,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    OpenStack as "openstack.plain" {
        identity_endpoint: String = "",
        username: String = "",
        userid: String = "",
        password: Secret = "",
        project_name: String = "",
        project_id: String = "",
        domain_name: String = "",
        domain_id: String = "",
        application_credential_name: String = "",
        application_credential_id: String = "",
        application_credential_secret: Secret = "",
        role: String = "",
        region: String = "",
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        all_tenants: bool = false,
        tls_config: TlsConfig = TlsConfig::default(),
        availability: String = "public",
    }
    Outscale as "outscale.plain" {
        endpoint: String = "",
        region: String = "eu-west-2",
        access_key: String = "",
        secret_key: Secret = "",
        secret_key_file: String = "",
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    OvhCloud as "ovhcloud.plain" {
        endpoint: String = "ovh-eu",
        application_key: String = "",
        application_secret: Secret = "",
        consumer_key: Secret = "",
        refresh_interval: PromDuration = MINUTE,
        service: String = "",
    }
    Scaleway as "scaleway.plain" {
        project_id: String = "",
        api_url: String = "https://api.scaleway.com",
        zone: String = "fr-par-1",
        access_key: String = "",
        secret_key: Secret = "",
        secret_key_file: String = "",
        name_filter: String = "",
        tags_filter: Vec<String> = [],
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        role: String = "",
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Stackit as "stackit.plain" {
        project: String = "",
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        region: String = "eu01",
        endpoint: String = "",
        service_account_key: Secret = "",
        private_key: Secret = "",
        service_account_key_path: String = "",
        private_key_path: String = "",
        credentials_file_path: String = "",
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Triton as "triton.plain" {
        account: String = "",
        role: String = "container",
        dns_suffix: String = "",
        endpoint: String = "",
        groups: Vec<String> = [],
        port: i64 = 9163,
        refresh_interval: PromDuration = MINUTE,
        tls_config: TlsConfig = TlsConfig::default(),
        version: i64 = 1,
    }
    Uyuni as "uyuni.plain" {
        server: ConfigUrl = ConfigUrl::default(),
        username: String = "",
        password: Secret = "",
        entitlement: String = "monitoring_entitled",
        separator: String = ",",
        refresh_interval: PromDuration = MINUTE,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Vultr as "vultr.plain" {
        refresh_interval: PromDuration = MINUTE,
        port: i64 = 80,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
}

/// Most kinds have only an HTTP configuration to look at, beside what their check says.
macro_rules! check_http_and {
    ($type:ident, |$config:ident, $faults:ident| $check:block) => {
        impl SdConfig for $type {
            fn check(&self, $faults: &mut Faults) {
                let $config = self;
                $check
                self.http.check($faults);
            }

            fn set_directory(&mut self, directory: &Path) {
                self.http.set_directory(directory);
            }
        }
    };
}

check_http_and!(Aws, |config, faults| {
    if !matches!(config.role.as_str(), "ec2" | "ecs" | "elasticache" | "lightsail" | "msk" | "rds") {
        faults.add("role", format_args!("unknown AWS SD role {}", name::quoted(&config.role)));
    }
});
check_http_and!(Ec2, |config, faults| {
    faults.within_each("filters", &config.filters, |faults, filter| {
        if filter.values.is_empty() {
            faults.add("values", "EC2 SD configuration filter values cannot be empty");
        }
    });
});
check_http_and!(Ecs, |_config, faults| {});
check_http_and!(ElastiCache, |_config, faults| {});
check_http_and!(Msk, |_config, faults| {});
check_http_and!(Rds, |_config, faults| {});
check_http_and!(Lightsail, |_config, faults| {});
check_http_and!(Azure, |config, faults| {
    require(faults, "subscription_id", &config.subscription_id, "azure SD configuration requires a subscription_id");
    match config.authentication_method.as_str() {
        "OAuth" => {
            require(faults, "tenant_id", &config.tenant_id, "azure SD configuration requires a tenant_id");
            require(faults, "client_id", &config.client_id, "azure SD configuration requires a client_id");
            if config.client_secret.is_empty() {
                faults.add("client_secret", "azure SD configuration requires a client_secret");
            }
        }
        "ManagedIdentity" | "SDK" | "WorkloadIdentity" => {}
        method => faults.add(
            "authentication_method",
            format_args!(
                "unknown authentication_type {}. Supported types are \"OAuth\", \"ManagedIdentity\", \"SDK\" or \
                 \"WorkloadIdentity\"",
                name::quoted(method)
            ),
        ),
    }
});
check_http_and!(DigitalOcean, |config, faults| {
    if !matches!(config.role.as_str(), "droplets" | "databases") {
        faults.add("role", format_args!("unknown DigitalOcean SD role {}", name::quoted(&config.role)));
    }
});
check_http_and!(Hetzner, |config, faults| {
    match config.role.as_str() {
        "robot" | "hcloud" => {}
        "" => faults.add("role", "role missing (one of: robot, hcloud)"),
        role => faults.add("role", format_args!("unknown role {}", name::quoted(role))),
    }
});
check_http_and!(Ionos, |config, faults| {
    require(faults, "datacenter_id", &config.datacenter_id, "datacenter id can't be empty");
});
check_http_and!(Linode, |_config, faults| {});
check_http_and!(Outscale, |config, faults| {
    require(faults, "region", &config.region, "outscale SD configuration requires a region");
    require(faults, "access_key", &config.access_key, "outscale SD configuration requires access_key");
    check_secret_key(&config.secret_key, &config.secret_key_file, faults);
});
check_http_and!(Scaleway, |config, faults| {
    match config.role.as_str() {
        "instance" | "baremetal" => {}
        "" => faults.add("role", "role missing (one of: instance, baremetal)"),
        role => faults.add("role", format_args!("unknown role {}", name::quoted(role))),
    }
    require(faults, "project_id", &config.project_id, "project_id is mandatory");
    check_secret_key(&config.secret_key, &config.secret_key_file, faults);
    require(faults, "access_key", &config.access_key, "access_key is mandatory");
});
check_http_and!(Stackit, |config, faults| {
    if config.endpoint.is_empty() && config.region.is_empty() {
        faults.add("endpoint", "stackit_sd: endpoint and region missing");
    }
    if let Err(error) = ConfigUrl::try_from(config.endpoint.as_str()) {
        let endpoint = name::quoted(&config.endpoint);
        faults.add("endpoint", format_args!("stackit_sd: invalid endpoint {endpoint}: {error}"));
    }
});
check_http_and!(Uyuni, |config, faults| {
    if config.server.is_empty() {
        faults.add("server", "Uyuni SD configuration requires server host");
    }
    require(faults, "username", &config.username, "Uyuni SD configuration requires a username");
    if config.password.is_empty() {
        faults.add("password", "Uyuni SD configuration requires a password");
    }
});
check_http_and!(Vultr, |_config, faults| {});

fn check_secret_key(secret_key: &Secret, secret_key_file: &str, faults: &mut Faults) {
    match (secret_key.is_empty(), secret_key_file.is_empty()) {
        (true, true) => faults.add("secret_key", "one of secret_key & secret_key_file must be configured"),
        (false, false) => faults.add("secret_key", "at most one of secret_key & secret_key_file must be configured"),
        _ => {}
    }
}

impl SdConfig for Gce {
    fn check(&self, faults: &mut Faults) {
        require(faults, "project", &self.project, "GCE SD configuration requires a project");
        require(faults, "zone", &self.zone, "GCE SD configuration requires a zone");
    }

    fn set_directory(&mut self, _: &Path) {}
}

impl SdConfig for Oci {
    fn check(&self, faults: &mut Faults) {
        require(faults, "region", &self.region, "oci_sd: region is required");
        match self.auth.as_str() {
            "api_key" => self.check_api_key(faults),
            "instance_principal" => self.check_instance_principal(faults),
            auth => faults.add(
                "auth",
                format_args!(
                    "oci_sd: unknown auth method {}, expected \"api_key\" or \"instance_principal\"",
                    name::quoted(auth)
                ),
            ),
        }
        faults.within_each("compartments", self.compartments.iter().enumerate(), |faults, (i, compartment)| {
            if compartment.is_empty() {
                faults.add_here(format_args!("oci_sd: compartments[{i}] must not be empty"));
            }
        });
        if self.refresh_interval.is_zero() {
            faults.add("refresh_interval", "oci_sd: refresh_interval must be positive, got 0s");
        }
        self.http.check(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.key_file);
        join_directory(directory, &mut self.key_passphrase_file);
        self.http.set_directory(directory);
    }
}

impl Oci {
    fn check_api_key(&self, faults: &mut Faults) {
        for (field, text) in [
            ("tenancy", &self.tenancy),
            ("user", &self.user),
            ("fingerprint", &self.fingerprint),
            ("key_file", &self.key_file),
        ] {
            if text.is_empty() {
                faults.add(field, format_args!("oci_sd: api_key auth requires {field}"));
            }
        }
        if !self.key_passphrase.is_empty() && !self.key_passphrase_file.is_empty() {
            faults.add(
                "key_passphrase",
                "oci_sd: at most one of key_passphrase and key_passphrase_file must be configured",
            );
        }
    }

    fn check_instance_principal(&self, faults: &mut Faults) {
        let texts = [&self.tenancy, &self.user, &self.fingerprint, &self.key_file, &self.key_passphrase_file];
        if texts.iter().any(|text| !text.is_empty()) || !self.key_passphrase.is_empty() {
            faults.add(
                "auth",
                "oci_sd: instance_principal auth must not have tenancy, user, fingerprint, key_file, key_passphrase, \
                 or key_passphrase_file set",
            );
        }
    }
}

impl SdConfig for OpenStack {
    fn check(&self, faults: &mut Faults) {
        if !matches!(self.availability.as_str(), "public" | "internal" | "admin") {
            let availability = &self.availability;
            faults.add(
                "availability",
                format_args!("unknown availability {availability}, must be one of admin, internal or public"),
            );
        }
        match self.role.as_str() {
            "hypervisor" | "instance" | "loadbalancer" => {}
            "" => faults.add("role", "role missing (one of: instance, hypervisor, loadbalancer)"),
            role => faults.add("role", format_args!("unknown OpenStack SD role {}", name::quoted(role))),
        }
        require(faults, "region", &self.region, "openstack SD configuration requires a region");
        faults.within("tls_config", |faults| self.tls_config.check(faults));
    }

    fn set_directory(&mut self, directory: &Path) {
        self.tls_config.set_directory(directory);
    }
}

impl SdConfig for OvhCloud {
    fn check(&self, faults: &mut Faults) {
        require(faults, "endpoint", &self.endpoint, "endpoint can not be empty");
        require(faults, "application_key", &self.application_key, "application key can not be empty");
        if self.application_secret.is_empty() {
            faults.add("application_secret", "application secret can not be empty");
        }
        if self.consumer_key.is_empty() {
            faults.add("consumer_key", "consumer key can not be empty");
        }
        if !matches!(self.service.as_str(), "dedicated_server" | "vps") {
            faults.add("service", format_args!("unknown service: {}", self.service));
        }
    }

    fn set_directory(&mut self, _: &Path) {}
}

impl SdConfig for Triton {
    fn check(&self, faults: &mut Faults) {
        if !matches!(self.role.as_str(), "container" | "cn") {
            faults.add("role", "triton SD configuration requires role to be 'container' or 'cn'");
        }
        require(faults, "account", &self.account, "triton SD configuration requires an account");
        require(faults, "dns_suffix", &self.dns_suffix, "triton SD configuration requires a dns_suffix");
        require(faults, "endpoint", &self.endpoint, "triton SD configuration requires an endpoint");
        if self.refresh_interval.is_zero() {
            faults.add("refresh_interval", "triton SD configuration requires RefreshInterval to be a positive integer");
        }
        faults.within("tls_config", |faults| self.tls_config.check(faults));
    }

    fn set_directory(&mut self, directory: &Path) {
        self.tls_config.set_directory(directory);
    }
}
