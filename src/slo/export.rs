//! `narthex slo export`: rule files for Prometheus, and files for other tools.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use slo::export::{ExportOptions, import, openslo_documents, part_of, prometheus_rules};
use slo::pyrra;
use slo::sloth::{self, Windows};
use slo::spec::{Catalog, SpecFile, load};

use super::files::{Output, PeriodArgs, file_name, file_name_of, read, tell};
use crate::cli::complain;

/// What `narthex slo export` takes. Names are Sloth's where Sloth has one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  narthex slo export --as prometheus-rules sloth.yml -o rules/
  narthex slo export --as prometheus-rules --extra-labels cluster=a --disable-alerts slo.yml
  narthex slo export --as sloth slo/*.yml

Of Sloth's files the rules are Sloth's to the letter, of Pyrra's files Pyrra's; of any other they are those that Sloth would
make. narthex needs none of them: it counts exactly, and alerts by itself.

Exit: 0 all of it is written, 1 some is not")]
pub(super) struct ExportArgs {
    /// As what.
    #[arg(long = "as", value_enum, value_name = "FORMAT")]
    format: Format,
    /// The files, in any format that narthex reads.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where to write files; standard output where no directory is named.
    #[arg(short, long = "out", value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    period: PeriodArgs,
    #[command(flatten)]
    rules: RuleArgs,
}

/// How rules are made.
#[derive(Debug, Args)]
struct RuleArgs {
    /// Add a label to every recorded series; may be repeated.
    #[arg(short = 'l', long, value_name = "NAME=VALUE", value_parser = label)]
    extra_labels: Vec<(String, String)>,
    /// No alerts.
    #[arg(long)]
    disable_alerts: bool,
    /// No recording rules.
    #[arg(long)]
    disable_recordings: bool,
    /// Measure the whole period from the events: right, and dear for Prometheus.
    #[arg(long)]
    disable_optimized_rules: bool,
    /// What the label sloth_version says.
    #[arg(long, default_value = concat!("narthex-", env!("CARGO_PKG_VERSION")), value_name = "TEXT")]
    sloth_version: String,
    /// Where Pyrra's page is, for links in its alerts.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "URL")]
    pyrra_external_url: String,
    /// Make Pyrra's generic rules for Grafana, too.
    #[arg(long)]
    generic_rules: bool,
    /// Let le="1" in Pyrra's files mean le="1.0", too.
    #[arg(long)]
    enable_prometheus3_migration: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    PrometheusRules,
    Sloth,
    #[value(name = "openslo")]
    OpenSlo,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a label is NAME=VALUE")?;
    if name.is_empty() { Err("a label needs a name".to_owned()) } else { Ok((name.to_owned(), value.to_owned())) }
}

impl RuleArgs {
    fn options(&self, windows: Windows) -> ExportOptions {
        ExportOptions {
            sloth: sloth::RuleOptions {
                windows,
                extra_labels: self.extra_labels.iter().cloned().collect(),
                disable_alerts: self.disable_alerts,
                disable_recordings: self.disable_recordings,
                disable_optimized: self.disable_optimized_rules,
                version: self.sloth_version.clone(),
            },
            pyrra: pyrra::RuleOptions {
                external_url: self.pyrra_external_url.clone(),
                is_migrating_to_prometheus_3: self.enable_prometheus3_migration,
            },
            has_generic_rules: self.generic_rules,
        }
    }
}

pub(super) fn run(args: &ExportArgs) -> ExitCode {
    match export_all(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether all of it is written.
fn export_all(args: &ExportArgs) -> anyhow::Result<bool> {
    let windows = args.period.windows()?;
    let output = Output::new(args.out.as_deref(), &args.files);
    match args.format {
        Format::PrometheusRules => rules(args, windows, &output),
        Format::Sloth => sloth_files(args, &windows, &output),
        Format::OpenSlo => {
            let mut is_whole = true;
            let files = read_all(&args.files)?;
            let catalog = told(import(&files, &windows), &mut is_whole);
            for (path, file) in args.files.iter().zip(&files) {
                let documents = openslo_documents(part_of(&catalog, file).objectives.values())?;
                output.write(&file_name_of(path), &file.path, &documents)?;
            }
            Ok(is_whole)
        }
    }
}

/// The files, whose objects may name one another.
fn read_all(paths: &[PathBuf]) -> anyhow::Result<Vec<SpecFile>> {
    paths.iter().map(|path| read(path)).collect()
}

fn rules(args: &ExportArgs, windows: Windows, output: &Output<'_>) -> anyhow::Result<bool> {
    let options = args.rules.options(windows);
    let mut is_whole = true;
    let files = read_all(&args.files)?;
    let catalog = load(&files);
    for (path, file) in args.files.iter().zip(&files) {
        let exported = prometheus_rules(file, &catalog, &options);
        tell("warning", &exported.warnings);
        tell("error", &exported.errors);
        is_whole &= exported.errors.is_empty();
        output.write(&file_name_of(path), &file.path, &exported.texts)?;
    }
    Ok(is_whole)
}

fn sloth_files(args: &ExportArgs, windows: &Windows, output: &Output<'_>) -> anyhow::Result<bool> {
    let mut is_whole = true;
    let catalog = told(import(&read_all(&args.files)?, windows), &mut is_whole);
    for (service, text) in sloth::to_files(catalog.objectives.values())? {
        output.write(&file_name(&service), "its objectives", &[text])?;
    }
    Ok(is_whole)
}

/// Tells what is wrong with what was read.
fn told(catalog: Catalog, is_whole: &mut bool) -> Catalog {
    tell("warning", &catalog.warnings);
    tell("error", &catalog.errors);
    *is_whole &= catalog.errors.is_empty();
    catalog
}
