//! The file of `--web.config.file`.

use std::path::Path;
use std::sync::Arc;

use model::yaml::{Document, Faults};
use net::config::WebConfig;

use super::diagnostic::{ConfigErrors, Diagnostic};
use super::source::Source;

/// Loads and checks the file. The certificates that it names are not read.
///
/// # Errors
/// When anything is wrong with it; everything that is.
pub(crate) fn load_web_config(path: &Path) -> Result<WebConfig, ConfigErrors> {
    let source = Arc::new(Source::read(path)?);
    let errors = |problem| Diagnostic::of_problem(&source, problem);
    let document = Document::parse(&source.text).map_err(|problem| ConfigErrors(vec![errors(problem)]))?;
    let (config, mut problems) = document.read::<WebConfig>();
    let mut faults = Faults::new();
    if let Some(config) = &config {
        config.check(&mut faults);
    }
    problems.extend(faults.into_found().iter().map(|fault| document.locate(fault)));
    match config {
        Some(mut config) if problems.is_empty() => {
            config.set_directory(path.parent().unwrap_or(Path::new("")));
            Ok(config)
        }
        _ => Err(ConfigErrors(problems.into_iter().map(errors).collect())),
    }
}
