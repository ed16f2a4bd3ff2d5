//! Error budgets: how ticks go, and what counting takes.

use slo::budget::Budgets;

use super::{Exposition, Kind};

pub(super) fn write(out: &mut Exposition, budgets: &Budgets) {
    let standing = budgets.standing();
    let counting = standing.counting;
    for (name, help, value) in [
        ("narthex_slo_ticks", "How often all objectives were looked at.", standing.n_ticks),
        (
            "narthex_slo_failures",
            "Times that counting could not read, evaluate or write, and tried again.",
            counting.n_failures,
        ),
    ] {
        out.single(name, Kind::Counter, help, value as f64);
    }
    let took = "How long the last look at all objectives took, with the series that it wrote.";
    out.single("narthex_slo_last_tick_seconds", Kind::Gauge, took, standing.took.as_secs_f64());
    for (name, help, value) in [
        ("narthex_slo_objectives", "Objectives that are counted.", counting.n_objectives),
        ("narthex_slo_series", "Series that they are counted from.", counting.n_series),
        ("narthex_slo_targets", "Targets that counting knows.", counting.n_targets),
        ("narthex_slo_memory_bytes", "Memory that counts take, labels of series left out.", counting.n_bytes),
    ] {
        out.single(name, Kind::Gauge, help, value as f64);
    }
    let stored = "What counts take on disk.";
    out.single("narthex_slo_stored_bytes", Kind::Gauge, stored, counting.n_stored_bytes as f64);
}
