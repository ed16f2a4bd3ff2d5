//! What is known of a target: when it was scraped, how often it is, and since when its process runs.

use super::bytes::{In, Out};
use super::presence::Shift;

/// A scrape that is older says nothing of whether a series was there.
pub(super) const LOOKBACK_MS: i64 = 300_000;
/// A target of which nothing is heard for so long has left.
const LEFT_AFTER_MS: i64 = 3_600_000;
/// Before anything was seen.
pub(super) const NEVER: i64 = i64::MIN;

/// A scrape target, as its `up` tells.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The newest sample of `up`, whatever it says.
    pub(super) up_ms: i64,
    /// The last successful scrape, and the one before it.
    successes_ms: [i64; 2],
    /// The time between two scrapes; 0 while there was one.
    interval_ms: i64,
    /// A longer one, seen once.
    longer_ms: i64,
    /// When its process began, as far as it tells; 0 while it does not.
    pub(super) process_start_ms: i64,
    /// Whether it is known to be unmeasured at the moment.
    is_missed: bool,
    /// Whether it has left.
    has_left: bool,
    /// The objectives that count on it.
    pub(super) books: Vec<u32>,
}

impl Default for Target {
    fn default() -> Target {
        Target {
            up_ms: NEVER,
            successes_ms: [NEVER; 2],
            interval_ms: 0,
            longer_ms: 0,
            process_start_ms: 0,
            is_missed: false,
            has_left: true,
            books: Vec::new(),
        }
    }
}

/// What is known of a target's scrapes before some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// There was none.
    None,
    /// The last successful one.
    Success(i64),
    /// It is so long ago that it is no longer known.
    Forgotten,
}

/// What a sample of `up`, or its absence, means to the objectives that count on the target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) shifts: Vec<Shift>,
    /// Whether it is theirs no longer.
    pub(super) has_left: bool,
}

impl Target {
    /// The last successful scrape before a time.
    pub(super) fn success_before(&self, at_ms: i64) -> Before {
        match self.successes_ms.iter().find(|success_ms| **success_ms < at_ms) {
            Some(&NEVER) => Before::None,
            Some(success_ms) => Before::Success(*success_ms),
            None => Before::Forgotten,
        }
    }

    /// The newest successful scrape.
    pub(super) fn newest_ms(&self) -> Option<i64> {
        (self.successes_ms[0] != NEVER).then_some(self.successes_ms[0])
    }

    /// The time between two scrapes, or what it is taken for while there was one.
    pub(super) fn interval_ms(&self, otherwise_ms: i64) -> i64 {
        if self.interval_ms > 0 { self.interval_ms } else { otherwise_ms }
    }

    /// Whether it is seen at the moment, as one that begins to count on it has to know.
    pub(super) fn is_measured(&self) -> bool {
        !self.is_missed
    }

    /// Takes a sample of `up`.
    pub(super) fn up(&mut self, at_ms: i64, value: f64) -> Heard {
        if at_ms <= self.up_ms {
            return Heard::default();
        }
        // As if somebody had looked just before: what a gap is must not hang on when somebody does.
        let mut heard = self.overdue(at_ms);
        if model::sample::is_stale(value) {
            self.leave(at_ms, &mut heard);
            return heard;
        }
        if self.up_ms != NEVER && !self.has_left {
            self.note_interval(at_ms - self.up_ms);
        }
        self.up_ms = at_ms;
        if value == 1.0 {
            self.succeed(at_ms, &mut heard);
        } else {
            self.miss(at_ms, &mut heard);
        }
        self.has_left = false;
        heard
    }

    /// What it means that nothing was heard of it from its last `up` to a time.
    pub(super) fn unheard(&mut self, at_ms: i64) -> Heard {
        let mut heard = Heard::default();
        if !self.has_left && at_ms - self.up_ms > LEFT_AFTER_MS {
            self.miss(at_ms, &mut heard);
            self.leave(self.up_ms + LEFT_AFTER_MS, &mut heard);
        }
        heard
    }

    /// As [`Target::unheard`], for one that may only be late.
    pub(super) fn overdue(&mut self, at_ms: i64) -> Heard {
        let mut heard = self.unheard(at_ms);
        if !self.has_left && at_ms - self.up_ms > LOOKBACK_MS.max(2 * self.interval_ms) {
            self.miss(at_ms, &mut heard);
        }
        heard
    }

    fn leave(&mut self, at_ms: i64, heard: &mut Heard) {
        if !self.has_left {
            heard.shifts.push(Shift { at_ms, expected: -1, measured: -i64::from(!self.is_missed) });
            heard.has_left = true;
        }
        (self.has_left, self.is_missed, self.longer_ms) = (true, false, 0);
        self.up_ms = self.up_ms.max(at_ms);
    }

    fn succeed(&mut self, at_ms: i64, heard: &mut Heard) {
        let before_ms = self.successes_ms[0];
        if self.is_missed {
            heard.shifts.push(Shift { at_ms, expected: 0, measured: 1 });
            self.is_missed = false;
        } else if !self.has_left && before_ms != NEVER && self.is_longer(at_ms - before_ms) {
            heard.shifts.push(Shift { at_ms: before_ms + self.interval_ms, expected: 0, measured: -1 });
            heard.shifts.push(Shift { at_ms, expected: 0, measured: 1 });
        }
        self.successes_ms = [at_ms, before_ms];
    }

    /// Notes that it is unmeasured since an interval behind its last success.
    fn miss(&mut self, at_ms: i64, heard: &mut Heard) {
        let success_ms = self.successes_ms[0];
        if self.is_missed {
            return;
        }
        if self.has_left || success_ms == NEVER {
            // Whoever counts on it from now on finds it missed.
            self.is_missed = true;
            return;
        }
        let at_ms = at_ms.min(success_ms.saturating_add(self.interval_ms));
        heard.shifts.push(Shift { at_ms, expected: 0, measured: -1 });
        self.is_missed = true;
    }

    fn is_longer(&self, gap_ms: i64) -> bool {
        self.interval_ms > 0 && gap_ms > self.interval_ms + self.interval_ms / 2
    }

    /// A longer interval has to be seen twice, because a gap is one too.
    fn note_interval(&mut self, gap_ms: i64) {
        let is_seen_again = (gap_ms - self.longer_ms).abs() <= gap_ms / 10;
        if !self.is_longer(gap_ms) || is_seen_again {
            (self.interval_ms, self.longer_ms) = (gap_ms, 0);
        } else {
            self.longer_ms = gap_ms;
        }
    }

    pub(super) fn write(&self, out: &mut Out) {
        let [last_ms, before_ms] = self.successes_ms;
        for number in [self.up_ms, last_ms, before_ms, self.interval_ms, self.longer_ms, self.process_start_ms] {
            out.i64(number);
        }
        out.u64(u64::from(self.is_missed) | u64::from(self.has_left) << 1);
    }

    pub(super) fn read(input: &mut In<'_>) -> Option<Target> {
        let up_ms = input.i64()?;
        let successes_ms = [input.i64()?, input.i64()?];
        let (interval_ms, longer_ms, process_start_ms) = (input.i64()?, input.i64()?, input.i64()?);
        let flags = input.u64()?;
        let (is_missed, has_left) = (flags & 1 != 0, flags & 2 != 0);
        Some(Target {
            up_ms,
            successes_ms,
            interval_ms,
            longer_ms,
            process_start_ms,
            is_missed,
            has_left,
            books: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes samples of `up` at minutes (`x` for none, `0`, `1`, `s` for a stale marker) and gives the shifts of measured
    /// targets, at minutes.
    fn shifts(samples: &str) -> Vec<(i64, i64, i64)> {
        let mut target = Target::default();
        let mut shifts = Vec::new();
        for (minute, sample) in samples.chars().enumerate() {
            let value = match sample {
                '0' => 0.0,
                '1' => 1.0,
                's' => model::sample::stale_marker(),
                _ => continue,
            };
            shifts.extend(target.up(minute as i64 * 60_000, value).shifts);
        }
        shifts.into_iter().map(|shift| (shift.at_ms / 60_000, shift.expected, shift.measured)).collect()
    }

    #[test]
    fn gaps_begin_an_interval_behind_the_last_success() {
        let check = |samples: &str, want: &[(i64, i64, i64)]| assert_eq!(shifts(samples), want, "{samples}");
        check("11111", &[]);
        check("1110001", &[(3, 0, -1), (6, 0, 1)]);
        check("111xxx1", &[(3, 0, -1), (6, 0, 1)]);
        check("111x0x1", &[(3, 0, -1), (6, 0, 1)]);
        check("101", &[(1, 0, -1), (2, 0, 1)]);
        check("11s", &[(2, -1, -1)]);
        check("110s", &[(2, 0, -1), (3, -1, 0)]);
        check("11sxx11", &[(2, -1, -1)]);
        // The interval has become three minutes.
        check("111xx1xx1xx1", &[(3, 0, -1), (5, 0, 1)]);
        let left = format!("11{}11", "x".repeat(70));
        check(&left, &[(2, 0, -1), (61, -1, 0)]);
    }

    #[test]
    fn two_successes_are_remembered() {
        let mut target = Target::default();
        assert_eq!(target.success_before(0), Before::None);
        for (at_ms, value) in [(10, 1.0), (20, 0.0), (30, 1.0), (40, 1.0), (35, 1.0)] {
            target.up(at_ms, value);
        }
        assert_eq!(target.success_before(41), Before::Success(40));
        assert_eq!(target.success_before(40), Before::Success(30));
        assert_eq!(target.success_before(30), Before::Forgotten);
    }
}
