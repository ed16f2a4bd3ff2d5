//! Labels and annotations of alerts: texts that are filled in.

use model::Labels;

use crate::template::{self, Dialect, Host, Limits, Mode, RULE_VARIABLES, SampleValue, Templates, Value};

/// A text of a rule: plain, or a template that was read once.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// `__alert_NAME`, under which errors name it.
    name: String,
    text: String,
    /// `None` where there is nothing to fill in.
    templates: Option<Templates>,
}

/// Why a text is no template, in Prometheus's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error parsing template {name}: {error}")]
pub(crate) struct TextError {
    name: String,
    error: template::ParseError,
}

impl Text {
    /// A text of the alert of a name.
    pub(crate) fn new(alert: &str, text: &str) -> Result<Text, TextError> {
        let name = format!("__alert_{alert}");
        if !text.contains("{{") {
            return Ok(Text { name, text: text.to_owned(), templates: None });
        }
        let mut templates = Templates::new(Dialect::Prometheus);
        match templates.add(&name, &format!("{RULE_VARIABLES}{text}")) {
            Ok(()) => Ok(Text { name, text: text.to_owned(), templates: Some(templates) }),
            Err(error) => Err(TextError { name, error }),
        }
    }

    /// As it was written.
    pub(crate) fn as_written(&self) -> &str {
        &self.text
    }

    /// Whether it is the same for all.
    pub(crate) fn is_plain(&self) -> bool {
        self.templates.is_none()
    }

    /// Filled in; an error takes the place of what could not be.
    pub(crate) fn expanded(&self, data: &Value, host: &mut dyn Host) -> Result<String, String> {
        let Some(templates) = &self.templates else { return Ok(self.text.clone()) };
        templates
            .execute(&self.name, data, host, Mode::Text, Limits::ANNOTATION)
            .map_err(|error| format!("<error expanding template: error executing template {}: {error}>", self.name))
    }
}

/// What the texts of a rule are about.
pub(crate) fn data(labels: &Labels, external_labels: &Labels, external_url: &str, value: &SampleValue) -> Value {
    template::rule_data(labels, external_labels, external_url, value)
}
