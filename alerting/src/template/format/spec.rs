//! Flags, width and precision of a verb, and padding.

use crate::template::limits::Sink;

/// The greatest width and precision: the limit `template_width`. Go allows a million.
pub(super) const MAX_WIDTH: usize = 1000;

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spec {
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`
    pub(super) plus_v: bool,
    /// `%#v`
    pub(super) sharp_v: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

impl Spec {
    /// Appends a text, padded to the width.
    pub(super) fn pad(&self, out: &mut Sink, text: &str) -> Result<(), String> {
        let n_missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        if self.minus {
            out.push(text)?;
            return out.push(&" ".repeat(n_missing));
        }
        out.push(&if self.zero { "0" } else { " " }.repeat(n_missing))?;
        out.push(text)
    }

    /// Appends a number, padded to the width; zeros stand behind its sign.
    pub(super) fn pad_number(&self, out: &mut Sink, sign: &str, digits: &str) -> Result<(), String> {
        if self.zero && !self.minus {
            let n_missing = self.width.unwrap_or(0).saturating_sub(sign.len() + digits.chars().count());
            out.push(sign)?;
            out.push(&"0".repeat(n_missing))?;
            return out.push(digits);
        }
        Spec { zero: false, ..*self }.pad(out, &format!("{sign}{digits}"))
    }
}
