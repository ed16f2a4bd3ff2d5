//! Labels and annotations of alerts: texts that are filled in.

use model::Labels;

use crate::template::{self, Dialect, Host, Limits, Mode, RULE_VARIABLES, Sample, SampleValue, Templates, Value};

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

/// A text of an alert that no rule made, filled in with the alert's labels and its value as a rule's would be. It cannot ask
/// queries. An error takes the place of what could not be filled in.
pub fn filled_in(text: &str, labels: &Labels, value: f64, now_ms: i64, external_url: &str) -> String {
    let name = labels.get("alertname").unwrap_or_default();
    let text = match Text::new(name, text) {
        Ok(text) => text,
        Err(error) => return format!("<error expanding template: {error}>"),
    };
    let data = data(labels, &Labels::default(), external_url, &SampleValue::Float(value));
    text.expanded(&data, &mut Alone { now_ms, external_url }).unwrap_or_else(|error| error)
}

/// A world in which nothing can be asked.
struct Alone<'a> {
    now_ms: i64,
    external_url: &'a str,
}

impl Host for Alone<'_> {
    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn external_url(&self) -> &str {
        self.external_url
    }

    fn query(&mut self, _: &str) -> Result<Vec<Sample>, String> {
        Err("alerts of error budgets ask no queries".to_owned())
    }
}

/// What the texts of a rule are about.
pub(crate) fn data(labels: &Labels, external_labels: &Labels, external_url: &str, value: &SampleValue) -> Value {
    template::rule_data(labels, external_labels, external_url, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_filled_in() {
        let check = |text: &str, want: &str| {
            let labels = Labels::from_pairs([("alertname", "Burns"), ("sloth_service", "shop")]);
            assert_eq!(filled_in(text, &labels, 14.5, 0, "http://n"), want, "{text}");
        };
        check("plain", "plain");
        check("{{$labels.sloth_service}} burns {{ $value }} times", "shop burns 14.5 times");
        check("{{ externalURL }}", "http://n");
        check(
            "{{",
            "<error expanding template: error parsing template __alert_Burns: template: __alert_Burns:1: unclosed action>",
        );
        check(
            "{{ query \"up\" }}",
            "<error expanding template: error executing template __alert_Burns: template: __alert_Burns:1:115: executing \"__alert_Burns\" at <query \"up\">: error calling query: alerts of error budgets ask no queries>",
        );
    }
}
