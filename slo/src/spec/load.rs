//! From files to a catalog.

use std::sync::Arc;

use model::yaml::{Document, Problem, Span, Step};

use super::text::{SpecFile, SpecText};
use super::{Catalog, SourceFormat, SpecFault};
use crate::{lint, openslo, pyrra, sloth};

/// The limit `slo_file_bytes`: how long a spec file may be.
pub const MAX_FILE_BYTES: usize = 16 << 20;
/// The limit `slo_documents`: how many documents all files may have together; list elements count as documents.
pub const MAX_DOCUMENTS: usize = 200_000;
/// The limit `slo_objectives`: how many objectives there may be.
pub const MAX_OBJECTIVES: usize = 100_000;
/// The limit `slo_faults`: how many errors, and how many warnings, are kept.
pub const MAX_FAULTS: usize = 1000;

/// How long counts are kept where nobody says otherwise: 400 days.
pub const DEFAULT_RETENTION_MS: i64 = 400 * 86_400_000;

/// What is understood, for messages.
const KNOWN: &str = "openslo/v1, narthex/v1, openslo/v1alpha, openslo.com/v2alpha, sloth.slok.dev/v1, pyrra.dev/v1alpha1, \
                     or version: prometheus/v1";

/// Reads files together: their objects may name one another. A document that cannot be read is an error in the catalog and
/// keeps no other from being read.
pub fn load(files: &[SpecFile]) -> Catalog {
    load_within(files, DEFAULT_RETENTION_MS)
}

/// The same where counts are kept for so many milliseconds: a longer window is an error.
pub fn load_within(files: &[SpecFile], retention_ms: i64) -> Catalog {
    let mut catalog = Catalog::default();
    let texts: Vec<SpecText<'_>> = files.iter().map(|file| SpecText::new(&file.path, &file.text)).collect();
    let mut objects = openslo::Objects::default();
    let (mut all, mut windows) = (Vec::new(), sloth::Catalogue::default());
    for text in &texts {
        for document in documents(text, &mut catalog) {
            if all.len() >= MAX_DOCUMENTS {
                let message = format!("more than {MAX_DOCUMENTS} documents are not read (limit slo_documents)");
                catalog.errors.push(text.fault(&whole(&document, message), SourceFormat::default(), None));
                break;
            }
            if sloth::is_alert_windows(&document) {
                windows.add(&document, text, &mut catalog);
            } else {
                all.push((document, text));
            }
        }
    }
    catalog.n_documents = all.len();
    let windows = windows.in_force(&mut catalog);
    for (document, text) in all {
        read(document, text, &windows, &mut objects, &mut catalog);
    }
    objects.resolve(retention_ms, &mut catalog);
    lint::check(&mut catalog);
    limit_faults(&mut catalog);
    // What is put into a tree in the order of its keys leaves its nodes half empty: with thousands of objectives many megabytes.
    catalog.objectives = std::mem::take(&mut catalog.objectives).into_iter().collect();
    let (mut last_burn, mut last_options) = (Arc::default(), Arc::default());
    for objective in catalog.objectives.values_mut() {
        share(&mut last_burn, &mut objective.burn);
        share(&mut last_options, &mut objective.options);
    }
    catalog
}

/// Makes one of what says the same in objectives that follow one another.
fn share<T: PartialEq>(last: &mut Arc<T>, this: &mut Arc<T>) {
    if last == this {
        *this = Arc::clone(last);
    } else {
        *last = Arc::clone(this);
    }
}

/// The documents of a file, list elements taken apart.
fn documents(text: &SpecText<'_>, catalog: &mut Catalog) -> Vec<Document> {
    if text.text().len() > MAX_FILE_BYTES {
        let message = format!("the file is longer than {MAX_FILE_BYTES} bytes (limit slo_file_bytes)");
        let problem = Problem { span: Span::default(), path: String::new(), message, help: None };
        catalog.errors.push(text.fault(&problem, SourceFormat::default(), None));
        return Vec::new();
    }
    let mut documents = Vec::new();
    for read in Document::parse_all(text.text()) {
        match read {
            Ok(document) => match document.elements() {
                Some(elements) => documents.extend(elements),
                None => documents.push(document),
            },
            Err(problem) => catalog.errors.push(text.fault(&problem, SourceFormat::default(), None)),
        }
    }
    documents
}

/// Hands a document to whoever knows its format.
fn read<'t>(
    document: Document,
    text: &'t SpecText<'t>,
    windows: &sloth::Windows,
    objects: &mut openslo::Objects<'t>,
    catalog: &mut Catalog,
) {
    let field = |name: &str| document.text_at(&[Step::Key(name.to_owned())]).unwrap_or_default();
    let (api_version, version) = (field("apiVersion"), field("version"));
    match (api_version.split_once('/').map_or(api_version, |(group, _)| group), version) {
        ("sloth.slok.dev", _) | ("", "prometheus/v1") => sloth::read(&document, text, windows, catalog),
        ("pyrra.dev", _) => pyrra::read(&document, text, catalog),
        ("openslo" | "openslo.com" | "narthex", _) => objects.add(document, text, catalog),
        ("", "") => {
            let problem = whole(&document, format!("apiVersion is missing: one of {KNOWN} is needed"));
            catalog.errors.push(text.fault(&problem, SourceFormat::default(), None));
        }
        _ => {
            let name = if api_version.is_empty() { "version" } else { "apiVersion" };
            let span = document.find(&[Step::Key(name.to_owned())]).map_or(Span::default(), |(value, _)| value);
            let message = format!("{name} {api_version}{version} is not known: one of {KNOWN} is needed");
            let problem = Problem { span, path: name.to_owned(), message, help: None };
            catalog.errors.push(text.fault(&problem, SourceFormat::default(), None));
        }
    }
}

/// Something is wrong with a document as a whole.
fn whole(document: &Document, message: String) -> Problem {
    document.locate(&model::yaml::Fault { path: Vec::new(), message })
}

/// Keeps what is told within limits.
pub(crate) fn limit_faults(catalog: &mut Catalog) {
    for faults in [&mut catalog.errors, &mut catalog.warnings, &mut catalog.notes] {
        faults.sort_by(|a, b| place_key(a).cmp(&place_key(b)));
        faults.truncate(MAX_FAULTS);
        faults.shrink_to_fit();
    }
}

fn place_key(fault: &SpecFault) -> (&str, usize, usize) {
    (&fault.place.file, fault.place.line, fault.place.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_told_with_its_place() {
        let check = |text: &str, want: &[(usize, usize, &str)]| {
            let catalog = load(&[SpecFile { path: "a.yml".to_owned(), text: text.to_owned() }]);
            let found: Vec<_> = catalog
                .errors
                .iter()
                .map(|fault| (fault.place.line, fault.place.column, fault.message.as_str()))
                .collect();
            assert_eq!(found.len(), want.len(), "{text}: {found:?}");
            for (found, want) in found.iter().zip(want) {
                assert!((found.0, found.1) == (want.0, want.1) && found.2.starts_with(want.2), "{text}: {found:?}");
            }
        };
        check("", &[]);
        check("kind: SLO\n", &[(1, 1, "apiVersion is missing: one of openslo/v1, narthex/v1,")]);
        check(
            "---\n- 1\n- apiVersion: x/v1\n",
            &[(2, 3, "apiVersion is missing"), (3, 15, "apiVersion x/v1 is not known")],
        );
        check("version: x\n", &[(1, 10, "version x is not known")]);
        check("a: [\n---\napiVersion: y\n", &[(1, 4, "yaml: "), (3, 13, "apiVersion y is not known")]);
    }
}
