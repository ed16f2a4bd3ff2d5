//! What a pair of windows can see at all, and how soon.

use crate::spec::{BurnPair, BurnPolicy, Severity, Share};

/// Missing data are told no sooner than this: a scrape may fail once without anybody being woken, in milliseconds.
const SOONEST_NO_DATA_MS: i64 = 2 * 60_000;

/// Whether a total outage would fire a pair: at 90 % it burns ten times as fast as evenly, and never 14.4 times.
pub fn is_reachable(pair: &BurnPair, target: Share) -> bool {
    pair.factor * target.rest().as_f64() < 1.0
}

/// How long a total outage goes on before a pair fires, in milliseconds; `None` where it never does.
pub fn detection_ms(pair: &BurnPair, target: Share) -> Option<i64> {
    let long_ms = pair.long_ms as f64 * pair.factor * target.rest().as_f64();
    is_reachable(pair, target).then(|| (long_ms.ceil() as i64).saturating_add(pair.for_ms))
}

/// After how long missing data are told, in milliseconds: as the policy says, or as long as a total outage would take to fire
/// the fastest page (where there is none, the fastest alert). `None` where nobody wants to hear of it.
pub fn no_data_after_ms(policy: &BurnPolicy, target: Share) -> Option<i64> {
    let no_data = policy.no_data.as_ref()?;
    Some(no_data.after_ms.unwrap_or_else(|| automatic_ms(policy, target)))
}

fn automatic_ms(policy: &BurnPolicy, target: Share) -> i64 {
    let fastest = |is_wanted: &dyn Fn(&BurnPair) -> bool| {
        policy.pairs.iter().filter(|pair| is_wanted(pair)).filter_map(|pair| detection_ms(pair, target)).min()
    };
    let found = fastest(&|pair| pair.severity == Severity::Page).or_else(|| fastest(&|_| true));
    found.unwrap_or(SOONEST_NO_DATA_MS).max(SOONEST_NO_DATA_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::NoDataAlert;

    const HOUR_MS: i64 = 3_600_000;

    fn pair(severity: Severity, long_ms: i64, factor: f64) -> BurnPair {
        BurnPair { severity, long_ms, short_ms: long_ms / 12, factor, for_ms: 0 }
    }

    /// The table of total outages in the SRE workbook's terms.
    #[test]
    fn total_outages() {
        let check = |percent: &str, long_ms: i64, factor: f64, want_s: Option<f64>| {
            let target = Share::from_percent(percent).unwrap();
            let got = detection_ms(&pair(Severity::Page, long_ms, factor), target);
            let got_s = got.map(|got| (got as f64 / 1000.0).round());
            assert_eq!(got_s, want_s, "{percent} {factor}");
        };
        check("90", HOUR_MS, 14.4, None);
        check("95", HOUR_MS, 14.4, Some(2592.0));
        check("99.9", HOUR_MS, 14.4, Some(52.0));
        check("99.9", 6 * HOUR_MS, 6.0, Some(130.0));
        check("99.99", 72 * HOUR_MS, 1.0, Some(26.0));
    }

    #[test]
    fn missing_data_are_told_when_an_outage_would_be() {
        let check = |percent: &str, after_ms: Option<i64>, want_s: i64| {
            let pairs = vec![pair(Severity::Ticket, HOUR_MS / 60, 1.0), pair(Severity::Page, HOUR_MS, 14.4)];
            let no_data = Some(NoDataAlert { after_ms, severity: Severity::Page, name: None });
            let policy = BurnPolicy { pairs, no_data, ..BurnPolicy::default() };
            let got = no_data_after_ms(&policy, Share::from_percent(percent).unwrap());
            assert_eq!(got.map(|got| got / 1000), Some(want_s), "{percent}");
        };
        check("99", None, 518);
        check("99.99", None, 120);
        check("99", Some(30_000), 30);
        assert_eq!(no_data_after_ms(&BurnPolicy::default(), Share::from_percent("99").unwrap()), None);
    }
}
