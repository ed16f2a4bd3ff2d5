//! From a question to an objective that is tried, with the documents that would put it in force.

use std::sync::Arc;

use crate::openslo::{self, export};
use crate::spec::{BurnPolicy, Catalog, Indicator, Objective, Share, SpecFault, SpecFile, Window, burn_factor, load};

use super::{Lint, MAX_SPEC_BYTES, Question, TrialError};

/// An objective that is tried.
#[derive(Debug)]
pub(super) struct Candidate {
    /// The objective, and what it consists of.
    pub(super) catalog: Arc<Catalog>,
    pub(super) id: String,
    /// Whether its events may not be counted yet.
    pub(super) is_new: bool,
    pub(super) lints: Vec<Lint>,
    pub(super) yaml: String,
}

impl Candidate {
    /// What a question asks for.
    ///
    /// # Errors
    /// When there is no such objective, or what is to be otherwise cannot be read.
    pub(super) fn of(question: &Question, live: &Catalog) -> Result<Candidate, TrialError> {
        let candidate = match (&question.spec, &question.id) {
            (Some(text), id) => Candidate::written(text, id.as_deref())?,
            (None, Some(id)) => Candidate::known(id, live)?,
            (None, None) => return Err(TrialError::Nothing),
        };
        match (&question.objective, &question.window) {
            (None, None) => Ok(candidate),
            (percent, window) => candidate.changed(percent.as_deref(), window.as_deref()),
        }
    }

    /// An objective in force.
    fn known(id: &str, live: &Catalog) -> Result<Candidate, TrialError> {
        let objective = live.objectives.get(id).ok_or_else(|| TrialError::Unknown(id.to_owned()))?;
        let catalog = part(live, objective);
        let yaml = export::to_text(&catalog);
        let lints = lints(&live.warnings, Some(objective));
        Ok(Candidate { catalog: Arc::new(catalog), id: id.to_owned(), is_new: false, lints, yaml })
    }

    /// An objective of documents that need not be in force.
    fn written(text: &str, id: Option<&str>) -> Result<Candidate, TrialError> {
        let n_bytes = text.len();
        if n_bytes > MAX_SPEC_BYTES {
            return Err(TrialError::Long { n_bytes });
        }
        let catalog = read(text);
        refuse_mistakes(&catalog)?;
        let id = wanted(&catalog, id)?;
        let lints = lints(&catalog.warnings, None);
        Ok(Candidate { catalog: Arc::new(catalog), id, is_new: true, lints, yaml: text.to_owned() })
    }

    /// The same with another target or window. What that comes to is what is read of its documents.
    fn changed(self, percent: Option<&str>, window: Option<&str>) -> Result<Candidate, TrialError> {
        let mut catalog = (*self.catalog).clone();
        let Some(objective) = catalog.objectives.get_mut(&self.id) else { return Ok(self) };
        if let Some(percent) = percent.map(str::trim) {
            let target = Share::from_percent(percent).map_err(|error| TrialError::Objective(error.to_string()))?;
            if target.rest().parts() == 0 {
                return Err(TrialError::Objective("100 % leaves no budget: promise less".to_owned()));
            }
            objective.target = target;
            percent.clone_into(&mut objective.percent);
        }
        if let Some(text) = window {
            let window = openslo::rolling(text).map_err(TrialError::Window)?;
            objective.burn = Arc::new(fitted(&objective.burn, &objective.window, &window));
            objective.window = window;
        }
        let yaml = export::to_text(&catalog);
        let again = read(&yaml);
        refuse_mistakes(&again)?;
        let wanted = catalog.objectives.get(&self.id).map(|objective| objective.target);
        if again.objectives.get(&self.id).map(|objective| objective.target) != wanted {
            let follows = "what a composite promises follows from its parts: try those";
            return Err(TrialError::Objective(follows.to_owned()));
        }
        let lints = lints(&again.warnings, None);
        Ok(Candidate { catalog: Arc::new(again), lints, yaml, ..self })
    }

    /// The objective itself; `None` never.
    pub(super) fn objective(&self) -> Option<&Objective> {
        self.catalog.objectives.get(&self.id)
    }
}

fn read(text: &str) -> Catalog {
    load(&[SpecFile { path: "spec".to_owned(), text: text.to_owned() }])
}

/// The objective that is meant among those of documents: the named one, the only one, or the only one that consists of others.
fn wanted(catalog: &Catalog, id: Option<&str>) -> Result<String, TrialError> {
    if let Some(id) = id {
        let is_there = catalog.objectives.contains_key(id);
        return if is_there { Ok(id.to_owned()) } else { Err(TrialError::Unknown(id.to_owned())) };
    }
    let composites = || catalog.objectives.values().filter(|one| matches!(one.indicator, Indicator::Composite(_)));
    let ids: Vec<&str> = match composites().count() {
        0 => catalog.objectives.keys().map(String::as_str).collect(),
        _ => composites().map(|one| one.id.as_str()).collect(),
    };
    match &ids[..] {
        [] => Err(TrialError::Empty),
        [id] => Ok((*id).to_owned()),
        [..] => Err(TrialError::Several(ids[..ids.len().min(10)].join(", "))),
    }
}

/// Of a catalog an objective, what it consists of, and who promises it.
fn part(catalog: &Catalog, objective: &Objective) -> Catalog {
    let mut part = Catalog::default();
    let mut wanted = vec![objective];
    while let Some(one) = wanted.pop() {
        if part.objectives.insert(one.id.clone(), one.clone()).is_some() {
            continue;
        }
        if let Some(service) = catalog.services.get(&one.service) {
            part.services.insert(service.name.clone(), service.clone());
        }
        if let Indicator::Composite(composition) = &one.indicator {
            let components = composition.components.iter();
            wanted.extend(components.filter_map(|component| catalog.objectives.get(&component.objective)));
        }
    }
    part
}

/// What burns too fast over another window: the default stays the default, and a share of the budget the same share.
fn fitted(burn: &BurnPolicy, old: &Window, new: &Window) -> BurnPolicy {
    let (old_ms, new_ms) = (old.nominal_ms(), new.nominal_ms());
    let mut fitted = burn.clone();
    if burn.pairs == BurnPolicy::by_default(old_ms).pairs {
        fitted.pairs = BurnPolicy::by_default(new_ms).pairs;
        return fitted;
    }
    for pair in &mut fitted.pairs {
        if let Some(budget) = export::budget_of(pair, old_ms) {
            pair.factor = burn_factor(budget, pair.long_ms, new_ms);
        }
    }
    fitted
}

/// What looks wrong, of an objective or of all. Places are those of documents that were sent.
fn lints(warnings: &[SpecFault], of: Option<&Objective>) -> Vec<Lint> {
    let is_of = |fault: &SpecFault, objective: &Objective| {
        let is_named = matches!(&fault.object, Some((kind, name)) if kind == "SLO" && *name == objective.name);
        is_named && fault.place.file == objective.source.file
    };
    let is_its = |fault: &&SpecFault| of.is_none_or(|objective| is_of(fault, objective));
    let place = |fault: &SpecFault| match of {
        None => format!("{}:{}", fault.place.line, fault.place.column),
        Some(_) => String::new(),
    };
    warnings.iter().filter(is_its).map(|fault| Lint { text: fault.message.clone(), place: place(fault) }).collect()
}

fn refuse_mistakes(catalog: &Catalog) -> Result<(), TrialError> {
    if catalog.errors.is_empty() {
        return Ok(());
    }
    let mistake = |fault: &SpecFault| format!("{}:{}: {}", fault.place.line, fault.place.column, fault.message);
    let mistakes: Vec<String> = catalog.errors.iter().map(mistake).collect();
    Err(TrialError::Spec(mistakes.join("; ")))
}
