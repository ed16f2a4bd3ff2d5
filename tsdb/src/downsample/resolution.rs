//! How long spans are, and from which age on there are such.

/// The length of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// Five minutes.
    FiveMinutes,
    /// One hour.
    OneHour,
}

impl Resolution {
    /// All of them, the shortest first.
    pub const ALL: [Resolution; 2] = [Resolution::FiveMinutes, Resolution::OneHour];

    /// The length in milliseconds.
    pub fn as_millis(self) -> i64 {
        match self {
            Resolution::FiveMinutes => 300_000,
            Resolution::OneHour => 3_600_000,
        }
    }

    /// The length as PromQL writes it; files end in it, and the configuration names it so.
    pub fn name(self) -> &'static str {
        match self {
            Resolution::FiveMinutes => "5m",
            Resolution::OneHour => "1h",
        }
    }

    /// The number of the span that a time lies in: the span ends at so many times the length.
    pub(crate) fn span_of(self, timestamp_ms: i64) -> i64 {
        let is_inside = timestamp_ms.rem_euclid(self.as_millis()) != 0;
        timestamp_ms.div_euclid(self.as_millis()) + i64::from(is_inside)
    }

    /// The last time of a span.
    pub(crate) fn end_ms(self, span: i64) -> i64 {
        span.saturating_mul(self.as_millis())
    }
}

/// From which age on blocks are downsampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Downsampling {
    /// A block is summed up over five minutes when its newest sample is so old, in milliseconds; `None` for never.
    pub five_minutes_after_ms: Option<i64>,
    /// The same for one hour.
    pub one_hour_after_ms: Option<i64>,
}

impl Downsampling {
    /// The age for a resolution.
    pub fn after_ms(&self, resolution: Resolution) -> Option<i64> {
        match resolution {
            Resolution::FiveMinutes => self.five_minutes_after_ms,
            Resolution::OneHour => self.one_hour_after_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_open_on_the_left() {
        let span = |ms| Resolution::FiveMinutes.span_of(ms);
        assert_eq!([-300_001, -300_000, -1, 0, 1, 300_000, 300_001].map(span), [-1, -1, 0, 0, 1, 1, 2]);
        assert_eq!(Resolution::OneHour.end_ms(2), 7_200_000);
        for ms in [i64::MIN, i64::MAX] {
            let span = Resolution::OneHour.span_of(ms);
            assert!(Resolution::OneHour.end_ms(span) >= ms);
        }
    }
}
