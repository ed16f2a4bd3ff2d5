//! The two grammars, and which of them is asked.

use model::name::is_legacy_label_name;

use super::label_matcher::Matcher;
use super::{MatcherError, classic, parser};

/// How texts become matchers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grammar {
    /// As before Alertmanager 0.27.
    Classic,
    /// Any UTF-8 in names; what is special stands in double quotes.
    Utf8,
    /// What either takes; where both do and differ, what the classic one says.
    #[default]
    Fallback,
}

impl Grammar {
    /// One matcher, without braces.
    ///
    /// # Errors
    /// When the text is none.
    pub fn matcher(self, text: &str) -> Result<Matcher, MatcherError> {
        if self == Grammar::Classic {
            return classic::matcher(text);
        }
        if text.starts_with('{') || text.ends_with('}') {
            return Err(MatcherError::Brace(text.to_owned()));
        }
        let utf8 = || {
            let mut matchers = parser::matchers(text)?;
            match (matchers.len(), matchers.pop()) {
                (1, Some(matcher)) => Ok(matcher),
                (0, _) => Err(MatcherError::None),
                (n, _) => Err(MatcherError::Several(n)),
            }
        };
        self.decide(utf8, || classic::matcher(text))
    }

    /// Matchers with commas between them, in braces or without.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn matchers(self, text: &str) -> Result<Vec<Matcher>, MatcherError> {
        self.decide(|| parser::matchers(text), || classic::matchers(text))
    }

    /// Whether a text can be the name of a label.
    pub fn is_label_name(self, name: &str) -> bool {
        match self {
            Grammar::Classic => is_legacy_label_name(name),
            Grammar::Utf8 | Grammar::Fallback => !name.is_empty(),
        }
    }

    fn decide<T>(
        self,
        utf8: impl FnOnce() -> Result<T, MatcherError>,
        classic: impl FnOnce() -> Result<T, MatcherError>,
    ) -> Result<T, MatcherError> {
        match self {
            Grammar::Classic => classic(),
            Grammar::Utf8 => utf8(),
            // Where both take it and agree, it makes no difference; where neither does, the classic error is told.
            Grammar::Fallback => classic().or_else(|error| utf8().map_err(|_| error)),
        }
    }
}
