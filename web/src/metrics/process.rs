//! The process in numbers, by the names that all clients of Prometheus use. From `/proc`; elsewhere there are none.

use super::{Exposition, Kind};

/// Clock ticks in a second: `USER_HZ`, which is 100 on every Linux that narthex runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Bytes of a page, as `/proc/self/stat` counts.
const PAGE_BYTES: f64 = 4096.0;

pub(crate) fn write(out: &mut Exposition, start_ms: i64) {
    let start = "Start time of the process since unix epoch in seconds.";
    out.single("process_start_time_seconds", Kind::Gauge, start, start_ms as f64 / 1000.0);
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    if let Some(stat) = Stat::parse(&stat) {
        let cpu = "Total user and system CPU time spent in seconds.";
        out.single("process_cpu_seconds", Kind::Counter, cpu, stat.cpu_seconds);
        let virtual_memory = "Virtual memory size in bytes.";
        out.single("process_virtual_memory_bytes", Kind::Gauge, virtual_memory, stat.virtual_bytes);
        out.single("process_resident_memory_bytes", Kind::Gauge, "Resident memory size in bytes.", stat.resident_bytes);
        out.single("process_threads", Kind::Gauge, "Number of threads of the process.", stat.n_threads);
    }
    if let Ok(descriptors) = std::fs::read_dir("/proc/self/fd") {
        // The directory that is being read is one of them.
        let n_open = descriptors.count().saturating_sub(1);
        out.single("process_open_fds", Kind::Gauge, "Number of open file descriptors.", n_open as f64);
    }
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    if let Some(max) = max_descriptors(&limits) {
        out.single("process_max_fds", Kind::Gauge, "Maximum number of open file descriptors.", max);
    }
}

struct Stat {
    cpu_seconds: f64,
    virtual_bytes: f64,
    resident_bytes: f64,
    n_threads: f64,
}

impl Stat {
    /// proc(5): fields are counted from 1, and the second, the command, may hold anything between its parentheses.
    fn parse(text: &str) -> Option<Stat> {
        let fields: Vec<f64> =
            text.rsplit_once(')')?.1.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0.0)).collect();
        let field = |number: usize| fields.get(number - 4).copied();
        Some(Stat {
            cpu_seconds: (field(14)? + field(15)?) / TICKS_PER_SECOND,
            n_threads: field(20)?,
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * PAGE_BYTES,
        })
    }
}

fn max_descriptors(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_process() {
        let text = "7 (a ) b) S 1 7 7 0 -1 4194560 11 0 0 0 150 50 0 0 20 0 5 0 100 4096000 25 18446744073709551615";
        let stat = Stat::parse(text).unwrap();
        assert_eq!((stat.cpu_seconds, stat.n_threads), (2.0, 5.0));
        assert_eq!((stat.virtual_bytes, stat.resident_bytes), (4_096_000.0, 102_400.0));
        assert!(Stat::parse("").is_none() && Stat::parse("1 (x) S 1").is_none());
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024   4096  files\n";
        assert_eq!(max_descriptors(limits), Some(1024.0));
        assert_eq!(max_descriptors("Max open files  unlimited unlimited files"), None);
    }
}
