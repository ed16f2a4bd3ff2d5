//! `email_configs`: mail.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::{TlsConfig, join_directory};
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::{HostPort, HttpSettings, is_default, or_text};
use crate::config::global::GlobalConfig;

/// Whom a mail goes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct EmailConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// Addresses, with commas between; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub to: String,
    /// Whom it is from; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub from: String,
    /// How we call ourselves to the server.
    #[serde(skip_serializing_if = "is_default")]
    pub hello: String,
    /// The server.
    #[serde(skip_serializing_if = "is_default")]
    pub smarthost: HostPort,
    /// The user at the server.
    #[serde(skip_serializing_if = "is_default")]
    pub auth_username: String,
    /// For `PLAIN` and `LOGIN`.
    #[serde(skip_serializing_if = "is_default")]
    pub auth_password: Secret,
    /// As `auth_password`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub auth_password_file: String,
    /// For `CRAM-MD5`.
    #[serde(skip_serializing_if = "is_default")]
    pub auth_secret: Secret,
    /// As `auth_secret`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub auth_secret_file: String,
    /// For whom the user acts.
    #[serde(skip_serializing_if = "is_default")]
    pub auth_identity: String,
    /// Headers by name, templates; names are written as in `Reply-To` once filled.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: BTreeMap<String, String>,
    /// The body as HTML; empty for none.
    #[serde(skip_serializing_if = "is_default")]
    pub html: String,
    /// The body as text; empty for none.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
    /// Whether the server must offer STARTTLS; always said once filled.
    #[serde(skip_serializing_if = "is_default")]
    pub require_tls: Option<bool>,
    /// TLS towards the server; always said once filled.
    #[serde(skip_serializing_if = "is_default")]
    pub tls_config: Option<TlsConfig>,
    /// Whether TLS begins with the connection; by the port where it is not said: on 465 it does.
    #[serde(skip_serializing_if = "is_default")]
    pub force_implicit_tls: Option<bool>,
    /// Whether mails of the same group answer one another.
    #[serde(skip_serializing_if = "is_default")]
    pub threading: ThreadingConfig,
}

/// Whether mails of the same group answer one another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.ThreadingConfig", default, deny_unknown_fields)]
pub struct ThreadingConfig {
    /// Whether they do.
    #[serde(skip_serializing_if = "is_default")]
    pub enabled: bool,
    /// `daily` for a thread each day, `none` for one for ever.
    #[serde(skip_serializing_if = "is_default")]
    pub thread_by_date: String,
}

impl Default for EmailConfig {
    fn default() -> EmailConfig {
        EmailConfig {
            send_resolved: false,
            to: String::new(),
            from: String::new(),
            hello: String::new(),
            smarthost: HostPort::default(),
            auth_username: String::new(),
            auth_password: Secret::default(),
            auth_password_file: String::new(),
            auth_secret: Secret::default(),
            auth_secret_file: String::new(),
            auth_identity: String::new(),
            headers: BTreeMap::new(),
            html: "{{ template \"email.default.html\" . }}".to_owned(),
            text: String::new(),
            require_tls: None,
            tls_config: None,
            force_implicit_tls: None,
            threading: ThreadingConfig::default(),
        }
    }
}

impl Kind for EmailConfig {
    fn http(&self) -> Option<&HttpSettings> {
        None
    }

    fn http_mut(&mut self) -> Option<&mut Option<HttpSettings>> {
        None
    }

    fn check(&self, faults: &mut Faults) {
        if self.to.is_empty() {
            faults.add("to", "missing to address in email config");
        }
        if let Some(tls_config) = &self.tls_config {
            faults.within("tls_config", |faults| tls_config.check(faults));
        }
        let mut names = BTreeSet::new();
        faults.within("headers", |faults| {
            for name in self.headers.keys() {
                let canonical = canonical(name);
                if names.contains(&canonical) {
                    faults.add(name, format_args!("duplicate header {canonical:?} in email config"));
                }
                names.insert(canonical);
            }
        });
        if self.threading.enabled {
            self.check_threading(&names, faults);
        }
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        self.headers =
            std::mem::take(&mut self.headers).into_iter().map(|(name, text)| (canonical(&name), text)).collect();
        self.tls_config.get_or_insert_with(|| global.smtp_tls_config.clone());
        if self.smarthost.is_empty() {
            self.smarthost = global.smtp_smarthost.clone();
        }
        if self.smarthost.is_empty() {
            faults.add_here("no global SMTP smarthost set");
        }
        or_text(&mut self.from, &global.smtp_from);
        if self.from.is_empty() {
            faults.add_here("no global SMTP from set");
        }
        or_text(&mut self.hello, &global.smtp_hello);
        or_text(&mut self.auth_username, &global.smtp_auth_username);
        if self.auth_password.is_empty() && self.auth_password_file.is_empty() {
            self.auth_password = global.smtp_auth_password.clone();
            self.auth_password_file.clone_from(&global.smtp_auth_password_file);
        }
        if self.auth_secret.is_empty() && self.auth_secret_file.is_empty() {
            self.auth_secret = global.smtp_auth_secret.clone();
            self.auth_secret_file.clone_from(&global.smtp_auth_secret_file);
        }
        or_text(&mut self.auth_identity, &global.smtp_auth_identity);
        self.require_tls.get_or_insert(global.smtp_require_tls);
        self.force_implicit_tls = self.force_implicit_tls.or(global.smtp_force_implicit_tls);
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.auth_password_file);
        join_directory(directory, &mut self.auth_secret_file);
        if let Some(tls_config) = &mut self.tls_config {
            tls_config.set_directory(directory);
        }
    }
}

impl EmailConfig {
    pub(super) const NAME: &str = "email";

    /// How mails are sent that no receiver asks for; `None` where `global` names no server or no sender.
    pub fn of_global(global: &GlobalConfig) -> Option<EmailConfig> {
        let (mut config, mut faults) = (EmailConfig::default(), Faults::default());
        config.fill(global, &mut faults);
        faults.is_empty().then_some(config)
    }

    fn check_threading(&self, headers: &BTreeSet<String>, faults: &mut Faults) {
        for name in ["References", "In-Reply-To"].into_iter().filter(|name| headers.contains(*name)) {
            faults.add(
                "threading",
                format_args!("conflicting configuration: threading.enabled conflicts with custom {name} header"),
            );
        }
        if !matches!(self.threading.thread_by_date.as_str(), "none" | "daily") {
            let message = "threading.thread_by_date must be either 'none' or 'daily'";
            faults.within("threading", |faults| faults.add("thread_by_date", message));
        }
    }
}

/// A header's name as mails mostly write it: `reply-to` becomes `Reply-To`.
fn canonical(name: &str) -> String {
    let mut after_dash = true;
    let letter = |c: char| {
        let upper = std::mem::replace(&mut after_dash, c == '-');
        if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
    };
    name.chars().map(letter).collect()
}
