//! The templates that messages are made of.

use super::Language;
use crate::template::{Dialect, ParseError, Templates};

/// The templates of Alertmanager's kinds, then those of our own in a language, then the user's, which may replace them.
///
/// `texts` are the user's files, each with its name for messages.
///
/// # Errors
/// Where a text is no template.
pub fn templates<'t>(
    language: Language,
    texts: impl IntoIterator<Item = (&'t str, &'t str)>,
) -> Result<Templates, ParseError> {
    let words = match language {
        Language::English => include_str!("words.en.tmpl"),
        Language::Chinese => include_str!("words.zh-CN.tmpl"),
    };
    let ours = [
        ("default.tmpl", include_str!("default.tmpl")),
        ("robots.tmpl", include_str!("robots.tmpl")),
        ("words.tmpl", words),
    ];
    let mut templates = Templates::new(Dialect::Alertmanager);
    let mails = super::email::templates(language);
    for (name, text) in ours.into_iter().chain(mails).chain(texts) {
        templates.add(name, text)?;
    }
    Ok(templates)
}
