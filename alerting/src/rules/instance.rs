//! Instances of an alert, and how they go from pending to firing to resolved: Prometheus's state machine, exactly.
//!
//! What is added is that after a start nothing changes on samples from before it ([`Freshness`](super::Freshness)): until
//! there are new ones an instance stays what it is.

use model::Labels;

/// For how long what has ended is told again, in milliseconds.
pub const RESOLVED_RETENTION_MS: i64 = 15 * 60_000;

/// What an instance of an alert is; the later, the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertState {
    /// It fired and has ended.
    Inactive,
    /// Its expression has something to say, not long enough yet.
    Pending,
    /// It fires.
    Firing,
}

impl AlertState {
    /// The text in the API and in the label `alertstate`.
    pub fn as_str(self) -> &'static str {
        match self {
            AlertState::Inactive => "inactive",
            AlertState::Pending => "pending",
            AlertState::Firing => "firing",
        }
    }
}

/// One instance: an alert with one set of labels. Times are in milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Its labels, `alertname` among them.
    pub labels: Labels,
    /// What is said of it, as of when its expression last had something to say.
    pub annotations: Labels,
    /// The value of its expression then.
    pub value: f64,
    /// What it is.
    pub state: AlertState,
    /// Since when its expression has something to say.
    pub active_at_ms: i64,
    /// Since when it fires or fired.
    pub fired_at_ms: Option<i64>,
    /// Since when it fires only because of `keep_firing_for`.
    pub keep_firing_since_ms: Option<i64>,
    /// When it ended.
    pub resolved_at_ms: Option<i64>,
    /// When it was last told to those who listen, in this run.
    pub last_sent_ms: Option<i64>,
    /// Until when those who hear no more of it take it for firing.
    pub valid_until_ms: i64,
}

/// What an evaluation goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// The time of the evaluation.
    pub(crate) slot_ms: i64,
    /// `for`
    pub(crate) hold_ms: i64,
    /// `keep_firing_for`
    pub(crate) keep_firing_ms: i64,
}

/// What an instance comes to at an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is pending or fires.
    Active,
    /// It has ended.
    Ended,
    /// It is to be forgotten.
    Gone,
}

impl Instance {
    /// An instance that its expression has brought up.
    pub(crate) fn new(labels: Labels, annotations: Labels, value: f64, slot_ms: i64) -> Instance {
        Instance {
            labels,
            annotations,
            value,
            state: AlertState::Pending,
            active_at_ms: slot_ms,
            fired_at_ms: None,
            keep_firing_since_ms: None,
            resolved_at_ms: None,
            last_sent_ms: None,
            valid_until_ms: 0,
        }
    }

    /// Takes the instance to the time of an evaluation, at which it was found or not.
    pub(crate) fn step(&mut self, is_found: bool, is_fresh: bool, timing: Timing) -> Step {
        if !is_found && (is_fresh || self.state == AlertState::Inactive) {
            match self.absent(timing) {
                Step::Active => {}
                other => return other,
            }
        } else if is_found && is_fresh {
            self.keep_firing_since_ms = None;
        }
        self.ripen(is_fresh, timing);
        Step::Active
    }

    /// Its expression has nothing to say.
    fn absent(&mut self, Timing { slot_ms, keep_firing_ms, .. }: Timing) -> Step {
        match self.state {
            AlertState::Pending => Step::Gone,
            AlertState::Firing if keep_firing_ms > 0 => {
                let since_ms = *self.keep_firing_since_ms.get_or_insert(slot_ms);
                if slot_ms - since_ms < keep_firing_ms { Step::Active } else { self.resolve(slot_ms) }
            }
            AlertState::Firing => self.resolve(slot_ms),
            AlertState::Inactive => {
                let is_old = |resolved_at_ms| slot_ms - resolved_at_ms > RESOLVED_RETENTION_MS;
                if self.resolved_at_ms.is_some_and(is_old) { Step::Gone } else { Step::Ended }
            }
        }
    }

    /// It has ended.
    pub(super) fn resolve(&mut self, at_ms: i64) -> Step {
        self.state = AlertState::Inactive;
        self.resolved_at_ms = Some(at_ms);
        Step::Ended
    }

    /// Pending becomes firing in time; where `for` has become longer, firing becomes pending again.
    fn ripen(&mut self, is_fresh: bool, Timing { slot_ms, hold_ms, .. }: Timing) {
        let is_ripe = slot_ms - self.active_at_ms >= hold_ms;
        match self.state {
            AlertState::Pending if is_ripe && is_fresh => {
                self.state = AlertState::Firing;
                self.fired_at_ms = Some(slot_ms);
            }
            AlertState::Firing if !is_ripe => {
                self.state = AlertState::Pending;
                self.fired_at_ms = None;
                self.last_sent_ms = None;
                self.keep_firing_since_ms = None;
            }
            _ => {}
        }
    }

    /// Whether those who listen are to hear of it at a time.
    pub(super) fn needs_sending(&self, at_ms: i64, resend_delay_ms: i64) -> bool {
        let is_news = self.resolved_at_ms > self.last_sent_ms;
        self.state != AlertState::Pending
            && (is_news || self.last_sent_ms.is_none_or(|sent_ms| sent_ms + resend_delay_ms < at_ms))
    }

    /// Moves its times, where the clock has been set back.
    pub(super) fn shift(&mut self, by_ms: i64) {
        self.active_at_ms += by_ms;
        self.valid_until_ms += by_ms;
        for time in [&mut self.keep_firing_since_ms, &mut self.resolved_at_ms, &mut self.last_sent_ms] {
            *time = time.map(|at_ms| at_ms + by_ms);
        }
    }

    /// Whether another one is the same but for what is refreshed at each evaluation and need not be remembered.
    pub(super) fn is_as(&self, other: &Instance) -> bool {
        let times = |one: &Instance| {
            (one.state, one.active_at_ms, one.fired_at_ms, one.keep_firing_since_ms, one.resolved_at_ms)
        };
        times(self) == times(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Timing = Timing { slot_ms: 0, hold_ms: 60, keep_firing_ms: 0 };
    const KEEP: Timing = Timing { keep_firing_ms: 60, ..HOLD };

    /// Goes through evaluations 30 apart: `x` found, `.` not found, capitals and `-` on samples from before the start.
    fn states(timing: Timing, evaluations: &str) -> String {
        let mut instance: Option<Instance> = None;
        let mut states = String::new();
        for (number, evaluation) in evaluations.chars().enumerate() {
            let slot_ms = number as i64 * 30;
            let (is_found, is_fresh) = (matches!(evaluation, 'x' | 'X'), matches!(evaluation, 'x' | '.'));
            if is_found && instance.as_ref().is_none_or(|instance| instance.state == AlertState::Inactive) {
                instance = Some(Instance::new(Labels::empty(), Labels::empty(), 1.0, slot_ms));
            }
            let step =
                instance.as_mut().map(|instance| instance.step(is_found, is_fresh, Timing { slot_ms, ..timing }));
            if step == Some(Step::Gone) {
                instance = None;
            }
            states.push(match instance.as_ref().map(|instance| instance.state) {
                None => ' ',
                Some(AlertState::Inactive) => 'i',
                Some(AlertState::Pending) => 'p',
                Some(AlertState::Firing) => 'f',
            });
        }
        states
    }

    #[test]
    fn states_follow_evaluations() {
        let check = |timing, evaluations, want| assert_eq!(states(timing, evaluations), want, "{evaluations}");
        check(HOLD, "xxxx", "ppff");
        check(HOLD, "xx.x", "pp p");
        check(HOLD, "xxx..xxx", "ppfiippf");
        check(Timing { hold_ms: 0, ..HOLD }, "x.x", "fif");
        check(KEEP, "xxx...", "ppfffi");
        check(KEEP, "xxx..x...", "ppffffffi");
    }

    #[test]
    fn nothing_changes_on_samples_from_before_the_start() {
        let check = |timing, evaluations, want| assert_eq!(states(timing, evaluations), want, "{evaluations}");
        check(HOLD, "xXXXx", "ppppf");
        check(HOLD, "xXXX.", "pppp ");
        check(HOLD, "xxx--.", "ppfffi");
        check(HOLD, "x--x", "pppf");
        check(Timing { hold_ms: 0, ..HOLD }, "XX.", "pp ");
        check(KEEP, "xxx.X-.", "ppffffi");
    }

    #[test]
    fn what_has_ended_is_forgotten_after_fifteen_minutes() {
        let mut instance = Instance::new(Labels::empty(), Labels::empty(), 1.0, 0);
        instance.resolve(1000);
        let at = |slot_ms| Timing { slot_ms, hold_ms: 0, keep_firing_ms: 0 };
        assert_eq!(instance.step(false, true, at(1000 + RESOLVED_RETENTION_MS)), Step::Ended);
        assert_eq!(instance.step(false, true, at(1001 + RESOLVED_RETENTION_MS)), Step::Gone);
    }

    #[test]
    fn what_is_told_again() {
        let mut instance = Instance::new(Labels::empty(), Labels::empty(), 1.0, 0);
        assert!(!instance.needs_sending(0, 60));
        instance.state = AlertState::Firing;
        assert!(instance.needs_sending(0, 60));
        instance.last_sent_ms = Some(0);
        assert!(!instance.needs_sending(60, 60));
        assert!(instance.needs_sending(61, 60));
        instance.resolve(30);
        assert!(instance.needs_sending(30, 60));
        instance.last_sent_ms = Some(30);
        assert!(!instance.needs_sending(90, 60));
    }
}
