//! The files that `slo import` and `slo export` read and write.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use model::duration::PromDuration;
use model::yaml::Document;
use slo::sloth::{Windows, is_alert_windows};
use slo::spec::{SpecFault, SpecFile};

use crate::cli::{complain_raw, print};
use crate::config::{Source, files_of_pattern};

/// Where Sloth's period and its windows come from. The names are Sloth's.
#[derive(Debug, Args)]
pub(super) struct PeriodArgs {
    /// The period of all of Sloth's SLOs: 28d and 30d are known.
    #[arg(long, default_value = "30d", value_name = "DURATION")]
    default_slo_period: PromDuration,
    /// A directory with files of kind AlertWindows, for other periods and other windows.
    #[arg(long, value_name = "DIR")]
    slo_period_windows_path: Option<PathBuf>,
}

impl PeriodArgs {
    /// The windows of the period.
    pub(super) fn windows(&self) -> anyhow::Result<Windows> {
        let period = self.default_slo_period;
        if let Some(dir) = &self.slo_period_windows_path {
            for path in files_of_pattern(&dir.join("*").display().to_string()) {
                if let Some(windows) = read_windows(&path)?.filter(|windows| windows.period_ms == period.as_millis()) {
                    return Ok(windows);
                }
            }
        }
        Windows::built_in(period.as_millis())
            .ok_or_else(|| anyhow!("no windows are known for {period}: a file of kind AlertWindows is needed"))
    }
}

/// The windows in a file, if it holds any.
fn read_windows(path: &Path) -> anyhow::Result<Option<Windows>> {
    if path.is_dir() {
        return Ok(None);
    }
    let source = Source::read(path)?;
    let document =
        Document::parse(&source.text).map_err(|problem| anyhow!("{}: {}", path.display(), problem.message))?;
    if !is_alert_windows(&document) {
        return Ok(None);
    }
    Windows::parse(&document).map(Some).map_err(|problems| {
        let problem = problems.into_iter().next().map(|problem| format!("{}: {}", problem.path, problem.message));
        anyhow!("{}: {}", path.display(), problem.unwrap_or_default())
    })
}

/// Reads a spec file.
pub(super) fn read(path: &Path) -> anyhow::Result<SpecFile> {
    let source = Source::read(path)?;
    Ok(SpecFile { path: path.display().to_string(), text: source.text })
}

/// Tells what is wrong with files, or looks wrong.
pub(super) fn tell(level: &str, faults: &[SpecFault]) {
    for fault in faults {
        let place = &fault.place;
        let drawn = if fault.drawn.is_empty() { String::new() } else { format!("\n{}", fault.drawn) };
        complain_raw(&format!("{level}: {}:{}:{}: {}{drawn}", place.file, place.line, place.column, fault.message));
    }
}

/// Where what is made goes to.
pub(super) struct Output<'a> {
    /// The directory; standard output where there is none.
    pub(super) dir: Option<&'a Path>,
    /// What was read; none of it is written over.
    pub(super) inputs: &'a [PathBuf],
}

impl<'a> Output<'a> {
    pub(super) fn new(dir: Option<&'a Path>, inputs: &'a [PathBuf]) -> Output<'a> {
        Output { dir, inputs }
    }

    /// Writes documents under a name, behind a word about where they are from.
    pub(super) fn write(&self, name: &str, from: &str, documents: &[String]) -> anyhow::Result<()> {
        if documents.is_empty() {
            return Ok(());
        }
        let version = env!("CARGO_PKG_VERSION");
        let head = format!(
            "# Written by narthex {version} from {from}. What is changed here is lost when that is done again."
        );
        let text = format!("{head}\n---\n{}", documents.join("---\n"));
        let Some(dir) = self.dir else {
            print(&text);
            return Ok(());
        };
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let path = dir.join(name);
        let is_input =
            |input: &PathBuf| matches!((input.canonicalize(), path.canonicalize()), (Ok(a), Ok(b)) if a == b);
        if self.inputs.iter().any(is_input) {
            bail!("{} is read: another directory is needed to write to", path.display());
        }
        let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("cannot write {}", path.display()))?;
        print(&format!("{}\n", path.display()));
        Ok(())
    }
}

/// The name of a file without what is no part of names.
pub(super) fn file_name(name: &str) -> String {
    let is_kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name.chars().map(|c| if is_kept(c) { c } else { '_' }).collect();
    format!("{}.yml", name.trim_start_matches('.'))
}

/// The same of a path.
pub(super) fn file_name_of(path: &Path) -> String {
    file_name(&path.file_stem().unwrap_or_default().to_string_lossy())
}
