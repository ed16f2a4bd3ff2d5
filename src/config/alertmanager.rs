//! `alertmanager.yml`: read with the templates that it names.

use std::path::Path;
use std::sync::Arc;

use alerting::config::{AlertmanagerConfig, Loaded, TemplateFile};
use model::yaml::Step;
use slo::notify::{Routed, routed};

use super::diagnostic::{ConfigErrors, Diagnostic, Severity};
use super::glob;
use super::load::diagnostic_at;
use super::slo_files::SloFiles;
use super::source::Source;

/// A configuration of notifications, ready to be put into force.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    pub(crate) loaded: Arc<Loaded>,
    /// The file itself; `None` for what is built in.
    pub(crate) source: Option<Arc<Source>>,
    /// All files that were read, for whoever wants to see them change.
    pub(crate) sources: Vec<Arc<Source>>,
    /// What is strange, and no error.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Routing {
    /// What is in force where there is no file.
    pub(crate) fn builtin() -> Routing {
        Routing { loaded: Arc::new(Loaded::builtin()), source: None, sources: Vec::new(), warnings: Vec::new() }
    }

    /// Loads a file and the templates that it names.
    ///
    /// # Errors
    /// When anything is wrong with any of them; everything that is.
    pub(crate) fn load(path: &Path) -> Result<Routing, ConfigErrors> {
        Routing::of(Source::read(path)?)
    }

    /// The same with the receivers and routes that spec files ask for. Who cannot be reached is added to their errors.
    ///
    /// # Errors
    /// As [`Routing::load`].
    pub(crate) fn with_objectives(self, files: &mut SloFiles) -> Result<Routing, ConfigErrors> {
        let Routed { config, faults } = routed(&self.loaded, &files.catalog);
        files.add_errors(faults);
        if config == self.loaded.config {
            return Ok(self);
        }
        let loaded = made(config, self.loaded.templates.clone())?;
        Ok(Routing { loaded, ..self })
    }

    fn of(source: Source) -> Result<Routing, ConfigErrors> {
        let source = Arc::new(source);
        let mut config = AlertmanagerConfig::read(&source.text).map_err(|problems| {
            ConfigErrors(problems.into_iter().map(|problem| Diagnostic::of_problem(&source, problem)).collect())
        })?;
        config.set_directory(source.path.parent().unwrap_or(Path::new("")));
        let mut warnings: Vec<Diagnostic> = config
            .without_effect()
            .into_iter()
            .map(|section| warning_at(&source, vec![Step::Key(section.to_owned())], format!("{section} has no effect")))
            .collect();
        let (mut sources, mut templates) = (vec![Arc::clone(&source)], Vec::new());
        for (index, pattern) in config.templates.iter().enumerate() {
            let files = glob::files(pattern);
            if files.is_empty() {
                let path = vec![Step::Key("templates".to_owned()), Step::Index(index)];
                warnings.push(warning_at(&source, path, format!("no file is there for {pattern}")));
            }
            for file in files {
                let template = Source::read(&file)?;
                templates.push(TemplateFile { path: file, text: template.text.clone() });
                sources.push(Arc::new(template));
            }
        }
        let loaded = made(config, templates)?;
        Ok(Routing { loaded, source: Some(source), sources, warnings })
    }
}

fn made(config: AlertmanagerConfig, templates: Vec<TemplateFile>) -> Result<Arc<Loaded>, ConfigErrors> {
    let loaded = Loaded::new(config, templates).map_err(|error| ConfigErrors(vec![Diagnostic::of_file(error)]))?;
    Ok(Arc::new(loaded))
}

fn warning_at(source: &Arc<Source>, path: Vec<Step>, message: String) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, ..diagnostic_at(source, path, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Routing, ConfigErrors> {
        Routing::of(Source::new(Path::new("/nowhere/alertmanager.yml"), text.to_owned()))
    }

    #[test]
    fn mistakes_have_lines_and_columns() {
        let errors = load("route: {receiver: a}\nreceivers:\n- name: a\n  pigeon_configs: []\n").unwrap_err();
        let want = "/nowhere/alertmanager.yml:4:3: field pigeon_configs not found in type config.plain";
        assert_eq!(errors.to_string(), want);
    }

    #[test]
    fn what_has_no_effect_is_told() {
        let text = "route: {receiver: a}\nreceivers: [{name: a}]\ntemplates: [x/*.tmpl]\ntracing: {endpoint: x}\n";
        let warnings: Vec<String> = load(text).unwrap().warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [
                "/nowhere/alertmanager.yml:4:1: tracing has no effect",
                "/nowhere/alertmanager.yml:3:13: no file is there for /nowhere/x/*.tmpl",
            ]
        );
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "files of a user's, for the reader of files")]
    fn templates_are_read_beside_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        let text = "route: {receiver: a}\nreceivers: [{name: a}]\ntemplates: ['*.tmpl']\n";
        write("alertmanager.yml", text);
        write("b.tmpl", "{{ define \"b\" }}{{ end }}");
        write("a.tmpl", "{{ define \"a\" }}{{ end }}");
        let routing = Routing::load(&dir.path().join("alertmanager.yml")).unwrap();
        let names: Vec<_> = routing.loaded.templates.iter().map(|file| file.path.file_name().unwrap()).collect();
        assert_eq!((names, routing.sources.len()), (vec!["a.tmpl".as_ref(), "b.tmpl".as_ref()], 3));
        write("a.tmpl", "{{ nope }}");
        let error = Routing::load(&dir.path().join("alertmanager.yml")).unwrap_err().to_string();
        assert!(error.ends_with("a.tmpl: template: a.tmpl:1: function \"nope\" not defined"), "{error}");
    }
}
