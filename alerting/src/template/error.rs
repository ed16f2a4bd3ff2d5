//! Why a template could not be read or filled in, in the words of Go's text/template.

/// A template that cannot be read: `template: NAME:LINE: reason`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template: {name}:{line}: {reason}")]
pub struct ParseError {
    /// The name under which the text was given.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: String,
}

/// A template that cannot be filled in.
///
/// What was written before is lost on purpose: half a notification is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// No template has the name.
    #[error("template: no template {} among those defined", model::name::quoted(.0))]
    NoTemplate(String),
    /// Something in a template failed: `template: FILE:LINE:COLUMN: executing "NAME" at <CODE>: reason`.
    #[error("template: {place}: executing {} at <{code}>: {reason}", model::name::quoted(.template))]
    At {
        /// File, line from 1 and byte in the line from 0.
        place: String,
        /// The template that was being executed.
        template: String,
        /// The part of it that failed, as it is written.
        code: String,
        /// Why.
        reason: String,
    },
}

/// A text that cannot be read or filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It cannot be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// It cannot be filled in.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

impl TextError {
    /// Whether there was too much to fill it in with: less may do.
    pub fn is_limit(&self) -> bool {
        let limits = ["(limit template_output_bytes)", "(limit template_steps)"];
        matches!(self, TextError::Exec(error) if limits.iter().any(|limit| error.reason().contains(limit)))
    }
}

impl ExecError {
    /// The reason alone, without its place.
    pub fn reason(&self) -> String {
        match self {
            ExecError::NoTemplate(_) => self.to_string(),
            ExecError::At { reason, .. } => reason.clone(),
        }
    }
}
