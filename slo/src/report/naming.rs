//! What people call what spent a budget: `Orders are accepted, 10 Oct 13:00, 50 min`.
//!
//! An incident has no name of its own: it is called after what it hurt most and its time. A deployment is called after what was deployed,
//! and a service that a product leans on after itself. What is many small things has no name.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Language;
use super::cost::CostKind;
use super::language::said_time;
use crate::budget::Moment;
use crate::ledger::{Account, Entry, EntryKind};

/// In which language, by whose clocks, and in which year nobody has to say the year.
#[derive(Clone, Debug)]
pub struct Naming {
    language: Language,
    zone: TimeZone,
    year: i16,
}

impl Naming {
    /// Names for what ends with an instant, in milliseconds since the Unix epoch.
    pub fn new(language: Language, zone: &TimeZone, until_ms: i64) -> Naming {
        let until = Timestamp::from_millisecond(until_ms).unwrap_or_default().to_zoned(zone.clone());
        Naming { language, zone: zone.clone(), year: until.year() }
    }

    /// In which language they are.
    pub fn language(&self) -> Language {
        self.language
    }

    /// What an entry of an account is called; `None` for background.
    pub fn entry(&self, account: &Account, entry: &Entry) -> Option<String> {
        match &entry.kind {
            EntryKind::Deployment(deployment) => {
                Some(self.deployment(&deployment.service, &deployment.version, entry.from_ms))
            }
            EntryKind::Incident => Some(self.incident(account.name(), entry.from_ms, entry.to_ms)),
            EntryKind::Background => None,
        }
    }

    /// What a cost is called that one objective felt most.
    pub(super) fn cost(&self, kind: &CostKind, felt: &str, start: Moment, end: Moment) -> Option<String> {
        match kind {
            CostKind::Deployment { service, version, .. } => Some(self.deployment(service, version, start.0)),
            CostKind::Incident => Some(self.incident(felt, start.0, end.0)),
            CostKind::Upstream { service } => Some(service.clone()),
            CostKind::Others { .. } | CostKind::Background => None,
        }
    }

    fn deployment(&self, service: &str, version: &str, from_ms: i64) -> String {
        let what = format!("{service} {version}");
        [what.trim(), &self.time(from_ms)].join(self.language.say(", ", "，"))
    }

    fn incident(&self, hurt: &str, from_ms: i64, to_ms: i64) -> String {
        let length = self.language.duration(to_ms - from_ms);
        [hurt, &self.time(from_ms), &length].join(self.language.say(", ", "，"))
    }

    fn time(&self, at_ms: i64) -> String {
        said_time(at_ms, &self.zone, self.year, self.language)
    }
}

impl Account {
    /// The objective's name for people, or its id where it has none.
    pub(super) fn name(&self) -> &str {
        if self.title.is_empty() { &self.objective } else { &self.title }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-12T13:05:00Z
    const AT_MS: i64 = 1_794_488_700_000;
    const MINUTE_MS: i64 = 60_000;

    #[test]
    fn names_are_said_in_both_languages() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let deployment = CostKind::Deployment {
            id: "1".to_owned(),
            service: "checkout-api".to_owned(),
            version: "v2".to_owned(),
            actor: None,
            url: None,
            state: "failed",
        };
        let upstream = CostKind::Upstream { service: "bank".to_owned() };
        let check = |kind: &CostKind, language, until_ms: i64, want: Option<&str>| {
            let naming = Naming::new(language, &berlin, until_ms);
            let (start, end) = (Moment(AT_MS), Moment(AT_MS + 37 * MINUTE_MS));
            assert_eq!(naming.cost(kind, "checkout-availability", start, end).as_deref(), want);
        };
        let (soon_ms, later_ms) = (AT_MS + 86_400_000, AT_MS + 60 * 86_400_000);
        let incident = CostKind::Incident;
        check(&incident, Language::English, soon_ms, Some("checkout-availability, 12 Nov 14:05, 37 min"));
        check(&incident, Language::Chinese, soon_ms, Some("checkout-availability，11 月 12 日 14:05，37 分钟"));
        // Of last year.
        check(&incident, Language::English, later_ms, Some("checkout-availability, 12 Nov 2026 14:05, 37 min"));
        check(
            &incident,
            Language::Chinese,
            later_ms,
            Some("checkout-availability，2026 年 11 月 12 日 14:05，37 分钟"),
        );
        check(&deployment, Language::English, soon_ms, Some("checkout-api v2, 12 Nov 14:05"));
        check(&deployment, Language::Chinese, soon_ms, Some("checkout-api v2，11 月 12 日 14:05"));
        check(&upstream, Language::English, soon_ms, Some("bank"));
        check(&CostKind::Background, Language::English, soon_ms, None);
    }
}
