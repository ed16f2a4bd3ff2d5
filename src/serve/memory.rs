//! How much memory there is, for limits that follow from it.

use std::path::Path;

/// The part of memory that series may take where nothing is said, as its denominator.
const SERIES_SHARE: u64 = 4;
/// What a series costs in memory, with its labels, its part of the index and its samples of the last hours.
const SERIES_BYTES: u64 = 1 << 10;
/// There are never fewer by default, and never more.
const DEFAULT_SERIES: std::ops::RangeInclusive<u64> = 50_000..=2_000_000;

/// The limit on series where none is set: a quarter of the memory, and at most two million.
pub(super) fn default_head_series() -> u64 {
    series_in(memory_bytes())
}

fn series_in(memory_bytes: Option<u64>) -> u64 {
    let n_series = memory_bytes.map_or(*DEFAULT_SERIES.end(), |bytes| bytes / SERIES_SHARE / SERIES_BYTES);
    n_series.clamp(*DEFAULT_SERIES.start(), *DEFAULT_SERIES.end())
}

/// The memory of the machine, or of the control group that the process is in, where that is less. `None` where nobody
/// says.
fn memory_bytes() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).ok();
    let machine = read("/proc/meminfo").and_then(|text| of_machine(&text));
    let own = read("/proc/self/cgroup").unwrap_or_default();
    let group = limits_of_groups(&own).iter().filter_map(|path| read(path)?.trim().parse().ok()).min();
    machine.into_iter().chain(group).min()
}

/// Where the limits of the process's control groups stand, given the text of `/proc/self/cgroup`: as the whole machine sees
/// them, and as a container does, which sees its own group at the top.
fn limits_of_groups(own: &str) -> Vec<String> {
    let mut paths = vec!["/memory.max".to_owned(), "/memory/memory.limit_in_bytes".to_owned()];
    for line in own.lines() {
        match *line.splitn(3, ':').collect::<Vec<_>>() {
            [_, "memory", group] => paths.push(format!("/memory{group}/memory.limit_in_bytes")),
            [_, "", group] => paths.push(format!("{group}/memory.max")),
            _ => {}
        }
    }
    paths.into_iter().map(|path| format!("/sys/fs/cgroup{path}")).collect()
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn of_machine(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_follow_from_memory() {
        let check = |memory_bytes, want| assert_eq!(series_in(memory_bytes), want, "{memory_bytes:?}");
        check(None, 2_000_000);
        check(Some(64 << 30), 2_000_000);
        check(Some(1 << 30), 262_144);
        check(Some(16 << 20), 50_000);
        check(Some(u64::MAX), 2_000_000);
    }

    #[test]
    fn where_the_limits_of_groups_stand() {
        let paths = limits_of_groups("5:cpu:/x\n4:memory:/a/b\n0::/system.slice/narthex.service\n");
        let own = ["/memory/a/b/memory.limit_in_bytes", "/system.slice/narthex.service/memory.max"];
        assert_eq!(paths[2..], own.map(|path| format!("/sys/fs/cgroup{path}")));
    }

    #[test]
    fn what_the_machine_says() {
        assert_eq!(of_machine("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16 << 20));
        assert_eq!(of_machine("MemFree: 1 kB\n"), None);
        assert_eq!(of_machine("MemTotal: many kB\n"), None);
    }
}
