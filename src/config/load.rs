//! From files to a configuration that can be used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::LabelsBuilder;
use model::yaml::{Document, Fault, Faults, Problem, Step};
use scrape::config::ScrapeConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Config;
use super::check::check_filled;
use super::diagnostic::{ConfigErrors, Diagnostic, Severity};
use super::expand::expand;
use super::glob;
use super::not_built::{NotBuilt, not_built};
use super::source::Source;

/// What narthex does where there is no configuration file: it scrapes itself.
const BUILTIN: &str = "\
global:
  scrape_interval: 15s
scrape_configs:
- job_name: narthex
  metrics_path: '{metrics_path}'
  static_configs:
  - targets: ['{address}']
";

/// Whether the configuration is for an agent, which evaluates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agent {
    No,
    Yes,
}

/// A configuration, read, checked and filled in.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// All scrape configurations, those of `scrape_config_files` included.
    pub(crate) scrape_configs: Vec<ScrapeConfig>,
    /// Where each scrape configuration stands: the file, and its index in it.
    pub(crate) scrape_places: Vec<(Arc<Source>, usize)>,
    /// The file itself.
    pub(crate) source: Arc<Source>,
    /// All files that were read, for whoever wants to see them change.
    pub(crate) sources: Vec<Arc<Source>>,
    /// What is asked for and not built yet.
    pub(crate) not_built: Vec<NotBuilt>,
    /// What is strange, and no error.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Loaded {
    /// The one warning that names everything that has no effect yet.
    pub(crate) fn not_built_warning(&self) -> Option<String> {
        let fields: Vec<String> = self.not_built.iter().map(ToString::to_string).collect();
        (!fields.is_empty()).then(|| format!("not built yet, and without effect: {}", fields.join(", ")))
    }

    /// The `alertmanager.yml` that the configuration names, if it names one.
    pub(crate) fn alertmanager_file(&self) -> Option<PathBuf> {
        let file = &self.config.narthex.alertmanager_config_file;
        (!file.is_empty()).then(|| PathBuf::from(file))
    }

    /// An error at a path of the configuration's own file.
    pub(crate) fn error_at(&self, path: Vec<Step>, message: impl std::fmt::Display) -> Diagnostic {
        diagnostic_at(&self.source, path, message)
    }

    /// An error at a path within a scrape configuration.
    pub(crate) fn error_in_scrape_config(
        &self,
        index: usize,
        path: impl IntoIterator<Item = Step>,
        message: impl std::fmt::Display,
    ) -> Diagnostic {
        let (source, index_in_file) = &self.scrape_places[index];
        let start = [Step::Key("scrape_configs".to_owned()), Step::Index(*index_in_file)];
        diagnostic_at(source, start.into_iter().chain(path).collect(), message)
    }
}

pub(super) fn diagnostic_at(source: &Arc<Source>, path: Vec<Step>, message: impl std::fmt::Display) -> Diagnostic {
    let document = Document::parse(&source.text).unwrap_or_default();
    let fault = Fault { path, message: message.to_string() };
    Diagnostic::of_problem(source, document.locate(&fault))
}

/// Loads a file and all that it names.
///
/// # Errors
/// When anything is wrong with any of them; everything that is.
pub(crate) fn load(
    path: &Path,
    agent: Agent,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Loaded, ConfigErrors> {
    load_source(Source::read(path)?, agent, variable)
}

/// The configuration where there is no file: narthex itself, by its own address and path.
pub(crate) fn builtin(address: &str, metrics_path: &str) -> Loaded {
    let text = BUILTIN.replace("{address}", address).replace("{metrics_path}", metrics_path);
    load_source(Source::new(Path::new("(built in)"), text), Agent::No, |_| None)
        .unwrap_or_else(|errors| unreachable!("the configuration that is built in: {errors}"))
}

fn load_source(
    source: Source,
    agent: Agent,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Loaded, ConfigErrors> {
    let mut loading = Loading::default();
    let source = Arc::new(source);
    let Some((document, mut config)) = loading.read::<Config>(&source, agent) else {
        return Err(loading.into_errors());
    };
    config.fill(&document);
    loading.expand_labels(&mut config, &source, &document, variable);
    let mut names = BTreeMap::new();
    loading.check(&source, &document, |faults| check_filled(&config.scrape_configs, None, &mut names, faults));
    let directory = source.path.parent().unwrap_or(Path::new("")).to_owned();
    config.set_directory(&directory);
    loading.add_scrape_configs(&source, config.scrape_configs.clone());
    for pattern in &config.scrape_config_files {
        for file in glob::files(pattern) {
            loading.scrape_config_file(&file, &config, &mut names);
        }
    }
    if !loading.errors.is_empty() {
        return Err(loading.into_errors());
    }
    Ok(Loaded {
        config,
        scrape_configs: loading.scrape_configs,
        scrape_places: loading.scrape_places,
        source,
        sources: loading.sources,
        not_built: loading.not_built,
        warnings: loading.warnings,
    })
}

impl Config {
    /// Puts defaults and what is inherited where nothing was written.
    fn fill(&mut self, document: &Document) {
        self.global.fill();
        let inherited = self.global.inherited();
        self.scrape_configs.iter_mut().for_each(|config| config.fill(&inherited));
        self.alerting.alertmanagers.iter_mut().for_each(|config| config.http.fill());
        for (index, config) in self.remote_write.iter_mut().enumerate() {
            config.http.fill();
            // Remote write speaks HTTP/1.1 unless told otherwise.
            let path = [Step::Key("remote_write".to_owned()), Step::Index(index), Step::Key("enable_http2".to_owned())];
            config.http.enable_http2 &= document.find(&path).is_some();
        }
        self.remote_read.iter_mut().for_each(|config| config.http.fill());
    }
}

/// A file of `scrape_config_files`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename = "config.ScrapeConfigs", default, deny_unknown_fields)]
struct ScrapeConfigFile {
    scrape_configs: Vec<ScrapeConfig>,
}

/// What has been read and found so far.
#[derive(Default)]
struct Loading {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    sources: Vec<Arc<Source>>,
    not_built: Vec<NotBuilt>,
    scrape_configs: Vec<ScrapeConfig>,
    scrape_places: Vec<(Arc<Source>, usize)>,
}

/// What a type of file checks before anything is filled in.
trait CheckWritten {
    fn check_written(&self, agent: Agent, faults: &mut Faults);
}

impl CheckWritten for Config {
    fn check_written(&self, agent: Agent, faults: &mut Faults) {
        self.check(faults);
        if agent == Agent::Yes {
            self.check_for_agent(faults);
        }
    }
}

impl CheckWritten for ScrapeConfigFile {
    fn check_written(&self, _: Agent, faults: &mut Faults) {
        faults.within_each("scrape_configs", &self.scrape_configs, |faults, config| config.check(faults));
    }
}

impl Loading {
    /// Reads a text. There is no value where too little of it could be read for anything more to be said.
    fn read<T: DeserializeOwned + CheckWritten>(
        &mut self,
        source: &Arc<Source>,
        agent: Agent,
    ) -> Option<(Document, T)> {
        self.sources.push(Arc::clone(source));
        let document = match Document::parse(&source.text) {
            Ok(document) => document,
            Err(problem) => {
                self.errors.push(Diagnostic::of_problem(source, problem));
                return None;
            }
        };
        let (value, problems) = document.read::<T>();
        self.not_built.extend(not_built(&document, source));
        // Where an element of a list was left out, others have its place, and mistakes would be shown there.
        let has_lost_elements = problems.iter().any(|problem| problem.path.ends_with(']'));
        let problems = problems.into_iter().map(in_words);
        self.errors.extend(problems.map(|problem| Diagnostic::of_problem(source, problem)));
        let value = value.filter(|_| !has_lost_elements)?;
        self.check(source, &document, |faults| value.check_written(agent, faults));
        Some((document, value))
    }

    /// Adds what a check finds, without what follows from earlier errors: what is missing beside something that does not
    /// fit may be just that, misspelt.
    fn check(&mut self, source: &Arc<Source>, document: &Document, check: impl FnOnce(&mut Faults)) {
        let mut faults = Faults::new();
        check(&mut faults);
        let is_consequence = |fault: &Fault, path: &str| {
            let is_missing = document.find(&fault.path).is_none();
            let is_near = |path: &str, other: &str| path == other || (is_missing && section(path) == section(other));
            self.errors.iter().any(|error| error.source.as_ref() == Some(source) && is_near(path, &error.path))
        };
        let located = faults.into_found().into_iter().map(|fault| (document.locate(&fault), fault));
        let kept = located.filter(|(problem, fault)| !is_consequence(fault, &problem.path));
        let found: Vec<_> = kept.map(|(problem, _)| Diagnostic::of_problem(source, problem)).collect();
        self.errors.extend(found);
    }

    fn expand_labels(
        &mut self,
        config: &mut Config,
        source: &Arc<Source>,
        document: &Document,
        variable: impl Fn(&str) -> Option<String>,
    ) {
        let mut labels = LabelsBuilder::new();
        for (name, value) in &config.global.external_labels {
            let missing = |variable: &str| {
                let path = ["global", "external_labels", name].map(|key| Step::Key(key.to_owned())).to_vec();
                let message = format!("environment variable {variable} is not set, or empty: nothing is put in for it");
                let problem = document.locate(&Fault { path, message });
                let warning = Diagnostic { severity: Severity::Warning, ..Diagnostic::of_problem(source, problem) };
                self.warnings.push(warning);
            };
            labels.set(name, &expand(value, &variable, missing));
        }
        config.global.external_labels = labels.build();
    }

    /// Reads a file of `scrape_config_files`.
    fn scrape_config_file(&mut self, path: &Path, config: &Config, names: &mut BTreeMap<String, String>) {
        let source = match Source::read(path) {
            Ok(source) => Arc::new(source),
            Err(error) => return self.errors.push(Diagnostic::of_file(error)),
        };
        let Some((document, mut file)) = self.read::<ScrapeConfigFile>(&source, Agent::No) else { return };
        let inherited = config.global.inherited();
        file.scrape_configs.iter_mut().for_each(|config| config.fill(&inherited));
        let shown = absolute(path);
        self.check(&source, &document, |faults| check_filled(&file.scrape_configs, Some(&shown), names, faults));
        let directory = path.parent().unwrap_or(Path::new(""));
        file.scrape_configs.iter_mut().for_each(|config| config.set_directory(directory));
        self.add_scrape_configs(&source, file.scrape_configs);
    }

    fn add_scrape_configs(&mut self, source: &Arc<Source>, configs: Vec<ScrapeConfig>) {
        let places = (0..configs.len()).map(|index| (Arc::clone(source), index));
        self.scrape_places.extend(places);
        self.scrape_configs.extend(configs);
    }

    fn into_errors(mut self) -> ConfigErrors {
        let place = |diagnostic: &Diagnostic| {
            let file = diagnostic.source.as_ref().map(|source| source.path.clone());
            let order = self.sources.iter().position(|source| Some(&source.path) == file.as_ref());
            (order, diagnostic.span.start)
        };
        let mut errors = std::mem::take(&mut self.errors);
        errors.sort_by_key(place);
        ConfigErrors(errors)
    }
}

/// The path of the section that a path's last step stands in.
fn section(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(section, _)| section)
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
}

/// What Prometheus says of an element of a list that has no value, by the list.
const EMPTY_ELEMENTS: [(&str, &str); 11] = [
    ("scrape_configs", "empty or null scrape config section"),
    ("remote_write", "empty or null remote write config section"),
    ("remote_read", "empty or null remote read config section"),
    ("static_configs", "empty or null section in static_configs"),
    ("metric_relabel_configs", "empty or null metric relabeling rule in scrape config"),
    ("write_relabel_configs", "empty or null relabeling rule in remote write config"),
    ("alerting.alert_relabel_configs", "empty or null alert relabeling rule"),
    ("alert_relabel_configs", "empty or null Alertmanager alert relabeling rule"),
    ("alerting.alertmanagers", "empty or null Alertmanager config section"),
    ("relabel_configs", "empty or null target relabeling rule in scrape config"),
    ("tokens", "empty or null token"),
];

/// Puts a problem into Prometheus's words.
fn in_words(mut problem: Problem) -> Problem {
    if problem.message.starts_with("empty or null ") {
        let list = problem.path.rsplit_once('[').map_or("", |(list, _)| list);
        let is_of_alertmanager = list.starts_with("alerting.alertmanagers[") && list.ends_with(".relabel_configs");
        let last = list.rsplit('.').next().unwrap_or_default();
        let words = EMPTY_ELEMENTS.iter().find(|(known, _)| *known == list || *known == last);
        if is_of_alertmanager {
            "empty or null Alertmanager target relabeling rule".clone_into(&mut problem.message);
        } else if let Some((_, words)) = words {
            (*words).clone_into(&mut problem.message);
        }
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str) -> Result<Loaded, ConfigErrors> {
        let variable = |name: &str| (name == "ZONE").then(|| "z1".to_owned());
        load_source(Source::new(Path::new("prometheus.yml"), text.to_owned()), Agent::No, variable)
    }

    #[test]
    fn what_is_built_in_scrapes_narthex() {
        let loaded = builtin("localhost:9090", "/metrics");
        assert_eq!(loaded.scrape_configs[0].discovery.static_configs[0].targets, ["localhost:9090"]);
        assert_eq!(loaded.not_built, []);
    }

    #[test]
    fn all_mistakes_are_told_at_once_without_their_consequences() {
        let check = |text: &str, want: &[&str]| {
            let errors = load_text(text).expect_err(text).to_string();
            let errors: Vec<_> = errors.lines().map(|line| line.strip_prefix("prometheus.yml:").unwrap()).collect();
            assert_eq!(errors, want, "{text}");
        };
        check(
            "global: {scrape_intervall: 1s}\nscrape_config: []\n",
            &[
                "1:10: field scrape_intervall not found in type config.plain (did you mean `scrape_interval`?)",
                "2:1: field scrape_config not found in type config.plain (did you mean `scrape_configs`?)",
            ],
        );
        // Neither is a name missing, nor are sections unknown that stand behind a mistake.
        check(
            "scrape_configs:\n- job_nam: a\n  relabel_configs: [{action: replce}]\n  basic_auth: {username: u}\n  \
             static_configs: []\n",
            &[
                "2:3: field job_nam not found in type config.ScrapeConfig (did you mean `job_name`?)",
                "3:30: unknown relabel action \"replce\"",
            ],
        );
        check(
            "narthex:\n  limits: {head_serie: 1, query_memory: much}\n  tokens: [{name: ci, sha256: abc, roles: []}]\n",
            &[
                "2:12: field head_serie not found in type narthex.limits (did you mean `head_series`?)",
                "2:41: units: invalid much",
                "3:31: not a SHA-256: 64 hexadecimal digits are needed (printf %s TOKEN | sha256sum makes them)",
                "3:36: a token needs roles: viewer, deployer, operator, admin",
            ],
        );
        check(
            "narthex:\n  downsampling: {5m: 40h, 15m: 1d}\n",
            &["2:27: field 15m not found in type narthex.downsampling (did you mean `5m`?)"],
        );
    }

    #[test]
    fn one_warning_names_all_that_has_no_effect_yet() {
        let check = |text: &str, want: Option<&str>| {
            let warning = load_text(text).unwrap_or_else(|errors| panic!("{errors}")).not_built_warning();
            assert_eq!(
                warning.as_deref(),
                want.map(|want| format!("not built yet, and without effect: {want}")).as_deref()
            );
        };
        check("scrape_configs: [{job_name: a, file_sd_configs: [{files: [a.yml]}]}]", None);
        check("global: {scrape_native_histograms: false}", None);
        check("remote_write: [{url: http://a, name: b, send_exemplars: false}]", None);
        check(
            "rule_files: [a.yml]\nscrape_configs:\n- job_name: a\n  consul_sd_configs: [{}]\n  dns_sd_configs: [{names: [a], type: A, port: 1}]\nremote_write: [{url: http://a, send_exemplars: true}]\n",
            Some(
                "scrape_configs[0].consul_sd_configs (prometheus.yml:4), \
                 scrape_configs[0].dns_sd_configs (prometheus.yml:5), remote_write[0].send_exemplars (prometheus.yml:6)",
            ),
        );
    }

    #[test]
    fn external_labels_take_variables() {
        let loaded = load_text("global:\n  external_labels:\n    zone: $ZONE\n    rack: a${NONE}b\n").unwrap();
        let labels = &loaded.config.global.external_labels;
        assert_eq!((labels.get("zone"), labels.get("rack")), (Some("z1"), Some("ab")));
        let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        let want = "prometheus.yml:4:11: environment variable NONE is not set, or empty: nothing is put in for it";
        assert_eq!(warnings, [want]);
    }
}
