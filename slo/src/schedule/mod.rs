//! Reports that are sent by mail again and again: what is due, what is written, and what has arrived.
//!
//! A schedule's report falls due at the times that [`ReportSchedule`](crate::spec::ReportSchedule) says. [`written`] makes the
//! mail of it, and [`Outbox`] keeps the mail, byte by byte, before the first of them is sent: after a kill it is sent again as it
//! was, under the same `Message-ID`, unless it was noted that a server has it. What fell due while narthex did not run is sent at
//! the next start; of several only the newest. Absent: sending, which takes a network.

mod outbox;
mod record;
mod status;
mod writing;

#[cfg(test)]
mod tests;

pub use crate::records::OpenError;
pub use outbox::{Counts as OutboxCounts, DueReport, Outbox, OutboxOptions, Outgoing};
pub use status::{NextReport, ScheduleStatus, WaitingStatus};
pub use writing::{MAX_ATTACHED_BYTES, WriteError, written};
