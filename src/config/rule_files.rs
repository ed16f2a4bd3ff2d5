//! Rule files: read, and what is wrong with them as diagnostics.

use std::path::Path;
use std::sync::Arc;

use alerting::rules::{ReadOptions, RuleFile};

use super::diagnostic::{ConfigErrors, Diagnostic, Severity};
use super::glob;
use super::source::Source;

/// A rule file and its text.
#[derive(Clone, Debug)]
pub(crate) struct RuleSource {
    pub(crate) source: Arc<Source>,
    pub(crate) file: RuleFile,
}

impl RuleSource {
    /// Reads a file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn read(path: &Path, options: ReadOptions) -> Result<RuleSource, Vec<Diagnostic>> {
        let source = Source::read(path).map_err(|error| ConfigErrors::from(error).0)?;
        RuleSource::of_text(source, options)
    }

    /// Reads a text that came from elsewhere.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn of_text(source: Source, options: ReadOptions) -> Result<RuleSource, Vec<Diagnostic>> {
        let source = Arc::new(source);
        let read = RuleFile::read(&source.text, options);
        let told = |problem| Diagnostic::of_problem(&source, problem);
        match read {
            Ok(file) => Ok(RuleSource { source, file }),
            Err(problems) => Err(problems.into_iter().map(told).collect()),
        }
    }

    /// All files that patterns name, each once.
    pub(crate) fn all(patterns: &[String], options: ReadOptions) -> Vec<Result<RuleSource, Vec<Diagnostic>>> {
        let mut paths: Vec<_> = patterns.iter().flat_map(|pattern| glob::files(pattern)).collect();
        let mut seen = std::collections::HashSet::new();
        paths.retain(|path| seen.insert(path.clone()));
        paths.iter().map(|path| RuleSource::read(path, options)).collect()
    }

    /// How many rules it has.
    pub(crate) fn n_rules(&self) -> usize {
        self.file.groups.iter().map(|group| group.rules.len()).sum()
    }

    /// What is strange and no error.
    pub(crate) fn warnings(&self) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        if RuleFile::has_more_documents(&self.source.text) {
            let message = "multiple YAML documents: only the first one is read";
            let warning = Diagnostic::of_file(format_args!("{}: {message}", self.source.path.display()));
            warnings.push(Diagnostic { severity: Severity::Warning, ..warning });
        }
        warnings
    }
}
