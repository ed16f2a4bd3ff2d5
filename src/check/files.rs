//! The files that a configuration names: are they there?

use std::path::Path;

use model::name;
use model::yaml::Step;
use net::config::{HttpConfig, TlsConfig};

use crate::config::{Diagnostic, Loaded, Severity, files_of_pattern};

use super::{sd_file, targets};

/// Checks them all; answers how many rule files there are.
pub(super) fn check(loaded: &Loaded, diagnostics: &mut Vec<Diagnostic>) -> usize {
    let n_rule_files = check_rule_files(loaded, diagnostics);
    for (index, config) in loaded.scrape_configs.iter().enumerate() {
        for (path, message) in missing_files(&config.http) {
            diagnostics.push(loaded.error_in_scrape_config(index, path, message));
        }
        for (i, sd_config) in config.discovery.file_sd_configs.iter().enumerate() {
            for (j, pattern) in sd_config.files.iter().enumerate() {
                let path = || sd_path(i, j);
                let files = files_of_pattern(pattern);
                if files.is_empty() {
                    let job = name::quoted(&config.job_name);
                    let pattern = name::quoted(pattern);
                    let message = format!("file {pattern} for file_sd in scrape job {job} does not exist");
                    let warning = loaded.error_in_scrape_config(index, path(), message);
                    diagnostics.push(Diagnostic { severity: Severity::Warning, ..warning });
                }
                for file in files {
                    match sd_file::read(&file) {
                        Ok(groups) => {
                            if let Err(error) = targets::check_groups(&groups, config) {
                                diagnostics.push(loaded.error_in_scrape_config(index, path(), error));
                            }
                        }
                        Err(errors) => diagnostics.extend(errors),
                    }
                }
            }
        }
    }
    n_rule_files
}

fn sd_path(config: usize, file: usize) -> Vec<Step> {
    vec![Step::Key("file_sd_configs".to_owned()), Step::Index(config), Step::Key("files".to_owned()), Step::Index(file)]
}

fn check_rule_files(loaded: &Loaded, diagnostics: &mut Vec<Diagnostic>) -> usize {
    let mut n_files = 0;
    for (index, pattern) in loaded.config.rule_files.iter().enumerate() {
        let n_found = files_of_pattern(pattern).len();
        if n_found == 0 && !pattern.contains('*') {
            let path = vec![Step::Key("rule_files".to_owned()), Step::Index(index)];
            let pattern = name::quoted(pattern);
            diagnostics.push(loaded.error_at(path, format_args!("{pattern} does not point to an existing file")));
        }
        n_files += n_found;
    }
    n_files
}

/// The files that an HTTP configuration names and that are not there.
fn missing_files(http: &HttpConfig) -> Vec<(Vec<Step>, String)> {
    let mut missing = Vec::new();
    let mut expect = |section: &str, field: &str, file: &str, what: &str| {
        if let Some(error) = stat(file) {
            let path = vec![Step::Key(section.to_owned()), Step::Key(field.to_owned())];
            missing.push((path, format!("error checking {what} {}: {error}", name::quoted(file))));
        }
    };
    if let Some(authorization) = &http.authorization {
        let file = &authorization.credentials_file;
        expect("authorization", "credentials_file", file, "authorization credentials or bearer token file");
    }
    if let Some(basic_auth) = &http.basic_auth {
        expect("basic_auth", "username_file", &basic_auth.username_file, "basic auth username file");
        expect("basic_auth", "password_file", &basic_auth.password_file, "basic auth password file");
    }
    let TlsConfig { ca_file, cert_file, key_file, .. } = &http.tls_config;
    expect("tls_config", "ca_file", ca_file, "CA cert file");
    expect("tls_config", "cert_file", cert_file, "client cert file");
    expect("tls_config", "key_file", key_file, "client key file");
    missing
}

/// Why a file is not there, if it is not.
fn stat(file: &str) -> Option<String> {
    if file.is_empty() {
        return None;
    }
    let error = Path::new(file).metadata().err()?;
    Some(format!("stat {file}: {}", crate::config::reason(&error)))
}
