//! How many messages a receiver takes in a time.

use std::time::Duration;

/// A limit that a receiver's operator has set: so many in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    n_messages: u32,
    per: Duration,
}

const fn rate(n_messages: u32, seconds: u64) -> Option<Rate> {
    Some(Rate { n_messages, per: Duration::from_secs(seconds) })
}

impl Rate {
    /// What a kind of receiver takes, where its operator says so. Above it 钉钉 mutes a robot for ten minutes.
    pub(super) fn of(kind: &str) -> Option<Rate> {
        match kind {
            "wecom_robot" | "dingtalk" | "telegram" => rate(20, 60),
            "feishu" => rate(100, 60),
            "discord" => rate(30, 60),
            "slack" => rate(60, 60),
            _ => None,
        }
    }
}

/// Holds what may still be sent. What was not used before is kept, up to the whole rate.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    rate: Rate,
    n_left: f64,
    filled_at: Duration,
}

impl Bucket {
    pub(super) fn new(rate: Rate, now: Duration) -> Bucket {
        // Half of it at once, so that a full one and a minute's supply together stay below what the receiver counts.
        Bucket { rate, n_left: Bucket::capacity(rate), filled_at: now }
    }

    fn capacity(rate: Rate) -> f64 {
        (f64::from(rate.n_messages) / 2.0).max(1.0)
    }

    /// Messages in a second: as many as with a full bucket stay within the rate.
    fn per_second(&self) -> f64 {
        (f64::from(self.rate.n_messages) - Bucket::capacity(self.rate)).max(0.5) / self.rate.per.as_secs_f64()
    }

    fn fill(&mut self, now: Duration) {
        let new = now.saturating_sub(self.filled_at).as_secs_f64() * self.per_second();
        self.n_left = (self.n_left + new).min(Bucket::capacity(self.rate));
        self.filled_at = now;
    }

    /// When the next message may go.
    pub(super) fn ready_at(&mut self, now: Duration) -> Duration {
        self.fill(now);
        if self.n_left >= 1.0 - 1e-9 {
            return now;
        }
        now + Duration::from_secs_f64((1.0 - self.n_left) / self.per_second())
    }

    /// Counts a message.
    pub(super) fn take(&mut self, now: Duration) {
        self.fill(now);
        self.n_left -= 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_than_the_rate() {
        let rate = Rate { n_messages: 20, per: Duration::from_secs(60) };
        let mut now = Duration::from_secs(5);
        let mut bucket = Bucket::new(rate, now);
        let mut sent = Vec::new();
        while sent.len() < 100 {
            now = bucket.ready_at(now);
            bucket.take(now);
            sent.push(now);
        }
        for (number, &first) in sent.iter().enumerate() {
            let n_in_minute = sent[number..].iter().filter(|&&at| at < first + rate.per).count();
            assert!(n_in_minute <= 20, "{n_in_minute} from {first:?}");
        }
        assert!(sent[9] == Duration::from_secs(5), "ten go at once");
    }
}
