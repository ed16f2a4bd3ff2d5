//! All gates: what is asked of them, what is reported, and what time brings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use journal::{Disk, JournalError};
use model::{Clock, Rng};
use parking_lot::{Mutex, RwLock};

use super::answer::{Asking, answer, watched};
use super::budgets::{Budgets, FiringAlerts, NoBudgets};
use super::decide::{Surroundings, decide};
use super::decisions::{Decisions, Record};
use super::evaluation::{Evaluation, Phase, Stage};
use super::exemption;
use super::kept::Kept;
use super::outlook::{Outlook, inquiries};
use super::overriding::{Override, OverrideRequest};
use super::request::{GateError, Inquiry};
use super::situation::{Situation, Sources};
use crate::deployment::{Deployment, DeploymentFilter, Outcome, Report};
use crate::policy::{Consequences, FreezeOutcome, Policy, PolicyChange};
use crate::records::OpenError;
use crate::report::Language;
use crate::spec::{Catalog, Gate, SpecFault};

const DAY_MS: i64 = 86_400_000;

/// With what gates are opened.
#[derive(Debug)]
pub struct GatesOptions {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The directory of the journal.
    pub dir: PathBuf,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub rng: Box<dyn Rng>,
}

/// All gates, and what is known of deployments and policies.
#[derive(Debug)]
pub struct Gates {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) start_ms: i64,
    budgets: RwLock<Arc<dyn Budgets>>,
    alerts: RwLock<Arc<dyn FiringAlerts>>,
    catalog: RwLock<Arc<Catalog>>,
    /// By product.
    pub(super) policies: RwLock<BTreeMap<String, Arc<Policy>>>,
    /// In which language alerts are.
    pub(super) language: RwLock<Language>,
    /// How it went with GitLab, by the address of a project's periods.
    pub(super) freezes: RwLock<BTreeMap<String, FreezeOutcome>>,
    pub(super) inner: Mutex<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) kept: Kept,
    /// Products of which conditions have held for a while that nothing is known of yet in this run.
    pub(super) waiting: BTreeSet<String>,
    decisions: Decisions,
    rng: Box<dyn Rng>,
}

/// What a tick brought.
#[derive(Debug, Default)]
pub struct TickOutcome {
    /// Changes of states of policies.
    pub changes: Vec<PolicyChange>,
    /// Releases that were watched, now decided.
    pub decided: Vec<Evaluation>,
    /// Why something could not be kept.
    pub error: Option<JournalError>,
}

impl Gates {
    /// Goes on where an earlier run ended; and how many records of it were damaged.
    ///
    /// # Errors
    /// When the journal cannot be read or written.
    pub fn open(mut options: GatesOptions) -> Result<(Gates, usize), OpenError> {
        let salt = options.rng.next_u64() as u32;
        let clock = Arc::clone(&options.clock);
        let (decisions, back) = Decisions::open("decisions", &options.disk, Arc::clone(&clock), &options.dir, salt)?;
        let mut kept = Kept::default();
        back.records.into_iter().for_each(|record| kept.take(record));
        let waiting = kept.standings.values().filter(|standing| !standing.held_since_ms.is_empty());
        let waiting = waiting.map(|standing| standing.product.clone()).collect();
        let gates = Gates {
            start_ms: clock.now_ms(),
            clock,
            budgets: RwLock::new(Arc::new(NoBudgets)),
            alerts: RwLock::new(Arc::new(NoBudgets)),
            catalog: RwLock::default(),
            policies: RwLock::default(),
            language: RwLock::default(),
            freezes: RwLock::default(),
            inner: Mutex::new(Inner { kept, waiting, decisions, rng: options.rng }),
        };
        Ok((gates, back.n_damaged))
    }

    /// Who knows budgets from now on.
    pub fn set_budgets(&self, budgets: Arc<dyn Budgets>) {
        *self.budgets.write() = budgets;
    }

    /// Who knows all other alerts from now on.
    pub fn set_alerts(&self, alerts: Arc<dyn FiringAlerts>) {
        *self.alerts.write() = alerts;
    }

    /// In which language alerts are from now on.
    pub fn set_language(&self, language: Language) {
        *self.language.write() = language;
    }

    /// What spec files say from now on. A policy whose conditions cannot be read leaves its products without a state; what is wrong
    /// with it is answered.
    pub fn apply(&self, catalog: Arc<Catalog>) -> Vec<String> {
        let (mut policies, mut faults) = (BTreeMap::new(), Vec::new());
        for product in catalog.products.values() {
            let Some(spec) = product.policy.as_ref().and_then(|name| catalog.budget_policies.get(name)) else {
                continue;
            };
            match Policy::new(spec) {
                Ok(policy) => drop(policies.insert(product.name.clone(), Arc::new(policy))),
                Err((state, error)) => faults.push(format!("policy {}, state {state}: {error}", spec.name)),
            }
        }
        *self.policies.write() = policies;
        *self.catalog.write() = catalog;
        faults
    }

    /// What spec files say.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read())
    }

    pub(super) fn budgets(&self) -> Arc<dyn Budgets> {
        Arc::clone(&self.budgets.read())
    }

    pub(super) fn alerts(&self) -> Arc<dyn FiringAlerts> {
        Arc::clone(&self.alerts.read())
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// A gate.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn gate(&self, name: &str) -> Result<Gate, GateError> {
        let catalog = self.catalog();
        catalog.gates.get(name).cloned().ok_or_else(|| GateError::NotFound(missing(&catalog, name)))
    }

    /// The product that a service belongs to.
    pub fn product_of(&self, service: &str) -> Option<String> {
        let catalog = self.catalog();
        let labelled = catalog.services.get(service).and_then(|service| service.product.clone());
        let gated = || catalog.gates.values().find(|gate| gate.services.iter().any(|name| name == service));
        labelled.or_else(|| gated().map(|gate| gate.product.clone()))
    }

    /// The services of a product: those that say so, and those that its gates name.
    pub fn services_of(&self, product: &str) -> Vec<String> {
        services_of_product(&self.catalog(), product)
    }

    /// Takes a report about a deployment. It survives a power cut when this returns. Whether it changed anything is said.
    ///
    /// # Errors
    /// When it makes no sense, or cannot be kept.
    pub fn report(&self, report: Report) -> Result<(Deployment, bool), GateError> {
        let mut inner = self.inner.lock();
        let (deployment, record) = inner.prepare(report, &[], self.clock.now_ms())?;
        let is_new = record.is_some();
        inner.keep(record.into_iter().collect())?;
        Ok((deployment, is_new))
    }

    /// Takes what a webhook reports, once: a webhook that was taken before changes nothing and gives `None`.
    ///
    /// # Errors
    /// As for [`Gates::report`].
    pub fn report_hook(
        &self,
        source: &str,
        id: &str,
        reports: Vec<Report>,
    ) -> Result<Option<Vec<Deployment>>, GateError> {
        let mut inner = self.inner.lock();
        if !id.is_empty() && inner.kept.knows_hook(source, id) {
            return Ok(None);
        }
        let (mut records, mut reported) = (Vec::new(), Vec::new());
        for report in reports {
            let (deployment, record) = inner.prepare(report, &reported, self.clock.now_ms())?;
            // Of two reports of one deployment the later has it as it is.
            reported.retain(|one: &Deployment| one.id != deployment.id);
            reported.push(deployment);
            records.extend(record);
        }
        if !id.is_empty() {
            records.push(Record::Hook { source: source.to_owned(), id: id.to_owned() });
        }
        inner.keep(records)?;
        Ok(Some(reported))
    }

    /// Deployments that are asked for, newest first.
    pub fn deployments(&self, filter: &DeploymentFilter) -> Vec<Deployment> {
        self.inner.lock().kept.deployments.find(filter).into_iter().cloned().collect()
    }

    /// Asks a gate. The same question again has the same answer while that holds; it survives a power cut when this returns.
    ///
    /// # Errors
    /// When there is no such gate, the question makes no sense, or the answer cannot be kept.
    pub fn evaluate(&self, name: &str, inquiry: Inquiry) -> Result<Evaluation, GateError> {
        let gate = self.gate(name)?;
        let catalog = self.catalog();
        let mut inquiry = inquiry.filled(&gate.environment)?;
        let services = services_of(&catalog, &gate);
        let now_ms = self.clock.now_ms();
        let deployment = self.deployment_of(&inquiry, &services);
        if let Some(deployment) = &deployment
            && inquiry.service.is_empty()
        {
            inquiry.service.clone_from(&deployment.service);
        }
        if !inquiry.service.is_empty() && !services.is_empty() && !services.contains(&inquiry.service) {
            let (service, services) = (&inquiry.service, services.join(", "));
            return Err(GateError::Bad(format!("{service} does not ask at gate {name}; these do: {services}")));
        }
        self.step(&gate.product, now_ms, &mut TickOutcome::default());
        let (budgets, alerts) = (self.budgets(), self.alerts());
        // Outside of the lock: it reads counts.
        let sources = Sources { budgets: &*budgets, alerts: &*alerts, catalog: &catalog };
        let situation = Situation::new(sources, &gate.product, now_ms);
        let upstream = exemption::asked(&catalog, &gate.product, &*budgets);
        let mut inner = self.inner.lock();
        let begun_ms = deployment.as_ref().map(|deployment| deployment.started_ms);
        if let Some(known) = inner.kept.answered(name, &inquiry, begun_ms, now_ms).cloned() {
            drop(inner);
            return self.evaluation(name, &known.id);
        }
        let exemption = exemption::of(&catalog, &gate.product, upstream.as_ref(), &inner.kept.standings);
        let around = self.around(&inner.kept, &catalog, &gate, &inquiry, &services, now_ms);
        let around = Surroundings { exemption, ..around };
        let asking = Asking {
            gate: &gate,
            inquiry: &inquiry,
            around: &around,
            policy_state: inner.kept.standings.get(&gate.product).and_then(|standing| standing.state.clone()),
            deployment: deployment.as_ref(),
            overriding: inner.kept.overriding(name, &inquiry, now_ms).cloned(),
            id: inner.id(),
            now_ms,
        };
        let evaluation = answer(asking, situation);
        inner.keep(vec![Record::Evaluation(Box::new(evaluation.clone()))])?;
        Ok(evaluation)
    }

    /// What a gate would say now to a release of each class that nobody has asked about. Nothing is kept of it.
    ///
    /// # Errors
    /// When there is no such gate.
    pub fn outlook(&self, name: &str) -> Result<Vec<Outlook>, GateError> {
        let gate = self.gate(name)?;
        let (catalog, budgets, alerts, now_ms) = (self.catalog(), self.budgets(), self.alerts(), self.clock.now_ms());
        let services = services_of(&catalog, &gate);
        let inquiries = inquiries(&gate, &services);
        let sources = Sources { budgets: &*budgets, alerts: &*alerts, catalog: &catalog };
        let mut situation = Situation::new(sources, &gate.product, now_ms);
        let upstream = exemption::asked(&catalog, &gate.product, &*budgets);
        let known: Vec<(Surroundings, Option<Override>)> = {
            let kept = &self.inner.lock().kept;
            let exemption = exemption::of(&catalog, &gate.product, upstream.as_ref(), &kept.standings);
            let around = |inquiry: &Inquiry| Surroundings {
                exemption: exemption.clone(),
                ..self.around(kept, &catalog, &gate, inquiry, &services, now_ms)
            };
            let overriding = |inquiry: &Inquiry| kept.overriding(name, inquiry, now_ms).cloned();
            inquiries.iter().map(|inquiry| (around(inquiry), overriding(inquiry))).collect()
        };
        let state = self.standing(&gate.product).and_then(|standing| standing.state);
        let mut outlook = Vec::with_capacity(inquiries.len());
        for (inquiry, (around, overriding)) in inquiries.iter().zip(known) {
            situation = situation.asked(state.clone(), inquiry);
            let verdict = decide(&gate, inquiry, &situation, &around);
            outlook.push(Outlook::of(inquiry, verdict, overriding));
        }
        Ok(outlook)
    }

    /// An evaluation as it is now: a release that is being watched is looked at.
    ///
    /// # Errors
    /// When there is none, or what is decided cannot be kept.
    pub fn evaluation(&self, gate: &str, id: &str) -> Result<Evaluation, GateError> {
        let known = self.inner.lock().kept.evaluation(gate, id).cloned();
        let known = known.ok_or_else(|| GateError::NotFound(format!("gate {gate:?} has no evaluation {id:?}")))?;
        if known.stage == Stage::Decided {
            return Ok(known);
        }
        let now = self.looked_at(&known);
        if now.stage == Stage::Decided || now.deployment != known.deployment {
            let mut inner = self.inner.lock();
            // Somebody else may have decided it in between.
            let settled = inner.kept.evaluation(gate, id).filter(|other| other.stage == Stage::Decided).cloned();
            match settled {
                Some(settled) => return Ok(settled),
                None => inner.keep(vec![Record::Evaluation(Box::new(now.clone()))])?,
            }
        }
        Ok(now)
    }

    /// A release that is being watched, as it is now.
    fn looked_at(&self, known: &Evaluation) -> Evaluation {
        let catalog = self.catalog();
        let now_ms = self.clock.now_ms();
        let services = catalog.gates.get(&known.gate).map(|gate| services_of(&catalog, gate)).unwrap_or_default();
        // Should the version go out again, that is another release.
        let reported = known.deployment.as_ref().and_then(|id| self.inner.lock().kept.deployments.get(id).cloned());
        let deployment = reported.or_else(|| self.deployment_of(&known.inquiry, &services));
        let state = self.standing(&known.product).and_then(|standing| standing.state);
        let (budgets, alerts) = (self.budgets(), self.alerts());
        let sources = Sources { budgets: &*budgets, alerts: &*alerts, catalog: &catalog };
        watched(sources, known, state, deployment.as_ref(), now_ms)
    }

    /// Takes somebody's word against a gate's. It survives a power cut when this returns.
    ///
    /// # Errors
    /// When there is no such gate, it does not allow it, or it cannot be kept.
    pub fn override_gate(&self, name: &str, request: OverrideRequest) -> Result<Override, GateError> {
        let gate = self.gate(name)?;
        let mut inner = self.inner.lock();
        let id = inner.id();
        let given = request.granted(&gate, id, self.clock.now_ms())?;
        inner.keep(vec![Record::Override(given.clone())])?;
        Ok(given)
    }

    /// The newest evaluations of a gate, newest first.
    pub fn evaluations(&self, gate: &str, limit: usize) -> Vec<Evaluation> {
        let inner = self.inner.lock();
        inner.kept.evaluations.iter().rev().filter(|known| known.gate == gate).take(limit).cloned().collect()
    }

    /// The newest overrides of a gate, newest first.
    pub fn overrides(&self, gate: &str, limit: usize) -> Vec<Override> {
        let inner = self.inner.lock();
        inner.kept.overrides.iter().rev().filter(|known| known.gate == gate).take(limit).cloned().collect()
    }

    /// What time has brought: states of policies, releases that are watched. To be called after budgets have been counted.
    pub fn tick(&self) -> TickOutcome {
        let now_ms = self.clock.now_ms();
        let mut outcome = TickOutcome::default();
        let products: Vec<String> = self.policies.read().keys().cloned().collect();
        for product in products {
            self.step(&product, now_ms, &mut outcome);
        }
        let running: Vec<(String, String)> = {
            let inner = self.inner.lock();
            let running = inner.kept.evaluations.iter().filter(|one| one.stage == Stage::Running);
            running.map(|one| (one.gate.clone(), one.id.clone())).collect()
        };
        for (gate, id) in running {
            match self.evaluation(&gate, &id) {
                Ok(evaluation) if evaluation.stage == Stage::Decided => outcome.decided.push(evaluation),
                Err(GateError::Journal(error)) => outcome.error = Some(error),
                _ => {}
            }
        }
        let mut inner = self.inner.lock();
        if inner.decisions.is_long() {
            let all = inner.kept.records();
            outcome.error = inner.decisions.rewrite(&all).err().or(outcome.error);
        }
        outcome
    }

    /// How many deployments, evaluations and the like are kept, each under the name of its limit.
    pub(crate) fn n_kept(&self) -> [(&'static str, usize); 5] {
        self.inner.lock().kept.numbers()
    }

    fn deployment_of(&self, inquiry: &Inquiry, services: &[String]) -> Option<Deployment> {
        if inquiry.phase == Phase::PreDeploy {
            return None;
        }
        let services = if inquiry.service.is_empty() { services.to_vec() } else { vec![inquiry.service.clone()] };
        let filter = DeploymentFilter {
            services,
            version: Some(inquiry.version.clone()),
            environment: Some(inquiry.environment.clone()),
            ..DeploymentFilter::default()
        };
        self.deployments(&filter).into_iter().next()
    }

    fn around(
        &self,
        kept: &Kept,
        catalog: &Catalog,
        gate: &Gate,
        inquiry: &Inquiry,
        services: &[String],
        now_ms: i64,
    ) -> Surroundings {
        let spec = catalog.products.get(&gate.product).and_then(|product| product.policy.as_ref());
        let state = kept.standings.get(&gate.product).and_then(|standing| standing.state.as_ref());
        let policy = spec.and_then(|name| catalog.budget_policies.get(name));
        let filter = DeploymentFilter {
            services: services.to_vec(),
            environment: Some(inquiry.environment.clone()),
            after_ms: Some(now_ms - DAY_MS),
            ..DeploymentFilter::default()
        };
        let is_other = |one: &&Deployment| (&one.service, &one.version) != (&inquiry.service, &inquiry.version);
        let product = self.product_of(&inquiry.service);
        Surroundings {
            consequences: policy.zip(state).map(|(policy, state)| Consequences::of(policy, state)),
            is_policy_unknown: spec.is_some() && (policy.is_none() || state.is_none()),
            n_deploys_today: kept.deployments.find(&filter).into_iter().filter(is_other).count(),
            is_own_service: product.is_none_or(|product| product == gate.product),
            exemption: None,
        }
    }

    /// Everything that was written is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn close(&self) -> Result<(), JournalError> {
        self.inner.lock().decisions.sync()
    }
}

impl Inner {
    fn id(&mut self) -> String {
        format!("{:016x}", self.rng.next_u64())
    }

    /// The deployment that a report is about, and what it changes of it. `reported` is what the webhook has told before.
    fn prepare(
        &mut self,
        report: Report,
        reported: &[Deployment],
        now_ms: i64,
    ) -> Result<(Deployment, Option<Record>), GateError> {
        let id = self.id();
        Ok(match self.kept.deployments.outcome(report, reported, now_ms, || id)? {
            Outcome::Known(deployment) => (deployment, None),
            Outcome::Changed(deployment) => (deployment.clone(), Some(Record::Deployment(deployment))),
        })
    }

    /// Writes records and takes them once they are on the disk; nothing is taken that is not.
    fn keep(&mut self, records: Vec<Record>) -> Result<(), JournalError> {
        if records.is_empty() {
            return Ok(());
        }
        self.decisions.append(&records)?;
        self.decisions.sync()?;
        records.into_iter().for_each(|record| self.kept.take(record));
        Ok(())
    }

    /// The same without waiting for the disk: nobody is answered by it.
    pub(super) fn note(&mut self, records: Vec<Record>) -> Result<(), JournalError> {
        if records.is_empty() {
            return Ok(());
        }
        self.decisions.append(&records)?;
        records.into_iter().for_each(|record| self.kept.take(record));
        Ok(())
    }
}

/// Why there is no gate of a name.
fn missing(catalog: &Catalog, name: &str) -> String {
    let is_its =
        |fault: &&SpecFault| fault.object.as_ref().is_some_and(|(kind, of)| kind == "ReleaseGate" && of == name);
    if let Some(fault) = catalog.errors.iter().find(is_its) {
        let (file, line, message) = (&fault.place.file, fault.place.line, &fault.message);
        return format!("gate {name:?} has an error, {file}:{line}: {message}");
    }
    let known: Vec<&str> = catalog.gates.keys().map(String::as_str).collect();
    let known = if known.is_empty() { "there are none".to_owned() } else { format!("there are {}", known.join(", ")) };
    format!("no gate is called {name:?}; {known}")
}

/// The services that ask at a gate; empty where nobody knows any.
fn services_of(catalog: &Catalog, gate: &Gate) -> Vec<String> {
    if gate.services.is_empty() { services_of_product(catalog, &gate.product) } else { gate.services.clone() }
}

/// The services of a product: those that say so, and those that its gates name.
pub(super) fn services_of_product(catalog: &Catalog, product: &str) -> Vec<String> {
    let labelled = catalog.services.values().filter(|service| service.product.as_deref() == Some(product));
    let gated = catalog.gates.values().filter(|gate| gate.product == product).flat_map(|gate| &gate.services);
    let all: BTreeSet<&String> = labelled.map(|service| &service.name).chain(gated).collect();
    all.into_iter().cloned().collect()
}
