//! The configuration file of a running server: loaded, made ready, looked at for changes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alerting::rules::Group;
use model::yaml::Step;
use net::server::Tokens;
use net::url::Url;
use query::syntax::Options as ParseOptions;
use scrape::pool::{Features, PoolErrorCause, PoolSettings};
use slo::spec::Catalog;
use web::{Roles, Snapshot};

use super::address::Addresses;
use super::remote_write::Receiver;
use super::retention::{Kept, RetentionFlags};
use super::rules::ReadRules;
use super::sender::AlertmanagerSet;
use super::{rules, settings};
use crate::cli::flags::Flags;
use crate::config::{self, Agent, Config, ConfigErrors, Loaded, Routing, Severity, SloFiles, Source};

/// What is read where no file is named.
const DEFAULT_FILE: &str = "prometheus.yml";

/// Where the configuration is, and what it said last.
#[derive(Debug)]
pub(super) struct ConfigurationFile {
    /// `None` where none was named: then it is [`DEFAULT_FILE`] once that is there, and before that what is built in.
    path: Option<PathBuf>,
    address: String,
    metrics_path: String,
    retention: RetentionFlags,
    /// How expressions of rules are read.
    parse: ParseOptions,
    /// The URL under which others reach this server.
    pub(super) external_url: Url,
    /// What `--alertmanager.config.file` names; it stands above what the configuration names.
    alertmanager: Option<PathBuf>,
    /// What `--slo.files` names, beside what the configuration names.
    slo_files: Vec<String>,
    /// How long counts of objectives are kept, in milliseconds.
    slo_retention_ms: i64,
    /// What the last attempt to load it read, or why it failed.
    last: Seen,
}

/// What can be told apart from what was there before.
#[derive(Debug, PartialEq)]
enum Seen {
    Nothing,
    /// A hash of their names and texts: thousands of objectives have megabytes of these.
    Files(u64),
    Errors(String),
}

impl Seen {
    fn files<'s>(sources: impl Iterator<Item = &'s Arc<Source>>) -> Seen {
        let mut hasher = DefaultHasher::new();
        sources.for_each(|source| source.hash(&mut hasher));
        Seen::Files(hasher.finish())
    }
}

/// What was read.
struct Read {
    loaded: Loaded,
    routing: Routing,
    groups: Vec<Group>,
    slo_files: SloFiles,
}

/// A configuration that can be put into force: nothing that is left can fail.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) config: Config,
    pub(super) pools: Vec<PoolSettings>,
    pub(super) receivers: Vec<Receiver>,
    /// The groups of all rule files.
    pub(super) groups: Vec<Group>,
    pub(super) alertmanagers: Vec<AlertmanagerSet>,
    pub(super) kept: Kept,
    /// What is promised.
    pub(super) catalog: Arc<Catalog>,
    /// The secrets of webhooks.
    hooks: web::Hooks,
    /// Who is told of alerts.
    pub(super) routing: Arc<alerting::config::Loaded>,
}

impl ConfigurationFile {
    /// # Errors
    /// When a flag that stands in for a field of the file cannot be read.
    pub(super) fn new(flags: &Flags, addresses: &Addresses) -> anyhow::Result<ConfigurationFile> {
        Ok(ConfigurationFile {
            path: flags.path("config.file"),
            address: addresses.local(),
            metrics_path: addresses.metrics_path(),
            retention: RetentionFlags::of(flags)?,
            parse: settings::parse_options(flags),
            external_url: addresses.external_url.clone(),
            alertmanager: flags.path("alertmanager.config.file"),
            slo_files: flags.list("slo.files").to_vec(),
            slo_retention_ms: i64::try_from(flags.duration("slo.retention.time").as_millis()).unwrap_or(i64::MAX),
            last: Seen::Nothing,
        })
    }

    /// Loads the configuration and makes it ready.
    ///
    /// # Errors
    /// When anything is wrong with it; everything that is.
    pub(super) fn load(&mut self) -> Result<Ready, ConfigErrors> {
        let (_, read) = self.read()?;
        made_ready(read, &self.retention)
    }

    /// The same where its files are not what they were.
    ///
    /// # Errors
    /// As [`ConfigurationFile::load`], once for the same mistake.
    pub(super) fn load_if_changed(&mut self) -> Result<Option<Box<Ready>>, ConfigErrors> {
        match self.read() {
            Ok((false, _)) => Ok(None),
            Ok((true, read)) => made_ready(read, &self.retention).map(|ready| Some(Box::new(ready))),
            Err(errors) => {
                let is_new = self.note(Seen::Errors(errors.to_string()));
                if is_new { Err(errors) } else { Ok(None) }
            }
        }
    }

    /// Reads the files; whether they are not what they were.
    fn read(&mut self) -> Result<(bool, Read), ConfigErrors> {
        let default = Path::new(DEFAULT_FILE);
        let loaded = match &self.path {
            Some(path) => config::load(path, Agent::No, variable)?,
            None if default.exists() => config::load(default, Agent::No, variable)?,
            None => config::builtin(&self.address, &self.metrics_path),
        };
        let routing = match self.alertmanager.clone().or_else(|| loaded.alertmanager_file()) {
            Some(path) => Routing::load(&path)?,
            None => Routing::builtin(),
        };
        let ReadRules { groups, sources: rule_sources } = rules::groups(&loaded, self.parse).map_err(ConfigErrors)?;
        let patterns: Vec<String> = loaded.config.narthex.slo_files.iter().chain(&self.slo_files).cloned().collect();
        let mut slo_files = SloFiles::load(&patterns, self.slo_retention_ms);
        let routing = routing.with_objectives(&mut slo_files)?;
        let of_alerts = routing.sources.iter().chain(&rule_sources);
        let sources = loaded.sources.iter().chain(of_alerts).chain(&slo_files.sources);
        let is_new = self.note(Seen::files(sources));
        Ok((is_new, Read { loaded, routing, groups, slo_files }))
    }

    fn note(&mut self, seen: Seen) -> bool {
        let is_new = self.last != seen;
        self.last = seen;
        is_new
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Makes everything that can fail, and says in the log what is strange.
fn made_ready(read: Read, retention: &RetentionFlags) -> Result<Ready, ConfigErrors> {
    let Read { loaded, routing, groups, slo_files } = read;
    let mut pools = Vec::new();
    let mut errors = Vec::new();
    for (index, config) in loaded.scrape_configs.iter().enumerate() {
        match PoolSettings::new(config.clone(), Features::default()) {
            Ok(settings) => pools.push(settings),
            Err(error) => {
                let path = match &error.cause {
                    PoolErrorCause::Relabel(_) => vec![Step::Key("relabel_configs".to_owned())],
                    PoolErrorCause::FailureLog(_) => vec![Step::Key("scrape_failure_log_file".to_owned())],
                    PoolErrorCause::Client(_) => Vec::new(),
                };
                errors.push(loaded.error_in_scrape_config(index, path, &error));
            }
        }
    }
    let (receivers, faults) = Receiver::all(&loaded.config);
    for (index, fault) in faults {
        let path = vec![Step::Key("remote_write".to_owned()), Step::Index(index)];
        errors.push(loaded.error_at(path, fault));
    }
    let (alertmanagers, faults) = AlertmanagerSet::all(&loaded.config);
    for (index, field, fault) in faults {
        let keys = ["alerting", "alertmanagers"].map(|key| Step::Key(key.to_owned()));
        let path = keys.into_iter().chain([Step::Index(index)]).chain(field.map(|field| Step::Key(field.to_owned())));
        errors.push(loaded.error_at(path.collect(), fault));
    }
    let hooks = loaded.config.narthex.hooks.read().unwrap_or_else(|(name, fault)| {
        let path = ["narthex", "hooks", name].map(|key| Step::Key(key.to_owned()));
        errors.push(loaded.error_at(path.to_vec(), fault));
        web::Hooks::default()
    });
    if !errors.is_empty() {
        return Err(ConfigErrors(errors));
    }
    for warning in loaded.warnings.iter().chain(&routing.warnings) {
        tracing::warn!("{warning}");
    }
    if routing.source.is_some() && !loaded.config.alerting.alertmanagers.is_empty() {
        tracing::warn!("alerts go both to the Alertmanagers of `alerting` and by alertmanager.yml");
    }
    for fault in slo_files.diagnostics() {
        match fault.severity {
            Severity::Error => tracing::error!("{fault}"),
            Severity::Warning => tracing::warn!("{fault}"),
        }
    }
    if let Some(warning) = loaded.not_built_warning() {
        tracing::warn!("{warning}");
    }
    let (config, kept) = (loaded.config.clone(), retention.with(&loaded.config));
    let catalog = slo_files.catalog;
    Ok(Ready { config, pools, receivers, groups, alertmanagers, kept, catalog, hooks, routing: routing.loaded })
}

impl Ready {
    /// Who may come in with a token.
    pub(super) fn tokens(&self) -> Tokens {
        let tokens = self.config.narthex.tokens.iter();
        Tokens::new(tokens.map(|token| (token.name.as_str(), token.sha256.expose())))
    }

    /// What they may do.
    fn roles(&self) -> Roles {
        self.config.narthex.tokens.iter().map(|token| (token.name.clone(), token.roles.clone())).collect()
    }

    /// For which products.
    fn scopes(&self) -> web::Scopes {
        self.config.narthex.tokens.iter().map(|token| (token.name.clone(), token.products.clone())).collect()
    }

    /// The configuration as the web server shows it.
    pub(super) fn snapshot(&self, now_ms: i64) -> Snapshot {
        Snapshot {
            yaml: self.config.to_yaml(),
            scrape_configs: self.pools.iter().map(|pool| Arc::new(pool.config().clone())).collect(),
            external_labels: self.config.global.external_labels.clone(),
            rule_query_offset_ms: self.config.global.rule_query_offset.as_millis(),
            roles: self.roles(),
            scopes: self.scopes(),
            hooks: self.hooks.clone(),
            retention: self.kept.words.clone(),
            language: self.config.narthex.language.of_reports(),
            loaded_ms: now_ms,
            error: None,
        }
    }
}
