//! What is due, what waits to be sent, and what became of it.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use alerting::receivers::SealedMail;
use journal::{Disk, JournalError};
use model::Clock;
use net::percent::{Place, encode};
use parking_lot::Mutex;

use super::record::{Kept, Record, Written};
use super::{ScheduleStatus, WaitingStatus};
use crate::budget::Moment;
use crate::records::{OpenError, RecordJournal};
use crate::report::Language;
use crate::spec::{Catalog, Due, ReportSchedule};

/// The first wait before a mail is tried again, in milliseconds; each further one is twice as long.
const FIRST_WAIT_MS: i64 = 30_000;
/// The longest wait.
const LONGEST_WAIT_MS: i64 = 3_600_000;

/// What an outbox is opened over.
#[derive(Debug)]
pub struct OutboxOptions {
    /// Where mails are kept.
    pub disk: Arc<dyn Disk>,
    /// The directory for them.
    pub dir: PathBuf,
    /// Tells the files of this run from those of others.
    pub salt: u32,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Reports on their way.
#[derive(Debug)]
pub struct Outbox {
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    journal: RecordJournal<Record>,
    kept: Kept,
    /// By the id of a mail; none for what has not been tried in this run.
    tried: HashMap<String, Tried>,
    counts: Counts,
    /// Why no report can be sent at all.
    obstacle: Option<String>,
    /// Why a schedule's report that is due cannot be written.
    unwritten: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default)]
struct Tried {
    n_times: u32,
    again_ms: i64,
    error: String,
}

/// What became of reports in this run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Servers have them.
    pub n_sent: u64,
    /// Nothing more is done about them: the server refuses them, or the next one was due.
    pub n_failed: u64,
    /// They are on their way.
    pub n_waiting: usize,
}

/// A report that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct DueReport {
    /// Whose.
    pub schedule: ReportSchedule,
    /// When, and about what.
    pub due: Due,
    /// Those before it that nobody sends any more, by their periods.
    pub missed: Vec<String>,
}

/// A mail that is to be sent now.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// What its `Message-ID` begins with.
    pub id: String,
    /// The schedule that it is of.
    pub schedule: String,
    /// What it is about.
    pub period: String,
    /// The mail.
    pub mail: SealedMail,
}

impl DueReport {
    /// What the `Message-ID` of its mail begins with: the same for the same schedule and period.
    pub fn id(&self) -> String {
        format!("report-{}-{}", encode(&self.schedule.name, Place::Query), self.due.period)
    }
}

impl Outbox {
    /// Goes on where an earlier run with the same directory ended. Answers also how many records of it could not be read.
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub fn open(options: OutboxOptions) -> Result<(Outbox, usize), OpenError> {
        let OutboxOptions { disk, dir, salt, clock } = options;
        let (journal, back) = RecordJournal::open("reports", &disk, Arc::clone(&clock), &dir, salt)?;
        let mut kept = Kept::default();
        back.records.into_iter().for_each(|record| kept.take(record));
        let inner = Inner {
            journal,
            kept,
            tried: HashMap::new(),
            counts: Counts::default(),
            obstacle: None,
            unwritten: BTreeMap::new(),
        };
        Ok((Outbox { clock, inner: Mutex::new(inner) }, back.n_damaged))
    }

    /// Takes schedules over. Of one that is new, or has other times than before, nothing is due that lies in the past. One that is
    /// gone is forgotten with what waits of it, unless it may be among what could not be read.
    ///
    /// # Errors
    /// When the disk does not take that.
    pub fn apply(&self, catalog: &Catalog) -> Result<(), JournalError> {
        let now_ms = self.clock.now_ms();
        let mut inner = self.inner.lock();
        for schedule in catalog.report_schedules.values() {
            let times = times(schedule);
            let is_known = inner.kept.dealt.get(&schedule.name).is_some_and(|(known, _)| *known == times);
            if !is_known {
                inner.note(Record::Dealt { schedule: schedule.name.clone(), times, until_ms: now_ms })?;
            }
        }
        let is_gone = |name: &&String| catalog.errors.is_empty() && !catalog.report_schedules.contains_key(*name);
        let gone: Vec<String> = inner.kept.dealt.keys().filter(is_gone).cloned().collect();
        for schedule in gone {
            inner.note(Record::Gone { schedule })?;
        }
        Ok(())
    }

    /// What is due and not written yet.
    pub fn due(&self, catalog: &Catalog) -> Vec<DueReport> {
        let now_ms = self.clock.now_ms();
        let inner = self.inner.lock();
        let of = |schedule: &ReportSchedule| {
            let (_, dealt_ms) = inner.kept.dealt.get(&schedule.name)?;
            let due = schedule.last(now_ms).filter(|due| due.at_ms > *dealt_ms)?;
            let all = std::iter::successors(schedule.next(*dealt_ms), |due| schedule.next(due.at_ms));
            let missed = all.take_while(|missed| missed.at_ms < due.at_ms).map(|missed| missed.period).collect();
            Some(DueReport { schedule: schedule.clone(), due, missed })
        };
        catalog.report_schedules.values().filter_map(of).collect()
    }

    /// Keeps the mail of a report that is due. When this returns it survives a power cut.
    ///
    /// # Errors
    /// When the disk does not take it; the report is due still, or on its way where it may not survive a power cut.
    pub fn put(&self, report: &DueReport, mail: SealedMail) -> Result<(), JournalError> {
        let DueReport { schedule, due, missed } = report;
        let next = schedule.next(due.at_ms);
        let written = Written {
            id: report.id(),
            schedule: schedule.name.clone(),
            times: times(schedule),
            period: due.period.clone(),
            due_ms: due.at_ms,
            expires_ms: next.map_or(i64::MAX, |next| next.at_ms),
            mail,
        };
        let mut inner = self.inner.lock();
        inner.note(Record::Written(Box::new(written)))?;
        inner.unwritten.remove(&schedule.name);
        inner.counts.n_failed += missed.len() as u64;
        inner.journal.sync()
    }

    /// Gives up mails after which the next one is due. Answers which those are.
    ///
    /// # Errors
    /// When the disk does not take that: after the next start they are given up again.
    pub fn expire(&self) -> Result<Vec<Outgoing>, JournalError> {
        let now_ms = self.clock.now_ms();
        let mut inner = self.inner.lock();
        let old = inner.kept.waiting.values().filter(|written| written.expires_ms <= now_ms);
        let old: Vec<Outgoing> = old.map(Outgoing::of).collect();
        for one in &old {
            inner.counts.n_failed += 1;
            inner.end(&one.id)?;
        }
        Ok(old)
    }

    /// What is to be sent now, the oldest first.
    pub fn outgoing(&self) -> Vec<Outgoing> {
        let now_ms = self.clock.now_ms();
        let inner = self.inner.lock();
        let is_time = |written: &&Written| inner.tried.get(&written.id).is_none_or(|tried| tried.again_ms <= now_ms);
        let mut now: Vec<&Written> = inner.kept.waiting.values().filter(is_time).collect();
        now.sort_by_key(|written| written.due_ms);
        now.into_iter().map(Outgoing::of).collect()
    }

    /// A server has a mail.
    ///
    /// # Errors
    /// When the disk does not take that: after the next start it is sent again, under the same `Message-ID`.
    pub fn sent(&self, id: &str) -> Result<(), JournalError> {
        let mut inner = self.inner.lock();
        inner.counts.n_sent += 1;
        inner.end(id)
    }

    /// A report that is due cannot be written. Answers whether that is news.
    pub fn not_written(&self, schedule: &str, why: &str) -> bool {
        let mut inner = self.inner.lock();
        inner.unwritten.insert(schedule.to_owned(), why.to_owned()).is_none_or(|known| known != why)
    }

    /// Why no report can be sent as things are configured; `None` where nothing is in the way.
    pub fn hindered(&self, why: Option<&str>) {
        self.inner.lock().obstacle = why.map(str::to_owned);
    }

    /// How each schedule stands, by name. `language` is that of those that name none.
    pub fn schedules(&self, catalog: &Catalog, language: Language) -> Vec<ScheduleStatus> {
        let now_ms = self.clock.now_ms();
        let inner = self.inner.lock();
        let status = |schedule: &ReportSchedule| {
            let name = &schedule.name;
            let mut waiting: Vec<&Written> =
                inner.kept.waiting.values().filter(|mail| mail.schedule == *name).collect();
            waiting.sort_by_key(|written| written.due_ms);
            let waiting = waiting.into_iter().map(|written| inner.waiting(written)).collect();
            let error = inner.unwritten.get(name).or(inner.obstacle.as_ref()).cloned();
            ScheduleStatus::of(schedule, language, now_ms, error, waiting)
        };
        catalog.report_schedules.values().map(status).collect()
    }

    /// A mail was not sent, and why. Answers when it is tried again; `None` where it is given up, because the server does not want it or
    /// because the next one is due by then.
    ///
    /// # Errors
    /// When it is given up and the disk does not take that: after the next start it is tried again.
    pub fn not_sent(&self, id: &str, why: &str, may_try_again: bool) -> Result<Option<i64>, JournalError> {
        let now_ms = self.clock.now_ms();
        let mut inner = self.inner.lock();
        let expires_ms = inner.kept.waiting.get(id).map_or(0, |written| written.expires_ms);
        let tried = inner.tried.entry(id.to_owned()).or_default();
        let wait_ms = FIRST_WAIT_MS.checked_shl(tried.n_times).unwrap_or(LONGEST_WAIT_MS).min(LONGEST_WAIT_MS);
        let n_times = (tried.n_times + 1).min(16);
        *tried = Tried { n_times, again_ms: now_ms + wait_ms, error: why.to_owned() };
        let again_ms = tried.again_ms;
        if may_try_again && again_ms < expires_ms {
            return Ok(Some(again_ms));
        }
        inner.counts.n_failed += 1;
        inner.end(id).map(|()| None)
    }

    /// When something is to be done next.
    pub fn next_ms(&self, catalog: &Catalog) -> Option<i64> {
        let inner = self.inner.lock();
        let dealt = |schedule: &ReportSchedule| inner.kept.dealt.get(&schedule.name).map(|(_, ms)| *ms);
        let due = catalog.report_schedules.values().filter_map(|schedule| schedule.next(dealt(schedule)?));
        let again = inner.kept.waiting.keys();
        let again = again.map(|id| inner.tried.get(id).map_or(i64::MIN, |tried| tried.again_ms));
        due.map(|due| due.at_ms).chain(again).min()
    }

    /// What became of reports in this run.
    pub fn counts(&self) -> Counts {
        let inner = self.inner.lock();
        Counts { n_waiting: inner.kept.waiting.len(), ..inner.counts }
    }
}

impl Outgoing {
    fn of(written: &Written) -> Outgoing {
        Outgoing {
            id: written.id.clone(),
            schedule: written.schedule.clone(),
            period: written.period.clone(),
            mail: written.mail.clone(),
        }
    }
}

impl Inner {
    fn waiting(&self, written: &Written) -> WaitingStatus {
        let tried = self.tried.get(&written.id);
        WaitingStatus {
            period: written.period.clone(),
            due: Moment(written.due_ms),
            error: tried.map(|tried| tried.error.clone()),
            again: tried.map(|tried| Moment(tried.again_ms)),
        }
    }

    /// Writes a record, which survives the death of the process then.
    fn note(&mut self, record: Record) -> Result<(), JournalError> {
        self.journal.append(std::slice::from_ref(&record))?;
        self.kept.take(record);
        if self.journal.is_long() { self.journal.rewrite(&self.kept.records()) } else { Ok(()) }
    }

    fn end(&mut self, id: &str) -> Result<(), JournalError> {
        self.tried.remove(id);
        // Also where the disk does not take it: in this run it is over.
        let noted = self.note(Record::Ended { id: id.to_owned() });
        self.kept.waiting.remove(id);
        noted
    }
}

/// The times of a schedule, in words that change with them.
fn times(schedule: &ReportSchedule) -> String {
    let zone = schedule.zone.iana_name().unwrap_or("UTC");
    format!("{} {} {zone}", schedule.every.as_str(), schedule.at)
}
