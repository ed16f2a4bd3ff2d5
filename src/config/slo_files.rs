//! Files of objectives: read into one catalog.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::yaml::{Problem, Span};
use slo::spec::{Catalog, MAX_FAULTS, SourcePlace, SpecFault, SpecFile, SpecText, load_within};

use super::diagnostic::{Diagnostic, Severity};
use super::glob;
use super::source::Source;

/// What spec files say, and their texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct SloFiles {
    pub(crate) catalog: Arc<Catalog>,
    /// All files that were read, for whoever wants to see them change.
    pub(crate) sources: Vec<Arc<Source>>,
}

impl SloFiles {
    /// Reads the files that patterns name, each once. What is wrong with any of them stands in the catalog and refuses
    /// nothing.
    pub(crate) fn load(patterns: &[String], retention_ms: i64) -> SloFiles {
        let mut unread = Vec::new();
        let mut paths: Vec<PathBuf> = Vec::new();
        for pattern in patterns {
            let found = glob::files(pattern);
            if found.is_empty() {
                unread.push(of_file(Path::new(pattern), "no file is there".to_owned()));
            }
            paths.extend(found);
        }
        let mut seen = HashSet::new();
        paths.retain(|path| seen.insert(path.clone()));
        SloFiles::read(&paths, unread, retention_ms)
    }

    /// Reads files.
    pub(crate) fn of_paths(paths: &[PathBuf], retention_ms: i64) -> SloFiles {
        SloFiles::read(paths, Vec::new(), retention_ms)
    }

    fn read(paths: &[PathBuf], mut unread: Vec<SpecFault>, retention_ms: i64) -> SloFiles {
        let mut sources = Vec::new();
        for path in paths {
            match Source::read(path) {
                Ok(source) => sources.push(Arc::new(source)),
                Err(error) => unread.push(of_file(path, error.to_string())),
            }
        }
        let file =
            |source: &Arc<Source>| SpecFile { path: source.path.display().to_string(), text: source.text.clone() };
        let mut catalog = load_within(&sources.iter().map(file).collect::<Vec<_>>(), retention_ms);
        catalog.errors.extend(unread);
        SloFiles { catalog: Arc::new(catalog), sources }
    }

    /// Adds what was found beyond what one file says; lines are drawn.
    pub(crate) fn add_errors(&mut self, faults: Vec<SpecFault>) {
        let drawn =
            |fault: SpecFault| match self.sources.iter().find(|source| source.path == Path::new(&*fault.place.file)) {
                Some(source) => redrawn(source, &fault),
                None => fault,
            };
        let faults: Vec<SpecFault> = faults.into_iter().map(drawn).collect();
        if !faults.is_empty() {
            let errors = &mut Arc::make_mut(&mut self.catalog).errors;
            errors.extend(faults);
            errors.truncate(MAX_FAULTS);
        }
    }

    /// What is wrong, and what looks wrong.
    pub(crate) fn diagnostics(&self) -> Vec<Diagnostic> {
        let errors = self.catalog.errors.iter().map(|fault| self.diagnostic(fault, Severity::Error));
        errors.chain(self.catalog.warnings.iter().map(|fault| self.diagnostic(fault, Severity::Warning))).collect()
    }

    /// A fault with the text that it is in.
    pub(crate) fn diagnostic(&self, fault: &SpecFault, severity: Severity) -> Diagnostic {
        let source = self.sources.iter().find(|source| source.path == Path::new(&*fault.place.file));
        let span = source.map_or(Span::default(), |source| {
            let start = source.byte_at(fault.place.line, fault.place.column);
            let n_carets = fault.drawn.matches('^').count();
            Span { start, end: source.text.floor_char_boundary(start + n_carets) }
        });
        let message = match (&fault.object, source) {
            (_, None) => format!("{}: {}", fault.place.file, fault.message),
            // What lints say begins with the id.
            (Some((kind, name)), _) if !name.is_empty() && !fault.message.starts_with(name.as_str()) => {
                format!("{kind} {name}: {}", fault.message)
            }
            _ => fault.message.clone(),
        };
        Diagnostic { severity, source: source.cloned(), span, path: String::new(), message, help: None }
    }
}

/// A fault with its line and a caret.
fn redrawn(source: &Source, fault: &SpecFault) -> SpecFault {
    let start = source.byte_at(fault.place.line, fault.place.column);
    let span = Span { start, end: start };
    let problem = Problem { span, path: String::new(), message: fault.message.clone(), help: None };
    let object = fault.object.as_ref().map(|(kind, name)| (kind.as_str(), name.as_str()));
    SpecText::new(&fault.place.file, &source.text).fault(&problem, fault.place.format, object)
}

/// Something about a file as a whole.
fn of_file(path: &Path, message: String) -> SpecFault {
    let place = SourcePlace { file: path.display().to_string().into(), line: 1, column: 1, ..SourcePlace::default() };
    SpecFault { place, object: None, message, drawn: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "files of a user's, for the reader of files")]
    fn what_is_wrong_refuses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(dir.path().join(name), text).unwrap();
        write("good.yml", include_bytes!("../../docs/examples/checkout.yml"));
        write("bad.yml", b"apiVersion: openslo/v1\nkind: SLOO\n");
        write("binary.yml", b"\xff\xfe");
        let pattern = |name: &str| dir.path().join(name).display().to_string();
        let files = SloFiles::load(&[pattern("*.yml"), pattern("good.yml"), pattern("none.yml")], i64::MAX);
        assert_eq!((files.catalog.objectives.len(), files.sources.len()), (6, 2));
        let told: Vec<String> = files.diagnostics().iter().map(ToString::to_string).collect();
        let want = [
            ("bad.yml:2:7: ", "kind SLOO is not known (did you mean `SLO`?)"),
            ("", "not UTF-8 at byte 0"),
            ("", "none.yml: no file is there"),
        ];
        assert_eq!(told.len(), want.len(), "{told:?}");
        for (place, message) in want {
            assert!(told.iter().any(|told| told.contains(place) && told.ends_with(message)), "{message}: {told:?}");
        }
    }
}
