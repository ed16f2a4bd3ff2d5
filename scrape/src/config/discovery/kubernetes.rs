//! Discovery by Kubernetes.

use std::path::Path;

use model::yaml::Faults;
use net::config::{ConfigUrl, HttpConfig, join_directory};
use serde::{Deserialize, Serialize};

use super::is_default;
use super::other::{SdConfig, sd_configs};

sd_configs! {
    Kubernetes as "kubernetes.plain" {
        api_server: ConfigUrl = ConfigUrl::default(),
        role: String = "",
        kubeconfig_file: String = "",
        namespaces: Namespaces = Namespaces::default(),
        selectors: Vec<Selector> = [],
        attach_metadata: AttachMetadata = AttachMetadata::default(),
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Namespaces as "kubernetes.plain" {
        own_namespace: bool = false,
        names: Vec<String> = [],
    }
    Selector as "kubernetes.SelectorConfig" {
        role: String = "",
        label: String = "",
        field: String = "",
    }
    AttachMetadata as "kubernetes.AttachMetadataConfig" {
        node: bool = false,
        namespace: bool = false,
        deployment: bool = false,
        job: bool = false,
        cronjob: bool = false,
    }
}

/// The roles, and which selectors each knows.
const ROLES: [(&str, &[&str]); 6] = [
    ("node", &["node"]),
    ("pod", &["pod", "node"]),
    ("service", &["service"]),
    ("endpoints", &["pod", "service", "endpoints"]),
    ("endpointslice", &["pod", "service", "endpointslice"]),
    ("ingress", &["ingress"]),
];

impl SdConfig for Kubernetes {
    fn check(&self, faults: &mut Faults) {
        self.check_role(faults);
        self.http.check(faults);
        self.check_server(faults);
        self.check_selectors(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.kubeconfig_file);
        self.http.set_directory(directory);
    }
}

impl Kubernetes {
    fn check_role(&self, faults: &mut Faults) {
        if self.role.is_empty() {
            faults.add("role", "role missing (one of: pod, service, endpoints, endpointslice, node, ingress)");
        } else if !ROLES.iter().any(|(role, _)| *role == self.role) {
            faults.add("role", format_args!("unknown Kubernetes SD role {:?}", self.role));
        }
    }

    fn check_server(&self, faults: &mut Faults) {
        let has_server = !self.api_server.is_empty();
        let has_kubeconfig = !self.kubeconfig_file.is_empty();
        let has_http = self.http != HttpConfig::default();
        let wants_own_namespace = self.namespaces.own_namespace;
        if has_server && has_kubeconfig {
            faults.add("kubeconfig_file", "cannot use 'kubeconfig_file' and 'api_server' simultaneously");
        }
        if has_kubeconfig && has_http {
            faults.add(
                "kubeconfig_file",
                "cannot use a custom HTTP client configuration together with 'kubeconfig_file'",
            );
        } else if !has_server && has_http {
            faults.add_here("to use custom HTTP client configuration please provide the 'api_server' URL explicitly");
        }
        if has_server && wants_own_namespace {
            faults.add("namespaces", "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously");
        }
        if has_kubeconfig && wants_own_namespace {
            faults.add("namespaces", "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously");
        }
    }

    fn check_selectors(&self, faults: &mut Faults) {
        let Some((role, allowed)) = ROLES.iter().find(|(role, _)| *role == self.role) else { return };
        let selectors = self.selectors.iter().enumerate();
        faults.within_each("selectors", selectors, |faults, (index, selector)| {
            if self.selectors[..index].iter().any(|before| before.role == selector.role) {
                faults.add("role", format_args!("duplicated selector role: {}", selector.role));
            }
            if !allowed.contains(&selector.role.as_str()) {
                faults.add("role", format_args!("{role} role supports only {} selectors", allowed.join(", ")));
            }
            if let Some(term) = selector.field.split(',').find(|term| !term.is_empty() && !term.contains('=')) {
                let selector = &selector.field;
                faults.add("field", format_args!("invalid selector: '{selector}'; can't understand '{term}'"));
            }
        });
    }
}
