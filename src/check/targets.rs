//! Static targets: are their addresses addresses, after relabelling?

use model::name::ValidationScheme;
use model::relabel::{RelabelConfig, Rules};
use model::yaml::Step;
use model::{Labels, LabelsBuilder};
use scrape::config::{ScrapeConfig, StaticConfig, check_address};

use crate::config::{Diagnostic, Loaded};

/// Checks the targets of scrape configurations and of Alertmanagers.
pub(super) fn check(loaded: &Loaded, diagnostics: &mut Vec<Diagnostic>) {
    for (index, config) in loaded.scrape_configs.iter().enumerate() {
        if let Err(error) = check_groups(&config.discovery.static_configs, config) {
            let path = [Step::Key("static_configs".to_owned())];
            diagnostics.push(loaded.error_in_scrape_config(index, path, error));
        }
    }
    let scheme = loaded.config.global.validation_scheme();
    for (index, config) in loaded.config.alerting.alertmanagers.iter().enumerate() {
        for group in &config.discovery.static_configs {
            let given = LabelsBuilder::from(&group.labels);
            let error = group.targets.iter().find_map(|target| {
                let labels = with(&given, &[("__address__", target), ("__scheme__", &config.scheme)]);
                check_address_after(&labels, &config.relabel_configs, scheme).err()
            });
            if let Some(error) = error {
                let path = vec![
                    Step::Key("alerting".to_owned()),
                    Step::Key("alertmanagers".to_owned()),
                    Step::Index(index),
                    Step::Key("static_configs".to_owned()),
                ];
                diagnostics.push(loaded.error_at(path, error));
            }
        }
    }
}

/// Checks target groups as a scrape configuration would use them.
///
/// # Errors
/// When one has a target that cannot be scraped; the first.
pub(super) fn check_groups(groups: &[StaticConfig], config: &ScrapeConfig) -> Result<(), String> {
    let (interval, timeout) = (config.scrape_interval.to_string(), config.scrape_timeout.to_string());
    for (group_index, group) in groups.iter().enumerate() {
        for (index, target) in group.targets.iter().enumerate() {
            let mut labels = with(
                &LabelsBuilder::from(&group.labels),
                &[
                    ("__address__", target),
                    ("__metrics_path__", &config.metrics_path),
                    ("__scheme__", &config.scheme),
                    ("__scrape_interval__", &interval),
                    ("__scrape_timeout__", &timeout),
                    ("job", &config.job_name),
                ],
            );
            for (param, values) in &config.params {
                let value = values.first().map_or("", String::as_str);
                labels = with(&labels, &[(&format!("__param_{param}"), value)]);
            }
            check_address_after(&labels, &config.relabel_configs, config.validation_scheme())
                .map_err(|error| format!("instance {index} in group {group_index}: {error}"))?;
        }
    }
    Ok(())
}

/// Labels and those that they do not have yet.
fn with(labels: &LabelsBuilder, defaults: &[(&str, &str)]) -> LabelsBuilder {
    let mut labels = labels.clone();
    for (name, value) in defaults {
        if labels.get(name).is_empty() || *name == "__address__" {
            labels.set(name, value);
        }
    }
    labels
}

fn check_address_after(
    labels: &LabelsBuilder,
    rules: &[RelabelConfig],
    scheme: ValidationScheme,
) -> Result<(), String> {
    let mut labels = labels.clone();
    let rules = Rules::new(rules, scheme).map_err(|error| error.to_string())?;
    if !rules.apply_to_builder(&mut labels) {
        return Ok(());
    }
    let labels: Labels = labels.build();
    match labels.get("__address__") {
        Some(address) => check_address(address),
        None => Err("no address".to_owned()),
    }
}
