//! The kinds of discovery that are not built yet: read, checked, shown, and named in a warning.

use std::path::Path;

use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::is_default;

/// Declares the configurations of kinds of discovery: fields with their defaults, in the form of a structure. A field
/// may have attributes of serde's; one that holds its type's default is not written.
macro_rules! sd_configs {
    ($($name:ident as $type_name:literal { $($(#[$attribute:meta])* $field:ident: $type:ty = $default:expr),* $(,)? })*) => {
        $(
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[serde(rename = $type_name, default, deny_unknown_fields)]
            pub(super) struct $name {
                $($(#[$attribute])* #[serde(skip_serializing_if = "is_default")] $field: $type,)*
            }

            impl Default for $name {
                fn default() -> $name {
                    $name { $($field: $default.into(),)* }
                }
            }
        )*
    };
}
pub(super) use sd_configs;

/// What all kinds can do.
pub(super) trait SdConfig {
    /// Finds what is wrong with what was written.
    fn check(&self, faults: &mut Faults);

    /// Makes relative file names relative to a directory.
    fn set_directory(&mut self, directory: &Path);
}

/// Declares the fields of a configuration, one for each kind.
macro_rules! kinds {
    ($($field:ident: $module:ident::$type:ident,)*) => {
        /// The kinds that are not built yet.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename = "discovery.Configs", default, deny_unknown_fields)]
        pub(crate) struct OtherDiscovery {
            $(#[serde(skip_serializing_if = "is_default")] $field: Vec<super::$module::$type>,)*
        }

        impl OtherDiscovery {
            pub(super) fn check(&self, faults: &mut Faults) {
                $(faults.within_each(stringify!($field), &self.$field, |faults, config| config.check(faults));)*
            }

            pub(super) fn set_directory(&mut self, directory: &Path) {
                $(self.$field.iter_mut().for_each(|config| config.set_directory(directory));)*
            }

            pub(super) fn configured(&self) -> Vec<&'static str> {
                let mut configured = Vec::new();
                $(if !self.$field.is_empty() { configured.push(stringify!($field)); })*
                configured
            }
        }
    };
}

kinds! {
    aws_sd_configs: cloud::Aws,
    azure_sd_configs: cloud::Azure,
    consul_sd_configs: services::Consul,
    digitalocean_sd_configs: cloud::DigitalOcean,
    dns_sd_configs: services::Dns,
    docker_sd_configs: services::Docker,
    dockerswarm_sd_configs: services::DockerSwarm,
    ec2_sd_configs: cloud::Ec2,
    ecs_sd_configs: cloud::Ecs,
    elasticache_sd_configs: cloud::ElastiCache,
    eureka_sd_configs: services::Eureka,
    gce_sd_configs: cloud::Gce,
    hetzner_sd_configs: cloud::Hetzner,
    http_sd_configs: services::Http,
    ionos_sd_configs: cloud::Ionos,
    kubernetes_sd_configs: kubernetes::Kubernetes,
    kuma_sd_configs: services::Kuma,
    lightsail_sd_configs: cloud::Lightsail,
    linode_sd_configs: cloud::Linode,
    marathon_sd_configs: services::Marathon,
    msk_sd_configs: cloud::Msk,
    nerve_sd_configs: services::Nerve,
    nomad_sd_configs: services::Nomad,
    oci_sd_configs: cloud::Oci,
    openstack_sd_configs: cloud::OpenStack,
    outscale_sd_configs: cloud::Outscale,
    ovhcloud_sd_configs: cloud::OvhCloud,
    puppetdb_sd_configs: services::PuppetDb,
    rds_sd_configs: cloud::Rds,
    scaleway_sd_configs: cloud::Scaleway,
    serverset_sd_configs: services::Serverset,
    stackit_sd_configs: cloud::Stackit,
    triton_sd_configs: cloud::Triton,
    uyuni_sd_configs: cloud::Uyuni,
    vultr_sd_configs: cloud::Vultr,
}

/// Reports a text that must not be empty.
pub(super) fn require(faults: &mut Faults, field: &str, text: &str, message: &str) {
    if text.is_empty() {
        faults.add(field, message);
    }
}
