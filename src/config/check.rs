//! Checks that look at the configuration as a whole.

use std::collections::BTreeMap;

use model::name;
use model::yaml::Faults;
use scrape::config::ScrapeConfig;

use super::remote::check_names;
use super::{Config, glob};

impl Config {
    /// Finds what is wrong with what was written.
    pub(super) fn check(&self, faults: &mut Faults) {
        let scheme = self.global.validation_scheme();
        faults.within("global", |faults| self.global.check(faults));
        faults.within("alerting", |faults| self.alerting.check(scheme, faults));
        for (field, what, files) in [
            ("rule_files", "rule", &self.rule_files),
            ("scrape_config_files", "scrape config", &self.scrape_config_files),
        ] {
            faults.within_each(field, files, |faults, file| {
                if !is_file_pattern(file) {
                    faults.add_here(format_args!("invalid {what} file path {}", name::quoted(file)));
                }
            });
        }
        faults.within_each("scrape_configs", &self.scrape_configs, |faults, config| config.check(faults));
        faults.within("storage", |faults| self.storage.check(faults));
        if let Some(tracing) = &self.tracing {
            faults.within("tracing", |faults| tracing.check(faults));
        }
        faults.within_each("remote_write", &self.remote_write, |faults, config| config.check(scheme, faults));
        check_names(
            "remote_write",
            "remote write",
            self.remote_write.iter().map(|config| config.name.as_str()),
            faults,
        );
        faults.within_each("remote_read", &self.remote_read, |faults, config| config.check(faults));
        check_names("remote_read", "remote read", self.remote_read.iter().map(|config| config.name.as_str()), faults);
        faults.within("otlp", |faults| self.otlp.check(scheme, faults));
        faults.within("narthex", |faults| self.narthex.check(faults));
    }

    /// Finds what an agent cannot do.
    pub(super) fn check_for_agent(&self, faults: &mut Faults) {
        if !self.alerting.alertmanagers.is_empty() || !self.alerting.alert_relabel_configs.is_empty() {
            faults.add("alerting", "field alerting is not allowed in agent mode");
        }
        if !self.rule_files.is_empty() {
            faults.add("rule_files", "field rule_files is not allowed in agent mode");
        }
        if !self.remote_read.is_empty() {
            faults.add("remote_read", "field remote_read is not allowed in agent mode");
        }
    }
}

/// Reports scrape configurations that are filled in and wrong, or whose names others have. `known` holds the names of
/// other files and where those are; the names are added.
pub(super) fn check_filled(
    configs: &[ScrapeConfig],
    file: Option<&str>,
    known: &mut BTreeMap<String, String>,
    faults: &mut Faults,
) {
    faults.within_each("scrape_configs", configs, |faults, config| {
        config.check_filled(faults);
        if config.job_name.is_empty() {
            return;
        }
        let place = file.map_or_else(|| "main config file".to_owned(), |file| name::quoted(file).to_string());
        if let Some(first) = known.get(&config.job_name) {
            let job = name::quoted(&config.job_name);
            let first = file.map(|_| format!(", first found in {first}")).unwrap_or_default();
            faults.add("job_name", format_args!("found multiple scrape configs with job name {job}{first}"));
        } else {
            known.insert(config.job_name.clone(), place);
        }
    });
}

/// Whether a `*` stands only in the last segment of a path.
fn is_file_pattern(path: &str) -> bool {
    glob::is_plain(path) || path.split_once('*').is_some_and(|(_, behind)| !behind.contains('/'))
}
