//! From a spec file to rule files.

use model::yaml::{Document, Step};

use super::rule::RuleFile;
use crate::spec::{Catalog, Objective, SourceFormat, SourcePlace, SpecFault, SpecFile, SpecText, load};
use crate::{pyrra, sloth};

/// How rules are made.
#[derive(Clone, Debug, Default)]
pub struct ExportOptions {
    /// Of Sloth's files, and of what is nobody's else; the windows are of Sloth's files only.
    pub sloth: sloth::RuleOptions,
    /// Of Pyrra's files.
    pub pyrra: pyrra::RuleOptions,
    /// Whether there are Pyrra's rules for Grafana, too.
    pub has_generic_rules: bool,
}

/// What was made of a file.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    /// Rule files, one for each document.
    pub texts: Vec<String>,
    /// What could not be made.
    pub errors: Vec<SpecFault>,
    /// What was made, and looks wrong.
    pub warnings: Vec<SpecFault>,
}

/// The rules that evaluate a file's objectives: of Sloth's files those of Sloth, of Pyrra's files those of Pyrra, of any other
/// those that Sloth would make of the same objective, as it is in a catalog of all files that it belongs to.
pub fn prometheus_rules(file: &SpecFile, catalog: &Catalog, options: &ExportOptions) -> Exported {
    let text = SpecText::new(&file.path, &file.text);
    let mut exported = Exported::default();
    let mut has_others = false;
    for document in Document::parse_all(&file.text) {
        match document {
            Err(problem) => exported.errors.push(text.fault(&problem, SourceFormat::default(), None)),
            Ok(document) if document.is_empty() || sloth::is_alert_windows(&document) => {}
            Ok(document) => match format_of(&document) {
                Some(SourceFormat::Sloth) => of_sloth(&document, &text, options, &mut exported),
                Some(SourceFormat::Pyrra) => of_pyrra(&document, &text, options, &mut exported),
                _ => has_others = true,
            },
        }
    }
    if has_others {
        of_others(&part_of(catalog, file), options, &mut exported);
    }
    exported
}

/// What of a catalog stands in a file: its objectives, and what is wrong with them or looks wrong.
pub fn part_of(catalog: &Catalog, file: &SpecFile) -> Catalog {
    let objectives = catalog.objectives.iter().filter(|(_, objective)| *objective.source.file == *file.path);
    let faults = |of: &[SpecFault]| of.iter().filter(|fault| *fault.place.file == *file.path).cloned().collect();
    Catalog {
        objectives: objectives.map(|(id, objective)| (id.clone(), objective.clone())).collect(),
        errors: faults(&catalog.errors),
        warnings: faults(&catalog.warnings),
        ..Catalog::default()
    }
}

/// What spec files say together, whatever format they are in; of Sloth's files with a period and its windows.
pub fn import(files: &[SpecFile], windows: &sloth::Windows) -> Catalog {
    let mut catalog = load(files);
    if *windows == sloth::Windows::default() {
        return catalog;
    }
    let is_sloths = |place: &SourcePlace| place.format == SourceFormat::Sloth;
    catalog.objectives.retain(|_, objective| !is_sloths(&objective.source));
    catalog.errors.retain(|fault| !is_sloths(&fault.place));
    catalog.warnings.retain(|fault| !is_sloths(&fault.place));
    for file in files {
        let text = SpecText::new(&file.path, &file.text);
        for document in Document::parse_all(&file.text).into_iter().flatten() {
            if format_of(&document) == Some(SourceFormat::Sloth) && !sloth::is_alert_windows(&document) {
                sloth::read(&document, &text, windows, &mut catalog);
            }
        }
    }
    catalog
}

fn format_of(document: &Document) -> Option<SourceFormat> {
    let field = |name: &str| document.text_at(&[Step::Key(name.to_owned())]).unwrap_or_default();
    let api_version = field("apiVersion");
    if api_version.starts_with("sloth.slok.dev/") || (api_version.is_empty() && field("version") == "prometheus/v1") {
        return Some(SourceFormat::Sloth);
    }
    api_version.starts_with("pyrra.dev/").then_some(SourceFormat::Pyrra)
}

fn of_sloth(document: &Document, text: &SpecText<'_>, options: &ExportOptions, exported: &mut Exported) {
    let parsed = sloth::parse(document);
    let fault = |problem| text.fault(problem, SourceFormat::Sloth, None);
    exported.warnings.extend(parsed.warnings.iter().map(fault));
    exported.errors.extend(parsed.errors.iter().map(fault));
    let Some(service) = parsed.service.filter(|_| parsed.errors.is_empty()) else { return };
    match sloth::rules(&service, &options.sloth) {
        Ok(file) => exported.texts.push(sloth::to_text(&service, &file)),
        Err(error) => {
            let problem = document.locate(&model::yaml::Fault { path: Vec::new(), message: error.to_string() });
            exported.errors.push(fault(&problem));
        }
    }
}

fn of_pyrra(document: &Document, text: &SpecText<'_>, options: &ExportOptions, exported: &mut Exported) {
    let parsed = pyrra::parse(document);
    let fault = |problem| text.fault(problem, SourceFormat::Pyrra, None);
    exported.warnings.extend(parsed.warnings.iter().map(fault));
    exported.errors.extend(parsed.errors.iter().map(fault));
    let Some(slo) = parsed.slo else { return };
    let mut groups = vec![pyrra::increases(&slo, &options.pyrra), pyrra::burn_rates(&slo, &options.pyrra)];
    match pyrra::generic(&slo, &options.pyrra) {
        _ if !options.has_generic_rules => {}
        Ok(group) => groups.push(group),
        Err(error) => {
            let problem = document.locate(&model::yaml::Fault { path: Vec::new(), message: error.to_string() });
            exported.warnings.push(fault(&problem));
        }
    }
    exported.texts.push(RuleFile { groups }.to_prometheus());
}

/// Objectives of other formats; those of an SLO are one rule file.
fn of_others(catalog: &Catalog, options: &ExportOptions, exported: &mut Exported) {
    let is_other =
        |objective: &&Objective| !matches!(objective.source.format, SourceFormat::Sloth | SourceFormat::Pyrra);
    let is_of_others = |fault: &&SpecFault| !matches!(fault.place.format, SourceFormat::Sloth | SourceFormat::Pyrra);
    exported.errors.extend(catalog.errors.iter().filter(is_of_others).cloned());
    exported.warnings.extend(catalog.warnings.iter().filter(is_of_others).cloned());
    let mut objectives: Vec<&Objective> = catalog.objectives.values().filter(is_other).collect();
    // An SLO's objectives stand together; SLOs stand as in the file.
    let first_line =
        |name: &str| objectives.iter().filter(|other| other.name == name).map(|other| other.source.line).min();
    let lines: Vec<_> = objectives.iter().map(|objective| first_line(&objective.name)).collect();
    let mut by_line: Vec<_> = lines.into_iter().zip(objectives.drain(..)).collect();
    by_line.sort_by(|(line, a), (other_line, b)| {
        (line, &a.name, a.source.line).cmp(&(other_line, &b.name, b.source.line))
    });
    for slo in by_line.chunk_by(|(_, a), (_, b)| a.name == b.name) {
        let mut file = RuleFile::default();
        for (_, objective) in slo {
            match groups_of(objective, options) {
                Ok(groups) => file.groups.extend(groups.groups),
                Err(message) => exported.errors.push(SpecFault {
                    place: objective.source.clone(),
                    object: Some(("SLO".to_owned(), objective.id.clone())),
                    message,
                    drawn: String::new(),
                }),
            }
        }
        if !file.groups.is_empty() {
            exported.texts.push(file.to_prometheus());
        }
    }
}

fn groups_of(objective: &Objective, options: &ExportOptions) -> Result<RuleFile, String> {
    let (service, windows) = sloth::service_of(objective).map_err(|error| error.to_string())?;
    let options = sloth::RuleOptions { windows, ..options.sloth.clone() };
    sloth::rules(&service, &options).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an SLO names may stand in another file, which is then not written along with it.
    #[test]
    fn files_name_one_another() {
        let file = |path: &str, text: String| SpecFile { path: path.to_owned(), text };
        let source = |query: &str| format!("{{metricSource: {{spec: {{query: '{query}'}}}}}}");
        let (bad, total) = (source("b{code=\"500\"}"), source("b"));
        let slo = |name: &str, spec: &str| {
            format!(
                "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\nspec:\n  service: s\n  \
                 timeWindow: [{{duration: 30d, isRolling: true}}]\n  objectives: [{{targetPercent: 99}}]\n  {spec}\n"
            )
        };
        let sli = format!(
            "apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: i}}\nspec:\n  \
             ratioMetric: {{counter: true, bad: {bad}, total: {total}}}\n"
        );
        let broken = slo("broken", "indicatorRef: j");
        let files = [file("sli.yml", sli + "---\n" + &broken), file("slo.yml", slo("orders", "indicatorRef: i"))];
        let catalog = load(&files);
        let parts = files.each_ref().map(|file| part_of(&catalog, file));
        let ids = |part: &Catalog| part.objectives.keys().cloned().collect::<Vec<_>>();
        assert_eq!(parts.each_ref().map(ids), [vec![], vec!["orders".to_owned()]]);
        assert_eq!(parts.each_ref().map(|part| part.errors.len()), [1, 0]);
        let exported = files.each_ref().map(|file| prometheus_rules(file, &catalog, &ExportOptions::default()));
        assert_eq!(
            exported.each_ref().map(|one| (one.texts.len(), one.errors.len())),
            [(0, 1), (1, 0)],
            "{exported:?}"
        );
        assert!(exported[1].texts[0].contains("slo: orders") || exported[1].texts[0].contains("s-orders"));
    }
}
