//! How fast the blocks grow, and where that leads.

const DAY_MS: f64 = 86_400_000.0;
/// Growth is that of the newest blocks, as far back as this.
const LOOK_BACK_MS: i64 = 7 * 86_400_000;

/// What is known of a block for a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedSpan {
    /// The time of its oldest sample, in milliseconds.
    pub min_ms: i64,
    /// The time of its newest sample, in milliseconds.
    pub max_ms: i64,
    /// Samples in it.
    pub n_samples: u64,
    /// Its length in bytes.
    pub n_bytes: u64,
}

/// How fast the blocks grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// Bytes for each day of samples.
    pub bytes_per_day: f64,
    /// Samples of a day.
    pub samples_per_day: f64,
    /// Bytes for each sample, all indexes included.
    pub bytes_per_sample: f64,
}

/// When samples are deleted, and what room there is for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// How long samples are kept, in milliseconds; `None` for ever.
    pub retention_ms: Option<i64>,
    /// How many bytes may lie there; `None` for no limit.
    pub retention_bytes: Option<u64>,
    /// Bytes that are free on the disk; `None` where that is not known.
    pub free_bytes: Option<u64>,
}

/// Where growth leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// What the blocks come to once the oldest are deleted as fast as new ones come; `None` where none ever is.
    pub n_bytes: Option<u64>,
    /// When the disk is full, in milliseconds, if that is before.
    pub full_at_ms: Option<i64>,
}

impl Growth {
    /// The growth of the last days; `None` while there is no block that spans any time. Parts of the time that several
    /// blocks cover count once.
    pub fn of(blocks: &[SealedSpan]) -> Option<Growth> {
        let newest_ms = blocks.iter().map(|block| block.max_ms).max()?;
        let mut recent: Vec<&SealedSpan> =
            blocks.iter().filter(|block| block.max_ms > newest_ms.saturating_sub(LOOK_BACK_MS)).collect();
        recent.sort_by_key(|block| block.min_ms);
        let (mut covered_ms, mut end_ms) = (0, i64::MIN);
        for block in &recent {
            covered_ms += (block.max_ms - block.min_ms.max(end_ms)).max(0);
            end_ms = end_ms.max(block.max_ms);
        }
        let n_bytes = recent.iter().map(|block| block.n_bytes).sum::<u64>() as f64;
        let n_samples = recent.iter().map(|block| block.n_samples).sum::<u64>() as f64;
        let days = covered_ms as f64 / DAY_MS;
        (days > 0.0 && n_samples > 0.0).then(|| Growth {
            bytes_per_day: n_bytes / days,
            samples_per_day: n_samples / days,
            bytes_per_sample: n_bytes / n_samples,
        })
    }

    /// Where it leads from `now_ms` on, with `n_bytes` of blocks there.
    pub fn forecast(&self, now_ms: i64, n_bytes: u64, room: &Room) -> Forecast {
        let by_time = room.retention_ms.map(|ms| (self.bytes_per_day * (ms as f64 / DAY_MS)) as u64);
        let in_the_end = [by_time, room.retention_bytes].into_iter().flatten().min();
        let to_come = in_the_end.map(|bytes| bytes.saturating_sub(n_bytes));
        let full_at_ms = room.free_bytes.filter(|free| to_come.is_none_or(|to_come| to_come > *free)).map(|free| {
            let days = free as f64 / self.bytes_per_day;
            now_ms.saturating_add((days * DAY_MS) as i64)
        });
        Forecast { n_bytes: in_the_end, full_at_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn block(from_days: i64, to_days: i64, n_bytes: u64) -> SealedSpan {
        SealedSpan { min_ms: from_days * DAY, max_ms: to_days * DAY, n_samples: n_bytes / 2, n_bytes }
    }

    #[test]
    fn growth_is_that_of_the_last_days() {
        let blocks = [block(0, 10, 1), block(11, 12, 100), block(12, 14, 500)];
        let growth = Growth::of(&blocks).unwrap();
        assert_eq!(growth.bytes_per_day.round(), ((1 + 100 + 500) as f64 / 13.0).round());
        assert_eq!(Growth::of(&blocks[1..]).unwrap().bytes_per_day, 200.0);
        assert_eq!(Growth::of(&blocks[1..]).unwrap().bytes_per_sample, 2.0);
    }

    #[test]
    fn what_blocks_share_counts_once() {
        let growth = Growth::of(&[block(0, 2, 100), block(1, 2, 100)]).unwrap();
        assert_eq!(growth.bytes_per_day, 100.0);
    }

    #[test]
    fn without_time_there_is_no_growth() {
        assert_eq!(Growth::of(&[]), None);
        assert_eq!(Growth::of(&[block(3, 3, 100)]), None);
    }

    #[test]
    fn a_forecast_says_what_it_comes_to_or_when_the_disk_is_full() {
        let growth = Growth { bytes_per_day: 100.0, samples_per_day: 50.0, bytes_per_sample: 2.0 };
        let room = |retention_days: Option<i64>, retention_bytes, free_bytes| Room {
            retention_ms: retention_days.map(|days| days * DAY),
            retention_bytes,
            free_bytes,
        };
        let check = |room: Room, n_bytes, full_at_days: Option<i64>| {
            let want = Forecast { n_bytes, full_at_ms: full_at_days.map(|days| (7 + days) * DAY) };
            assert_eq!(growth.forecast(7 * DAY, 300, &room), want, "{room:?}");
        };
        check(room(Some(15), None, Some(2000)), Some(1500), None);
        check(room(Some(15), None, Some(1000)), Some(1500), Some(10));
        check(room(Some(15), Some(800), Some(1000)), Some(800), None);
        check(room(None, Some(800), Some(400)), Some(800), Some(4));
        check(room(None, None, Some(400)), None, Some(4));
        check(room(None, None, None), None, None);
        check(room(Some(1), None, Some(0)), Some(100), None);
    }
}
