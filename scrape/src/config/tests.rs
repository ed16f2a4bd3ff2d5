use std::path::Path;

use model::duration::PromDuration;
use model::name::ValidationScheme;
use model::yaml::{Document, Faults, to_yaml};

use super::*;
use crate::protocol::{EscapingScheme, ScrapeProtocol};
use crate::scrape_loop::Limits;

/// A configuration, filled in, and what is wrong with it as `PATH: MESSAGE`.
fn read(text: &str, global: &Inherited) -> (ScrapeConfig, Vec<String>) {
    let document = Document::parse(text).unwrap();
    let (config, mut problems) = document.read::<ScrapeConfig>();
    let mut config = config.unwrap_or_default();
    let mut faults = Faults::new();
    config.check(&mut faults);
    config.fill(global);
    config.check_filled(&mut faults);
    problems.extend(faults.into_found().iter().map(|fault| document.locate(fault)));
    (config, problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect())
}

#[test]
fn what_is_missing_comes_from_the_global_section() {
    let global = Inherited {
        scrape_interval: PromDuration::from_secs(5),
        sample_limit: Some(7),
        label_limit: Some(9),
        ..Inherited::default()
    };
    let (config, problems) = read("job_name: a\nlabel_limit: 0\nbearer_token_file: t", &global);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!((config.scrape_interval, config.scrape_timeout), (global.scrape_interval, global.scrape_interval));
    assert_eq!(config.limits(), Limits { n_samples: Some(7), n_labels: None, ..Limits::DEFAULT });
    assert_eq!(config.protocols(), ScrapeProtocol::DEFAULT);
    assert_eq!(config.http.authorization.unwrap().credentials_file, "t");
}

#[test]
fn a_validation_scheme_suggests_an_escaping_scheme() {
    let check = |text: &str, global: &Inherited, want: (ValidationScheme, EscapingScheme)| {
        let (config, problems) = read(&format!("job_name: a\n{text}"), global);
        assert_eq!(problems, Vec::<String>::new(), "{text}");
        assert_eq!((config.validation_scheme(), config.escaping_scheme()), want, "{text}");
    };
    let utf8 = Inherited::default();
    let legacy = Inherited { metric_name_validation_scheme: ValidationScheme::Legacy, ..Inherited::default() };
    let dots = Inherited { metric_name_escaping_scheme: "dots".to_owned(), ..Inherited::default() };
    check("", &utf8, (ValidationScheme::Utf8, EscapingScheme::AllowUtf8));
    check("", &legacy, (ValidationScheme::Legacy, EscapingScheme::Underscores));
    check("", &dots, (ValidationScheme::Utf8, EscapingScheme::Dots));
    check("metric_name_validation_scheme: legacy", &dots, (ValidationScheme::Legacy, EscapingScheme::Underscores));
    check("metric_name_validation_scheme: utf8", &legacy, (ValidationScheme::Utf8, EscapingScheme::AllowUtf8));
    check("metric_name_escaping_scheme: values", &legacy, (ValidationScheme::Legacy, EscapingScheme::Values));
}

#[test]
fn mistakes() {
    let check = |text: &str, want: &[&str]| assert_eq!(read(text, &Inherited::default()).1, want, "{text}");
    check("{}", &["job_name: job_name is empty"]);
    check(
        "job_name: a\nscrape_timeout: 2m",
        &["scrape_timeout: scrape timeout greater than scrape interval for scrape config with job name \"a\""],
    );
    check("job_name: a\nscrape_interval: 1x", &["scrape_interval: unknown unit \"x\" in duration \"1x\""]);
    check(
        "job_name: a\nfile_sd_config: []",
        &["file_sd_config: field file_sd_config not found in type config.ScrapeConfig"],
    );
    check(
        "job_name: a\nfile_sd_configs: [{files: [a/*/b.yml, a*.yml, a.txt, '*.json']}]",
        &[
            "file_sd_configs[0].files[0]: path name \"a/*/b.yml\" is not valid for file discovery",
            "file_sd_configs[0].files[2]: path name \"a.txt\" is not valid for file discovery",
        ],
    );
    check(
        "job_name: a\nstatic_configs: [{targets: ['http://a'], labels: {'': x}}]",
        &[
            "static_configs[0].labels.: \"\" is not a valid label name",
            "static_configs[0].targets[0]: \"http://a\" is not a valid hostname",
        ],
    );
    check(
        "job_name: a\nrelabel_configs: [{action: replace}]\nstatic_configs: [{targets: ['http://a']}]",
        &["relabel_configs[0].target_label: relabel configuration for replace action requires 'target_label' value"],
    );
    check(
        "job_name: a\nrelabel_configs: [{action: drop, regex: '['}]",
        &["relabel_configs[0].regex: error parsing regexp: missing closing ]: `[`"],
    );
    check(
        "job_name: a\nmetric_name_escaping_scheme: x",
        &["metric_name_escaping_scheme: unknown scrape config name escaping method specified, must be one of \
         'allow-utf-8', 'underscores', 'dots', or 'values', got \"x\""],
    );
}

#[test]
fn kinds_that_are_not_built_are_named() {
    let (config, problems) = read(
        "job_name: a\nconsul_sd_configs: [{token: hunter2}]\ndns_sd_configs: [{names: [a]}]",
        &Inherited::default(),
    );
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(config.discovery.not_built(), ["consul_sd_configs", "dns_sd_configs"]);
    assert!(!to_yaml(&config).unwrap().contains("hunter2"));
}

#[test]
fn files_are_relative_to_the_configuration() {
    let (mut config, _) = read("job_name: a\nfile_sd_configs: [{files: [a.yml, /b.yml]}]", &Inherited::default());
    config.set_directory(Path::new("/etc/narthex"));
    assert_eq!(config.discovery.file_sd_configs[0].files, ["/etc/narthex/a.yml", "/b.yml"]);
}

#[test]
fn a_configuration_is_written_as_it_is_read() {
    let text = "job_name: a\nstatic_configs:\n- targets:\n  - b:1\n  labels:\n    c: d\nrelabel_configs:\n\
                - source_labels: [x, y]\n  regex: (.+)\n  target_label: z\n";
    let (config, _) = read(text, &Inherited::default());
    let written = to_yaml(&config).unwrap();
    let (again, problems) = read(&written, &Inherited::default());
    assert_eq!((again, problems), (config, Vec::new()), "{written}");
}
