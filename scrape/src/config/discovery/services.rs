//! Discovery by registries and services that people run themselves.

use std::collections::BTreeMap;
use std::path::Path;

use model::duration::PromDuration;
use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, HttpConfig, join_directory};
use serde::{Deserialize, Serialize};

use super::is_default;
use super::other::{SdConfig, require, sd_configs};

sd_configs! {
    Consul as "consul.plain" {
        server: String = "localhost:8500",
        path_prefix: String = "",
        token: Secret = "",
        datacenter: String = "",
        namespace: String = "",
        partition: String = "",
        tag_separator: String = ",",
        scheme: String = "http",
        username: String = "",
        password: Secret = "",
        allow_stale: bool = true,
        refresh_interval: PromDuration = PromDuration::from_secs(30),
        services: Vec<String> = [],
        tags: Vec<String> = [],
        node_meta: BTreeMap<String, String> = [],
        filter: String = "",
        health_filter: String = "",
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Dns as "dns.plain" {
        names: Vec<String> = [],
        refresh_interval: PromDuration = PromDuration::from_secs(30),
        #[serde(rename = "type")]
        record_type: String = "SRV",
        port: i64 = 0,
    }
    Filter as "moby.Filter" {
        name: String = "",
        values: Vec<String> = [],
    }
    Docker as "moby.plain" {
        host: String = "",
        port: i64 = 80,
        filters: Vec<Filter> = [],
        host_networking_host: String = "localhost",
        refresh_interval: PromDuration = PromDuration::from_secs(60),
        match_first_network: bool = true,
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    DockerSwarm as "moby.plain" {
        host: String = "",
        role: String = "",
        port: i64 = 80,
        filters: Vec<Filter> = [],
        refresh_interval: PromDuration = PromDuration::from_secs(60),
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Eureka as "eureka.plain" {
        server: ConfigUrl = ConfigUrl::default(),
        refresh_interval: PromDuration = PromDuration::from_secs(30),
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Http as "http.plain" {
        url: ConfigUrl = ConfigUrl::default(),
        refresh_interval: PromDuration = PromDuration::from_secs(60),
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Kuma as "xds.plainKumaConf" {
        server: ConfigUrl = ConfigUrl::default(),
        client_id: String = "",
        refresh_interval: PromDuration = PromDuration::from_secs(15),
        fetch_timeout: PromDuration = PromDuration::from_secs(120),
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Marathon as "marathon.plain" {
        servers: Vec<String> = [],
        refresh_interval: PromDuration = PromDuration::from_secs(30),
        auth_token: Secret = "",
        auth_token_file: String = "",
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Nomad as "nomad.plain" {
        allow_stale: bool = true,
        namespace: String = "default",
        refresh_interval: PromDuration = PromDuration::from_secs(60),
        region: String = "global",
        server: String = "http://localhost:4646",
        tag_separator: String = ",",
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    PuppetDb as "puppetdb.plain" {
        url: ConfigUrl = ConfigUrl::default(),
        query: String = "",
        include_parameters: bool = false,
        port: i64 = 80,
        refresh_interval: PromDuration = PromDuration::from_secs(60),
        #[serde(rename = "<inline>")]
        http: HttpConfig = HttpConfig::default(),
    }
    Serverset as "zookeeper.plain" {
        servers: Vec<String> = [],
        paths: Vec<String> = [],
        timeout: PromDuration = PromDuration::from_secs(10),
    }
    Nerve as "zookeeper.plain" {
        servers: Vec<String> = [],
        paths: Vec<String> = [],
        timeout: PromDuration = PromDuration::from_secs(10),
    }
}

impl SdConfig for Consul {
    fn check(&self, faults: &mut Faults) {
        require(faults, "server", self.server.trim(), "consul SD configuration requires a server address");
        if (!self.username.is_empty() || !self.password.is_empty()) && self.http.basic_auth.is_some() {
            faults.add(
                "basic_auth",
                "at most one of consul SD configuration username and password and basic auth can be configured",
            );
        }
        if !self.token.is_empty() && (self.http.authorization.is_some() || self.http.oauth2.is_some()) {
            faults.add("token", "at most one of consul SD token, authorization, or oauth2 can be configured");
        }
        self.http.check(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        self.http.set_directory(directory);
    }
}

impl SdConfig for Dns {
    fn check(&self, faults: &mut Faults) {
        if self.names.is_empty() {
            faults.add("names", "DNS-SD config must contain at least one SRV record name");
        }
        match self.record_type.to_ascii_uppercase().as_str() {
            "SRV" => {}
            "A" | "AAAA" | "MX" | "NS" if self.port != 0 => {}
            "A" | "AAAA" | "MX" | "NS" => {
                faults.add("type", "a port is required in DNS-SD configs for all record types except SRV");
            }
            _ => faults.add("type", format_args!("invalid DNS-SD records type {}", self.record_type)),
        }
    }

    fn set_directory(&mut self, _: &Path) {}
}

impl SdConfig for Docker {
    fn check(&self, faults: &mut Faults) {
        check_docker_host(&self.host, faults);
        self.http.check(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        self.http.set_directory(directory);
    }
}

impl SdConfig for DockerSwarm {
    fn check(&self, faults: &mut Faults) {
        check_docker_host(&self.host, faults);
        match self.role.as_str() {
            "services" | "nodes" | "tasks" => {}
            "" => faults.add("role", "role missing (one of: tasks, services, nodes)"),
            role => {
                faults.add("role", format_args!("invalid role {role}, expected tasks, services, or nodes"));
            }
        }
        self.http.check(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        self.http.set_directory(directory);
    }
}

fn check_docker_host(host: &str, faults: &mut Faults) {
    require(faults, "host", host, "host missing");
    if let Err(error) = ConfigUrl::try_from(host) {
        faults.add("host", error);
    }
}

impl SdConfig for Eureka {
    fn check(&self, faults: &mut Faults) {
        if self.server.is_empty() {
            faults.add("server", "eureka_sd: empty or null eureka server");
        } else if self.server.scheme().is_empty() || self.server.host().is_empty() {
            faults.add("server", "eureka_sd: invalid eureka server URL");
        }
        self.http.check(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        self.http.set_directory(directory);
    }
}

impl SdConfig for Http {
    fn check(&self, faults: &mut Faults) {
        check_url(&self.url, faults);
        self.http.check(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        self.http.set_directory(directory);
    }
}

fn check_url(url: &ConfigUrl, faults: &mut Faults) {
    if url.is_empty() {
        faults.add("url", "URL is missing");
    } else if !matches!(url.scheme(), "http" | "https") {
        faults.add("url", "URL scheme must be 'http' or 'https'");
    } else if url.host().is_empty() {
        faults.add("url", "host is missing in URL");
    }
}

impl SdConfig for Kuma {
    fn check(&self, faults: &mut Faults) {
        if self.server.is_empty() {
            faults.add("server", "kuma SD server must not be empty: ");
        } else if self.server.scheme().is_empty() || self.server.host().is_empty() {
            faults.add("server", format_args!("kuma SD server must not be empty and have a scheme: {}", self.server));
        }
        self.http.check(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        self.http.set_directory(directory);
    }
}

impl SdConfig for Marathon {
    fn check(&self, faults: &mut Faults) {
        if self.servers.is_empty() {
            faults.add("servers", "marathon_sd: must contain at least one Marathon server");
        }
        if !self.auth_token.is_empty() && !self.auth_token_file.is_empty() {
            faults.add("auth_token", "marathon_sd: at most one of auth_token & auth_token_file must be configured");
        }
        if !self.auth_token.is_empty() || !self.auth_token_file.is_empty() {
            self.check_other_credentials(faults);
        }
        self.http.check(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.auth_token_file);
        self.http.set_directory(directory);
    }
}

impl Marathon {
    fn check_other_credentials(&self, faults: &mut Faults) {
        if self.http.basic_auth.is_some() {
            faults.add(
                "basic_auth",
                "marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured",
            );
        } else if !self.http.bearer_token.is_empty() || !self.http.bearer_token_file.is_empty() {
            faults.add_here(
                "marathon_sd: at most one of bearer_token, bearer_token_file, auth_token & auth_token_file must be \
                 configured",
            );
        } else if self.http.authorization.is_some() {
            faults.add(
                "authorization",
                "marathon_sd: at most one of auth_token, auth_token_file & authorization must be configured",
            );
        }
    }
}

impl SdConfig for Nomad {
    fn check(&self, faults: &mut Faults) {
        require(faults, "server", self.server.trim(), "nomad SD configuration requires a server address");
        self.http.check(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        self.http.set_directory(directory);
    }
}

impl SdConfig for PuppetDb {
    fn check(&self, faults: &mut Faults) {
        check_url(&self.url, faults);
        require(faults, "query", &self.query, "query missing");
        self.http.check(faults);
    }

    fn set_directory(&mut self, directory: &Path) {
        self.http.set_directory(directory);
    }
}

impl SdConfig for Serverset {
    fn check(&self, faults: &mut Faults) {
        check_zookeeper("serverset", &self.servers, &self.paths, faults);
    }

    fn set_directory(&mut self, _: &Path) {}
}

impl SdConfig for Nerve {
    fn check(&self, faults: &mut Faults) {
        check_zookeeper("nerve", &self.servers, &self.paths, faults);
    }

    fn set_directory(&mut self, _: &Path) {}
}

fn check_zookeeper(kind: &str, servers: &[String], paths: &[String], faults: &mut Faults) {
    if servers.is_empty() {
        faults.add("servers", format_args!("{kind} SD config must contain at least one Zookeeper server"));
    }
    if paths.is_empty() {
        faults.add("paths", format_args!("{kind} SD config must contain at least one path"));
    }
    faults.within_each("paths", paths, |faults, path| {
        if !path.starts_with('/') {
            faults.add_here(format_args!("{kind} SD config paths must begin with '/': {path}"));
        }
    });
}
