//! From a text to a configuration.

use model::yaml::{Document, Fault, Faults, Problem};

use super::AlertmanagerConfig;

/// What narthex does where there is no configuration: it routes everything to one receiver that consists of nothing.
const BUILTIN: &str = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";

impl AlertmanagerConfig {
    /// Reads a text, checks it and fills it in. File names stay as they are written.
    ///
    /// # Errors
    /// When anything is wrong with it; everything that is, each with its place, in the order of the text.
    pub fn read(text: &str) -> Result<AlertmanagerConfig, Vec<Problem>> {
        let document = Document::parse(text).map_err(|problem| vec![problem])?;
        let (config, mut problems) = document.read::<AlertmanagerConfig>();
        // Where an element of a list was left out, others have its place, and mistakes would be shown there.
        let has_lost_elements = problems.iter().any(|problem| problem.path.ends_with(']'));
        let Some(mut config) = config.filter(|_| !has_lost_elements) else { return Err(problems) };
        let mut faults = Faults::new();
        config.check(&mut faults);
        config.fill(&mut faults);
        add_faults(faults, &document, &mut problems);
        problems.sort_by_key(|problem| problem.span.start);
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// The configuration where there is no file.
    pub fn builtin() -> AlertmanagerConfig {
        AlertmanagerConfig::read(BUILTIN).unwrap_or_else(|problems| unreachable!("what is built in: {problems:?}"))
    }
}

/// Adds what a check found, without what follows from earlier mistakes: what is missing beside something that does not fit
/// may be just that, misspelt.
fn add_faults(faults: Faults, document: &Document, problems: &mut Vec<Problem>) {
    let n_read = problems.len();
    for fault in faults.into_found() {
        let problem = document.locate(&fault);
        let is_consequence = problems[..n_read].iter().any(|read| is_near(&problem.path, &read.path, &fault, document));
        if !is_consequence && !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

fn is_near(path: &str, other: &str, fault: &Fault, document: &Document) -> bool {
    let section = |path: &str| path.rsplit_once('.').map_or(String::new(), |(section, _)| section.to_owned());
    path == other || (document.find(&fault.path).is_none() && section(path) == section(other))
}
