//! Reports that are sent by mail.

use slo::schedule::Outbox;

use super::{Exposition, Kind};

pub(super) fn write(out: &mut Exposition, outbox: &Outbox) {
    let counts = outbox.counts();
    let sent = "Reports that a mail server has taken.";
    out.single("narthex_reports_sent", Kind::Counter, sent, counts.n_sent as f64);
    let failed = "Reports that are not sent any more: refused, or the next one was due.";
    out.single("narthex_reports_failed", Kind::Counter, failed, counts.n_failed as f64);
    let waiting = "Reports that are written and not sent yet.";
    out.single("narthex_reports_waiting", Kind::Gauge, waiting, counts.n_waiting as f64);
}
