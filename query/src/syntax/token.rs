//! Tokens: the words of PromQL and of series descriptions, and how error messages call them.

use std::fmt;

use super::quote::Quoted;
use super::span::Span;

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Which word.
    pub(super) kind: Kind,
    /// Where it stands.
    pub(super) span: Span,
}

impl Token {
    /// The word as written.
    pub(super) fn text(self, source: &[u8]) -> &[u8] {
        &source[self.span.start as usize..self.span.end as usize]
    }

    /// The word as a string; what is not UTF-8 is replaced.
    pub(super) fn string(self, source: &[u8]) -> String {
        String::from_utf8_lossy(self.text(source)).into_owned()
    }

    /// The word as error messages call it.
    pub(super) fn described(self, source: &[u8]) -> Described<'_> {
        Described { kind: self.kind, text: self.text(source) }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:expr,)*) => {
        /// What a token is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(super) enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// The word itself where there is but one; empty for names, literals and ends.
            pub(super) const fn word(self) -> &'static str {
                match self { $(Kind::$kind => $word,)* }
            }
        }
    };
}

kinds! {
    /// The end of the text.
    End = "",
    /// The end of what the lexer could read; its error says why.
    Error = "",
    /// A name without a colon.
    Identifier = "",
    /// A name with a colon.
    MetricIdentifier = "",
    /// A number.
    Number = "",
    /// A duration with units.
    Duration = "",
    /// A string with its quotes.
    String = "",
    /// `(`
    LeftParen = "(",
    /// `)`
    RightParen = ")",
    /// `{`
    LeftBrace = "{",
    /// `}`
    RightBrace = "}",
    /// `[`
    LeftBracket = "[",
    /// `]`
    RightBracket = "]",
    /// `,`
    Comma = ",",
    /// `:`
    Colon = ":",
    /// `=`
    Equal = "=",
    /// `{{`
    OpenHistogram = "{{",
    /// `}}`
    CloseHistogram = "}}",
    /// `_`
    Blank = "_",
    /// `x`
    Times = "x",
    /// Blanks, which count in series descriptions.
    Space = "<space>",

    /// `+`
    Add = "+",
    /// `/`
    Div = "/",
    /// `==`
    EqualEqual = "==",
    /// `=~`
    EqualRegex = "=~",
    /// `>=`
    GreaterEqual = ">=",
    /// `>`
    Greater = ">",
    /// `</`
    TrimUpper = "</",
    /// `>/`
    TrimLower = ">/",
    /// `and`
    And = "and",
    /// `or`
    Or = "or",
    /// `<`
    Less = "<",
    /// `<=`
    LessEqual = "<=",
    /// `unless`
    Unless = "unless",
    /// `%`
    Mod = "%",
    /// `*`
    Mul = "*",
    /// `!=`
    NotEqual = "!=",
    /// `!~`
    NotRegex = "!~",
    /// `^`
    Pow = "^",
    /// `-`
    Sub = "-",
    /// `@`
    At = "@",
    /// `atan2`
    Atan2 = "atan2",

    /// `avg`
    Avg = "avg",
    /// `bottomk`
    Bottomk = "bottomk",
    /// `count`
    Count = "count",
    /// `count_values`
    CountValues = "count_values",
    /// `group`
    Group = "group",
    /// `max`
    Max = "max",
    /// `min`
    Min = "min",
    /// `quantile`
    Quantile = "quantile",
    /// `stddev`
    Stddev = "stddev",
    /// `stdvar`
    Stdvar = "stdvar",
    /// `sum`
    Sum = "sum",
    /// `topk`
    Topk = "topk",
    /// `limitk`
    Limitk = "limitk",
    /// `limit_ratio`
    LimitRatio = "limit_ratio",

    /// `bool`
    Bool = "bool",
    /// `by`
    By = "by",
    /// `group_left`
    GroupLeft = "group_left",
    /// `group_right`
    GroupRight = "group_right",
    /// `fill`
    Fill = "fill",
    /// `fill_left`
    FillLeft = "fill_left",
    /// `fill_right`
    FillRight = "fill_right",
    /// `ignoring`
    Ignoring = "ignoring",
    /// `offset`
    Offset = "offset",
    /// `smoothed`
    Smoothed = "smoothed",
    /// `anchored`
    Anchored = "anchored",
    /// `on`
    On = "on",
    /// `without`
    Without = "without",

    /// `start`
    Start = "start",
    /// `end`
    EndWord = "end",
    /// `step`
    Step = "step",
    /// `range`
    Range = "range",
    /// `max_of`
    MaxOf = "max_of",
    /// `min_of`
    MinOf = "min_of",

    /// `sum` of a histogram
    SumKey = "sum",
    /// `count` of a histogram
    CountKey = "count",
    /// `schema` of a histogram
    SchemaKey = "schema",
    /// `offset` of a histogram
    OffsetKey = "offset",
    /// `n_offset` of a histogram
    NegativeOffsetKey = "n_offset",
    /// `buckets` of a histogram
    BucketsKey = "buckets",
    /// `n_buckets` of a histogram
    NegativeBucketsKey = "n_buckets",
    /// `z_bucket` of a histogram
    ZeroBucketKey = "z_bucket",
    /// `z_bucket_w` of a histogram
    ZeroBucketWidthKey = "z_bucket_w",
    /// `custom_values` of a histogram
    CustomValuesKey = "custom_values",
    /// `counter_reset_hint` of a histogram
    ResetHintKey = "counter_reset_hint",
    /// `unknown`, a reset hint
    HintUnknown = "unknown",
    /// `reset`, a reset hint
    HintReset = "reset",
    /// `not_reset`, a reset hint
    HintNotReset = "not_reset",
    /// `gauge`, a reset hint
    HintGauge = "gauge",
}

/// The words that are keywords outside braces, in any case of letters.
const KEYWORDS: [Kind; 37] = [
    Kind::And,
    Kind::Or,
    Kind::Unless,
    Kind::Atan2,
    Kind::Sum,
    Kind::Avg,
    Kind::Count,
    Kind::Min,
    Kind::Max,
    Kind::Group,
    Kind::Stddev,
    Kind::Stdvar,
    Kind::Topk,
    Kind::Bottomk,
    Kind::CountValues,
    Kind::Quantile,
    Kind::Limitk,
    Kind::LimitRatio,
    Kind::Offset,
    Kind::Smoothed,
    Kind::Anchored,
    Kind::By,
    Kind::Without,
    Kind::On,
    Kind::Ignoring,
    Kind::GroupLeft,
    Kind::GroupRight,
    Kind::Fill,
    Kind::FillLeft,
    Kind::FillRight,
    Kind::Bool,
    Kind::Start,
    Kind::EndWord,
    Kind::Step,
    Kind::Range,
    Kind::MaxOf,
    Kind::MinOf,
];

/// The longest keyword, in bytes.
const MAX_KEYWORD_LEN: usize = 12;

/// The keys of a histogram, in the order of their numbers in [`Described`].
const HISTOGRAM_KEYS: [Kind; 11] = [
    Kind::SumKey,
    Kind::CountKey,
    Kind::SchemaKey,
    Kind::OffsetKey,
    Kind::NegativeOffsetKey,
    Kind::BucketsKey,
    Kind::NegativeBucketsKey,
    Kind::ZeroBucketKey,
    Kind::ZeroBucketWidthKey,
    Kind::CustomValuesKey,
    Kind::ResetHintKey,
];

const RESET_HINTS: [Kind; 4] = [Kind::HintUnknown, Kind::HintReset, Kind::HintNotReset, Kind::HintGauge];

impl Kind {
    /// The keyword that a word is, `inf` and `nan` included, which are numbers.
    pub(super) fn keyword(word: &[u8]) -> Option<Kind> {
        if word.len() > MAX_KEYWORD_LEN {
            return None;
        }
        if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"nan") {
            return Some(Kind::Number);
        }
        among(&KEYWORDS, word)
    }

    /// The keyword of a duration expression that a word is.
    pub(super) fn duration_keyword(word: &[u8]) -> Option<Kind> {
        among(&[Kind::Step, Kind::Range, Kind::MaxOf, Kind::MinOf], word)
    }

    /// The key of a histogram that a word is.
    pub(super) fn histogram_key(word: &[u8]) -> Option<Kind> {
        among(&HISTOGRAM_KEYS, word)
    }

    /// The reset hint that a word is.
    pub(super) fn reset_hint(word: &[u8]) -> Option<Kind> {
        among(&RESET_HINTS, word)
    }

    /// Whether it is an operator, `@` and the matching operators included.
    pub(super) fn is_operator(self) -> bool {
        (Kind::Add..=Kind::Atan2).contains(&self)
    }

    /// Whether it is an aggregation.
    pub(super) fn is_aggregator(self) -> bool {
        (Kind::Avg..=Kind::LimitRatio).contains(&self)
    }

    fn is_modifier_keyword(self) -> bool {
        (Kind::Bool..=Kind::Without).contains(&self)
    }

    /// Whether the token can end an expression, so that positions reach up to it.
    pub(super) fn is_closing(self) -> bool {
        matches!(self, Kind::RightBrace | Kind::RightParen | Kind::RightBracket | Kind::Duration | Kind::Number)
    }
}

fn among(kinds: &[Kind], word: &[u8]) -> Option<Kind> {
    kinds.iter().copied().find(|kind| word.eq_ignore_ascii_case(kind.word().as_bytes()))
}

/// A token in the words of Prometheus's error messages.
pub(super) struct Described<'a> {
    kind: Kind,
    text: &'a [u8],
}

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let category = match self.kind {
            Kind::End => return f.write_str("end of input"),
            Kind::Identifier => "identifier ",
            Kind::MetricIdentifier => "metric identifier ",
            Kind::String => "string ",
            Kind::Number => "number ",
            Kind::Duration => "duration ",
            _ => "",
        };
        f.write_str(category)?;
        if let Some(number) = HISTOGRAM_KEYS.iter().position(|&key| key == self.kind) {
            write!(f, "\"<Item {}>\" ", FIRST_HISTOGRAM_KEY + number)?;
        }
        if let Some(number) = RESET_HINTS.iter().position(|&hint| hint == self.kind) {
            write!(f, "\"<Item {}>\" ", FIRST_RESET_HINT + number)?;
        }
        self.fmt_text(f)
    }
}

/// Prometheus has no name for histogram keys and shows their numbers in its generated parser.
const FIRST_HISTOGRAM_KEY: usize = 57_370;
const FIRST_RESET_HINT: usize = 57_445;

/// Longer texts are cut short in messages.
const MAX_SHOWN_CHARS: usize = 10;

impl Described<'_> {
    fn fmt_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.text);
        match self.kind {
            Kind::Identifier | Kind::MetricIdentifier => write!(f, "{}", Quoted(self.text)),
            kind if kind.is_modifier_keyword() => write!(f, "<{text}>"),
            kind if kind.is_operator() => write!(f, "<op:{text}>"),
            kind if kind.is_aggregator() => write!(f, "<aggr:{text}>"),
            _ if self.text.len() > MAX_SHOWN_CHARS => {
                let shown: String = text.chars().take(MAX_SHOWN_CHARS).collect();
                write!(f, "{}...", Quoted(shown.as_bytes()))
            }
            _ => write!(f, "{}", Quoted(self.text)),
        }
    }
}
