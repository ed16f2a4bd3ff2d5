//! Budgets at work: a tick looks at all objectives, writes series and tells of budgets that burn; anybody may ask at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use alerting::rules::{AlertSink, AlertState, GroupStatus};
use chart::Chart;
use journal::Disk;
use model::storage::{Append, AppendError, Refusal};
use model::{Clock, Labels};
use net::percent::{self, Place};
use parking_lot::{Mutex, RwLock};
use query::Cancel;

use super::alerts::{AlertChanges, Claim};
use super::evaluation::{Evaluation, KeptSlices, Look, product_key, product_of_key};
use super::rules::{self, LastTick};
use super::state::{Kept, StateError, StateJournal};
use super::status::FaultStatus;
use super::versions::Versions;
use super::{ExpectedPoint, Marks, Point, ProductStatus, Status, picture, words};
use crate::burn::no_data_after_ms;
use crate::history::{Counts, History, Standing};
use crate::product::components_of;
use crate::report::Language;
use crate::series::{self, At, PartRows, Table, Writer};
use crate::spec::{BurnPolicy, Catalog, Objective, Product, Share, Window};
use crate::trial::{self, Answer, Ground, Question, TrialError};
use crate::window::Span;

/// For so long after the start what fires does not end for want of samples, in milliseconds.
const GRACE_MS: i64 = 5 * 60_000;
/// Who hears nothing more for so many ticks takes an alert for ended.
const VALID_TICKS: i64 = 4;
/// The shortest time after which that is so, in milliseconds: what fires is told again each minute.
const VALID_AT_LEAST_MS: i64 = 4 * 60_000;

/// What budgets are opened over.
#[derive(Debug)]
pub struct BudgetsOptions {
    /// Where targets and alerts are kept.
    pub disk: Arc<dyn Disk>,
    /// The directory for them.
    pub dir: PathBuf,
    /// Tells the files of this run from those of others.
    pub salt: u32,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What was counted.
    pub history: Arc<dyn History>,
    /// Takes series.
    pub append: Arc<dyn Append>,
    /// The URL under which others reach this server, without a slash at its end.
    pub external_url: String,
}

/// What a configuration puts in force.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// What spec files say.
    pub catalog: Arc<Catalog>,
    /// How far ticks are apart, in milliseconds.
    pub interval_ms: i64,
    /// Names of series that loaded rules record; budgets leave these to them.
    pub recorded: BTreeSet<String>,
    /// In which language alerts are.
    pub language: Language,
}

/// What a tick did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// How many objectives were looked at.
    pub n_objectives: usize,
    /// What could not be done, in words.
    pub errors: Vec<String>,
}

/// How budgets at work stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BudgetsStanding {
    /// How often objectives were looked at.
    pub n_ticks: u64,
    /// How long the last look took, what was written included.
    pub took: Duration,
    /// How counting stands.
    pub counting: Standing,
}

/// Budgets at work.
#[derive(Debug)]
pub struct Budgets {
    history: Arc<dyn History>,
    append: Arc<dyn Append>,
    clock: Arc<dyn Clock>,
    external_url: String,
    start_ms: i64,
    current: RwLock<Arc<Current>>,
    slices: KeptSlices,
    work: Mutex<Work>,
    writer: Mutex<Writer>,
    sinks: RwLock<Vec<Arc<dyn AlertSink>>>,
}

/// What is in force.
#[derive(Debug, Default)]
pub(crate) struct Current {
    pub(super) in_force: InForce,
    versions: Arc<BTreeMap<String, Versions>>,
    table: Table,
}

/// What ticks change.
#[derive(Debug)]
struct Work {
    journal: StateJournal,
    kept: Kept,
    last: LastTick,
}

impl Budgets {
    /// Opens what the last run left. Answers also how many records of it could not be read.
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub fn open(options: BudgetsOptions) -> Result<(Budgets, usize), StateError> {
        let BudgetsOptions { disk, dir, salt, clock, history, append, external_url } = options;
        let (journal, kept) = StateJournal::open(disk, Arc::clone(&clock), dir, salt)?;
        let n_damaged = kept.n_damaged;
        let start_ms = clock.now_ms();
        let work = Work { journal, kept, last: LastTick::default() };
        let budgets = Budgets {
            history,
            append,
            clock,
            external_url,
            start_ms,
            current: RwLock::default(),
            slices: KeptSlices::default(),
            work: Mutex::new(work),
            writer: Mutex::default(),
            sinks: RwLock::default(),
        };
        Ok((budgets, n_damaged))
    }

    /// From now on this one hears of alerts, too.
    pub fn add_sink(&self, sink: Arc<dyn AlertSink>) {
        self.sinks.write().push(sink);
    }

    /// Puts a catalog in force. A target that is not what it was is in force from now on; what it was before is kept.
    ///
    /// # Errors
    /// When the disk does not take that; it is in force all the same, and noted with the next change that the disk takes.
    pub fn apply(&self, in_force: InForce) -> Result<(), String> {
        let now_ms = self.clock.now_ms();
        let mut work = self.work.lock();
        let changed = change_targets(&in_force.catalog, &mut work.kept.versions, now_ms);
        let Work { journal, kept, .. } = &mut *work;
        let noted = journal.note(&changed, &AlertChanges::default(), kept);
        let table = Table::new(&in_force.catalog, &in_force.recorded);
        self.slices.lock().clear();
        *self.current.write() = Arc::new(Current { in_force, versions: Arc::clone(&kept.versions), table });
        noted.map_err(|error| error.to_string())
    }

    /// Looks at all objectives, writes series and tells of alerts.
    pub fn tick(&self) -> Tick {
        self.tick_of(self.clock.now_ms())
    }

    /// The same where series get the time of the slot that the tick has: what is written at equal distances, and mostly says what it
    /// said before, is next to nothing for storage.
    pub fn tick_of(&self, slot_ms: i64) -> Tick {
        let now_ms = self.clock.now_ms();
        let started = self.clock.elapsed();
        let current = self.current();
        let evaluation = self.evaluation(&current);
        let (catalog, language) = (&current.in_force.catalog, current.in_force.language);
        let mut tick = Tick { n_objectives: current.table.n_objectives(), errors: Vec::new() };
        let (mut claims, mut waited_for) = (Vec::new(), BTreeSet::new());
        let at = At { append: &*self.append, at_ms: slot_ms };
        let mut writer = self.writer.lock();
        writer.begin(&current.table);
        let mut values = Vec::new();
        for part in current.table.parts() {
            values.clear();
            for layout in part.layouts() {
                let Some(objective) = catalog.objectives.get(&layout.id) else { continue };
                let look = evaluation.look(objective, &layout.windows_ms, now_ms);
                if !self.is_fresh(objective, look.newest_ms, now_ms) {
                    waited_for.insert(objective.id.clone());
                }
                claims.extend(self.claims(objective, &look, language, now_ms));
                values.extend(layout.rows().map(|row| series::value(row, objective, &look)));
            }
            let written = writer.write_part(at, PartRows { part, catalog, values: &values });
            tick.errors.extend(why_not_written(written));
        }
        let mut of_products = Vec::new();
        for product in catalog.products.values() {
            let looked = evaluation.look_at_product(product, now_ms);
            let Some(((look, percent), burn)) = looked.zip(product.burn.as_ref()) else { continue };
            if look.newest_ms < Some(self.start_ms) && now_ms - self.start_ms <= GRACE_MS {
                waited_for.insert(product_key(&product.name));
            }
            let owner = || words::Owner::product(product, burn, &percent);
            claims.extend(burning(owner, burn, &look, language));
            of_products.extend(series::product_rows(product, &look));
        }
        let mut work = self.work.lock();
        let Work { journal, kept, last } = &mut *work;
        let changes = kept.alerts.step(claims, |id| !waited_for.contains(id), now_ms);
        // Noted before it is told: what was told is known after a kill.
        if let Err(error) = journal.note(&[], &changes, kept) {
            tick.errors.push(error.to_string());
        }
        let valid_for_ms = (VALID_TICKS * current.in_force.interval_ms).max(VALID_AT_LEAST_MS);
        let beside = |key: &str| {
            let objective = catalog.objectives.get(key);
            let status = objective.map(|objective| evaluation.status(objective, None, now_ms));
            (self.page_of(key), status.and_then(|status| words::forecast(&status.forecast, status.at, language)))
        };
        let told = kept.alerts.told(now_ms, valid_for_ms, beside);
        let mut others = of_products;
        others.extend(series::alert_rows(kept.alerts.iter().map(|alert| &alert.instance)));
        tick.errors.extend(why_not_written(writer.finish(at, &others)));
        drop(writer);
        tick.errors.dedup();
        let took = self.clock.elapsed().saturating_sub(started);
        last.note(now_ms, slot_ms, took, current.in_force.interval_ms);
        drop(work);
        if !told.is_empty() {
            self.sinks.read().iter().for_each(|sink| sink.take(now_ms, &told));
        }
        tick
    }

    /// Whether there was a tick in this run.
    pub fn has_looked(&self) -> bool {
        self.work.lock().last.n_ticks > 0
    }

    /// Whether there are samples of this run of an objective, or none are to be expected any more.
    fn is_fresh(&self, objective: &Objective, newest_ms: Option<i64>, now_ms: i64) -> bool {
        let after_ms = no_data_after_ms(&objective.burn, objective.target).unwrap_or(0);
        newest_ms >= Some(self.start_ms) || now_ms - self.start_ms > GRACE_MS.max(after_ms)
    }

    /// What is wrong with an objective's budget.
    fn claims(&self, objective: &Objective, look: &Look, language: Language, now_ms: i64) -> Vec<Claim> {
        let mut claims = burning(|| words::Owner::objective(objective), &objective.burn, look, language);
        let Some(no_data) = &objective.burn.no_data else { return claims };
        let since_ms = look.newest_ms.unwrap_or(self.start_ms);
        // While narthex did not run, nobody could measure.
        let waited_ms = now_ms - since_ms.max(self.start_ms);
        let after_ms = no_data_after_ms(&objective.burn, objective.target);
        if after_ms.is_some_and(|after_ms| waited_ms > after_ms) {
            claims.push(words::missing(objective, no_data, since_ms, look, language));
        }
        claims
    }

    /// The page of who has a budget, by its key.
    fn page_of(&self, key: &str) -> String {
        let (path, name) = product_of_key(key).map_or(("slos?id", key), |name| ("products?name", name));
        format!("{}/{path}={}", self.external_url, percent::encode(name, Place::Query))
    }

    /// Writes no more.
    pub fn close(&self) {
        self.writer.lock().close(&*self.append);
    }

    /// What spec files say.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.current().in_force.catalog)
    }

    /// In which language people are written to who ask for no other.
    pub fn language(&self) -> Language {
        self.current().in_force.language
    }

    /// What was counted.
    pub fn history(&self) -> &Arc<dyn History> {
        &self.history
    }

    /// What could not be taken of spec files.
    pub fn faults(&self) -> Vec<FaultStatus> {
        self.catalog().errors.iter().map(FaultStatus::of).collect()
    }

    /// An objective at an instant, `None` for its newest sample; `None` where there is no such objective.
    pub fn status(&self, id: &str, at_ms: Option<i64>) -> Option<Status> {
        let current = self.current();
        let objective = current.in_force.catalog.objectives.get(id)?;
        Some(self.evaluation(&current).status(objective, at_ms, self.clock.now_ms()))
    }

    /// All objectives that are wanted at an instant, by id.
    pub fn statuses(&self, at_ms: Option<i64>, is_wanted: impl Fn(&Objective) -> bool) -> Vec<Status> {
        let current = self.current();
        let (evaluation, now_ms) = (self.evaluation(&current), self.clock.now_ms());
        let wanted = current.in_force.catalog.objectives.values().filter(|objective| is_wanted(objective));
        wanted.map(|objective| evaluation.status(objective, at_ms, now_ms)).collect()
    }

    /// A product at an instant, `None` for the newest sample of its components; `None` where there is no such product.
    pub fn product(&self, name: &str, at_ms: Option<i64>) -> Option<ProductStatus> {
        let current = self.current();
        let product = current.in_force.catalog.products.get(name)?;
        Some(self.product_status(&current, product, at_ms))
    }

    /// What an objective would have done over the stored past, as it is, changed, or before it is in force.
    ///
    /// # Errors
    /// See [`TrialError`].
    pub fn tried(&self, question: &Question, cancel: &Cancel) -> Result<Answer, TrialError> {
        trial::answered(&self.ground(&self.current()), question, cancel)
    }

    /// What the past is tried on.
    pub(crate) fn ground<'a>(&'a self, current: &'a Current) -> Ground<'a> {
        Ground {
            catalog: &current.in_force.catalog,
            versions: &current.versions,
            history: &*self.history,
            interval_ms: current.in_force.interval_ms,
            now_ms: self.clock.now_ms(),
        }
    }

    /// The share of a product's budget that would be left now if its own objectives alone counted; `None` where there is no such
    /// product, or it cannot be told.
    pub(crate) fn remaining_without_upstream(&self, name: &str) -> Option<f64> {
        let current = self.current();
        let product = current.in_force.catalog.products.get(name)?;
        self.evaluation(&current).remaining_without_upstream(product, self.clock.now_ms())
    }

    /// All products at an instant, by name.
    pub fn products(&self, at_ms: Option<i64>) -> Vec<ProductStatus> {
        let current = self.current();
        let products = current.in_force.catalog.products.values();
        products.map(|product| self.product_status(&current, product, at_ms)).collect()
    }

    /// An objective over a span instead of its window; `None` where there is no such objective.
    pub fn objective_over(&self, id: &str, span: Span) -> Option<Status> {
        let current = self.current();
        let window = Window::Rolling { length_ms: span.length_ms() };
        let objective = Objective { window, ..current.in_force.catalog.objectives.get(id)?.clone() };
        Some(self.evaluation(&current).status(&objective, Some(span.to_ms), span.to_ms))
    }

    /// A product over a span instead of its window; `None` where there is no such product.
    pub fn product_over(&self, name: &str, span: Span) -> Option<ProductStatus> {
        let current = self.current();
        let product = over(current.in_force.catalog.products.get(name)?, span);
        Some(self.product_status(&current, &product, Some(span.to_ms)))
    }

    /// What was counted of a product in each step of a span; `None` where there is no such product.
    pub fn product_steps(&self, name: &str, span: Span, step_ms: i64) -> Option<Vec<Counts>> {
        let current = self.current();
        let product = over(current.in_force.catalog.products.get(name)?, span);
        Some(self.evaluation(&current).product_steps(&product, span, step_ms))
    }

    fn product_status(&self, current: &Current, product: &Product, at_ms: Option<i64>) -> ProductStatus {
        let mut status = self.evaluation(current).product_status(product, at_ms, self.clock.now_ms());
        let own = product_key(&product.name);
        let is_of = |id: &str| id == own || status.components.iter().any(|component| component.slo == id);
        let firing: BTreeSet<String> =
            self.firing().into_iter().filter(|(id, _)| is_of(id)).map(|(_, word)| word).collect();
        status.firing = firing.into_iter().collect();
        status
    }

    /// The severities of all alerts that fire, with the objective that each is of.
    pub fn firing(&self) -> Vec<(String, String)> {
        let work = self.work.lock();
        let firing = work.kept.alerts.iter().filter(|alert| alert.instance.state == AlertState::Firing);
        let severity = |labels: &Labels| labels.get("severity").unwrap_or_default().to_owned();
        firing.map(|alert| (alert.objective.clone(), severity(&alert.instance.labels))).collect()
    }

    /// The labels of all alerts that fire, of those objectives that are wanted.
    pub(crate) fn firing_labels(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<Vec<(String, String)>> {
        let work = self.work.lock();
        let firing = work.kept.alerts.iter().filter(|alert| alert.instance.state == AlertState::Firing);
        let wanted = firing.filter(|alert| is_wanted(&alert.objective));
        let pairs = |labels: &Labels| labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        wanted.map(|alert| pairs(&alert.instance.labels)).collect()
    }

    /// The ids of the objectives that make a product's budget.
    pub(crate) fn components(&self, product: &Product) -> Vec<String> {
        let current = self.current();
        let components = components_of(product, &current.in_force.catalog);
        components.iter().map(|component| component.objective.clone()).collect()
    }

    /// The burn rate of an objective over a window at an instant; `None` where there is no such objective.
    pub fn objective_burn(&self, id: &str, window_ms: i64, at_ms: Option<i64>) -> Option<f64> {
        let current = self.current();
        let objective = current.in_force.catalog.objectives.get(id)?;
        Some(self.evaluation(&current).objective_burn(objective, window_ms, at_ms, self.clock.now_ms()))
    }

    /// How many bad events of an objective were allowed in a span, by each target while it was in force; `None` where there is no
    /// such objective.
    pub(crate) fn objective_allowed(&self, id: &str, span: Span) -> Option<f64> {
        let current = self.current();
        let objective = current.in_force.catalog.objectives.get(id)?;
        Some(self.evaluation(&current).objective_allowed(objective, span))
    }

    /// The target of an objective that was in force at an instant; `None` where there is no such objective.
    pub(crate) fn objective_target(&self, id: &str, at_ms: i64) -> Option<Share> {
        let current = self.current();
        let objective = current.in_force.catalog.objectives.get(id)?;
        Some(current.versions.get(id).map_or(objective.target, |versions| versions.at(at_ms).target))
    }

    /// The burn rate of a product over a window at an instant; `None` where there is no such product.
    pub fn product_burn(&self, name: &str, window_ms: i64, at_ms: Option<i64>) -> Option<f64> {
        let current = self.current();
        let product = current.in_force.catalog.products.get(name)?;
        Some(self.evaluation(&current).product_burn(product, window_ms, at_ms, self.clock.now_ms()))
    }

    /// The window of an objective so far; `None` where there is no such objective.
    pub fn objective_span(&self, id: &str, at_ms: Option<i64>) -> Option<Span> {
        let current = self.current();
        let objective = current.in_force.catalog.objectives.get(id)?;
        Some(self.evaluation(&current).objective_span(objective, at_ms, self.clock.now_ms()))
    }

    /// What was left of an objective's budget at some instants, the earliest first; `None` where there is no such objective.
    pub fn objective_points(&self, id: &str, instants_ms: &[i64]) -> Option<Vec<Point>> {
        let current = self.current();
        let objective = current.in_force.catalog.objectives.get(id)?;
        Some(self.evaluation(&current).objective_points(objective, instants_ms))
    }

    /// What was left of a product's budget at some instants, the earliest first; `None` where there is no such product.
    pub fn product_points(&self, name: &str, instants_ms: &[i64]) -> Option<Vec<Point>> {
        let current = self.current();
        let product = current.in_force.catalog.products.get(name)?;
        Some(self.evaluation(&current).product_points(product, instants_ms))
    }

    /// What is to be expected of an objective's budget after an instant; `None` where there is no such objective.
    pub fn objective_expected(&self, id: &str, at_ms: i64) -> Option<Vec<ExpectedPoint>> {
        let current = self.current();
        let objective = current.in_force.catalog.objectives.get(id)?;
        Some(self.evaluation(&current).objective_expected(objective, at_ms))
    }

    /// What is to be expected of a product's budget after an instant; `None` where there is no such product.
    pub fn product_expected(&self, name: &str, at_ms: i64) -> Option<Vec<ExpectedPoint>> {
        let current = self.current();
        let product = current.in_force.catalog.products.get(name)?;
        Some(self.evaluation(&current).product_expected(product, at_ms))
    }

    /// The URL under which others reach this server, without a slash at its end.
    pub fn external_url(&self) -> &str {
        &self.external_url
    }

    /// What stands beside an objective's burn-down over a span; `None` where there is no such objective.
    pub fn objective_marks(&self, id: &str, span: Span) -> Option<Marks> {
        let current = self.current();
        let catalog = &current.in_force.catalog;
        catalog.objectives.get(id).map(|_| Marks::of(catalog, &[id.to_owned()], current.versions.get(id), span))
    }

    /// What stands beside a product's burn-down over a span; `None` where there is no such product.
    pub fn product_marks(&self, name: &str, span: Span) -> Option<Marks> {
        let current = self.current();
        let catalog = &current.in_force.catalog;
        let product = catalog.products.get(name)?;
        // What components promise together is not kept: only a target of its own has versions.
        let versions = product.target.as_ref().and_then(|_| current.versions.get(&product_key(name)));
        Some(Marks::of(catalog, &self.components(product), versions, span))
    }

    /// What was left of an objective's budget along its window up to an instant, to be drawn; `None` where there is no such
    /// objective.
    pub fn picture(&self, id: &str, at_ms: i64) -> Option<Chart> {
        let current = self.current();
        let objective = current.in_force.catalog.objectives.get(id)?;
        let evaluation = self.evaluation(&current);
        let span = evaluation.objective_span(objective, Some(at_ms), at_ms);
        let instants = picture::instants(span);
        let points = evaluation.objective_points(objective, &instants);
        Some(picture::drawn(words::title(objective), &instants, &points, current.in_force.language))
    }

    /// Budgets as a group of rules; `None` where there are none.
    pub fn group(&self) -> Option<GroupStatus> {
        let current = self.current();
        if current.table.n_objectives() == 0 {
            return None;
        }
        let work = self.work.lock();
        Some(rules::group(&current.in_force.catalog, &work.kept.alerts, current.in_force.interval_ms, work.last))
    }

    /// How ticks went, and how counting stands.
    pub fn standing(&self) -> BudgetsStanding {
        let LastTick { took, n_ticks, .. } = self.work.lock().last;
        BudgetsStanding { n_ticks, took, counting: self.history.standing() }
    }

    pub(crate) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read())
    }

    fn evaluation<'a>(&'a self, current: &'a Current) -> Evaluation<'a> {
        Evaluation {
            catalog: &current.in_force.catalog,
            history: &*self.history,
            versions: &current.versions,
            slices: &self.slices,
        }
    }
}

/// What burns too fast. Whose it is is asked only then.
fn burning<'a>(
    owner: impl FnOnce() -> words::Owner<'a>,
    burn: &BurnPolicy,
    look: &Look,
    language: Language,
) -> Vec<Claim> {
    let pairs = burn.pairs.iter().zip(&look.pairs);
    let told: Vec<_> = pairs.filter_map(|(pair, seen)| Some((pair, seen, seen.told_as(pair)?))).collect();
    if told.is_empty() {
        return Vec::new();
    }
    let owner = owner();
    told.into_iter()
        .map(|(pair, seen, severity)| words::burning(&owner, pair, seen, severity, look, language))
        .collect()
}

/// Why series of budgets were not written, where that is so.
fn why_not_written(written: Result<Option<Refusal>, AppendError>) -> Option<String> {
    let why =
        written.map_or_else(|error| Some(error.to_string()), |refusal| refusal.map(|refusal| refusal.to_string()));
    why.map(|why| format!("series of budgets: {why}"))
}

/// A product with a span for its window.
fn over(product: &Product, span: Span) -> Product {
    Product { window: Window::Rolling { length_ms: span.length_ms() }, ..product.clone() }
}

/// Takes targets over. Answers the keys of those that have changed.
fn change_targets(catalog: &Catalog, versions: &mut Arc<BTreeMap<String, Versions>>, now_ms: i64) -> Vec<String> {
    let versions = Arc::make_mut(versions);
    let n_before = versions.len();
    let of_objectives = catalog
        .objectives
        .values()
        .map(|objective| (objective.id.clone(), objective.target, objective.percent.as_str()));
    let of_products = catalog.products.values().filter_map(|product| {
        let (target, percent) = product.target.as_ref()?;
        Some((product_key(&product.name), *target, percent.as_str()))
    });
    let mut changed = Vec::new();
    for (key, target, percent) in of_objectives.chain(of_products) {
        let is_new = match versions.get_mut(&key) {
            Some(known) => known.change(target, percent, now_ms),
            None => versions.insert(key.clone(), Versions::always(target, percent)).is_none(),
        };
        if is_new {
            changed.push(key);
        }
    }
    if versions.len() > n_before {
        // Put in one by one in order, they leave the nodes of the tree half empty.
        *versions = std::mem::take(versions).into_iter().collect();
    }
    changed
}
